use std::path::Path;
use std::time::Duration;

use tokio::net::TcpListener;

use super::{GitForge, Timeouts};
use crate::contract::{Sample, check};
use crate::testing::{commit, git, sample, serve};
use crate::{Forge, ForgeError, MemoryForge, RepoRef, UrlPolicy, Want};

const LOCAL: UrlPolicy = UrlPolicy { allow_local: true };

fn forge(root: &Path) -> GitForge {
    GitForge::new(root.join("forge"), LOCAL, Timeouts::default())
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    let forge = MemoryForge::new();
    let rest = ("dir/a file", "text");
    let first = forge.add_commit(
        1,
        "main",
        &[(".travis.yml", "language: c\n"), rest],
        "First",
    );
    let files = [(".travis.yml", "language: go\n"), rest];
    let second = forge.add_commit(1, "main", &files, "Second\n\nwith a body");
    forge.set_ref(1, "refs/heads/feature/x", &first);
    forge.set_ref(1, "refs/tags/v1", &first);
    forge.set_ref(1, "refs/pull/3/merge", &second);
    let repo = RepoRef {
        id: 1,
        url: "https://example.org/a/b".into(),
    };
    check(
        &forge,
        &Sample {
            repo,
            first,
            second,
        },
    )
    .await;
}

#[tokio::test]
async fn local_folders_keep_the_contract() {
    let root = tempfile::tempdir().unwrap();
    let (dir, first, second) = sample(root.path());
    for (id, url) in [
        (1, format!("{}", dir.display())),
        (2, format!("file://{}", dir.display())),
    ] {
        let (first, second) = (first.clone(), second.clone());
        let repo = RepoRef { id, url };
        check(
            &forge(root.path()),
            &Sample {
                repo,
                first,
                second,
            },
        )
        .await;
    }
}

#[tokio::test]
async fn http_keeps_the_contract() {
    let root = tempfile::tempdir().unwrap();
    let (_, first, second) = sample(root.path());
    let host = serve(root.path().to_owned()).await;
    let repo = RepoRef {
        id: 1,
        url: format!("{host}/sample"),
    };
    let forge = forge(root.path());
    check(
        &forge,
        &Sample {
            repo,
            first,
            second,
        },
    )
    .await;
}

/// What was read of a commit needs no repository any more.
#[tokio::test]
async fn known_commits_cost_no_process() {
    let root = tempfile::tempdir().unwrap();
    let (dir, _, second) = sample(root.path());
    let repo = RepoRef {
        id: 1,
        url: dir.display().to_string(),
    };
    let forge = forge(root.path());
    forge
        .resolve(&repo, &Want::Branch("main".into()))
        .await
        .unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    let snapshot = forge
        .snapshot(&repo, &second, None, ".travis.yml")
        .await
        .unwrap();
    assert_eq!(snapshot.file.unwrap(), b"language: go\n");
}

#[tokio::test]
async fn old_commits_are_found_after_the_branch_moved_on() {
    let root = tempfile::tempdir().unwrap();
    let (dir, first, _) = sample(root.path());
    commit(&dir, &[("new", "x")], "Third");
    git(&dir, &["config", "uploadpack.allowAnySHA1InWant", "false"]);
    let host = serve(root.path().to_owned()).await;
    let repo = RepoRef {
        id: 1,
        url: format!("{host}/sample"),
    };
    let found = forge(root.path())
        .commit(&repo, &first, Some("refs/heads/main"))
        .await;
    assert_eq!(found.unwrap().message, "First");
}

#[tokio::test]
async fn a_folder_inside_a_repository_is_not_that_repository() {
    let root = tempfile::tempdir().unwrap();
    let (dir, ..) = sample(root.path());
    let repo = RepoRef {
        id: 1,
        url: dir.join("dir").display().to_string(),
    };
    let got = forge(root.path())
        .resolve(&repo, &Want::Branch("main".into()))
        .await;
    assert!(matches!(got, Err(ForgeError::NotFound { .. })), "{got:?}");
}

#[tokio::test]
async fn a_silent_host_runs_into_the_time_limit() {
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a/b", listener.local_addr().unwrap());
    let short = Duration::from_millis(300);
    let timeouts = Timeouts {
        read: short,
        fetch: short,
    };
    let forge = GitForge::new(root.path().to_owned(), LOCAL, timeouts);
    let got = forge.resolve(&RepoRef { id: 1, url }, &Want::Default).await;
    assert!(matches!(got, Err(ForgeError::Timeout { .. })), "{got:?}");
}

#[tokio::test]
async fn an_absent_host_is_unreachable() {
    let root = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a/b", listener.local_addr().unwrap());
    drop(listener);
    let got = forge(root.path()).branches(&RepoRef { id: 1, url }).await;
    assert!(
        matches!(got, Err(ForgeError::Unreachable { .. })),
        "{got:?}"
    );
}

/// Security case 21: without leave, nothing on this machine is talked to.
#[tokio::test]
async fn local_addresses_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let (dir, ..) = sample(root.path());
    let forge = GitForge::new(
        root.path().join("f"),
        UrlPolicy::default(),
        Timeouts::default(),
    );
    for url in [
        dir.display().to_string(),
        format!("file://{}", dir.display()),
        "http://127.0.0.1/a/b".into(),
        "http://2130706433/a/b".into(),
        "http://0x7f.1/a/b".into(),
        "https://[::ffff:10.0.0.1]/a/b".into(),
        "http://169.254.169.254/latest/meta-data".into(),
        "ssh://git@localhost/a/b".into(),
    ] {
        let repo = RepoRef { id: 1, url };
        let got = forge.resolve(&repo, &Want::Default).await;
        assert!(
            matches!(got, Err(ForgeError::BadUrl(_))),
            "{}: {got:?}",
            repo.url
        );
    }
}
