use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent::Represent,
    wire::{Paging, pagination},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::{NewRepository, Viewer};
use travis_model::Repository;
use travis_store::RepositoryFilter;

async fn one(
    app: &App,
    viewer: &Viewer,
    row: Repository,
) -> Result<Json<v3::Repository>, ApiError> {
    let mut represent = Represent::new(&app.engine, viewer).await?;
    let mut all = represent.repositories(vec![row]).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("repository"))
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    #[serde(flatten)]
    filter: Filter,
    limit: Option<String>,
    offset: Option<String>,
}

#[derive(Deserialize)]
struct Filter {
    search: Option<String>,
    #[serde(rename = "repository.active", alias = "active")]
    active: Option<String>,
    starred_by_me: Option<String>,
    mine: Option<String>,
    owner: Option<String>,
}

/// Reads a switch of a query.
fn switch(name: &str, text: Option<&str>) -> Result<Option<bool>, ApiError> {
    match text {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(ApiError::wrong_params(format!("{name}: use true or false"))),
    }
}

/// Reads numbers of a query whose other fields are flattened, which serde hands over as text.
pub(crate) fn paging(
    limit: Option<&str>,
    offset: Option<&str>,
) -> Result<travis_store::Page, ApiError> {
    let number = |name: &str, text: Option<&str>| {
        text.map(|text| {
            text.parse::<u64>()
                .map_err(|_| ApiError::wrong_params(format!("{name}: use a whole number")))
        })
        .transpose()
    };
    Paging::of(number("limit", limit)?, number("offset", offset)?).page()
}

/// Repositories: those that build first, then by their last build.
#[utoipa::path(get, path = "/v3/repos",
    params(("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query),
        ("search" = Option<String>, Query, description = "part of the slug"),
        ("repository.active" = Option<bool>, Query),
        ("starred_by_me" = Option<bool>, Query, description = "only those that the reader starred"),
        ("mine" = Option<bool>, Query, description = "only those that the reader has a right to"),
        ("owner" = Option<String>, Query, description = "only of this owner")),
    responses((status = 200, body = v3::Repositories), (status = 400, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<v3::Repositories>, ApiError> {
    let page = paging(query.limit.as_deref(), query.offset.as_deref())?;
    let asked = query.filter;
    let active = switch("repository.active", asked.active.as_deref())?;
    let starred = switch("starred_by_me", asked.starred_by_me.as_deref())? == Some(true);
    let mine = switch("mine", asked.mine.as_deref())? == Some(true);
    let me = if starred || mine {
        Some(caller.0.signed_in()?.id)
    } else {
        None
    };
    let filter = RepositoryFilter {
        seen_by: caller.0.seen_by(),
        search: asked.search.filter(|text| !text.is_empty()),
        active,
        starred_by: me.filter(|_| starred),
        member: me.filter(|_| mine),
        owner: asked.owner.filter(|text| !text.is_empty()),
    };
    Ok(Json(page_of(&app, &caller.0, page, &filter).await?))
}

/// A page of repositories; also put into the web page, so that it shows them at once.
pub(crate) async fn page_of(
    app: &App,
    viewer: &Viewer,
    page: travis_store::Page,
    filter: &RepositoryFilter,
) -> Result<v3::Repositories, ApiError> {
    let mut represent = Represent::new(&app.engine, viewer).await?;
    let found = represent.reader.repositories(filter, page).await?;
    Ok(v3::Repositories {
        head: v3::Head::standard("repositories", "/v3/repos".to_owned()),
        pagination: pagination("/v3/repos", page, found.count),
        repositories: represent.repositories(found.items).await?,
    })
}

/// Adds a git repository and switches it on.
#[utoipa::path(post, path = "/v3/repos", request_body = v3::NewRepository,
    responses((status = 201, body = v3::Repository), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    JsonBody(new): JsonBody<v3::NewRepository>,
) -> Result<(StatusCode, Json<v3::Repository>), ApiError> {
    let row = app
        .engine
        .add_repository(
            &caller.0,
            NewRepository {
                slug: new.slug.parse().map_err(travis_engine::EngineError::from)?,
                clone_url: new.clone_url,
                description: new.description.filter(|text| !text.trim().is_empty()),
                private: new.private,
                poll_seconds: new.poll_seconds,
            },
        )
        .await?;
    Ok((StatusCode::CREATED, one(&app, &caller.0, row).await?))
}

/// A repository.
#[utoipa::path(get, path = "/v3/repo/{repository}", params(("repository" = String, Path, description = "id, or slug with %2F")),
    responses((status = 200, body = v3::Repository), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::Repository>, ApiError> {
    let row = app.engine.repository(&caller.0, &key).await?;
    one(&app, &caller.0, row).await
}

/// Removes a repository with its builds and logs.
#[utoipa::path(delete, path = "/v3/repo/{repository}", params(("repository" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.engine.remove_repository(&caller.0, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switches a repository on: its hook is made on its forge, or the App's is used.
#[utoipa::path(post, path = "/v3/repo/{repository}/activate", params(("repository" = String, Path)),
    responses((status = 200, body = v3::Repository), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn activate(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::Repository>, ApiError> {
    let row = app.engine.activate(&caller.0, &key).await?;
    one(&app, &caller.0, row).await
}

/// Switches a repository off: its pings make no builds.
#[utoipa::path(post, path = "/v3/repo/{repository}/deactivate", params(("repository" = String, Path)),
    responses((status = 200, body = v3::Repository), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn deactivate(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::Repository>, ApiError> {
    let row = app.engine.deactivate(&caller.0, &key).await?;
    one(&app, &caller.0, row).await
}

/// Stars a repository.
#[utoipa::path(post, path = "/v3/repo/{repository}/star", params(("repository" = String, Path)),
    responses((status = 200, body = v3::Repository), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn star(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::Repository>, ApiError> {
    let row = app.engine.star(&caller.0, &key, true).await?;
    one(&app, &caller.0, row).await
}

/// Takes the star away.
#[utoipa::path(post, path = "/v3/repo/{repository}/unstar", params(("repository" = String, Path)),
    responses((status = 200, body = v3::Repository), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn unstar(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::Repository>, ApiError> {
    let row = app.engine.star(&caller.0, &key, false).await?;
    one(&app, &caller.0, row).await
}

/// The address that any git host's hook can call, with the secret that signs it.
#[utoipa::path(get, path = "/v3/repo/{repository}/ping", params(("repository" = String, Path)),
    responses((status = 200, body = v3::PingAddress), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn ping_address(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::PingAddress>, ApiError> {
    let (row, secret) = app.engine.ping_secret(&caller.0, &key).await?;
    let url = format!("{}/ping/{}", app.engine.policy().public_url, row.id);
    let example = format!(
        "body='{{\"branch\":\"{}\"}}'; curl -fsS -d \"$body\" -H 'Content-Type: application/json' \
         -H \"X-Hub-Signature-256: sha256=$(printf %s \"$body\" | openssl dgst -sha256 -hmac \"$SECRET\" -r | cut -d' ' -f1)\" {url}",
        if row.default_branch.is_empty() {
            "main"
        } else {
            &row.default_branch
        }
    );
    Ok(Json(v3::PingAddress {
        kind: "ping".to_owned(),
        url,
        secret: secret.reveal().to_owned(),
        example,
    }))
}

/// Branches, by their last build.
#[utoipa::path(get, path = "/v3/repo/{repository}/branches",
    params(("repository" = String, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::Branches), (status = 404, body = ErrorBody)))]
pub(crate) async fn branches(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::Branches>, ApiError> {
    let row = app.engine.repository(&caller.0, &key).await?;
    let page = paging.page()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let found = represent.reader.branches(row.id, page).await?;
    let href = format!("/v3/repo/{}/branches", row.id);
    Ok(Json(v3::Branches {
        head: v3::Head::standard("branches", href.clone()),
        pagination: pagination(&href, page, found.count),
        branches: represent.branches(&row, found.items).await?,
    }))
}

/// A branch with its last build.
#[utoipa::path(get, path = "/v3/repo/{repository}/branch/{branch}",
    params(("repository" = String, Path), ("branch" = String, Path, description = "slashes as %2F")),
    responses((status = 200, body = v3::Branch), (status = 404, body = ErrorBody)))]
pub(crate) async fn branch(
    State(app): State<App>,
    caller: Caller,
    Path((key, name)): Path<(String, String)>,
) -> Result<Json<v3::Branch>, ApiError> {
    let row = app.engine.repository(&caller.0, &key).await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let branch = represent
        .reader
        .branch(row.id, &name)
        .await?
        .ok_or_else(|| ApiError::not_found("branch"))?;
    let mut all = represent.branches(&row, vec![branch]).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("branch"))
}
