//! Refs, commits, files and pull requests.

use super::{Stage, must, refused, soon};
use crate::hosting::Access;
use crate::{ForgeError, Resolved, Want};

/// Resolve, snapshot, branches.
pub(super) async fn reads(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("coder").await;
    let files = [(".travis.yml", "language: c\n"), ("dir/a file", "text")];
    let repo = stage.repository(&owner, "code", true, &files).await;
    let main = Want::Branch("main".into());
    let first = must("main", forge.resolve(&owner.access, &repo, &main).await).sha;
    let second = stage
        .commit(
            &repo,
            "feature/x",
            &[(".travis.yml", "language: go\n")],
            "Second\n\nwith a body",
            &owner,
        )
        .await;
    stage.tag(&repo, "v1", &first, &owner).await;
    let found = |sha: &str, branch: Option<&str>, tag: Option<&str>| Resolved {
        sha: sha.to_owned(),
        branch: branch.map(str::to_owned),
        tag: tag.map(str::to_owned),
    };
    for (want, expected) in [
        (main, found(&first, Some("main"), None)),
        (
            Want::Branch("feature/x".into()),
            found(&second, Some("feature/x"), None),
        ),
        (Want::Tag("v1".into()), found(&first, None, Some("v1"))),
        (
            Want::Ref("refs/heads/feature/x".into()),
            found(&second, Some("feature/x"), None),
        ),
        (Want::Commit(first.clone()), found(&first, None, None)),
        (
            Want::Commit(second[..12].into()),
            found(&second, None, None),
        ),
        (Want::Default, found(&first, Some("main"), None)),
    ] {
        let got = forge.resolve(&owner.access, &repo, &want).await;
        assert_eq!(must(&format!("{want:?}"), got), expected, "{want:?}");
    }
    for want in [
        Want::Branch("nobody".into()),
        // A tag is no branch, a branch no tag.
        Want::Branch("v1".into()),
        Want::Tag("main".into()),
        Want::Tag("nobody".into()),
        Want::Ref("refs/heads/nobody".into()),
        Want::Commit("0123456789012345678901234567890123456789".into()),
    ] {
        let got = forge.resolve(&owner.access, &repo, &want).await;
        assert!(
            matches!(got, Err(ForgeError::NotFound { .. })),
            "{want:?}: {got:?}"
        );
    }
    for name in ["", "a..b", "a b", "../x", "a?ref=b", "-x"] {
        for want in [Want::Branch(name.into()), Want::Commit(name.into())] {
            let got = forge.resolve(&owner.access, &repo, &want).await;
            assert!(
                matches!(got, Err(ForgeError::BadName { .. })),
                "{want:?}: {got:?}"
            );
        }
    }

    let ask = |sha: String, path: &'static str| {
        let (forge, access, repo) = (forge.clone(), owner.access.clone(), repo.clone());
        async move { forge.snapshot(&access, &repo, &sha, path).await }
    };
    let with = must("snapshot", ask(second.clone(), ".travis.yml").await);
    assert_eq!(with.commit.sha, second);
    assert_eq!(with.commit.message, "Second\n\nwith a body");
    assert!(with.commit.committer_date > 1_500_000_000);
    assert!(with.commit.author_email.contains('@'));
    assert!(!with.commit.author_name.is_empty());
    assert_eq!(with.file.as_deref(), Some(b"language: go\n".as_slice()));
    let deep = must("file in a folder", ask(first.clone(), "dir/a file").await);
    assert_eq!(deep.file.as_deref(), Some(b"text".as_slice()));
    let without = must("without file", ask(second.clone(), "nothing.yml").await);
    assert!(without.file.is_none());
    let missing = ask("0123456789012345678901234567890123456789".into(), "x").await;
    refused!(missing, ForgeError::NotFound { .. });
    refused!(ask(first.clone(), "../x").await, ForgeError::BadName { .. });

    for _ in 0..2 {
        let heads = must("branches", forge.branches(&owner.access, &repo).await);
        let mut heads: Vec<_> = heads.iter().map(|h| (h.name.as_str(), &h.sha)).collect();
        heads.sort_unstable();
        assert_eq!(heads, [("feature/x", &second), ("main", &first)]);
    }
    let third = stage
        .commit(&repo, "main", &[("README", "new")], "Third", &owner)
        .await;
    let heads = must("branches", forge.branches(&owner.access, &repo).await);
    assert!(heads.iter().any(|head| head.sha == third), "an old answer");

    let stranger = stage.person("passer-by").await;
    for access in [&Access::Anonymous, &stranger.access] {
        let got = forge.branches(access, &repo).await;
        refused!(got, ForgeError::NotFound { .. });
    }
    let open = stage.repository(&owner, "open", false, &files).await;
    let got = forge
        .resolve(&Access::Anonymous, &open, &Want::Default)
        .await;
    assert_eq!(must("public", got).branch.as_deref(), Some("main"));
    must("credentials", forge.git_credentials(&owner.access).await)
        .unwrap_or_else(|| panic!("no credentials for git with a person's token"));
    let none = must(
        "credentials",
        forge.git_credentials(&Access::Anonymous).await,
    );
    assert!(none.is_none());
}

/// Pull requests from a fork.
pub(super) async fn pulls(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("maintainer").await;
    let guest = stage.person("guest").await;
    let repo = stage
        .repository(&owner, "base", false, &[("README", "x")])
        .await;
    let none = must("none", forge.pull_requests(&owner.access, &repo).await);
    assert!(none.is_empty());
    let base = forge.resolve(&owner.access, &repo, &Want::Default).await;
    let base = must("base", base).sha;
    let (number, head) = stage.fork_pull(&repo, "topic/1", "Mend it", &guest).await;

    let all = must("list", forge.pull_requests(&owner.access, &repo).await);
    assert_eq!(all.len(), 1);
    let one = forge.pull_request(&owner.access, &repo, number).await;
    let one = must("pull request", one);
    for pull in [&all[0], &one] {
        assert_eq!(pull.number, number);
        assert_eq!(pull.title, "Mend it");
        assert!(pull.open && !pull.merged && !pull.draft);
        assert_eq!(
            (&pull.head_sha, pull.head_branch.as_str()),
            (&head, "topic/1")
        );
        let fork = pull.head_repository.as_ref();
        let fork = fork.unwrap_or_else(|| panic!("no head repository"));
        assert_ne!(fork.id, repo.id);
        assert_eq!((&pull.base_sha, pull.base_branch.as_str()), (&base, "main"));
        assert_eq!(pull.author.id, guest.person.id);
        assert_eq!(pull.author.login, "guest");
        assert!(!pull.html_url.is_empty());
    }
    let fork = one.head_repository.as_ref().map(|at| at.path.as_str());
    assert!(
        fork.is_some_and(|path| path.starts_with("guest/")),
        "{fork:?}"
    );
    let got = forge
        .resolve(&owner.access, &repo, &Want::Ref(one.head_ref.clone()))
        .await;
    assert_eq!(must("head ref", got).sha, head);
    if let Some(merge_ref) = one.merge_ref {
        let want = Want::Ref(merge_ref);
        let merge = soon("the merge", || async {
            forge.resolve(&owner.access, &repo, &want).await.ok()
        })
        .await;
        assert!(merge.sha != head && merge.sha != base);
        assert_eq!((merge.branch, merge.tag), (None, None));
    }
    let got = forge.pull_request(&owner.access, &repo, number + 50).await;
    refused!(got, ForgeError::NotFound { .. });
}
