//! Gitea and Forgejo: pages, REST API below `/api/v1`, payloads.

mod code;
mod hooks;
pub mod payload;
mod people;
mod pulls;
mod render;
mod repos;
mod statuses;
mod web;

use crate::forge::{Forge, either};
use crate::http::{Answer, Call, Reply, paged};
use crate::state::State;
use crate::state::apps::Holder;
use crate::state::people::Level;
use crate::state::repos::{Named, Repo};
use serde_json::{Value, json};

/// The version that is played.
const VERSION: &str = "1.24.6";
/// Rows of a page, unless asked and at most.
const PAGE: (usize, usize) = (30, 50);

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
        ["api", "v1", rest @ ..] => match identify(forge, call) {
            Ok(login) => either(route(&Api { forge, call, login }, rest).await),
            Err(reply) => reply,
        },
        _ => either(web::answer(forge, call, &parts)),
    }
}

/// An error as the API writes it.
fn refusal(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({"message": text, "url": "/api/swagger"}))
}

/// 404 as the API writes it.
fn missing() -> Reply {
    let text = "The target couldn't be found.";
    Reply::json(
        404,
        &json!({"errors": [], "message": text, "url": "/api/swagger"}),
    )
}

fn identify(forge: &Forge, call: &Call) -> Result<Option<String>, Reply> {
    let given = call
        .bearer()
        .or_else(|| call.parameter("access_token"))
        .or_else(|| call.parameter("token"))
        .map(str::to_owned);
    let state = forge.state();
    let token = match given {
        Some(token) => token,
        // As the password, or as the name when the password is `x-oauth-basic`.
        None => match crate::http::basic(&call.headers) {
            Some((user, password)) if state.token(&password).is_none() => user,
            Some((_, password)) => password,
            None => return Ok(None),
        },
    };
    match state.token(&token).map(|token| &token.holder) {
        Some(Holder::Person { login, .. }) => Ok(Some(login.clone())),
        _ => Err(refusal(401, "invalid username, password or token")),
    }
}

async fn route(api: &Api<'_>, path: &[&str]) -> Answer {
    match path {
        ["version"] => Reply::ok(&json!({"version": VERSION})),
        ["settings", "api"] => Reply::ok(&json!({
            "max_response_items": PAGE.1, "default_paging_num": PAGE.0,
            "default_git_trees_per_page": 1000, "default_max_blob_size": 10_485_760,
        })),
        ["user", ..] | ["users", ..] | ["orgs", ..] => people::answer(api, path),
        ["repos", "search"] => people::search(api),
        ["repos", owner, name, rest @ ..] => {
            let id = api.find(owner, name)?;
            repos::answer(api, id, rest).await
        }
        ["repositories", id] => {
            let id = id.parse().map_err(|_| missing())?;
            api.level(id)?;
            repos::answer(api, id, &[]).await
        }
        _ => Err(missing()),
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
        login.ok_or_else(|| refusal(401, "token is required"))
    }

    /// What the caller may do there; none hides it.
    fn allowed(&self, state: &State, repo: &Repo) -> Option<Level> {
        match &self.login {
            Some(login) => state.level(repo, login),
            None => (!repo.private).then_some(Level::Read),
        }
    }

    fn level(&self, id: u64) -> Result<Level, Reply> {
        let state = self.state();
        let repo = state.repos.get(&id).ok_or_else(missing)?;
        self.allowed(&state, repo).ok_or_else(missing)
    }

    /// Insists on a right to change something.
    ///
    /// # Errors
    /// 401 without a token, 403 without the right.
    fn require(&self, id: u64, least: Level) -> Result<(), Reply> {
        self.person()?;
        if self.level(id)? >= least {
            return Ok(());
        }
        Err(refusal(
            403,
            match least {
                Level::Admin => {
                    "user should be an owner or a collaborator with admin write of a repository"
                }
                _ => "user should have a permission to write to a repo",
            },
        ))
    }

    fn row(&self, id: u64) -> Result<Repo, Reply> {
        self.state().repos.get(&id).cloned().ok_or_else(missing)
    }

    /// The repository that is called so.
    ///
    /// # Errors
    /// 307 to the same address with the present name for a former one, 404 when it is hidden or
    /// missing.
    fn find(&self, owner: &str, name: &str) -> Result<u64, Reply> {
        let found = self.state().named(owner, name);
        match found {
            None => Err(missing()),
            Some(Named::Here(id)) => self.level(id).map(|_| id),
            Some(Named::Moved(id)) => {
                self.level(id)?;
                let full = self.row(id)?.full_name();
                let rest: Vec<&str> = self.call.path.split('/').skip(6).collect();
                let mut to = format!("{}/api/v1/repos/{full}", self.url());
                for part in rest {
                    to.push('/');
                    to.push_str(part);
                }
                if !self.call.query_text.is_empty() {
                    to = format!("{to}?{}", self.call.query_text);
                }
                Err(Reply::redirect(307, &to))
            }
        }
    }

    /// A page of a list, with its `Link` and `X-Total-Count` headers.
    fn list<T>(&self, rows: Vec<T>, render: impl FnMut(T) -> Value) -> Reply {
        let page = paged(self.call, self.url(), rows, "limit", PAGE);
        let rows: Vec<Value> = page.rows.into_iter().map(render).collect();
        let reply = Reply::json(200, &Value::Array(rows))
            .with("x-total-count", page.total.to_string())
            .with("access-control-expose-headers", "X-Total-Count, Link");
        match page.link {
            Some(link) => reply.with("link", link.replace(", <", ",<")),
            None => reply,
        }
    }
}
