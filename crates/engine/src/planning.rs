//! What a commit and its `.travis.yml` come to: a build, or the reason why there is none.

use crate::{
    Engine, EngineError,
    configuration::{
        context::{context, unmet},
        fetch::Place,
        messages::{MAIN as CONFIG_FILE, fatal},
    },
    draft::{fill, new_job, skips},
    rules::{
        EXCLUDED, HEAD_MOVED, MISSED_PREFIX, NO_JOBS, NO_MERGE_COMMIT, NOT_INCLUDED, PULL_CLOSED,
        SKIPPED, merges_another, refused_at_once,
    },
};
use serde_json::json;
use travis_config::BranchDecision;
use travis_forge::{CommitInfo, ForgeError, Snapshot, Want};
use travis_model::{BuildState, CommitId, PullRequest, Repository, Request, Timestamp};
use travis_store::{BuildFilter, NewBuild, NewCommit, Page, SeenBy};

/// A build, and the commit that is stored with it.
pub(crate) struct Draft {
    pub commit: NewCommit,
    /// Its commit is not known before it is stored.
    pub build: NewBuild,
}

/// What a commit and its configuration come to.
pub(crate) enum Planned {
    Build(Box<Draft>),
    /// The configuration can't be used: a build with one errored job that says why.
    Broken(Box<Draft>, String),
    Rejected(No),
}

/// Why no build comes of a request, with what it turned out to be about.
pub(crate) struct No {
    pub reason: String,
    pub branch: Option<String>,
    pub sha: Option<String>,
}

impl Planned {
    pub fn rejected(reason: impl Into<String>) -> Self {
        Self::Rejected(No {
            reason: reason.into(),
            branch: None,
            sha: None,
        })
    }
}

/// A commit that was found, with the words that speak for it.
pub(crate) struct Found {
    pub branch: String,
    pub reference: Option<String>,
    pub snapshot: Snapshot,
    /// Whose message and names count: of a pull request those of its head, not of the merge.
    pub speaks: CommitInfo,
}

impl Found {
    fn no(&self, reason: impl Into<String>) -> Planned {
        Planned::Rejected(No {
            reason: reason.into(),
            branch: Some(self.branch.clone()),
            sha: Some(self.snapshot.commit.sha.clone()),
        })
    }
}

impl Engine {
    pub(crate) async fn plan_commit(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Planned, EngineError> {
        let url = request.compare_url.as_deref();
        if let Some(reason) = refused_at_once(&repository.settings, &request.event_type, url) {
            return Ok(Planned::rejected(reason));
        }
        let found = match &request.pull_request {
            Some(pull) => match self.find_pull(repository, request, pull).await? {
                Ok(found) => found,
                Err(reason) => return Ok(Planned::rejected(reason)),
            },
            None => self.find_commit(repository, request).await?,
        };
        let may_skip = matches!(request.event_type.as_str(), "push" | "pull_request");
        if may_skip && skips(&found.speaks.message) {
            return Ok(found.no(SKIPPED));
        }
        self.plan_snapshot(repository, request, &found).await
    }

    /// The merge of a pull request with its base, pinned now; the head itself where the forge makes
    /// no merges. Only while the head is the one that was asked for.
    async fn find_pull(
        &self,
        repository: &Repository,
        request: &Request,
        pull: &PullRequest,
    ) -> Result<Result<Found, &'static str>, EngineError> {
        let Some(there) = self.hosted(repository).await? else {
            return Ok(Err(NO_MERGE_COMMIT));
        };
        let (api, access, at) = (there.api.as_ref(), &there.access, &there.at);
        let want = Want::Ref(pull.git_ref.clone());
        let resolved = api.resolve(access, at, &want).await?;
        // Asked after the ref was read: a head that moved in between is noticed.
        let (merge, head, now) = tokio::try_join!(
            api.snapshot(access, at, &resolved.sha, CONFIG_FILE),
            api.snapshot(access, at, &pull.head_sha, CONFIG_FILE),
            api.pull_request(access, at, pull.number),
        )?;
        if !now.open {
            return Ok(Err(PULL_CLOSED));
        }
        if now.head_sha != pull.head_sha {
            return Ok(Err(HEAD_MOVED));
        }
        let merged = now.merge_ref.as_deref() == Some(&pull.git_ref);
        if merged && now.mergeable == Some(false) {
            return Ok(Err(NO_MERGE_COMMIT));
        }
        let stale = if merged {
            merges_another(&merge.commit.message, &pull.head_sha)
        } else {
            resolved.sha != pull.head_sha
        };
        if stale {
            let detail = format!("{} is not of the newest head yet", pull.git_ref);
            return Err(ForgeError::Upstream { detail }.into());
        }
        Ok(Ok(Found {
            branch: request.branch.clone().unwrap_or(now.base_branch),
            reference: Some(pull.git_ref.clone()),
            snapshot: merge,
            speaks: head.commit,
        }))
    }

    pub(crate) async fn find_commit(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Found, EngineError> {
        let want = match (&request.sha, &request.tag, &request.branch) {
            (Some(sha), ..) => Want::Commit(sha.clone()),
            (None, Some(tag), _) => Want::Tag(tag.clone()),
            (None, None, Some(name)) if name.starts_with("refs/") => Want::Ref(name.clone()),
            (None, None, Some(branch)) => Want::Branch(branch.clone()),
            (None, None, None) if !repository.default_branch.is_empty() => {
                Want::Branch(repository.default_branch.clone())
            }
            (None, None, None) => Want::Default,
        };
        let fetch_ref = request
            .tag
            .as_ref()
            .map(|tag| format!("refs/tags/{tag}"))
            .or_else(|| request.branch.as_ref().map(|branch| branch_ref(branch)));
        let resolved = self.resolve(repository, &want).await?;
        let snapshot = self
            .snapshot(repository, &resolved.sha, fetch_ref.as_deref(), CONFIG_FILE)
            .await?;
        let branch = request
            .branch
            .clone()
            .or(resolved.branch)
            .or_else(|| request.tag.clone())
            .unwrap_or_else(|| repository.default_branch.clone());
        Ok(Found {
            branch,
            reference: fetch_ref,
            speaks: snapshot.commit.clone(),
            snapshot,
        })
    }

    async fn plan_snapshot(
        &self,
        repository: &Repository,
        request: &Request,
        found: &Found,
    ) -> Result<Planned, EngineError> {
        let (snapshot, branch) = (&found.snapshot, found.branch.as_str());
        let raw = match &snapshot.file {
            Some(file) => String::from_utf8_lossy(file).into_owned(),
            // The original's defaults.
            None if !repository.settings.builds_only_with_travis_yml => "{}".to_owned(),
            None => {
                let sha = &snapshot.commit.sha;
                return Ok(found.no(format!(
                    "There is no {CONFIG_FILE} at commit {}: add one and push it.",
                    sha.get(..7).unwrap_or(sha)
                )));
            }
        };
        let speaks = &found.speaks;
        let variables = self.store.reader().await?.env_vars(repository.id).await?;
        let context = context(repository, request, branch, &speaks.message, &variables);
        let commit = NewCommit {
            repository_id: repository.id,
            sha: snapshot.commit.sha.clone(),
            reference: found.reference.clone(),
            message: speaks.message.clone(),
            author_name: speaks.author_name.clone(),
            author_email: speaks.author_email.clone(),
            committer_name: speaks.committer_name.clone(),
            committed_at: Timestamp(speaks.committer_date.saturating_mul(1000)),
        };
        let before = BuildFilter {
            seen_by: SeenBy::Operator,
            repository: Some(repository.id),
            branch: Some(branch.to_owned()),
            pull_request_number: request.pull_request.as_ref().map(|pull| pull.number),
            event_types: match &request.pull_request {
                Some(_) => Vec::new(),
                None => ["push", "api", "cron"].map(str::to_owned).to_vec(),
            },
            states: vec![
                BuildState::Passed,
                BuildState::Failed,
                BuildState::Errored,
                BuildState::Canceled,
            ],
            ..Default::default()
        };
        let previous = self
            .store
            .reader()
            .await?
            .builds(
                &before,
                Page {
                    offset: 0,
                    limit: 1,
                },
            )
            .await?
            .items
            .first()
            .map(|build| build.state);
        let mut build = NewBuild {
            repository_id: repository.id,
            request_id: request.id,
            commit_id: CommitId(0),
            event_type: request.event_type.clone(),
            branch: branch.to_owned(),
            tag: request.tag.clone(),
            message: request.message.clone().filter(|_| !was_missed(request)),
            previous_state: previous,
            raw_config: Some(raw.clone()),
            imports: Vec::new(),
            config: json!({}),
            messages: json!([]),
            fast_finish: false,
            pull_request: request.pull_request.clone(),
            sender: request.sender.clone(),
            before_sha: request.before_sha.clone(),
            compare_url: request.compare_url.clone(),
            created_by: request.created_by,
            stages: vec!["test".to_owned()],
            jobs: Vec::new(),
            at: self.now(),
        };
        let at = Place {
            repository: repository.clone(),
            sha: snapshot.commit.sha.clone(),
            reference: found.reference.clone(),
        };
        let configured = self
            .configure(&at, &raw, request.config.as_ref(), context.clone())
            .await?;
        build.imports = configured.imports;
        let plan = match configured.plan {
            Ok(plan) => plan,
            Err(error) => {
                let config = json!({"language": "generic"});
                build.jobs.push(new_job(0, None, false, config, "test"));
                build.messages = json!([fatal(&error, &raw)]);
                let draft = Box::new(Draft { commit, build });
                return Ok(Planned::Broken(draft, error.explain(&raw)));
            }
        };
        match travis_config::branch_included(&plan.config, branch) {
            BranchDecision::Included => {}
            // Somebody asked for this very branch.
            _ if request.event_type == "api" => {}
            BranchDecision::NotIncluded => {
                return Ok(found.no(NOT_INCLUDED));
            }
            BranchDecision::Excluded => {
                return Ok(found.no(EXCLUDED));
            }
        }
        if let Some(reason) = unmet(&plan.config, &context) {
            return Ok(found.no(reason));
        }
        if plan.jobs.is_empty() {
            return Ok(found.no(NO_JOBS));
        }
        fill(&mut build, plan);
        Ok(Planned::Build(Box::new(Draft { commit, build })))
    }
}

/// Whether the request's message says how it was found, which is not for its build.
fn was_missed(request: &Request) -> bool {
    request
        .delivery
        .as_ref()
        .is_some_and(|delivery| delivery.starts_with(MISSED_PREFIX))
}

/// The whole name of a branch, or of a ref that stands in for one.
pub(crate) fn branch_ref(branch: &str) -> String {
    if branch.starts_with("refs/") {
        branch.to_owned()
    } else {
        format!("refs/heads/{branch}")
    }
}
