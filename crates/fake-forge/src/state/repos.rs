//! Repositories and what hangs on them.

use super::people::Level;
use super::{State, now};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A repository.
#[derive(Clone, Debug, Serialize)]
pub struct Repo {
    /// Stable number; also the name of its folder.
    pub id: u64,
    /// Login of the person or organization.
    pub owner: String,
    /// Name below the owner.
    pub name: String,
    /// Hidden from those without a grant.
    pub private: bool,
    /// Refuses writes.
    pub archived: bool,
    /// Branch of the settings' word.
    pub default_branch: String,
    /// Whether there is a git repository behind the row.
    pub git: bool,
    /// The repository this one was forked from.
    pub parent: Option<u64>,
    /// Grants beside those of the owner.
    pub collaborators: BTreeMap<String, Level>,
    /// Pull requests by number minus one.
    pub pulls: Vec<Pull>,
    /// Statuses in the order received.
    pub statuses: Vec<Status>,
    /// Check runs in the order made.
    pub checks: Vec<CheckRun>,
    /// Releases of GitHub as it shows them, in the order made.
    pub releases: Vec<Value>,
    /// Comments: number of the pull request and GitHub's object.
    pub comments: Vec<(u64, Value)>,
    /// When it was made.
    pub created_at: String,
    /// When it was last pushed to.
    pub pushed_at: String,
}

impl Repo {
    /// `owner/name`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// The pull request with this number.
    pub fn pull(&self, number: u64) -> Option<&Pull> {
        self.pulls.iter().find(|one| one.number == number)
    }
}

/// A pull request.
#[derive(Clone, Debug, Serialize)]
pub struct Pull {
    /// Stable number over all repositories.
    pub id: u64,
    /// Number within the base repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Login of the author.
    pub author: String,
    /// Repository of the head.
    pub head_repo: u64,
    /// Branch of the head.
    pub head_ref: String,
    /// Commit of the head.
    pub head_sha: String,
    /// Branch of the base.
    pub base_ref: String,
    /// Commit of the base.
    pub base_sha: String,
    /// Neither merged nor closed.
    pub open: bool,
    /// Set once merged.
    pub merged: bool,
    /// Not ready for review.
    pub draft: bool,
    /// Merge commit of head into base; none on conflict.
    pub merge_sha: Option<String>,
    /// Names of labels.
    pub labels: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When it was closed.
    pub closed_at: Option<String>,
}

/// A commit status.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Stable number.
    pub id: u64,
    /// Commit.
    pub sha: String,
    /// The forge's word.
    pub state: String,
    /// Name of the status.
    pub context: String,
    /// Line of text.
    pub description: Option<String>,
    /// Link.
    pub target_url: Option<String>,
    /// Login or App that set it.
    pub creator: String,
    /// When it was received, with milliseconds.
    pub at: String,
}

/// A check run, with every version of it that was received.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRun {
    /// Stable number.
    pub id: u64,
    /// Commit.
    pub head_sha: String,
    /// The App it belongs to.
    pub app: u64,
    /// Fields as last set.
    pub fields: serde_json::Map<String, Value>,
    /// Annotations of all calls together.
    pub annotations: Vec<Value>,
    /// Bodies of the calls in order, each with the time under `at`.
    pub history: Vec<Value>,
}

/// Whose events a hook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HookOwner {
    /// A repository's.
    Repo(u64),
    /// An App's: those of every repository it is installed on.
    App(u64),
}

/// A webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Hook {
    /// Stable number.
    pub id: u64,
    /// Whose events.
    pub owner: HookOwner,
    /// Where they go.
    pub url: String,
    /// What signs them.
    pub secret: Option<String>,
    /// `json` or `form`.
    pub content_type: String,
    /// Names of events, or `*`.
    pub events: Vec<String>,
    /// Off: nothing is sent.
    pub active: bool,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// One delivery of an event to a hook.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Stable number.
    pub id: u64,
    /// The hook; none for a payload sent by hand.
    pub hook: Option<u64>,
    /// Stays the same when delivered again.
    pub guid: String,
    /// Name of the event as the header has it.
    pub event: String,
    /// `action` of the payload.
    pub action: Option<String>,
    /// Where it goes.
    pub url: String,
    /// What signs it.
    pub secret: Option<String>,
    /// The payload as sent.
    pub body: String,
    /// `json` or `form`.
    pub content_type: String,
    /// Answer's status; 0 when none came.
    pub status: Option<u16>,
    /// Why none came.
    pub error: Option<String>,
    /// First 4 kB of the answer.
    pub response: String,
    /// Time it took.
    pub seconds: f64,
    /// Whether this is a repeat.
    pub redelivery: bool,
    /// Repository it is about.
    pub repository: Option<u64>,
    /// Installation it is about.
    pub installation: Option<u64>,
    /// When it was made.
    pub at: String,
}

/// A name as it was asked for.
pub enum Named {
    /// Its name now.
    Here(u64),
    /// A former name.
    Moved(u64),
}

impl State {
    /// Who is or was called so.
    pub fn named(&self, owner: &str, name: &str) -> Option<Named> {
        let wanted = format!("{owner}/{name}").to_lowercase();
        let id = *self.names.get(&wanted)?;
        let repo = self.repos.get(&id)?;
        if repo.full_name().to_lowercase() == wanted {
            Some(Named::Here(id))
        } else {
            Some(Named::Moved(id))
        }
    }

    /// The repository that is or was called so.
    pub fn repo_id(&self, owner: &str, name: &str) -> Option<u64> {
        match self.named(owner, name)? {
            Named::Here(id) | Named::Moved(id) => Some(id),
        }
    }

    /// Adds a repository's row.
    pub fn add_repo(&mut self, owner: &str, name: &str, private: bool, branch: &str) -> u64 {
        let id = self.next_id();
        let time = now();
        self.names
            .insert(format!("{owner}/{name}").to_lowercase(), id);
        self.repos.insert(
            id,
            Repo {
                id,
                owner: owner.to_owned(),
                name: name.to_owned(),
                private,
                archived: false,
                default_branch: branch.to_owned(),
                git: true,
                parent: None,
                collaborators: BTreeMap::new(),
                pulls: Vec::new(),
                statuses: Vec::new(),
                releases: Vec::new(),
                checks: Vec::new(),
                comments: Vec::new(),
                created_at: time.clone(),
                pushed_at: time,
            },
        );
        id
    }

    /// Gives a repository another owner or name; the former name still leads to it.
    pub fn rename(&mut self, id: u64, owner: &str, name: &str) {
        if let Some(repo) = self.repos.get_mut(&id) {
            owner.clone_into(&mut repo.owner);
            name.clone_into(&mut repo.name);
            self.names
                .insert(format!("{owner}/{name}").to_lowercase(), id);
        }
    }
}
