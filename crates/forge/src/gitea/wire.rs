//! Gitea's JSON.

use crate::hosting::wire::told;
use crate::hosting::{
    Permission, RemoteAccount, RemotePerson, RemotePullRequest, RemoteRef, RemoteRepository,
};
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) login: String,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
}

/// Older forges say `username`, newer ones both.
#[derive(Deserialize)]
pub(super) struct Organization {
    pub(super) id: i64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    full_name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Email {
    pub(super) email: String,
    #[serde(default)]
    pub(super) verified: bool,
    #[serde(default)]
    pub(super) primary: bool,
}

#[derive(Deserialize)]
pub(super) struct Permissions {
    #[serde(default)]
    admin: bool,
    #[serde(default)]
    push: bool,
    #[serde(default)]
    pull: bool,
}

#[derive(Deserialize)]
pub(super) struct Repository {
    pub(super) id: i64,
    full_name: String,
    owner: User,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    html_url: String,
    #[serde(default)]
    clone_url: String,
    #[serde(default)]
    pub(super) default_branch: Option<String>,
    #[serde(default)]
    private: bool,
    /// For everybody who is signed in.
    #[serde(default)]
    internal: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    fork: bool,
    #[serde(default)]
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: i64,
    title: String,
    state: String,
    #[serde(default)]
    merged: bool,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    html_url: String,
    head: Side,
    base: Side,
    user: User,
    #[serde(default)]
    mergeable: Option<bool>,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    #[serde(default)]
    repo: Option<Named>,
}

/// A repository of which only the address counts.
#[derive(Deserialize)]
struct Named {
    id: i64,
    full_name: String,
}

impl User {
    pub(super) fn person(self) -> RemotePerson {
        RemotePerson {
            id: self.id.to_string(),
            login: self.login,
            name: told(self.full_name),
            // The address in here may be made up by the forge to hide the real one.
            email: None,
            avatar_url: told(self.avatar_url),
        }
    }

    fn account(self, organization: bool) -> RemoteAccount {
        RemoteAccount {
            id: self.id.to_string(),
            login: self.login,
            name: told(self.full_name),
            avatar_url: told(self.avatar_url),
            organization,
            installation_id: None,
        }
    }
}

impl Organization {
    pub(super) fn account(self) -> RemoteAccount {
        RemoteAccount {
            id: self.id.to_string(),
            login: told(self.name).or(self.username).unwrap_or_default(),
            name: told(self.full_name),
            avatar_url: told(self.avatar_url),
            organization: true,
            installation_id: None,
        }
    }
}

impl Permissions {
    fn permission(&self) -> Permission {
        match (self.admin, self.push, self.pull) {
            (true, _, _) => Permission::Admin,
            (_, true, _) => Permission::Write,
            (_, _, true) => Permission::Read,
            _ => Permission::None,
        }
    }
}

impl Repository {
    pub(super) fn owner_id(&self) -> i64 {
        self.owner.id
    }

    /// The forge does not say what kind of account the owner is.
    pub(super) fn repository(self, organization: bool) -> RemoteRepository {
        RemoteRepository {
            at: RemoteRef {
                id: self.id.to_string(),
                path: self.full_name,
            },
            description: told(self.description),
            html_url: self.html_url,
            clone_url: self.clone_url,
            default_branch: self.default_branch.unwrap_or_default(),
            private: self.private || self.internal,
            archived: self.archived,
            fork: self.fork,
            permission: self.permissions.as_ref().map(Permissions::permission),
            owner: self.owner.account(organization),
            installation_id: None,
        }
    }
}

impl PullRequest {
    pub(super) fn pull(self) -> RemotePullRequest {
        RemotePullRequest {
            number: self.number,
            title: self.title,
            open: self.state == "open",
            merged: self.merged,
            draft: self.draft,
            html_url: self.html_url,
            head_sha: self.head.sha,
            head_branch: self.head.name,
            head_repository: self.head.repo.map(|repo| RemoteRef {
                id: repo.id.to_string(),
                path: repo.full_name,
            }),
            base_sha: self.base.sha,
            base_branch: self.base.name,
            author: self.user.person(),
            author_known: None,
            merge_ref: None,
            head_ref: format!("refs/pull/{}/head", self.number),
            mergeable: self.mergeable,
        }
    }
}
