//! Forges, and the operator's set-up.

use super::auth::{browser, new_browser, see_other};
use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent::{self, Represent},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::{OAuthClient, Secret, Viewer};
use travis_forge::hosting::KINDS;
use travis_model::ForgeId;
use travis_store::{BuildFilter, Page, RepositoryFilter, SeenBy};

async fn all(app: &App, viewer: &Viewer) -> Result<Vec<v3::Forge>, ApiError> {
    let public_url = &app.engine.policy().public_url;
    let forges = app.engine.connected_forges().await?;
    Ok(forges
        .iter()
        .map(|one| represent::forge(one, public_url, viewer.operates()))
        .collect())
}

/// The forges to sign in with.
#[utoipa::path(get, path = "/v3/forges", responses((status = 200, body = v3::Forges)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Forges>, ApiError> {
    Ok(Json(v3::Forges {
        head: v3::Head::standard("forges", "/v3/forges".to_owned()),
        forges: all(&app, &caller.0).await?,
    }))
}

/// Accounts whose repositories the reader has rights on.
#[utoipa::path(get, path = "/v3/owners", responses((status = 200, body = v3::Owners), (status = 403, body = ErrorBody)))]
pub(crate) async fn owners(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Owners>, ApiError> {
    let user = caller.0.signed_in()?;
    let forges = app.engine.connected_forges().await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let rows = represent.reader.accounts_of(user.id).await?;
    Ok(Json(v3::Owners {
        head: v3::Head::standard("owners", "/v3/owners".to_owned()),
        owners: represent.owners(rows, &forges).await?,
    }))
}

/// How far the installation is set up; for administrators.
#[utoipa::path(get, path = "/v3/setup", responses((status = 200, body = v3::Setup), (status = 403, body = ErrorBody)))]
pub(crate) async fn setup(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Setup>, ApiError> {
    let user = caller.0.operator()?;
    let forges = all(&app, &caller.0).await?;
    let one = Page {
        offset: 0,
        limit: 1,
    };
    let mut reader = app.engine.store().reader().await?;
    let active = RepositoryFilter {
        seen_by: SeenBy::Operator,
        active: Some(true),
        ..Default::default()
    };
    let builds = BuildFilter {
        seen_by: SeenBy::Operator,
        ..Default::default()
    };
    let policy = app.engine.policy();
    Ok(Json(v3::Setup {
        head: v3::Head::standard("setup", "/v3/setup".to_owned()),
        public_url: policy.public_url.clone(),
        kinds: KINDS
            .iter()
            .map(|kind| v3::ForgeKind {
                kind: kind.name.to_owned(),
                label: kind.label.to_owned(),
                default_web_url: kind.default_web_url.map(str::to_owned),
                manifest: app.engine.makes_apps(kind),
            })
            .collect(),
        first_steps: v3::FirstSteps {
            forge: forges.iter().any(|forge| forge.sign_in_url.is_some()),
            signed_in: !reader.identities(user.id).await?.is_empty(),
            repository: reader.repositories(&active, one).await?.count > 0,
            worker: !reader.workers().await?.is_empty(),
            build: reader.builds(&builds, one).await?.count > 0,
        },
        forges,
        access: v3::AccessLists {
            sign_in: policy.access.sign_in.clone(),
            owners: policy.access.owners.clone(),
        },
    }))
}

/// The form that makes an App; the browser posts it to the forge.
#[utoipa::path(post, path = "/v3/setup/manifest", request_body = v3::NewApp,
    responses((status = 200, body = v3::AppForm), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub(crate) async fn manifest(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    JsonBody(new): JsonBody<v3::NewApp>,
) -> Result<Response, ApiError> {
    let (browser, keep) = new_browser(&app, &headers)?;
    let form = app
        .engine
        .begin_app(
            &caller.0,
            &browser,
            &new.kind,
            new.web_url.as_deref(),
            new.organization.as_deref(),
        )
        .await?;
    let form = v3::AppForm {
        kind: "manifest_form".to_owned(),
        action: form.action,
        manifest: form.manifest,
    };
    Ok((AppendHeaders([(header::SET_COOKIE, keep)]), Json(form)).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Coming {
    code: Option<String>,
    state: Option<String>,
}

/// Takes the operator back from the forge, with the App that was made there.
pub(crate) async fn app_made(
    State(app): State<App>,
    caller: Caller,
    Query(coming): Query<Coming>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let browser = browser(&app, &headers);
    let (state, code) = (
        coming.state.unwrap_or_default(),
        coming.code.unwrap_or_default(),
    );
    let made = app
        .engine
        .finish_app(&caller.0, &browser, &state, &code)
        .await;
    let escape = |text: &str| {
        text.bytes()
            .map(|b| match b {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(b).to_string(),
                _ => format!("%{b:02X}"),
            })
            .collect::<String>()
    };
    Ok(match made {
        Ok(name) => see_other(&format!("/setup?made={}", escape(&name))),
        Err(error) => {
            tracing::warn!(%error, "an App could not be taken over");
            let why = match error {
                travis_engine::EngineError::Unauthorized => "state".to_owned(),
                other => escape(&other.to_string()),
            };
            see_other(&format!("/setup?error={why}"))
        }
    })
}

/// Sets a forge up as a plain OAuth application.
#[utoipa::path(post, path = "/v3/setup/forge", request_body = v3::NewForge,
    responses((status = 201, body = v3::Forge), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn add(
    State(app): State<App>,
    caller: Caller,
    JsonBody(new): JsonBody<v3::NewForge>,
) -> Result<(StatusCode, Json<v3::Forge>), ApiError> {
    let forged = app
        .engine
        .add_forge(
            &caller.0,
            OAuthClient {
                kind: new.kind,
                name: new.name,
                web_url: new.web_url,
                client_id: new.client_id,
                client_secret: Secret::new(new.client_secret),
            },
        )
        .await?;
    let public_url = &app.engine.policy().public_url;
    let forge = represent::forge(&forged, public_url, true);
    Ok((StatusCode::CREATED, Json(forge)))
}

/// Removes a forge that has no repositories.
#[utoipa::path(delete, path = "/v3/setup/forge/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    app.engine.remove_forge(&caller.0, ForgeId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
