//! What happened on the forge, and which hooks are told.

use crate::forge::{Forge, Kind};
use crate::git::GitError;
use crate::git::commits::{self, Commit};
use crate::state::repos::{Hook, HookOwner};
use crate::state::{State, now};
use crate::{delivery, git, gitea, github, gitlab, pulls};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The hash that means "nothing".
pub const ZERO: &str = "0000000000000000000000000000000000000000";
/// Commits in the payload of a push.
const MAX_COMMITS: usize = 20;

/// A ref that moved.
#[derive(Clone, Debug)]
pub struct Push {
    /// Whole name of the ref.
    pub full_ref: String,
    /// Where it was.
    pub before: String,
    /// Where it is.
    pub after: String,
    /// Not a descendant of what was before.
    pub forced: bool,
    /// New commits, oldest first.
    pub commits: Vec<Commit>,
    /// The commit it is at.
    pub head: Option<Commit>,
}

impl Push {
    /// Whether the ref is new.
    pub fn created(&self) -> bool {
        self.before == ZERO
    }

    /// Whether the ref is gone.
    pub fn deleted(&self) -> bool {
        self.after == ZERO
    }

    /// `branch` or `tag`, and the short name.
    pub fn short(&self) -> (&'static str, &str) {
        short(&self.full_ref)
    }
}

/// `branch` or `tag` and the short name of a ref.
pub fn short(full_ref: &str) -> (&'static str, &str) {
    match full_ref.strip_prefix("refs/tags/") {
        Some(name) => ("tag", name),
        None => (
            "branch",
            full_ref.strip_prefix("refs/heads/").unwrap_or(full_ref),
        ),
    }
}

/// Something that happened in a repository.
#[derive(Clone, Debug)]
pub enum Event {
    /// A ref moved, came or went.
    Push(Box<Push>),
    /// A ref came, and what it is at.
    Create(String, String),
    /// A ref went.
    Delete(String),
    /// Something about a pull request: number, GitHub's action, more fields of the payload.
    Pull(u64, &'static str, Map<String, Value>),
    /// Something about the repository: action, more fields.
    Repository(&'static str, Map<String, Value>),
    /// A collaborator: action, login, more fields.
    Member(&'static str, String),
    /// A check run: action and id.
    CheckRun(&'static str, u64),
    /// A check suite: action, App and commit.
    CheckSuite(&'static str, u64, String),
    /// A hook says hello.
    Ping(Box<Hook>),
}

/// A payload under its name.
#[derive(Clone, Debug)]
pub struct Notice {
    /// As in the header.
    pub event: String,
    /// As in the hook's list of events.
    pub topic: String,
    /// Payload.
    pub body: Value,
}

/// Builds the payload of an event as the service that is played has it.
pub fn notice(
    forge: &Forge,
    state: &State,
    repo: u64,
    sender: &str,
    event: &Event,
) -> Option<Notice> {
    match forge.kind() {
        Kind::Github => github::payload::build(forge.url(), state, repo, sender, event),
        Kind::Gitea => gitea::payload::build(forge.url(), state, repo, sender, event),
        Kind::Gitlab => gitlab::payload::build(forge.url(), state, repo, sender, event),
    }
}

/// Tells every hook that wants to know.
pub fn announce(forge: &Forge, state: &mut State, repo: u64, sender: &str, event: &Event) {
    let Some(notice) = notice(forge, state, repo, sender, event) else {
        return;
    };
    // An event about one App's check is told to that App only, as GitHub does.
    let only_app = match event {
        Event::CheckRun(_, id) => state
            .repos
            .get(&repo)
            .and_then(|row| row.checks.iter().find(|run| run.id == *id))
            .map(|run| run.app),
        Event::CheckSuite(_, app, _) => Some(*app),
        _ => None,
    };
    let wants = |hook: &Hook| {
        hook.active
            && hook
                .events
                .iter()
                .any(|one| *one == notice.topic || one == "*")
    };
    let mut targets = Vec::new();
    for hook in state.hooks.values().filter(|hook| wants(hook)) {
        match hook.owner {
            HookOwner::Repo(id) if id == repo => targets.push((hook.clone(), None)),
            HookOwner::App(app) if only_app.is_none_or(|only| only == app) => {
                let installation = state
                    .installations
                    .values()
                    .find(|one| one.app == app && state.installed_on(one, repo));
                if let Some(installation) = installation {
                    targets.push((hook.clone(), Some(installation.id)));
                }
            }
            _ => {}
        }
    }
    for (hook, installation) in targets {
        let mut own = notice.clone();
        if let Some(id) = installation {
            own.body["installation"] =
                json!({"id": id, "node_id": github::node_id("Integration", id)});
        }
        delivery::to_hook(forge, state, &hook, &own, (Some(repo), installation));
    }
}

/// Works out which refs moved between two snapshots and tells it, with pull requests brought up to
/// date.
///
/// # Errors
/// When git fails.
pub async fn moved(
    forge: &Forge,
    repo: u64,
    login: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Result<(), GitError> {
    let visible =
        |name: &&String| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
    let mut names: Vec<&String> = before.keys().chain(after.keys()).filter(visible).collect();
    names.sort();
    names.dedup();
    for name in names {
        let old = before.get(name).map_or(ZERO, String::as_str);
        let new = after.get(name).map_or(ZERO, String::as_str);
        if old != new {
            let push = describe(forge, repo, name, old, new, before).await?;
            tell(forge, repo, login, push);
            if let Some(branch) = name.strip_prefix("refs/heads/") {
                pulls::branch_moved(forge, repo, branch, login).await?;
            }
        }
    }
    Ok(())
}

async fn describe(
    forge: &Forge,
    repo: u64,
    name: &str,
    old: &str,
    new: &str,
    before: &BTreeMap<String, String>,
) -> Result<Push, GitError> {
    let folder = forge.folder(repo);
    let mut push = Push {
        full_ref: name.to_owned(),
        before: old.to_owned(),
        after: new.to_owned(),
        forced: false,
        commits: Vec::new(),
        head: None,
    };
    if push.deleted() {
        return Ok(push);
    }
    if !push.created() && push.short().0 == "branch" {
        push.forced = !git::is_ancestor(&folder, old, new).await?;
    }
    push.head = commits::one(&folder, new).await?;
    if push.short().0 == "branch" {
        let not_new: Vec<String> = if push.created() {
            before.values().map(|known| format!("^{known}")).collect()
        } else {
            vec![format!("^{old}")]
        };
        let mut range = vec![new];
        range.extend(not_new.iter().map(String::as_str));
        push.commits = commits::log(&folder, &range, MAX_COMMITS).await?;
        push.commits.reverse();
    }
    Ok(push)
}

fn tell(forge: &Forge, repo: u64, login: &str, push: Push) {
    let mut state = forge.state();
    if let Some(row) = state.repos.get_mut(&repo) {
        row.pushed_at = now();
    }
    let name = push.full_ref.clone();
    if push.created() {
        let event = Event::Create(name, push.after.clone());
        announce(forge, &mut state, repo, login, &event);
    } else if push.deleted() {
        announce(forge, &mut state, repo, login, &Event::Delete(name));
    }
    announce(forge, &mut state, repo, login, &Event::Push(Box::new(push)));
}
