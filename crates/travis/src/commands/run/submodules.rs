//! Submodules: their files are taken as they lie in the working tree, changes included, since the
//! commits that they stand at may be nowhere else. One that is not checked out stays what it is, a
//! commit of another repository that the job fetches.

use super::git::Git;
use crate::failure::Failure;
use std::path::Path;

/// Deeper nesting is left as it is.
const DEEPEST: usize = 8;

/// Replaces the submodules in the index of `copy` by their files. Answers how many there were.
///
/// # Errors
/// When git fails.
pub async fn take(copy: &Git, top: &Path, bare: &Path, place: &Path) -> Result<usize, Failure> {
    let mut count = 0;
    for _ in 0..DEEPEST {
        let mut found = false;
        for path in links(copy).await? {
            let directory = top.join(&path);
            // A file in linked submodules, a directory in others.
            if !directory.join(".git").exists() {
                continue;
            }
            let Some(tree) = tree(&directory, bare, place).await? else {
                continue;
            };
            copy.tell(&["update-index", "--force-remove", "--", &path])
                .await?;
            copy.tell(&["read-tree", &format!("--prefix={path}/"), &tree])
                .await?;
            count += 1;
            found = true;
        }
        if !found {
            break;
        }
    }
    Ok(count)
}

/// The paths in the index that stand for commits of other repositories.
async fn links(copy: &Git) -> Result<Vec<String>, Failure> {
    let listed = copy.must(&["ls-files", "--stage", "-z"]).await?;
    Ok(listed
        .split('\0')
        .filter(|entry| entry.starts_with("160000 "))
        .filter_map(|entry| entry.split_once('\t'))
        .map(|(_, path)| path.to_owned())
        .collect())
}

/// The files of a submodule as a tree among the objects of the copy; none where it can't be read.
async fn tree(directory: &Path, bare: &Path, place: &Path) -> Result<Option<String>, Failure> {
    let index = place.join("index-of-submodule");
    match std::fs::remove_file(&index) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let inner = Git::with_index(directory, bare, &index);
    if inner.ask(&["add", "--all", "."]).await?.is_none() {
        return Ok(None);
    }
    inner.ask(&["write-tree", "--missing-ok"]).await
}
