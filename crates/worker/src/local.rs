//! A job run here and now, without a server: in the same sandbox, under the same limits and with
//! the same masking as an attempt's.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use travis_api::worker::Limits;
use travis_logs::mask::Masker;
use travis_sandbox::{Executor, Sandbox, SandboxError, Spec};

use crate::drive::{Broken, Ear, Take, drive};
use crate::verdict::Verdict;

/// One job to run here.
pub struct LocalJob<'a> {
    /// Where it runs.
    pub executor: &'a dyn Executor,
    /// What is prepared for it.
    pub spec: &'a Spec,
    /// Its script.
    pub script: &'a str,
    /// Values to mask in what it prints.
    pub secrets: &'a [String],
    /// What it may use at most.
    pub limits: &'a Limits,
    /// The archive that its cache is kept in between runs; the specification has to lend.
    pub cache: Option<&'a Path>,
}

/// How a job that ran here ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalEnd {
    /// `passed`, `failed`, `errored` or `canceled`.
    pub outcome: &'static str,
    /// The script's exit code, when it had one.
    pub exit_code: Option<i32>,
    /// Why, when the exit code does not say so.
    pub reason: Option<String>,
}

/// Why a job could not be run here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// It has no place to run in.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// What it prints can't be shown.
    #[error("the log can't be shown: {0}")]
    Output(io::Error),
}

/// Runs a job and shows what it prints, masked, as it comes. `canceled` ends with the reason to
/// stop it. Nothing of the job is left behind.
///
/// # Errors
/// When there is no place for it, or its output can't be shown.
pub async fn run_here(
    job: &LocalJob<'_>,
    canceled: impl Future<Output = String>,
    show: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<LocalEnd, LocalError> {
    let sandbox = job.executor.prepare(job.spec).await?;
    let mut shown = Shown {
        masker: Masker::new(job.secrets),
        show,
        left: job.limits.log_bytes,
        clear: Vec::new(),
    };
    if let Some(error) = lend_cache(sandbox.as_ref(), job.cache).err() {
        let text = format!("The cache can't be lent to the job: {error}.\n");
        (shown.show)(text.as_bytes()).map_err(LocalError::Output)?;
    }
    // Who runs a job by hand wants it now.
    let (_never, frozen) = tokio::sync::watch::channel(false);
    let (_none, leave) = tokio::sync::watch::channel(0);
    let ear = Ear {
        canceled,
        over: std::future::pending(),
        frozen,
        leave,
        stands: &(),
        gauge: |_| {},
    };
    let driven = drive(sandbox.as_ref(), job.script, job.limits, &mut shown, ear).await;
    let kept = keep_cache(sandbox.as_ref(), job.cache);
    sandbox.destroy().await;
    let verdict = match driven {
        Ok(verdict) => verdict,
        Err(Broken::Output(error)) => return Err(LocalError::Output(error)),
        Err(Broken::Over) => Verdict::errored("The job was given up.".to_owned()),
    };
    if let Err(error) = kept {
        let text = format!("The cache can't be kept: {error}.\n");
        (shown.show)(text.as_bytes()).map_err(LocalError::Output)?;
    }
    shown
        .close(&verdict.last_words)
        .map_err(LocalError::Output)?;
    Ok(LocalEnd {
        outcome: verdict.outcome,
        exit_code: verdict.exit_code,
        reason: verdict.reason,
    })
}

/// Puts the cache of an earlier run where the job finds it.
fn lend_cache(sandbox: &dyn Sandbox, cache: Option<&Path>) -> io::Result<()> {
    match (sandbox.lent(), cache) {
        (Some(lent), Some(cache)) if cache.exists() => {
            fs::copy(cache, lent.join("fetched.tgz")).map(drop)
        }
        _ => Ok(()),
    }
}

/// Keeps what the job put there for the next run. A link that it left there is not followed.
fn keep_cache(sandbox: &dyn Sandbox, cache: Option<&Path>) -> io::Result<()> {
    let (Some(lent), Some(cache)) = (sandbox.lent(), cache) else {
        return Ok(());
    };
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    let made = OpenOptions::new()
        .read(true)
        .custom_flags(nofollow)
        .open(lent.join("new.tgz"));
    let mut made = match made {
        Ok(made) if made.metadata()?.is_file() => made,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(()),
    };
    if let Some(place) = cache.parent() {
        fs::create_dir_all(place)?;
    }
    let beside = cache.with_extension("part");
    io::copy(&mut made, &mut File::create(&beside)?)?;
    fs::rename(&beside, cache)
}

/// Output on its way to whoever looks.
struct Shown<F> {
    masker: Masker,
    show: F,
    /// Bytes that may still be shown.
    left: u64,
    clear: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Shown<F> {
    /// Shows what the masker let through; `false` when it is more than may be shown.
    fn put(&mut self) -> io::Result<bool> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let fits = self.clear.len() <= room;
        self.clear.truncate(room);
        self.left = self.left.saturating_sub(self.clear.len() as u64);
        (self.show)(&self.clear)?;
        self.clear.clear();
        Ok(fits)
    }

    fn close(&mut self, last_words: &str) -> io::Result<()> {
        self.masker.finish(&mut self.clear);
        self.put()?;
        (self.show)(last_words.as_bytes())
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Take for Shown<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<bool> {
        self.masker.push(bytes, &mut self.clear);
        self.put()
    }

    fn holds_back(&self) -> bool {
        self.masker.pending()
    }

    fn let_go(&mut self) -> io::Result<()> {
        self.masker.flush_partial(&mut self.clear);
        self.put().map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use travis_sandbox::Dummy;

    const LIMITS: Limits = Limits {
        total_seconds: 60,
        silence_seconds: 60,
        log_bytes: 40,
        memory_bytes: None,
        processes: None,
    };

    async fn ran(script: &str, secrets: &[String]) -> (LocalEnd, String) {
        let executor = Dummy::default();
        let spec = Spec {
            id: "1".to_owned(),
            ..Spec::default()
        };
        let job = LocalJob {
            executor: &executor,
            spec: &spec,
            script,
            secrets,
            limits: &LIMITS,
            cache: None,
        };
        let mut shown = Vec::new();
        let end = run_here(&job, std::future::pending(), |bytes| {
            shown.extend_from_slice(bytes);
            Ok(())
        })
        .await
        .unwrap();
        (end, String::from_utf8(shown).unwrap())
    }

    #[tokio::test]
    async fn shows_what_is_printed_without_secrets_and_tells_the_end() {
        let (end, shown) = ran("echo hush-hush\nexit 1\n", &["hush-hush".to_owned()]).await;
        assert_eq!((end.outcome, end.exit_code), ("failed", Some(1)));
        assert!(
            shown.contains("[secure]") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
