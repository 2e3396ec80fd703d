//! Where a log comes in: masked, counted, digested and spooled.

use std::io;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use tokio::sync::watch;
use travis_logs::mask::Masker;

use crate::drive::Take;
use crate::spool::Spool;

/// How much of a log there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extent {
    pub(crate) length: u64,
    /// Nothing more comes.
    pub(crate) complete: bool,
}

/// Takes a log in. Everything goes through the masker, so nothing that leaves the machine or lies
/// in the spool holds a secret in the clear.
pub(crate) struct Intake {
    spool: Arc<Spool>,
    masker: Masker,
    digest: Context,
    extent: watch::Sender<Extent>,
    most: u64,
    full: bool,
    /// The last line goes on.
    within: bool,
    clear: Vec<u8>,
}

impl Intake {
    /// `most` bytes are taken, then [`write`](Take::write) says that the log is full.
    pub(crate) fn new(spool: Arc<Spool>, secrets: &[String], most: u64) -> Self {
        Self {
            spool,
            masker: Masker::new(secrets),
            digest: Context::new(&SHA256),
            extent: watch::channel(Extent::default()).0,
            most,
            full: false,
            within: false,
            clear: Vec::new(),
        }
    }

    /// Tells of the log's growth.
    pub(crate) fn extent(&self) -> watch::Receiver<Extent> {
        self.extent.subscribe()
    }

    /// Takes a line of the worker's own, which begins on a line of its own.
    pub(crate) fn say(&mut self, line: &[u8]) -> io::Result<bool> {
        if self.holds_back() {
            self.let_go()?;
        }
        if self.within && !self.write(b"\n")? {
            return Ok(false);
        }
        self.write(line)
    }

    /// Adds the worker's own last words, past the limit if need be, and closes the log. Gives its
    /// length and SHA-256 in hex.
    pub(crate) fn close(mut self, last_words: &str) -> io::Result<(u64, String)> {
        if !self.full {
            let mut clear = Vec::new();
            self.masker.finish(&mut clear);
            self.keep(&clear)?;
        }
        self.keep(last_words.as_bytes())?;
        self.extent.send_modify(|extent| extent.complete = true);
        let length = self.extent.borrow().length;
        Ok((length, hex::encode(self.digest.finish())))
    }

    fn keep(&mut self, clear: &[u8]) -> io::Result<()> {
        if clear.is_empty() {
            return Ok(());
        }
        self.spool.append(clear)?;
        self.within = clear.last() != Some(&b'\n');
        self.digest.update(clear);
        self.extent
            .send_modify(|extent| extent.length += clear.len() as u64);
        Ok(())
    }
}

impl Take for Intake {
    /// Takes output. `false` when the log is full: what did not fit is dropped.
    fn write(&mut self, bytes: &[u8]) -> io::Result<bool> {
        if self.full {
            return Ok(false);
        }
        let mut clear = std::mem::take(&mut self.clear);
        clear.clear();
        self.masker.push(bytes, &mut clear);
        let room = self.most.saturating_sub(self.extent.borrow().length);
        if clear.len() as u64 > room {
            clear.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            self.full = true;
        }
        let kept = self.keep(&clear);
        self.clear = clear;
        kept.map(|()| !self.full)
    }

    /// Whether bytes are held back because they may begin a secret.
    fn holds_back(&self) -> bool {
        self.masker.pending()
    }

    /// Lets go of what is held back, after a while without output: a prompt must not stay hidden.
    fn let_go(&mut self) -> io::Result<()> {
        let mut clear = Vec::new();
        self.masker.flush_partial(&mut clear);
        self.keep(&clear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_workers_own_begins_on_one() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::create(directory.path(), 1).unwrap();
        let mut intake = Intake::new(Arc::clone(&spool), &["hush-hush".to_owned()], 1000);
        intake.say(b"first\n").unwrap();
        intake.write(b"travis_fold:end:x\r\x1b[0Ka hush-").unwrap();
        intake.say(b"second\n").unwrap();
        let whole = spool.read(0, 100).unwrap();
        assert_eq!(whole, "first\ntravis_fold:end:x\r\x1b[0Ka hush-\nsecond\n");
    }

    #[test]
    fn masks_limits_and_digests() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::create(directory.path(), 1).unwrap();
        let mut intake = Intake::new(Arc::clone(&spool), &["hush-hush".to_owned()], 20);
        assert!(intake.write(b"a hush-").unwrap());
        assert!(intake.holds_back());
        assert!(intake.write(b"hush b").unwrap());
        assert!(!intake.write(b"cccccccccccccc").unwrap());
        assert!(!intake.write(b"more").unwrap());
        let extent = intake.extent();
        let (length, digest) = intake.close("\nfull\n").unwrap();
        let whole = spool.read(0, 100).unwrap();
        assert_eq!(whole, "a [secure] bcccccccc\nfull\n");
        assert_eq!(length, whole.len() as u64);
        let expected = aws_lc_rs::digest::digest(&SHA256, &whole);
        assert_eq!(digest, hex::encode(expected));
        assert!(extent.borrow().complete);
    }
}
