//! What SQLite says in its own way.

use crate::shared::PARENT;
use sqlx::error::ErrorKind;
use travis_store::StoreError;

/// The type of the database.
pub type Db = sqlx::Sqlite;

/// The type of a key that the database gives out.
pub const ID: &str = "INTEGER PRIMARY KEY AUTOINCREMENT";
/// The type of a column of bytes.
pub const BYTES: &str = "BLOB";
/// The function that joins texts of several rows by a separator.
pub const LIST: &str = "group_concat";

/// A condition: the column is in the list bound to the parameter by [`ids`].
macro_rules! ids_in {
    ($column:literal, $parameter:literal) => {
        concat!(
            $column,
            " IN (SELECT value FROM json_each(",
            $parameter,
            "))"
        )
    };
}
/// The end of a query that locks its rows. Here the writer is alone anyhow.
macro_rules! for_update {
    () => {
        ""
    };
}
/// The end of a query that locks those of its rows that nobody else has locked. Here as above.
macro_rules! skip_locked {
    () => {
        ""
    };
}
pub(crate) use {for_update, ids_in, skip_locked};

/// A list of identifiers as a parameter.
pub fn ids(list: &[i64]) -> String {
    let words: Vec<String> = list.iter().map(i64::to_string).collect();
    format!("[{}]", words.join(","))
}

/// Reads an error of the database. Numbers: <https://www.sqlite.org/rescode.html>.
pub fn db_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(error) => match error.kind() {
            ErrorKind::ForeignKeyViolation => StoreError::NotFound(PARENT),
            // Expected collisions are answered without an error; this one came in between.
            ErrorKind::UniqueViolation => StoreError::Retry,
            _ => {
                let code = error
                    .code()
                    .and_then(|code| code.parse::<i32>().ok())
                    .unwrap_or(0);
                match code & 0xff {
                    // BUSY, LOCKED
                    5 | 6 => StoreError::Retry,
                    // NOMEM, READONLY, IOERR, FULL, CANTOPEN
                    7 | 8 | 10 | 13 | 14 => StoreError::Unavailable(error.message().to_owned()),
                    _ => StoreError::Database(error.message().to_owned()),
                }
            }
        },
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => StoreError::Unavailable(error.to_string()),
        error => StoreError::Database(error.to_string()),
    }
}
