//! Handlers, a file a resource.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod artifacts;
mod assignments;
mod auth;
pub(crate) mod badges;
pub(crate) mod builds;
pub(crate) mod caches;
pub(crate) mod crons;
pub(crate) mod deliveries;
pub(crate) mod downloads;
pub(crate) mod enrolments;
pub(crate) mod env_vars;
mod feeds;
pub(crate) mod fleet;
pub(crate) mod forges;
pub(crate) mod home;
pub(crate) mod images;
pub(crate) mod jobs;
pub(crate) mod key_pair;
pub(crate) mod keys;
pub(crate) mod known_answers;
pub(crate) mod lint;
pub(crate) mod logs;
pub(crate) mod ping;
pub(crate) mod pull_requests;
pub(crate) mod repos;
pub(crate) mod requests;
pub(crate) mod results;
mod session;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod statements;
pub(crate) mod stats;
mod thanks;
mod upload;
pub(crate) mod worker_api;
pub(crate) mod workers;

use crate::App;
use axum::{
    Router,
    routing::{get, post},
};

/// Routes that are not part of the documented API.
pub(crate) fn plain() -> Router<App> {
    Router::new()
        .route("/health", get(home::health))
        .route("/openapi.json", get(home::openapi))
        .route("/live", get(crate::live::upgrade))
        .route("/sign-in/{token}", get(session::sign_in_by_link))
        .route("/auth/{forge}", get(auth::leave))
        .route("/auth/{forge}/callback", get(auth::arrive))
        .route("/setup/app/callback", get(forges::app_made))
        .route(
            "/lint",
            get(crate::assets::page)
                .post(lint::of_v2)
                .layer(axum::extract::DefaultBodyLimit::max(lint::BODY_LIMIT)),
        )
        .route("/sign-out", post(session::sign_out))
        .route("/repos/{owner}/{name}/cc.xml", get(feeds::cc))
        .route("/repos/{owner}/{name}/builds.atom", get(feeds::atom))
        .route(
            "/worker/v1/attempts/{id}/source/git-receive-pack",
            post(source::write),
        )
        .route("/join", get(enrolments::script))
        .route("/download/{name}", get(downloads::file))
        .route("/workers/{file}", get(thanks::of_worker))
        .route("/workers/{owner}/{file}", get(thanks::of_named_worker))
        .route("/people/{file}", get(thanks::of_person))
        .route("/{owner}/{file}", get(badges::badge_or_page))
}
