//! Badges that thank those who lend machines, for their own pages.

use crate::{App, access::Caller, assets, error::ApiError, routes::badges};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use travis_model::{Timestamp, Worker, WorkerId};

const LABEL: &str = "lends a worker";
const LABEL_OF_MANY: &str = "lends workers";
const COLOR: &str = "#156B42";
const UNKNOWN: &str = "#66707D";

/// `/workers/7.svg`; everything else there is a page.
pub(super) async fn of_worker(
    State(app): State<App>,
    Path(file): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let Some(id) = file.strip_suffix(".svg") else {
        return Ok(assets::page(State(app), headers, uri).await);
    };
    let row = match id.parse::<i64>() {
        Ok(id) => {
            app.engine
                .store()
                .reader()
                .await?
                .worker(WorkerId(id))
                .await?
        }
        Err(_) => None,
    };
    badge(&app, row, &headers).await
}

/// `/workers/owner/name.svg`; everything else there is a page.
pub(super) async fn of_named_worker(
    State(app): State<App>,
    Path((owner, file)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let Some(name) = file.strip_suffix(".svg") else {
        return Ok(assets::page(State(app), headers, uri).await);
    };
    let mut reader = app.engine.store().reader().await?;
    let row = match reader.user_by_login(&owner).await? {
        Some(person) => reader
            .workers()
            .await?
            .into_iter()
            .find(|row| row.owner_id == person.id && row.name.eq_ignore_ascii_case(name)),
        None => None,
    };
    badge(&app, row, &headers).await
}

/// `/people/login.svg`; everything else there is a page. A repository of an owner who is called
/// `people` keeps its badge.
pub(super) async fn of_person(
    State(app): State<App>,
    caller: Caller,
    Path(file): Path<String>,
    Query(query): Query<badges::BadgeQuery>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, ApiError> {
    let Some(login) = file.strip_suffix(".svg") else {
        return Ok(assets::page(State(app), headers, uri).await);
    };
    let mut reader = app.engine.store().reader().await?;
    let ledger = match reader.user_by_login(login).await? {
        Some(person) => Some(reader.owner_ledger(person.id).await?),
        None => None,
    };
    let Some(ledger) = ledger.filter(|ledger| ledger.since.is_some()) else {
        drop(reader);
        let path = Path(("people".to_owned(), file));
        return badges::badge_or_page(State(app), caller, path, Query(query), headers, uri).await;
    };
    let word = built(ledger.core_ms);
    Ok(badges::picture(
        StatusCode::OK,
        LABEL_OF_MANY,
        &word,
        COLOR,
        &headers,
    ))
}

async fn badge(app: &App, row: Option<Worker>, asked: &HeaderMap) -> Result<Response, ApiError> {
    let Some(row) = row.filter(|row| !row.banned) else {
        return Ok(badges::picture(
            StatusCode::NOT_FOUND,
            LABEL,
            "unknown",
            UNKNOWN,
            asked,
        ));
    };
    let mut reader = app.engine.store().reader().await?;
    let tallies = reader
        .worker_tallies(&[row.id], Timestamp(i64::MAX))
        .await?;
    let done = tallies.first().map_or(0, |tally| tally.core_ms);
    Ok(badges::picture(
        StatusCode::OK,
        LABEL,
        &built(done),
        COLOR,
        asked,
    ))
}

/// `312 h built`.
fn built(core_ms: u64) -> String {
    let minutes = core_ms / 60_000;
    if minutes < 60 {
        format!("{minutes} min built")
    } else {
        format!("{} h built", minutes / 60)
    }
}

#[cfg(test)]
mod tests {
    use super::built;

    #[test]
    fn hours_are_told_when_there_are_some() {
        assert_eq!(built(59_999), "0 min built");
        assert_eq!(built(59 * 60_000), "59 min built");
        assert_eq!(built(312 * 3_600_000 + 5), "312 h built");
    }
}
