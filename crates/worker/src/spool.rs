//! A log on the worker's disk: the truth until the server sealed it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

/// A log being written. Removed from the disk when it is dropped: by then it was sealed, or the
/// attempt is another worker's.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    path: PathBuf,
}

impl Spool {
    /// Makes the file; the directory must be there.
    pub(crate) fn create(directory: &Path, attempt: i64) -> io::Result<Arc<Self>> {
        let path = directory.join(format!("{attempt}.log"));
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Arc::new(Self { file, path }))
    }

    /// Adds bytes at the end. Goes to the page cache: that survives this process, and a machine
    /// that loses power loses the attempt anyway.
    pub(crate) fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)
    }

    /// Bytes from an offset on; fewer than `most` only at the end.
    pub(crate) fn read(&self, offset: u64, most: usize) -> io::Result<Bytes> {
        let mut bytes = vec![0; most];
        let mut filled = 0;
        while let Some(space) = bytes.get_mut(filled..).filter(|space| !space.is_empty()) {
            match self.file.read_at(space, offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(bytes.into())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "could not remove a log's spool");
        }
    }
}

/// Removes what a killed worker left; those attempts were lost with their leases.
pub(crate) fn sweep(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_bytes_until_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::create(directory.path(), 7).unwrap();
        assert!(Spool::create(directory.path(), 7).is_err());
        spool.append(b"hello ").unwrap();
        spool.append(b"\0\xffworld").unwrap();
        assert_eq!(spool.read(6, 4).unwrap(), &b"\0\xffwo"[..]);
        assert_eq!(spool.read(8, 100).unwrap(), "world");
        assert_eq!(spool.read(100, 5).unwrap(), "");
        drop(spool);
        assert!(fs::read_dir(directory.path()).unwrap().next().is_none());
        fs::write(directory.path().join("9.log"), "left").unwrap();
        sweep(directory.path()).unwrap();
        assert!(fs::read_dir(directory.path()).unwrap().next().is_none());
    }
}
