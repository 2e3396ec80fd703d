//! What the worker and the agent inside a machine say to each other: frames over a serial port.
//!
//! A frame is a byte for its kind, the length of its content as four bytes, the most significant
//! first, and the content. Whoever runs in the machine can become root there and write to the port
//! in the agent's place, so the worker takes nothing on trust: contents are bounded before memory
//! is taken for them, names are never paths, and an order of frames that the agent does not produce
//! is an error.

use std::io::{self, Read, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Largest content of a frame.
pub(crate) const LARGEST: usize = 64 * 1024;
/// What this program speaks. Worker and image are often of different releases.
pub(crate) const PROTOCOL: u32 = 1;
/// The name of the port in the machine.
pub(crate) const PORT: &str = "travis.agent";
/// Where the mirror lies in the machine.
pub(crate) const MIRROR: &str = "/var/cache/travis/mirror.git";
/// The directory in the machine through which the job's cache passes.
pub(crate) const LENT: &str = "/var/cache/travis/lent";
/// The job's home in the machine.
pub(crate) const HOME: &str = "/home/travis";
/// The job's user.
pub(crate) const USER: &str = "travis";

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Agent: it is there. Content: [`PROTOCOL`] in digits.
    Hello = 1,
    /// Worker: the job, a [`Job`] in JSON.
    Job = 2,
    /// Worker: a piece of the script.
    Script = 3,
    /// Worker: a piece of a tar archive of the mirror.
    Mirror = 4,
    /// Both: a file of the lent directory begins. Content: its name.
    File = 5,
    /// Both: a piece of that file.
    Data = 6,
    /// Worker: everything is there, begin.
    Run = 7,
    /// Agent: output of the job.
    Output = 8,
    /// Agent: the script ended. Content: an [`Ended`] in JSON.
    Ended = 9,
    /// Agent: all files of the lent directory came.
    Done = 10,
    /// Agent: the job could not be started. Content: why.
    Failed = 11,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        use Kind::{Data, Done, Ended, Failed, File, Hello, Job, Mirror, Output, Run, Script};
        [
            Hello, Job, Script, Mirror, File, Data, Run, Output, Ended, Done, Failed,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) content: Bytes,
}

/// What the agent has to know before the script.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) rows: u16,
    pub(crate) columns: u16,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) processes: Option<u64>,
    /// There is a lent directory.
    pub(crate) lend: bool,
}

/// How the script ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) oom: bool,
    pub(crate) process_limit: bool,
}

/// The kind and the length of the content that follows.
fn header(bytes: [u8; 5]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = bytes;
    let bad = |text: String| io::Error::new(io::ErrorKind::InvalidData, text);
    let kind = Kind::of(kind).ok_or_else(|| bad(format!("unknown frame {kind}")))?;
    let length = u32::from_be_bytes(length);
    usize::try_from(length)
        .ok()
        .filter(|length| *length <= LARGEST)
        .map(|length| (kind, length))
        .ok_or_else(|| bad(format!("frame of {length} bytes")))
}

fn head(kind: Kind, content: &[u8]) -> io::Result<[u8; 5]> {
    let length = u32::try_from(content.len())
        .ok()
        .filter(|_| content.len() <= LARGEST)
        .ok_or_else(|| io::Error::other("frame too large"))?;
    let [a, b, c, d] = length.to_be_bytes();
    Ok([kind as u8, a, b, c, d])
}

/// Reads the next frame; `None` at the end. Not cancel safe.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Frame>> {
    let mut start = [0; 5];
    match from.read_exact(&mut start).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let (kind, length) = header(start)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content).await?;
    Ok(Some(Frame {
        kind,
        content: content.into(),
    }))
}

/// Writes a frame.
pub(crate) async fn write(
    to: &mut (impl AsyncWrite + Unpin),
    kind: Kind,
    content: &[u8],
) -> io::Result<()> {
    let mut whole = Vec::with_capacity(content.len() + 5);
    whole.extend_from_slice(&head(kind, content)?);
    whole.extend_from_slice(content);
    to.write_all(&whole).await
}

/// [`read()`] for the agent, which waits.
pub(crate) fn read_now(from: &mut impl Read) -> io::Result<Frame> {
    let mut start = [0; 5];
    from.read_exact(&mut start)?;
    let (kind, length) = header(start)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok(Frame {
        kind,
        content: content.into(),
    })
}

/// [`write()`] for the agent. The kernel takes a piece at a time, so a frame is handed over whole.
pub(crate) fn write_now(to: &mut impl Write, kind: Kind, content: &[u8]) -> io::Result<()> {
    let mut whole = Vec::with_capacity(content.len() + 5);
    whole.extend_from_slice(&head(kind, content)?);
    whole.extend_from_slice(content);
    to.write_all(&whole)
}

/// Whether a name may name a file of the lent directory: one component of harmless letters, never
/// hidden, never a path.
pub(crate) fn file_name(name: &[u8]) -> Option<&str> {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let good = !name.is_empty()
        && name.len() <= 64
        && name.iter().all(harmless)
        && name.first() != Some(&b'.');
    std::str::from_utf8(name).ok().filter(|_| good)
}

#[cfg(test)]
mod tests;
