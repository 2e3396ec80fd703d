//! `travis verify`

use super::target::{self, Target, What};
use crate::cli::client::VerifyArgs;
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};
use std::pin::pin;
use travis_api::dsse::{Envelope, IN_TOTO, STATEMENT, pre_auth};
use travis_api::worker::result_statement;

#[cfg(test)]
mod tests;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// Whether it holds; nothing when there is nothing to check it by.
    pub holds: Option<bool>,
    /// What it says.
    pub text: String,
}

impl Check {
    fn new(holds: bool, text: String) -> Self {
        Self {
            holds: Some(holds),
            text,
        }
    }
}

/// Checks a job's statement: the server's signature, the log's digest, each worker's signature.
///
/// # Errors
/// When it can't be fetched.
pub async fn run(args: &VerifyArgs, session: &mut Session) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target.target)?;
    let What::Job(number) = &wanted.what else {
        return Err(Failure::usage("name a job, as in 12.2"));
    };
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let job = target::job(&client, &slug, number).await?;
    let envelope = client.statement(job.id).await?;
    let key = match &args.key {
        Some(key) => key.clone(),
        None => client.statement_key().await?.public_key,
    };
    let mut log = Context::new(&SHA256);
    let mut pieces = pin!(client.raw_log(job.id).await?);
    while let Some(piece) = pieces.next().await {
        log.update(&piece?);
    }
    let log = hex::encode(log.finish());
    let (statement, checks) = checks(&envelope, &key, &log);
    let fine = checks.iter().all(|check| check.holds != Some(false));
    if session.is_json() {
        let answer = json!({"verified": fine, "checks": checks, "statement": statement});
        session.screen.json(&answer)?;
    } else {
        for check in &checks {
            let (sign, color) = match check.holds {
                Some(true) => ("✓", Color::Green),
                Some(false) => ("✗", Color::Red),
                None => ("·", Color::Gray),
            };
            let sign = session.screen.paint.text(color, sign);
            session
                .screen
                .line(&format!("{sign} {}", plain(&check.text)))?;
        }
    }
    Ok(if fine { Status::Passed } else { Status::Failed })
}

fn signed(key: &str, text: &[u8], signature: &str) -> bool {
    let key = BASE64_STANDARD.decode(key).unwrap_or_default();
    let signature = BASE64_STANDARD.decode(signature).unwrap_or_default();
    UnparsedPublicKey::new(&ED25519, key)
        .verify(text, &signature)
        .is_ok()
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Looks at an envelope with the server's key and the digest of the log that was fetched.
pub(super) fn checks(envelope: &Envelope, key: &str, log: &str) -> (Value, Vec<Check>) {
    let payload = BASE64_STANDARD.decode(&envelope.payload);
    let payload = payload.unwrap_or_default();
    let bytes = pre_auth(&envelope.payload_type, &payload);
    let by_server = envelope
        .signatures
        .iter()
        .any(|one| signed(key, &bytes, &one.sig));
    let key_bytes = BASE64_STANDARD.decode(key).unwrap_or_default();
    let key_id = hex::encode(digest(&SHA256, &key_bytes));
    let mut all = vec![Check::new(
        by_server,
        format!("the server's signature, key {}", short(&key_id)),
    )];
    let statement: Value = serde_json::from_slice(&payload).unwrap_or_default();
    if envelope.payload_type != IN_TOTO || text(&statement, "/_type") != STATEMENT {
        let what = "the envelope holds an in-toto statement".to_owned();
        all.push(Check::new(false, what));
        return (statement, all);
    }
    let stated = text(&statement, "/subject/0/digest/sha256");
    all.push(Check::new(
        stated == log,
        format!("the log is the one stated, SHA-256 {}", short(stated)),
    ));
    let commit = text(&statement, "/subject/1/digest/gitCommit");
    let results = statement.pointer("/predicate/runDetails/travis_results");
    let results = results.and_then(Value::as_array);
    let none = Vec::new();
    for result in results.unwrap_or(&none) {
        all.push(of_worker(result, stated));
    }
    let outcome = text(&statement, "/predicate/runDetails/travis_outcome/state");
    all.push(Check {
        holds: None,
        text: format!("it states: {outcome}, of commit {}", short(commit)),
    });
    (statement, all)
}

/// A worker's own word. The one that counts is about the log that is stated.
fn of_worker(result: &Value, log: &str) -> Check {
    let number = |name: &str| result.get(name).and_then(Value::as_i64);
    let name = text(result, "/worker/name");
    let owner = text(result, "/worker/owner");
    let outcome = text(result, "/outcome");
    let who = format!("{outcome}, says {name}, lent by {owner}");
    let (said, signature) = (text(result, "/signed"), text(result, "/signature"));
    if signature.is_empty() {
        return Check {
            holds: None,
            text: format!("{who}: without a signature over the log as it is kept"),
        };
    }
    let key = text(result, "/worker/publicKey");
    // What is signed has to be what is stated beside it.
    let mut parts = said.rsplitn(3, ':');
    let digest = parts.next().unwrap_or_default();
    let length = parts.next().and_then(|length| length.parse().ok());
    let job = said.split(':').nth(2).and_then(|job| job.parse().ok());
    let code = number("exitCode").and_then(|code| i32::try_from(code).ok());
    let expected = match (number("attempt"), job, length) {
        (Some(attempt), Some(job), Some(length)) => {
            result_statement(attempt, job, outcome, code, length, digest)
        }
        _ => String::new(),
    };
    let counts = result.get("counts").and_then(Value::as_bool) == Some(true);
    let fits = said == expected && (!counts || digest == log);
    Check::new(
        fits && signed(key, said.as_bytes(), signature),
        format!(
            "{who}: its signature, key {}",
            short(text(result, "/worker/keyid"))
        ),
    )
}

/// The beginning of a long number.
fn short(hex: &str) -> &str {
    hex.get(..12).unwrap_or(hex)
}
