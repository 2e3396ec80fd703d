//! What desktop lamps and feed readers ask for: `cc.xml` and `builds.atom` (reference E).

use super::badges::OF_A_BRANCH;
use crate::{App, access::Caller, error::ApiError, wire::time};
use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::fmt::Write as _;
use travis_model::{Build, Commit, JobState, Repository};
use travis_store::{BuildFilter, Page, SeenBy};

/// Builds in a feed.
const ENTRIES: u64 = 25;

#[derive(Deserialize)]
pub(crate) struct BranchQuery {
    branch: Option<String>,
}

impl BranchQuery {
    fn filter(self, repository: &Repository) -> BuildFilter {
        BuildFilter {
            seen_by: SeenBy::Operator,
            repository: Some(repository.id),
            branch: self.branch.filter(|branch| !branch.is_empty()),
            ..Default::default()
        }
    }
}

async fn find(app: &App, caller: &Caller, owner: &str, name: &str) -> Result<Repository, ApiError> {
    Ok(app
        .engine
        .repository(&caller.0, &format!("{owner}/{name}"))
        .await?)
}

fn xml(kind: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// How the newest builds stand, in the form of CruiseControl.
pub(crate) async fn cc(
    State(app): State<App>,
    caller: Caller,
    Path((owner, name)): Path<(String, String)>,
    Query(query): Query<BranchQuery>,
) -> Result<Response, ApiError> {
    let repository = find(&app, &caller, &owner, &name).await?;
    let filter = BuildFilter {
        event_types: OF_A_BRANCH.map(str::to_owned).to_vec(),
        ..query.filter(&repository)
    };
    let page = Page {
        offset: 0,
        limit: 10,
    };
    let mut reader = app.engine.store().reader().await?;
    let builds = reader.builds(&filter, page).await?.items;
    let url = &app.engine.policy().public_url;
    Ok(xml(
        "application/xml; charset=utf-8",
        projects(url, &repository, &builds),
    ))
}

fn projects(url: &str, repository: &Repository, builds: &[Build]) -> String {
    let running = builds
        .first()
        .is_some_and(|build| !build.state.is_finished());
    let last = builds.iter().find(|build| build.state.is_finished());
    let status = match last.map(|build| build.state) {
        Some(JobState::Passed) => "Success",
        Some(JobState::Failed) => "Failure",
        Some(JobState::Errored) => "Error",
        Some(JobState::Canceled) => "Canceled",
        _ => "Unknown",
    };
    let label = last.map_or(String::new(), |build| build.number.to_string());
    let at = last.and_then(|build| build.finished_at).map(time);
    let slug = escaped(&repository.slug.to_string());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Projects>\n  <Project name=\"{slug}\" \
         activity=\"{}\" lastBuildStatus=\"{status}\" lastBuildLabel=\"{label}\" \
         lastBuildTime=\"{}\" webUrl=\"{}/{slug}\"/>\n</Projects>\n",
        if running { "Building" } else { "Sleeping" },
        at.unwrap_or_default(),
        escaped(url),
    )
}

/// The newest builds as a feed.
pub(crate) async fn atom(
    State(app): State<App>,
    caller: Caller,
    Path((owner, name)): Path<(String, String)>,
    Query(query): Query<BranchQuery>,
) -> Result<Response, ApiError> {
    let repository = find(&app, &caller, &owner, &name).await?;
    let page = Page {
        offset: 0,
        limit: ENTRIES,
    };
    let mut reader = app.engine.store().reader().await?;
    let builds = reader.builds(&query.filter(&repository), page).await?.items;
    let ids: Vec<_> = builds.iter().map(|build| build.commit_id).collect();
    let commits = reader.commits(&ids).await?;
    let url = &app.engine.policy().public_url;
    Ok(xml(
        "application/atom+xml; charset=utf-8",
        feed(url, &repository, &builds, &commits),
    ))
}

fn feed(url: &str, repository: &Repository, builds: &[Build], commits: &[Commit]) -> String {
    let slug = escaped(&repository.slug.to_string());
    let page = format!("{}/{slug}", escaped(url));
    let updated = builds
        .iter()
        .map(|build| build.updated_at)
        .max()
        .unwrap_or(repository.created_at);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  \
         <title>{slug} builds</title>\n  <id>{page}/builds</id>\n  <updated>{}</updated>\n  \
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}/builds\"/>\n",
        time(updated)
    );
    for build in builds {
        let Some(commit) = commits.iter().find(|commit| commit.id == build.commit_id) else {
            continue;
        };
        let message = build.message.as_ref().unwrap_or(&commit.message);
        let link = format!("{page}/builds/{}", build.id);
        let short = commit.sha.get(..7).unwrap_or(&commit.sha);
        let _ = write!(
            out,
            "  <entry>\n    <title>{slug} build #{} {}</title>\n    <id>{link}</id>\n    \
             <link rel=\"alternate\" type=\"text/html\" href=\"{link}\"/>\n    \
             <updated>{}</updated>\n    <author><name>{}</name></author>\n    \
             <summary type=\"text\">{} ({}): {}</summary>\n  </entry>\n",
            build.number,
            build.state.as_str(),
            time(build.updated_at),
            escaped(&commit.author_name),
            escaped(&build.branch),
            escaped(short),
            escaped(message),
        );
    }
    out + "</feed>\n"
}

/// A text within XML, between tags or between quotes. What XML can't hold is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_and_messages_stay_text() {
        assert_eq!(
            escaped("]]><script>alert('x')</script>\" & \u{0}\u{1b}[31m\u{ffff}ü\n"),
            "]]&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; &amp; [31mü\n"
        );
    }
}
