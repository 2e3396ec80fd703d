//! The port.

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use thiserror::Error;
use travis_model::Timestamp;

/// What can go wrong with objects.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlobError {
    /// There is no such object.
    #[error("object {0} not found")]
    NotFound(String),
    /// A key that is none.
    #[error("{0:?} is no key of an object: use letters, digits, '-' and '_', in parts cut by '/'")]
    Key(String),
    /// The disk or the service.
    #[error("the object storage failed: {0}; check its disk, rights and address")]
    Storage(String),
}

/// The pieces of an object, in order.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, BlobError>> + Send>>;

/// Objects that are there.
pub type Listed = Pin<Box<dyn Stream<Item = Result<Stored, BlobError>> + Send>>;

/// An object being read.
pub struct Blob {
    /// Its bytes in all.
    pub size: u64,
    /// Its bytes.
    pub pieces: Pieces,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// When it was finished.
    pub at: Timestamp,
}

/// Objects by key.
///
/// Keys are made of parts cut by `/`; a part has letters, digits, `-` and `_`. Calls may be dropped
/// at any point; whatever that leaves is invisible and goes with the next [`Blobs::sweep`].
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Begins an object. Nothing is to be seen of it before it is finished.
    ///
    /// # Errors
    /// [`BlobError::Key`], or when the storage fails.
    async fn begin(&self, key: &str) -> Result<Box<dyn Upload>, BlobError>;

    /// Opens an object. One that is removed meanwhile can be read to its end, or the reading fails;
    /// it never gives other bytes.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is none.
    async fn read(&self, key: &str) -> Result<Blob, BlobError>;

    /// Opens a part of an object: so many bytes from an offset on, as far as there are.
    ///
    /// # Errors
    /// [`BlobError::NotFound`] when there is no such object, or nothing at that offset.
    async fn read_range(&self, key: &str, from: u64, length: u64) -> Result<Blob, BlobError>;

    /// Removes an object. Idempotent: one that is not there is no error.
    ///
    /// # Errors
    /// When the storage fails.
    async fn remove(&self, key: &str) -> Result<(), BlobError>;

    /// Objects that were finished before a time, in no order. Read little by little: there may be
    /// many. What is finished or removed meanwhile may be left out.
    fn older_than(&self, before: Timestamp) -> Listed;

    /// Removes what uploads left that were begun before a time and never finished. Answers how
    /// many there were.
    ///
    /// # Errors
    /// When the storage fails.
    async fn sweep(&self, before: Timestamp) -> Result<u64, BlobError>;
}

/// An object on its way. Dropping it leaves nothing to be seen.
#[async_trait]
pub trait Upload: Send {
    /// Adds bytes. Returns when there is room for more, so memory stays bounded.
    ///
    /// # Errors
    /// When the storage fails; the upload is lost then.
    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError>;

    /// Makes it an object, at once and whole.
    ///
    /// # Errors
    /// When the storage fails; there is no object then.
    async fn finish(self: Box<Self>) -> Result<(), BlobError>;

    /// Throws it away.
    async fn abort(self: Box<Self>);
}
