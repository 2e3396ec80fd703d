//! The working tree as a commit, without touching the repository that it belongs to.

use super::git::Git;
use super::submodules;
use crate::failure::Failure;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The branch of a tree without one.
const USUAL_BRANCH: &str = "main";
/// What the commit is called in the copy while it is made.
const TAKEN: &str = "refs/travis/taken";
/// The message of a commit that has none before it.
const UNCOMMITTED: &str = "The working tree as it lies";

/// What git says of a working tree.
pub struct Look {
    /// Its top directory.
    pub top: PathBuf,
    /// The branch that is checked out, or one of the usual name.
    pub branch: String,
    /// The tag that is checked out in the place of a branch.
    pub tag: Option<String>,
    /// The branch that the remote calls its default one.
    pub default_branch: Option<String>,
    /// The last commit, where there is one.
    pub head: Option<String>,
    /// Its message.
    pub message: String,
    /// `owner/name`, from the remote's address or the directory's name.
    pub slug: String,
    /// Whether it is one of git at all.
    pub is_git: bool,
}

impl Look {
    /// Looks at the tree that `directory` is in.
    ///
    /// # Errors
    /// When git is missing.
    pub async fn at(directory: &Path) -> Result<Self, Failure> {
        let here = Git::at(directory);
        let top = match here.ask(&["rev-parse", "--show-toplevel"]).await? {
            Some(top) if !top.is_empty() => PathBuf::from(top),
            // Not in a repository: the directory itself is the tree.
            _ => directory.to_owned(),
        };
        let work = Git::at(&top);
        let head = work
            .ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
            .await?;
        let current = work
            .ask(&["symbolic-ref", "--quiet", "--short", "HEAD"])
            .await?;
        // A tag that is checked out is what its push would build.
        let tag = match (&current, &head) {
            (None, Some(_)) => {
                work.ask(&["describe", "--tags", "--exact-match", "HEAD"])
                    .await?
            }
            _ => None,
        };
        let branch = current.or_else(|| tag.clone());
        let remote = work.ask(&["config", "--get", "remote.origin.url"]).await?;
        let default_branch = work
            .ask(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"])
            .await?
            .and_then(|name| name.strip_prefix("refs/remotes/origin/").map(str::to_owned));
        let message = match &head {
            Some(head) => work.must(&["log", "-1", "--format=%B", head]).await?,
            None => UNCOMMITTED.to_owned(),
        };
        Ok(Self {
            branch: branch.unwrap_or_else(|| USUAL_BRANCH.to_owned()),
            tag,
            default_branch,
            slug: slug(remote.as_deref(), &top),
            is_git: head.is_some() || top.join(".git").exists(),
            head,
            message,
            top,
        })
    }
}

/// A copy of a working tree in a bare repository of its own, gone when it is dropped.
pub struct Tree {
    /// The commit that holds the tree's files.
    pub commit: String,
    /// Where the project's clones come from, in words that a script may hold.
    pub clone_url: String,
    /// Whether files differ from the last commit.
    pub changed: bool,
    /// Submodules whose files were taken as they lie.
    pub submodules: usize,
    place: TempDir,
    git: Git,
}

impl Tree {
    /// Copies a tree.
    ///
    /// # Errors
    /// When git fails; the failure says at what.
    pub async fn take(look: &Look) -> Result<Self, Failure> {
        let (top, head) = (&look.top, &look.head);
        let work = Git::at(top);
        let place = TempDir::with_prefix("travis-run-")?;
        let bare = place.path().join("source.git");
        let bare_text = bare.to_string_lossy().into_owned();
        work.tell(&["init", "--quiet", "--bare", "--template=", &bare_text])
            .await?;
        let copy = Git::copy(top, &bare, place.path());
        // Of a shallow clone what is there will do.
        copy.tell(&["config", "receive.shallowUpdate", "true"])
            .await?;
        copy.tell(&["config", "receive.autogc", "false"]).await?;
        if let Some(head) = head {
            let spec = format!("{head}:{TAKEN}");
            // Tags, too: builds ask them which version this is.
            let push = ["push", "--quiet", "--no-verify", &bare_text, &spec];
            work.tell(&[&push[..], &["refs/tags/*:refs/tags/*"]].concat())
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
        if head.is_some() {
            copy.tell(&["read-tree", TAKEN]).await?;
        }
        copy.tell(&["add", "--all", "."]).await?;
        let before = match head {
            Some(head) => {
                let tree = format!("{head}^{{tree}}");
                copy.must(&["rev-parse", &tree]).await?
            }
            None => String::new(),
        };
        let changed = copy.must(&["write-tree"]).await? != before;
        let submodules = submodules::take(&copy, top, &bare, place.path()).await?;
        let commit = match head {
            Some(head) if !changed && submodules == 0 => head.clone(),
            head => {
                let tree = copy.must(&["write-tree"]).await?;
                let mut words = vec!["commit-tree", &tree, "-m", &look.message];
                if let Some(head) = head {
                    words.extend(["-p", head]);
                }
                copy.must(&words).await?
            }
        };
        copy.tell(&["update-ref", TAKEN, &commit]).await?;
        Ok(Self {
            clone_url: format!("https://localhost/{}.git", look.slug),
            commit,
            changed,
            submodules,
            place,
            git: copy,
        })
    }

    /// Gives the commit the names that a clone asks for: a branch, and a tag.
    ///
    /// # Errors
    /// When no branch or tag can have such a name.
    pub async fn name(&self, branch: &str, tag: Option<&str>) -> Result<(), Failure> {
        let tag = tag.map(|tag| (tag, format!("refs/tags/{tag}")));
        let named = std::iter::once((branch, format!("refs/heads/{branch}"))).chain(tag);
        for (name, reference) in named {
            let fine = self.git.ask(&["check-ref-format", &reference]).await?;
            if fine.is_none() {
                return Err(Failure::usage(format!(
                    "git allows no branch or tag the name {name:?}"
                )));
            }
            self.git
                .tell(&["update-ref", &reference, &self.commit])
                .await?;
        }
        let head = format!("refs/heads/{branch}");
        self.git.tell(&["symbolic-ref", "HEAD", &head]).await
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
pub fn slug(remote: Option<&str>, top: &Path) -> String {
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
    let address = remote.unwrap_or_default().trim().trim_end_matches('/');
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
