//! Trouble made on purpose, and deliveries by hand.

use super::{repo, text};
use crate::delivery;
use crate::forge::Forge;
use crate::http::{Answer, Reply};
use crate::state::faults::{Fault, FaultMode};
use crate::state::repos::{Delivery, HookOwner};
use crate::state::{epoch, now, uuid};
use serde_json::{Value, json};
use std::time::Duration;

/// `POST /_fake/fault`.
pub fn fault(forge: &Forge, body: &Value) -> Answer {
    let mode: FaultMode = serde_json::from_value(body["mode"].clone())
        .map_err(|error| Reply::message(422, &format!("mode: {error}")))?;
    let mut state = forge.state();
    if mode == FaultMode::None {
        state.faults.clear();
        return Ok(Reply::empty(204));
    }
    let seconds = body["seconds"].as_i64();
    state.faults.push(Fault {
        mode,
        every: body["every"].as_u64().unwrap_or(1),
        until: seconds.map(|seconds| epoch() + seconds),
        matching: body["match"].as_str().map(str::to_owned),
        retry_after: body["retry_after"].as_u64(),
        seen: 0,
    });
    Ok(Reply::empty(204))
}

/// `POST /_fake/limit {token?, remaining, reset_in, limit?}`; without a token, for all.
pub fn limit(forge: &Forge, body: &Value) -> Answer {
    let mut state = forge.state();
    if let Some(limit) = body["limit"].as_u64() {
        state.hourly = Some(limit);
        for budget in state.budgets.values_mut() {
            budget.limit = limit;
            budget.remaining = budget.remaining.min(limit);
        }
    }
    let keys: Vec<String> = match body["token"].as_str() {
        Some(token) => vec![token.to_owned()],
        None => {
            let known = state.budgets.keys().chain(state.tokens.keys());
            known.cloned().chain(["anonymous".to_owned()]).collect()
        }
    };
    for key in keys {
        let budget = state.budget(&key);
        if let Some(remaining) = body["remaining"].as_u64() {
            budget.remaining = remaining;
        }
        if let Some(seconds) = body["reset_in"].as_i64() {
            budget.reset = epoch() + seconds;
        }
    }
    Ok(Reply::empty(204))
}

/// `POST /_fake/latency {ms}`.
pub fn latency(forge: &Forge, body: &Value) -> Answer {
    forge.state().latency = Duration::from_millis(body["ms"].as_u64().unwrap_or(0));
    Ok(Reply::empty(204))
}

/// `POST /_fake/deliver {id}`.
pub fn deliver(forge: &Forge, body: &Value) -> Answer {
    let id = body["id"].as_u64().unwrap_or(0);
    let again = delivery::again(forge, &mut forge.state(), id);
    let again = again.ok_or_else(|| Reply::message(404, &format!("no delivery {id}")))?;
    Ok(Reply::json(201, &json!({"id": again})))
}

/// `POST /_fake/hook_send {url | owner, name, event, body, secret?, guid?}`: any payload.
pub fn send(forge: &Forge, body: &Value) -> Answer {
    let event = text(body, "event")?;
    let payload = match &body["body"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let targets = match body["url"].as_str() {
        Some(url) => {
            let secret = body["secret"].as_str().map(str::to_owned);
            vec![(None, url.to_owned(), secret, "json".to_owned())]
        }
        None => {
            let id = repo(forge, body)?;
            let state = forge.state();
            let own = state.hooks.values().filter(|hook| match hook.owner {
                HookOwner::Repo(repo) => repo == id,
                HookOwner::App(app) => state
                    .installations
                    .values()
                    .any(|one| one.app == app && state.installed_on(one, id)),
            });
            own.map(|hook| {
                let secret = body["secret"].as_str().map(str::to_owned);
                let secret = secret.or_else(|| hook.secret.clone());
                (
                    Some(hook.id),
                    hook.url.clone(),
                    secret,
                    hook.content_type.clone(),
                )
            })
            .collect()
        }
    };
    let mut state = forge.state();
    let mut ids = Vec::new();
    for (hook, url, secret, content_type) in targets {
        let delivery = Delivery {
            id: state.next_id(),
            hook,
            guid: body["guid"].as_str().map_or_else(uuid, str::to_owned),
            event: event.to_owned(),
            action: None,
            url,
            secret,
            body: payload.clone(),
            content_type,
            status: None,
            error: None,
            response: String::new(),
            seconds: 0.0,
            redelivery: false,
            repository: None,
            installation: None,
            at: now(),
        };
        ids.push(delivery::queue(forge, &mut state, delivery));
    }
    Ok(Reply::json(201, &json!({"ids": ids})))
}
