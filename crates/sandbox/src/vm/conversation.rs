//! What is said between the worker and a machine's agent: the job goes in, its output and its end
//! come out. See [`super::frame`] for how little of it is believed.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::frame::{self, Ended, Frame, Job, Kind, LARGEST, file_name};
use crate::Sink;

/// How long the agent may be silent after the script ended. It only sends files then.
const SILENCE: Duration = Duration::from_secs(60);
/// Most files that come back.
const MOST_FILES: usize = 512;

/// What is told.
pub(crate) struct Parts<'a> {
    pub(crate) job: &'a Job,
    pub(crate) script: &'a str,
    pub(crate) mirror: Option<&'a Path>,
    pub(crate) lent: Option<&'a Path>,
}

/// What became of the job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It ended.
    Ended(Ended),
    /// Nobody takes its output.
    Closed,
    /// The agent could not start it.
    Failed(String),
    /// The machine is gone.
    Gone,
}

/// Hands the job over.
pub(crate) async fn tell(
    agent: &mut (impl AsyncWrite + Unpin),
    parts: &Parts<'_>,
) -> io::Result<()> {
    let job = serde_json::to_vec(parts.job)?;
    frame::write(agent, Kind::Job, &job).await?;
    for piece in parts.script.as_bytes().chunks(LARGEST) {
        frame::write(agent, Kind::Script, piece).await?;
    }
    if let Some(mirror) = parts.mirror {
        tell_mirror(agent, mirror).await?;
    }
    if let Some(lent) = parts.lent {
        let mut entries = fs::read_dir(lent).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name();
            let name = name.as_encoded_bytes();
            if file_name(name).is_none() || !entry.file_type().await?.is_file() {
                continue;
            }
            frame::write(agent, Kind::File, name).await?;
            let mut file = File::open(entry.path()).await?;
            pour(agent, Kind::Data, &mut file).await?;
        }
    }
    frame::write(agent, Kind::Run, b"").await
}

/// Sends all that can be read as frames.
async fn pour(
    agent: &mut (impl AsyncWrite + Unpin),
    kind: Kind,
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<()> {
    let mut buffer = vec![0; LARGEST];
    loop {
        let mut filled = 0;
        while let Some(space) = buffer.get_mut(filled..).filter(|space| !space.is_empty()) {
            match from.read(space).await? {
                0 => break,
                count => filled += count,
            }
        }
        if filled == 0 {
            return Ok(());
        }
        frame::write(agent, kind, buffer.get(..filled).unwrap_or_default()).await?;
    }
}

/// Sends the mirror as an archive that is never on a disk.
async fn tell_mirror(agent: &mut (impl AsyncWrite + Unpin), mirror: &Path) -> io::Result<()> {
    let mut packing = Command::new("tar")
        .args(["-c", "--owner=0", "--group=0", "-C"])
        .arg(mirror)
        .arg(".")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut archive) = packing.stdout.take() {
        pour(agent, Kind::Mirror, &mut archive).await?;
    }
    let status = packing.wait().await?;
    // One: a file changed meanwhile, as when another job's commits are fetched into the mirror.
    if matches!(status.code(), Some(0 | 1)) && mirror.join("HEAD").is_file() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "the mirror {} can't be read: tar ended with {status}",
        mirror.display()
    )))
}

/// Hears the job's output and its end. `lent` takes the files that come back, of which there are
/// at most `most` bytes.
pub(crate) async fn hear(
    agent: &mut (impl AsyncRead + Unpin),
    sink: &Sink,
    lent: Option<&Path>,
    most: u64,
) -> io::Result<Heard> {
    // As long as the job runs it may be silent: the worker's limits of time end it.
    let ended = loop {
        let Some(Frame { kind, content }) = frame::read(agent).await? else {
            return Ok(Heard::Gone);
        };
        match kind {
            Kind::Output if content.is_empty() => {}
            Kind::Output => {
                if sink.send(content).await.is_err() {
                    return Ok(Heard::Closed);
                }
            }
            Kind::Ended => break serde_json::from_slice::<Ended>(&content)?,
            Kind::Failed => {
                let text = String::from_utf8_lossy(&content);
                let plain = text.chars().filter(|letter| !letter.is_control());
                return Ok(Heard::Failed(plain.take(500).collect()));
            }
            other => return Err(out_of_turn(other)),
        }
    };
    if let Some(lent) = lent {
        take_files(agent, lent, most).await?;
    }
    Ok(Heard::Ended(ended))
}

fn out_of_turn(kind: Kind) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{kind:?} out of turn"))
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

/// Replaces what lies in `lent` by what the agent sends.
async fn take_files(
    agent: &mut (impl AsyncRead + Unpin),
    lent: &Path,
    most: u64,
) -> io::Result<()> {
    let mut entries = fs::read_dir(lent).await?;
    while let Some(entry) = entries.next_entry().await? {
        fs::remove_file(entry.path()).await?;
    }
    let (mut files, mut bytes) = (0, 0_u64);
    let mut file: Option<File> = None;
    loop {
        let next = timeout(SILENCE, frame::read(agent)).await;
        let next = next.map_err(|_| refused("the agent is silent"))??;
        let Some(Frame { kind, content }) = next else {
            return Err(refused("the agent went away"));
        };
        match kind {
            Kind::File => {
                close(file.take()).await?;
                files += 1;
                let name = file_name(&content).ok_or_else(|| refused("a name that is a path"))?;
                if files > MOST_FILES {
                    return Err(refused("too many files"));
                }
                let mut options = OpenOptions::new();
                // In a directory that only the worker may enter, and never over anything.
                options.write(true).create_new(true).mode(0o600);
                file = Some(options.open(lent.join(name)).await?);
            }
            Kind::Data => {
                bytes = bytes.saturating_add(content.len() as u64);
                if bytes > most {
                    return Err(refused("more bytes than the job's disk has"));
                }
                match &mut file {
                    Some(file) => file.write_all(&content).await?,
                    None => return Err(out_of_turn(kind)),
                }
            }
            Kind::Done => return close(file).await,
            other => return Err(out_of_turn(other)),
        }
    }
}

async fn close(file: Option<File>) -> io::Result<()> {
    match file {
        // A write may still be under way.
        Some(mut file) => file.flush().await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
