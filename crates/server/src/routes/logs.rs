//! Logs. A job that never reached a worker, because its configuration could not be read, has its
//! reason as its log.

use crate::{App, access::Caller, error::ApiError, routes::jobs::visible};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_logs::{LineBlock, LogIndex};
use travis_model::Job;

/// What the original's form holds at most; the raw log has all.
const WHOLE: usize = 4 << 20;
const PIECE: usize = 256 << 10;
const HITS: u32 = 10_000;

#[derive(Deserialize)]
pub(crate) struct LogQuery {
    attempt: Option<i64>,
    first: Option<u64>,
    count: Option<u32>,
    from: Option<u64>,
    download: Option<String>,
    q: Option<String>,
    case: Option<String>,
    regex: Option<String>,
}

/// Where a log comes from.
pub(crate) enum Source {
    /// An attempt's log; complete when it takes no more bytes.
    Attempt { id: i64, over: bool },
    /// A text of the server's own.
    Text(String),
}

async fn source(
    app: &App,
    viewer: &Viewer,
    job: i64,
    attempt: Option<i64>,
) -> Result<(Job, Source), ApiError> {
    let job = visible(app, viewer, job).await?;
    let mut reader = app.engine.store().reader().await?;
    let attempts = reader.attempts(job.id).await?;
    let wanted = attempt.or(job.attempt_id.map(|id| id.get()));
    let found = match wanted {
        Some(id) => attempts.iter().find(|row| row.id.get() == id),
        None => None,
    };
    match (found, attempt) {
        (Some(row), _) => {
            let source = Source::Attempt {
                id: row.id.get(),
                over: !row.state.is_live(),
            };
            Ok((job, source))
        }
        (None, Some(_)) => Err(ApiError::not_found("attempt")),
        (None, None) => {
            let text = job
                .reason
                .as_ref()
                .map(|reason| format!("{reason}\n"))
                .unwrap_or_default();
            Ok((job, Source::Text(text)))
        }
    }
}

impl Source {
    async fn read(&self, app: &App, from: u64, most: usize) -> Result<Bytes, ApiError> {
        match self {
            Self::Attempt { id, .. } => Ok(app.engine.logs().read(*id, from, most).await?),
            Self::Text(text) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(text.len());
                let to = from.saturating_add(most).min(text.len());
                Ok(Bytes::copy_from_slice(&text.as_bytes()[from..to]))
            }
        }
    }

    const fn attempt(&self) -> i64 {
        match self {
            Self::Attempt { id, .. } => *id,
            Self::Text(_) => 0,
        }
    }

    async fn lines(&self, app: &App, first: u64, count: u32) -> Result<LineBlock, ApiError> {
        match self {
            Self::Attempt { id, over } => {
                let mut block = app.engine.logs().lines(*id, first, count).await?;
                block.sealed |= over;
                Ok(block)
            }
            Self::Text(text) => {
                let all: Vec<&str> = text.lines().collect();
                let skip = usize::try_from(first).unwrap_or(usize::MAX);
                Ok(LineBlock {
                    first,
                    lines: all
                        .iter()
                        .skip(skip)
                        .take(count as usize)
                        .map(|line| (*line).to_owned())
                        .collect(),
                    total: all.len() as u64,
                    sealed: true,
                    next_offset: text.len() as u64,
                })
            }
        }
    }

    async fn index(&self, app: &App) -> Result<LogIndex, ApiError> {
        match self {
            Self::Attempt { id, over } => {
                let mut index = app.engine.logs().index(*id).await?;
                index.sealed |= over;
                Ok(index)
            }
            Self::Text(text) => Ok(LogIndex {
                length: text.len() as u64,
                lines: text.lines().count() as u64,
                sealed: true,
                folds: Vec::new(),
                times: Vec::new(),
                first_red: None,
            }),
        }
    }

    /// The lines that a page asked for.
    pub(crate) async fn lines_shown(
        &self,
        app: &App,
        href: String,
        query: &LogQuery,
    ) -> Result<v3::LogLines, ApiError> {
        let count = query.count.unwrap_or(500).clamp(1, 2000);
        let block = self.lines(app, query.first.unwrap_or(0), count).await?;
        Ok(v3::LogLines {
            head: v3::Head::standard("log_lines", href),
            attempt: self.attempt(),
            first: block.first,
            lines: block.lines,
            total: block.total,
            complete: block.sealed,
            next_offset: block.next_offset,
        })
    }

    /// Folds and times.
    pub(crate) async fn index_shown(
        &self,
        app: &App,
        href: String,
    ) -> Result<v3::LogIndex, ApiError> {
        let index = self.index(app).await?;
        Ok(v3::LogIndex {
            head: v3::Head::standard("log_index", href),
            attempt: self.attempt(),
            length: index.length,
            lines: index.lines,
            complete: index.sealed,
            folds: index
                .folds
                .into_iter()
                .map(|fold| v3::LogFold {
                    name: fold.name,
                    first: fold.first,
                    last: fold.last,
                    duration_ns: fold.duration_ns,
                })
                .collect(),
            times: index
                .times
                .into_iter()
                .map(|time| v3::LogTime {
                    line: time.line,
                    start_ns: time.start_ns,
                    duration_ns: time.duration_ns,
                    event: time.event,
                })
                .collect(),
            first_red: index.first_red,
        })
    }
}

/// The log of a job as one object, in the original's form.
#[utoipa::path(get, path = "/v3/job/{id}/log", params(("id" = i64, Path), ("attempt" = Option<i64>, Query)),
    responses((status = 200, body = v3::Log), (status = 404, body = ErrorBody)))]
pub(crate) async fn whole(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<LogQuery>,
) -> Result<Json<v3::Log>, ApiError> {
    let (_, source) = source(&app, &caller.0, id, query.attempt).await?;
    let mut bytes = Vec::new();
    while bytes.len() < WHOLE {
        let piece = source.read(&app, bytes.len() as u64, PIECE).await?;
        if piece.is_empty() {
            break;
        }
        bytes.extend_from_slice(&piece);
    }
    let complete = source.index(&app).await?.sealed;
    let content = String::from_utf8_lossy(&bytes).into_owned();
    let href = format!("/v3/job/{id}/log");
    Ok(Json(v3::Log {
        head: v3::Head::standard("log", href.clone()),
        id: source.attempt(),
        log_parts: vec![v3::LogPart {
            number: 0,
            content: content.clone(),
            is_final: complete,
        }],
        content,
        raw_log_href: format!("{href}.txt"),
    }))
}

/// The bytes that the job printed, as text/plain.
#[utoipa::path(get, path = "/v3/job/{id}/log.txt",
    params(("id" = i64, Path), ("attempt" = Option<i64>, Query), ("from" = Option<u64>, Query, description = "leave out so many bytes"),
        ("download" = Option<String>, Query, description = "offer it as a file")),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = ErrorBody)))]
pub(crate) async fn text(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<LogQuery>,
) -> Result<Response, ApiError> {
    let (job, source) = source(&app, &caller.0, id, query.attempt).await?;
    let mut at = query.from.unwrap_or(0);
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let first = source.read(&app, at, PIECE).await?;
    tokio::spawn(async move {
        let mut piece = first;
        while !piece.is_empty() {
            at += piece.len() as u64;
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
            piece = match source.read(&app, at, PIECE).await {
                Ok(piece) => piece,
                Err(_) => {
                    // The reader sees a broken download rather than a short log.
                    drop(
                        sender
                            .send(Err(std::io::Error::other("the log could not be read")))
                            .await,
                    );
                    return;
                }
            };
        }
    });
    let body = Body::from_stream(futures_util::stream::unfold(
        receiver,
        |mut receiver| async { receiver.recv().await.map(|piece| (piece, receiver)) },
    ));
    let mut response =
        ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        header::HeaderValue::from_static("default-src 'none'; sandbox"),
    );
    if query.download.is_some() {
        let name = format!("attachment; filename=\"job-{}.log\"", job.number);
        if let Ok(value) = name.parse() {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
    }
    Ok(response)
}

/// Lines of a log as a terminal would show them.
#[utoipa::path(get, path = "/v3/job/{id}/log/lines",
    params(("id" = i64, Path), ("attempt" = Option<i64>, Query), ("first" = Option<u64>, Query), ("count" = Option<u32>, Query, description = "2,000 at most")),
    responses((status = 200, body = v3::LogLines), (status = 404, body = ErrorBody)))]
pub(crate) async fn lines(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<LogQuery>,
) -> Result<Json<v3::LogLines>, ApiError> {
    let (_, source) = source(&app, &caller.0, id, query.attempt).await?;
    let href = format!("/v3/job/{id}/log/lines");
    Ok(Json(source.lines_shown(&app, href, &query).await?))
}

/// Folds and times of a log.
#[utoipa::path(get, path = "/v3/job/{id}/log/index", params(("id" = i64, Path), ("attempt" = Option<i64>, Query)),
    responses((status = 200, body = v3::LogIndex), (status = 404, body = ErrorBody)))]
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<LogQuery>,
) -> Result<Json<v3::LogIndex>, ApiError> {
    let (_, source) = source(&app, &caller.0, id, query.attempt).await?;
    let href = format!("/v3/job/{id}/log/index");
    Ok(Json(source.index_shown(&app, href).await?))
}

/// Lines that hold a text.
#[utoipa::path(get, path = "/v3/job/{id}/log/search",
    params(("id" = i64, Path), ("attempt" = Option<i64>, Query), ("q" = String, Query),
        ("case" = Option<String>, Query, description = "1: case counts"), ("regex" = Option<String>, Query, description = "1: q is a regular expression")),
    responses((status = 200, body = v3::LogSearch), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn search(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<LogQuery>,
) -> Result<Json<v3::LogSearch>, ApiError> {
    let (_, source) = source(&app, &caller.0, id, query.attempt).await?;
    let text = query.q.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| ApiError::wrong_params("q: say what to look for"))?;
    let on = |flag: &Option<String>| {
        flag.as_deref()
            .is_some_and(|flag| flag == "1" || flag == "true")
    };
    let wanted = travis_logs::Query {
        text,
        case_sensitive: on(&query.case),
        regex: on(&query.regex),
    };
    let (total, lines, truncated) = match &source {
        Source::Attempt { id, .. } => {
            let found = app.engine.logs().find(*id, &wanted, HITS).await?;
            (
                found.total,
                found.hits.iter().map(|hit| hit.line).collect(),
                found.truncated,
            )
        }
        Source::Text(text) => {
            let needle = wanted.text.to_lowercase();
            let hits: Vec<u64> = text
                .lines()
                .enumerate()
                .filter(|(_, line)| line.to_lowercase().contains(&needle))
                .map(|(place, _)| place as u64)
                .collect();
            (hits.len() as u64, hits, false)
        }
    };
    Ok(Json(v3::LogSearch {
        head: v3::Head::standard("log_search", format!("/v3/job/{id}/log/search")),
        attempt: source.attempt(),
        total,
        lines,
        truncated,
    }))
}
