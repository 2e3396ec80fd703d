//! People, organizations and the repositories one may see.

use super::{Api, Who, has_scope, render};
use crate::http::{Answer, Reply};
use crate::state::repos::Repo;
use serde_json::{Value, json};

/// Answers the routes of people.
pub fn answer(api: &Api<'_>, path: &[&str]) -> Answer {
    let url = api.forge.url();
    let state = api.state();
    match path {
        ["user"] => {
            let login = api.person()?;
            let one = state.account(login).ok_or_else(Reply::not_found)?;
            let mut value = render::whole_account(url, one);
            value["two_factor_authentication"] = json!(true);
            Reply::ok(&value)
        }
        ["user", "emails"] => {
            let one = state.account(api.person()?).ok_or_else(Reply::not_found)?;
            if let Who::Person {
                scope, app: None, ..
            } = &api.who
                && !has_scope(scope, "user:email")
            {
                return Err(Reply::not_found());
            }
            Reply::ok(&json!([
                {"email": one.email, "primary": true, "verified": true, "visibility": "public"}
            ]))
        }
        ["user", "orgs"] => {
            let rows = state.orgs_of(api.person()?);
            Ok(api.list(rows, |one| {
                json!({"login": one.login, "id": one.id, "node_id": super::node_id("Organization", one.id),
                    "url": format!("{url}/api/v3/orgs/{}", one.login), "description": null,
                    "repos_url": format!("{url}/api/v3/orgs/{}/repos", one.login),
                    "avatar_url": format!("{url}/avatars/u/{}?v=4", one.id)})
            }))
        }
        ["user", "memberships", "orgs"] => {
            let login = api.person()?;
            let rows = state.orgs_of(login);
            Ok(api.list(rows, |one| {
                json!({"url": format!("{url}/api/v3/orgs/{}/memberships/{login}", one.login),
                    "state": "active", "role": state.org_role(&one.login, login),
                    "organization_url": format!("{url}/api/v3/orgs/{}", one.login),
                    "organization": render::account(url, one),
                    "user": render::by_login(url, &state, login)})
            }))
        }
        ["user", "repos"] => {
            let login = api.person()?;
            let affiliation = api
                .call
                .parameter("affiliation")
                .unwrap_or("owner,collaborator,organization_member");
            let wanted = |repo: &Repo| {
                let owner = repo.owner.eq_ignore_ascii_case(login);
                let member = state.org_role(&repo.owner, login).is_some();
                let collaborator = repo
                    .collaborators
                    .keys()
                    .any(|one| one.eq_ignore_ascii_case(login));
                affiliation.split(',').any(|one| match one.trim() {
                    "owner" => owner,
                    "organization_member" => member,
                    "collaborator" => collaborator,
                    _ => false,
                })
            };
            let mut rows: Vec<&Repo> = state
                .repos
                .values()
                .filter(|repo| wanted(repo) && api.allowed(&state, repo).is_some())
                .collect();
            match api.call.parameter("sort") {
                Some("created") => rows.sort_by_key(|row| std::cmp::Reverse(row.id)),
                Some("updated" | "pushed") => {
                    rows.sort_by_key(|row| std::cmp::Reverse(row.pushed_at.clone()))
                }
                _ => rows.sort_by_cached_key(|row| row.full_name()),
            }
            if api.call.parameter("direction") == Some("desc")
                && api.call.parameter("sort").is_none()
            {
                rows.reverse();
            }
            Ok(api.list(rows, |row| {
                render::repo(url, &state, row, api.allowed(&state, row))
            }))
        }
        ["users", login] => {
            let one = state.account(login).ok_or_else(Reply::not_found)?;
            Reply::ok(&render::whole_account(url, one))
        }
        ["users", owner, "repos"] | ["orgs", owner, "repos"] => {
            let rows: Vec<&Repo> = state
                .repos
                .values()
                .filter(|repo| {
                    repo.owner.eq_ignore_ascii_case(owner) && api.allowed(&state, repo).is_some()
                })
                .collect();
            Ok(api.list(rows, |row| {
                render::repo(url, &state, row, api.allowed(&state, row))
            }))
        }
        ["users", login, "installation"] | ["orgs", login, "installation"] => {
            let Who::App(app) = api.who else {
                return Err(Reply::message(401, "A JSON web token could not be decoded"));
            };
            let row = state
                .installations
                .values()
                .find(|one| one.app == app && one.account.eq_ignore_ascii_case(login))
                .ok_or_else(Reply::not_found)?;
            Reply::ok(&render::installation(url, &state, row))
        }
        ["orgs", org] => {
            let one = state
                .account(org)
                .filter(|one| one.members.is_some())
                .ok_or_else(Reply::not_found)?;
            Reply::ok(&render::whole_account(url, one))
        }
        ["orgs", org, "members"] => {
            let one = state.account(org).ok_or_else(Reply::not_found)?;
            let members = one.members.as_ref().ok_or_else(Reply::not_found)?;
            let rows: Vec<&String> = members.keys().collect();
            Ok(api.list(rows, |login| render::by_login(url, &state, login)))
        }
        ["orgs", org, "memberships", login] => {
            let role = state.org_role(org, login).ok_or_else(Reply::not_found)?;
            Reply::ok(&json!({"state": "active", "role": role,
                "organization": state.account(org).map_or(Value::Null, |one| render::account(url, one)),
                "user": render::by_login(url, &state, login)}))
        }
        _ => Err(Reply::not_found()),
    }
}
