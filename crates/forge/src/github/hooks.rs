//! A repository's hook, and the signature of what it sends.

use super::GitHub;
use crate::ForgeError;
use crate::hosting::{Access, HookDemand, RemoteRef};
use crate::http::Call;
use crate::http::address::number;
use aws_lc_rs::hmac;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use travis_model::Secret;

/// What a repository's own hook sends. Checks and organisations are for Apps.
const EVENTS: [&str; 6] = [
    "push",
    "pull_request",
    "create",
    "delete",
    "repository",
    "member",
];

#[derive(Deserialize)]
struct HookConfig {
    url: Option<String>,
}

#[derive(Deserialize)]
struct FoundHook {
    id: i64,
    config: HookConfig,
}

impl GitHub {
    pub(super) async fn make_or_mend_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        demand: &HookDemand,
    ) -> Result<String, ForgeError> {
        let body = |name: Value| {
            let mut body = json!({
                "active": true,
                "events": EVENTS,
                "config": {
                    "url": demand.url,
                    "content_type": "json",
                    "secret": demand.secret.reveal(),
                    "insecure_ssl": "0",
                },
            });
            if !name.is_null() {
                body["name"] = name;
            }
            body
        };
        let what = format!("the hooks of {}", repo.path);
        let call = Call::post(self.of(repo, "/hooks")?)
            .what(&what)
            .json(&body(json!("web")));
        let refused = match self.send(access, call).await {
            Ok(answer) => return Ok(answer.json::<FoundHook>()?.id.to_string()),
            Err(refused @ ForgeError::Refused { .. }) => refused,
            Err(error) => return Err(error),
        };
        let list = Call::get(self.of(repo, "/hooks?per_page=100")?).what(&what);
        let mut found = None;
        self.pages(access, list, |answer| {
            let page: Vec<FoundHook> = answer.json()?;
            let ours = |hook: &FoundHook| hook.config.url.as_deref() == Some(&demand.url);
            found = page.into_iter().find(ours);
            Ok(found.is_some())
        })
        .await?;
        let Some(found) = found else {
            return Err(refused);
        };
        let call = Call::patch(self.of(repo, &format!("/hooks/{}", found.id))?)
            .what(&what)
            .json(&body(Value::Null));
        self.send(access, call).await?;
        Ok(found.id.to_string())
    }

    pub(super) async fn remove_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        hook_id: &str,
    ) -> Result<(), ForgeError> {
        let id = number("number of a hook", hook_id)?;
        let call = Call::delete(self.of(repo, &format!("/hooks/{id}"))?)
            .what(format!("the hook of {}", repo.path));
        self.find(access, call).await?;
        Ok(())
    }
}

/// Only SHA-256: the header with SHA-1 is there for receivers of long ago.
pub(super) fn signed(secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
    let mut all = headers.get_all("x-hub-signature-256").iter();
    let (Some(value), None) = (all.next(), all.next()) else {
        return false;
    };
    let Some(tag) = value
        .to_str()
        .ok()
        .and_then(|value| value.strip_prefix("sha256="))
        .and_then(|tag| hex::decode(tag).ok())
    else {
        return false;
    };
    // An empty secret would make everybody a sender.
    if secret.reveal().is_empty() {
        return false;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
    hmac::verify(&key, body, &tag).is_ok()
}
