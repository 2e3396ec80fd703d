use super::caches::new_cache;
use super::{ALL, Database, build, repository, user};
use crate::{Holdings, Page, StoreError};
use travis_model::{Timestamp, UserId};

pub async fn people_are_kept_out_and_let_in(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let bo = user(&mut *tx, "Bo").await;
    let al = user(&mut *tx, "al").await;
    let all = tx.all_users(ALL).await.unwrap();
    let logins: Vec<_> = all.items.iter().map(|one| one.login.as_str()).collect();
    assert_eq!((logins, all.count), (vec!["al", "Bo"], 2));
    let second = Page {
        offset: 1,
        limit: 1,
    };
    let page = tx.all_users(second).await.unwrap();
    assert_eq!((page.items[0].id, page.count), (bo, 2));
    tx.set_admin(al, true).await.unwrap();
    tx.suspend_user(bo, Some(Timestamp(7))).await.unwrap();
    assert!(tx.user(al).await.unwrap().unwrap().admin);
    let row = tx.user(bo).await.unwrap().unwrap();
    assert_eq!((row.admin, row.suspended_at), (false, Some(Timestamp(7))));
    tx.suspend_user(bo, None).await.unwrap();
    tx.set_admin(al, false).await.unwrap();
    assert_eq!(tx.user(bo).await.unwrap().unwrap().suspended_at, None);
    let nobody = UserId(1 << 40);
    assert!(matches!(
        tx.set_admin(nobody, true).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
}

pub async fn holdings_are_counted(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.holdings().await.unwrap(), Holdings::default());
    let id = repository(&mut *tx, "a/a").await;
    build(&mut *tx, id, "main").await;
    tx.put_cache(&new_cache(id, "main", "k1", 1)).await.unwrap();
    let found = tx.holdings().await.unwrap();
    assert_eq!((found.repositories, found.active, found.builds), (1, 1, 1));
    assert_eq!((found.caches, found.cache_bytes), (1, 1 << 40));
    assert!(found.jobs > 0);
    tx.commit().await.unwrap();
}
