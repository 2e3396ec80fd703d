//! What can end a worker.

use std::path::PathBuf;

/// Why a worker can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// A file of the worker.
    #[error("can't {action} {path}: {source}; check the disk and the rights of the data directory")]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two workers on one data directory.
    #[error("another worker uses {0}; stop it or choose another data directory")]
    InUse(PathBuf),
    /// The key can't be read.
    #[error("{0} is not a worker's key; remove it and enrol again with a new token")]
    Key(PathBuf),
    /// It never enrolled and has no token.
    #[error(
        "this worker is not enrolled; make an enrolment token on the web page or with `travis token enrol` and start it with that"
    )]
    NotEnrolled,
    /// The server turned the token down.
    #[error("the server refused the enrolment: {0}; make a new token, each works once")]
    EnrolmentRefused(String),
    /// The server knows this worker no longer.
    #[error("the server does not let this worker in: {0}; enrol it again with a new token")]
    Denied(String),
    /// The address of the server is none.
    #[error("can't use the server address {0}: {1}; write it like https://ci.example.org")]
    Server(String, String),
    /// The certificates to trust are none.
    #[error("can't use the certificates to trust: {0}; give a file in PEM")]
    Authorities(String),
    /// Mirrors can't be kept.
    #[error("can't keep git mirrors: {0}")]
    Mirrors(#[from] travis_forge::ForgeError),
}

/// Adds what was tried to an error of the file system.
pub(crate) fn on(
    action: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(std::io::Error) -> WorkerError {
    let path = path.to_owned();
    move |source| WorkerError::File {
        action,
        path,
        source,
    }
}
