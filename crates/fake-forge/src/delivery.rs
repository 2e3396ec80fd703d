//! Sends webhooks: one bounded queue per address, in order, each attempt recorded.

use crate::events::Notice;
use crate::forge::{Forge, Kind};
use crate::state::repos::{Delivery, Hook, HookOwner};
use crate::state::{State, now, uuid};
use aws_lc_rs::hmac;
use std::time::Instant;
use tokio::sync::mpsc;

/// Deliveries that may wait for one hook; what comes beyond is recorded as failed.
const QUEUE: usize = 10_000;
/// Bytes kept of an answer.
const MAX_RESPONSE: usize = 4096;

/// Makes the delivery of a notice to a hook and queues it.
pub fn to_hook(
    forge: &Forge,
    state: &mut State,
    hook: &Hook,
    notice: &Notice,
    about: (Option<u64>, Option<u64>),
) -> u64 {
    let delivery = Delivery {
        id: state.next_id(),
        hook: Some(hook.id),
        guid: uuid(),
        event: notice.event.clone(),
        action: notice.body["action"].as_str().map(str::to_owned),
        url: hook.url.clone(),
        secret: hook.secret.clone(),
        body: notice.body.to_string(),
        content_type: hook.content_type.clone(),
        status: None,
        error: None,
        response: String::new(),
        seconds: 0.0,
        redelivery: false,
        repository: about.0,
        installation: about.1,
        at: now(),
    };
    queue(forge, state, delivery)
}

/// Makes the same delivery once more.
pub fn again(forge: &Forge, state: &mut State, id: u64) -> Option<u64> {
    let mut delivery = state.deliveries.get(&id)?.clone();
    delivery.id = state.next_id();
    delivery.status = None;
    delivery.error = None;
    delivery.response = String::new();
    delivery.redelivery = true;
    delivery.at = now();
    Some(queue(forge, state, delivery))
}

/// Records a delivery and queues it behind the others to the same hook.
pub fn queue(forge: &Forge, state: &mut State, mut delivery: Delivery) -> u64 {
    let id = delivery.id;
    let key = delivery
        .hook
        .map_or_else(|| delivery.url.clone(), |hook| hook.to_string());
    let mut queues = forge.queues();
    let sender = queues.entry(key).or_insert_with(|| {
        let (sender, mut receiver) = mpsc::channel::<u64>(QUEUE);
        let worker = forge.clone();
        forge.spawn(async move {
            while let Some(id) = receiver.recv().await {
                send(&worker, id).await;
                worker.waiting().send_modify(|count| *count -= 1);
            }
        });
        sender
    });
    forge.waiting().send_modify(|count| *count += 1);
    if sender.try_send(id).is_err() {
        forge.waiting().send_modify(|count| *count -= 1);
        delivery.status = Some(0);
        delivery.error = Some("the queue of the hook is full".to_owned());
    }
    state.deliveries.insert(id, delivery);
    id
}

/// Waits until nothing is queued or on its way.
pub async fn quiet(forge: &Forge) {
    let mut waiting = forge.waiting().subscribe();
    // The sender lives as long as the fake, so the wait can only end well.
    let _ = waiting.wait_for(|count| *count == 0).await;
}

async fn send(forge: &Forge, id: u64) {
    let found = {
        let mut state = forge.state();
        let dropped = state.trouble("delivery", true).is_some();
        let delivery = state.deliveries.get(&id).cloned();
        let target = delivery
            .as_ref()
            .and_then(|one| state.hooks.get(&one.hook?))
            .cloned();
        delivery.map(|delivery| (delivery, target, dropped))
    };
    let Some((delivery, hook, dropped)) = found else {
        return;
    };
    let started = Instant::now();
    let outcome = if dropped {
        Err("dropped on purpose".to_owned())
    } else {
        post(forge, &delivery, hook.as_ref()).await
    };
    let mut state = forge.state();
    if let Some(row) = state.deliveries.get_mut(&id) {
        row.seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok((status, response)) => {
                row.status = Some(status);
                row.response = response;
            }
            Err(why) => {
                row.status = Some(0);
                row.error = Some(why);
            }
        }
    }
}

async fn post(
    forge: &Forge,
    delivery: &Delivery,
    hook: Option<&Hook>,
) -> Result<(u16, String), String> {
    let form = delivery.content_type == "form";
    let (kind, body) = if form {
        let body = format!("payload={}", crate::http::encoded(&delivery.body));
        ("application/x-www-form-urlencoded", body)
    } else {
        ("application/json", delivery.body.clone())
    };
    let mut request = forge
        .client()
        .post(&delivery.url)
        .header("content-type", kind);
    let headers = match forge.kind() {
        Kind::Github => github_headers(delivery, hook, &body),
        Kind::Gitea => gitea_headers(delivery, &body),
        Kind::Gitlab => gitlab_headers(forge, delivery),
    };
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = request
        .body(body)
        .send()
        .await
        .map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let text = response.text().await.unwrap_or_default();
    let end = text
        .char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= MAX_RESPONSE)
        .last()
        .unwrap_or(0);
    let text = if text.len() > MAX_RESPONSE {
        text[..end].to_owned()
    } else {
        text
    };
    Ok((status, text))
}

/// Hex HMAC of `body`.
pub fn signature(algorithm: hmac::Algorithm, secret: &str, body: &str) -> String {
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    hex::encode(hmac::sign(&key, body.as_bytes()))
}

type Headers = Vec<(&'static str, String)>;

fn signatures(delivery: &Delivery, body: &str) -> Headers {
    let Some(secret) = delivery.secret.as_deref().filter(|one| !one.is_empty()) else {
        return Vec::new();
    };
    let short = signature(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, body);
    let long = signature(hmac::HMAC_SHA256, secret, body);
    vec![
        ("X-Hub-Signature", format!("sha1={short}")),
        ("X-Hub-Signature-256", format!("sha256={long}")),
    ]
}

fn github_headers(delivery: &Delivery, hook: Option<&Hook>, body: &str) -> Headers {
    let mut headers = vec![
        ("User-Agent", "GitHub-Hookshot/0fa4e00".to_owned()),
        ("Accept", "*/*".to_owned()),
        ("X-GitHub-Event", delivery.event.clone()),
        ("X-GitHub-Delivery", delivery.guid.clone()),
    ];
    if let Some(hook) = hook {
        let (kind, target) = match hook.owner {
            HookOwner::Repo(id) => ("repository", id),
            HookOwner::App(id) => ("integration", id),
        };
        headers.extend([
            ("X-GitHub-Hook-ID", hook.id.to_string()),
            ("X-GitHub-Hook-Installation-Target-Type", kind.to_owned()),
            ("X-GitHub-Hook-Installation-Target-ID", target.to_string()),
        ]);
    }
    headers.extend(signatures(delivery, body));
    headers
}

fn gitea_headers(delivery: &Delivery, body: &str) -> Headers {
    let mut headers = Vec::new();
    for (event, guid) in [
        ("X-Gitea-Event", "X-Gitea-Delivery"),
        ("X-Forgejo-Event", "X-Forgejo-Delivery"),
        ("X-Gogs-Event", "X-Gogs-Delivery"),
        ("X-GitHub-Event", "X-GitHub-Delivery"),
    ] {
        headers.push((event, delivery.event.clone()));
        headers.push((guid, delivery.guid.clone()));
    }
    if let Some(secret) = delivery.secret.as_deref().filter(|one| !one.is_empty()) {
        let long = signature(hmac::HMAC_SHA256, secret, body);
        for name in [
            "X-Gitea-Signature",
            "X-Forgejo-Signature",
            "X-Gogs-Signature",
        ] {
            headers.push((name, long.clone()));
        }
    }
    headers.extend(signatures(delivery, body));
    headers
}

fn gitlab_headers(forge: &Forge, delivery: &Delivery) -> Headers {
    // The identifier of a hook stays the same over its deliveries.
    let hook = format!(
        "00000000-0000-4000-8000-{:012x}",
        delivery.hook.unwrap_or(0)
    );
    let mut headers = vec![
        ("User-Agent", "GitLab/18.5.0".to_owned()),
        ("X-Gitlab-Event", delivery.event.clone()),
        ("X-Gitlab-Event-UUID", delivery.guid.clone()),
        ("X-Gitlab-Webhook-UUID", hook),
        ("X-Gitlab-Instance", forge.url().to_owned()),
        ("Idempotency-Key", delivery.guid.clone()),
    ];
    if let Some(secret) = &delivery.secret {
        headers.push(("X-Gitlab-Token", secret.clone()));
    }
    headers
}
