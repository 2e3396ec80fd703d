//! How things went over time.

use crate::{
    App,
    access::Caller,
    error::ApiError,
    represent::repository_minimal,
    wire::{day, time},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use std::time::Duration;
use travis_api::v3::{self, ErrorBody};
use travis_engine::BuildCounts;
use travis_model::{Spread, Timestamp};
use travis_store::BuildEnd;

const USUAL_DAYS: u32 = 30;
const USUAL_HOURS: u32 = 24;

#[derive(Deserialize)]
pub(crate) struct RepositoryQuery {
    branch: Option<String>,
    days: Option<u32>,
}

#[derive(Deserialize)]
pub(crate) struct HoursQuery {
    hours: Option<u32>,
}

/// Seconds of milliseconds.
fn seconds(ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53 ms")]
    let ms = ms as f64;
    ms / 1000.0
}

/// Three digits are enough of an average.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn spread(of: Spread) -> v3::StatsSpread {
    v3::StatsSpread {
        count: of.count,
        p50: of.p50.map(seconds),
        p95: of.p95.map(seconds),
    }
}

fn builds(of: &BuildCounts) -> v3::StatsBuilds {
    v3::StatsBuilds {
        day: day(of.day),
        builds: of.passed + of.failed + of.errored + of.canceled,
        passed: of.passed,
        failed: of.failed,
        errored: of.errored,
        canceled: of.canceled,
        duration: spread(of.duration),
        waiting: spread(of.waiting),
    }
}

fn build(end: BuildEnd) -> v3::StatsBuild {
    v3::StatsBuild {
        id: end.id.get(),
        number: end.number,
        state: end.state.as_str().to_owned(),
        finished_at: time(end.at),
        duration: end.took.map(seconds),
        waiting: spread(Spread::of(end.waits)),
    }
}

/// When each of so many slices began.
fn times(since: Timestamp, step: Duration) -> impl Iterator<Item = String> {
    std::iter::successors(Some(since), move |at| Some(at.plus(step))).map(time)
}

/// Builds of a repository that ended in the last days, by day.
#[utoipa::path(get, path = "/v3/repo/{repository}/stats",
    params(("repository" = String, Path),
        ("branch" = Option<String>, Query, description = "of this branch, without pull requests; all builds without it"),
        ("days" = Option<u32>, Query, description = "1 to 365; 30 without it")),
    responses((status = 200, body = v3::RepositoryStats), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn of_repository(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<RepositoryQuery>,
) -> Result<Json<v3::RepositoryStats>, ApiError> {
    let days = query.days.unwrap_or(USUAL_DAYS);
    let branch = query.branch.filter(|name| !name.is_empty());
    let stats = app
        .engine
        .repository_stats(&caller.0, &key, branch.as_deref(), days)
        .await?;
    let href = format!("/v3/repo/{}/stats", stats.repository.id);
    Ok(Json(v3::RepositoryStats {
        head: v3::Head::standard("repository_stats", href),
        repository: repository_minimal(&stats.repository),
        branch,
        span_days: days,
        since: time(stats.since),
        complete: stats.complete,
        total: builds(&stats.total),
        days: stats.days.iter().map(builds).collect(),
        builds: stats.builds.into_iter().map(build).collect(),
    }))
}

/// The queue over the last hours: jobs that waited, and how long, by platform.
#[utoipa::path(get, path = "/v3/stats/queue",
    params(("hours" = Option<u32>, Query, description = "1 to 720; 24 without it")),
    responses((status = 200, body = v3::QueueStats), (status = 422, body = ErrorBody)))]
pub(crate) async fn queue(
    State(app): State<App>,
    _caller: Caller,
    Query(query): Query<HoursQuery>,
) -> Result<Json<v3::QueueStats>, ApiError> {
    let hours = query.hours.unwrap_or(USUAL_HOURS);
    let stats = app.engine.queue_stats(hours).await?;
    let times = || times(stats.since, stats.step);
    Ok(Json(v3::QueueStats {
        head: v3::Head::standard("queue_stats", "/v3/stats/queue".to_owned()),
        span_hours: hours,
        step: stats.step.as_secs(),
        points: times()
            .zip(&stats.waiting)
            .map(|(at, waiting)| v3::WaitingPoint {
                at,
                waiting: waiting.map(rounded),
            })
            .collect(),
        platforms: stats
            .platforms
            .iter()
            .map(|platform| v3::PlatformQueue {
                os: platform.os.clone(),
                arch: platform.arch.clone(),
                most_waiting: platform.most,
                waited: spread(platform.waited),
                points: times()
                    .zip(&platform.slices)
                    .map(|(at, (waiting, waited))| v3::QueuePoint {
                        at,
                        waiting: waiting.map(rounded),
                        waited: spread(*waited),
                    })
                    .collect(),
            })
            .collect(),
    }))
}

/// The fleet over the last hours: workers, slots, work done.
#[utoipa::path(get, path = "/v3/stats/fleet",
    params(("hours" = Option<u32>, Query, description = "1 to 720; 24 without it")),
    responses((status = 200, body = v3::FleetStats), (status = 422, body = ErrorBody)))]
pub(crate) async fn fleet(
    State(app): State<App>,
    _caller: Caller,
    Query(query): Query<HoursQuery>,
) -> Result<Json<v3::FleetStats>, ApiError> {
    let hours = query.hours.unwrap_or(USUAL_HOURS);
    let stats = app.engine.fleet_stats(hours).await?;
    Ok(Json(v3::FleetStats {
        head: v3::Head::standard("fleet_stats", "/v3/stats/fleet".to_owned()),
        span_hours: hours,
        step: stats.step.as_secs(),
        points: times(stats.since, stats.step)
            .zip(&stats.slices)
            .map(|(at, point)| v3::FleetPoint {
                at,
                workers: point.map(|point| rounded(point.workers)),
                slots: point.map(|point| rounded(point.slots)),
                busy: point.map(|point| rounded(point.busy)),
                core_seconds: point.and_then(|point| point.core_ms).map(seconds),
            })
            .collect(),
    }))
}
