//! Files come in: a worker says which there are, and sends those that are wanted. Whatever is
//! declared and never comes stays visible as missing.

use super::{ARTIFACT, REPORT};
use crate::{AttemptAccess, Engine, EngineError, Vault};
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use travis_blobs::{Blob, BlobError, Upload};
use travis_model::ArtifactId;
use travis_store::{Artifact, NewArtifact, Reader};

/// The longest path, in bytes.
const PATH: usize = 1024;

/// A file that a worker has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// [`REPORT`] or [`ARTIFACT`].
    pub kind: String,
    /// Its path in the job's directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// A file that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Under which number.
    pub id: ArtifactId,
    /// What it is.
    pub kind: String,
    /// Its path, as it was declared.
    pub path: String,
}

/// Bytes of a file on their way in.
pub struct ResultUpload {
    upload: Box<dyn Upload>,
    digest: Context,
    written: u64,
    file: Artifact,
    object_key: String,
}

impl ResultUpload {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for more than was declared, or when the storage fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), EngineError> {
        self.written = self.written.saturating_add(bytes.len() as u64);
        if self.written > self.file.file.size {
            return Err(wrong_length(self.file.file.size));
        }
        self.digest.update(&bytes);
        Ok(self.upload.write(bytes).await?)
    }
}

fn wrong_length(length: u64) -> EngineError {
    EngineError::invalid(
        "length",
        format!("the body does not have the {length} bytes that were declared: send it again"),
    )
}

/// Whether a path leads nowhere but down and can be shown.
fn is_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= PATH
        && !path.starts_with('/')
        && !path.chars().any(char::is_control)
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

impl Engine {
    /// A worker says which files its attempt left. Answers those whose bytes are wanted; what is
    /// over the limits is left out. Idempotent.
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] as soon as it has ended, [`EngineError::Invalid`] for paths that
    /// are none.
    pub async fn declare_results(
        &self,
        access: AttemptAccess,
        files: &[Declared],
    ) -> Result<Vec<Wanted>, EngineError> {
        if access.known().is_some() {
            return Ok(Vec::new());
        }
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        for file in files {
            let whole = matches!(file.kind.as_str(), REPORT | ARTIFACT)
                && is_path(&file.path)
                && file.sha256.len() == 64
                && file.sha256.bytes().all(hex);
            if !whole {
                return Err(EngineError::invalid(
                    "files",
                    "each file needs the kind report or artifact, a path below the job's directory \
                     without `..`, and its SHA-256 in 64 small hexadecimal digits",
                ));
            }
        }
        let policy = self.policy.results;
        let mut tx = self.store.begin().await?;
        let (attempt, repository) = live_attempt(&mut *tx, access).await?;
        let known = tx.artifacts(attempt).await?;
        let mut count = known.len() as u64;
        let mut bytes: u64 = known.iter().map(|row| row.file.size).sum();
        for file in files {
            let is = |row: &Artifact| row.file.kind == file.kind && row.file.path == file.path;
            let most = if file.kind == REPORT {
                policy.report_bytes
            } else {
                policy.file_bytes
            };
            let fits = count < policy.files
                && file.size <= most
                && bytes.saturating_add(file.size) <= policy.bytes;
            if known.iter().any(is) || !fits {
                continue;
            }
            count += 1;
            bytes += file.size;
            tx.put_artifact(&NewArtifact {
                attempt_id: attempt,
                repository_id: repository,
                kind: file.kind.clone(),
                path: file.path.clone(),
                size: file.size,
                sha256: file.sha256.clone(),
                at: self.now(),
            })
            .await?;
        }
        let rows = tx.artifacts(attempt).await?;
        tx.commit().await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.object_key.is_none())
            .map(|row| Wanted {
                id: row.id,
                kind: row.file.kind,
                path: row.file.path,
            })
            .collect())
    }

    /// Begins to take a declared file's bytes; `None` when they are here already.
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] as soon as it has ended, [`EngineError::NotFound`] for a file
    /// that was not declared.
    pub async fn begin_result(
        &self,
        access: AttemptAccess,
        id: ArtifactId,
    ) -> Result<Option<ResultUpload>, EngineError> {
        let mut reader = self.store.reader().await?;
        let (attempt, repository) = live_attempt(&mut *reader, access).await?;
        let file = reader.artifact(id).await?;
        drop(reader);
        let file = file
            .filter(|file| file.file.attempt_id == attempt)
            .ok_or(EngineError::NotFound("artifact"))?;
        if file.object_key.is_some() {
            return Ok(None);
        }
        let name = Vault::new_token("a")?;
        let object_key = format!("results/{repository}/{}", name.reveal());
        Ok(Some(ResultUpload {
            upload: self.blobs.begin(&object_key).await?,
            digest: Context::new(&SHA256),
            written: 0,
            file,
            object_key,
        }))
    }

    /// Makes the bytes the file's, when they are what was declared.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for other bytes, else as for [`Engine::begin_result`].
    pub async fn finish_result(
        &self,
        access: AttemptAccess,
        upload: ResultUpload,
    ) -> Result<(), EngineError> {
        let ResultUpload {
            upload,
            digest,
            written,
            file,
            object_key,
        } = upload;
        if written != file.file.size {
            upload.abort().await;
            return Err(wrong_length(file.file.size));
        }
        if hex::encode(digest.finish()) != file.file.sha256 {
            upload.abort().await;
            return Err(EngineError::invalid(
                "sha256",
                "the body is not the one whose SHA-256 was declared: send it again",
            ));
        }
        // The object comes before the row: killed in between, it has no row and is swept.
        upload.finish().await?;
        let noted = async {
            let mut tx = self.store.begin().await?;
            // Looked at again: the attempt may have been lost while the bytes came.
            live_attempt(&mut *tx, access).await?;
            let stored = tx.store_artifact(file.id, &object_key).await?;
            tx.commit().await?;
            Ok::<bool, EngineError>(stored)
        };
        let noted = noted.await;
        if !matches!(noted, Ok(true)) {
            self.remove_objects(std::slice::from_ref(&object_key)).await;
        }
        noted.map(drop)
    }

    /// A file's bytes: all, or so many from an offset on.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when they never came.
    pub async fn artifact_bytes(
        &self,
        file: &Artifact,
        range: Option<(u64, u64)>,
    ) -> Result<Blob, EngineError> {
        let missing = EngineError::NotFound("artifact");
        let Some(key) = &file.object_key else {
            return Err(missing);
        };
        let read = match range {
            Some((from, length)) => self.blobs.read_range(key, from, length).await,
            None => self.blobs.read(key).await,
        };
        match read {
            Ok(blob) => Ok(blob),
            Err(BlobError::NotFound(_)) => Err(missing),
            Err(error) => Err(error.into()),
        }
    }
}

/// The live attempt and its repository.
async fn live_attempt(
    reader: &mut dyn Reader,
    access: AttemptAccess,
) -> Result<(travis_model::AttemptId, travis_model::RepositoryId), EngineError> {
    let attempt = reader.attempt(access.id()).await?;
    let attempt = attempt
        .filter(|attempt| attempt.state.is_live())
        .ok_or(EngineError::AttemptOver)?;
    let job = reader.job(attempt.job_id).await?;
    let job = job.ok_or(EngineError::AttemptOver)?;
    Ok((attempt.id, job.repository_id))
}

#[cfg(test)]
mod tests {
    use super::is_path;

    #[test]
    fn paths_lead_down() {
        for good in ["a", "out/report.xml", "a b/é.txt", "..a/b..", "-x"] {
            assert!(is_path(good), "{good}");
        }
        let long = "x".repeat(2000);
        for bad in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/.",
            "a\nb",
            "a\0",
            long.as_str(),
        ] {
            assert!(!is_path(bad), "{bad:?}");
        }
    }
}
