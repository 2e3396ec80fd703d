//! GitLab's JSON.

use crate::hosting::wire::told;
use crate::hosting::{Permission, RemoteAccount, RemotePerson, RemoteRef, RemoteRepository};
use serde::Deserialize;

#[derive(Deserialize, Clone)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) username: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
    /// Only of the person who asks.
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    confirmed_at: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Group {
    id: i64,
    full_path: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Level {
    pub(super) access_level: i64,
    /// `active`; somebody who is only invited has no rights yet.
    #[serde(default)]
    pub(super) state: Option<String>,
}

#[derive(Deserialize, Default)]
struct Permissions {
    #[serde(default)]
    project_access: Option<Level>,
    #[serde(default)]
    group_access: Option<Level>,
}

#[derive(Deserialize)]
struct Namespace {
    id: i64,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    full_path: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Project {
    id: i64,
    pub(super) path_with_namespace: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    web_url: String,
    #[serde(default)]
    http_url_to_repo: String,
    #[serde(default)]
    pub(super) default_branch: Option<String>,
    #[serde(default)]
    visibility: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    forked_from_project: Option<serde_json::Value>,
    #[serde(default)]
    namespace: Option<Namespace>,
    #[serde(default)]
    owner: Option<User>,
    #[serde(default)]
    permissions: Option<Permissions>,
}

/// What a level of membership means for us. Guests and planners may not read the code of a private
/// project.
pub(super) fn permission(level: i64) -> Permission {
    match level {
        40.. => Permission::Admin,
        30.. => Permission::Write,
        20.. => Permission::Read,
        _ => Permission::None,
    }
}

impl Level {
    pub(super) fn permission(&self) -> Permission {
        match self.state.as_deref() {
            None | Some("active") => permission(self.access_level),
            Some(_) => Permission::None,
        }
    }
}

impl User {
    pub(super) fn person(self) -> RemotePerson {
        let confirmed = self.confirmed_at.is_some();
        RemotePerson {
            id: self.id.to_string(),
            login: self.username,
            name: told(self.name),
            email: told(self.email).filter(|_| confirmed),
            avatar_url: told(self.avatar_url),
        }
    }
}

impl Group {
    pub(super) fn account(self) -> RemoteAccount {
        RemoteAccount {
            id: format!("g{}", self.id),
            login: self.full_path,
            name: told(self.name),
            avatar_url: told(self.avatar_url),
            organization: true,
            installation_id: None,
        }
    }
}

impl Project {
    /// For everybody on the internet. `internal` is for everybody who is signed in.
    pub(super) fn public(&self) -> bool {
        self.visibility.as_deref() == Some("public")
    }

    /// What everybody who is signed in may do.
    pub(super) fn for_all(&self) -> Permission {
        match self.visibility.as_deref() {
            Some("public" | "internal") => Permission::Read,
            _ => Permission::None,
        }
    }

    pub(super) fn repository(self) -> RemoteRepository {
        let (private, for_all) = (!self.public(), self.for_all());
        let permission = self.permissions.as_ref().map(|given| {
            let levels = [&given.project_access, &given.group_access];
            let given = levels.into_iter().flatten().map(Level::permission).max();
            given.unwrap_or(Permission::None).max(for_all)
        });
        let front = |path: &str| path.rsplit_once('/').map(|(front, _)| front.to_owned());
        let owner = front(&self.path_with_namespace).unwrap_or_default();
        RemoteRepository {
            at: RemoteRef {
                id: self.id.to_string(),
                path: self.path_with_namespace,
            },
            description: told(self.description),
            html_url: self.web_url,
            clone_url: self.http_url_to_repo,
            default_branch: self.default_branch.unwrap_or_default(),
            private,
            archived: self.archived,
            fork: self.forked_from_project.is_some_and(|from| !from.is_null()),
            permission,
            owner: account(owner, self.namespace, self.owner),
            installation_id: None,
        }
    }
}

/// Whose a project is. The number of a person's namespace is not the number of the person, and who
/// that is, is not told to everybody: the number is empty then.
fn account(login: String, namespace: Option<Namespace>, owner: Option<User>) -> RemoteAccount {
    let group = namespace.as_ref().filter(|space| space.kind == "group");
    let id = match (group, &owner) {
        (Some(group), _) => format!("g{}", group.id),
        (None, Some(owner)) => owner.id.to_string(),
        (None, None) => String::new(),
    };
    let organization = group.is_some();
    let (full, name, avatar_url) = match namespace {
        Some(space) => (space.full_path, space.name, space.avatar_url),
        None => (String::new(), None, None),
    };
    RemoteAccount {
        id,
        login: told(Some(full)).unwrap_or(login),
        name: told(name),
        avatar_url: told(avatar_url),
        organization,
        installation_id: None,
    }
}
