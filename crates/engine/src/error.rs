use thiserror::Error;
use travis_blobs::BlobError;
use travis_forge::{ForgeError, UrlError};
use travis_logs::LogError;
use travis_model::{Rejected, SlugError};
use travis_store::StoreError;

use crate::vault::VaultError;

/// Why a use case could not be carried out.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// It does not exist, or the viewer may not know that it does.
    #[error("{0} not found (or insufficient access)")]
    NotFound(&'static str),
    /// Somebody has to sign in first.
    #[error("login required: sign in, or send a token in the header Authorization")]
    LoginRequired,
    /// The viewer may see it and may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Something given is not right.
    #[error("{message}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// It does not fit the state of things.
    #[error("{message}")]
    NotNow {
        /// A stable word for programs.
        code: &'static str,
        /// What stands in the way.
        message: String,
    },
    /// A credential is missing, unknown or has ended.
    #[error("the credential is unknown or has ended")]
    Unauthorized,
    /// A forge does not answer, and what it said before is too old to go by.
    #[error("{forge} does not answer, so it can't be asked whether you may do this: {cause}")]
    ForgeAway {
        /// Its name.
        forge: String,
        /// What happened.
        cause: String,
    },
    /// A worker is older than the operator allows.
    #[error(
        "this worker is version {found}; this server gives work to {minimum} and newer alone: renew the program travis on its machine and start it again"
    )]
    WorkerTooOld {
        /// What it is.
        found: String,
        /// What it has to be.
        minimum: String,
    },
    /// The attempt is over for this worker.
    #[error("the attempt is over for this worker: stop it and send nothing more")]
    AttemptOver,
    /// The repository's builds are switched off.
    #[error("the repository is not active: switch it on first")]
    RepositoryInactive,
    /// More than may be kept.
    #[error("{0}")]
    TooLarge(String),
    /// Tests of a job.
    #[error("tests can't be read or kept: {0}")]
    Tests(String),
    /// Bytes of caches.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Git.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// Secrets.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl EngineError {
    pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            message: message.into(),
        }
    }

    pub(crate) fn rejected(rejected: Rejected, code: &'static str) -> Self {
        Self::NotNow {
            code,
            message: rejected.to_string(),
        }
    }
}

impl From<SlugError> for EngineError {
    fn from(error: SlugError) -> Self {
        Self::invalid("slug", error.to_string())
    }
}

impl From<UrlError> for EngineError {
    fn from(error: UrlError) -> Self {
        Self::invalid("clone_url", error.to_string())
    }
}
