//! A `.travis.yml` that somebody shows: what it would build, and what is odd about it. Open to
//! everybody, so bounded in size, in number at once, and in time.

use crate::{access::Caller, error::ApiError};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Semaphore;
use travis_api::v3::{self, ErrorBody};
use travis_engine::{Linted, lint as lint_text};

/// A file of the largest size that is read, written as JSON.
pub(crate) const BODY_LIMIT: usize = 2 * TEXT_LIMIT + 1024;
/// The largest file that is read, in bytes.
const TEXT_LIMIT: usize = 1 << 20;
/// Files looked at side by side: they take a core each.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at a `.travis.yml`: messages, normalized configuration, jobs. The body is JSON, a form
/// with `content`, or the text itself.
#[utoipa::path(post, path = "/v3/lint", request_body(content(
        (v3::NewLint = "application/json"), (String = "text/yaml"))),
    responses((status = 200, body = v3::Lint), (status = 400, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn lint(_: Caller, Text(text): Text) -> Result<Json<v3::Lint>, ApiError> {
    Ok(Json(represent(look_at(text).await?)))
}

/// The same as clients of API v2 ask for it.
pub(crate) async fn of_v2(_: Caller, Text(text): Text) -> Result<Json<Value>, ApiError> {
    let linted = represent(look_at(text).await?);
    Ok(Json(json!({"lint": {"warnings": linted.warnings}})))
}

async fn look_at(text: String) -> Result<Linted, ApiError> {
    let busy = || {
        ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "the server is looking at many files: try again in a moment",
        )
    };
    let turn = tokio::time::timeout(PATIENCE, AT_ONCE.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(busy());
    };
    tokio::task::spawn_blocking(move || lint_text(&text))
        .await
        .map_err(|error| ApiError::internal(&error))
}

pub(super) fn represent(linted: Linted) -> v3::Lint {
    let messages: Vec<v3::ConfigMessage> = linted
        .messages
        .into_iter()
        .filter_map(|message| serde_json::from_value(message).ok())
        .collect();
    let warnings = messages
        .iter()
        .filter(|message| message.level != "info")
        .map(|message| v3::LintWarning {
            key: match message.key.as_str() {
                "root" => Vec::new(),
                path => path.split('.').map(str::to_owned).collect(),
            },
            message: message.text.clone(),
        })
        .collect();
    let jobs = linted
        .jobs
        .into_iter()
        .zip(1..)
        .map(|(job, number)| v3::LintJob {
            number,
            name: job.label,
            stage: job.stage,
            env: job.env,
            os: job.os,
            arch: job.arch,
            allow_failure: job.allow_failure,
            config: job.config,
        });
    v3::Lint {
        head: v3::Head::standard("lint", "/v3/lint".to_owned()),
        warnings,
        messages,
        config: linted.config,
        stages: linted.stages,
        jobs: jobs.collect(),
    }
}

/// The text of the file, however it was sent.
pub(crate) struct Text(String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = kind_of(request.headers());
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| ApiError::new(error.status(), "wrong_params", error.body_text()))?;
        let text = match kind {
            Kind::Json => {
                serde_json::from_slice::<v3::NewLint>(&body)
                    .map_err(|error| {
                        let what = format!("send {{\"content\": \"…\"}}: {error}");
                        ApiError::wrong_params(what)
                    })?
                    .content
            }
            Kind::Form if body.starts_with(b"content=") => form_value(&body["content=".len()..]),
            // What clients call a form when they are not told what it is.
            Kind::Form | Kind::Plain => String::from_utf8_lossy(&body).into_owned(),
        };
        if text.len() > TEXT_LIMIT {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "wrong_params",
                "the file is larger than 1 MiB: move scripts to files of their own",
            ));
        }
        Ok(Self(text))
    }
}

enum Kind {
    Json,
    Form,
    Plain,
}

fn kind_of(headers: &HeaderMap) -> Kind {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map_or(&b""[..], |kind| kind.as_bytes());
    if kind.starts_with(b"application/json") {
        Kind::Json
    } else if kind.starts_with(b"application/x-www-form-urlencoded") {
        Kind::Form
    } else {
        Kind::Plain
    }
}

/// A value of a form, up to the next field.
fn form_value(bytes: &[u8]) -> String {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes.split(|byte| *byte == b'&').next().unwrap_or(b"");
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => text.push(b' '),
            b'%' => {
                let mut byte = [0];
                match after
                    .get(..2)
                    .map(|two| hex::decode_to_slice(two, &mut byte))
                {
                    Some(Ok(())) => {
                        text.push(byte[0]);
                        rest = &after[2..];
                    }
                    _ => text.push(b'%'),
                }
            }
            other => text.push(*other),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read() {
        assert_eq!(form_value(b"a%3A+b%0Ac&x=1"), "a: b\nc");
        assert_eq!(form_value(b"100%"), "100%");
        assert_eq!(form_value(b"%zz%4"), "%zz%4");
        assert_eq!(form_value(b"%E2%9C%93"), "✓");
    }

    #[test]
    fn notes_are_no_warnings_and_places_are_paths() {
        let linted =
            lint_text("language: rust\nmatrix:\n  include:\n    - foo_bar: x\n      script: a\n");
        let lint = represent(linted);
        assert!(lint.messages.len() > lint.warnings.len());
        assert!(
            lint.warnings
                .iter()
                .any(|one| one.key.first().is_some_and(|key| key == "jobs")),
            "{:?}",
            lint.warnings
        );
    }
}
