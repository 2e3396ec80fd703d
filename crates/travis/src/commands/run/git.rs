//! Calls of git, each with an end.

use crate::failure::{Failure, Status};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// No single git call takes longer; a first copy of a large repository may take a while.
const LONGEST: Duration = Duration::from_secs(600);

/// What git sets for the hooks that it calls; a hook that calls `travis run` means the directory
/// that it is in.
const VARIABLES: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
];

/// Takes from a call of git what would make it look elsewhere.
pub(in crate::commands) fn without_git_variables(command: &mut Command) {
    for name in VARIABLES {
        command.env_remove(name);
    }
}

/// git in one place.
pub(super) struct Git {
    directory: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
}

impl Git {
    pub fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            environment: Vec::new(),
        }
    }

    /// The files of `top` with the objects and an index of elsewhere.
    pub fn copy(top: &Path, bare: &Path, place: &Path) -> Self {
        Self::with_index(top, bare, &place.join("index"))
    }

    /// The same for the files of another directory, with another index.
    pub fn with_index(directory: &Path, bare: &Path, index: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            environment: vec![
                ("GIT_DIR", bare.to_owned()),
                ("GIT_WORK_TREE", directory.to_owned()),
                ("GIT_INDEX_FILE", index.to_owned()),
            ],
        }
    }

    /// What it prints; nothing when it says no.
    pub async fn ask(&self, words: &[&str]) -> Result<Option<String>, Failure> {
        self.call(words).await.map(Result::ok)
    }

    pub async fn must(&self, words: &[&str]) -> Result<String, Failure> {
        self.call(words).await?.map_err(|said| {
            Failure::new(
                Status::Io,
                format!(
                    "git {} failed: {}",
                    words.first().copied().unwrap_or_default(),
                    crate::output::plain(said.trim())
                ),
            )
            .remedy("Mend what git says of this working tree, then run again.")
        })
    }

    pub async fn tell(&self, words: &[&str]) -> Result<(), Failure> {
        self.must(words).await.map(drop)
    }

    async fn call(&self, words: &[&str]) -> Result<Result<String, String>, Failure> {
        let mut command = Command::new("git");
        without_git_variables(&mut command);
        command
            .args(["-c", "advice.addEmbeddedRepo=false"])
            .args(["-c", "core.hooksPath=/dev/null"])
            .args(["-c", "log.showSignature=false"])
            .args(words)
            .current_dir(&self.directory)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // A person of its own: the machine may have none set.
            .envs([
                ("GIT_AUTHOR_NAME", "travis run"),
                ("GIT_AUTHOR_EMAIL", "travis-run@localhost"),
                ("GIT_COMMITTER_NAME", "travis run"),
                ("GIT_COMMITTER_EMAIL", "travis-run@localhost"),
                ("GIT_TERMINAL_PROMPT", "0"),
            ])
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(LONGEST, command.output())
            .await
            .map_err(|_| {
                Failure::new(
                    Status::Io,
                    format!("git took longer than {} minutes", LONGEST.as_secs() / 60),
                )
            })?
            .map_err(|error| {
                Failure::new(Status::Io, format!("git can't be started: {error}"))
                    .remedy("Install git.")
            })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        Ok(if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        })
    }
}
