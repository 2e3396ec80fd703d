use super::{Represent, branch_minimal, pull_brief, repository_minimal, sender, stage};
use crate::{
    error::ApiError,
    wire::{seconds, time, time_opt},
};
use travis_api::v3;
use travis_model::{Build, Commit, Repository};

fn commit(row: &Commit) -> v3::Commit {
    v3::Commit {
        head: v3::Head::minimal("commit", format!("/v3/commit/{}", row.id)),
        id: row.id.get(),
        sha: row.sha.clone(),
        reference: row.reference.clone(),
        message: row.message.clone(),
        author: v3::Person {
            name: row.author_name.clone(),
        },
        committer: v3::Person {
            name: row.committer_name.clone(),
        },
        committed_at: time(row.committed_at),
    }
}

impl Represent<'_> {
    async fn reported(&mut self, row: &Build, sha: &str) -> Result<v3::BuildReport, ApiError> {
        let found = travis_engine::reported(self.reader.as_mut(), row, sha).await?;
        Ok(v3::BuildReport {
            state: found.state.as_str().to_owned(),
            context: found.context,
            description: found.description,
            error: found.error,
            told_at: time_opt(found.told_at),
            next_try_at: time_opt(found.next_try_at),
        })
    }

    /// Builds in the order given, those left out whose repository is gone.
    pub async fn builds(
        &mut self,
        rows: Vec<Build>,
        with_jobs: bool,
    ) -> Result<Vec<v3::Build>, ApiError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let commit_ids: Vec<_> = rows.iter().map(|row| row.commit_id).collect();
        let repository_ids: Vec<_> = rows.iter().map(|row| row.repository_id).collect();
        let commits = self.reader.commits(&commit_ids).await?;
        let repositories = self.reader.repositories_by_id(&repository_ids).await?;
        let stages = self.reader.stages(&ids).await?;
        self.know_people(rows.iter().filter_map(|row| row.created_by))
            .await?;
        let mut jobs = if with_jobs {
            let jobs = self.reader.jobs(&ids).await?;
            self.jobs(jobs, false).await?
        } else {
            Vec::new()
        };
        let single = rows.len() == 1;
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            let found = commits.iter().find(|commit| commit.id == row.commit_id);
            let home = repositories
                .iter()
                .find(|repository| repository.id == row.repository_id);
            let (Some(found), Some(home)) = (found, home) else {
                continue;
            };
            let maintains = self.viewer.maintains(home);
            let secrets = self.secrets(home, &row, &found.sha).await?;
            let reported = match home.hosting.is_some() && single {
                true => Some(self.reported(&row, &found.sha).await?),
                false => None,
            };
            let usual_seconds = self.usual_seconds(row.repository_id).await?;
            let (mine, others): (Vec<_>, Vec<_>) = jobs
                .into_iter()
                .partition(|job: &v3::Job| job.build.id == row.id.get());
            jobs = others;
            answer.push(v3::Build {
                head: v3::Head::standard("build", format!("/v3/build/{}", row.id)),
                id: row.id.get(),
                number: row.number.to_string(),
                state: row.state.as_str().to_owned(),
                duration: seconds(row.started_at, row.finished_at, self.now),
                event_type: row.event_type.clone(),
                provisional: row.provisional.map(|state| state.as_str().to_owned()),
                previous_state: row.previous_state.map(|state| state.as_str().to_owned()),
                started_at: time_opt(row.started_at),
                finished_at: time_opt(row.finished_at),
                created_at: time(row.created_at),
                updated_at: time(row.updated_at),
                version: row.updated_at.0,
                private: home.private,
                message: row.message.clone().unwrap_or_else(|| found.message.clone()),
                repository: repository_minimal(home),
                branch: branch_minimal(home, &row.branch),
                tag: row.tag.clone(),
                commit: commit(found),
                pull_request: row.pull_request.as_ref().map(pull_brief),
                pull_request_number: row.pull_request.as_ref().map(|pull| pull.number),
                pull_request_title: row.pull_request.as_ref().map(|pull| pull.title.clone()),
                sender: row.sender.as_ref().map(sender),
                compare_url: row.compare_url.clone(),
                secrets: secrets.to_owned(),
                created_by: row.created_by.map(|id| self.owner_of(id)),
                usual_seconds,
                reported,
                config_counts: counts(&row.messages),
                config_messages: row.messages.as_array().map_or(0, |list| list.len() as u64),
                stages: stages
                    .iter()
                    .filter(|s| s.build_id == row.id)
                    .map(stage)
                    .collect(),
                jobs: with_jobs.then_some(mine),
                permissions: v3::RunPermissions {
                    read: true,
                    cancel: maintains && !row.state.is_finished(),
                    restart: maintains && row.state.is_finished(),
                },
            });
        }
        Ok(answer)
    }

    /// What becomes of the repository's secrets in a build.
    async fn secrets(
        &mut self,
        home: &Repository,
        build: &Build,
        sha: &str,
    ) -> Result<&'static str, ApiError> {
        let there = match self.secrets.get(&home.id) {
            Some(known) => *known,
            None => {
                let variables = self.reader.env_vars(home.id).await?;
                let there = variables.iter().any(|variable| !variable.public);
                self.secrets.insert(home.id, there);
                there
            }
        };
        if !there && !travis_engine::has_encrypted(&build.config) {
            return Ok("none");
        }
        let may = self
            .engine
            .may_use_secrets(self.reader.as_mut(), home, build, sha)
            .await?;
        Ok(if may { "given" } else { "withheld" })
    }
}

/// How many messages there are, by level.
fn counts(messages: &serde_json::Value) -> v3::ConfigCounts {
    let mut counts = v3::ConfigCounts::default();
    for message in messages.as_array().into_iter().flatten() {
        let of = match message["level"].as_str() {
            Some("alert") => &mut counts.alert,
            Some("error") => &mut counts.error,
            Some("warn") => &mut counts.warn,
            _ => &mut counts.info,
        };
        *of += 1;
        counts.fatal |= message["fatal"] == true;
    }
    counts
}
