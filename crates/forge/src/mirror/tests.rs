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

/// A loss of power leaves files that are there and empty.
#[tokio::test]
async fn a_mirror_that_lost_its_power_is_made_anew() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _, second) = sample(root.path());
    let place = root.path().join("m");
    let mirrors = Mirrors::new(place.clone(), true).unwrap();
    let wanted = want(&second, &["refs/heads/main"]);
    let mirror = mirrors.update(&url(&dir), &wanted, LONG).await.unwrap();
    let third = commit(&dir, &[("third.txt", "3")], "third");
    let object = format!("objects/{}/{}", &second[..2], &second[2..]);
    for broken in [object.as_str(), "HEAD"] {
        let path = mirror.path.join(broken);
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, "").unwrap();
        let restarted = Mirrors::new(place.clone(), true).unwrap();
        let wanted = want(&third, &["refs/heads/main"]);
        let mended = restarted.update(&url(&dir), &wanted, LONG).await.unwrap();
        git(&mended.path, &["fsck", "--connectivity-only"]);
        assert_eq!(git(&mended.path, &["rev-parse", "main"]), third);
        git(&mended.path, &["update-ref", "refs/heads/main", &second]);
    }
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

/// A host that speaks git's http protocol for one repository, to whoever sends this header.
async fn smart_host(dir: std::path::PathBuf, header: &'static str) -> String {
    use axum::body::to_bytes;
    use axum::extract::Request;
    use axum::http::StatusCode;
    use axum::response::IntoResponse as _;
    let router = axum::Router::new().fallback(move |request: Request| {
        let dir = dir.clone();
        async move {
            let headers = request.headers();
            if headers
                .get("authorization")
                .is_none_or(|sent| sent != header)
            {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            let protocol = headers
                .get("git-protocol")
                .map(|version| version.to_str().unwrap().to_owned());
            let refs = request.uri().path().ends_with("/info/refs");
            let asked = to_bytes(request.into_body(), 1 << 20).await.unwrap();
            let mut command = tokio::process::Command::new("git");
            command
                .args(["upload-pack", "--stateless-rpc"])
                .args(refs.then_some("--advertise-refs"))
                .arg(&dir)
                .env("GIT_PROTOCOL", protocol.unwrap_or_default())
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stdin, &asked)
                .await
                .unwrap();
            drop(stdin);
            let said = child.wait_with_output().await.unwrap().stdout;
            let (kind, body) = match refs {
                true => (
                    "application/x-git-upload-pack-advertisement",
                    [b"001e# service=git-upload-pack\n0000".as_slice(), &said].concat(),
                ),
                false => ("application/x-git-upload-pack-result", said),
            };
            ([("content-type", kind)], body).into_response()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/source", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn every_file(path: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(path).unwrap().flatten();
    let files = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => every_file(&path),
        path => vec![path],
    });
    files.collect()
}

#[tokio::test]
async fn a_private_repository_comes_another_way_and_leaves_no_token() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _, second) = sample(root.path());
    // The user `attempt` with the password `hush-token`.
    let url = smart_host(dir, "Basic YXR0ZW1wdDpodXNoLXRva2Vu").await;
    let mirrors = Mirrors::new(root.path().join("m"), false).unwrap();
    let named = "https://forge.example/acme/secret.git";
    let via = |password: &str, apart: &str| {
        super::Via::basic(url.clone(), "attempt", password, apart.to_owned())
    };
    let wanted = want(&second, &["refs/heads/main"]);
    let mirror = mirrors
        .update_via(named, &via("hush-token", "7"), &wanted, LONG)
        .await
        .unwrap();
    for file in every_file(&root.path().join("m")) {
        let bytes = std::fs::read(&file).unwrap();
        for word in [&b"hush-token"[..], b"YXR0ZW1wdDpodXNoLXRva2Vu"] {
            let holds = bytes.windows(word.len()).any(|window| window == word);
            assert!(!holds, "{} holds the token", file.display());
        }
    }
    let wrong = mirrors
        .update_via(named, &via("other", "8"), &wanted, LONG)
        .await;
    assert!(matches!(wrong, Err(ForgeError::AuthRequired)), "{wrong:?}");
    let eighth = mirrors
        .update_via(named, &via("hush-token", "8"), &wanted, LONG)
        .await
        .unwrap();
    assert_ne!(mirror.path, eighth.path);
}
