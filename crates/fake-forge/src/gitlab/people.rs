//! People and groups.

use super::{Api, missing, not_found, number, render};
use crate::http::{Answer, Reply};
use crate::state::people::Account;
use serde_json::{Value, json};

/// Answers the routes of people and groups.
pub fn answer(api: &Api<'_>, path: &[&str]) -> Answer {
    let url = api.url();
    let state = api.state();
    let by_name = |name: &str| {
        let id: Option<u64> = name.parse().ok();
        let fits = |one: &&Account| Some(one.id) == id || one.login.eq_ignore_ascii_case(name);
        state.accounts.iter().find(fits)
    };
    match path {
        ["user"] => {
            let one = state.account(api.person()?).ok_or_else(not_found)?;
            Reply::ok(&render::own_user(url, one))
        }
        ["users"] => {
            let wanted = api.call.parameter("username");
            let fits = |one: &&Account| {
                one.members.is_none()
                    && wanted.is_none_or(|name| one.login.eq_ignore_ascii_case(name))
            };
            let rows: Vec<&Account> = state.accounts.iter().filter(fits).collect();
            Ok(api.list(rows, |one| render::user(url, one)))
        }
        ["users", name] => {
            let one = by_name(name).filter(|one| one.members.is_none());
            Reply::ok(&render::user(url, one.ok_or_else(|| missing("User"))?))
        }
        ["groups"] => {
            let least: Option<u64> = api
                .call
                .parameter("min_access_level")
                .and_then(|level| level.parse().ok());
            let level = |one: &Account| {
                let role = state.org_role(&one.login, api.login.as_deref()?)?;
                Some(role_level(role))
            };
            // All groups are open here; with a least level only one's own come.
            let fits = |one: &&Account| {
                one.members.is_some() && least.is_none_or(|least| level(one) >= Some(least))
            };
            let rows: Vec<&Account> = state.accounts.iter().filter(fits).collect();
            Ok(api.list(rows, |one| render::group(url, one)))
        }
        ["groups", name, rest @ ..] => {
            let one = by_name(name).filter(|one| one.members.is_some());
            let one = one.ok_or_else(|| missing("Group"))?;
            match rest {
                [] => Reply::ok(&render::group(url, one)),
                ["members"] | ["members", "all"] => {
                    let rows: Vec<_> = one.members.iter().flatten().collect();
                    Ok(api.list(rows, |(login, role)| match state.account(login) {
                        Some(person) => render::member(url, person, role_level(role)),
                        None => json!(null),
                    }))
                }
                ["projects"] => {
                    let own = |repo: &&crate::state::repos::Repo| {
                        repo.owner.eq_ignore_ascii_case(&one.login)
                            && api.allowed(&state, repo).is_some()
                    };
                    let rows: Vec<_> = state.repos.values().filter(own).collect();
                    Ok(api.list(rows, |row| -> Value {
                        render::project(url, &state, row, Some(api.granted(&state, row)))
                    }))
                }
                _ => Err(not_found()),
            }
        }
        _ => Err(not_found()),
    }
}

/// The number of a role in a group.
fn role_level(role: &str) -> u64 {
    let level = crate::state::people::role(role);
    number(level)
}
