//! What the fake knows, for assertions.

use crate::forge::Forge;
use crate::git;
use crate::http::{Answer, Call, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Answers `GET /_fake/state`, `GET /_fake/calls?since=` and `GET /_fake/tokens`.
pub async fn answer(forge: &Forge, call: &Call, path: &[&str]) -> Answer {
    match path {
        ["calls"] => {
            let since: usize = call
                .parameter("since")
                .and_then(|text| text.parse().ok())
                .unwrap_or(0);
            let state = forge.state();
            let rows: Vec<_> = state.calls.iter().skip(since).collect();
            Reply::ok(&json!(rows))
        }
        ["tokens"] => Reply::ok(&json!(forge.state().tokens.keys().collect::<Vec<_>>())),
        ["state"] => whole(forge).await,
        _ => Err(Reply::message(404, "no such control")),
    }
}

async fn whole(forge: &Forge) -> Answer {
    let with_git: Vec<u64> = {
        let state = forge.state();
        state
            .repos
            .values()
            .filter(|row| row.git)
            .map(|row| row.id)
            .collect()
    };
    let mut refs = BTreeMap::new();
    for id in with_git {
        refs.insert(id, git::refs(&forge.folder(id)).await?);
    }
    let state = forge.state();
    let repos: Vec<Value> = state
        .repos
        .values()
        .map(|row| {
            let mut value = json!(row);
            value["full_name"] = json!(row.full_name());
            value["refs"] = json!(refs.get(&row.id));
            let mut by_sha: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
            for status in &row.statuses {
                by_sha.entry(&status.sha).or_default().push(json!(status));
            }
            value["statuses"] = json!(by_sha);
            value
        })
        .collect();
    let hooks: Vec<_> = state.hooks.values().collect();
    let deliveries: Vec<_> = state.deliveries.values().collect();
    let apps: Vec<_> = state.apps.values().collect();
    let installations: Vec<_> = state.installations.values().collect();
    Reply::ok(&json!({
        "users": state.accounts, "repos": repos, "hooks": hooks, "deliveries": deliveries,
        "apps": apps, "installations": installations, "clients": state.clients,
        "calls": state.calls, "faults": state.faults,
    }))
}
