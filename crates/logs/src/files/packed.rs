//! A sealed log in one file: zstd frames one after the other, then the index, then a trailer.
//!
//! The trailer is 24 bytes: length of the packed index (8, little endian), its checksum (the first 8
//! bytes of its SHA-256) and `TRVLOG01`. The index is JSON in a zstd frame. Each frame holds about
//! 256 KiB and ends at a newline unless one line is longer than that. All frames together are one
//! valid zstd stream, so `zstd -dc` on the front of the file gives the log back.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::damaged;
use crate::index::{Fold, Indexer, Time};
use crate::port::LogError;
use crate::view::Raw;

const MAGIC: &[u8; 8] = b"TRVLOG01";
const TRAILER: u64 = 24;
const FRAME: usize = 256 * 1024;
const LEVEL: i32 = 3;
const MAX_INDEX: usize = 64 * 1024 * 1024;

/// What the end of the file says of the rest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) length: u64,
    pub(super) sha256_hex: String,
    pub(super) lines: u64,
    pub(super) folds: Vec<Fold>,
    pub(super) times: Vec<Time>,
    pub(super) first_red: Option<u64>,
    frames: Vec<Frame>,
}

/// `(newlines before, offset in the log, offset in the file)` of a frame's first byte.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Frame(u64, u64, u64);

/// An open sealed log.
#[derive(Debug)]
pub(super) struct Packed {
    attempt: i64,
    file: File,
    pub(super) contents: Contents,
    frames_end: u64,
}

/// Packs a plain log of `length` bytes into a new file and makes it durable.
pub(super) fn write(
    plain: Option<&File>,
    length: u64,
    sha256_hex: &str,
    index: &Indexer,
    to: &Path,
) -> Result<(), LogError> {
    let mut out = io::BufWriter::with_capacity(128 * 1024, File::create(to)?);
    let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
    packer.include_checksum(true)?;
    let mut frames = Vec::new();
    let (mut from, mut newlines, mut written) = (0_u64, 0_u64, 0_u64);
    let mut buffer = Vec::new();
    while let Some(plain) = plain.filter(|_| from < length) {
        let want = usize::try_from(length - from).map_or(FRAME, |left| left.min(FRAME));
        buffer.resize(want, 0);
        plain.read_exact_at(&mut buffer, from)?;
        if from + (want as u64) < length
            && let Some(newline) = memchr::memrchr(b'\n', &buffer)
        {
            buffer.truncate(newline + 1);
        }
        frames.push(Frame(newlines, from, written));
        let packed = packer.compress(&buffer)?;
        out.write_all(&packed)?;
        written += packed.len() as u64;
        newlines += memchr::memchr_iter(b'\n', &buffer).count() as u64;
        from += buffer.len() as u64;
    }
    let contents = Contents {
        length,
        sha256_hex: sha256_hex.to_owned(),
        lines: index.lines(),
        folds: index.folds().to_vec(),
        times: index.times().to_vec(),
        first_red: index.first_red(),
        frames,
    };
    let contents = serde_json::to_vec(&contents).map_err(io::Error::from)?;
    let contents = packer.compress(&contents)?;
    out.write_all(&contents)?;
    out.write_all(&(contents.len() as u64).to_le_bytes())?;
    out.write_all(&checksum(&contents))?;
    out.write_all(MAGIC)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut front = [0; 8];
    let whole = digest::digest(&digest::SHA256, bytes);
    front.copy_from_slice(&whole.as_ref()[..8]);
    front
}

impl Packed {
    /// Opens a sealed log; `None` when there is no such file.
    pub(super) fn open(attempt: i64, path: &Path) -> Result<Option<Self>, LogError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let size = file.metadata()?.len();
        let mut trailer = [0; TRAILER as usize];
        let at = size
            .checked_sub(TRAILER)
            .ok_or_else(|| damaged(attempt, "it is too short"))?;
        file.read_exact_at(&mut trailer, at)?;
        let (numbers, magic) = trailer.split_at(16);
        if magic != MAGIC {
            return Err(damaged(attempt, "its end is missing"));
        }
        let mut packed_length = [0; 8];
        packed_length.copy_from_slice(&numbers[..8]);
        let packed_length = u64::from_le_bytes(packed_length);
        let frames_end = at
            .checked_sub(packed_length)
            .filter(|_| packed_length <= MAX_INDEX as u64)
            .ok_or_else(|| damaged(attempt, "its index has no place"))?;
        let mut packed = vec![0; packed_length as usize];
        file.read_exact_at(&mut packed, frames_end)?;
        if checksum(&packed) != numbers[8..] {
            return Err(damaged(attempt, "its index is altered"));
        }
        let contents = zstd::bulk::decompress(&packed, MAX_INDEX)?;
        let contents = serde_json::from_slice(&contents)
            .map_err(|_| damaged(attempt, "its index cannot be read"))?;
        Ok(Some(Self {
            attempt,
            file,
            contents,
            frames_end,
        }))
    }

    fn unpack(&self, at: usize) -> Result<Vec<u8>, LogError> {
        let frames = &self.contents.frames;
        let Some(Frame(_, _, start)) = frames.get(at) else {
            return Ok(Vec::new());
        };
        let end = frames.get(at + 1).map_or(self.frames_end, |next| next.2);
        let length = end
            .checked_sub(*start)
            .filter(|length| *length <= 2 * FRAME as u64)
            .ok_or_else(|| damaged(self.attempt, "its frames are out of order"))?;
        let mut packed = vec![0; length as usize];
        self.file.read_exact_at(&mut packed, *start)?;
        zstd::bulk::decompress(&packed, FRAME)
            .map_err(|_| damaged(self.attempt, "a frame cannot be unpacked"))
    }
}

/// Reads a sealed log, holding one frame.
pub(super) struct Frames {
    packed: Arc<Packed>,
    held: Option<(usize, Vec<u8>)>,
}

impl Frames {
    pub(super) fn new(packed: Arc<Packed>) -> Self {
        Self { packed, held: None }
    }

    fn frame(&mut self, at: usize) -> Result<&[u8], LogError> {
        if self.held.as_ref().is_none_or(|(held, _)| *held != at) {
            self.held = Some((at, self.packed.unpack(at)?));
        }
        Ok(self.held.as_ref().map_or(&[], |(_, bytes)| bytes))
    }
}

impl Raw for Frames {
    fn near(&mut self, line: u64) -> Result<(u64, u64), LogError> {
        if line == 0 {
            return Ok((0, 0));
        }
        // The newline that ends the line before stands in the last frame with fewer before it.
        let after = self
            .packed
            .contents
            .frames
            .partition_point(|frame| frame.0 < line);
        let Some(at) = after.checked_sub(1) else {
            return Ok((0, 0));
        };
        let Frame(newlines, offset, _) = self.packed.contents.frames[at];
        let bytes = self.frame(at)?;
        let mut reached = (newlines, offset);
        for newline in memchr::memchr_iter(b'\n', bytes).take((line - newlines) as usize) {
            reached = (reached.0 + 1, offset + newline as u64 + 1);
        }
        // Without a newline in it the frame lies inside a line whose start is elsewhere; that is
        // only so past the last line, where any answer that is not after it will do.
        Ok(if reached.0 == newlines {
            (0, 0)
        } else {
            reached
        })
    }

    fn block(&mut self, from: u64) -> Result<&[u8], LogError> {
        if from >= self.packed.contents.length {
            return Ok(&[]);
        }
        let after = self
            .packed
            .contents
            .frames
            .partition_point(|frame| frame.1 <= from);
        let at = after.saturating_sub(1);
        let start = self.packed.contents.frames.get(at).map_or(0, |f| f.1);
        let attempt = self.packed.attempt;
        match self.frame(at)?.get((from - start) as usize..) {
            Some(bytes) if !bytes.is_empty() => Ok(bytes),
            _ => Err(damaged(attempt, "a frame is too short")),
        }
    }
}
