//! GitHub's JSON and what it means.

use crate::hosting::{
    Permission, RemoteAccount, RemotePerson, RemotePullRequest, RemoteRef, RemoteRepository,
};
use crate::{CommitInfo, ForgeError};
use jiff::Timestamp;
use serde::Deserialize;

/// Whom GitHub shows in place of people who left.
const GHOST: (i64, &str) = (10_137, "ghost");

/// A user or organisation.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Account {
    id: i64,
    /// An enterprise has a slug instead.
    #[serde(alias = "slug")]
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Account {
    pub(super) fn id(&self) -> String {
        self.id.to_string()
    }

    pub(super) fn into_person(self) -> RemotePerson {
        RemotePerson {
            id: self.id.to_string(),
            login: self.login,
            name: filled(self.name),
            // What a profile shows need not be verified.
            email: None,
            avatar_url: filled(self.avatar_url),
        }
    }

    pub(super) fn into_account(self, installation_id: Option<i64>) -> RemoteAccount {
        RemoteAccount {
            id: self.id.to_string(),
            login: self.login,
            name: filled(self.name),
            avatar_url: filled(self.avatar_url),
            organization: self
                .kind
                .is_some_and(|kind| kind != "User" && kind != "Bot"),
            installation_id,
        }
    }

    pub(super) fn into_organization(self, installation_id: Option<i64>) -> RemoteAccount {
        let mut account = self.into_account(installation_id);
        account.organization = true;
        account
    }
}

pub(super) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn ghost() -> RemotePerson {
    RemotePerson {
        id: GHOST.0.to_string(),
        login: GHOST.1.to_owned(),
        name: None,
        email: None,
        avatar_url: None,
    }
}

/// What the caller may do.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Permissions {
    admin: bool,
    maintain: bool,
    push: bool,
    triage: bool,
    pull: bool,
}

impl Permissions {
    const fn permission(self) -> Permission {
        if self.admin {
            Permission::Admin
        } else if self.maintain || self.push {
            Permission::Write
        } else if self.triage || self.pull {
            Permission::Read
        } else {
            Permission::None
        }
    }
}

/// A repository.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Repository {
    id: i64,
    full_name: String,
    description: Option<String>,
    html_url: String,
    clone_url: String,
    default_branch: Option<String>,
    private: bool,
    #[serde(default)]
    archived: bool,
    fork: bool,
    permissions: Option<Permissions>,
    owner: Account,
}

impl Repository {
    pub(super) fn is_private(&self) -> bool {
        self.private
    }

    pub(super) fn permission(&self) -> Option<Permission> {
        self.permissions.map(Permissions::permission)
    }

    pub(super) fn default_branch(&self) -> &str {
        self.default_branch.as_deref().unwrap_or_default()
    }

    pub(super) fn into_remote(self, installation_id: Option<i64>) -> RemoteRepository {
        RemoteRepository {
            at: RemoteRef {
                id: self.id.to_string(),
                path: self.full_name,
            },
            description: filled(self.description),
            html_url: self.html_url,
            clone_url: self.clone_url,
            default_branch: self.default_branch.unwrap_or_default(),
            private: self.private,
            archived: self.archived,
            fork: self.fork,
            permission: self.permissions.map(Permissions::permission),
            owner: self.owner.into_account(installation_id),
            installation_id,
        }
    }
}

/// A repository, only named.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct NamedRepository {
    id: i64,
    full_name: String,
}

impl From<NamedRepository> for RemoteRef {
    fn from(repository: NamedRepository) -> Self {
        Self {
            id: repository.id.to_string(),
            path: repository.full_name,
        }
    }
}

/// The head or base of a pull request.
#[derive(Debug, Clone, Deserialize)]
struct End {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    repo: Option<NamedRepository>,
}

/// A pull request.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PullRequest {
    number: i64,
    title: String,
    state: String,
    #[serde(default)]
    merged: Option<bool>,
    merged_at: Option<String>,
    #[serde(default)]
    draft: Option<bool>,
    html_url: String,
    head: End,
    base: End,
    user: Option<Account>,
    author_association: Option<String>,
    mergeable: Option<bool>,
}

impl From<PullRequest> for RemotePullRequest {
    fn from(pull: PullRequest) -> Self {
        let known = ["OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR"];
        let open = pull.state == "open";
        Self {
            number: pull.number,
            title: pull.title,
            open,
            merged: pull.merged.unwrap_or(false) || pull.merged_at.is_some(),
            draft: pull.draft.unwrap_or(false),
            html_url: pull.html_url,
            head_sha: pull.head.sha,
            head_branch: pull.head.branch,
            head_repository: pull.head.repo.map(RemoteRef::from),
            base_sha: pull.base.sha,
            base_branch: pull.base.branch,
            author: pull.user.map_or_else(ghost, Account::into_person),
            author_known: pull
                .author_association
                .map(|association| known.contains(&association.as_str())),
            // There is no merge of what conflicts, and the ref of before would be stale.
            merge_ref: (open && pull.mergeable != Some(false))
                .then(|| format!("refs/pull/{}/merge", pull.number)),
            head_ref: format!("refs/pull/{}/head", pull.number),
            mergeable: pull.mergeable,
        }
    }
}

/// Who wrote or made a commit, and when.
#[derive(Debug, Clone, Deserialize)]
struct Signature {
    name: Option<String>,
    email: Option<String>,
    date: Option<String>,
}

/// A commit of git.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GitCommit {
    sha: String,
    message: String,
    author: Signature,
    committer: Signature,
}

impl TryFrom<GitCommit> for CommitInfo {
    type Error = ForgeError;

    fn try_from(commit: GitCommit) -> Result<Self, ForgeError> {
        let author_date = seconds(commit.author.date.as_deref())?;
        let committer_date = seconds(commit.committer.date.as_deref())?;
        Ok(Self {
            sha: crate::refs::check_sha(&commit.sha)?,
            message: commit.message.trim_end_matches('\n').to_owned(),
            author_name: commit.author.name.unwrap_or_default(),
            author_email: commit.author.email.unwrap_or_default(),
            author_date,
            committer_name: commit.committer.name.unwrap_or_default(),
            committer_email: commit.committer.email.unwrap_or_default(),
            committer_date,
        })
    }
}

/// Seconds since 1970 of `2026-11-23T07:00:00Z`.
pub(super) fn seconds(date: Option<&str>) -> Result<i64, ForgeError> {
    let text = date.unwrap_or_default();
    let parsed: Result<Timestamp, _> = text.parse();
    parsed
        .map(Timestamp::as_second)
        .map_err(|_| ForgeError::Upstream {
            detail: format!("{text:?} is not a time"),
        })
}

/// `2026-11-23T07:00:00Z` of seconds since 1970.
pub(super) fn date(seconds: i64) -> Option<String> {
    Some(Timestamp::from_second(seconds).ok()?.to_string())
}
