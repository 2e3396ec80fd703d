//! One step of an installation.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Makes a directory.
    Directory { path: PathBuf, mode: u32 },
    /// Copies a file.
    Copy {
        from: PathBuf,
        to: PathBuf,
        mode: u32,
    },
    /// Writes a file. A secret is not shown.
    Write {
        path: PathBuf,
        text: String,
        mode: u32,
        secret: bool,
    },
    /// Makes a symbolic link.
    Link { path: PathBuf, to: PathBuf },
    /// Runs a program. What `may_fail` may fail.
    Run { words: Vec<String>, may_fail: bool },
    /// Removes a file, or a directory with all that is in it.
    Remove(PathBuf),
}

impl Step {
    /// A program to run.
    pub fn run(words: &[&str]) -> Self {
        Self::Run {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            may_fail: false,
        }
    }

    /// A program that may fail.
    pub fn try_run(words: &[&str]) -> Self {
        Self::Run {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            may_fail: true,
        }
    }

    /// What it does, in a line.
    pub fn title(&self) -> String {
        match self {
            Self::Directory { path, .. } => format!("make the directory {}", path.display()),
            Self::Copy { from, to, .. } => format!("copy {} to {}", from.display(), to.display()),
            Self::Write { path, mode, .. } => format!("write {} (mode {mode:o})", path.display()),
            Self::Link { path, to } => format!("link {} to {}", path.display(), to.display()),
            Self::Run { words, .. } => format!("run {}", words.join(" ")),
            Self::Remove(path) => format!("remove {}", path.display()),
        }
    }

    /// What it writes, when it is no secret.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Write {
                text,
                secret: false,
                ..
            } => Some(text),
            _ => None,
        }
    }

    /// Does it.
    pub fn carry_out(&self) -> io::Result<()> {
        match self {
            Self::Directory { path, mode } => {
                fs::create_dir_all(path)?;
                fs::set_permissions(path, Permissions::from_mode(*mode))
            }
            Self::Copy { from, to, mode } => {
                parents(to)?;
                // Renamed into place: a program that runs can't be written to.
                let beside = to.with_extension("new");
                fs::copy(from, &beside)?;
                fs::set_permissions(&beside, Permissions::from_mode(*mode))?;
                fs::rename(&beside, to)
            }
            Self::Write {
                path, text, mode, ..
            } => {
                parents(path)?;
                let beside = path.with_extension("new");
                let _ = fs::remove_file(&beside);
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(*mode)
                    .open(&beside)?;
                file.write_all(text.as_bytes())?;
                // Whatever the mask of new files is here.
                file.set_permissions(Permissions::from_mode(*mode))?;
                file.sync_all()?;
                fs::rename(&beside, path)
            }
            Self::Link { path, to } => {
                parents(path)?;
                let _ = fs::remove_file(path);
                std::os::unix::fs::symlink(to, path)
            }
            Self::Run { words, may_fail } => match run(words) {
                Err(error) if !may_fail => Err(error),
                _ => Ok(()),
            },
            Self::Remove(path) => remove(path),
        }
    }
}

fn parents(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn run(words: &[String]) -> io::Result<()> {
    let Some((program, rest)) = words.split_first() else {
        return Ok(());
    };
    let output = Command::new(program).args(rest).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(said.trim().to_owned()))
}

fn remove(path: &Path) -> io::Result<()> {
    let gone = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => remove_tree(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match gone {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Jobs leave directories that nobody may write to, and mirrors are read-only.
fn remove_tree(path: &Path) -> io::Result<()> {
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    open_up(path);
    fs::remove_dir_all(path)
}

fn open_up(directory: &Path) {
    let _ = fs::set_permissions(directory, Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
