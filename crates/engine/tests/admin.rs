//! What whoever runs the installation sees and decides.
#![allow(
    clippy::unwrap_used,
    reason = "an answer that is not as promised is the finding"
)]

mod support;

use support::World;
use travis_engine::{EngineError, UserChange, Viewer};
use travis_model::Scope;
use travis_store::Page;

const ALL: Page = Page {
    offset: 0,
    limit: 100,
};

#[tokio::test]
async fn who_is_kept_out_is_out_at_once_and_may_come_again() {
    let world = World::new().await;
    world.site().await;
    let person = world.hub.add_person("kestrel");
    let user = world.sign_in(&person).await;
    let engine = &world.engine;
    let made = engine.new_api_token(&user, "laptop", Scope::All, None);
    let (token, _) = made.await.unwrap();
    let them = engine.viewer_by_token(token.reveal()).await.unwrap();
    assert!(matches!(
        engine.all_users(&them, ALL).await,
        Err(EngineError::Forbidden(_))
    ));
    assert!(matches!(
        engine.overview(&Viewer::default()).await,
        Err(EngineError::LoginRequired)
    ));
    let out = |suspended| UserChange {
        suspended: Some(suspended),
        admin: None,
    };
    let operator = &world.viewer;
    let row = engine
        .change_user(operator, user.id, out(true))
        .await
        .unwrap();
    assert!(row.suspended_at.is_some());
    assert!(matches!(
        engine.viewer_by_token(token.reveal()).await,
        Err(EngineError::Unauthorized)
    ));
    let back = engine
        .change_user(operator, user.id, out(false))
        .await
        .unwrap();
    assert_eq!(back.suspended_at, None);
    assert!(engine.viewer_by_token(token.reveal()).await.is_ok());
    let rise = UserChange {
        admin: Some(true),
        suspended: None,
    };
    engine.change_user(operator, user.id, rise).await.unwrap();
    let them = engine.viewer_by_token(token.reveal()).await.unwrap();
    assert!(engine.overview(&them).await.is_ok());
    // Nobody locks themselves out.
    assert!(matches!(
        engine.change_user(&them, user.id, out(true)).await,
        Err(EngineError::NotNow {
            code: "own_account",
            ..
        })
    ));
    let log = engine.audit_log(operator, ALL).await.unwrap();
    let deeds: Vec<&str> = log.items.iter().map(|one| one.action.as_str()).collect();
    assert_eq!(deeds[..3], ["user.promote", "user.admit", "user.suspend"]);
}

#[tokio::test]
async fn nothing_secret_is_among_the_settings() {
    let world = World::new().await;
    let found = world.engine.overview(&world.viewer).await.unwrap();
    assert!(found.settings.len() > 10);
    for (name, value) in &found.settings {
        assert!(
            !name.contains("secret") && !name.contains("token"),
            "{name}"
        );
        assert!(!value.is_empty(), "{name}");
    }
}
