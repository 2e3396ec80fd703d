//! Somebody wants a check again.

use super::Arrived;
use crate::{Engine, EngineError, build_changes::restart, changes::Changes};
use travis_forge::hosting::{Permission, Rerun};
use travis_model::{Build, BuildId, Repository};
use travis_store::{AuditEntry, DeliveryChange, Tx};

impl Engine {
    /// Whether the forge lets whoever asks push to the repository.
    pub(super) async fn may_rerun(
        &self,
        arrived: &Arrived<'_>,
        repository: &Repository,
    ) -> Result<bool, EngineError> {
        let (Some(sender), Some(there)) = (&arrived.hook.sender, self.hosted(repository).await?)
        else {
            return Ok(false);
        };
        let asked = there.api.permission(&there.access, &there.at, sender).await;
        match asked {
            Ok(permission) => Ok(permission >= Permission::Write),
            Err(error) if error.may_pass() => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    pub(super) async fn on_rerun(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        repository: &Repository,
        rerun: &Rerun,
        may: bool,
    ) -> Result<DeliveryChange, EngineError> {
        let id = arrived.row.id;
        let login = arrived
            .hook
            .sender
            .as_ref()
            .map_or("nobody", |sender| sender.login.as_str());
        if !may {
            let why = format!("{login} may not push to the repository, so nothing is run again.");
            return Ok(self.settled(id, false, why));
        }
        if !repository.active {
            return Ok(self.settled(id, false, "The repository is switched off."));
        }
        let meant = builds_meant(tx, repository, rerun).await?;
        let by = arrived.person(tx).await?;
        let now = self.now();
        let (mut begun, mut open) = (Vec::new(), Vec::new());
        for build in &meant {
            match restart(tx, changes, build.id, by, now).await? {
                Some(_) => begun.push(format!("#{}", build.number)),
                None => open.push(format!("#{}", build.number)),
            }
        }
        for build in &begun {
            tx.append_audit(&AuditEntry {
                actor: format!("{}:{login}", arrived.forged.site.name),
                action: "build.restart".to_owned(),
                subject: format!("repository:{}", repository.id),
                detail: format!("build {build}, from a check"),
                at: now,
            })
            .await?;
        }
        let outcome = match (begun.is_empty(), open.is_empty()) {
            (true, true) => "There is no build of this commit.".to_owned(),
            (true, false) => format!("Not finished yet, so not run again: {}.", open.join(", ")),
            (false, _) => format!("Runs again: {}.", begun.join(", ")),
        };
        Ok(self.settled(id, false, outcome))
    }
}

/// The build that a check names; else the newest of each kind for the commit.
async fn builds_meant(
    tx: &mut dyn Tx,
    repository: &Repository,
    rerun: &Rerun,
) -> Result<Vec<Build>, EngineError> {
    let digits = |text: &String| {
        let number = text.rsplit([':', '/', '-']).next()?;
        number.parse::<i64>().ok()
    };
    if let Some(named) = rerun.external_id.as_ref().and_then(digits) {
        let found = tx.build(BuildId(named)).await?;
        let own = found.filter(|build| build.repository_id == repository.id);
        return Ok(own.into_iter().collect());
    }
    let requests = tx
        .requests_for_commit(repository.id, &rerun.sha, 50)
        .await?;
    let ids: Vec<_> = requests.iter().map(|request| request.id).collect();
    let mut builds = tx.builds_of_requests(&ids).await?;
    builds.sort_by_key(|build| std::cmp::Reverse(build.number));
    let mut meant: Vec<Build> = Vec::new();
    for build in builds {
        let kind = |one: &Build| one.pull_request.as_ref().map(|pull| pull.number);
        if !meant.iter().any(|known| kind(known) == kind(&build)) {
            meant.push(build);
        }
    }
    meant.sort_by_key(|build| build.id);
    Ok(meant)
}
