//! What people would do on the forge's own pages, as calls below `/_fake`, open to everyone.

mod changes;
mod faults;
mod rows;
mod view;

use crate::forge::Forge;
use crate::http::{Answer, Call, Reply};
use axum::http::Method;
use serde_json::Value;

/// A field that has to be there.
fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Reply> {
    body[name]
        .as_str()
        .ok_or_else(|| Reply::message(422, &format!("{name} is missing")))
}

/// The repository that `owner` and `name` say.
fn repo(forge: &Forge, body: &Value) -> Result<u64, Reply> {
    let (owner, name) = (text(body, "owner")?, text(body, "name")?);
    forge
        .state()
        .repo_id(owner, name)
        .ok_or_else(|| Reply::message(404, &format!("no repository {owner}/{name}")))
}

/// Who acts: `as`, or the owner.
fn actor(body: &Value) -> Result<&str, Reply> {
    match body["as"].as_str() {
        Some(login) => Ok(login),
        None => text(body, "owner"),
    }
}

/// Answers `/_fake/…`.
pub async fn answer(forge: &Forge, call: &Call) -> Answer {
    let path: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    if call.method == Method::GET {
        return view::answer(forge, call, &path).await;
    }
    let body = call.json()?;
    match path.as_slice() {
        ["users"] => rows::person(forge, &body),
        ["orgs"] => rows::org(forge, &body),
        ["repos"] => rows::repo(forge, &body).await,
        ["oauth_app"] => rows::oauth_app(forge, &body),
        ["app"] => rows::app(forge, &body),
        ["install"] => rows::install(forge, &body),
        ["uninstall" | "suspend" | "unsuspend"] => rows::installation(forge, &body, path[0]),
        ["token"] => rows::token(forge, &body),
        ["revoke"] => rows::revoke(forge, &body),
        ["commit"] => changes::commit(forge, &body).await,
        ["tag"] => changes::set_ref(forge, &body, "tag").await,
        ["delete_ref"] => changes::set_ref(forge, &body, "delete").await,
        ["fork"] => changes::fork(forge, &body).await,
        ["pull"] => changes::open(forge, &body).await,
        ["pull", what] => changes::pull(forge, &body, what).await,
        ["rerequest"] => changes::rerequest(forge, &body),
        ["repo", what] => changes::repository(forge, &body, what),
        ["member"] => changes::member(forge, &body),
        ["fault"] => faults::fault(forge, &body),
        ["limit"] => faults::limit(forge, &body),
        ["latency"] => faults::latency(forge, &body),
        ["deliver"] => faults::deliver(forge, &body),
        ["hook_send"] => faults::send(forge, &body),
        ["quiet"] => {
            crate::delivery::quiet(forge).await;
            Ok(Reply::empty(204))
        }
        _ => Err(Reply::message(404, "no such control")),
    }
}
