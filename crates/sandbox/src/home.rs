//! The private directory of one sandbox on the worker's disk.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::SandboxError;
use crate::files::{FileContext as _, remove_tree};

/// Name of the script in the home.
pub(crate) const SCRIPT: &str = "build.sh";

/// A directory of one sandbox: `home` belongs to the job.
#[derive(Debug)]
pub(crate) struct Home {
    base: PathBuf,
    home: PathBuf,
    lent: Option<PathBuf>,
}

impl Home {
    /// Makes `root/<id>`, which must not exist.
    pub(crate) fn create(root: &Path, id: &str) -> Result<Self, SandboxError> {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(SandboxError::Name(id.to_owned()));
        }
        let mut private = DirBuilder::new();
        private.mode(0o700);
        let base = root.join(id);
        match private.create(&base) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(SandboxError::Exists(id.to_owned()));
            }
            // The root is made on first use.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut above = DirBuilder::new();
                above.mode(0o700).recursive(true);
                above.create(root).on("create", root)?;
                private.create(&base).on("create", &base)?;
            }
            other => other.on("create", &base)?,
        }
        let home = base.join("home");
        private.create(&home).on("create", &home)?;
        Ok(Self {
            base,
            home,
            lent: None,
        })
    }

    /// A home that is there already, in a machine that goes with its job.
    pub(crate) fn existing(home: PathBuf) -> Self {
        Self {
            base: home.clone(),
            home,
            lent: None,
        }
    }

    /// Makes the directory that is lent to the job, if it is to have one.
    pub(crate) fn lend(mut self, lend: bool) -> Result<Self, SandboxError> {
        if lend {
            let lent = self.base.join("lent");
            let made = DirBuilder::new().mode(0o700).create(&lent);
            if let Err(error) = made.on("create", &lent) {
                self.remove();
                return Err(error);
            }
            self.lent = Some(lent);
        }
        Ok(self)
    }

    /// That directory.
    pub(crate) fn lent(&self) -> Option<&Path> {
        self.lent.as_deref()
    }

    /// The job's home on the machine.
    pub(crate) fn path(&self) -> &Path {
        &self.home
    }

    /// Puts the script into the home.
    pub(crate) fn write_script(&self, script: &str) -> Result<PathBuf, SandboxError> {
        let path = self.home.join(SCRIPT);
        fs::write(&path, script).on("write", &path)?;
        Ok(path)
    }

    /// Removes all of it; logs what can't be removed.
    pub(crate) fn remove(&self) {
        if let Err(error) = remove_tree(&self.base) {
            tracing::warn!(path = %self.base.display(), %error, "could not remove a sandbox's directory");
        }
    }
}

/// Removes the directories of all sandboxes below `root`.
pub(crate) fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        if let Err(error) = remove_tree(&entry.path()) {
            tracing::warn!(path = %entry.path().display(), %error, "could not remove what an earlier worker left");
        }
    }
}
