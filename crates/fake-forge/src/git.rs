//! Bare git repositories, by the `git` command.

pub mod backend;
pub mod commits;
pub mod merge;

use crate::http::Reply;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Why git did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The command could not be run.
    #[error("git can't be run, install it: {0}")]
    Run(#[from] std::io::Error),
    /// It failed.
    #[error("git {0} failed: {1}")]
    Failed(String, String),
}

impl From<GitError> for Reply {
    fn from(error: GitError) -> Self {
        Self::message(500, &error.to_string())
    }
}

/// A `git` command in `folder` that nothing of the user's settings touches.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Fake Forge")
        .env("GIT_AUTHOR_EMAIL", "noreply@forge.example")
        .env("GIT_COMMITTER_NAME", "Fake Forge")
        .env("GIT_COMMITTER_EMAIL", "noreply@forge.example")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs git and gives what it wrote and whether it succeeded.
pub async fn attempt(
    folder: &Path,
    arguments: &[&str],
    input: Option<&[u8]>,
) -> Result<(bool, Vec<u8>, Vec<u8>), GitError> {
    let mut command = command(folder);
    command.args(arguments);
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let feed = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A git that ends early closes the pipe; its status tells more than the pipe.
            let _ = stdin.write_all(input).await;
            let _ = stdin.shutdown().await;
        }
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let output = output?;
    Ok((output.status.success(), output.stdout, output.stderr))
}

/// Runs git, which has to succeed.
pub async fn run(
    folder: &Path,
    arguments: &[&str],
    input: Option<&[u8]>,
) -> Result<Vec<u8>, GitError> {
    let (success, output, error) = attempt(folder, arguments, input).await?;
    if success {
        Ok(output)
    } else {
        let what = arguments.first().copied().unwrap_or_default().to_owned();
        let why = String::from_utf8_lossy(&error).trim().to_owned();
        Err(GitError::Failed(what, why))
    }
}

/// Runs git and gives the trimmed text it wrote.
pub async fn text(folder: &Path, arguments: &[&str]) -> Result<String, GitError> {
    let output = run(folder, arguments, None).await?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

/// Makes an empty bare repository.
pub async fn init(folder: &Path, branch: &str) -> Result<(), GitError> {
    tokio::fs::create_dir_all(folder).await?;
    run(folder, &["init", "-q", "--bare", "-b", branch, "."], None).await?;
    Ok(())
}

/// Every ref and what it points at; tags peeled to their commit are not in it.
pub async fn refs(folder: &Path) -> Result<BTreeMap<String, String>, GitError> {
    let output = text(
        folder,
        &["for-each-ref", "--format=%(objectname) %(refname)"],
    )
    .await?;
    Ok(output
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(id, name)| (name.to_owned(), id.to_owned()))
        .collect())
}

/// The commit that a branch, tag, full ref or (short) hash names.
pub async fn resolve(folder: &Path, name: &str) -> Result<Option<String>, GitError> {
    if name.is_empty() || name.starts_with('-') {
        return Ok(None);
    }
    for candidate in [
        format!("refs/heads/{name}^{{commit}}"),
        format!("refs/tags/{name}^{{commit}}"),
        format!("refs/{name}^{{commit}}"),
        format!("{name}^{{commit}}"),
    ] {
        // A full hash is no branch: saves three processes in the case most often met.
        let is_hash = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash && !candidate.starts_with(name) {
            continue;
        }
        let (found, output, _) =
            attempt(folder, &["rev-parse", "-q", "--verify", &candidate], None).await?;
        if found {
            return Ok(Some(String::from_utf8_lossy(&output).trim().to_owned()));
        }
    }
    Ok(None)
}

/// What is found at a path of a commit.
pub enum Entry {
    /// A file: its hash and content.
    File(String, Vec<u8>),
    /// A folder: mode, kind, hash, size and name of what is in it.
    Folder(Vec<[String; 5]>),
}

/// What is at `path` in `revision` (a branch, tag or hash).
pub async fn entry(folder: &Path, revision: &str, path: &str) -> Result<Option<Entry>, GitError> {
    let path = path.trim_matches('/');
    if revision.contains('\n') || path.contains('\n') {
        return Ok(None);
    }
    let question = format!("{revision}:{path}\n");
    let output = run(folder, &["cat-file", "--batch"], Some(question.as_bytes())).await?;
    let Some(end) = output.iter().position(|byte| *byte == b'\n') else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let words: Vec<&str> = head.rsplitn(3, ' ').collect();
    let &[size, kind, hash] = words.as_slice() else {
        return Ok(None);
    };
    let size: usize = size.parse().unwrap_or(0);
    match kind {
        "blob" => {
            let content = output.get(end + 1..end + 1 + size).unwrap_or_default();
            Ok(Some(Entry::File(hash.to_owned(), content.to_vec())))
        }
        "tree" => {
            let listing = run(folder, &["ls-tree", "-l", "-z", hash], None).await?;
            let listing = String::from_utf8_lossy(&listing).into_owned();
            let rows = listing.split('\0').filter_map(|line| {
                let (facts, name) = line.split_once('\t')?;
                let mut facts = facts.split_whitespace().map(str::to_owned);
                let mut next = || facts.next().unwrap_or_default();
                Some([next(), next(), next(), next(), name.to_owned()])
            });
            Ok(Some(Entry::Folder(rows.collect())))
        }
        _ => Ok(None),
    }
}

/// Points `name` at `commit`, or removes it.
pub async fn set_ref(folder: &Path, name: &str, commit: Option<&str>) -> Result<(), GitError> {
    match commit {
        Some(commit) => run(folder, &["update-ref", name, commit], None).await?,
        None => run(folder, &["update-ref", "-d", name], None).await?,
    };
    Ok(())
}

/// Whether `older` is an ancestor of `newer`.
pub async fn is_ancestor(folder: &Path, older: &str, newer: &str) -> Result<bool, GitError> {
    let arguments = ["merge-base", "--is-ancestor", older, newer];
    Ok(attempt(folder, &arguments, None).await?.0)
}
