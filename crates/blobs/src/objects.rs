//! The adapter over `object_store`: a local directory or memory; what speaks S3 needs one more
//! constructor.

use crate::{Blob, BlobError, Blobs, Listed, Stored, Upload};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Key;
use object_store::{Error, GetResultPayload, ObjectStore, ObjectStoreExt as _, WriteMultipart};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use tokio_util::io::ReaderStream;
use travis_model::Timestamp;

/// Bytes of one part of an upload; what speaks S3 wants at least 5 MiB.
const PART: usize = 5 << 20;
/// Parts on their way at once.
const PARTS: usize = 2;
/// Bytes of one piece that is read.
const PIECE: usize = 128 << 10;

/// Objects behind `object_store`.
#[derive(Debug, Clone)]
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
    /// Where unfinished uploads lie as files.
    directory: Option<PathBuf>,
}

impl ObjectBlobs {
    /// Objects as files below a directory, which is made if it is not there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn local(directory: &Path) -> Result<Self, BlobError> {
        let failed = |error: &dyn std::fmt::Display| {
            BlobError::Storage(format!("{}: {error}", directory.display()))
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| failed(&error))?;
        let store = LocalFileSystem::new_with_prefix(directory)
            .map_err(|error| failed(&error))?
            .with_automatic_cleanup(true);
        Ok(Self {
            store: Arc::new(store),
            directory: Some(directory.to_owned()),
        })
    }

    /// Objects in memory, for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            directory: None,
        }
    }
}

/// Keys are ours alone; nothing from outside becomes a part of a path.
fn key(text: &str) -> Result<Key, BlobError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
    if !text.split('/').all(part) {
        return Err(BlobError::Key(text.to_owned()));
    }
    Key::parse(text).map_err(|_| BlobError::Key(text.to_owned()))
}

fn fault(error: Error) -> BlobError {
    match error {
        Error::NotFound { path, .. } => BlobError::NotFound(path),
        other => BlobError::Storage(other.to_string()),
    }
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn begin(&self, text: &str) -> Result<Box<dyn Upload>, BlobError> {
        let upload = self.store.put_multipart(&key(text)?).await.map_err(fault)?;
        Ok(Box::new(Parts(WriteMultipart::new_with_chunk_size(
            upload, PART,
        ))))
    }

    async fn read(&self, text: &str) -> Result<Blob, BlobError> {
        let found = self.store.get(&key(text)?).await.map_err(fault)?;
        let size = found.meta.size;
        let pieces = match found.payload {
            // By itself it would read a file in very small pieces.
            GetResultPayload::File(file, _) => {
                let file = tokio::fs::File::from_std(file);
                ReaderStream::with_capacity(file, PIECE)
                    .map_err(|error| BlobError::Storage(error.to_string()))
                    .boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(fault).boxed(),
        };
        Ok(Blob { size, pieces })
    }

    async fn read_range(&self, text: &str, from: u64, length: u64) -> Result<Blob, BlobError> {
        let place = key(text)?;
        let whole = self.store.head(&place).await.map_err(fault)?.size;
        if from >= whole {
            return Err(BlobError::NotFound(format!("{text} from byte {from}")));
        }
        let to = from.saturating_add(length).min(whole);
        let store = Arc::clone(&self.store);
        // A piece at a time: what a file gives for a range comes whole.
        let pieces = futures_util::stream::try_unfold(from, move |at| {
            let (store, place) = (Arc::clone(&store), place.clone());
            async move {
                if at >= to {
                    return Ok(None);
                }
                let end = (at + PIECE as u64).min(to);
                let bytes = store.get_range(&place, at..end).await.map_err(fault)?;
                Ok(Some((bytes, end)))
            }
        });
        Ok(Blob {
            size: to - from,
            pieces: pieces.boxed(),
        })
    }

    async fn remove(&self, text: &str) -> Result<(), BlobError> {
        match self.store.delete(&key(text)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(fault(error)),
        }
    }

    fn older_than(&self, before: Timestamp) -> Listed {
        let all = self.store.list(None).filter_map(move |meta| {
            let found = match meta {
                Ok(meta) => {
                    let at = Timestamp(meta.last_modified.timestamp_millis());
                    let key = meta.location.to_string();
                    (at < before).then_some(Ok(Stored { key, at }))
                }
                // Removed while the list was read.
                Err(Error::NotFound { .. }) => None,
                Err(error) => Some(Err(fault(error))),
            };
            std::future::ready(found)
        });
        all.boxed()
    }

    async fn sweep(&self, before: Timestamp) -> Result<u64, BlobError> {
        // Services forget unfinished uploads by a rule of their own.
        let Some(directory) = self.directory.clone() else {
            return Ok(0);
        };
        tokio::task::spawn_blocking(move || sweep(&directory, before))
            .await
            .map_err(|error| BlobError::Storage(error.to_string()))?
            .map_err(|error| BlobError::Storage(error.to_string()))
    }
}

/// Removes unfinished uploads: files named `<key>#<number>`, which lists leave out.
fn sweep(directory: &Path, before: Timestamp) -> std::io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            removed += sweep(&entry.path(), before)?;
        } else if kind.is_file() && entry.file_name().to_string_lossy().contains('#') {
            let touched = entry.metadata()?.modified()?.duration_since(UNIX_EPOCH);
            let millis = touched.map_or(0, |since| since.as_millis());
            if i64::try_from(millis).is_ok_and(|millis| millis < before.0) {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// An upload in parts of one size.
struct Parts(WriteMultipart);

#[async_trait]
impl Upload for Parts {
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        let Self(writer) = self;
        writer.wait_for_capacity(PARTS).await.map_err(fault)?;
        writer.put(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<(), BlobError> {
        self.0.finish().await.map_err(fault)?;
        Ok(())
    }

    async fn abort(self: Box<Self>) {
        if let Err(error) = self.0.abort().await {
            tracing::debug!(%error, "an upload that was given up is left to the sweep");
        }
    }
}
