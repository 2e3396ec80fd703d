//! Jobs' results as signed statements, for whoever has to believe them elsewhere.

use crate::{
    App,
    access::Caller,
    error::ApiError,
    represent::statement::{Facts, key_id, statement},
    routes::jobs::visible,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use travis_api::{
    dsse::{Envelope, EnvelopeSignature, IN_TOTO, StatementKey, pre_auth},
    v3::ErrorBody,
};
use travis_model::AttemptState;

/// What stands before the 32 bytes of an Ed25519 key in its usual form (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The result of a finished job as an in-toto statement (SLSA provenance) in a DSSE envelope. It
/// holds what each worker signed, with signature and key; the envelope is signed by the server.
#[utoipa::path(get, path = "/v3/job/{id}/statement", params(("id" = i64, Path)),
    responses((status = 200, body = Envelope), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn of_job(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<Envelope>, ApiError> {
    let job = visible(&app, &caller.0, id).await?;
    let not_yet = |message| ApiError::new(StatusCode::CONFLICT, "no_statement", message);
    if !job.state.is_finished() {
        return Err(not_yet("the job is not over: ask again when it is"));
    }
    let mut reader = app.engine.store().reader().await?;
    let home = reader.repository(job.repository_id).await?;
    let build = reader.build(job.build_id).await?;
    let (Some(home), Some(build)) = (home, build) else {
        return Err(ApiError::not_found("job"));
    };
    let commit = reader.commits(&[build.commit_id]).await?.pop();
    let commit = commit.ok_or_else(|| ApiError::not_found("commit"))?;
    let mut attempts = reader.attempts(job.id).await?;
    attempts.retain(|row| row.run == job.run && row.state == AttemptState::Finished);
    let Some(attempt) = attempts
        .iter()
        .find(|row| Some(row.id) == job.attempt_id)
        .cloned()
    else {
        return Err(not_yet(
            "no worker brought a result of this job: there is nothing to state",
        ));
    };
    let ids: Vec<_> = attempts.iter().map(|row| row.worker_id).collect();
    let workers = reader.workers_by_id(&ids).await?;
    let owners: Vec<_> = workers.iter().map(|row| row.owner_id).collect();
    let owners = reader.users(&owners).await?;
    drop(reader);
    let results: Vec<_> = attempts
        .into_iter()
        .filter_map(|row| {
            let worker = workers.iter().find(|worker| worker.id == row.worker_id)?;
            let owner = owners.iter().find(|user| user.id == worker.owner_id);
            let owner = owner.map(|user| user.login.clone()).unwrap_or_default();
            Some((row, worker.clone(), owner))
        })
        .collect();
    let said = statement(&Facts {
        server: &app.engine.policy().public_url,
        home: &home,
        build: &build,
        commit: &commit,
        job: &job,
        attempt: &attempt,
        results: &results,
    });
    let payload = serde_json::to_vec(&said).map_err(|error| ApiError::internal(&error))?;
    let signature = app.engine.sign_statement(&pre_auth(IN_TOTO, &payload));
    Ok(Json(Envelope {
        payload_type: IN_TOTO.to_owned(),
        payload: BASE64_STANDARD.encode(&payload),
        signatures: vec![EnvelopeSignature {
            keyid: key_id(&app.engine.statement_key()),
            sig: BASE64_STANDARD.encode(signature),
        }],
    }))
}

/// The public key with which this installation signs statements.
#[utoipa::path(get, path = "/v3/statement_key", responses((status = 200, body = StatementKey)))]
pub(crate) async fn key(State(app): State<App>) -> Json<StatementKey> {
    let key = app.engine.statement_key();
    let spki = [SPKI.as_slice(), &key].concat();
    let pem = BASE64_STANDARD.encode(spki);
    Json(StatementKey {
        keyid: key_id(&key),
        algorithm: "ed25519".to_owned(),
        public_key: BASE64_STANDARD.encode(&key),
        pem: format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n"),
    })
}
