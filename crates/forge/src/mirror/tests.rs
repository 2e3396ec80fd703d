use std::path::Path;
use std::time::Duration;

use super::{MirrorWant, Mirrors};
use crate::ForgeError;
use crate::testing::{commit, git, sample};

const LONG: Duration = Duration::from_secs(60);

fn want(sha: &str, refs: &[&str]) -> MirrorWant {
    MirrorWant {
        sha: sha.to_owned(),
        refs: refs.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn url(dir: &Path) -> String {
    format!("file://{}", dir.display())
}

#[tokio::test]
async fn brings_what_jobs_clone() {
    let root = tempfile::tempdir().unwrap();
    let (dir, first, second) = sample(root.path());
    let mirrors = Mirrors::new(root.path().join("m"), true).unwrap();
    let refs = ["refs/heads/main", "refs/pull/3/merge", "refs/tags/v1"];
    let mirror = mirrors
        .update(&url(&dir), &want(&second, &refs), LONG)
        .await
        .unwrap();
    let job = root.path().join("job");
    git(
        root.path(),
        &[
            "clone",
            "-q",
            "--depth=50",
            "--branch=main",
            &url(&mirror.path),
            "job",
        ],
    );
    assert_eq!(git(&job, &["rev-parse", "HEAD"]), second);
    git(&job, &["fetch", "-q", "origin", "+refs/pull/3/merge:"]);
    git(root.path(), &["init", "-q", "bare"]);
    git(
        &root.path().join("bare"),
        &["fetch", "-q", "--depth=1", &url(&mirror.path), &first],
    );
}

#[tokio::test]
async fn what_is_here_needs_no_host() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _, second) = sample(root.path());
    let mirrors = Mirrors::new(root.path().join("m"), true).unwrap();
    let wanted = want(&second, &["refs/heads/main"]);
    mirrors.update(&url(&dir), &wanted, LONG).await.unwrap();
    std::fs::rename(&dir, root.path().join("away")).unwrap();
    mirrors.update(&url(&dir), &wanted, LONG).await.unwrap();
    let restarted = Mirrors::new(root.path().join("m"), true).unwrap();
    restarted.update(&url(&dir), &wanted, LONG).await.unwrap();
    let wanted = want(&"1".repeat(40), &["refs/heads/main"]);
    let other = restarted.update(&url(&dir), &wanted, LONG).await;
    assert!(
        matches!(other, Err(ForgeError::NotFound { .. })),
        "{other:?}"
    );
}

#[tokio::test]
async fn follows_a_branch_and_keeps_old_commits() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _, second) = sample(root.path());
    let mirrors = Mirrors::new(root.path().join("m"), true).unwrap();
    let main = ["refs/heads/main"];
    mirrors
        .update(&url(&dir), &want(&second, &main), LONG)
        .await
        .unwrap();
    git(&dir, &["reset", "-q", "--hard", "HEAD~1"]);
    let third = commit(&dir, &[("new", "x")], "Third");
    let mirror = mirrors
        .update(&url(&dir), &want(&third, &main), LONG)
        .await
        .unwrap();
    assert_eq!(git(&mirror.path, &["rev-parse", "main"]), third);
    git(&mirror.path, &["cat-file", "-e", &second]);
    git(&dir, &["checkout", "-q", "feature/x"]);
    git(&dir, &["branch", "-q", "-D", "main"]);
    git(&dir, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let fresh = Mirrors::new(root.path().join("other"), true).unwrap();
    fresh
        .update(&url(&dir), &want(&third, &main), LONG)
        .await
        .unwrap();
}

#[tokio::test]
async fn says_when_the_commit_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let (dir, ..) = sample(root.path());
    let mirrors = Mirrors::new(root.path().join("m"), true).unwrap();
    let wanted = want(&"0".repeat(40), &["refs/heads/main"]);
    let gone = mirrors.update(&url(&dir), &wanted, LONG).await;
    assert!(matches!(gone, Err(ForgeError::NotFound { .. })), "{gone:?}");
}

#[tokio::test]
async fn removes_what_is_unused_and_never_what_is_used() {
    let root = tempfile::tempdir().unwrap();
    let mut shas = Vec::new();
    for name in ["a", "b", "c"] {
        let (dir, _, second) = sample(&root.path().join(name));
        shas.push((url(&dir), second));
    }
    let mirrors = Mirrors::with_max_bytes(root.path().join("m"), true, 1).unwrap();
    let main = ["refs/heads/main"];
    let used = mirrors
        .update(&shas[0].0, &want(&shas[0].1, &main), LONG)
        .await
        .unwrap();
    let idle = mirrors
        .update(&shas[1].0, &want(&shas[1].1, &main), LONG)
        .await
        .unwrap();
    let path = idle.path.clone();
    drop(idle);
    let idle = path;
    let last = mirrors
        .update(&shas[2].0, &want(&shas[2].1, &main), LONG)
        .await
        .unwrap();
    assert!(used.path.exists() && last.path.exists());
    assert!(!idle.exists());
    let again = mirrors
        .update(&shas[1].0, &want(&shas[1].1, &main), LONG)
        .await
        .unwrap();
    assert_eq!(again.path, idle);
    assert!(idle.exists());
}

#[tokio::test]
async fn many_at_once_fetch_once() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _, second) = sample(root.path());
    let mirrors = Mirrors::new(root.path().join("m"), true).unwrap();
    let wanted = want(&second, &["refs/heads/main"]);
    let url = url(&dir);
    let (a, b, c) = tokio::join!(
        mirrors.update(&url, &wanted, LONG),
        mirrors.update(&url, &wanted, LONG),
        mirrors.update(&url, &wanted, LONG),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
}
