//! People, their sessions, links and tokens.

use super::rows::{self, Columns, api_token_columns, maybe, session_columns, user_columns};
use super::{Conn, found, in_order};
use crate::dialect::{self, db_error, ids_in};
use sqlx::query;
use travis_model::{ApiToken, Scope, Session, SessionId, Timestamp, TokenId, User, UserId};
use travis_store::StoreError;

/// How long deliveries and messages that were told are kept: 30 days.
const KEPT_MILLISECONDS: i64 = 30 * 24 * 60 * 60 * 1000;
/// How long it is known what became of a token with which a machine joins: a day.
const ENROLMENT_KEPT: i64 = 24 * 60 * 60 * 1000;

pub async fn user(conn: &mut Conn, id: UserId) -> Result<Option<User>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        user_columns!(),
        " FROM users WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::user)
}

pub async fn user_by_login(conn: &mut Conn, login: &str) -> Result<Option<User>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        user_columns!(),
        " FROM users WHERE login_key = $1"
    ))
    .bind(login.to_lowercase())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::user)
}

pub async fn users(conn: &mut Conn, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        user_columns!(),
        " FROM users WHERE ",
        ids_in!("id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::user)?, |user| {
        (user.id.get(), 0)
    }))
}

pub async fn session(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Session>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions WHERE token_hash = $1 AND expires_at > $2"
    ))
    .bind(token_hash.to_vec())
    .bind(now.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::session)
}

pub async fn api_token(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<ApiToken>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        api_token_columns!(),
        " FROM api_tokens WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > $2)"
    ))
    .bind(token_hash.to_vec())
    .bind(now.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::api_token)
}

pub async fn api_tokens(conn: &mut Conn, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        api_token_columns!(),
        " FROM api_tokens WHERE user_id = $1 ORDER BY id DESC"
    ))
    .bind(user.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::api_token)
}

pub async fn insert_user(
    conn: &mut Conn,
    login: &str,
    name: Option<&str>,
    admin: bool,
    at: Timestamp,
) -> Result<UserId, StoreError> {
    let row = query(
        "INSERT INTO users (login, login_key, name, admin, created_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(login.to_owned())
    .bind(login.to_lowercase())
    .bind(name.map(str::to_owned))
    .bind(admin)
    .bind(at.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "users").id())?.ok_or(StoreError::Exists("user"))
}

pub async fn insert_session(
    conn: &mut Conn,
    user: UserId,
    token_hash: &[u8],
    user_agent: &str,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO sessions (user_id, token_hash, user_agent, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(user.get())
    .bind(token_hash.to_vec())
    .bind(user_agent.to_owned())
    .bind(at.0)
    .bind(expires_at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn delete_session(conn: &mut Conn, token_hash: &[u8]) -> Result<(), StoreError> {
    query("DELETE FROM sessions WHERE token_hash = $1")
        .bind(token_hash.to_vec())
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn sessions(
    conn: &mut Conn,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        session_columns!(),
        " FROM sessions WHERE user_id = $1 AND expires_at > $2 \
         ORDER BY COALESCE(last_seen_at, created_at) DESC, id DESC"
    ))
    .bind(user.get())
    .bind(now.0)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::session)
}

pub async fn touch_session(
    conn: &mut Conn,
    id: SessionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let done = query("UPDATE sessions SET last_seen_at = $2 WHERE id = $1")
        .bind(id.get())
        .bind(at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "session")
}

pub async fn end_session(conn: &mut Conn, user: UserId, id: SessionId) -> Result<(), StoreError> {
    let done = query("DELETE FROM sessions WHERE id = $1 AND user_id = $2")
        .bind(id.get())
        .bind(user.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "session")
}

pub async fn end_sessions(
    conn: &mut Conn,
    user: UserId,
    but: Option<SessionId>,
) -> Result<u64, StoreError> {
    // No row has the number 0.
    let done = query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2")
        .bind(user.get())
        .bind(but.map_or(0, SessionId::get))
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected())
}

pub async fn insert_sign_in_link(
    conn: &mut Conn,
    user: UserId,
    token_hash: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    query("INSERT INTO sign_in_links (user_id, token_hash, expires_at) VALUES ($1, $2, $3)")
        .bind(user.get())
        .bind(token_hash.to_vec())
        .bind(expires_at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn take_sign_in_link(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<UserId>, StoreError> {
    let row = query(
        "DELETE FROM sign_in_links WHERE token_hash = $1 AND expires_at > $2 RETURNING user_id",
    )
    .bind(token_hash.to_vec())
    .bind(now.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "sign_in_links").id())
}

pub async fn insert_api_token(
    conn: &mut Conn,
    user: UserId,
    name: &str,
    scope: Scope,
    token_hash: &[u8],
    at: Timestamp,
    expires_at: Option<Timestamp>,
) -> Result<TokenId, StoreError> {
    let row = query(
        "INSERT INTO api_tokens (user_id, name, scope, token_hash, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(user.get())
    .bind(name.to_owned())
    .bind(scope.as_str())
    .bind(token_hash.to_vec())
    .bind(at.0)
    .bind(expires_at.map(|at| at.0))
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "api_tokens").id()
}

pub async fn touch_api_token(
    conn: &mut Conn,
    id: TokenId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let done = query("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1")
        .bind(id.get())
        .bind(at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "token")
}

pub async fn delete_api_token(
    conn: &mut Conn,
    user: UserId,
    id: TokenId,
) -> Result<(), StoreError> {
    let done = query("DELETE FROM api_tokens WHERE id = $1 AND user_id = $2")
        .bind(id.get())
        .bind(user.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "token")
}

pub async fn sweep_expired(conn: &mut Conn, now: Timestamp) -> Result<u64, StoreError> {
    let mut removed = 0;
    let old = now.0.saturating_sub(KEPT_MILLISECONDS);
    for (sql, before) in [
        ("DELETE FROM sessions WHERE expires_at <= $1", now.0),
        ("DELETE FROM sign_in_links WHERE expires_at <= $1", now.0),
        ("DELETE FROM sign_in_states WHERE expires_at <= $1", now.0),
        ("DELETE FROM api_tokens WHERE expires_at <= $1", now.0),
        (
            "DELETE FROM enrolments WHERE expires_at < $1",
            now.0.saturating_sub(ENROLMENT_KEPT),
        ),
        (
            "DELETE FROM worker_hours WHERE hour < $1",
            super::ledger::hour_of(now) - super::ledger::HOURS_KEPT,
        ),
        (
            "DELETE FROM platform_load WHERE period < $1",
            super::ledger::period_of(now) - super::ledger::PERIODS_KEPT,
        ),
        ("DELETE FROM worker_sessions WHERE expires_at <= $1", now.0),
        ("DELETE FROM deliveries WHERE received_at < $1", old),
        (
            "DELETE FROM outbox WHERE next_at IS NULL AND updated_at < $1",
            old,
        ),
    ] {
        let done = query(sql)
            .bind(before)
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
        removed += done.rows_affected();
    }
    Ok(removed)
}
