//! Logs in memory, for tests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use aws_lc_rs::digest;
use bytes::Bytes;
use tokio::sync::watch;

use crate::index::Indexer;
use crate::port::{
    Found, LineBlock, LogError, LogIndex, LogInfo, LogStore, LogTip, Query, Seal, SealOutcome,
};
use crate::view::{Raw, View};

const MAX_READ: usize = 8 * 1024 * 1024;

/// Logs in memory: the same answers as files give, gone with the process.
#[derive(Debug)]
pub struct MemoryLogs {
    max_length: u64,
    logs: Mutex<HashMap<i64, Log>>,
}

#[derive(Debug)]
struct Log {
    bytes: Vec<u8>,
    index: Indexer,
    seal: Option<Seal>,
    tip: watch::Sender<LogTip>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            index: Indexer::default(),
            seal: None,
            tip: watch::channel(LogTip::default()).0,
        }
    }
}

impl Log {
    fn announce(&self) {
        self.tip.send_replace(LogTip {
            length: self.bytes.len() as u64,
            sealed: self.seal.is_some(),
        });
    }

    fn view(&self) -> View<Slice<'_>> {
        View {
            raw: Slice {
                bytes: &self.bytes,
                index: &self.index,
            },
            length: self.bytes.len() as u64,
            lines: self.index.lines(),
            sealed: self.seal.is_some(),
        }
    }
}

impl Default for MemoryLogs {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLogs {
    /// No logs yet; each may grow to 100 MiB.
    pub fn new() -> Self {
        Self::with_max_length(100 * 1024 * 1024)
    }

    /// No logs yet; each may grow to `max_length` bytes.
    pub fn with_max_length(max_length: u64) -> Self {
        Self {
            max_length,
            logs: Mutex::default(),
        }
    }

    fn logs(&self) -> MutexGuard<'_, HashMap<i64, Log>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LogStore for MemoryLogs {
    async fn append(&self, attempt: i64, offset: u64, bytes: Bytes) -> Result<u64, LogError> {
        let mut logs = self.logs();
        let log = logs.entry(attempt).or_default();
        let held = log.bytes.len() as u64;
        let fresh = fresh_part(&bytes, offset, held, log.seal.is_some(), self.max_length)?;
        if !fresh.is_empty() {
            log.bytes.extend_from_slice(fresh);
            log.index.push(fresh);
            log.announce();
        }
        Ok(log.bytes.len() as u64)
    }

    async fn info(&self, attempt: i64) -> Result<LogInfo, LogError> {
        let mut logs = self.logs();
        let log = logs.entry(attempt).or_default();
        Ok(LogInfo {
            length: log.bytes.len() as u64,
            sealed: log.seal.clone(),
            lines: log.index.lines(),
        })
    }

    async fn read(&self, attempt: i64, from: u64, max: usize) -> Result<Bytes, LogError> {
        let mut logs = self.logs();
        let bytes = &logs.entry(attempt).or_default().bytes;
        let from = usize::try_from(from).map_or(bytes.len(), |from| from.min(bytes.len()));
        let end = bytes.len().min(from + max.min(MAX_READ));
        Ok(Bytes::copy_from_slice(&bytes[from..end]))
    }

    async fn lines(&self, attempt: i64, first: u64, count: u32) -> Result<LineBlock, LogError> {
        let mut logs = self.logs();
        logs.entry(attempt).or_default().view().lines(first, count)
    }

    async fn index(&self, attempt: i64) -> Result<LogIndex, LogError> {
        let mut logs = self.logs();
        let log = logs.entry(attempt).or_default();
        Ok(LogIndex {
            length: log.bytes.len() as u64,
            lines: log.index.lines(),
            sealed: log.seal.is_some(),
            folds: log.index.folds().to_vec(),
            times: log.index.times().to_vec(),
            first_red: log.index.first_red(),
        })
    }

    async fn find(&self, attempt: i64, query: &Query, limit: u32) -> Result<Found, LogError> {
        let mut logs = self.logs();
        logs.entry(attempt).or_default().view().find(query, limit)
    }

    async fn seal(
        &self,
        attempt: i64,
        length: u64,
        sha256_hex: &str,
    ) -> Result<SealOutcome, LogError> {
        let mut logs = self.logs();
        let log = logs.entry(attempt).or_default();
        let held = log.bytes.len() as u64;
        if let Some(seal) = &log.seal {
            let same = held == length && seal.sha256_hex.eq_ignore_ascii_case(sha256_hex);
            return if same {
                Ok(SealOutcome::Sealed)
            } else {
                Err(LogError::Sealed)
            };
        }
        if held < length {
            return Ok(SealOutcome::Missing { held });
        }
        let real = hex::encode(digest::digest(&digest::SHA256, &log.bytes));
        let agrees = held == length && real.eq_ignore_ascii_case(sha256_hex);
        if agrees {
            log.index.finish();
            log.seal = Some(Seal { sha256_hex: real });
        } else {
            log.bytes.clear();
            log.index = Indexer::default();
        }
        log.announce();
        Ok(if agrees {
            SealOutcome::Sealed
        } else {
            SealOutcome::Mismatch
        })
    }

    async fn remove(&self, attempt: i64) -> Result<(), LogError> {
        if let Some(log) = self.logs().get_mut(&attempt) {
            log.bytes = Vec::new();
            log.index = Indexer::default();
            log.seal = None;
            log.announce();
        }
        Ok(())
    }

    fn watch(&self, attempt: i64) -> watch::Receiver<LogTip> {
        self.logs().entry(attempt).or_default().tip.subscribe()
    }
}

/// The part of a chunk that is not held yet.
pub(crate) fn fresh_part(
    bytes: &[u8],
    offset: u64,
    held: u64,
    sealed: bool,
    max_length: u64,
) -> Result<&[u8], LogError> {
    let known = held.checked_sub(offset).ok_or(LogError::Gap { held })?;
    let known = usize::try_from(known).unwrap_or(usize::MAX);
    let fresh = bytes.get(known..).unwrap_or_default();
    if fresh.is_empty() {
        return Ok(fresh);
    }
    if sealed {
        return Err(LogError::Sealed);
    }
    if held + fresh.len() as u64 > max_length {
        return Err(LogError::TooLong { limit: max_length });
    }
    Ok(fresh)
}

struct Slice<'a> {
    bytes: &'a [u8],
    index: &'a Indexer,
}

impl Raw for Slice<'_> {
    fn near(&mut self, line: u64) -> Result<(u64, u64), LogError> {
        Ok(self.index.near(line))
    }

    fn block(&mut self, from: u64) -> Result<&[u8], LogError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.bytes.get(from..).unwrap_or_default())
    }
}
