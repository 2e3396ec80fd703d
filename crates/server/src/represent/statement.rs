//! A job's result as an in-toto statement with SLSA provenance. What a worker signed is carried with
//! its signature and its key, so that everybody can check it; the envelope around all of it is
//! signed by the server.

use crate::wire::{time, time_opt};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use travis_api::{dsse, worker::result_statement};
use travis_model::{Attempt, Build, Commit, Job, Repository, Worker};

/// What `buildType` says: the parameters of a job, as docs/security.md names them.
const BUILD_TYPE: &str = "urn:travis:job:v1";

/// Everything that a statement is made of.
pub(crate) struct Facts<'a> {
    /// Where the server is.
    pub server: &'a str,
    pub home: &'a Repository,
    pub build: &'a Build,
    pub commit: &'a Commit,
    pub job: &'a Job,
    /// The attempt that counts.
    pub attempt: &'a Attempt,
    /// All attempts of the job's run that ended with a result, with their workers and these people's
    /// names; the one that counts is one of them.
    pub results: &'a [(Attempt, Worker, String)],
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// The number of a key: SHA-256 of its bytes.
pub(crate) fn key_id(public_key: &[u8]) -> String {
    sha256(public_key)
}

/// A result in its worker's words. Where the server holds another log than the worker signed for
/// (it masks secrets once more), the signature can't be shown to be right and is left out.
fn result(facts: &Facts<'_>, attempt: &Attempt, worker: &Worker, owner: &str) -> Value {
    let outcome = attempt.outcome.map_or("", |outcome| outcome.as_str());
    let length = attempt
        .log_length
        .and_then(|length| u64::try_from(length).ok())
        .unwrap_or_default();
    let log = attempt.log_sha256.as_deref().unwrap_or_default();
    let said = result_statement(
        attempt.id.get(),
        attempt.job_id.get(),
        outcome,
        attempt.exit_code,
        length,
        log,
    );
    let signature = attempt
        .signature
        .as_deref()
        .filter(|made| travis_engine::signed_by(&worker.public_key, said.as_bytes(), made));
    json!({
        "attempt": attempt.id.get(),
        "counts": attempt.id == facts.attempt.id,
        "purpose": match attempt.purpose {
            travis_model::Purpose::Job => "job",
            travis_model::Purpose::Opinion => "verification",
        },
        "outcome": outcome,
        "exitCode": attempt.exit_code,
        "executor": attempt.executor,
        "tier": attempt.tier.map(|tier| tier.as_str()),
        "startedOn": time_opt(attempt.started_at),
        "finishedOn": time_opt(attempt.finished_at),
        "worker": {
            "uri": format!("{}/workers/{}", facts.server, worker.id),
            "name": worker.name,
            "owner": owner,
            "keyid": key_id(&worker.public_key),
            "publicKey": BASE64_STANDARD.encode(&worker.public_key),
        },
        // The worker signed this text, and nothing else of this statement.
        "signed": signature.map(|_| said),
        "signature": signature.map(|made| BASE64_STANDARD.encode(made)),
    })
}

/// The statement.
pub(crate) fn statement(facts: &Facts<'_>) -> Value {
    let Facts {
        server,
        home,
        build,
        commit,
        job,
        attempt,
        results,
    } = facts;
    let source = match commit.reference.as_deref() {
        Some(reference) => format!("git+{}@{reference}", home.clone_url),
        None => format!("git+{}", home.clone_url),
    };
    let commit_digest = json!({"gitCommit": commit.sha});
    let log = attempt.log_sha256.as_deref().unwrap_or_default();
    let log = json!({
        "name": format!("{}#{}.log", home.slug, job.number),
        "digest": {"sha256": log},
        "mediaType": "text/plain",
        "downloadLocation": format!("{server}/v3/job/{}/log.txt?attempt={}", job.id, attempt.id),
    });
    let mut inputs = vec![json!({"uri": source, "digest": commit_digest})];
    let files = build
        .raw_config
        .iter()
        .map(|text| (".travis.yml", text.as_str()));
    let imports = build.imports.iter();
    for (name, text) in
        files.chain(imports.map(|file| (file.source.as_str(), file.config.as_str())))
    {
        inputs.push(json!({"name": name, "digest": {"sha256": sha256(text.as_bytes())}}));
    }
    let config = serde_json::to_vec(&job.config).unwrap_or_default();
    let by = results.iter().find(|(one, ..)| one.id == attempt.id);
    let builder = by.map_or_else(
        || json!({"id": server}),
        |(_, worker, _)| {
            let version = worker.facts.get("version").and_then(Value::as_str);
            json!({
                "id": format!("{server}/workers/{}", worker.id),
                "version": {"travis": version.unwrap_or_default()},
            })
        },
    );
    let said: Vec<Value> = results
        .iter()
        .map(|(attempt, worker, owner)| result(facts, attempt, worker, owner))
        .collect();
    json!({
        "_type": dsse::STATEMENT,
        "subject": [
            {"name": log["name"], "digest": log["digest"]},
            {"name": source, "digest": commit_digest},
        ],
        "predicateType": dsse::PROVENANCE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "repository": home.slug.to_string(),
                    "source": source,
                    "event": build.event_type,
                    "branch": build.branch,
                    "tag": build.tag,
                    "pullRequest": build.pull_request.as_ref().map(|pull| pull.number),
                    "job": job.number,
                    "os": job.os,
                    "arch": job.arch,
                    "configuration": {"sha256": sha256(&config)},
                },
                "internalParameters": {"executor": attempt.executor},
                "resolvedDependencies": inputs,
            },
            "runDetails": {
                "builder": builder,
                "metadata": {
                    "invocationId": format!("{server}/v3/job/{}#{}", job.id, attempt.id),
                    "startedOn": time_opt(attempt.started_at),
                    "finishedOn": time(attempt.finished_at.unwrap_or(job.updated_at)),
                },
                "byproducts": [log],
                "travis_outcome": {
                    "state": job.state.as_str(),
                    "allowFailure": job.allow_failure,
                    "provisional": job.provisional,
                    "verification": job.verification.as_str(),
                },
                "travis_results": said,
            },
        },
    })
}
