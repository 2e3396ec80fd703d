//! Files that a server offers: fetched with a digest check, and resumed where they stopped.

use crate::failure::{Failure, Status};
use crate::session::Session;
use aws_lc_rs::digest::{Context, SHA256};
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Response, StatusCode};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use travis_api::v3::{Download, Downloads};

/// A server that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// A list of downloads is not longer.
const LONGEST_LIST: usize = 1 << 20;
/// A transfer that breaks off goes on at once, so often without a single new byte.
const TRIES: u32 = 3;

/// A server that offers files.
pub struct Source {
    http: reqwest::Client,
    server: String,
}

impl Source {
    /// Trusts the authorities in the file `ca`, in PEM, beside the known ones.
    ///
    /// # Errors
    /// When the file can't be used.
    pub fn new(server: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(SILENCE)
            .read_timeout(SILENCE);
        if let Some(path) = ca {
            let wrong = |error: String| {
                let text = format!(
                    "the certificates in {} can't be used: {error}",
                    path.display()
                );
                Failure::new(Status::Io, text).remedy("Name a file with certificates in PEM.")
            };
            let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| wrong(error.to_string()))?;
            if certificates.is_empty() {
                return Err(wrong("there are none".to_owned()));
            }
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let server = server.trim_end_matches('/').to_owned();
        let http = builder
            .build()
            .map_err(|error| unreachable_server(&server, &error))?;
        Ok(Self { http, server })
    }

    /// Its address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What it offers.
    ///
    /// # Errors
    /// When it can't be reached, or names no digests.
    pub async fn list(&self) -> Result<Vec<Download>, Failure> {
        let failed = |error: reqwest::Error| unreachable_server(&self.server, &error);
        let mut answer = self
            .http
            .get(format!("{}/v3/downloads", self.server))
            .timeout(SILENCE)
            .send()
            .await
            .and_then(Response::error_for_status)
            .map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_LIST {
                return Err(self.odd("sends a list without an end"));
            }
        }
        let list: Downloads = serde_json::from_slice(&body)
            .map_err(|_| self.odd("has no list of downloads: is it a Travis server?"))?;
        let wrong = |file: &Download| {
            file.sha256.len() != 64 || !file.sha256.bytes().all(|b| b.is_ascii_hexdigit())
        };
        if list.downloads.iter().any(wrong) {
            return Err(self.odd("names no digests of its files"));
        }
        Ok(list.downloads)
    }

    /// The first file that fits this processor and `wanted`.
    pub fn pick(list: &[Download], wanted: impl Fn(&Download) -> bool) -> Option<&Download> {
        let fits = |file: &&Download| {
            file.arch.as_deref().is_none_or(|arch| arch == "amd64") && wanted(file)
        };
        list.iter().find(fits)
    }

    /// Fetches a file to `to`, which is there whole or not at all. What was fetched before it broke
    /// off lies beside it, named by the digest, and is not fetched again.
    ///
    /// # Errors
    /// When it breaks off, the disk is full, or the bytes are not those that the server names.
    pub async fn fetch(
        &self,
        listed: &Download,
        to: &Path,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let place = to.parent().unwrap_or(to);
        fs::create_dir_all(place)?;
        let digest = listed.sha256.to_lowercase();
        let part = place.join(format!("{digest}.part"));
        let mut file = open(&part)?;
        let mut had = file.metadata()?.len().min(listed.size);
        file.set_len(had)?;
        let resumed = had > 0;
        enough_disk(place, listed.size - had)?;
        let name = crate::output::plain(&listed.name);
        let mb = |bytes: u64| bytes / 1_000_000;
        session.screen.remark(&if resumed {
            format!(
                "Fetching {name} from {}: {} of {} MB are here already",
                self.server,
                mb(had),
                mb(listed.size)
            )
        } else {
            format!(
                "Fetching {name} ({} MB) from {}",
                mb(listed.size),
                self.server
            )
        })?;
        let mut tries = 0;
        while had < listed.size {
            let before = had;
            match self.go_on(listed, &mut file, &mut had, session).await {
                Ok(()) => {}
                Err(Broken::Off(failure)) => {
                    tries = if had > before { 0 } else { tries + 1 };
                    if tries >= TRIES {
                        return Err(failure);
                    }
                }
                Err(Broken::Final(failure)) => return Err(failure),
            }
        }
        file.sync_all()?;
        let found = sha256(&part)?;
        if found != digest {
            fs::remove_file(&part)?;
            let text = format!(
                "what {} sent is not its file {name}: SHA-256 {found}, not {digest}",
                self.server
            );
            return Err(Failure::new(Status::Server, text).remedy(if resumed {
                "What was here from before is removed: start again."
            } else {
                "Start again; when it happens twice, tell the server's operator."
            }));
        }
        fs::rename(&part, to)?;
        Ok(())
    }

    /// One answer of the server, from where the file ends.
    async fn go_on(
        &self,
        listed: &Download,
        file: &mut File,
        had: &mut u64,
        session: &mut Session,
    ) -> Result<(), Broken> {
        let off = |error: reqwest::Error| {
            let failure = unreachable_server(&self.server, &error);
            Broken::Off(failure.remedy("Start again: it goes on where it stopped."))
        };
        let mut call = self.http.get(format!("{}{}", self.server, listed.path));
        if *had > 0 {
            call = call.header(RANGE, format!("bytes={had}-"));
        }
        let mut answer = call.send().await.map_err(off)?;
        match answer.status() {
            StatusCode::PARTIAL_CONTENT if begins_at(&answer, *had) => {}
            StatusCode::OK => *had = 0,
            StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE => {
                let text = "has another file there now";
                return Err(Broken::Final(self.odd(text).remedy("Start again.")));
            }
            status => {
                return Err(Broken::Final(self.odd(&format!("answers with {status}"))));
            }
        }
        file.set_len(*had)?;
        file.seek(SeekFrom::Start(*had))?;
        let mut told = tenths(*had, listed.size);
        while let Some(chunk) = answer.chunk().await.map_err(off)? {
            if *had + chunk.len() as u64 > listed.size {
                return Err(Broken::Final(self.odd("sends more than it said")));
            }
            file.write_all(&chunk)?;
            *had += chunk.len() as u64;
            let tenth = tenths(*had, listed.size);
            if tenth > told {
                told = tenth;
                session.screen.remark(&format!("  {} %", tenth * 10))?;
            }
        }
        if *had < listed.size {
            let text = format!("{} sends less than it said", self.server);
            let failure = Failure::new(Status::Unreachable, text);
            return Err(Broken::Off(
                failure.remedy("Start again: it goes on where it stopped."),
            ));
        }
        Ok(())
    }

    fn odd(&self, what: &str) -> Failure {
        Failure::new(Status::Server, format!("{} {what}", self.server))
    }
}

/// Why an answer did not bring all.
enum Broken {
    /// Worth another try.
    Off(Failure),
    Final(Failure),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Final(error.into())
    }
}

fn tenths(had: u64, size: u64) -> u64 {
    had.saturating_mul(10) / size.max(1)
}

fn begins_at(answer: &Response, at: u64) -> bool {
    let range = answer.headers().get(CONTENT_RANGE);
    let range = range.and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {at}-")))
}

/// Opens the part for this process alone.
fn open(part: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(part)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        let text = format!("another process fetches {} now", part.display());
        Failure::new(Status::Refused, text).remedy("Wait for its end.")
    })?;
    Ok(file)
}

fn enough_disk(place: &Path, bytes: u64) -> Result<(), Failure> {
    let Ok(disk) = rustix::fs::statvfs(place) else {
        return Ok(());
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free >= bytes {
        return Ok(());
    }
    let text = format!(
        "{} has {} MB of free disk, and {} MB are to be fetched",
        place.display(),
        free / 1_000_000,
        bytes / 1_000_000
    );
    Err(Failure::new(Status::Io, text).remedy("Make room, or name another place with --data."))
}

fn unreachable_server(server: &str, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Failure::new(
        Status::Unreachable,
        format!("no image from {server}: {cause}"),
    )
    .remedy("Check the address; a certificate of an authority of your own is trusted by --ca.")
}

/// SHA-256 of a file in hex.
///
/// # Errors
/// When it can't be read.
pub fn sha256(path: &Path) -> Result<String, Failure> {
    let mut file = File::open(path)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hex::encode(digest.finish()));
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}

/// Removes what was begun to be fetched and is no longer wanted.
pub fn forget_parts(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let parts = entries.map(|entry| entry.path());
    for part in parts.filter(|path: &PathBuf| path.extension().is_some_and(|end| end == "part")) {
        let _ = fs::remove_file(part);
    }
}

#[cfg(test)]
mod tests;
