//! All workers together, and what people lend.

use crate::{
    App,
    access::Caller,
    error::ApiError,
    represent::{Represent, month_of, months, owner},
    wire::time_opt,
};
use axum::{
    Json,
    extract::{Path, State},
};
use travis_api::v3::{self, ErrorBody};

/// The fleet: counts, platforms, what waits and why.
#[utoipa::path(get, path = "/v3/fleet", responses((status = 200, body = v3::Fleet)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Fleet>, ApiError> {
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let month = month_of(represent.now);
    let view = app.engine.fleet(represent.reader.as_mut(), month).await?;
    let waits = app
        .engine
        .fleet_waits(represent.reader.as_mut(), &caller.0)
        .await?;
    Ok(Json(represent.fleet(view, waits)))
}

/// What a person lends, and what came of it.
#[utoipa::path(get, path = "/v3/owner/{login}/workers", params(("login" = String, Path)),
    responses((status = 200, body = v3::OwnerWorkers), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_owner(
    State(app): State<App>,
    caller: Caller,
    Path(login): Path<String>,
) -> Result<Json<v3::OwnerWorkers>, ApiError> {
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let person = represent
        .reader
        .user_by_login(&login)
        .await?
        .ok_or_else(|| ApiError::not_found("owner"))?;
    let ledger = represent.reader.owner_ledger(person.id).await?;
    let mut rows = represent.reader.workers().await?;
    rows.retain(|row| row.owner_id == person.id);
    let login = &person.login;
    Ok(Json(v3::OwnerWorkers {
        head: v3::Head::standard("owner_workers", format!("/v3/owner/{login}/workers")),
        owner: owner(login),
        since: time_opt(ledger.since),
        core_seconds: ledger.core_ms / 1000,
        jobs: ledger.jobs,
        repositories: ledger.repositories,
        months: months(&ledger),
        badge: format!("/people/{login}.svg"),
        page: format!("/people/{login}"),
        workers: represent.workers(rows).await?,
    }))
}
