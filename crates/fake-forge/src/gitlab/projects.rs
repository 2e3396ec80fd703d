//! Projects and their members.

use super::{Api, code, hooks, merge_requests, missing, not_found, number, render, statuses};
use crate::http::{Answer, Reply, encoded};
use crate::state::people::Level;
use crate::state::repos::Repo;
use axum::http::Method;
use serde_json::Value;

/// `GET /projects`.
pub fn list(api: &Api<'_>) -> Answer {
    let state = api.state();
    let asked = |name: &str| api.call.parameter(name);
    let yes = |name: &str| asked(name) == Some("true");
    let least: Option<u64> = asked("min_access_level").and_then(|text| text.parse().ok());
    let part = asked("search").unwrap_or_default().to_lowercase();
    let owned = |repo: &Repo| {
        let login = api.login.as_deref();
        login.is_some_and(|login| repo.owner.eq_ignore_ascii_case(login))
    };
    let fits = |repo: &&Repo| {
        let granted = api.granted(&state, repo);
        api.allowed(&state, repo).is_some()
            && (!yes("membership") || granted.is_some())
            && (!yes("owned") || owned(repo))
            && least.is_none_or(|least| granted.map(number) >= Some(least))
            && repo.full_name().to_lowercase().contains(&part)
    };
    let mut rows: Vec<&Repo> = state.repos.values().filter(fits).collect();
    match asked("order_by").unwrap_or("created_at") {
        "name" | "path" => rows.sort_by_cached_key(|row| row.name.to_lowercase()),
        "updated_at" | "last_activity_at" => rows.sort_by_key(|row| row.pushed_at.clone()),
        // Numbers are given out in the order of making.
        _ => rows.sort_by_key(|row| row.id),
    }
    if asked("sort").unwrap_or("desc") == "desc" {
        rows.reverse();
    }
    let show = |row: &Repo| {
        let access = api.login.as_ref().map(|_| api.granted(&state, row));
        render::project(api.url(), &state, row, access)
    };
    if asked("pagination") == Some("keyset") {
        return Ok(keyset(api, rows, show));
    }
    Ok(api.list(rows, show))
}

/// A part of a list that is told by the last number before it.
fn keyset(api: &Api<'_>, rows: Vec<&Repo>, show: impl Fn(&Repo) -> Value) -> Reply {
    let bound = |name: &str| -> Option<u64> { api.call.parameter(name)?.parse().ok() };
    let (after, before) = (bound("id_after"), bound("id_before"));
    let inside =
        |row: &&Repo| after.is_none_or(|id| row.id > id) && before.is_none_or(|id| row.id < id);
    let rows: Vec<&Repo> = rows.into_iter().filter(inside).collect();
    let (_, size) = api.call.page("per_page", super::PAGE.0, super::PAGE.1);
    let more = rows.len() > size;
    let rows: Vec<&Repo> = rows.into_iter().take(size).collect();
    let values: Vec<Value> = rows.iter().map(|row| show(row)).collect();
    let reply = Reply::json(200, &Value::Array(values));
    let Some(last) = rows.last().filter(|_| more) else {
        return reply;
    };
    let name = match api.call.parameter("sort") {
        Some("asc") => "id_after",
        _ => "id_before",
    };
    let mut query = format!("{name}={}", last.id);
    for (key, value) in &api.call.query {
        if key != "id_after" && key != "id_before" {
            query = format!("{query}&{key}={}", encoded(value));
        }
    }
    let to = format!("{}{}?{query}", api.url(), api.call.path);
    reply.with("link", format!("<{to}>; rel=\"next\""))
}

/// Answers `/projects/{id}…`.
pub async fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let get = api.call.method == Method::GET;
    match path {
        [] if get => {
            let repo = api.row(id)?;
            let state = api.state();
            let access = api.login.as_ref().map(|_| api.granted(&state, &repo));
            Reply::ok(&render::project(api.url(), &state, &repo, access))
        }
        ["hooks", rest @ ..] => hooks::answer(api, id, rest),
        ["statuses", sha] if !get => statuses::create(api, id, sha).await,
        ["repository", "commits", sha, "statuses"] if get => statuses::list(api, id, sha).await,
        ["members", rest @ ..] if get => members(api, id, rest),
        ["merge_requests", rest @ ..] if get => merge_requests::answer(api, id, rest).await,
        ["repository", rest @ ..] if get => code::answer(api, id, rest).await,
        _ => Err(not_found()),
    }
}

/// `…/members[/all][/{user}]`; `all` has those of the group too.
fn members(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let repo = api.row(id)?;
    let state = api.state();
    let (all, rest) = match path {
        ["all", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let level = |login: &str| -> Option<Level> {
        match all || repo.owner.eq_ignore_ascii_case(login) {
            true => state.granted(&repo, login),
            false => repo.collaborators.get(login).copied(),
        }
    };
    let people = state.accounts.iter().filter(|one| one.members.is_none());
    let mut rows = people.filter_map(|one| Some((one, number(level(&one.login)?))));
    match rest {
        [] => {
            let rows: Vec<_> = rows.collect();
            Ok(api.list(rows, |(one, level)| render::member(api.url(), one, level)))
        }
        [person] => {
            let found = rows.find(|(one, _)| one.id.to_string() == **person);
            let (one, level) = found.ok_or_else(not_found)?;
            Reply::ok(&render::member(api.url(), one, level))
        }
        _ => Err(missing("Member")),
    }
}
