//! GitLab: pages, REST API below `/api/v4`, payloads.

mod code;
mod hooks;
mod merge_requests;
pub mod payload;
mod people;
mod projects;
mod render;
mod statuses;
mod web;

use crate::forge::{Forge, either};
use crate::http::{Answer, Call, Page, Reply, paged};
use crate::state::State;
use crate::state::apps::Holder;
use crate::state::people::Level;
use crate::state::repos::{Named, Repo};
use axum::http::Method;
use serde_json::{Value, json};

/// The version that is played.
const VERSION: &str = "18.5.0";
/// Rows of a page, unless asked and at most.
const PAGE: (usize, usize) = (20, 100);
/// Beyond so many rows their number is not told.
const COUNTED: usize = 10_000;

/// A call to the API with the one who makes it.
struct Api<'a> {
    forge: &'a Forge,
    call: &'a Call,
    login: Option<String>,
}

/// Answers pages and API.
pub async fn answer(forge: &Forge, call: &Call) -> Reply {
    let parts: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["api", "v4", rest @ ..] => api(forge, call, rest).await,
        _ => either(web::answer(forge, call, &parts)),
    }
}

/// An error as the API writes it.
fn refusal(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({"message": text}))
}

/// 404 for something of this name.
fn missing(what: &str) -> Reply {
    refusal(404, &format!("404 {what} Not Found"))
}

/// 404 where no name is told.
fn not_found() -> Reply {
    refusal(404, "404 Not found")
}

async fn api(forge: &Forge, call: &Call, path: &[&str]) -> Reply {
    let login = match identify(forge, call) {
        Ok(login) => login,
        Err(reply) => return reply,
    };
    let key = call.bearer().unwrap_or("anonymous").to_owned();
    if forge.state().budget(&key).remaining == 0 {
        let reply = Reply::bytes(429, "text/plain", b"Retry later\n".to_vec());
        let wait = forge.state().budget(&key).reset - crate::state::epoch();
        return with_budget(forge, &key, reply).with("retry-after", wait.max(1).to_string());
    }
    let left = forge.state().budget(&key).remaining;
    forge.state().budget(&key).remaining = left.saturating_sub(1);
    let reply = either(route(&Api { forge, call, login }, path).await);
    with_budget(forge, &key, crate::http::tagged(call, reply))
}

fn with_budget(forge: &Forge, key: &str, reply: Reply) -> Reply {
    let budget = *forge.state().budget(key);
    let used = budget.limit.saturating_sub(budget.remaining);
    reply
        .with("ratelimit-limit", budget.limit.to_string())
        .with("ratelimit-remaining", budget.remaining.to_string())
        .with("ratelimit-observed", used.to_string())
        .with("ratelimit-reset", budget.reset.to_string())
        .with("ratelimit-name", "throttle_authenticated_api")
}

fn identify(forge: &Forge, call: &Call) -> Result<Option<String>, Reply> {
    let given = call.bearer().or_else(|| {
        let names = ["private_token", "access_token"];
        names.iter().find_map(|name| call.parameter(name))
    });
    let Some(given) = given else {
        return Ok(None);
    };
    let state = forge.state();
    let Some(token) = state.token(given) else {
        let oauth = call.header("private-token").is_none();
        return Err(if oauth {
            let text = "Token was revoked. You have to re-authorize from the user.";
            let body = json!({"error": "invalid_token", "error_description": text});
            Reply::json(401, &body)
        } else {
            refusal(401, "401 Unauthorized")
        });
    };
    let reads = call.method == Method::GET;
    let may = token.scope.split([',', ' ']).any(|scope| match scope {
        "api" => true,
        "read_api" => reads,
        "read_user" => reads && call.path == "/api/v4/user",
        _ => false,
    });
    match &token.holder {
        _ if !may => Err(Reply::json(
            403,
            &json!({"error": "insufficient_scope", "scope": "api",
                "error_description": "The request requires higher privileges than provided by the access token."}),
        )),
        Holder::Person { login, .. } => Ok(Some(login.clone())),
        _ => Err(refusal(401, "401 Unauthorized")),
    }
}

async fn route(api: &Api<'_>, path: &[&str]) -> Answer {
    match path {
        ["version"] => {
            api.person()?;
            Reply::ok(&json!({"version": VERSION, "revision": "0fa4e00"}))
        }
        ["user", ..] | ["users", ..] | ["groups", ..] => people::answer(api, path),
        ["projects"] if api.call.method == Method::GET => projects::list(api),
        ["projects", name, rest @ ..] => {
            let id = api.find(name)?;
            projects::answer(api, id, rest).await
        }
        _ => Err(refusal(404, "404 Not Found")),
    }
}

/// What a level is called here.
fn number(level: Level) -> u64 {
    match level {
        Level::Read | Level::Triage => 20,
        Level::Write => 30,
        Level::Maintain => 40,
        Level::Admin => 50,
    }
}

impl Api<'_> {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.forge.state()
    }

    fn url(&self) -> &str {
        self.forge.url()
    }

    /// The person who calls.
    ///
    /// # Errors
    /// 401 without a token.
    fn person(&self) -> Result<&str, Reply> {
        let login = self.login.as_deref();
        login.ok_or_else(|| refusal(401, "401 Unauthorized"))
    }

    /// What the caller may do there; none hides it.
    fn allowed(&self, state: &State, repo: &Repo) -> Option<Level> {
        match &self.login {
            Some(login) => state.level(repo, login),
            None => (!repo.private).then_some(Level::Read),
        }
    }

    /// What was granted to the caller, without what everybody may.
    fn granted(&self, state: &State, repo: &Repo) -> Option<Level> {
        state.granted(repo, self.login.as_deref()?)
    }

    /// Insists on a right to change something.
    ///
    /// # Errors
    /// 401 without a token, 403 without the right.
    fn require(&self, id: u64, least: Level) -> Result<(), Reply> {
        self.person()?;
        let repo = self.row(id)?;
        let level = self.granted(&self.state(), &repo);
        match level >= Some(least) {
            true => Ok(()),
            false => Err(refusal(403, "403 Forbidden")),
        }
    }

    fn row(&self, id: u64) -> Result<Repo, Reply> {
        let row = self.state().repos.get(&id).cloned();
        row.ok_or_else(|| missing("Project"))
    }

    /// The project with this number or path.
    ///
    /// # Errors
    /// 404 when it is hidden or missing; for a former path 301 to its number, or 405 for what
    /// changes something.
    fn find(&self, name: &str) -> Result<u64, Reply> {
        let state = self.state();
        let (id, moved) = match name.parse::<u64>() {
            Ok(id) => (Some(id), false),
            Err(_) => match name.rsplit_once('/').map(|(a, b)| state.named(a, b)) {
                Some(Some(Named::Here(id))) => (Some(id), false),
                Some(Some(Named::Moved(id))) => (Some(id), true),
                _ => (None, false),
            },
        };
        let row = id.and_then(|id| state.repos.get(&id));
        let row = row.filter(|row| self.allowed(&state, row).is_some());
        let id = row.ok_or_else(|| missing("Project"))?.id;
        if !moved {
            return Ok(id);
        }
        if self.call.method != Method::GET {
            let text = "Non GET methods are not allowed for moved projects";
            return Err(refusal(405, text));
        }
        let rest: Vec<&str> = self.call.path.split('/').skip(5).collect();
        let mut to = format!("{}/api/v4/projects/{id}", self.url());
        for part in rest {
            to.push('/');
            to.push_str(part);
        }
        if !self.call.query_text.is_empty() {
            to = format!("{to}?{}", self.call.query_text);
        }
        Err(Reply::redirect(301, &to))
    }

    /// A page of a list, with the headers that lead to the others.
    fn list<T>(&self, rows: Vec<T>, render: impl FnMut(T) -> Value) -> Reply {
        let Page { rows, link, total } = paged(self.call, self.url(), rows, "per_page", PAGE);
        let (page, size) = self.call.page("per_page", PAGE.0, PAGE.1);
        let pages = total.div_ceil(size).max(1);
        let other = |there: bool, number: usize| match there {
            true => number.to_string(),
            false => String::new(),
        };
        let rows: Vec<Value> = rows.into_iter().map(render).collect();
        let mut reply = Reply::json(200, &Value::Array(rows))
            .with("x-page", page.to_string())
            .with("x-per-page", size.to_string())
            .with("x-next-page", other(page < pages, page + 1))
            .with("x-prev-page", other(page > 1, page - 1));
        if total <= COUNTED {
            reply = reply
                .with("x-total", total.to_string())
                .with("x-total-pages", pages.to_string());
        }
        match link {
            Some(link) => reply.with("link", link),
            None => reply,
        }
    }
}
