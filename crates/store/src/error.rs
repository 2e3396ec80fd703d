use thiserror::Error;

/// What can go wrong with the store.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such row.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// A row with this key is there already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// Somebody else changed the row in the meantime; load again and decide again.
    #[error("{0} was changed by somebody else in the meantime")]
    Conflict(&'static str),
    /// The transaction met another one (deadlock, serialization); the whole of it can be tried again.
    #[error("the transaction met another one and can be tried again")]
    Retry,
    /// The database can't be reached, or its disk is full.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The data directory is in use by another server.
    #[error("{0} is in use by another server; stop that one first or use another directory")]
    InUse(String),
    /// The database was written by a newer version.
    #[error(
        "the database has schema {found}, this program knows up to {known}: use a newer program"
    )]
    NewerSchema {
        /// What the database has.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// A row can't be read.
    #[error("a row of {table} can't be read: {detail}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// Anything else that the database says.
    #[error("the database refused: {0}")]
    Database(String),
}
