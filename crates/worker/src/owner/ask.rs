//! Speaking to the worker of this machine by its control socket: one line there, one line back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Standing;

/// The socket's name in the data directory.
pub(crate) const SOCKET: &str = "control";
/// An answer is not longer.
const LONGEST_ANSWER: u64 = 4 << 20;
/// A worker answers at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be said to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Only say what you do.
    Status,
    /// Take nothing; what runs is frozen, and handed back after a minute.
    Pause,
    /// Lend again.
    Resume,
    /// Finish what runs, then leave.
    Drain,
    /// Leave at once.
    Quit,
    /// Read the settings again.
    Reload,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Status,
        Self::Pause,
        Self::Resume,
        Self::Drain,
        Self::Quit,
        Self::Reload,
    ];

    /// Its word on the socket.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Drain => "drain",
            Self::Quit => "quit",
            Self::Reload => "reload",
        }
    }

    /// The order of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.word() == word)
    }
}

/// Why a worker could not be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// Nobody listens.
    #[error("no worker runs with the data directory {0}")]
    Absent(PathBuf),
    /// It belongs to somebody else.
    #[error("the worker of {0} belongs to another user; ask as that user or as root")]
    Denied(PathBuf),
    /// It said something else than expected.
    #[error("the worker of {0} did not answer as expected: {1}")]
    Answer(PathBuf, String),
}

/// Gives an order to the worker of a data directory, and answers what it does then. Blocks for 5
/// seconds at most.
///
/// # Errors
/// When none runs there, it is somebody else's, or it does not answer.
pub fn ask(data: &Path, order: Order) -> Result<Standing, AskError> {
    let odd = |error: &dyn std::fmt::Display| AskError::Answer(data.to_owned(), error.to_string());
    let io = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => {
            AskError::Absent(data.to_owned())
        }
        std::io::ErrorKind::PermissionDenied => AskError::Denied(data.to_owned()),
        _ => odd(&error),
    };
    let directory = std::fs::File::open(data).map_err(io)?;
    let mut stream = UnixStream::connect(short(&directory)).map_err(io)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(io)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(io)?;
    stream
        .write_all(format!("{}\n", order.word()).as_bytes())
        .map_err(io)?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER))
        .read_line(&mut line)
        .map_err(io)?;
    serde_json::from_str(&line).map_err(|error| odd(&error))
}

/// The socket's path by an open directory: names of sockets have 107 bytes at most, those of
/// directories may have more.
pub(crate) fn short(directory: &std::fs::File) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd()))
}
