//! People: signing in with a forge, their lists of repositories, their rights, their switches.
//! Numbers of cases are those of the list of what has gone wrong in CI systems.

mod support;

use std::time::Duration;
use support::{ALL, BROWSER, World, id_of, until};
use travis_engine::{Allowed, EngineError, SignInError, SignedIn, Viewer};
use travis_forge::ForgeError;
use travis_forge::hosting::Permission;
use travis_model::{Level, Scope, SyncState};
use travis_store::SeenBy;

const MINUTE: Duration = Duration::from_secs(60);

/// Case 23.
#[tokio::test]
async fn a_way_back_works_once_in_its_own_browser_and_in_time() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let nobody = Viewer::default();
    let refused = |result: Result<SignedIn, SignInError>| {
        assert!(matches!(result, Err(SignInError::State)), "{result:?}");
    };

    let way = world.go(&kestrel, None, &nobody).await;
    refused(world.come(&way, "browser_2", None, &nobody).await);
    // Used up by the wrong browser.
    refused(world.come(&way, BROWSER, None, &nobody).await);

    let way = world.go(&kestrel, None, &nobody).await;
    world.come(&way, BROWSER, None, &nobody).await.unwrap();
    refused(world.come(&way, BROWSER, None, &nobody).await);

    let way = world.go(&kestrel, None, &nobody).await;
    world.pass(MINUTE * 11);
    refused(world.come(&way, BROWSER, None, &nobody).await);

    let mut way = world.go(&kestrel, None, &nobody).await;
    way.state = "state_guessed".to_owned();
    refused(world.come(&way, BROWSER, None, &nobody).await);

    // A code of another way does not fit this one's verifier.
    let one = world.go(&kestrel, None, &nobody).await;
    let mut two = world.go(&kestrel, None, &nobody).await;
    two.code = one.code;
    let mixed = world.come(&two, BROWSER, None, &nobody).await;
    assert!(matches!(mixed, Err(SignInError::Forge(_))), "{mixed:?}");
}

/// Case 24.
#[tokio::test]
async fn people_go_on_to_a_page_of_this_server() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let nobody = Viewer::default();
    for (next, goes) in [
        (Some("/acme/rocket?tab=1"), "/acme/rocket?tab=1"),
        (Some("//evil.example"), "/"),
        (Some("https://evil.example"), "/"),
        (None, "/"),
    ] {
        let way = world.go(&kestrel, next, &nobody).await;
        let done = world.come(&way, BROWSER, None, &nobody).await.unwrap();
        assert_eq!(done.next, goes);
    }
}

#[tokio::test]
async fn people_are_known_by_the_forge_s_number_not_by_name() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let first = world.signs_in(&kestrel).await;
    assert_eq!(first.user.as_ref().unwrap().login, "kestrel");
    assert!(!first.is_admin());
    let again = world.signs_in(&kestrel).await;
    assert_eq!(id_of(&again), id_of(&first));

    // Somebody whose name is that of the installation's own account gets another one.
    let admin = world.hub.add_person("admin");
    let stranger = world.signs_in(&admin).await;
    assert_eq!(stranger.user.as_ref().unwrap().login, "admin@memory");
    assert!(!stranger.is_admin());
}

#[tokio::test]
async fn an_account_of_a_forge_is_added_to_whoever_is_signed_in() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let admin = world.viewer.clone();
    let way = world.go(&kestrel, None, &admin).await;
    // Not when they are somebody else by now.
    let nobody = Viewer::default();
    let other = world.come(&way, BROWSER, None, &nobody).await;
    assert!(matches!(other, Err(SignInError::State)));

    let way = world.go(&kestrel, None, &admin).await;
    let done = world.come(&way, BROWSER, None, &admin).await.unwrap();
    let viewer = world.engine.viewer_by_session(done.session.reveal()).await;
    assert_eq!(id_of(&viewer.unwrap()), id_of(&admin));
    assert_eq!(world.identity_of(id_of(&admin)).await.login, "kestrel");

    // A second account of the same forge is somebody else.
    let heron = world.hub.add_person("heron");
    let way = world.go(&heron, None, &admin).await;
    let done = world.come(&way, BROWSER, None, &admin).await.unwrap();
    let viewer = world.engine.viewer_by_session(done.session.reveal()).await;
    assert_eq!(viewer.unwrap().user.unwrap().login, "heron");
}

#[tokio::test]
async fn the_session_of_before_ends_with_a_new_one() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let nobody = Viewer::default();
    let way = world.go(&kestrel, None, &nobody).await;
    let old = world.come(&way, BROWSER, None, &nobody).await.unwrap();
    let way = world.go(&kestrel, None, &nobody).await;
    let session = Some(old.session.reveal());
    let new = world.come(&way, BROWSER, session, &nobody).await.unwrap();
    let engine = &world.engine;
    let old = engine
        .viewer_by_session(old.session.reveal())
        .await
        .unwrap();
    assert!(old.user.is_none());
    let new = engine
        .viewer_by_session(new.session.reveal())
        .await
        .unwrap();
    assert!(new.user.is_some());

    let other = world.signs_in(&kestrel).await;
    let listed = engine.sessions(&new).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].user_agent, "Test/1");
    assert_eq!(engine.end_other_sessions(&other).await.unwrap(), 1);
    let left = engine.sessions(&other).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(Some(left[0].id), other.session);
}

#[tokio::test]
async fn only_listed_people_sign_in() {
    let world = World::with_access(Allowed {
        sign_in: vec!["kestrel".to_owned(), "org:harbor".to_owned()],
        owners: Vec::new(),
    })
    .await;
    let kestrel = world.hub.add_person("kestrel");
    let heron = world.hub.add_person("heron");
    let gull = world.hub.add_person("gull");
    world.hub.add_organization("harbor", &[&heron]);
    world.signs_in(&kestrel).await;
    world.signs_in(&heron).await;
    let nobody = Viewer::default();
    let way = world.go(&gull, None, &nobody).await;
    let result = world.come(&way, BROWSER, None, &nobody).await;
    assert!(matches!(result, Err(SignInError::NotAllowed)), "{result:?}");
    let mut reader = world.engine.store().reader().await.unwrap();
    assert!(reader.user_by_login("gull").await.unwrap().is_none());
    let log = reader.audit_log(ALL).await.unwrap();
    assert!(
        log.items
            .iter()
            .any(|entry| entry.action == "session.refuse")
    );
    assert!(world.hub.calls().contains(&"revoke"));
}

/// Case 26, as far as lists go.
#[tokio::test]
async fn a_list_is_read_at_the_first_sign_in_and_private_things_stay_hidden() {
    let world = World::with_access(Allowed {
        sign_in: Vec::new(),
        owners: vec!["kestrel".to_owned()],
    })
    .await;
    let kestrel = world.hub.add_person("kestrel");
    let heron = world.hub.add_person("heron");
    for number in 0..130 {
        world
            .hub
            .add_repository(&kestrel, &format!("tool-{number}"), false);
    }
    world.hub.add_repository(&kestrel, "secret", true);
    let foreign = world.hub.add_repository(&heron, "foreign", false);
    world.hub.allow(&foreign, &kestrel, Permission::Write);

    let viewer = world.signs_in(&kestrel).await;
    let identity = world.synced(id_of(&viewer)).await;
    assert_eq!(identity.sync, SyncState::Idle, "{:?}", identity.sync_error);
    assert!(identity.synced_at.is_some() && identity.sync_done >= 131);
    let viewer = world.again(&viewer).await;
    let engine = &world.engine;
    let secret = engine.repository(&viewer, "kestrel/secret").await.unwrap();
    assert_eq!(viewer.level(&secret), Some(Level::Admin));
    // An owner that is not allowed is not there at all.
    assert!(engine.repository(&viewer, "heron/foreign").await.is_err());

    let mine = SeenBy::User(id_of(&viewer));
    assert_eq!(world.slugs(mine, Some("secret")).await, ["kestrel/secret"]);
    let stranger = world.signs_in(&heron).await;
    for others in [SeenBy::Everybody, SeenBy::User(id_of(&stranger))] {
        assert!(world.slugs(others, Some("secret")).await.is_empty());
    }
    let hidden = engine.repository(&stranger, &secret.id.to_string()).await;
    let missing = engine.repository(&stranger, "999999").await;
    assert_eq!(
        hidden.unwrap_err().to_string(),
        missing.unwrap_err().to_string()
    );
}

#[tokio::test]
async fn what_a_person_lost_is_gone_after_the_next_reading() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let heron = world.hub.add_person("heron");
    let kept = world.hub.add_repository(&kestrel, "kept", true);
    let lent = world.hub.add_repository(&heron, "lent", true);
    world.hub.allow(&lent, &kestrel, Permission::Write);
    let viewer = world.signs_in(&kestrel).await;
    world.synced(id_of(&viewer)).await;
    let mine = SeenBy::User(id_of(&viewer));
    assert_eq!(
        world.slugs(mine, None).await,
        ["heron/lent", "kestrel/kept"]
    );

    world.hub.allow(&lent, &kestrel, Permission::None);
    world.hub.rename(&kept, "kestrel/moved", &kestrel);
    world.pass(MINUTE);
    let viewer = world.again(&viewer).await;
    world.engine.start_sync(&viewer).await.unwrap();
    let identity = world.synced(id_of(&viewer)).await;
    assert_eq!(identity.sync, SyncState::Idle, "{:?}", identity.sync_error);
    assert_eq!(world.slugs(mine, None).await, ["kestrel/moved"]);
}

#[tokio::test]
async fn a_name_that_changed_hands_belongs_to_whom_the_forge_says() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let old = world.hub.add_repository(&kestrel, "rocket", false);
    let viewer = world.signs_in(&kestrel).await;
    world.synced(id_of(&viewer)).await;
    let viewer = world.again(&viewer).await;
    let engine = &world.engine;
    let before = engine.repository(&viewer, "kestrel/rocket").await.unwrap();
    world.hub.rename(&old, "kestrel/rocket-1", &kestrel);
    world.hub.add_repository(&kestrel, "rocket", false);
    engine.start_sync(&viewer).await.unwrap();
    world.synced(id_of(&viewer)).await;
    let viewer = world.again(&viewer).await;
    let renamed = engine
        .repository(&viewer, "kestrel/rocket-1")
        .await
        .unwrap();
    assert_eq!(renamed.id, before.id);
    let newer = engine.repository(&viewer, "kestrel/rocket").await.unwrap();
    assert_ne!(newer.id, before.id);
}

#[tokio::test]
async fn a_token_that_the_forge_refuses_is_forgotten_and_said() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let viewer = world.signs_in(&kestrel).await;
    world.synced(id_of(&viewer)).await;
    world
        .hub
        .fail(Some("repositories"), None, || ForgeError::Denied);
    world.engine.start_sync(&viewer).await.unwrap();
    let identity = world.synced(id_of(&viewer)).await;
    assert_eq!(identity.sync, SyncState::Failed);
    assert!(identity.token.is_none() && identity.sync_error.is_some());
    let again = world.engine.start_sync(&viewer).await;
    assert!(matches!(
        again,
        Err(EngineError::NotNow {
            code: "no_forge",
            ..
        })
    ));
    world.hub.recover();
    world.signs_in(&kestrel).await;
    let identity = world.synced(id_of(&viewer)).await;
    assert!(identity.token.is_some() && identity.sync == SyncState::Idle);
}

/// Case 27.
#[tokio::test]
async fn rights_taken_away_on_the_forge_end_at_once_for_changes() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let heron = world.hub.add_person("heron");
    let at = world.hub.add_repository(&kestrel, "rocket", true);
    world.hub.allow(&at, &heron, Permission::Admin);
    let viewer = world.signs_in(&heron).await;
    world.synced(id_of(&viewer)).await;
    let viewer = world.again(&viewer).await;
    let engine = &world.engine;
    let name = "kestrel/rocket";
    let change = async |viewer: &Viewer| {
        let value = serde_json::json!(false);
        engine
            .change_setting(viewer, name, "build_pushes", &value)
            .await
    };
    change(&viewer).await.unwrap();

    // The forge is away: its last word counts for ten minutes.
    let away = || ForgeError::Unreachable {
        detail: "no route".to_owned(),
    };
    world.hub.fail(None, None, away);
    world.pass(MINUTE * 5);
    change(&viewer).await.unwrap();
    world.pass(MINUTE * 6);
    let refused = change(&viewer).await;
    assert!(
        matches!(refused, Err(EngineError::ForgeAway { .. })),
        "{refused:?}"
    );

    world.hub.recover();
    world.hub.allow(&at, &heron, Permission::Read);
    let refused = change(&viewer).await;
    assert!(matches!(refused, Err(EngineError::Forbidden(_))));
    world.hub.allow(&at, &heron, Permission::None);
    world.pass(MINUTE * 2);
    // The right was asked again a moment ago; the next change asks once more.
    let viewer = world.again(&viewer).await;
    assert!(change(&viewer).await.is_err());
}

/// Case 27, for what is only looked at.
#[tokio::test]
async fn a_hidden_repository_that_is_looked_at_is_asked_for_again() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let heron = world.hub.add_person("heron");
    let at = world.hub.add_repository(&kestrel, "rocket", true);
    world.hub.allow(&at, &heron, Permission::Read);
    let viewer = world.signs_in(&heron).await;
    world.synced(id_of(&viewer)).await;
    world.hub.allow(&at, &heron, Permission::None);
    world.pass(MINUTE * 6);
    let viewer = world.again(&viewer).await;
    world
        .engine
        .repository(&viewer, "kestrel/rocket")
        .await
        .unwrap();
    until("the right gone", async || {
        let viewer = world.again(&viewer).await;
        let found = world.engine.repository(&viewer, "kestrel/rocket").await;
        found.is_err().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_switch_makes_the_hook_and_removes_it() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    let at = world.hub.add_repository(&kestrel, "rocket", false);
    let viewer = world.signs_in(&kestrel).await;
    world.synced(id_of(&viewer)).await;
    let viewer = world.again(&viewer).await;
    let engine = &world.engine;
    let name = "kestrel/rocket";
    let on = engine.activate(&viewer, name).await.unwrap();
    let hosting = on.hosting.unwrap();
    assert!(on.active && hosting.hooked_by == Some(id_of(&viewer)));
    let hooks = world.hub.hooks(&at);
    assert_eq!(hooks.len(), 1);
    assert_eq!(hooks[0].url, format!("http://ci.example/ping/{}", on.id));
    assert_eq!(Some(&hooks[0].id), hosting.hook_id.as_ref());

    // Switched off while the forge is away; the hook goes later.
    world
        .hub
        .fail(Some("delete_hook"), Some(1), || ForgeError::Unreachable {
            detail: "no route".to_owned(),
        });
    let off = engine.deactivate(&viewer, name).await.unwrap();
    assert!(!off.active && off.hosting.unwrap().hook_id.is_none());
    until("the hook gone", async || {
        world.pass(MINUTE);
        engine.bus().wake(travis_bus::Wake::Outbox);
        world.hub.hooks(&at).is_empty().then_some(())
    })
    .await;

    // Somebody without the right on the forge does not switch it.
    let heron = world.hub.add_person("heron");
    let stranger = world.signs_in(&heron).await;
    let refused = engine.activate(&stranger, name).await;
    assert!(matches!(refused, Err(EngineError::Forbidden(_))));
}

#[tokio::test]
async fn tokens_do_what_their_scope_allows_and_no_more() {
    let world = World::new().await;
    let kestrel = world.hub.add_person("kestrel");
    world.hub.add_repository(&kestrel, "rocket", false);
    let viewer = world.signs_in(&kestrel).await;
    world.synced(id_of(&viewer)).await;
    let user = viewer.user.clone().unwrap();
    let engine = &world.engine;
    let name = "kestrel/rocket";
    for (scope, stars, switches, accounts) in [
        (Scope::Read, false, false, false),
        (Scope::Build, true, false, false),
        (Scope::Settings, true, true, false),
        (Scope::All, true, true, true),
    ] {
        let made = engine.new_api_token(&user, "t", scope, Some(1)).await;
        let (token, _) = made.unwrap();
        let viewer = engine.viewer_by_token(token.reveal()).await.unwrap();
        assert_eq!(engine.star(&viewer, name, true).await.is_ok(), stars);
        assert_eq!(engine.activate(&viewer, name).await.is_ok(), switches);
        assert_eq!(engine.sessions(&viewer).await.is_ok(), accounts);
        world.pass(Duration::from_secs(86_401));
        let ended = engine.viewer_by_token(token.reveal()).await;
        assert!(matches!(ended, Err(EngineError::Unauthorized)));
    }
}
