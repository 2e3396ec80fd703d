//! Merges without a working tree.

use super::{GitError, attempt, text};
use std::path::Path;

/// Makes a merge commit of `head` into `base`; none when they conflict.
pub async fn merge(folder: &Path, base: &str, head: &str) -> Result<Option<String>, GitError> {
    let arguments = ["merge-tree", "--write-tree", base, head];
    let (clean, output, error) = attempt(folder, &arguments, None).await?;
    let output = String::from_utf8_lossy(&output);
    let Some(tree) = output.lines().next().filter(|_| clean) else {
        // Exit 1 with a tree is a conflict; anything without output is broken input.
        if output.is_empty() {
            let why = String::from_utf8_lossy(&error).into_owned();
            return Err(GitError::Failed("merge-tree".to_owned(), why));
        }
        return Ok(None);
    };
    let message = format!("Merge {head} into {base}");
    let commit = ["commit-tree", tree, "-p", base, "-p", head, "-m", &message];
    Ok(Some(text(folder, &commit).await?))
}

/// Gets `branch` of another repository on this machine into the ref `name`.
pub async fn fetch(folder: &Path, from: &Path, branch: &str, name: &str) -> Result<(), GitError> {
    let from = from.to_string_lossy();
    let what = format!("+refs/heads/{branch}:{name}");
    super::run(folder, &["fetch", "-q", "--no-tags", &from, &what], None).await?;
    Ok(())
}
