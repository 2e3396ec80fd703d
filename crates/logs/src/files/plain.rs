//! Reading a log that is being written.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

use crate::port::LogError;
use crate::view::Raw;

const BLOCK: usize = 64 * 1024;

/// A log that is being written, as far as it went when reading began.
pub(super) struct Plain {
    file: Option<Arc<File>>,
    length: u64,
    near: (u64, u64),
    buffer: Vec<u8>,
    /// Where in the log the buffer starts.
    at: u64,
}

impl Plain {
    /// The first `length` bytes of a file; `near` is a known line and its offset.
    pub(super) fn new(file: Option<Arc<File>>, length: u64, near: (u64, u64)) -> Self {
        Self {
            file,
            length,
            near,
            buffer: Vec::new(),
            at: 0,
        }
    }

    pub(super) fn read(&self, from: u64, max: usize) -> Result<Bytes, LogError> {
        let left = usize::try_from(self.length.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(max)];
        if let Some(file) = self.file.as_ref().filter(|_| !bytes.is_empty()) {
            file.read_exact_at(&mut bytes, from)?;
        }
        Ok(bytes.into())
    }
}

impl Raw for Plain {
    fn near(&mut self, line: u64) -> Result<(u64, u64), LogError> {
        Ok(if self.near.0 <= line {
            self.near
        } else {
            (0, 0)
        })
    }

    fn block(&mut self, from: u64) -> Result<&[u8], LogError> {
        let inside = from
            .checked_sub(self.at)
            .and_then(|skip| usize::try_from(skip).ok())
            .filter(|skip| *skip < self.buffer.len());
        if let Some(skip) = inside {
            return Ok(&self.buffer[skip..]);
        }
        let left = usize::try_from(self.length.saturating_sub(from)).unwrap_or(usize::MAX);
        let Some(file) = self.file.as_ref().filter(|_| left > 0) else {
            return Ok(&[]);
        };
        self.buffer.resize(left.min(BLOCK), 0);
        file.read_exact_at(&mut self.buffer, from)?;
        self.at = from;
        Ok(&self.buffer)
    }
}
