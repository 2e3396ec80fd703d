//! What can go wrong between here and a repository.

use std::time::Duration;

use crate::url::UrlError;

/// Why a repository gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeError {
    /// The repository, the ref, the commit or the file's folder is not there.
    #[error("{what} was not found; check its name, and that it was not deleted or overwritten")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The host does not answer, or may not be talked to.
    #[error("repository host cannot be reached: {detail}; check the address and the network")]
    Unreachable {
        /// What happened.
        detail: String,
    },
    /// The repository is not open to us.
    #[error(
        "repository asks for credentials; make it public, or give the server's user an SSH key \
         that may read it and use the ssh address"
    )]
    AuthRequired,
    /// It took too long.
    #[error("the host took longer than {} s; try again, or check the network to it", .after.as_secs_f32())]
    Timeout {
        /// The time allowed.
        after: Duration,
    },
    /// The file is longer than allowed.
    #[error("{path} is larger than {limit} bytes; make it smaller")]
    TooLarge {
        /// The file's path.
        path: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The address is not one that may be used.
    #[error(transparent)]
    BadUrl(#[from] UrlError),
    /// The name of a ref, commit or file is not one that git takes.
    #[error("{what} is not a valid name: {name:?}; check its spelling")]
    BadName {
        /// What kind of name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Git failed for another reason.
    #[error("git failed: {stderr}; check that the repository can be cloned by hand")]
    Git {
        /// The end of what git said.
        stderr: String,
    },
    /// The forge wants fewer calls.
    #[error("the forge takes no more calls for {retry_after_s} s; what waits is sent then")]
    RateLimited {
        /// Seconds until calls may be made again.
        retry_after_s: u64,
    },
    /// The token is not good any more, or was never.
    #[error("the forge refuses the access that was given; sign in with it again")]
    Denied,
    /// The token is good, and does not allow this.
    #[error("the forge does not allow this: {detail}; ask an owner of the repository there")]
    Forbidden {
        /// What the forge said.
        detail: String,
    },
    /// The forge understood the call and did not take it.
    #[error("the forge refused the call: {detail}")]
    Refused {
        /// What the forge said.
        detail: String,
    },
    /// The forge has trouble of its own, or said something that can't be understood.
    #[error("the forge answered wrongly: {detail}; it is asked again in a while")]
    Upstream {
        /// What it said.
        detail: String,
    },
    /// The operator has not set this up, or the forge has no such thing.
    #[error("{what} is not set up for this forge; see the operator's set-up page")]
    NotSetUp {
        /// What is missing.
        what: &'static str,
    },
    /// Git could not be started, or the disk refused.
    #[error("git could not be run: {0}; check that git is installed and the data folder writable")]
    Io(#[from] std::io::Error),
}

impl ForgeError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::RateLimited { .. }
                | Self::Upstream { .. }
        )
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// What git's own words mean.
    pub(crate) fn from_stderr(stderr: &[u8]) -> Self {
        let text = String::from_utf8_lossy(stderr);
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let start = lower.char_indices().rev().nth(499).map_or(0, |(at, _)| at);
        let tail: String = text
            .get(start..)
            .unwrap_or(&text)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let tail = tail.trim().to_owned();
        if has(&[
            "could not read username",
            "could not read password",
            "authentication failed",
            "permission denied",
            "terminal prompts disabled",
            "returned error: 401",
            "returned error: 403",
        ]) {
            Self::AuthRequired
        } else if has(&[
            "couldn't find remote ref",
            "not our ref",
            "unadvertised object",
        ]) {
            Self::not_found("the branch, tag or commit")
        } else if has(&[
            "does not appear to be a git repository",
            "not a git repository",
            "repository not found",
            "does not exist",
            "no such file or directory",
            "/info/refs' not found",
            "' not found",
            "cannot change to",
        ]) {
            Self::not_found("the repository")
        } else if has(&[
            "could not resolve host",
            "failed to connect",
            "connection refused",
            "connection timed out",
            "network is unreachable",
            "no route to host",
            "unable to access",
            "unable to connect",
            "host key verification failed",
        ]) {
            Self::Unreachable { detail: tail }
        } else {
            Self::Git { stderr: tail }
        }
    }
}
