//! The suite that every [`Forge`] passes.

use crate::{Forge, ForgeError, RepoRef, Resolved, Want};

/// A repository made for the suite: branch `main` (the default) with two commits and branch
/// `feature/x` at the first; tag `v1` at the first; `refs/pull/3/merge` at the second. Both commits
/// hold `.travis.yml` (`language: c\n`, then `language: go\n`) and `dir/a file` (`text`). The second
/// commit's message is `Second\n\nwith a body`.
#[derive(Debug)]
pub struct Sample {
    /// The repository.
    pub repo: RepoRef,
    /// The first commit's id.
    pub first: String,
    /// The second commit's id.
    pub second: String,
}

/// Runs the whole suite.
///
/// # Panics
/// When the forge breaks the contract.
pub async fn check(forge: &dyn Forge, sample: &Sample) {
    resolves(forge, sample).await;
    reads(forge, sample).await;
    says_what_is_missing(forge, sample).await;
    refuses_names(forge, sample).await;
}

async fn resolves(forge: &dyn Forge, sample: &Sample) {
    let Sample {
        repo,
        first,
        second,
    } = sample;
    let found = |sha: &str, branch: Option<&str>, tag: Option<&str>| Resolved {
        sha: sha.to_owned(),
        branch: branch.map(str::to_owned),
        tag: tag.map(str::to_owned),
    };
    for (want, expected) in [
        (
            Want::Branch("main".into()),
            found(second, Some("main"), None),
        ),
        (
            Want::Branch("feature/x".into()),
            found(first, Some("feature/x"), None),
        ),
        (Want::Tag("v1".into()), found(first, None, Some("v1"))),
        (
            Want::Ref("refs/pull/3/merge".into()),
            found(second, None, None),
        ),
        (
            Want::Ref("refs/heads/main".into()),
            found(second, Some("main"), None),
        ),
        (Want::Commit(first.clone()), found(first, None, None)),
        (
            Want::Commit(first[..12].to_owned()),
            found(first, None, None),
        ),
        (Want::Default, found(second, Some("main"), None)),
    ] {
        let got = forge.resolve(repo, &want).await;
        assert_eq!(got.ok(), Some(expected), "{want:?}");
    }
    let heads = forge.branches(repo).await.unwrap_or_default();
    let heads: Vec<_> = heads.iter().map(|h| (h.name.as_str(), &h.sha)).collect();
    assert_eq!(heads, [("feature/x", first), ("main", second)]);
}

async fn reads(forge: &dyn Forge, sample: &Sample) {
    let Sample {
        repo,
        first,
        second,
    } = sample;
    for _ in 0..2 {
        let commit = forge.commit(repo, second, Some("refs/heads/main")).await;
        let commit = commit.unwrap_or_else(|error| panic!("commit: {error}"));
        assert_eq!(
            (&commit.sha, commit.message.as_str()),
            (second, "Second\n\nwith a body")
        );
        assert_eq!(commit.author_name, "Ada Author");
        assert_eq!(commit.committer_email, "carl@example.org");
        assert!(commit.author_date >= 1_700_000_000 && commit.committer_date >= 1_700_000_000);
        let snapshot = forge.snapshot(repo, first, None, ".travis.yml").await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("snapshot: {error}"));
        assert_eq!(&snapshot.commit.sha, first);
        assert_eq!(snapshot.file.as_deref(), Some(b"language: c\n".as_slice()));
        let file = forge.file(repo, second, "dir/a file", 4).await;
        assert_eq!(file.ok().flatten().as_deref(), Some(b"text".as_slice()));
        let none = forge.file(repo, second, "dir/none", 100).await;
        assert!(matches!(none, Ok(None)), "{none:?}");
        let large = forge.file(repo, second, "dir/a file", 3).await;
        assert!(
            matches!(large, Err(ForgeError::TooLarge { limit: 3, .. })),
            "{large:?}"
        );
        let none = forge
            .snapshot(repo, second, Some("refs/heads/main"), "nothing.yml")
            .await;
        assert!(none.is_ok_and(|s| s.file.is_none()));
    }
}

async fn says_what_is_missing(forge: &dyn Forge, sample: &Sample) {
    let repo = &sample.repo;
    for want in [
        Want::Branch("nobody".into()),
        Want::Tag("nobody".into()),
        Want::Ref("refs/pull/99/merge".into()),
        Want::Commit("0123456789012345678901234567890123456789".into()),
        Want::Commit("01234567".into()),
    ] {
        let got = forge.resolve(repo, &want).await;
        assert!(
            matches!(got, Err(ForgeError::NotFound { .. })),
            "{want:?}: {got:?}"
        );
    }
    let absent = RepoRef {
        id: 99,
        url: format!("{}-absent", repo.url),
    };
    let got = forge.resolve(&absent, &Want::Branch("main".into())).await;
    assert!(matches!(got, Err(ForgeError::NotFound { .. })), "{got:?}");
}

/// Security case 22: names that git could take for options or something else.
async fn refuses_names(forge: &dyn Forge, sample: &Sample) {
    let repo = &sample.repo;
    let names = [
        "-x",
        "--upload-pack=touch x",
        "a..b",
        "a b",
        "a\nb",
        "a:b",
        "@{-1}",
        "",
        "a^",
        "x/",
        "*",
    ];
    for name in names {
        for want in [
            Want::Branch(name.into()),
            Want::Tag(name.into()),
            Want::Ref(name.into()),
            Want::Ref(format!("refs/heads/{name}")),
            Want::Commit(name.into()),
        ] {
            if matches!(&want, Want::Ref(name) if name == "refs/heads/-x") {
                continue;
            }
            let got = forge.resolve(repo, &want).await;
            assert!(
                matches!(got, Err(ForgeError::BadName { .. })),
                "{want:?}: {got:?}"
            );
        }
        let got = forge.commit(repo, &sample.first, Some(name)).await;
        assert!(
            matches!(got, Err(ForgeError::BadName { .. })),
            "{name}: {got:?}"
        );
    }
    for path in ["", "/etc/passwd", "../x", "a/../b", "a\nb", "a//b"] {
        let got = forge.file(repo, &sample.first, path, 10).await;
        assert!(
            matches!(got, Err(ForgeError::BadName { .. })),
            "{path}: {got:?}"
        );
    }
}
