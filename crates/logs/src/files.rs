//! Logs in a directory of local files.
//!
//! `DIR/<attempt / 1024>/<attempt>.log` while bytes come in, `….sealed` after. Appends are plain
//! writes without fsync: until a log is sealed the worker's spool holds every byte too. What is
//! known beside the bytes (digest, index) lives in memory for a bounded number of logs and is made
//! again by reading the file.

mod log;
mod packed;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use crate::port::{
    Found, LineBlock, LogError, LogIndex, LogInfo, LogStore, LogTip, Query, SealOutcome,
};
use log::Log;

/// Chunks up to this size are written on the calling thread, which is quicker than handing them on.
const SMALL: usize = 64 * 1024;

/// How much logs may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest log in bytes. A backstop: the job's own limit is the worker's to keep.
    pub max_length: u64,
    /// How many logs keep their state in memory when nobody watches them.
    pub max_open: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_length: 100 * 1024 * 1024,
            max_open: 256,
        }
    }
}

/// Logs in a directory of local files. Only one process may use a directory at a time.
#[derive(Debug)]
pub struct FileLogs {
    dir: PathBuf,
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    logs: HashMap<i64, (Arc<Log>, u64)>,
    uses: u64,
}

impl FileLogs {
    /// The most folds that an index lists; a log's further folds are plain lines.
    pub const MAX_FOLDS: usize = crate::index::MAX_FOLDS;
    /// The most times that an index lists.
    pub const MAX_TIMES: usize = crate::index::MAX_TIMES;

    /// Opens the directory, which is made when it is not there.
    ///
    /// # Errors
    /// [`LogError::Io`] when it cannot be made or read.
    pub fn open(dir: impl AsRef<Path>, limits: Limits) -> Result<Self, LogError> {
        std::fs::create_dir_all(dir.as_ref())?;
        Ok(Self {
            dir: dir.as_ref().to_owned(),
            limits,
            open: Mutex::default(),
        })
    }

    fn opened(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, attempt: i64) -> Arc<Log> {
        let mut open = self.opened();
        open.uses += 1;
        let uses = open.uses;
        if let Some((log, used)) = open.logs.get_mut(&attempt) {
            *used = uses;
            return Arc::clone(log);
        }
        let log = Arc::new(Log::new(&self.dir, attempt, self.limits.max_length));
        open.logs.insert(attempt, (Arc::clone(&log), uses));
        if open.logs.len() > self.limits.max_open.max(1) {
            // An eighth at once, so that the search for the oldest is rare.
            let mut idle: Vec<(u64, i64)> = open
                .logs
                .iter()
                .filter(|(_, (log, _))| Arc::strong_count(log) == 1 && !log.is_watched())
                .map(|(attempt, (_, used))| (*used, *attempt))
                .collect();
            idle.sort_unstable();
            for (_, attempt) in idle.iter().take(self.limits.max_open / 8 + 1) {
                open.logs.remove(attempt);
            }
        }
        log
    }

    async fn blocking<T: Send + 'static>(
        &self,
        attempt: i64,
        work: impl FnOnce(&Log) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let log = self.log(attempt);
        tokio::task::spawn_blocking(move || work(&log))
            .await
            .unwrap_or_else(|error| Err(LogError::Io(std::io::Error::other(error))))
    }
}

#[async_trait]
impl LogStore for FileLogs {
    async fn append(&self, attempt: i64, offset: u64, bytes: Bytes) -> Result<u64, LogError> {
        if bytes.len() <= SMALL {
            let log = self.log(attempt);
            if let Some(done) = log.try_append(offset, &bytes) {
                return done;
            }
        }
        self.blocking(attempt, move |log| log.append(offset, &bytes))
            .await
    }

    async fn info(&self, attempt: i64) -> Result<LogInfo, LogError> {
        if let Some(info) = self.log(attempt).try_info() {
            return info;
        }
        self.blocking(attempt, Log::info).await
    }

    async fn read(&self, attempt: i64, from: u64, max: usize) -> Result<Bytes, LogError> {
        if let Some(bytes) = self.log(attempt).try_read_live(from, max.min(SMALL)) {
            return bytes;
        }
        self.blocking(attempt, move |log| log.read(from, max)).await
    }

    async fn lines(&self, attempt: i64, first: u64, count: u32) -> Result<LineBlock, LogError> {
        self.blocking(attempt, move |log| log.lines(first, count))
            .await
    }

    async fn index(&self, attempt: i64) -> Result<LogIndex, LogError> {
        self.blocking(attempt, Log::index).await
    }

    async fn find(&self, attempt: i64, query: &Query, limit: u32) -> Result<Found, LogError> {
        let query = query.clone();
        self.blocking(attempt, move |log| log.find(&query, limit))
            .await
    }

    async fn seal(
        &self,
        attempt: i64,
        length: u64,
        sha256_hex: &str,
    ) -> Result<SealOutcome, LogError> {
        let sha256_hex = sha256_hex.to_ascii_lowercase();
        self.blocking(attempt, move |log| log.seal(length, &sha256_hex))
            .await
    }

    async fn remove(&self, attempt: i64) -> Result<(), LogError> {
        self.blocking(attempt, Log::remove).await
    }

    fn watch(&self, attempt: i64) -> watch::Receiver<LogTip> {
        self.log(attempt).watch()
    }
}

fn damaged(attempt: i64, detail: &str) -> LogError {
    LogError::Damaged {
        attempt,
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests;
