//! Badges: a branch's state as a picture, and the texts that show it elsewhere.

use crate::{App, access::Caller, error::ApiError};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_model::{JobState, Repository, Slug};
use travis_store::{BuildFilter, Page, SeenBy};

/// Events whose builds say how a branch stands; a pull request's says nothing of its base.
pub(super) const OF_A_BRANCH: [&str; 3] = ["push", "api", "cron"];

#[derive(Deserialize)]
pub(crate) struct BadgeQuery {
    branch: Option<String>,
    token: Option<String>,
}

/// `/owner/name.svg` is the badge; everything else of that form is a page of the web app.
pub(crate) async fn badge_or_page(
    State(app): State<App>,
    caller: Caller,
    Path((owner, file)): Path<(String, String)>,
    Query(query): Query<BadgeQuery>,
    headers: HeaderMap,
    uri: axum::http::Uri,
) -> Result<Response, ApiError> {
    let Some(name) = file.strip_suffix(".svg").filter(|_| owner != "assets") else {
        return Ok(crate::assets::page(State(app), headers, uri).await);
    };
    let found = shown(&app, &caller.0, &owner, name, query.token.as_deref()).await?;
    let Some(repository) = found else {
        // The same for what is hidden and for what is not there.
        return Ok(answer(StatusCode::NOT_FOUND, UNKNOWN, &headers));
    };
    let badge = badge_of(&app, &repository, query.branch).await?;
    Ok(answer(StatusCode::OK, badge, &headers))
}

/// The repository, when its badge may be shown.
async fn shown(
    app: &App,
    viewer: &Viewer,
    owner: &str,
    name: &str,
    token: Option<&str>,
) -> Result<Option<Repository>, ApiError> {
    let Ok(slug) = Slug::new(owner, name) else {
        return Ok(None);
    };
    let mut reader = app.engine.store().reader().await?;
    let found = reader.repository_by_slug(&slug).await?;
    Ok(found.filter(|repository| {
        viewer.sees(repository)
            || token.is_some_and(|token| app.engine.shows_badge(repository, token))
    }))
}

/// A word and the color of its field.
type Badge = (&'static str, &'static str);

const UNKNOWN: Badge = ("unknown", "#66707D");

async fn badge_of(
    app: &App,
    repository: &Repository,
    branch: Option<String>,
) -> Result<Badge, ApiError> {
    let branch = branch.filter(|branch| !branch.is_empty());
    let filter = BuildFilter {
        seen_by: SeenBy::Operator,
        repository: Some(repository.id),
        branch: Some(branch.unwrap_or_else(|| repository.default_branch.clone())),
        event_types: OF_A_BRANCH.map(str::to_owned).to_vec(),
        ..Default::default()
    };
    let newest = Page {
        offset: 0,
        limit: 10,
    };
    let mut reader = app.engine.store().reader().await?;
    let builds = reader.builds(&filter, newest).await?.items;
    let finished = builds
        .iter()
        .map(|build| build.state)
        .find(|state| state.is_finished());
    Ok(match finished {
        Some(JobState::Passed) => ("passing", "#1A7F50"),
        Some(JobState::Failed) => ("failing", "#C5303A"),
        Some(JobState::Errored) => ("error", "#8B3C96"),
        Some(JobState::Canceled) => ("canceled", "#77716A"),
        _ if !builds.is_empty() => ("pending", "#9A6200"),
        _ => UNKNOWN,
    })
}

fn answer(status: StatusCode, (word, color): Badge, asked: &HeaderMap) -> Response {
    picture(status, "build", word, color, asked)
}

/// A badge of two fields. Proxies of pictures keep it, and ask about it each time.
pub(super) fn picture(
    status: StatusCode,
    label: &str,
    word: &str,
    color: &str,
    asked: &HeaderMap,
) -> Response {
    let tag = format!(
        "\"{}\"",
        word.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    );
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml".to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag.clone()),
    ];
    let known = asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().trim_start_matches("W/") == tag);
    if known && status == StatusCode::OK {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (status, headers, svg(label, word, color)).into_response()
}

/// Both texts are the server's own words and numbers: nothing in them needs escaping.
fn svg(label: &str, word: &str, color: &str) -> String {
    let left = 12 + 28 * label.len().div_ceil(5);
    let width = 12 + 7 * word.len();
    let total = left + width;
    let (first, second) = (left / 2, left + width / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"20\" role=\"img\" aria-label=\"{label}: {word}\">\
         <title>{label}: {word}</title>\
         <clipPath id=\"r\"><rect width=\"{total}\" height=\"20\" rx=\"4\"/></clipPath>\
         <g clip-path=\"url(#r)\"><rect width=\"{left}\" height=\"20\" fill=\"#464C55\"/>\
         <rect x=\"{left}\" width=\"{width}\" height=\"20\" fill=\"{color}\"/></g>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"{first}\" y=\"14\">{label}</text><text x=\"{second}\" y=\"14\">{word}</text></g></svg>"
    )
}

#[derive(Deserialize)]
pub(crate) struct TextsQuery {
    branch: Option<String>,
}

/// What to write elsewhere so that the repository's badge is shown there.
#[utoipa::path(get, path = "/v3/repo/{repository}/badges",
    params(("repository" = String, Path), ("branch" = Option<String>, Query)),
    responses((status = 200, body = v3::Badges), (status = 404, body = ErrorBody)))]
pub(crate) async fn texts(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<TextsQuery>,
) -> Result<Json<v3::Badges>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let page = format!("{}/{}", app.engine.policy().public_url, repository.slug);
    let branch = query.branch.filter(|branch| !branch.is_empty());
    let mut parameters: Vec<String> = branch
        .iter()
        .map(|branch| format!("branch={}", escaped(branch)))
        .collect();
    if repository.private {
        let token = app.engine.badge_token(repository.id);
        parameters.push(format!("token={token}"));
    }
    let mut image_url = format!("{page}.svg");
    for (at, parameter) in parameters.iter().enumerate() {
        image_url.push(if at == 0 { '?' } else { '&' });
        image_url.push_str(parameter);
    }
    Ok(Json(v3::Badges {
        head: v3::Head::standard("badges", format!("/v3/repo/{}/badges", repository.id)),
        badges: written(&image_url, &page),
        image_url,
    }))
}

fn written(image: &str, page: &str) -> Vec<v3::Badge> {
    let in_html = image.replace('&', "&amp;");
    [
        ("markdown", format!("[![Build status]({image})]({page})")),
        (
            "html",
            format!("<a href=\"{page}\"><img src=\"{in_html}\" alt=\"Build status\"></a>"),
        ),
        (
            "asciidoc",
            format!("image:{image}[\"Build status\", link=\"{page}\"]"),
        ),
        (
            "rst",
            format!(".. image:: {image}\n   :target: {page}\n   :alt: Build status"),
        ),
        ("url", image.to_owned()),
    ]
    .map(|(format, text)| v3::Badge {
        format: format.to_owned(),
        text,
    })
    .into()
}

/// A text as a value in an address, in which no markup means anything.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_s_name_can_t_break_out_of_a_text() {
        let nasty = escaped("a\"><script>](x)[&b=\n");
        assert_eq!(nasty, "a%22%3E%3Cscript%3E%5D%28x%29%5B%26b%3D%0A");
        assert_eq!(escaped("feature/x-1"), "feature/x-1");
    }

    #[test]
    fn every_markup_shows_the_picture() {
        let texts = written("https://ci/a/b.svg?branch=x&token=t", "https://ci/a/b");
        let of = |format: &str| {
            let found = texts.iter().find(|badge| badge.format == format);
            found.map(|badge| badge.text.as_str()).unwrap_or_default()
        };
        assert_eq!(
            of("markdown"),
            "[![Build status](https://ci/a/b.svg?branch=x&token=t)](https://ci/a/b)"
        );
        assert!(of("html").contains("x&amp;token=t\""));
        assert_eq!(of("url"), "https://ci/a/b.svg?branch=x&token=t");
        assert_eq!(texts.len(), 5);
    }

    #[test]
    fn pictures_have_names_and_are_not_sent_twice() {
        assert!(svg("build", "passing", "#000").contains("<title>build: passing</title>"));
        let mut asked = HeaderMap::new();
        asked.insert(
            header::IF_NONE_MATCH,
            "\"x\", W/\"passing\"".parse().unwrap(),
        );
        let same = answer(StatusCode::OK, ("passing", "#000"), &asked);
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
        let other = answer(StatusCode::OK, ("failing", "#000"), &asked);
        assert_eq!(other.status(), StatusCode::OK);
    }
}
