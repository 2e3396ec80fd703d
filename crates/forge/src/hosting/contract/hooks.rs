//! Hooks: made once, signed, read.

use super::{Delivered, Stage, must, soon};
use crate::hosting::{Event, ForgeApi, Hook, HookDemand, PullChange, Push};
use travis_model::Secret;

/// Made twice it is one, removed twice it is none.
pub(super) async fn keeps_one(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("hooker").await;
    let repo = stage
        .repository(&owner, "hooked", false, &[("README", "x")])
        .await;
    let mut demand = HookDemand {
        url: stage.hook_url(),
        secret: Secret::new("first-secret-of-the-hook"),
    };
    must("hook", forge.put_hook(&owner.access, &repo, &demand).await);
    demand.secret = Secret::new("second-secret-of-the-hook");
    let number = must("again", forge.put_hook(&owner.access, &repo, &demand).await);
    assert_eq!(stage.hook_count(&repo).await, 1);
    stage.delivered().await;
    stage
        .commit(&repo, "main", &[("a", "1")], "One", &owner)
        .await;
    let (message, _) = wait(
        stage,
        &*forge,
        &demand.secret,
        |hook| matches!(&hook.what, Event::Push(push) if push.branch.is_some()),
    )
    .await;
    assert!(
        !forge.signed(
            &Secret::new("first-secret-of-the-hook"),
            &message.headers,
            &message.body
        ),
        "the old secret is still good"
    );
    for _ in 0..2 {
        let gone = forge.delete_hook(&owner.access, &repo, &number).await;
        must("delete", gone);
        assert_eq!(stage.hook_count(&repo).await, 0);
    }
}

/// Push, tag, deletion, pull request.
pub(super) async fn delivers(stage: &dyn Stage) {
    let forge = stage.forge();
    let owner = stage.person("pusher").await;
    let guest = stage.person("forker").await;
    let repo = stage
        .repository(&owner, "told", false, &[("README", "x")])
        .await;
    let secret = Secret::new("the-secret-of-this-hook");
    let demand = HookDemand {
        url: stage.hook_url(),
        secret: secret.clone(),
    };
    must("hook", forge.put_hook(&owner.access, &repo, &demand).await);
    stage.delivered().await;

    let one = stage
        .commit(&repo, "topic", &[("a", "1")], "One", &owner)
        .await;
    let (message, hook) = wait(stage, &*forge, &secret, |hook| {
        is_push(hook, |push| push.after.as_deref() == Some(&one))
    })
    .await;
    seals(&*forge, &secret, &message);
    let about = hook.repository.as_ref().map(|about| &about.at);
    assert_eq!(about, Some(&repo));
    let sender = hook.sender.as_ref().map(|sender| sender.id.as_str());
    assert_eq!(sender, Some(owner.person.id.as_str()));
    assert!(hook.delivery.is_some(), "a delivery without a number");
    let push = pushed(&hook);
    assert_eq!((push.branch.as_deref(), &push.tag), (Some("topic"), &None));
    assert_eq!(push.before, None, "a new branch has nothing before");
    let two = stage
        .commit(&repo, "topic", &[("a", "2")], "Two\n\nbody", &owner)
        .await;
    let (other, hook) = wait(stage, &*forge, &secret, |hook| {
        is_push(hook, |push| push.after.as_deref() == Some(&two))
    })
    .await;
    let push = pushed(&hook);
    assert_eq!(push.before.as_deref(), Some(one.as_str()));
    let head = push.head.as_ref().unwrap_or_else(|| panic!("no head"));
    assert_eq!((&head.sha, head.message.trim_end()), (&two, "Two\n\nbody"));
    assert!(push.commits.iter().any(|commit| commit.sha == two));
    assert_ne!(
        must_read(&*forge, &message).delivery,
        must_read(&*forge, &other).delivery
    );

    stage.tag(&repo, "v1.0", &one, &owner).await;
    let (_, hook) = wait(stage, &*forge, &secret, |hook| {
        is_push(hook, |push| push.tag.as_deref() == Some("v1.0"))
    })
    .await;
    assert_eq!(pushed(&hook).branch, None);
    // The commit, also where the tag is an object of its own.
    assert_eq!(pushed(&hook).after.as_ref(), Some(&one));

    stage.delete_branch(&repo, "topic", &owner).await;
    let (_, hook) = wait(stage, &*forge, &secret, |hook| {
        is_push(hook, |push| push.branch.as_deref() == Some("topic"))
    })
    .await;
    assert_eq!(pushed(&hook).after, None);

    let (number, head) = stage.fork_pull(&repo, "fix", "From afar", &guest).await;
    let (_, hook) = wait(stage, &*forge, &secret, |hook| {
        matches!(&hook.what, Event::PullRequest(_))
    })
    .await;
    let Event::PullRequest(event) = &hook.what else {
        panic!("{hook:?}");
    };
    assert_eq!(event.change, PullChange::Opened);
    assert_eq!((event.pull.number, &event.pull.head_sha), (number, &head));
    assert_eq!(event.pull.base_branch, "main");
    let fork = event.pull.head_repository.as_ref();
    assert!(fork.is_some_and(|fork| fork.id != repo.id), "{fork:?}");
    assert_eq!(event.pull.author.id, guest.person.id);
    assert_eq!(
        hook.sender.as_ref().map(|sender| &sender.id),
        Some(&guest.person.id)
    );
}

/// What the seal of a message is worth.
fn seals(forge: &dyn ForgeApi, secret: &Secret, message: &Delivered) {
    let Delivered { headers, body } = message;
    assert!(forge.signed(secret, headers, body));
    for other in ["the-secret-of-this-hooK", "another", ""] {
        assert!(!forge.signed(&Secret::new(other), headers, body), "{other}");
    }
    // Some forges send the secret itself, which seals no body.
    let plain = headers
        .values()
        .any(|value| value.as_bytes() == secret.reveal().as_bytes());
    let mut altered = body.clone();
    altered[0] ^= 1;
    assert!(plain || !forge.signed(secret, headers, &altered));
    let mut bare = headers.clone();
    let names: Vec<_> = headers.keys().cloned().collect();
    for name in names {
        let text = name.as_str();
        if text.contains("signature") || text.contains("token") {
            bare.remove(&name);
        }
    }
    assert!(!forge.signed(secret, &bare, body), "no signature needed");
    assert!(!forge.signed(&Secret::new(""), &bare, body));
}

fn must_read(forge: &dyn ForgeApi, message: &Delivered) -> Hook {
    forge
        .read_hook(&message.headers, &message.body)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn is_push(hook: &Hook, fits: impl Fn(&Push) -> bool) -> bool {
    matches!(&hook.what, Event::Push(push) if fits(push))
}

fn pushed(hook: &Hook) -> &Push {
    match &hook.what {
        Event::Push(push) => push,
        what => panic!("{what:?}"),
    }
}

/// The first message of this sort. All that come meanwhile must be signed and readable.
async fn wait(
    stage: &dyn Stage,
    forge: &dyn ForgeApi,
    secret: &Secret,
    fits: impl Fn(&Hook) -> bool,
) -> (Delivered, Hook) {
    let look = || async {
        let mut found = None;
        for message in stage.delivered().await {
            assert!(forge.signed(secret, &message.headers, &message.body));
            let hook = must_read(forge, &message);
            if found.is_none() && fits(&hook) {
                found = Some((message, hook));
            }
        }
        found
    };
    soon("the hook's message", look).await
}
