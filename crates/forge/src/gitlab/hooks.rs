//! GitLab's hooks: what they say.

use super::merge_requests::{head_ref, merge_ref, mergeable};
use crate::hosting::wire::{body, header, sha, told};
use crate::hosting::{
    Event, Hook, HookError, PullChange, PullRequestEvent, Push, PushedCommit, RemoteAccount,
    RemotePerson, RemotePullRequest, RemoteRef, RemoteRepository, Unsupported,
};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    project: Option<Project>,
}

/// Hooks tell less of a project than the API: neither its owner's number nor whether it is a fork.
#[derive(Deserialize)]
struct Project {
    id: i64,
    path_with_namespace: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    web_url: String,
    #[serde(default)]
    git_http_url: String,
    #[serde(default)]
    default_branch: Option<String>,
    /// 0 private, 10 internal, 20 public.
    #[serde(default)]
    visibility_level: i64,
}

#[derive(Deserialize)]
struct PushBody {
    #[serde(rename = "ref")]
    name: String,
    before: String,
    after: String,
    #[serde(default)]
    checkout_sha: Option<String>,
    #[serde(default)]
    commits: Vec<Commit>,
    user_id: i64,
    #[serde(default)]
    user_username: String,
    #[serde(default)]
    user_name: Option<String>,
    #[serde(default)]
    user_avatar: Option<String>,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Person {
    id: i64,
    username: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct MergeBody {
    user: Person,
    object_attributes: Attributes,
    #[serde(default)]
    changes: Changes,
}

#[derive(Deserialize)]
struct Attributes {
    iid: i64,
    title: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    draft: Option<bool>,
    #[serde(default)]
    work_in_progress: Option<bool>,
    #[serde(default)]
    url: String,
    source_branch: String,
    #[serde(default)]
    source_project_id: Option<i64>,
    #[serde(default)]
    source: Option<Source>,
    target_branch: String,
    #[serde(default)]
    last_commit: Option<Commit>,
    #[serde(default)]
    oldrev: Option<String>,
    author_id: i64,
    #[serde(default)]
    merge_status: String,
}

#[derive(Deserialize)]
struct Source {
    path_with_namespace: String,
}

#[derive(Deserialize, Default)]
struct Changes {
    #[serde(default)]
    target_branch: Option<Value>,
    #[serde(default)]
    draft: Option<Change>,
    #[serde(default)]
    labels: Option<Value>,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    current: Option<bool>,
}

impl Project {
    fn repository(self) -> RemoteRepository {
        let owner = self.path_with_namespace.rsplit_once('/');
        let login = owner.map_or("", |(owner, _)| owner).to_owned();
        RemoteRepository {
            at: RemoteRef {
                id: self.id.to_string(),
                path: self.path_with_namespace,
            },
            description: told(self.description),
            html_url: self.web_url,
            clone_url: self.git_http_url,
            default_branch: self.default_branch.unwrap_or_default(),
            private: self.visibility_level < 20,
            archived: false,
            fork: false,
            permission: None,
            owner: RemoteAccount {
                id: String::new(),
                organization: login.contains('/'),
                login,
                name: None,
                avatar_url: None,
                installation_id: None,
            },
            installation_id: None,
        }
    }
}

impl Person {
    fn person(self) -> RemotePerson {
        RemotePerson {
            id: self.id.to_string(),
            login: self.username,
            name: told(self.name),
            // Anybody may claim an address there, and this one is masked for most.
            email: None,
            avatar_url: told(self.avatar_url),
        }
    }
}

/// Reads a message.
pub(super) fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Hook, HookError> {
    let event = header(headers, &["x-gitlab-event"]);
    let event = event.ok_or(HookError::MissingHeader("X-Gitlab-Event"))?;
    let envelope: Envelope = body(&event, bytes)?;
    let mut action = None;
    let (sender, what) = match event.as_str() {
        "Push Hook" | "Tag Push Hook" => {
            let push: PushBody = body(&event, bytes)?;
            let web_url = envelope.project.as_ref().map(|one| one.web_url.as_str());
            let (sender, push) = read_push(push, web_url.unwrap_or_default());
            (Some(sender), Event::Push(push))
        }
        "Merge Request Hook" => {
            let merge: MergeBody = body(&event, bytes)?;
            action.clone_from(&merge.object_attributes.action);
            let (sender, pull) = read_merge(merge);
            (Some(sender), Event::PullRequest(Box::new(pull)))
        }
        other => (None, Event::Other(Unsupported(other.to_owned()))),
    };
    Ok(Hook {
        delivery: header(headers, &["idempotency-key", "x-gitlab-event-uuid"]),
        event,
        action,
        repository: envelope.project.map(Project::repository),
        sender,
        installation_id: None,
        what,
    })
}

fn read_push(push: PushBody, web_url: &str) -> (RemotePerson, Push) {
    let sender = Person {
        id: push.user_id,
        username: push.user_username,
        name: push.user_name,
        avatar_url: push.user_avatar,
    };
    let (before, after) = (sha(&push.before), sha(&push.after));
    // The commit, where an annotated tag is an object of its own.
    let commit = push.checkout_sha.as_deref().and_then(sha);
    let after = after.map(|after| commit.unwrap_or(after));
    let compare_url = match (&before, &after) {
        (Some(before), Some(after)) if !web_url.is_empty() => {
            Some(format!("{web_url}/-/compare/{before}...{after}"))
        }
        _ => None,
    };
    let commits = push.commits.into_iter().map(|commit| PushedCommit {
        sha: commit.id,
        message: commit.message,
    });
    let commits: Vec<_> = commits.collect();
    let head = commits
        .iter()
        .find(|commit| Some(&commit.sha) == after.as_ref());
    let push = Push {
        branch: push.name.strip_prefix("refs/heads/").map(str::to_owned),
        tag: push.name.strip_prefix("refs/tags/").map(str::to_owned),
        before,
        head: head.cloned(),
        after,
        commits,
        compare_url,
        // The forge does not say.
        forced: false,
    };
    (sender.person(), push)
}

fn read_merge(merge: MergeBody) -> (RemotePerson, PullRequestEvent) {
    let sender = merge.user.person();
    let about = merge.object_attributes;
    let before = about.oldrev.as_deref().and_then(sha);
    let change = match about.action.as_deref() {
        Some("open") => PullChange::Opened,
        Some("reopen") => PullChange::Reopened,
        Some("close" | "merge") => PullChange::Closed,
        Some("update") => updated(&merge.changes, before.is_some()),
        _ => PullChange::Other,
    };
    // Only the number of the author is told; most often it is who did this.
    let author_id = about.author_id.to_string();
    let author = match sender.id == author_id {
        true => sender.clone(),
        false => RemotePerson {
            id: author_id,
            login: String::new(),
            name: None,
            email: None,
            avatar_url: None,
        },
    };
    let source = about.source_project_id.zip(about.source);
    let mergeable = mergeable(&about.merge_status);
    let pull = RemotePullRequest {
        number: about.iid,
        title: about.title,
        open: matches!(about.state.as_str(), "opened" | "reopened"),
        merged: about.state == "merged",
        draft: about.draft.or(about.work_in_progress).unwrap_or(false),
        html_url: about.url,
        head_sha: about
            .last_commit
            .map(|commit| commit.id)
            .unwrap_or_default(),
        head_branch: about.source_branch,
        head_repository: source.map(|(id, source)| RemoteRef {
            id: id.to_string(),
            path: source.path_with_namespace,
        }),
        // Not told; whoever needs it asks for the merge request.
        base_sha: String::new(),
        base_branch: about.target_branch,
        author,
        author_known: None,
        merge_ref: merge_ref(about.iid, mergeable),
        head_ref: head_ref(about.iid),
        mergeable,
    };
    let event = PullRequestEvent {
        change,
        pull,
        before,
    };
    (sender, event)
}

fn updated(changes: &Changes, moved: bool) -> PullChange {
    let ready = changes.draft.as_ref().and_then(|draft| draft.current) == Some(false);
    if moved {
        PullChange::Synchronized
    } else if changes.target_branch.is_some() {
        PullChange::BaseChanged
    } else if ready {
        PullChange::ReadyForReview
    } else if changes.labels.is_some() {
        PullChange::Labeled
    } else {
        PullChange::Other
    }
}
