//! Payloads of Gitea's webhooks.

use super::render;
use crate::events::{Event, Notice, Push, short};
use crate::state::State;
use crate::state::people::Level;
use crate::state::repos::Repo;
use serde_json::{Map, Value, json};

/// The payload of an event; none for what this forge does not tell repositories' hooks.
pub fn build(url: &str, state: &State, id: u64, sender: &str, event: &Event) -> Option<Notice> {
    let repo = state.repos.get(&id)?;
    let by = render::by_login(url, state, sender);
    let (name, topic, mut body) = match event {
        // A branch that goes is told by `delete` alone, a tag by both.
        Event::Push(push) if push.deleted() && push.short().0 == "branch" => return None,
        Event::Push(push) => ("push", "push", pushed(url, state, repo, &by, push)),
        Event::Create(full, sha) => {
            let (kind, name) = short(full);
            let body = json!({"sha": sha, "ref": name, "ref_type": kind});
            ("create", "create", body)
        }
        Event::Delete(full) => {
            let (kind, name) = short(full);
            let body = json!({"ref": name, "ref_type": kind, "pusher_type": "user"});
            ("delete", "delete", body)
        }
        Event::Pull(number, action, more) => {
            let (topic, action) = match *action {
                "synchronize" => ("pull_request_sync", "synchronized"),
                "labeled" => ("pull_request_label", "label_updated"),
                // Taking the mark of a draft off is a new title.
                "ready_for_review" => ("pull_request", "edited"),
                other => ("pull_request", other),
            };
            let pull = repo.pull(*number)?;
            let mut body = json!({"action": action, "number": number,
                "pull_request": render::pull(url, state, repo, pull),
                "requested_reviewer": null, "commit_id": "", "review": null});
            if action == "edited" {
                body["changes"] = changes(&pull.title, more);
            }
            ("pull_request", topic, body)
        }
        Event::Repository(action @ ("created" | "deleted"), _) => {
            // The owner stands there also when it is a person.
            let owner = render::by_login(url, state, &repo.owner);
            let body = json!({"action": action, "organization": owner});
            ("repository", "repository", body)
        }
        _ => return None,
    };
    body["repository"] = render::repo(url, state, repo, Some(Level::Admin));
    body["sender"] = by;
    Some(Notice {
        event: name.to_owned(),
        topic: topic.to_owned(),
        body,
    })
}

/// What was before, from the fields that the events carry in GitHub's form.
fn changes(title: &str, more: &Map<String, Value>) -> Value {
    let Some(old) = more.get("changes") else {
        return json!({"title": {"from": render::title(title, true)}});
    };
    let mut changes = json!({});
    if let Some(from) = old["title"]["from"].as_str() {
        changes["title"] = json!({"from": from});
    }
    if let Some(from) = old["base"]["ref"]["from"].as_str() {
        changes["ref"] = json!({"from": from});
    }
    changes
}

fn pushed(url: &str, state: &State, repo: &Repo, by: &Value, push: &Push) -> Value {
    let full = repo.full_name();
    let commit = |one| render::pushed_commit(url, state, repo, one);
    // The newest is first.
    let commits: Vec<Value> = push.commits.iter().rev().map(commit).collect();
    let compare = match push.created() || push.deleted() {
        true => format!("{url}/{full}/compare/{}", push.short().1),
        false => format!("{url}/{full}/compare/{}...{}", push.before, push.after),
    };
    json!({
        "ref": push.full_ref, "before": push.before, "after": push.after, "compare_url": compare,
        "total_commits": commits.len(), "commits": commits,
        "head_commit": push.head.as_ref().map(commit), "pusher": by,
    })
}
