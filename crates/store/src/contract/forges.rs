use super::{Database, forge, hosted, new_forge, repository, user};
use crate::{NewAccount, NewIdentity, SignInState, StoreError};
use travis_model::{
    AccountId, ForgeId, Level, RepositorySettings, Scope, SessionId, SyncState, Timestamp, UserId,
};

pub async fn forges(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let mut new = new_forge("hub");
    let id = tx.put_forge(&new).await.unwrap();
    let other = forge(&mut *tx, "lab").await;
    new.api_url = "https://api.example".into();
    new.app_key = Some(vec![1, 0, 2]);
    new.client_id = None;
    new.configured = true;
    new.at = Timestamp(9);
    assert_eq!(tx.put_forge(&new).await.unwrap(), id);
    let list = tx.forges().await.unwrap();
    assert_eq!(list.iter().map(|f| f.id).collect::<Vec<_>>(), [id, other]);
    let found = &list[0];
    assert_eq!(
        (found.api_url.as_str(), found.app_key.as_deref()),
        ("https://api.example", Some([1, 0, 2].as_slice()))
    );
    assert_eq!((found.client_id.as_ref(), found.configured), (None, true));
    assert_eq!(
        (found.created_at, found.updated_at),
        (Timestamp(1), Timestamp(9))
    );
    new.kind = "gitea".into();
    assert!(matches!(
        tx.put_forge(&new).await,
        Err(StoreError::Conflict(_))
    ));
    assert_eq!(tx.forges().await.unwrap()[0].kind, "github");
    tx.commit().await.unwrap();
}

pub(super) fn new_identity(user_id: UserId, forge_id: ForgeId, remote_id: &str) -> NewIdentity {
    NewIdentity {
        user_id,
        forge_id,
        remote_id: remote_id.into(),
        login: "kestrel".into(),
        name: Some("K.".into()),
        email: None,
        avatar_url: None,
        token: vec![0, 255],
        refresh_token: Some(vec![3]),
        token_expires_at: Some(Timestamp(50)),
        scopes: "repo".into(),
        at: Timestamp(4),
    }
}

pub async fn identities(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let lab = forge(&mut *tx, "lab").await;
    let (a, b) = (user(&mut *tx, "a").await, user(&mut *tx, "b").await);
    let mut new = new_identity(a, hub, "7");
    let id = tx.put_identity(&new).await.unwrap();
    let elsewhere = tx.put_identity(&new_identity(a, lab, "7")).await.unwrap();
    assert!(matches!(
        tx.put_identity(&new_identity(a, hub, "8")).await,
        Err(StoreError::Exists(_))
    ));
    // The number counts, not the name; and whoever it was stays it.
    new.user_id = b;
    new.login = "falcon".into();
    new.token = vec![9];
    new.refresh_token = None;
    assert_eq!(tx.put_identity(&new).await.unwrap(), id);
    let mut found = tx.identity(hub, "7").await.unwrap().unwrap();
    assert_eq!((found.user_id, found.login.as_str()), (a, "falcon"));
    assert_eq!(
        (found.token.as_deref(), &found.refresh_token, found.sync),
        (Some([9].as_slice()), &None, SyncState::Idle)
    );
    assert_eq!(tx.identity(hub, "8").await.unwrap(), None);
    assert_eq!(tx.identities_to_sync(9).await.unwrap(), []);

    found.token = None;
    found.sync = SyncState::Running;
    found.sync_done = 3;
    found.sync_total = Some(10);
    found.sync_error = Some("why".into());
    found.sync_started_at = Some(Timestamp(20));
    found.synced_at = Some(Timestamp(19));
    tx.update_identity(&found).await.unwrap();
    assert_eq!(tx.identity(hub, "7").await.unwrap(), Some(found.clone()));
    let mut second = tx.identity(lab, "7").await.unwrap().unwrap();
    second.sync = SyncState::Running;
    second.sync_started_at = Some(Timestamp(10));
    tx.update_identity(&second).await.unwrap();
    let list = tx.identities(a).await.unwrap();
    assert_eq!(
        list.iter().map(|i| i.id).collect::<Vec<_>>(),
        [id, elsewhere]
    );
    let running = tx.identities_to_sync(9).await.unwrap();
    assert_eq!(running, [second, found.clone()], "the oldest first");
    assert_eq!(tx.identities_to_sync(1).await.unwrap().len(), 1);
    found.id = travis_model::IdentityId(999);
    assert!(matches!(
        tx.update_identity(&found).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
}

fn new_account(forge_id: ForgeId, remote_id: &str, login: &str) -> NewAccount {
    NewAccount {
        forge_id,
        remote_id: remote_id.into(),
        login: login.into(),
        name: Some("N.".into()),
        avatar_url: Some("https://pictures.example/1".into()),
        organization: true,
    }
}

pub async fn accounts(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let lab = forge(&mut *tx, "lab").await;
    let a = user(&mut *tx, "a").await;
    let mut new = new_account(hub, "1", "Harbor");
    let id = tx.put_account(&new).await.unwrap();
    tx.set_installation(id, Some(44)).await.unwrap();
    new.login = "Harbour".into();
    new.name = None;
    new.avatar_url = None;
    assert_eq!(tx.put_account(&new).await.unwrap(), id);
    let found = tx.account(hub, "1").await.unwrap().unwrap();
    assert_eq!(
        (found.login.as_str(), found.name.as_deref()),
        ("Harbour", Some("N."))
    );
    assert_eq!(
        (found.installation_id, found.organization),
        (Some(44), true)
    );
    assert!(found.avatar_url.is_some());
    assert_eq!(tx.account(lab, "1").await.unwrap(), None);

    for (forge, number, login) in [
        (hub, "2", "kestrel"),
        (hub, "3", "har_our"),
        (lab, "1", "harbour"),
        (lab, "2", "group"),
        (lab, "3", "Group/sub"),
    ] {
        tx.put_account(&new_account(forge, number, login))
            .await
            .unwrap();
    }
    tx.put_identity(&new_identity(a, hub, "2")).await.unwrap();
    for (forge, number, slug, path) in [
        (hub, "11", "harbour/beacon", "harbour/beacon"),
        (hub, "12", "harbour/buoy", "harbour/buoy"),
        (lab, "13", "group-sub/pier", "group/sub/pier"),
        (lab, "14", "har_our/none", "har_our/none"),
    ] {
        let mut repository = hosted(forge, number, slug);
        repository.hosting.path = path.into();
        let repository = tx.put_hosted(&repository).await.unwrap();
        if number != "14" {
            tx.put_right(a, repository, Some(Level::Read), Timestamp(5))
                .await
                .unwrap();
        }
    }
    let mine = tx.accounts_of(a).await.unwrap();
    let names: Vec<_> = mine.iter().map(|a| (a.forge_id, &*a.login)).collect();
    assert_eq!(
        names,
        [(lab, "Group/sub"), (hub, "Harbour"), (hub, "kestrel")]
    );
    tx.set_installation(id, None).await.unwrap();
    let found = tx.account(hub, "1").await.unwrap().unwrap();
    assert_eq!(found.installation_id, None);
    assert!(matches!(
        tx.set_installation(AccountId(999), None).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
}

fn sign_in(state: &[u8], expires_at: i64) -> SignInState {
    SignInState {
        state_hash: state.to_vec(),
        browser_hash: b"browser".to_vec(),
        purpose: "sign_in".into(),
        forge_id: Some(ForgeId(1)),
        verifier: vec![0, 1, 255],
        user_id: None,
        next: "/a/b".into(),
        expires_at: Timestamp(expires_at),
    }
}

pub async fn ways_in_are_used_once(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    for state in [b"1", b"2", b"3"] {
        tx.insert_sign_in_state(&sign_in(state, 10)).await.unwrap();
    }
    assert!(matches!(
        tx.insert_sign_in_state(&sign_in(b"1", 10)).await,
        Err(StoreError::Exists(_))
    ));
    let now = Timestamp(9);
    let came = tx.take_sign_in_state(b"1", b"browser", now).await.unwrap();
    assert_eq!(came, Some(sign_in(b"1", 10)));
    // Used; of another browser, which uses it up; too old; unknown.
    for (state, browser, at) in [
        (b"1", b"browser", 9),
        (b"2", b"another", 9),
        (b"2", b"browser", 9),
        (b"3", b"browser", 10),
        (b"4", b"browser", 9),
    ] {
        let came = tx.take_sign_in_state(state, browser, Timestamp(at)).await;
        assert_eq!(came.unwrap(), None);
    }
    tx.insert_sign_in_state(&sign_in(b"5", 10)).await.unwrap();
    assert_eq!(tx.sweep_expired(Timestamp(10)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(database.rows("sign_in_states").await, 0);
}

pub async fn sessions_are_seen_and_ended(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let (a, b) = (user(&mut *tx, "a").await, user(&mut *tx, "b").await);
    for (who, hash, at, end) in [
        (a, b"1", 1, 100),
        (a, b"2", 2, 100),
        (a, b"3", 3, 10),
        (b, b"4", 4, 100),
        (a, b"5", 5, 100),
    ] {
        tx.insert_session(who, hash, "Browser 1.0", Timestamp(at), Timestamp(end))
            .await
            .unwrap();
    }
    let first = tx.session(b"1", Timestamp(9)).await.unwrap().unwrap();
    assert_eq!(
        (first.user_agent.as_str(), first.last_seen_at),
        ("Browser 1.0", None)
    );
    tx.touch_session(first.id, Timestamp(8)).await.unwrap();
    let list = tx.sessions(a, Timestamp(10)).await.unwrap();
    let used: Vec<_> = list
        .iter()
        .map(|s| s.last_seen_at.unwrap_or(s.created_at).0)
        .collect();
    assert_eq!(used, [8, 5, 2], "the last used first, ended ones left out");
    assert!(matches!(
        tx.end_session(b, first.id).await,
        Err(StoreError::NotFound(_))
    ));
    tx.end_session(a, list[1].id).await.unwrap();
    assert_eq!(tx.end_sessions(a, Some(first.id)).await.unwrap(), 2);
    let left = tx.sessions(a, Timestamp(9)).await.unwrap();
    assert_eq!(left.iter().map(|s| s.id).collect::<Vec<_>>(), [first.id]);
    assert_eq!(tx.end_sessions(a, None).await.unwrap(), 1);
    assert_eq!(tx.sessions(b, Timestamp(9)).await.unwrap().len(), 1);
    assert!(matches!(
        tx.touch_session(SessionId(999), Timestamp(1)).await,
        Err(StoreError::NotFound(_))
    ));
    for scope in [Scope::Read, Scope::Build, Scope::Settings, Scope::All] {
        tx.insert_api_token(a, "t", scope, scope.as_str().as_bytes(), Timestamp(1), None)
            .await
            .unwrap();
    }
    let scopes: Vec<_> = tx.api_tokens(a).await.unwrap();
    let scopes: Vec<_> = scopes.iter().map(|t| t.scope).collect();
    assert_eq!(
        scopes,
        [Scope::All, Scope::Settings, Scope::Build, Scope::Read]
    );
    tx.commit().await.unwrap();
}

pub async fn hosted_repositories(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let lab = forge(&mut *tx, "lab").await;
    let a = user(&mut *tx, "a").await;
    let mut new = hosted(hub, "7", "Harbor/Beacon");
    new.hosting.installation_id = Some(3);
    let id = tx.put_hosted(&new).await.unwrap();
    let mut row = tx.repository(id).await.unwrap().unwrap();
    assert_eq!(
        (row.active, row.hosting.as_ref()),
        (false, Some(&new.hosting))
    );
    assert_eq!(row.settings, RepositorySettings::default());
    row.active = true;
    row.settings.build_pushes = false;
    row.settings.maximum_number_of_builds = 4;
    let hosting = row.hosting.as_mut().unwrap();
    hosting.hook_id = Some("h".into());
    hosting.hooked_by = Some(a);
    hosting.compared_at = Some(Timestamp(30));
    hosting.gone_at = Some(Timestamp(31));
    tx.update_repository(&row).await.unwrap();
    assert_eq!(tx.repository(id).await.unwrap(), Some(row.clone()));

    // Renamed, moved, hidden; what is ours stays.
    let mut renamed = hosted(hub, "7", "harbour/light");
    renamed.private = true;
    renamed.ping_secret = vec![42];
    renamed.at = Timestamp(99);
    assert_eq!(tx.put_hosted(&renamed).await.unwrap(), id);
    let slug = "harbour/LIGHT".parse().unwrap();
    let found = tx.repository_by_slug(&slug).await.unwrap().unwrap();
    assert_eq!(found.slug, renamed.slug);
    assert_eq!(
        (found.private, found.active, &found.ping_secret),
        (true, true, &row.ping_secret)
    );
    assert_eq!(found.settings, row.settings);
    let lives = found.hosting.unwrap();
    assert_eq!(
        (lives.hook_id.as_deref(), lives.hooked_by, lives.compared_at),
        (Some("h"), Some(a), Some(Timestamp(30)))
    );
    assert_eq!(
        (lives.installation_id, lives.gone_at, lives.path.as_str()),
        (Some(3), None, "harbour/light")
    );
    let old = "harbor/beacon".parse().unwrap();
    assert_eq!(tx.repository_by_slug(&old).await.unwrap(), None);

    // An address that another one has, for a new one and for a rename.
    repository(&mut *tx, "plain/git").await;
    for number in ["8", "7"] {
        let taken = tx.put_hosted(&hosted(hub, number, "Plain/Git")).await;
        assert!(matches!(taken, Err(StoreError::Exists(_))));
    }
    let other = tx
        .put_hosted(&hosted(lab, "7", "lab/beacon"))
        .await
        .unwrap();
    let mut stolen = tx.repository(other).await.unwrap().unwrap();
    stolen.hosting.as_mut().unwrap().forge_id = hub;
    assert!(matches!(
        tx.update_repository(&stolen).await,
        Err(StoreError::Exists(_))
    ));
    let found = tx.repository_by_remote(lab, "7").await.unwrap().unwrap();
    assert_eq!(found.id, other);
    assert_eq!(tx.repository_by_remote(lab, "8").await.unwrap(), None);
    let installed = tx.repositories_of_installation(hub, 3).await.unwrap();
    assert_eq!(installed.iter().map(|r| r.id).collect::<Vec<_>>(), [id]);
    assert_eq!(tx.repositories_of_installation(lab, 3).await.unwrap(), []);

    // Only what is active is compared, the longest ago first.
    let mut lit = tx.repository(other).await.unwrap().unwrap();
    assert_eq!(compared(&mut *tx, 31).await, [id]);
    lit.active = true;
    tx.update_repository(&lit).await.unwrap();
    assert_eq!(compared(&mut *tx, 31).await, [other, id]);
    assert_eq!(compared(&mut *tx, 30).await, [other]);
    lit.hosting = None;
    tx.update_repository(&lit).await.unwrap();
    assert_eq!(tx.repository(other).await.unwrap(), Some(lit));
    tx.commit().await.unwrap();
}

async fn compared(tx: &mut dyn crate::Tx, before: i64) -> Vec<travis_model::RepositoryId> {
    let list = tx.repositories_to_compare(Timestamp(before), 9).await;
    list.unwrap().iter().map(|r| r.id).collect()
}
