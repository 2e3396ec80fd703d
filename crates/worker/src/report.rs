//! The end of an attempt: say how it ended until the server sealed the log.

use travis_api::worker::{FinishRequest, result_statement};

use crate::backoff::Backoff;
use crate::client::CallError;
use crate::identity::Identity;
use crate::uplink::Uplink;
use crate::verdict::Verdict;

/// What is said.
pub(crate) struct Report<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) uplink: &'a Uplink,
    pub(crate) job: i64,
    pub(crate) verdict: &'a Verdict,
    pub(crate) length: u64,
    pub(crate) digest: &'a str,
}

impl Report<'_> {
    /// Says it, and sends what the server misses, until it is sealed. `false` when the attempt is
    /// over for this worker.
    pub(crate) async fn seal(&self) -> bool {
        let uplink = self.uplink;
        let request = self.request();
        let mut backoff = Backoff::brisk();
        let mut last_held = None;
        loop {
            match uplink
                .client
                .finish(uplink.attempt, &uplink.token, &request)
                .await
            {
                Ok(answer) if answer.sealed => return true,
                Ok(answer) => {
                    // Once at once; when that brought nothing, with pauses.
                    if last_held == Some(answer.held) {
                        backoff.pause().await;
                    }
                    last_held = Some(answer.held);
                    // All of it is there and still not sealed: its content differs somewhere.
                    let from = if answer.held >= self.length {
                        0
                    } else {
                        answer.held
                    };
                    if let Err(over) = uplink.resend(from, self.length).await {
                        tracing::warn!(attempt = uplink.attempt, reason = %over.0, "attempt is over before its log was sealed");
                        return false;
                    }
                }
                Err(CallError::Again(reason)) => {
                    tracing::debug!(attempt = uplink.attempt, %reason, "end not taken yet");
                    backoff.pause().await;
                }
                Err(error) => {
                    tracing::warn!(attempt = uplink.attempt, %error, "the server refused the end of an attempt");
                    return false;
                }
            }
        }
    }

    fn request(&self) -> FinishRequest {
        let Verdict {
            outcome,
            exit_code,
            reason,
            ..
        } = self.verdict;
        let statement = result_statement(
            self.uplink.attempt,
            self.job,
            outcome,
            *exit_code,
            self.length,
            self.digest,
        );
        FinishRequest {
            outcome: (*outcome).to_owned(),
            exit_code: *exit_code,
            reason: reason.clone(),
            log_length: self.length,
            log_sha256: self.digest.to_owned(),
            signature: self.identity.sign(&statement),
        }
    }
}
