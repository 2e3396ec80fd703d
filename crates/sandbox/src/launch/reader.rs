//! Reading a job's terminal.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::lines::Lines;

/// Largest piece handed to the sink.
const CHUNK: usize = 64 * 1024;

pub(super) enum State {
    /// Everything was read; more may come.
    Waiting,
    /// Nobody has the terminal open.
    HungUp,
    /// The sink is closed.
    Closed,
}

pub(super) struct Reader {
    terminal: File,
    buffer: Box<[u8]>,
    pub(super) first: Vec<u8>,
}

impl Reader {
    pub(super) fn new(terminal: &OwnedFd) -> io::Result<Self> {
        Ok(Self {
            terminal: File::from(terminal.try_clone()?),
            buffer: vec![0; CHUNK].into_boxed_slice(),
            first: Vec::new(),
        })
    }

    /// The terminal gives at most 4 KiB a call, so calls are repeated until the chunk is full or
    /// nothing is left.
    pub(super) fn read_all_there_is(&mut self, lines: &Lines) -> State {
        loop {
            let mut filled = 0;
            let mut state = None;
            while let Some(space) = self.buffer.get_mut(filled..).filter(|s| !s.is_empty()) {
                match rustix::io::read(&self.terminal, space) {
                    Ok(0) => state = Some(State::HungUp),
                    Ok(count) => {
                        filled += count;
                        continue;
                    }
                    Err(Errno::INTR) => continue,
                    Err(Errno::AGAIN) => state = Some(State::Waiting),
                    // The kernel's word for a terminal that nobody has open.
                    Err(_) => state = Some(State::HungUp),
                }
                break;
            }
            let piece = self.buffer.get(..filled).unwrap_or_default();
            if !piece.is_empty() {
                let wanted = 512_usize.saturating_sub(self.first.len()).min(piece.len());
                self.first.extend(piece.iter().take(wanted));
                if lines.print_blocking(Bytes::copy_from_slice(piece)).is_err() {
                    return State::Closed;
                }
            }
            if let Some(state) = state {
                return state;
            }
        }
    }

    /// Waits for output or for the process's end.
    pub(super) fn wait(&self, process: &OwnedFd, state: &State, ended: bool) -> io::Result<()> {
        let terminal = PollFd::from_borrowed_fd(self.terminal.as_fd(), PollFlags::IN);
        let process = PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN);
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 50_000_000,
        };
        // A terminal that hung up reports that without end, though the script may open it again.
        let done = match (state, ended) {
            (State::Waiting, false) => poll(&mut [terminal, process], None),
            (State::Waiting, true) => poll(&mut [terminal], Some(&moment)),
            _ => poll(&mut [process], Some(&moment)),
        };
        match done {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
