//! What a job leaves: files that its script laid into the lent directory. They are bytes here; names
//! are only shown. Nothing of this can fail a job: what could not be sent stands in its log.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use tokio::time::{Instant, timeout_at};
use travis_api::worker::{ResultFile, ResultWanted, ResultsRequest, ResultsSpec};

use crate::backoff::Backoff;
use crate::cache::{digest, line, size};
use crate::client::{CallError, Client};

#[cfg(test)]
mod tests;

/// Which files there are.
const LIST: &str = "results.list";
/// Bytes of that list at most.
const LIST_BYTES: u64 = 1 << 20;
/// The longest path, in bytes.
const PATH: usize = 1024;

/// One attempt's results.
pub(crate) struct Results<'a> {
    pub(crate) client: &'a Client,
    pub(crate) attempt: i64,
    pub(crate) token: &'a str,
    pub(crate) spec: &'a ResultsSpec,
}

/// What was found in the lent directory.
#[derive(Debug, Default)]
struct Found {
    files: Vec<(ResultFile, File)>,
    /// Why others are left out, the first few.
    left_out: Vec<String>,
}

impl Results<'_> {
    /// Sends what lies in the lent directory. Gives a line for the log when something is missing.
    pub(crate) async fn hand_over(&self, lent: &Path) -> Option<String> {
        let (lent, spec) = (lent.to_owned(), self.spec.clone());
        let looked = tokio::task::spawn_blocking(move || look(&lent, &spec)).await;
        let found = match looked {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Some(say(&format!("can't be read: {error}"))),
            Err(error) => return Some(say(&format!("can't be read: {error}"))),
        };
        let mut said: Vec<String> = found
            .left_out
            .iter()
            .map(|why| line(&format!("Not kept: {why}")))
            .collect();
        if !found.files.is_empty() {
            let until = Instant::now() + Duration::from_secs(self.spec.timeout_seconds);
            let why = match timeout_at(until, self.send(&found)).await {
                Ok(Ok(())) => None,
                Ok(Err(why)) => Some(why),
                Err(_) => Some(format!(
                    "it took longer than {} s",
                    self.spec.timeout_seconds
                )),
            };
            said.extend(why.map(|why| say(&format!("could not all be sent: {why}"))));
        }
        (!said.is_empty()).then(|| said.concat())
    }

    async fn send(&self, found: &Found) -> Result<(), String> {
        let request = ResultsRequest {
            files: found.files.iter().map(|(file, _)| file.clone()).collect(),
        };
        let mut backoff = Backoff::brisk();
        // After any failure it is asked again what is missing: what came does not come twice.
        'ask: loop {
            let asked = self
                .client
                .declare_results(self.attempt, self.token, &request)
                .await;
            let wanted = match asked {
                Ok(answer) => answer.wanted,
                Err(CallError::Again(reason)) => {
                    tracing::debug!(attempt = self.attempt, %reason, "results not declared yet");
                    backoff.pause().await;
                    continue;
                }
                Err(error) => return Err(error.to_string()),
            };
            for one in &wanted {
                match self.send_one(found, one).await {
                    Ok(()) => {}
                    Err(CallError::Again(reason)) => {
                        tracing::debug!(attempt = self.attempt, %reason, "a result not taken yet");
                        backoff.pause().await;
                        continue 'ask;
                    }
                    Err(error) => return Err(error.to_string()),
                }
            }
            return Ok(());
        }
    }

    async fn send_one(&self, found: &Found, wanted: &ResultWanted) -> Result<(), CallError> {
        let is =
            |(file, _): &&(ResultFile, File)| file.kind == wanted.kind && file.path == wanted.path;
        let Some((file, open)) = found.files.iter().find(is) else {
            return Ok(());
        };
        let again = |error: io::Error| CallError::Again(error.to_string());
        let mut open = open.try_clone().map_err(again)?;
        open.rewind().map_err(again)?;
        let time = Duration::from_secs(self.spec.timeout_seconds);
        self.client
            .send_result(self.attempt, self.token, wanted.id, open, file.size, time)
            .await
    }
}

fn say(text: &str) -> String {
    line(&format!("The job's results {text}"))
}

/// Reads the list, and opens what it names. The job can have put anything there.
fn look(lent: &Path, spec: &ResultsSpec) -> io::Result<Found> {
    let mut found = Found::default();
    let Some((mut list, length)) = open(&lent.join(LIST))? else {
        return Ok(found);
    };
    if length > LIST_BYTES {
        return Err(io::Error::other(format!(
            "their list has {}: declare fewer files",
            size(length)
        )));
    }
    let mut text = Vec::new();
    (&mut list).take(LIST_BYTES).read_to_end(&mut text)?;
    let (mut bytes, mut skipped) = (0, 0_u64);
    let mut known = HashSet::new();
    for (number, record) in text.split(|byte| *byte == 0).enumerate() {
        let Some((kind, path)) = parse(record) else {
            continue;
        };
        if !known.insert((kind, path.clone())) {
            continue;
        }
        if found.files.len() as u64 >= spec.most_files {
            skipped += 1;
            continue;
        }
        let most = match kind {
            "report" => spec.report_bytes,
            _ => spec.file_bytes,
        };
        let why = match open(&lent.join(format!("result.{number}"))) {
            Ok(Some((_, length))) if length > most => {
                format!(
                    "{path} has {}, and one may have {}",
                    size(length),
                    size(most)
                )
            }
            Ok(Some((_, length))) if bytes + length > spec.most_bytes => {
                format!("{path}: all together may have {}", size(spec.most_bytes))
            }
            Ok(Some((mut file, length))) => match digest(&mut file, length) {
                Ok(sha256) => {
                    bytes += length;
                    let file_of = ResultFile {
                        kind: kind.to_owned(),
                        path,
                        size: length,
                        sha256,
                    };
                    found.files.push((file_of, file));
                    continue;
                }
                Err(error) => format!("{path}: {error}"),
            },
            Ok(None) => continue,
            Err(error) => format!("{path}: {error}"),
        };
        if found.left_out.len() < 10 {
            found.left_out.push(why);
        } else {
            skipped += 1;
        }
    }
    if skipped > 0 {
        let most = spec.most_files;
        found
            .left_out
            .push(format!("{skipped} more files; {most} may be left at most"));
    }
    Ok(found)
}

/// A record of the list: its kind, and its path made one that leads down.
fn parse(record: &[u8]) -> Option<(&'static str, String)> {
    let record = std::str::from_utf8(record).ok()?;
    let (kind, path) = record.split_once(' ')?;
    let kind = match kind {
        "report" => "report",
        "artifact" => "artifact",
        _ => return None,
    };
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let path = parts.join("/");
    let good = !path.is_empty()
        && path.len() <= PATH
        && !parts.contains(&"..")
        && !path.chars().any(char::is_control);
    good.then_some((kind, path))
}

/// Opens a file of the job's. A link to a file of this machine must not be followed, and a pipe
/// must not be waited for.
fn open(path: &Path) -> io::Result<Option<(File, u64)>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(io::Error::other("it is no plain file")),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    Ok(Some((file, found.len())))
}
