use super::Represent;
use crate::wire::{seconds, time_opt};
use travis_api::v3;
use travis_model::{Build, EnvVar, Job, Repository, Stage, Timestamp, User, UserId};

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
        provisional: build.provisional.map(|state| state.as_str().to_owned()),
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
    /// A person as an owner.
    pub(super) fn owner_of(&self, id: UserId) -> v3::Owner {
        self.people
            .get(&id)
            .map_or_else(|| owner("unknown"), |user| owner(&user.login))
    }
}
