//! The working tree as a commit, without touching the repository that it belongs to.

use crate::failure::{Failure, Status};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// No single git call takes longer; a first copy of a large repository may take a while.
const LONGEST: Duration = Duration::from_secs(600);
/// The branch of a tree without one.
const USUAL_BRANCH: &str = "main";

/// A copy of a working tree in a bare repository of its own, gone when it is dropped.
pub struct Tree {
    /// The branch that is checked out, or one of the usual name.
    pub branch: String,
    /// The commit that holds the tree's files.
    pub commit: String,
    /// Its message.
    pub message: String,
    /// `owner/name`, from the remote's address or the directory's name.
    pub slug: String,
    /// Where the project's clones come from, in words that a script may hold.
    pub clone_url: String,
    /// Whether files differ from the last commit.
    pub changed: bool,
    place: TempDir,
}

impl Tree {
    /// Takes the tree that `directory` is in.
    ///
    /// # Errors
    /// When git is missing or fails; the failure says at what.
    pub async fn take(directory: &Path) -> Result<Self, Failure> {
        let here = Git::at(directory);
        let top = match here.ask(&["rev-parse", "--show-toplevel"]).await? {
            Some(top) if !top.is_empty() => PathBuf::from(top),
            // Not in a repository: the directory itself is the tree.
            _ => directory.to_owned(),
        };
        let work = Git::at(&top);
        let head = work
            .ask(&["rev-parse", "--verify", "--quiet", "HEAD"])
            .await?;
        let branch = work
            .ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])
            .await?
            .unwrap_or_else(|| USUAL_BRANCH.to_owned());
        let remote = work.ask(&["config", "--get", "remote.origin.url"]).await?;
        let slug = slug(remote.as_deref(), &top);
        let place = TempDir::with_prefix("travis-run-")?;
        let bare = place.path().join("source.git");
        let bare_text = bare.to_string_lossy().into_owned();
        work.tell(&["init", "--quiet", "--bare", &bare_text])
            .await?;
        let reference = format!("refs/heads/{branch}");
        if let Some(head) = &head {
            let spec = format!("{head}:{reference}");
            work.tell(&["push", "--quiet", "--no-verify", &bare_text, &spec])
                .await?;
        }
        // What the repository leaves out without saying so in its files is left out here, too.
        if let Some(exclude) = work
            .ask(&["rev-parse", "--git-path", "info/exclude"])
            .await?
            && let Ok(text) = std::fs::read(top.join(exclude))
        {
            std::fs::create_dir_all(bare.join("info"))?;
            std::fs::write(bare.join("info/exclude"), text)?;
        }
        let copy = Git::copy(&top, &bare, place.path());
        if head.is_some() {
            copy.tell(&["read-tree", &reference]).await?;
        }
        copy.tell(&["add", "--all", "."]).await?;
        let tree = copy.must(&["write-tree"]).await?;
        let before = match &head {
            Some(head) => {
                copy.must(&["rev-parse", &format!("{head}^{{tree}}")])
                    .await?
            }
            None => String::new(),
        };
        let changed = tree != before;
        let commit = match &head {
            Some(head) if !changed => head.clone(),
            head => {
                let mut words = vec!["commit-tree", &tree, "-m", "The working tree as it lies"];
                if let Some(head) = head {
                    words.extend(["-p", head]);
                }
                copy.must(&words).await?
            }
        };
        copy.tell(&["update-ref", &reference, &commit]).await?;
        let message = copy.must(&["log", "-1", "--format=%B", &commit]).await?;
        Ok(Self {
            clone_url: format!("https://localhost/{slug}.git"),
            branch,
            commit,
            message,
            slug,
            changed,
            place,
        })
    }

    /// The bare repository that holds the commit.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.place.path().join("source.git")
    }

    /// A directory for whatever else lives as long as the run.
    #[must_use]
    pub fn place(&self) -> &Path {
        self.place.path()
    }
}

/// `owner/name` of a remote's address, or of the directory's name, in characters of slugs.
fn slug(remote: Option<&str>, top: &Path) -> String {
    let clean = |part: &str| -> String {
        let part: String = part
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "._-".contains(c) {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        part.trim_start_matches(['.', '-']).to_owned()
    };
    let address = remote.unwrap_or_default().trim_end_matches('/');
    let address = address.strip_suffix(".git").unwrap_or(address);
    let mut parts = address.rsplit(['/', ':']).map(clean);
    if let (Some(name), Some(owner)) = (parts.next(), parts.next())
        && !name.is_empty()
        && !owner.is_empty()
    {
        return format!("{owner}/{name}");
    }
    let name = top.file_name().map(|name| clean(&name.to_string_lossy()));
    match name {
        Some(name) if !name.is_empty() => format!("local/{name}"),
        _ => "local/project".to_owned(),
    }
}

/// git in one place.
struct Git {
    directory: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
}

impl Git {
    fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            environment: Vec::new(),
        }
    }

    /// The files of `top` with the objects and an index of elsewhere.
    fn copy(top: &Path, bare: &Path, place: &Path) -> Self {
        Self {
            directory: top.to_owned(),
            environment: vec![
                ("GIT_DIR", bare.to_owned()),
                ("GIT_WORK_TREE", top.to_owned()),
                ("GIT_INDEX_FILE", place.join("index")),
            ],
        }
    }

    /// What it prints; nothing when it says no.
    async fn ask(&self, words: &[&str]) -> Result<Option<String>, Failure> {
        self.call(words).await.map(Result::ok)
    }

    async fn must(&self, words: &[&str]) -> Result<String, Failure> {
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

    async fn tell(&self, words: &[&str]) -> Result<(), Failure> {
        self.must(words).await.map(drop)
    }

    async fn call(&self, words: &[&str]) -> Result<Result<String, String>, Failure> {
        let mut command = Command::new("git");
        command
            .args(["-c", "advice.addEmbeddedRepo=false"])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_come_from_remotes_or_directories() {
        for (remote, directory, want) in [
            (
                Some("https://github.com/ada/engine.git"),
                "/x/y",
                "ada/engine",
            ),
            (Some("git@github.com:ada/engine.git"), "/x/y", "ada/engine"),
            (
                Some("ssh://git@host/team/ada/engine/"),
                "/x/y",
                "ada/engine",
            ),
            (Some("/srv/git/.hidden"), "/x/y", "git/hidden"),
            (None, "/home/ada/my project", "local/my-project"),
            (None, "/", "local/project"),
        ] {
            assert_eq!(slug(remote, Path::new(directory)), want, "{remote:?}");
        }
    }
}
