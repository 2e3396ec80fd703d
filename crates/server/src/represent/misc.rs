use super::Represent;
use crate::{
    error::ApiError,
    wire::{seconds, time, time_opt},
};
use travis_api::v3;
use travis_model::{Build, EnvVar, Job, Repository, Request, Stage, Timestamp, User, UserId};

pub(crate) fn user(user: &User) -> v3::User {
    v3::User {
        head: v3::Head::standard("user", format!("/v3/user/{}", user.id)),
        id: user.id.get(),
        login: user.login.clone(),
        name: user.name.clone(),
        admin: user.admin,
    }
}

pub(crate) fn owner(login: &str) -> v3::Owner {
    v3::Owner {
        head: v3::Head::minimal("owner", format!("/v3/owner/{login}")),
        login: login.to_owned(),
    }
}

pub(crate) fn repository_minimal(repository: &Repository) -> v3::RepositoryMinimal {
    v3::RepositoryMinimal {
        head: v3::Head::minimal("repository", format!("/v3/repo/{}", repository.id)),
        id: repository.id.get(),
        name: repository.slug.name().to_owned(),
        slug: repository.slug.to_string(),
    }
}

pub(crate) fn branch_minimal(repository: &Repository, name: &str) -> v3::BranchMinimal {
    let escaped: String = name.replace('%', "%25").replace('/', "%2F");
    v3::BranchMinimal {
        head: v3::Head::minimal(
            "branch",
            format!("/v3/repo/{}/branch/{escaped}", repository.id),
        ),
        name: name.to_owned(),
    }
}

pub(crate) fn build_minimal(build: &Build, now: Timestamp) -> v3::BuildMinimal {
    v3::BuildMinimal {
        head: v3::Head::minimal("build", format!("/v3/build/{}", build.id)),
        id: build.id.get(),
        number: build.number.to_string(),
        state: build.state.as_str().to_owned(),
        duration: seconds(build.started_at, build.finished_at, now),
        event_type: build.event_type.clone(),
        previous_state: build.previous_state.map(|state| state.as_str().to_owned()),
        started_at: time_opt(build.started_at),
        finished_at: time_opt(build.finished_at),
        version: build.updated_at.0,
    }
}

pub(crate) fn job_minimal(job: &Job) -> v3::JobMinimal {
    v3::JobMinimal {
        head: v3::Head::minimal("job", format!("/v3/job/{}", job.id)),
        id: job.id.get(),
        number: job.number.clone(),
        state: job.state.as_str().to_owned(),
    }
}

pub(crate) fn stage(stage: &Stage) -> v3::Stage {
    v3::Stage {
        head: v3::Head::minimal("stage", format!("/v3/stage/{}", stage.id)),
        id: stage.id.get(),
        number: stage.number,
        name: stage.name.clone(),
        state: stage.state.as_str().to_owned(),
        started_at: time_opt(stage.started_at),
        finished_at: time_opt(stage.finished_at),
    }
}

pub(crate) fn env_var(repository: &Repository, row: &EnvVar) -> v3::EnvVar {
    v3::EnvVar {
        head: v3::Head::standard(
            "env_var",
            format!("/v3/repo/{}/env_var/{}", repository.id, row.id),
        ),
        id: row.id.get(),
        name: row.name.clone(),
        value: row
            .public
            .then(|| String::from_utf8_lossy(&row.value).into_owned()),
        public: row.public,
        branch: row.branch.clone(),
    }
}

impl Represent<'_> {
    /// Requests of one repository, in the order given.
    pub async fn requests(
        &mut self,
        repository: &Repository,
        rows: Vec<Request>,
    ) -> Result<Vec<v3::Request>, ApiError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let builds = self.reader.builds_of_requests(&ids).await?;
        Ok(rows
            .into_iter()
            .map(|row| v3::Request {
                head: v3::Head::standard(
                    "request",
                    format!("/v3/repo/{}/request/{}", repository.id, row.id),
                ),
                id: row.id.get(),
                state: row.state.as_str().to_owned(),
                result: match row.state {
                    travis_model::RequestState::Pending => None,
                    travis_model::RequestState::Accepted => Some("approved".to_owned()),
                    travis_model::RequestState::Rejected => Some("rejected".to_owned()),
                },
                message: row.reason,
                event_type: row.event_type,
                branch_name: row.branch,
                sha: row.sha,
                repository: repository_minimal(repository),
                builds: builds
                    .iter()
                    .filter(|build| build.request_id == row.id)
                    .map(|build| build_minimal(build, self.now))
                    .collect(),
                created_at: time(row.created_at),
            })
            .collect())
    }

    /// A person as an owner.
    pub(super) fn owner_of(&self, id: UserId) -> v3::Owner {
        self.people
            .get(&id)
            .map_or_else(|| owner("unknown"), |user| owner(&user.login))
    }
}
