//! People, organizations and the repositories one may see.

use super::{Api, missing, render};
use crate::http::{Answer, Reply, paged};
use crate::state::repos::Repo;
use serde_json::{Value, json};

/// Answers the routes of people.
pub fn answer(api: &Api<'_>, path: &[&str]) -> Answer {
    let url = api.url();
    let state = api.state();
    match path {
        ["user"] => {
            let one = state.account(api.person()?).ok_or_else(missing)?;
            let mut value = render::account(url, one);
            value["email"] = json!(one.email);
            value["active"] = json!(true);
            value["language"] = json!("en-US");
            Reply::ok(&value)
        }
        ["user", "emails"] => {
            let one = state.account(api.person()?).ok_or_else(missing)?;
            Reply::ok(
                &json!([{"email": one.email, "verified": true, "primary": true,
                "user_id": one.id, "username": one.login}]),
            )
        }
        ["user", "orgs"] => {
            let rows = state.orgs_of(api.person()?);
            Ok(api.list(rows, |one| render::organization(url, one)))
        }
        ["user", "repos"] => {
            let login = api.person()?;
            let rows: Vec<&Repo> = state
                .repos
                .values()
                .filter(|repo| state.granted(repo, login).is_some())
                .collect();
            Ok(api.list(rows, |row| {
                render::repo(url, &state, row, api.allowed(&state, row))
            }))
        }
        ["users", login] => {
            let one = state.account(login).ok_or_else(missing)?;
            Reply::ok(&render::account(url, one))
        }
        ["users", owner, "repos"] | ["orgs", owner, "repos"] => {
            state.account(owner).ok_or_else(missing)?;
            let own = |repo: &&Repo| {
                repo.owner.eq_ignore_ascii_case(owner) && api.allowed(&state, repo).is_some()
            };
            let rows: Vec<&Repo> = state.repos.values().filter(own).collect();
            Ok(api.list(rows, |row| {
                render::repo(url, &state, row, api.allowed(&state, row))
            }))
        }
        ["users", login, "orgs"] => {
            let rows = state.orgs_of(login);
            Ok(api.list(rows, |one| render::organization(url, one)))
        }
        ["orgs", org] => {
            let one = state.account(org).filter(|one| one.members.is_some());
            Reply::ok(&render::organization(url, one.ok_or_else(missing)?))
        }
        ["orgs", org, "members"] => {
            let one = state.account(org).ok_or_else(missing)?;
            let members = one.members.as_ref().ok_or_else(missing)?;
            let rows: Vec<&String> = members.keys().collect();
            Ok(api.list(rows, |login| render::by_login(url, &state, login)))
        }
        _ => Err(missing()),
    }
}

/// `GET /repos/search`: all that the caller sees, by a part of the name.
pub fn search(api: &Api<'_>) -> Answer {
    let part = api.call.parameter("q").unwrap_or_default().to_lowercase();
    let owner: Option<u64> = api.call.parameter("uid").and_then(|id| id.parse().ok());
    let state = api.state();
    let fits = |repo: &&Repo| {
        let owned = owner.is_none_or(|id| state.account(&repo.owner).is_some_and(|o| o.id == id));
        owned && repo.name.to_lowercase().contains(&part) && api.allowed(&state, repo).is_some()
    };
    let rows: Vec<&Repo> = state.repos.values().filter(fits).collect();
    let page = paged(api.call, api.url(), rows, "limit", super::PAGE);
    let rows: Vec<Value> = page
        .rows
        .into_iter()
        .map(|row| render::repo(api.url(), &state, row, api.allowed(&state, row)))
        .collect();
    let reply = Reply::json(200, &json!({"ok": true, "data": rows}))
        .with("x-total-count", page.total.to_string());
    Ok(match page.link {
        Some(link) => reply.with("link", link.replace(", <", ",<")),
        None => reply,
    })
}
