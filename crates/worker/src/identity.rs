//! Who this worker is: an Ed25519 key that never leaves its directory, and the number that the
//! server gave it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::WorkerError;
use crate::error::on;

/// The worker's key.
pub(crate) struct Identity {
    key: Ed25519KeyPair,
    directory: PathBuf,
}

/// What the server said at the enrolment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) worker_id: i64,
    pub(crate) name: String,
    /// With whom; the next start needs no address.
    #[serde(default)]
    pub(crate) server: Option<String>,
}

/// The server with which the worker of this data directory enrolled.
#[must_use]
pub fn enrolled_with(directory: &Path) -> Option<String> {
    let known: Enrolment = read_private(&directory.join("worker.json"))?;
    known.server
}

/// Whether the worker of this data directory has enrolled, so that it needs no token.
#[must_use]
pub fn is_enrolled(directory: &Path) -> bool {
    directory.join("worker.json").exists()
}

impl Identity {
    /// Reads the key, or makes it on the first start.
    pub(crate) fn open(directory: &Path) -> Result<Self, WorkerError> {
        let path = directory.join("worker.key");
        let key = match fs::read(&path) {
            Ok(bytes) => {
                Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| WorkerError::Key(path.clone()))?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Ed25519KeyPair::generate().map_err(|_| WorkerError::Key(path.clone()))?;
                let bytes = key.to_pkcs8().map_err(|_| WorkerError::Key(path.clone()))?;
                write_bytes(&path, bytes.as_ref())?;
                key
            }
            Err(error) => return Err(on("read", &path)(error)),
        };
        Ok(Self {
            key,
            directory: directory.to_owned(),
        })
    }

    pub(crate) fn public_key(&self) -> String {
        STANDARD.encode(self.key.public_key().as_ref())
    }

    pub(crate) fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.key.sign(text.as_bytes()).as_ref())
    }

    pub(crate) fn enrolment(&self) -> Option<Enrolment> {
        read_private(&self.directory.join("worker.json"))
    }

    pub(crate) fn keep(&self, enrolment: &Enrolment) -> Result<(), WorkerError> {
        write_private(&self.directory.join("worker.json"), enrolment)
    }
}

/// Reads what [`write_private`] wrote; `None` when there is nothing of use.
pub(crate) fn read_private<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_private(path: &Path, value: &impl Serialize) -> Result<(), WorkerError> {
    let bytes =
        serde_json::to_vec_pretty(value).map_err(|error| on("write", path)(error.into()))?;
    write_bytes(path, &bytes)
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), WorkerError> {
    let new = path.with_extension("new");
    // A left-over may have other rights than a new file gets.
    let _ = fs::remove_file(&new);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&new, path))
        .map_err(on("write", path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn the_key_stays_the_same_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let first = Identity::open(directory.path()).unwrap();
        let again = Identity::open(directory.path()).unwrap();
        assert_eq!(first.public_key(), again.public_key());
        let mode = fs::metadata(directory.path().join("worker.key")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        let public = STANDARD.decode(first.public_key()).unwrap();
        let signature = STANDARD.decode(again.sign("text")).unwrap();
        UnparsedPublicKey::new(&ED25519, public)
            .verify(b"text", &signature)
            .unwrap();
        assert!(first.enrolment().is_none());
        fs::write(directory.path().join("worker.key"), "x").unwrap();
        assert!(matches!(
            Identity::open(directory.path()),
            Err(WorkerError::Key(_))
        ));
    }
}
