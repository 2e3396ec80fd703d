//! One log: its files and what is known of them.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use tokio::sync::watch;

use super::packed::{self, Frames, Packed};
use crate::index::Indexer;
use crate::memory::fresh_part;
use crate::port::{
    Found, LineBlock, LogError, LogIndex, LogInfo, LogTip, Query, Seal, SealOutcome,
};
use crate::view::{Raw, View};

const BLOCK: usize = 64 * 1024;
const SCAN: usize = 256 * 1024;
const MAX_READ: usize = 8 * 1024 * 1024;

/// One attempt's log.
#[derive(Debug)]
pub(super) struct Log {
    attempt: i64,
    plain: PathBuf,
    sealed: PathBuf,
    max_length: u64,
    /// None until the files were looked at, and after a failed write, so that they are looked at
    /// again.
    state: Mutex<Option<State>>,
    /// Held while packing, which must not keep readers from `state`.
    packing: Mutex<()>,
    tip: watch::Sender<LogTip>,
}

enum State {
    Live(Box<Live>),
    Sealed(Arc<Packed>),
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Live(_) => "Live",
            Self::Sealed(_) => "Sealed",
        })
    }
}

struct Live {
    /// None until the first byte comes.
    file: Option<Arc<File>>,
    held: u64,
    digest: Context,
    index: Indexer,
    /// Set while the log is being packed: its bytes are agreed on and no more may come.
    packing: bool,
}

impl Live {
    fn empty() -> Self {
        Self {
            file: None,
            held: 0,
            digest: Context::new(&SHA256),
            index: Indexer::default(),
            packing: false,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.index.push(bytes);
        self.held += bytes.len() as u64;
    }
}

impl Log {
    pub(super) fn new(dir: &Path, attempt: i64, max_length: u64) -> Self {
        let dir = dir.join(attempt.div_euclid(1024).to_string());
        Self {
            attempt,
            plain: dir.join(format!("{attempt}.log")),
            sealed: dir.join(format!("{attempt}.sealed")),
            max_length,
            state: Mutex::default(),
            packing: Mutex::default(),
            tip: watch::channel(LogTip::default()).0,
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.tip.receiver_count() > 0
    }

    pub(super) fn watch(&self) -> watch::Receiver<LogTip> {
        let receiver = self.tip.subscribe();
        match self.state.try_lock() {
            // Nothing was read yet: the tip is all that is needed, not the whole state.
            Ok(state) if state.is_none() => {
                if let Ok(tip) = self.tip_on_disk() {
                    self.tip.send_replace(tip);
                }
            }
            _ => {}
        }
        receiver
    }

    fn tip_on_disk(&self) -> Result<LogTip, LogError> {
        if let Some(packed) = Packed::open(self.attempt, &self.sealed)? {
            return Ok(LogTip {
                length: packed.contents.length,
                sealed: true,
            });
        }
        Ok(LogTip {
            length: fs::metadata(&self.plain).map_or(0, |file| file.len()),
            sealed: false,
        })
    }

    /// Appends if that needs no waiting and no reading of files.
    pub(super) fn try_append(&self, offset: u64, bytes: &[u8]) -> Option<Result<u64, LogError>> {
        let mut state = self.ready()?;
        if state.is_none() && !self.plain.exists() && !self.sealed.exists() {
            *state = Some(State::Live(Box::new(Live::empty())));
        }
        state
            .is_some()
            .then(|| self.append_to(&mut state, offset, bytes))
    }

    pub(super) fn append(&self, offset: u64, bytes: &[u8]) -> Result<u64, LogError> {
        let mut state = self.load()?;
        self.append_to(&mut state, offset, bytes)
    }

    fn append_to(
        &self,
        state: &mut Option<State>,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, LogError> {
        let live = match state {
            Some(State::Live(live)) => live,
            Some(State::Sealed(packed)) => {
                let held = packed.contents.length;
                fresh_part(bytes, offset, held, true, self.max_length)?;
                return Ok(held);
            }
            None => return Err(io::Error::other("log state was not read").into()),
        };
        let fresh = fresh_part(bytes, offset, live.held, live.packing, self.max_length)?;
        if fresh.is_empty() {
            return Ok(live.held);
        }
        let file = match &live.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(live.file.insert(Arc::new(create(&self.plain)?))),
        };
        if let Err(error) = file.write_all_at(fresh, live.held) {
            // Part of it may stand in the file; what is held is counted up to `held` only.
            if file.set_len(live.held).is_err() {
                *state = None;
            }
            return Err(error.into());
        }
        live.take(fresh);
        let held = live.held;
        self.tip.send_replace(LogTip {
            length: held,
            sealed: false,
        });
        Ok(held)
    }

    pub(super) fn try_info(&self) -> Option<Result<LogInfo, LogError>> {
        let state = self.ready()?;
        state.as_ref().map(|state| Ok(info(state)))
    }

    pub(super) fn info(&self) -> Result<LogInfo, LogError> {
        let state = self.load()?;
        state.as_ref().map(info).ok_or_else(not_read)
    }

    /// Reads from the file of a log that is being written, if that needs no waiting.
    pub(super) fn try_read_live(&self, from: u64, max: usize) -> Option<Result<Bytes, LogError>> {
        let state = self.ready()?;
        match state.as_ref()? {
            State::Live(live) => {
                let mut plain = plain(live);
                drop(state);
                Some(plain.read(from, max))
            }
            State::Sealed(_) => None,
        }
    }

    pub(super) fn read(&self, from: u64, max: usize) -> Result<Bytes, LogError> {
        let max = max.min(MAX_READ);
        let mut frames = match self.load()?.as_ref().ok_or_else(not_read)? {
            State::Live(live) => return plain(live).read(from, max),
            State::Sealed(packed) => Frames::new(Arc::clone(packed)),
        };
        let mut bytes = Vec::new();
        while bytes.len() < max {
            let block = frames.block(from.saturating_add(bytes.len() as u64))?;
            if block.is_empty() {
                break;
            }
            bytes.extend_from_slice(&block[..block.len().min(max - bytes.len())]);
        }
        Ok(bytes.into())
    }

    pub(super) fn index(&self) -> Result<LogIndex, LogError> {
        let state = self.load()?;
        Ok(match state.as_ref().ok_or_else(not_read)? {
            State::Live(live) => LogIndex {
                length: live.held,
                lines: live.index.lines(),
                sealed: false,
                folds: live.index.folds().to_vec(),
                times: live.index.times().to_vec(),
                first_red: live.index.first_red(),
            },
            State::Sealed(packed) => LogIndex {
                length: packed.contents.length,
                lines: packed.contents.lines,
                sealed: true,
                folds: packed.contents.folds.clone(),
                times: packed.contents.times.clone(),
                first_red: packed.contents.first_red,
            },
        })
    }

    pub(super) fn lines(&self, first: u64, count: u32) -> Result<LineBlock, LogError> {
        match self.view(first)? {
            Views::Live(mut view) => view.lines(first, count),
            Views::Sealed(mut view) => view.lines(first, count),
        }
    }

    pub(super) fn find(&self, query: &Query, limit: u32) -> Result<Found, LogError> {
        match self.view(0)? {
            Views::Live(mut view) => view.find(query, limit),
            Views::Sealed(mut view) => view.find(query, limit),
        }
    }

    fn view(&self, first: u64) -> Result<Views, LogError> {
        let state = self.load()?;
        Ok(match state.as_ref().ok_or_else(not_read)? {
            State::Live(live) => {
                let mut raw = plain(live);
                raw.near = live.index.near(first);
                Views::Live(View {
                    raw,
                    length: live.held,
                    lines: live.index.lines(),
                    sealed: false,
                })
            }
            State::Sealed(packed) => Views::Sealed(View {
                length: packed.contents.length,
                lines: packed.contents.lines,
                sealed: true,
                raw: Frames::new(Arc::clone(packed)),
            }),
        })
    }

    pub(super) fn seal(&self, length: u64, sha256_hex: &str) -> Result<SealOutcome, LogError> {
        let _packing = lock(&self.packing);
        let (file, index) = {
            let mut state = self.load()?;
            let live = match state.as_mut().ok_or_else(not_read)? {
                State::Live(live) => live,
                State::Sealed(packed) => {
                    let contents = &packed.contents;
                    let same = contents.length == length && contents.sha256_hex == sha256_hex;
                    return if same {
                        Ok(SealOutcome::Sealed)
                    } else {
                        Err(LogError::Sealed)
                    };
                }
            };
            if live.held < length {
                return Ok(SealOutcome::Missing { held: live.held });
            }
            let real = hex::encode(live.digest.clone().finish());
            if live.held > length || real != sha256_hex {
                remove_file(&self.plain)?;
                **live = Live::empty();
                self.tip.send_replace(LogTip::default());
                return Ok(SealOutcome::Mismatch);
            }
            live.packing = true;
            let mut index = live.index.clone();
            index.finish();
            (live.file.clone(), index)
        };
        let packed = self.pack(file.as_deref(), length, sha256_hex, &index);
        let mut state = lock(&self.state);
        match packed {
            Ok(packed) => {
                *state = Some(State::Sealed(Arc::new(packed)));
                self.tip.send_replace(LogTip {
                    length,
                    sealed: true,
                });
                Ok(SealOutcome::Sealed)
            }
            Err(error) => {
                // The disk says how far it came; it is looked at again on the next call.
                *state = None;
                Err(error)
            }
        }
    }

    /// Writes the packed file, makes it durable under its name and lets go of the plain one. Killed
    /// anywhere in between, [`Self::read_files`] finds either the plain file or the packed one whole.
    fn pack(
        &self,
        plain: Option<&File>,
        length: u64,
        sha256_hex: &str,
        index: &Indexer,
    ) -> Result<Packed, LogError> {
        let dir = self.sealed.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir)?;
        let unfinished = self.unfinished();
        packed::write(plain, length, sha256_hex, index, &unfinished)?;
        fs::rename(&unfinished, &self.sealed)?;
        File::open(dir)?.sync_all()?;
        let packed = Packed::open(self.attempt, &self.sealed)?
            .ok_or_else(|| super::damaged(self.attempt, "it vanished while it was sealed"))?;
        remove_file(&self.plain)?;
        Ok(packed)
    }

    fn unfinished(&self) -> PathBuf {
        self.sealed.with_extension("sealed.tmp")
    }

    pub(super) fn remove(&self) -> Result<(), LogError> {
        let _packing = lock(&self.packing);
        let mut state = lock(&self.state);
        *state = None;
        remove_file(&self.plain)?;
        remove_file(&self.sealed)?;
        remove_file(&self.unfinished())?;
        self.tip.send_replace(LogTip::default());
        Ok(())
    }

    /// The state, unless someone else has it just now.
    fn ready(&self) -> Option<MutexGuard<'_, Option<State>>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(state)) => Some(state.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// The state, read from the files if it is not known.
    fn load(&self) -> Result<MutexGuard<'_, Option<State>>, LogError> {
        let mut state = lock(&self.state);
        if state.is_none() {
            let read = self.read_files()?;
            let tip = match &read {
                State::Live(live) => LogTip {
                    length: live.held,
                    sealed: false,
                },
                State::Sealed(packed) => LogTip {
                    length: packed.contents.length,
                    sealed: true,
                },
            };
            self.tip.send_if_modified(|known| {
                let changed = *known != tip;
                *known = tip;
                changed
            });
            *state = Some(read);
        }
        Ok(state)
    }

    fn read_files(&self) -> Result<State, LogError> {
        match Packed::open(self.attempt, &self.sealed) {
            Ok(Some(packed)) => {
                // Killed between the rename and the removal.
                remove_file(&self.plain)?;
                return Ok(State::Sealed(Arc::new(packed)));
            }
            Ok(None) => {}
            // The plain file is still there, so the packed one was never the only copy.
            Err(LogError::Damaged { .. }) if self.plain.exists() => remove_file(&self.sealed)?,
            Err(error) => return Err(error),
        }
        remove_file(&self.unfinished())?;
        let mut live = Live::empty();
        let file = match OpenOptions::new().read(true).write(true).open(&self.plain) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(State::Live(Box::new(live)));
            }
            Err(error) => return Err(error.into()),
        };
        let mut buffer = vec![0; SCAN];
        loop {
            let count = file.read_at(&mut buffer, live.held)?;
            if count == 0 {
                break;
            }
            live.take(&buffer[..count]);
        }
        live.file = Some(Arc::new(file));
        Ok(State::Live(Box::new(live)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_read() -> LogError {
    io::Error::other("log state was not read").into()
}

fn info(state: &State) -> LogInfo {
    match state {
        State::Live(live) => LogInfo {
            length: live.held,
            sealed: None,
            lines: live.index.lines(),
        },
        State::Sealed(packed) => LogInfo {
            length: packed.contents.length,
            sealed: Some(Seal {
                sha256_hex: packed.contents.sha256_hex.clone(),
            }),
            lines: packed.contents.lines,
        },
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir)?;
            }
            options.open(path)
        }
        opened => opened,
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

enum Views {
    Live(View<Plain>),
    Sealed(View<Frames>),
}

/// A log that is being written, as far as it went when reading began.
struct Plain {
    file: Option<Arc<File>>,
    length: u64,
    near: (u64, u64),
    buffer: Vec<u8>,
    /// Where in the log the buffer starts.
    at: u64,
}

fn plain(live: &Live) -> Plain {
    Plain {
        file: live.file.clone(),
        length: live.held,
        near: (0, 0),
        buffer: Vec::new(),
        at: 0,
    }
}

impl Plain {
    fn read(&mut self, from: u64, max: usize) -> Result<Bytes, LogError> {
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
