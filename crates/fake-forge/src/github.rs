//! GitHub: pages, REST API of version 2022-11-28 below `/api/v3`, payloads.

mod apps;
mod checks;
mod contents;
mod hooks;
mod install;
mod jwt;
mod manifest;
pub mod payload;
mod people;
mod releases;
pub mod render;
mod repos;
mod statuses;
mod web;

use crate::forge::{Forge, either};
use crate::http::{Answer, Call, Reply, paged, tagged};
use crate::state::apps::Holder;
use crate::state::people::Level;
use crate::state::repos::{Named, Repo};
use crate::state::{State, random};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

pub use install::{install, membership, reached, suspend, uninstall};
pub use manifest::{new_app, whole as whole_app};

/// GitHub's opaque identifier of a row.
pub fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Who {
    /// No token.
    Nobody,
    /// A person; for a token of an App, the App's number.
    Person {
        /// Login.
        login: String,
        /// Scopes granted.
        scope: String,
        /// The App.
        app: Option<u64>,
    },
    /// An installation.
    Installation {
        /// Its number.
        id: u64,
        /// Its App.
        app: u64,
        /// Repositories that the token is limited to.
        repos: Option<Vec<u64>>,
        /// What it may do.
        permissions: Map<String, Value>,
    },
    /// An App, by its key.
    App(u64),
}

/// A call to the API with the one who makes it.
pub struct Api<'a> {
    /// The fake.
    pub forge: &'a Forge,
    /// The call.
    pub call: &'a Call,
    /// Who makes it.
    pub who: Who,
}

/// Answers pages and API.
pub async fn answer(forge: &Forge, call: &Call) -> Reply {
    let parts: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["api", "v3", rest @ ..] | ["api", "uploads", rest @ ..] => api(forge, call, rest).await,
        _ => either(web::answer(forge, call, &parts)),
    }
}

async fn api(forge: &Forge, call: &Call, path: &[&str]) -> Reply {
    let who = match identify(forge, call) {
        Ok(who) => who,
        Err(reply) => return reply,
    };
    let key = call.bearer().unwrap_or("anonymous").to_owned();
    if let ["rate_limit"] = path {
        let budget = *forge.state().budget(&key);
        let value = json!({"limit": budget.limit, "remaining": budget.remaining,
            "reset": budget.reset, "used": budget.limit - budget.remaining, "resource": "core"});
        return Reply::json(200, &json!({"resources": {"core": value}, "rate": value}));
    }
    if forge.state().budget(&key).remaining == 0 {
        let reply = Reply::message(403, "API rate limit exceeded for this token.");
        return with_budget(forge, &key, reply);
    }
    let api = Api { forge, call, who };
    let mut reply = tagged(call, either(route(&api, path).await));
    if reply.status != 304 {
        let mut state = forge.state();
        let budget = state.budget(&key);
        budget.remaining = budget.remaining.saturating_sub(1);
    }
    if let Who::Person { scope, .. } = &api.who {
        reply = reply.with("x-oauth-scopes", scope.replace(' ', ", "));
    }
    with_budget(forge, &key, reply)
        .with("x-github-media-type", "github.v3; format=json")
        .with("x-github-request-id", random(12))
}

fn with_budget(forge: &Forge, key: &str, reply: Reply) -> Reply {
    let budget = *forge.state().budget(key);
    let used = budget.limit.saturating_sub(budget.remaining);
    reply
        .with("x-ratelimit-limit", budget.limit.to_string())
        .with("x-ratelimit-remaining", budget.remaining.to_string())
        .with("x-ratelimit-used", used.to_string())
        .with("x-ratelimit-reset", budget.reset.to_string())
        .with("x-ratelimit-resource", "core")
}

fn identify(forge: &Forge, call: &Call) -> Result<Who, Reply> {
    let bad = || Reply::message(401, "Bad credentials");
    let Some(token) = call.bearer().map(str::to_owned).or_else(|| {
        let (user, password) = crate::http::basic(&call.headers)?;
        // An OAuth client calls with its own identifier and secret, which routes check.
        forge.state().client(&user).is_none().then_some(password)
    }) else {
        return Ok(Who::Nobody);
    };
    if token.split('.').count() == 3 {
        return jwt::verify(&forge.state(), &token).map(Who::App);
    }
    let state = forge.state();
    match &state.token(&token).ok_or_else(bad)?.holder {
        Holder::Person { login, client_id } => Ok(Who::Person {
            login: login.clone(),
            scope: state
                .token(&token)
                .map(|one| one.scope.clone())
                .unwrap_or_default(),
            app: client_id
                .as_deref()
                .and_then(|id| state.client(id))
                .and_then(|client| client.app),
        }),
        Holder::Installation {
            id,
            repos,
            permissions,
        } => {
            let installation = state.installations.get(id).ok_or_else(bad)?;
            Ok(Who::Installation {
                id: *id,
                app: installation.app,
                repos: repos.clone(),
                permissions: permissions.clone(),
            })
        }
        Holder::Refresh { .. } => Err(bad()),
    }
}

async fn route(api: &Api<'_>, path: &[&str]) -> Answer {
    match path {
        [] | ["meta"] => Reply::ok(&json!({"installed_version": "3.17.0"})),
        ["app", ..]
        | ["applications", ..]
        | ["app-manifests", ..]
        | ["installation", ..]
        | ["user", "installations", ..] => apps::answer(api, path),
        ["user", ..] | ["users", ..] | ["orgs", ..] => people::answer(api, path),
        ["repos", owner, name, rest @ ..] => {
            let id = api.find(owner, name, rest)?;
            repos::answer(api, id, rest).await
        }
        ["repositories", id, rest @ ..] => {
            let id = id.parse().map_err(|_| Reply::not_found())?;
            api.level(id)?;
            repos::answer(api, id, rest).await
        }
        _ => Err(Reply::not_found()),
    }
}

impl Api<'_> {
    /// The address of the API.
    pub fn base(&self) -> String {
        format!("{}/api/v3", self.forge.url())
    }

    /// The memory.
    pub fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.forge.state()
    }

    /// The person who calls.
    ///
    /// # Errors
    /// 401 without a token, 403 for an installation.
    pub fn person(&self) -> Result<&str, Reply> {
        match &self.who {
            Who::Person { login, .. } => Ok(login),
            Who::Nobody => Err(Reply::message(401, "Requires authentication")),
            _ => Err(Reply::message(
                403,
                "Resource not accessible by integration",
            )),
        }
    }

    /// What the caller may do there; none hides it.
    pub fn allowed(&self, state: &State, repo: &Repo) -> Option<Level> {
        let public = (!repo.private).then_some(Level::Read);
        match &self.who {
            Who::Nobody => public,
            Who::App(_) => public,
            Who::Person { login, scope, app } => {
                let level = state.level(repo, login)?;
                let reached = match app {
                    Some(app) => state
                        .installations
                        .values()
                        .any(|one| one.app == *app && state.installed_on(one, repo.id)),
                    None => has_scope(scope, "repo"),
                };
                if reached {
                    Some(level)
                } else {
                    public.map(|_| level)
                }
            }
            Who::Installation { id, repos, .. } => {
                let reached = state
                    .installations
                    .get(id)
                    .is_some_and(|one| state.installed_on(one, repo.id))
                    && repos.as_ref().is_none_or(|some| some.contains(&repo.id));
                // What it may write is told by its permissions, at each route.
                if reached { Some(Level::Admin) } else { public }
            }
        }
    }

    /// The repository that is called so.
    ///
    /// # Errors
    /// 301 to its number for a former name, 404 when it is hidden or missing.
    pub fn find(&self, owner: &str, name: &str, rest: &[&str]) -> Result<u64, Reply> {
        let found = self.state().named(owner, name);
        match found {
            None => Err(Reply::not_found()),
            Some(Named::Here(id)) => self.level(id).map(|_| id),
            Some(Named::Moved(id)) => {
                self.level(id)?;
                let mut to = format!("{}/repositories/{id}", self.base());
                for part in rest {
                    to.push('/');
                    to.push_str(&crate::http::encoded(part));
                }
                if !self.call.query_text.is_empty() {
                    to = format!("{to}?{}", self.call.query_text);
                }
                let body = json!({"message": "Moved Permanently", "url": to,
                    "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects"});
                Err(Reply::json(301, &body).with("location", to))
            }
        }
    }

    /// What the caller may do in a repository.
    ///
    /// # Errors
    /// 404 when it is hidden or missing.
    pub fn level(&self, id: u64) -> Result<Level, Reply> {
        let state = self.state();
        let repo = state.repos.get(&id).ok_or_else(Reply::not_found)?;
        self.allowed(&state, repo).ok_or_else(Reply::not_found)
    }

    /// Insists on a right to write: `least` and a scope of `scopes` for a person, a write
    /// permission of that name for an installation.
    ///
    /// # Errors
    /// 404 for a person without the right (as GitHub hides what one may not change), 403 for an
    /// installation.
    pub fn require(
        &self,
        id: u64,
        least: Level,
        scopes: &[&str],
        permission: &str,
    ) -> Result<(), Reply> {
        let level = self.level(id)?;
        match &self.who {
            Who::Nobody => Err(Reply::message(401, "Requires authentication")),
            Who::App(_) => Err(Reply::message(
                403,
                "Resource not accessible by integration",
            )),
            Who::Person { scope, app, .. } => {
                let scoped = app.is_some() || scopes.iter().any(|one| has_scope(scope, one));
                if level >= least && scoped {
                    Ok(())
                } else {
                    Err(Reply::not_found())
                }
            }
            Who::Installation { permissions, .. } => {
                let write = permissions.get(permission).and_then(Value::as_str);
                if level == Level::Admin && matches!(write, Some("write" | "admin")) {
                    Ok(())
                } else {
                    Err(Reply::message(
                        403,
                        "Resource not accessible by integration",
                    ))
                }
            }
        }
    }

    /// A page of a list, with its `Link` header; `render` makes the rows that are on it.
    pub fn list<T>(&self, rows: Vec<T>, render: impl FnMut(T) -> Value) -> Reply {
        let page = paged(self.call, self.forge.url(), rows, "per_page", (30, 100));
        let rows: Vec<Value> = page.rows.into_iter().map(render).collect();
        let reply = Reply::json(200, &Value::Array(rows));
        match page.link {
            Some(link) => reply.with("link", link),
            None => reply,
        }
    }

    /// Like [`Api::list`], inside an object that also tells how many there are.
    pub fn counted<T>(&self, name: &str, rows: Vec<T>, render: impl FnMut(T) -> Value) -> Reply {
        let page = paged(self.call, self.forge.url(), rows, "per_page", (30, 100));
        let rows: Vec<Value> = page.rows.into_iter().map(render).collect();
        let reply = Reply::json(200, &json!({"total_count": page.total, name: rows}));
        match page.link {
            Some(link) => reply.with("link", link),
            None => reply,
        }
    }
}

/// Whether a list of scopes has one, or one that holds it.
pub fn has_scope(scopes: &str, wanted: &str) -> bool {
    scopes.split([',', ' ']).any(|one| {
        one == wanted
            || (one == "repo" && wanted.starts_with("repo:"))
            || (one == "admin:repo_hook" && wanted.ends_with(":repo_hook"))
            || (one == "write:repo_hook" && wanted == "read:repo_hook")
            || (one == "user" && wanted.ends_with(":email"))
            || (one.ends_with(":org") && wanted == "read:org")
    })
}

/// 422 with the errors that GitHub lists.
pub fn invalid(resource: &str, field: &str, code: &str) -> Reply {
    Reply::json(
        422,
        &json!({"message": "Validation Failed",
            "errors": [{"resource": resource, "field": field, "code": code}],
            "documentation_url": "https://docs.github.com/rest", "status": "422"}),
    )
}
