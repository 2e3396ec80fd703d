//! A job's cache: fetched before it runs, stored after it passed. Nothing of this can fail a job;
//! what went wrong stands in its log.
//!
//! A cache is bytes here. It is only ever unpacked by the job, inside of its sandbox.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use rustix::fs::{Mode, OFlags};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout};
use travis_api::worker::CacheSpec;

use crate::backoff::Backoff;
use crate::client::{CallError, Client};

#[cfg(test)]
mod tests;

/// What was fetched, for the job.
const FETCHED: &str = "fetched.tgz";
/// What the job leaves to be stored.
const NEW: &str = "new.tgz";

/// One attempt's cache.
pub(crate) struct Cache<'a> {
    pub(crate) client: &'a Client,
    pub(crate) attempt: i64,
    pub(crate) token: &'a str,
    pub(crate) spec: &'a CacheSpec,
}

impl Cache<'_> {
    fn time(&self) -> Duration {
        Duration::from_secs(self.spec.timeout_seconds)
    }

    /// Puts the cache into the directory lent to the job. Gives a line for the log.
    pub(crate) async fn fetch(&self, lent: &Path) -> Option<String> {
        if !self.spec.fetch {
            return None;
        }
        let began = Instant::now();
        let path = lent.join(FETCHED);
        let fetched = timeout(self.time(), self.fetch_to(&path)).await;
        let why = match fetched {
            Ok(Ok(Some((from, length)))) => {
                let took = began.elapsed().as_secs_f64();
                let size = size(length);
                return Some(line(&format!(
                    "Cache of {from} fetched: {size} in {took:.1} s"
                )));
            }
            Ok(Ok(None)) => return Some(line("No cache yet")),
            Ok(Err(why)) => why,
            Err(_) => format!("it took longer than {} s", self.spec.timeout_seconds),
        };
        // A part of it is worse than nothing.
        if let Err(error) = tokio::fs::remove_file(&path).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(attempt = self.attempt, %error, "could not remove a part of a cache");
        }
        Some(line(&format!(
            "The cache can't be fetched, the job goes on without: {why}"
        )))
    }

    async fn fetch_to(&self, path: &Path) -> Result<Option<(String, u64)>, String> {
        let call = self
            .client
            .fetch_cache(self.attempt, self.token, self.time());
        let Some(mut coming) = call.await.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let most = self.spec.most_bytes;
        let mut file = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .await
            .map_err(|error| error.to_string())?;
        let mut digest = Context::new(&SHA256);
        let mut length = 0;
        while let Some(piece) = coming.piece().await.map_err(|error| error.to_string())? {
            length += piece.len() as u64;
            if length > most {
                return Err(format!("it is larger than {}", size(most)));
            }
            digest.update(&piece);
            file.write_all(&piece)
                .await
                .map_err(|error| error.to_string())?;
        }
        file.flush().await.map_err(|error| error.to_string())?;
        if hex::encode(digest.finish()) != coming.sha256 {
            return Err("it is damaged, its SHA-256 is another".to_owned());
        }
        Ok(Some((coming.from, length)))
    }

    /// Stores what a job left that passed. Gives a line for the log.
    pub(crate) async fn store(&self, lent: &Path) -> Option<String> {
        let path = lent.join(NEW);
        let most = self.spec.most_bytes;
        let opened = tokio::task::spawn_blocking(move || open(&path, most)).await;
        let why = match opened {
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(_))) if !self.spec.store => {
                return Some(line(
                    "The cache is not stored: this job may read caches and not write them",
                ));
            }
            Ok(Ok(Some(new))) => {
                let began = Instant::now();
                match timeout(self.time(), self.send(&new)).await {
                    Ok(Ok(())) => {
                        let took = began.elapsed().as_secs_f64();
                        return Some(line(&format!(
                            "Cache stored: {} in {took:.1} s",
                            size(new.length)
                        )));
                    }
                    Ok(Err(why)) => why,
                    Err(_) => format!("it took longer than {} s", self.spec.timeout_seconds),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        Some(line(&format!("The cache can't be stored: {why}")))
    }

    async fn send(&self, new: &New) -> Result<(), String> {
        let mut backoff = Backoff::brisk();
        loop {
            let file = new.again().map_err(|error| error.to_string())?;
            let sent = self.client.store_cache(
                self.attempt,
                self.token,
                file,
                new.length,
                &new.sha256,
                self.time(),
            );
            match sent.await {
                Ok(()) => return Ok(()),
                // Until the time is over.
                Err(CallError::Again(reason)) => {
                    tracing::debug!(attempt = self.attempt, %reason, "cache not taken yet");
                    backoff.pause().await;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}

/// What a job left to be stored.
#[derive(Debug)]
struct New {
    file: File,
    length: u64,
    sha256: String,
}

impl New {
    /// From its beginning.
    fn again(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.rewind()?;
        Ok(file)
    }
}

/// Opens what a job left. The job can have put anything there: a link to a file of this machine
/// must not be followed, and a pipe must not be waited for.
fn open(path: &Path, most: u64) -> io::Result<Option<New>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(io::Error::other("new.tgz is no plain file")),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("new.tgz is no plain file"));
    }
    let length = found.len();
    if length > most {
        return Err(io::Error::other(format!(
            "it has {}, and one may have {}; cache fewer directories",
            size(length),
            size(most)
        )));
    }
    let sha256 = digest(&mut file, length)?;
    Ok(Some(New {
        file,
        length,
        sha256,
    }))
}

/// The SHA-256, in hexadecimal digits, of the next `length` bytes of what a job left.
///
/// # Errors
/// When it can't be read, or ends before: a process of the job may still have cut it.
pub(crate) fn digest(file: &mut File, length: u64) -> io::Result<String> {
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 256 << 10];
    let mut left = length;
    while left > 0 {
        let most = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let Some(space) = buffer.get_mut(..most) else {
            break;
        };
        match file.read(space)? {
            0 => return Err(io::Error::other("it was cut while it was read")),
            count => {
                digest.update(buffer.get(..count).unwrap_or_default());
                left -= count as u64;
            }
        }
    }
    Ok(hex::encode(digest.finish()))
}

/// A line of the worker's in a log.
pub(crate) fn line(text: &str) -> String {
    format!("\x1b[33;1m{text}\x1b[0m\n")
}

/// Bytes for people.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["kB", "MB", "GB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut number = bytes as f64 / 1000.0;
    let mut unit = 0;
    while number >= 999.95 && unit + 1 < UNITS.len() {
        number /= 1000.0;
        unit += 1;
    }
    format!("{number:.1} {}", UNITS.get(unit).unwrap_or(&"GB"))
}
