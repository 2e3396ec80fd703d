//! Reading and making commits.

use super::{GitError, run, text};
use crate::state::epoch;
use std::collections::BTreeMap;
use std::path::Path;

/// Name and address with a time.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// RFC 3339.
    pub date: String,
}

/// A commit and what it changed.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Hash.
    pub sha: String,
    /// Hash of its tree.
    pub tree: String,
    /// Hashes of its parents.
    pub parents: Vec<String>,
    /// Who wrote it.
    pub author: Person,
    /// Who put it in.
    pub committer: Person,
    /// Whole message without the last line break.
    pub message: String,
    /// Files added, removed and modified; none of a merge.
    pub files: Vec<(char, String)>,
}

/// What is made into a commit.
pub struct Draft<'a> {
    /// Branch that gets it.
    pub branch: &'a str,
    /// Branch or hash that a new branch starts from.
    pub base: Option<&'a str>,
    /// Path → content, none to remove it.
    pub files: &'a BTreeMap<String, Option<String>>,
    /// Message.
    pub message: &'a str,
    /// Name of the author.
    pub name: &'a str,
    /// Address of the author.
    pub email: &'a str,
}

const FORMAT: &str =
    "--format=%x1e%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00";

fn parsed(record: &str) -> Option<Commit> {
    let mut parts = record.splitn(11, '\0').map(str::to_owned);
    let mut next = || parts.next();
    let (sha, tree, parents) = (next()?, next()?, next()?);
    let author = Person {
        name: next()?,
        email: next()?,
        date: next()?,
    };
    let committer = Person {
        name: next()?,
        email: next()?,
        date: next()?,
    };
    let message = next()?.trim_end().to_owned();
    let files = next().unwrap_or_default();
    let files = files.lines().filter_map(|line| {
        let (kind, path) = line.split_once('\t')?;
        Some((kind.chars().next()?, path.to_owned()))
    });
    Some(Commit {
        sha,
        tree,
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        author,
        committer,
        message,
        files: files.collect(),
    })
}

/// At most `most` commits of a range, newest first.
pub async fn log(folder: &Path, range: &[&str], most: usize) -> Result<Vec<Commit>, GitError> {
    let count = format!("-n{most}");
    let mut arguments = vec!["-c", "core.quotePath=false", "log", "--no-renames"];
    arguments.extend(["--name-status", FORMAT, &count]);
    arguments.extend_from_slice(range);
    arguments.push("--");
    let output = run(folder, &arguments, None).await?;
    let output = String::from_utf8_lossy(&output);
    Ok(output.split('\u{1e}').filter_map(parsed).collect())
}

/// One commit.
pub async fn one(folder: &Path, sha: &str) -> Result<Option<Commit>, GitError> {
    Ok(log(folder, &[sha], 1).await?.into_iter().next())
}

/// Makes a commit on a branch and gives its hash.
pub async fn make(folder: &Path, draft: &Draft<'_>) -> Result<String, GitError> {
    let name = format!("refs/heads/{}", draft.branch);
    let own = super::resolve(folder, &name.replacen("refs/", "", 1)).await?;
    let from = match (own, draft.base) {
        (Some(own), _) => Some(own),
        (None, Some(base)) => super::resolve(folder, base).await?,
        (None, None) => None,
    };
    let time = epoch();
    let mut script = Vec::new();
    let mut line = |text: String| script.extend_from_slice(text.as_bytes());
    line(format!("commit {name}\n"));
    line(format!(
        "author {} <{}> {time} +0000\n",
        draft.name, draft.email
    ));
    line(format!(
        "committer {} <{}> {time} +0000\n",
        draft.name, draft.email
    ));
    line(format!("data {}\n{}\n", draft.message.len(), draft.message));
    if let Some(from) = from {
        line(format!("from {from}\n"));
    }
    for (path, content) in draft.files {
        match content {
            Some(content) => {
                let mode = if content.starts_with("#!") {
                    "100755"
                } else {
                    "100644"
                };
                line(format!("M {mode} inline {path}\n"));
                line(format!("data {}\n{content}\n", content.len()));
            }
            None => line(format!("D {path}\n")),
        }
    }
    run(
        folder,
        &["fast-import", "--quiet", "--force"],
        Some(&script),
    )
    .await?;
    text(folder, &["rev-parse", &name]).await
}
