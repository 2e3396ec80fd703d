//! What machines fetch to join: the program, images.

use crate::{
    App,
    downloads::{Opened, PIECE, kind_of, on_a_thread},
    error::ApiError,
};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::os::unix::fs::FileExt as _;
use travis_api::v3;

/// What this server has for machines that want to join.
#[utoipa::path(get, path = "/v3/downloads", responses((status = 200, body = v3::Downloads)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<v3::Downloads>, ApiError> {
    let files = app.downloads.list().await;
    let files = files.map_err(|error| ApiError::internal(&error))?;
    Ok(Json(v3::Downloads {
        head: v3::Head::standard("downloads", "/v3/downloads".to_owned()),
        downloads: files
            .into_iter()
            .map(|file| {
                let (kind, os, arch) = kind_of(&file.name);
                v3::Download {
                    kind: kind.to_owned(),
                    os,
                    arch,
                    size: file.size,
                    sha256: file.sha256,
                    path: format!("/download/{}", file.name),
                    name: file.name,
                }
            })
            .collect(),
    }))
}

/// A file, or `NAME.sha256`: its digest in the form that `sha256sum --check` reads.
pub(crate) async fn file(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let broken = |error: std::io::Error| ApiError::internal(&error);
    if let Some(found) = app.downloads.open(&name).await.map_err(broken)? {
        return Ok(answer(found, &headers));
    }
    let digested = match name.strip_suffix(".sha256") {
        Some(of) => app.downloads.open(of).await.map_err(broken)?,
        None => None,
    };
    let Some(found) = digested else {
        return Err(ApiError::not_found("download"));
    };
    let digest = app.downloads.digest(&found).await.map_err(broken)?;
    let text = format!("{digest}  {}\n", found.name);
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, text).into_response())
}

/// The part of a file that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    From { first: u64, last: u64 },
    Nowhere,
}

/// Reads `Range`. What has several parts, or is nothing that we know, is answered with the whole
/// file, as RFC 9110 allows.
pub(crate) fn part(asked: Option<&str>, size: u64) -> Part {
    let Some((first, last)) = asked
        .and_then(|asked| asked.strip_prefix("bytes="))
        .and_then(|range| range.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |digits: &str| match digits {
        "" => Some(None),
        _ if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(Some(digits.parse::<u64>().unwrap_or(u64::MAX)))
        }
        _ => None,
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(last)) => {
            let last = last.unwrap_or(u64::MAX).min(size.saturating_sub(1));
            if first >= size || first > last {
                Part::Nowhere
            } else {
                Part::From { first, last }
            }
        }
        (Some(None), Some(Some(count))) => {
            if count == 0 || size == 0 {
                Part::Nowhere
            } else {
                Part::From {
                    first: size.saturating_sub(count),
                    last: size - 1,
                }
            }
        }
        _ => Part::Whole,
    }
}

fn answer(found: Opened, asked: &HeaderMap) -> Response {
    let tag = found.tag();
    let text = |name| {
        asked
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let common = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        // Never shown by a browser, whatever it holds.
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", found.name),
        ),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    if text(header::IF_NONE_MATCH) == Some(tag.as_str()) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    // The rest of another state of the file would make a broken whole.
    let same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let asked = text(header::RANGE).filter(|_| same);
    match part(asked, found.size) {
        Part::Nowhere => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{}", found.size))];
            (StatusCode::RANGE_NOT_SATISFIABLE, range).into_response()
        }
        Part::Whole => {
            let length = [(header::CONTENT_LENGTH, found.size.to_string())];
            (common, length, body(found.clone(), 0, found.size)).into_response()
        }
        Part::From { first, last } => {
            let range = [
                (header::CONTENT_LENGTH, (last - first + 1).to_string()),
                (
                    header::CONTENT_RANGE,
                    format!("bytes {first}-{last}/{}", found.size),
                ),
            ];
            let body = body(found, first, last + 1);
            (StatusCode::PARTIAL_CONTENT, common, range, body).into_response()
        }
    }
}

/// Bytes of a file, read piece by piece as they are sent.
fn body(found: Opened, from: u64, to: u64) -> Body {
    Body::from_stream(futures_util::stream::unfold(from, move |at| {
        let file = found.file.clone();
        async move {
            if at >= to {
                return None;
            }
            let piece = on_a_thread(move || {
                let length = usize::try_from(to - at).unwrap_or(PIECE).min(PIECE);
                let mut bytes = vec![0; length];
                let read = file.read_at(&mut bytes, at)?;
                if read == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                bytes.truncate(read);
                Ok(Bytes::from(bytes))
            })
            .await;
            // After an error nothing follows, and the connection ends before its length.
            let next = piece.as_ref().map_or(to, |piece| {
                at + u64::try_from(piece.len()).unwrap_or(u64::MAX)
            });
            Some((piece, next))
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::{
        Part::{self, From, Nowhere, Whole},
        part,
    };

    #[test]
    fn ranges_are_read() {
        let cases: [(Option<&str>, Part); 11] = [
            (None, Whole),
            (Some("bytes=0-4"), From { first: 0, last: 4 }),
            (Some("bytes=5-"), From { first: 5, last: 9 }),
            (Some("bytes=-3"), From { first: 7, last: 9 }),
            (Some("bytes=-99"), From { first: 0, last: 9 }),
            (Some("bytes=3-99"), From { first: 3, last: 9 }),
            (Some("bytes=10-"), Nowhere),
            (Some("bytes=-0"), Nowhere),
            (Some("bytes=4-2"), Nowhere),
            (Some("bytes=0-1,4-5"), Whole),
            (Some("lines=1-2"), Whole),
        ];
        for (asked, expected) in cases {
            assert_eq!(part(asked, 10), expected, "{asked:?}");
        }
        assert_eq!(part(Some("bytes=0-"), 0), Nowhere);
        assert_eq!(
            part(Some("bytes=99999999999999999999999-"), 10),
            Nowhere,
            "larger than any number"
        );
    }
}
