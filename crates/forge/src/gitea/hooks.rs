//! Gitea's hooks: what they say.

use super::wire::{PullRequest, Repository, User};
use crate::hosting::wire::{body, header, sha};
use crate::hosting::{
    Event, Hook, HookError, PullChange, PullRequestEvent, Push, PushedCommit, RepositoryChange,
    Unsupported,
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    repository: Option<Repository>,
    #[serde(default)]
    sender: Option<User>,
    #[serde(default)]
    organization: Option<Value>,
}

#[derive(Deserialize)]
struct PushBody {
    #[serde(rename = "ref")]
    name: String,
    before: String,
    after: String,
    #[serde(default)]
    compare_url: Option<String>,
    #[serde(default)]
    commits: Option<Vec<Commit>>,
    #[serde(default)]
    head_commit: Option<Commit>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct DeleteBody {
    #[serde(rename = "ref")]
    name: String,
    ref_type: String,
}

#[derive(Deserialize)]
struct PullBody {
    #[serde(default)]
    action: String,
    pull_request: PullRequest,
    #[serde(default)]
    changes: Option<Changes>,
}

#[derive(Deserialize)]
struct Changes {
    #[serde(default)]
    title: Option<From>,
    #[serde(rename = "ref", default)]
    base: Option<From>,
}

#[derive(Deserialize)]
struct From {
    #[serde(default)]
    from: String,
}

/// Reads a message.
pub(super) fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Hook, HookError> {
    let names = ["x-gitea-event", "x-forgejo-event"];
    let event = header(headers, &names).ok_or(HookError::MissingHeader("X-Gitea-Event"))?;
    let envelope: Envelope = body(&event, bytes)?;
    let what = match event.as_str() {
        "push" => Event::Push(push(body(&event, bytes)?)),
        "delete" => Event::Push(deletion(body(&event, bytes)?)),
        "create" => other("the push says it"),
        "pull_request" => Event::PullRequest(Box::new(pull(body(&event, bytes)?))),
        "repository" => match envelope.action.as_deref() {
            Some("deleted") => Event::Repository(RepositoryChange::Deleted),
            Some("created") => other("the repository is not switched on yet"),
            Some("renamed" | "transferred") => Event::Repository(RepositoryChange::Moved),
            _ => Event::Repository(RepositoryChange::Changed),
        },
        other_event => other(other_event),
    };
    let organization = envelope.organization.is_some_and(|value| !value.is_null());
    Ok(Hook {
        delivery: header(headers, &["x-gitea-delivery", "x-forgejo-delivery"]),
        event,
        action: envelope.action,
        repository: envelope
            .repository
            .map(|repository| repository.repository(organization)),
        sender: envelope.sender.map(User::person),
        installation_id: None,
        what,
    })
}

fn other(why: &str) -> Event {
    Event::Other(Unsupported(why.to_owned()))
}

/// Branch and tag of a full ref.
fn split(name: &str) -> (Option<String>, Option<String>) {
    (
        name.strip_prefix("refs/heads/").map(str::to_owned),
        name.strip_prefix("refs/tags/").map(str::to_owned),
    )
}

fn push(push: PushBody) -> Push {
    let (branch, tag) = split(&push.name);
    let pushed = |commit: Commit| PushedCommit {
        sha: commit.id,
        message: commit.message,
    };
    let after = sha(&push.after);
    let head = push.head_commit.map(pushed).filter(|_| after.is_some());
    let mut commits: Vec<_> = push.commits.into_iter().flatten().map(pushed).collect();
    // The newest is first here.
    let newest = head.as_ref().map(|head| &head.sha);
    if commits.len() > 1 && commits.first().map(|commit| &commit.sha) == newest {
        commits.reverse();
    }
    let after = match (&tag, &head) {
        // An annotated tag is an object of its own; the commit is meant.
        (Some(_), Some(head)) if !head.sha.is_empty() => Some(head.sha.clone()),
        _ => after,
    };
    Push {
        branch,
        tag,
        before: sha(&push.before),
        after,
        commits,
        head,
        compare_url: push.compare_url.filter(|url| !url.is_empty()),
        // The forge does not say.
        forced: false,
    }
}

/// A deleted branch is told by this event alone.
fn deletion(gone: DeleteBody) -> Push {
    let tag = gone.ref_type == "tag";
    let prefix = if tag { "refs/tags/" } else { "refs/heads/" };
    let name = gone.name.strip_prefix(prefix).unwrap_or(&gone.name);
    Push {
        branch: (!tag).then(|| name.to_owned()),
        tag: tag.then(|| name.to_owned()),
        before: None,
        after: None,
        commits: Vec::new(),
        head: None,
        compare_url: None,
        forced: false,
    }
}

fn pull(event: PullBody) -> PullRequestEvent {
    let pull = event.pull_request.pull();
    let change = match event.action.as_str() {
        "opened" => PullChange::Opened,
        "reopened" => PullChange::Reopened,
        "synchronized" | "synchronize" => PullChange::Synchronized,
        "closed" => PullChange::Closed,
        "label_updated" | "label_cleared" => PullChange::Labeled,
        "ready_for_review" => PullChange::ReadyForReview,
        "edited" => edited(event.changes.as_ref(), pull.draft),
        _ => PullChange::Other,
    };
    PullRequestEvent {
        change,
        pull,
        before: None,
    }
}

fn edited(changes: Option<&Changes>, draft: bool) -> PullChange {
    let was_draft = |title: &From| {
        let title = title.from.to_uppercase();
        title.starts_with("WIP:") || title.starts_with("[WIP]")
    };
    match changes {
        Some(changes) if changes.base.is_some() => PullChange::BaseChanged,
        // A draft is a matter of the title here.
        Some(changes) if !draft && changes.title.as_ref().is_some_and(was_draft) => {
            PullChange::ReadyForReview
        }
        _ => PullChange::Other,
    }
}
