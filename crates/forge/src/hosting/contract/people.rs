//! People, their repositories and rights.

use super::{Stage, must, refused};
use crate::ForgeError;
use crate::hosting::{Access, Permission, RemoteRef, SignInDemand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::collections::BTreeSet;
use travis_model::Secret;

/// Sign in with PKCE, refresh, give back.
pub(super) async fn signs_in(stage: &dyn Stage) {
    let forge = stage.forge();
    let ada = stage.person("signer").await;
    let verifier = "a-verifier-that-is-long-enough-for-everybody-0123456789";
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(digest.as_ref());
    let redirect_uri = stage.redirect_uri();
    let demand = SignInDemand {
        redirect_uri: &redirect_uri,
        state: "st&te+1",
        challenge: &challenge,
    };
    let url = must("sign-in address", forge.sign_in_url(&demand));
    assert!(!url.contains(verifier), "the verifier is told: {url}");
    let verifier = Secret::new(verifier);

    let agreed = stage.agree(&url, "signer").await;
    assert_eq!(agreed.state, "st&te+1");
    let wrong = Secret::new("another-verifier-that-is-long-enough-0123456789abcdef");
    let answer = forge
        .exchange_code(&agreed.code, &wrong, &redirect_uri)
        .await;
    refused!(answer, ForgeError::Denied | ForgeError::Refused { .. });
    let made_up = Secret::new("made-up");
    let answer = forge
        .exchange_code(&made_up, &verifier, &redirect_uri)
        .await;
    refused!(answer, ForgeError::Denied | ForgeError::Refused { .. });

    let agreed = stage.agree(&url, "signer").await;
    let grant = forge
        .exchange_code(&agreed.code, &verifier, &redirect_uri)
        .await;
    let mut grant = must("exchange", grant);
    let again = forge
        .exchange_code(&agreed.code, &verifier, &redirect_uri)
        .await;
    refused!(again, ForgeError::Denied | ForgeError::Refused { .. });
    if must(
        "person",
        forge.person(&Access::User(grant.token.clone())).await,
    )
    .id != ada.person.id
    {
        panic!("the token is somebody else's");
    }

    let answer = forge.refresh(&Secret::new("made-up")).await;
    refused!(answer, ForgeError::Denied | ForgeError::Refused { .. });
    if let Some(refresh_token) = grant.refresh_token.clone() {
        assert!(grant.expires_in.is_some(), "ends, and does not say when");
        grant = must("refresh", forge.refresh(&refresh_token).await);
        let person = forge.person(&Access::User(grant.token.clone())).await;
        assert_eq!(must("person", person).id, ada.person.id);
    }

    match forge.revoke(&grant.token).await {
        Ok(()) => {
            let answer = forge.person(&Access::User(grant.token.clone())).await;
            refused!(answer, ForgeError::Denied);
            must("revoke again", forge.revoke(&grant.token).await);
        }
        // There are forges without a way to give a token back.
        Err(ForgeError::NotSetUp { .. }) => {}
        Err(error) => panic!("revoke: {error}"),
    }
    let answer = forge.person(&Access::User(made_up)).await;
    refused!(answer, ForgeError::Denied);
}

/// Repositories by pages, by number, after a rename.
pub(super) async fn lists(stage: &dyn Stage) {
    let forge = stage.forge();
    let many = stage.person("many").await;
    stage.many_repositories(&many, 205).await;
    let (mut seen, mut cursor, mut pages) = (BTreeSet::new(), None::<String>, 0);
    loop {
        let page = forge.repositories(&many.access, cursor.as_deref()).await;
        let page = must("repositories", page);
        pages += 1;
        assert!(page.items.len() <= 100 && pages <= 10);
        for repo in page.items {
            assert_eq!(repo.permission, Some(Permission::Admin), "{}", repo.at.path);
            assert_eq!(repo.owner.id, many.person.id);
            assert!(!repo.owner.organization);
            assert!(seen.insert(repo.at.id), "{} comes twice", repo.at.path);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 205);
    must("organizations", forge.organizations(&many.access).await);

    let owner = stage.person("renamer").await;
    let at = stage
        .repository(&owner, "early", true, &[("README", "x")])
        .await;
    let early = must("repository", forge.repository(&owner.access, &at).await);
    assert_eq!((early.at, early.private), (at.clone(), true));
    assert_eq!(early.default_branch, "main");
    assert_eq!(early.owner.login, "renamer");
    assert!(!early.fork && !early.archived);
    assert!(early.clone_url.ends_with("renamer/early.git"));
    stage.rename(&at, "late").await;
    let late = must("by number", forge.repository(&owner.access, &at).await);
    assert_eq!(
        (late.at.id, late.at.path.as_str()),
        (at.id.clone(), "renamer/late")
    );
    let heads = must("by old path", forge.branches(&owner.access, &at).await);
    assert_eq!(heads.len(), 1);
}

/// Admin, write, read, nothing.
pub(super) async fn permissions(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("owner").await;
    let repo = stage
        .repository(&owner, "rights", true, &[("README", "x")])
        .await;
    let mut people = vec![(owner.clone(), Permission::Admin)];
    for (login, permission) in [
        ("helper", Permission::Admin),
        ("writer", Permission::Write),
        ("reader", Permission::Read),
        ("stranger", Permission::None),
    ] {
        let actor = stage.person(login).await;
        if permission > Permission::None {
            stage.allow(&repo, &actor, permission).await;
        }
        people.push((actor, permission));
    }
    for (actor, expected) in &people {
        for access in [&owner.access, &actor.access] {
            let got = forge.permission(access, &repo, &actor.person).await;
            assert_eq!(must("permission", got), *expected, "{}", actor.person.login);
        }
        let seen = forge.repository(&actor.access, &repo).await;
        match expected {
            Permission::None => refused!(seen, ForgeError::NotFound { .. }),
            expected => assert_eq!(must("repository", seen).permission, Some(*expected)),
        }
    }
    let mut renamed = people[1].0.person.clone();
    "reader".clone_into(&mut renamed.login);
    let got = forge.permission(&owner.access, &repo, &renamed).await;
    let got = must("a name that changed hands", got);
    assert!(
        matches!(got, Permission::None | Permission::Admin),
        "the name counted, not the number: {got:?}"
    );
    let gone = RemoteRef {
        id: "987654321".into(),
        path: "owner/gone".into(),
    };
    for access in [&owner.access, &people[2].0.access] {
        let got = forge.permission(access, &gone, &people[2].0.person).await;
        assert_eq!(must("repository that is gone", got), Permission::None);
    }
}
