//! What whoever runs the installation sees and decides.

use super::rows::{self, Columns, user_columns};
use super::{Conn, bound, count, found};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{Timestamp, User, UserId};
use travis_store::{Holdings, Listing, Page, StoreError};

pub async fn all_users(conn: &mut Conn, page: Page) -> Result<Listing<User>, StoreError> {
    let row = query("SELECT COUNT(*) FROM users")
        .fetch_one(&mut *conn)
        .await
        .map_err(db_error)?;
    let users = query(concat!(
        "SELECT ",
        user_columns!(),
        " FROM users ORDER BY login_key, id LIMIT $1 OFFSET $2"
    ))
    .bind(bound(page.limit))
    .bind(bound(page.offset))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&users, rows::user)?,
        count: count(Columns::new(&row, "users").get()?),
    })
}

pub async fn holdings(conn: &mut Conn) -> Result<Holdings, StoreError> {
    let row = query(
        "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM repositories), \
         (SELECT COUNT(*) FROM repositories WHERE active), (SELECT COUNT(*) FROM builds), \
         (SELECT COUNT(*) FROM jobs), \
         CAST((SELECT COALESCE(SUM(log_length), 0) FROM attempts) AS BIGINT), \
         (SELECT COUNT(*) FROM caches), \
         CAST((SELECT COALESCE(SUM(size), 0) FROM caches) AS BIGINT)",
    )
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    let mut columns = Columns::new(&row, "users");
    Ok(Holdings {
        users: count(columns.get()?),
        repositories: count(columns.get()?),
        active: count(columns.get()?),
        builds: count(columns.get()?),
        jobs: count(columns.get()?),
        log_bytes: count(columns.get()?),
        caches: count(columns.get()?),
        cache_bytes: count(columns.get()?),
    })
}

pub async fn set_admin(conn: &mut Conn, user: UserId, admin: bool) -> Result<(), StoreError> {
    let done = query("UPDATE users SET admin = $2 WHERE id = $1")
        .bind(user.get())
        .bind(admin)
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "user")
}

pub async fn suspend_user(
    conn: &mut Conn,
    user: UserId,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    let done = query("UPDATE users SET suspended_at = $2 WHERE id = $1")
        .bind(user.get())
        .bind(since.map(|at| at.0))
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "user")
}
