//! Statuses, and forges in trouble.

use super::{Stage, must, refused};
use crate::hosting::{CommitStatus, HookDemand, RemoteRef, StatusState};
use crate::{ForgeError, Want};
use travis_model::Secret;

/// Told and read back.
pub(super) async fn statuses(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("builder").await;
    let repo = stage
        .repository(&owner, "built", false, &[("README", "x")])
        .await;
    let sha = forge.resolve(&owner.access, &repo, &Want::Default).await;
    let sha = must("default", sha).sha;
    let none = forge
        .status(&owner.access, &repo, &sha, "travis/push")
        .await;
    assert_eq!(must("none yet", none), None);
    for state in [
        StatusState::Pending,
        // The outbox may say the same thing twice.
        StatusState::Pending,
        StatusState::Failure,
        // Restarted.
        StatusState::Pending,
        StatusState::Success,
        StatusState::Success,
    ] {
        let status = CommitStatus {
            state,
            context: "travis/push".into(),
            description: "a long story ".repeat(100),
            target_url: "https://ci.example.org/builds/1".into(),
            branch: None,
        };
        let put = forge.put_status(&owner.access, &repo, &sha, &status).await;
        must("put", put);
        let got = forge
            .status(&owner.access, &repo, &sha, "travis/push")
            .await;
        assert_eq!(must("status", got), Some(state));
    }
    let status = CommitStatus {
        state: StatusState::Error,
        context: "travis/pr".into(),
        description: String::new(),
        target_url: "https://ci.example.org/builds/2".into(),
        branch: None,
    };
    let put = forge.put_status(&owner.access, &repo, &sha, &status).await;
    must("error", put);
    let got = forge.status(&owner.access, &repo, &sha, "travis/pr").await;
    let got = must("error", got);
    // Not every forge has a word of its own for it.
    assert!(matches!(
        got,
        Some(StatusState::Error | StatusState::Failure)
    ));
    let got = forge
        .status(&owner.access, &repo, &sha, "travis/push")
        .await;
    assert_eq!(must("the other", got), Some(StatusState::Success));

    let stranger = stage.person("liar").await;
    let put = forge
        .put_status(&stranger.access, &repo, &sha, &status)
        .await;
    refused!(
        put,
        ForgeError::Forbidden { .. } | ForgeError::NotFound { .. }
    );
}

/// What is not there.
pub(super) async fn missing(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("seeker").await;
    let repo = RemoteRef {
        id: "987654321".into(),
        path: "seeker/nothing".into(),
    };
    let access = &owner.access;
    refused!(
        forge.repository(access, &repo).await,
        ForgeError::NotFound { .. }
    );
    refused!(
        forge.resolve(access, &repo, &Want::Default).await,
        ForgeError::NotFound { .. }
    );
    refused!(
        forge.branches(access, &repo).await,
        ForgeError::NotFound { .. }
    );
    refused!(
        forge.pull_requests(access, &repo).await,
        ForgeError::NotFound { .. }
    );
    let demand = HookDemand {
        url: stage.hook_url(),
        secret: Secret::new("nothing"),
    };
    refused!(
        forge.put_hook(access, &repo, &demand).await,
        ForgeError::NotFound { .. }
    );
    must("delete", forge.delete_hook(access, &repo, "1").await);
    let gone = stage
        .repository(&owner, "gone", false, &[("README", "x")])
        .await;
    must("before", forge.repository(access, &gone).await);
    stage.delete(&gone).await;
    refused!(
        forge.repository(access, &gone).await,
        ForgeError::NotFound { .. }
    );
}

/// A forge that does not answer, and one that wants to be left alone.
pub(super) async fn outages(stage: &dyn Stage) {
    let forge = stage.impatient();
    let owner = stage.person("patient").await;
    let repo = stage
        .repository(&owner, "calm", false, &[("README", "x")])
        .await;
    stage.hang().await;
    let answer = forge.repository(&owner.access, &repo).await;
    refused!(answer, ForgeError::Timeout { .. });
    stage.recover().await;
    must("well again", forge.repository(&owner.access, &repo).await);
    stage.exhaust().await;
    for _ in 0..2 {
        let answer = forge.branches(&owner.access, &repo).await;
        match answer {
            Err(error @ ForgeError::RateLimited { retry_after_s }) => {
                assert!(retry_after_s > 0 && retry_after_s <= 3600);
                assert!(error.may_pass());
            }
            answer => panic!("{answer:?}"),
        }
    }
    stage.recover().await;
}
