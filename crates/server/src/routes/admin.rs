//! What whoever runs the installation sees and decides.

use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    wire::{Paging, pagination, time, time_opt},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use std::collections::BTreeMap;
use travis_api::v3::{self, ErrorBody};
use travis_engine::UserChange;
use travis_model::{User, UserId};

fn user(row: &User) -> v3::AdminUser {
    v3::AdminUser {
        head: v3::Head::standard("user", format!("/v3/admin/user/{}", row.id)),
        id: row.id.get(),
        login: row.login.clone(),
        name: row.name.clone(),
        admin: row.admin,
        suspended_at: time_opt(row.suspended_at),
        created_at: time(row.created_at),
    }
}

/// How the installation stands.
#[utoipa::path(get, path = "/v3/admin", responses((status = 200, body = v3::Admin), (status = 403, body = ErrorBody)))]
pub(crate) async fn overview(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Admin>, ApiError> {
    let found = app.engine.overview(&caller.0).await?;
    let mut versions: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    for worker in app.engine.store().reader().await?.workers().await? {
        let said = travis_engine::Engine::worker_version(&worker).to_owned();
        let accepted = !app.engine.is_too_old(&worker);
        let entry = versions.entry(said).or_insert((0, accepted));
        entry.0 += 1;
    }
    Ok(Json(v3::Admin {
        head: v3::Head::standard("admin", "/v3/admin".to_owned()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        holdings: v3::Holdings {
            users: found.holdings.users,
            repositories: found.holdings.repositories,
            active: found.holdings.active,
            builds: found.holdings.builds,
            jobs: found.holdings.jobs,
            log_bytes: found.holdings.log_bytes,
            caches: found.holdings.caches,
            cache_bytes: found.holdings.cache_bytes,
        },
        queued: found.queue.queued,
        running: found.queue.held,
        settings: found
            .settings
            .into_iter()
            .map(|(name, value)| v3::AdminSetting {
                name: name.to_owned(),
                value,
            })
            .collect(),
        worker_versions: versions
            .into_iter()
            .map(|(version, (count, accepted))| v3::WorkerVersions {
                version,
                count,
                accepted,
            })
            .collect(),
        minimum_worker_version: app.engine.policy().minimum_worker_version.clone(),
    }))
}

/// Everybody with an account.
#[utoipa::path(get, path = "/v3/admin/users",
    params(("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::AdminUsers), (status = 403, body = ErrorBody)))]
pub(crate) async fn users(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::AdminUsers>, ApiError> {
    let page = paging.page()?;
    let found = app.engine.all_users(&caller.0, page).await?;
    let href = "/v3/admin/users";
    Ok(Json(v3::AdminUsers {
        head: v3::Head::standard("users", href.to_owned()),
        pagination: pagination(href, page, found.count),
        users: found.items.iter().map(user).collect(),
    }))
}

/// Makes somebody an administrator or none, keeps them out or lets them in again.
#[utoipa::path(patch, path = "/v3/admin/user/{id}", params(("id" = i64, Path)), request_body = v3::AdminUserChange,
    responses((status = 200, body = v3::AdminUser), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "one's own account")))]
pub(crate) async fn change_user(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    JsonBody(wanted): JsonBody<v3::AdminUserChange>,
) -> Result<Json<v3::AdminUser>, ApiError> {
    let change = UserChange {
        admin: wanted.admin,
        suspended: wanted.suspended,
    };
    let row = app
        .engine
        .change_user(&caller.0, UserId(id), change)
        .await?;
    Ok(Json(user(&row)))
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/v3/admin/audit",
    params(("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::AuditLog), (status = 403, body = ErrorBody)))]
pub(crate) async fn audit(
    State(app): State<App>,
    caller: Caller,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::AuditLog>, ApiError> {
    let page = paging.page()?;
    let found = app.engine.audit_log(&caller.0, page).await?;
    let href = "/v3/admin/audit";
    Ok(Json(v3::AuditLog {
        head: v3::Head::standard("audit", href.to_owned()),
        pagination: pagination(href, page, found.count),
        entries: found
            .items
            .into_iter()
            .map(|entry| v3::AuditEntry {
                actor: entry.actor,
                action: entry.action,
                subject: entry.subject,
                detail: entry.detail,
                at: time(entry.at),
            })
            .collect(),
    }))
}
