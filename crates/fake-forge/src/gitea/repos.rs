//! Repositories: which part answers, and who may do what.

use super::{Api, code, hooks, missing, pulls, refusal, render, statuses};
use crate::http::{Answer, Reply};
use crate::state::people::Level;
use axum::http::Method;
use serde_json::json;

/// Answers `/repos/{owner}/{name}…`.
pub async fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let get = api.call.method == Method::GET;
    match path {
        [] if get => {
            let repo = api.row(id)?;
            let state = api.state();
            let level = api.allowed(&state, &repo);
            Reply::ok(&render::repo(api.url(), &state, &repo, level))
        }
        ["collaborators", login, "permission"] if get => permission(api, id, login),
        ["hooks", rest @ ..] => hooks::answer(api, id, rest),
        ["statuses", sha] if !get => statuses::create(api, id, sha).await,
        ["statuses", name @ ..] | ["commits", name @ .., "statuses"] => {
            statuses::list(api, id, &name.join("/")).await
        }
        ["commits", name @ .., "status"] => statuses::combined(api, id, &name.join("/")).await,
        _ if !get => Err(missing()),
        ["pulls", rest @ ..] => pulls::answer(api, id, rest),
        _ => code::answer(api, id, path).await,
    }
}

fn permission(api: &Api<'_>, id: u64, login: &str) -> Answer {
    let own = api.person()?.eq_ignore_ascii_case(login);
    if !own && api.level(id)? < Level::Admin {
        return Err(refusal(
            403,
            "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own",
        ));
    }
    let state = api.state();
    let repo = state.repos.get(&id).ok_or_else(missing)?;
    let account = state.account(login).ok_or_else(missing)?;
    let word = match state.level(repo, login) {
        _ if repo.owner.eq_ignore_ascii_case(login) => "owner",
        None => "none",
        Some(Level::Read | Level::Triage) => "read",
        Some(Level::Write | Level::Maintain) => "write",
        Some(Level::Admin) => "admin",
    };
    Reply::ok(&json!({"permission": word, "role_name": word,
        "user": render::account(api.url(), account)}))
}
