//! What a page shows first, sent along with it: the list of repositories, who reads, and the build
//! or the job with its log that the address names.

use crate::{
    App,
    access::{self, Caller},
    represent::Represent,
    routes::{builds, jobs, logs, repos::page_of, workers},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::HeaderMap,
};
use serde_json::{Value, json};
use travis_api::v3;
use travis_engine::Viewer;
use travis_store::{Page, RepositoryFilter};

/// Repositories that the page brings along.
const FIRST: Page = Page {
    offset: 0,
    limit: 100,
};
/// A larger fleet is asked for when the page is there.
const WORKERS: usize = 100;
/// Lines of a log that it brings along.
const LINES: u64 = 120;

/// What is sent along.
#[derive(Debug, Default)]
pub(crate) struct Boot {
    /// The element that holds it.
    pub(crate) element: String,
    /// Whether there are lines of a log in it.
    pub(crate) log: bool,
}

/// What the page at `path` shows first. Without it the page asks itself.
pub(crate) async fn element(app: &App, headers: &HeaderMap, path: &str) -> Option<Boot> {
    let viewer = access::viewer(app, headers).await.ok()?;
    let filter = RepositoryFilter {
        seen_by: viewer.seen_by(),
        ..Default::default()
    };
    let repos = page_of(app, &viewer, FIRST, &filter).await.ok()?;
    let user = match &viewer.user {
        Some(user) => {
            let mut represent = Represent::new(&app.engine, &viewer).await.ok()?;
            Some(represent.current_user(user).await.ok()?)
        }
        None => None,
    };
    let mut data = json!({
        "user": user,
        "repos": repos,
        "allow_local_git": app.engine.policy().allow_local_git,
    });
    if let Ok(Json(fleet)) = workers::list(State(app.clone()), Caller(viewer.clone())).await
        && fleet.workers.len() <= WORKERS
    {
        data["workers"] = serde_json::to_value(fleet).unwrap_or(Value::Null);
    }
    match Shown::at(path, &repos.repositories) {
        Some(Shown::Build(id)) => {
            data["build"] = build(app, &viewer, id).await;
            // A build of one job shows its log.
            if let [only] = data["build"]["jobs"]
                .as_array()
                .map_or(&[][..], Vec::as_slice)
                && let Some(id) = only["id"].as_i64()
            {
                job(app, &viewer, id, &mut data).await;
            }
        }
        Some(Shown::Job(id)) => {
            job(app, &viewer, id, &mut data).await;
            if let Some(id) = data["job"]["build"]["id"].as_i64() {
                data["build"] = build(app, &viewer, id).await;
            }
        }
        None => {}
    }
    Some(Boot {
        element: boot_element(&data),
        log: data.get("log").is_some(),
    })
}

/// The thing that a page is about.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Build(i64),
    Job(i64),
}

impl Shown {
    fn at(path: &str, repos: &[v3::Repository]) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts[..] {
            [] => latest(repos).map(Self::Build),
            [owner, name] => {
                let slug = format!("{owner}/{name}");
                let repo = repos
                    .iter()
                    .find(|repo| repo.slug.eq_ignore_ascii_case(&slug))?;
                repo.current_build
                    .as_ref()
                    .map(|build| Self::Build(build.id))
            }
            [_, _, "builds", id] => id.parse().ok().map(Self::Build),
            [_, _, "jobs", id] => id.parse().ok().map(Self::Job),
            _ => None,
        }
    }
}

/// The build that the first page shows: one that runs, else the one that ended last. A reader whose
/// page chooses another has it fetch that one.
fn latest(repos: &[v3::Repository]) -> Option<i64> {
    repos
        .iter()
        .filter_map(|repo| repo.current_build.as_ref())
        .max_by_key(|build| {
            (
                build.finished_at.is_none(),
                build.finished_at.clone().or(build.started_at.clone()),
                build.id,
            )
        })
        .map(|build| build.id)
}

fn value<T: serde::Serialize, E>(answer: Result<Json<T>, E>) -> Value {
    answer
        .ok()
        .and_then(|Json(thing)| serde_json::to_value(thing).ok())
        .unwrap_or(Value::Null)
}

async fn build(app: &App, viewer: &Viewer, id: i64) -> Value {
    value(
        builds::find(
            State(app.clone()),
            Caller(viewer.clone()),
            Path(id),
            Query(builds::IncludeQuery::default()),
        )
        .await,
    )
}

async fn job(app: &App, viewer: &Viewer, id: i64, data: &mut Value) {
    let app = || State(app.clone());
    let caller = || Caller(viewer.clone());
    let Ok(Json(job)) = jobs::find(app(), caller(), Path(id)).await else {
        return;
    };
    if let Some(attempt) = job.attempt.as_ref().map(|attempt| attempt.id) {
        let query = |first: u64, count: u64| {
            Query(logs::LogQuery {
                attempt: Some(attempt),
                first: Some(first),
                count: u32::try_from(count).ok(),
                ..Default::default()
            })
        };
        if let Ok(Json(index)) = logs::index(app(), caller(), Path(id), query(0, 1)).await {
            // A log that grows is read from its end, whose last line may not be whole.
            let end = if index.complete {
                index.lines.min(LINES)
            } else {
                index.lines.saturating_sub(1)
            };
            let first = end.saturating_sub(LINES);
            let lines = if end > first {
                let asked = query(first, end - first);
                logs::lines(app(), caller(), Path(id), asked)
                    .await
                    .ok()
                    .map(|Json(lines)| lines)
            } else {
                None
            };
            data["log"] = json!({"attempt": attempt, "index": index, "lines": lines});
        }
    }
    data["job"] = serde_json::to_value(job).unwrap_or(Value::Null);
}

/// JSON inside HTML: no `<` may end the element early.
fn boot_element(data: &Value) -> String {
    let text = data.to_string().replace('<', "\\u003c");
    format!("<script id=\"boot\" type=\"application/json\">{text}</script>")
}

#[cfg(test)]
mod tests {
    use super::{Shown, boot_element};
    use serde_json::json;

    #[test]
    fn names_can_not_leave_the_boot_element() {
        let element = boot_element(&json!({"message": "</script><img src=x onerror=alert(1)>"}));
        assert_eq!(element.matches("</script>").count(), 1);
        assert!(!element.contains("<img"));
    }

    #[test]
    fn the_address_says_what_is_shown_first() {
        assert_eq!(Shown::at("/ada/x/jobs/7", &[]), Some(Shown::Job(7)));
        assert_eq!(Shown::at("/ada/x/builds/4/", &[]), Some(Shown::Build(4)));
        for other in [
            "/",
            "/ada/x",
            "/workers/3",
            "/ada/x/jobs/x",
            "/ada/x/jobs/7/config",
        ] {
            assert_eq!(Shown::at(other, &[]), None, "{other}");
        }
    }
}
