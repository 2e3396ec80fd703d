//! Forges, who people are there, the accounts that own repositories there, and who is on the way.

use super::rows::{self, Columns, maybe};
use super::rows_forge::{
    self, account_columns, forge_columns, identity_columns, sign_in_state_columns,
};
use super::{Conn, bound, found};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{
    AccountId, ForgeAccount, ForgeId, ForgeSite, Identity, IdentityId, Timestamp, UserId,
};
use travis_store::{NewAccount, NewForge, NewIdentity, SignInState, StoreError};

pub async fn forges(conn: &mut Conn) -> Result<Vec<ForgeSite>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        forge_columns!(),
        " FROM forges ORDER BY id"
    ))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::forge)
}

pub async fn put_forge(conn: &mut Conn, new: &NewForge) -> Result<ForgeId, StoreError> {
    let row = query(
        "INSERT INTO forges (kind, name, web_url, api_url, client_id, client_secret, app_id, \
         app_slug, app_key, hook_secret, configured, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (name) DO UPDATE SET web_url = excluded.web_url, \
         api_url = excluded.api_url, client_id = excluded.client_id, \
         client_secret = excluded.client_secret, app_id = excluded.app_id, \
         app_slug = excluded.app_slug, app_key = excluded.app_key, \
         hook_secret = excluded.hook_secret, configured = excluded.configured, \
         updated_at = excluded.updated_at WHERE forges.kind = excluded.kind RETURNING id",
    )
    .bind(new.kind.clone())
    .bind(new.name.clone())
    .bind(new.web_url.clone())
    .bind(new.api_url.clone())
    .bind(new.client_id.clone())
    .bind(new.client_secret.clone())
    .bind(new.app_id)
    .bind(new.app_slug.clone())
    .bind(new.app_key.clone())
    .bind(new.hook_secret.clone())
    .bind(new.configured)
    .bind(new.at.0)
    .bind(new.at.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "forges").id())?
        .ok_or(StoreError::Conflict("forge"))
}

pub async fn delete_forge(conn: &mut Conn, id: ForgeId) -> Result<(), StoreError> {
    let used = query("SELECT id FROM repositories WHERE forge_id = $1 LIMIT 1")
        .bind(id.get())
        .fetch_optional(&mut *conn)
        .await
        .map_err(db_error)?;
    if used.is_some() {
        return Err(StoreError::Conflict("forge"));
    }
    query("DELETE FROM forges WHERE id = $1")
        .bind(id.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn identity(
    conn: &mut Conn,
    forge: ForgeId,
    remote_id: &str,
) -> Result<Option<Identity>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE forge_id = $1 AND remote_id = $2"
    ))
    .bind(forge.get())
    .bind(remote_id.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows_forge::identity)
}

pub async fn identities(conn: &mut Conn, user: UserId) -> Result<Vec<Identity>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE user_id = $1 ORDER BY id"
    ))
    .bind(user.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::identity)
}

pub async fn identities_to_sync(conn: &mut Conn, limit: u64) -> Result<Vec<Identity>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE sync = 'running' \
         ORDER BY COALESCE(sync_started_at, 0), id LIMIT $1"
    ))
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::identity)
}

pub async fn put_identity(conn: &mut Conn, new: &NewIdentity) -> Result<IdentityId, StoreError> {
    if let Some(id) = renew_identity(conn, new).await? {
        return Ok(id);
    }
    let row = query(
        "INSERT INTO identities (user_id, forge_id, remote_id, login, name, email, avatar_url, \
         token, refresh_token, token_expires_at, scopes, sync, sync_done, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'idle', 0, $12) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(new.user_id.get())
    .bind(new.forge_id.get())
    .bind(new.remote_id.clone())
    .bind(new.login.clone())
    .bind(new.name.clone())
    .bind(new.email.clone())
    .bind(new.avatar_url.clone())
    .bind(new.token.clone())
    .bind(new.refresh_token.clone())
    .bind(new.token_expires_at.map(|at| at.0))
    .bind(new.scopes.clone())
    .bind(new.at.0)
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    if let Some(row) = row {
        return Columns::new(&row, "identities").id();
    }
    // Somebody else added it in between, or the person is somebody else on this forge already.
    renew_identity(conn, new)
        .await?
        .ok_or(StoreError::Exists("identity"))
}

async fn renew_identity(
    conn: &mut Conn,
    new: &NewIdentity,
) -> Result<Option<IdentityId>, StoreError> {
    let row = query(
        "UPDATE identities SET login = $3, name = $4, email = $5, avatar_url = $6, token = $7, \
         refresh_token = $8, token_expires_at = $9, scopes = $10 \
         WHERE forge_id = $1 AND remote_id = $2 RETURNING id",
    )
    .bind(new.forge_id.get())
    .bind(new.remote_id.clone())
    .bind(new.login.clone())
    .bind(new.name.clone())
    .bind(new.email.clone())
    .bind(new.avatar_url.clone())
    .bind(new.token.clone())
    .bind(new.refresh_token.clone())
    .bind(new.token_expires_at.map(|at| at.0))
    .bind(new.scopes.clone())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "identities").id())
}

pub async fn update_identity(conn: &mut Conn, identity: &Identity) -> Result<(), StoreError> {
    let done = query(
        "UPDATE identities SET login = $2, name = $3, email = $4, avatar_url = $5, token = $6, \
         refresh_token = $7, token_expires_at = $8, scopes = $9, sync = $10, sync_done = $11, \
         sync_total = $12, sync_error = $13, sync_started_at = $14, synced_at = $15, \
         created_at = $16 WHERE id = $1",
    )
    .bind(identity.id.get())
    .bind(identity.login.clone())
    .bind(identity.name.clone())
    .bind(identity.email.clone())
    .bind(identity.avatar_url.clone())
    .bind(identity.token.clone())
    .bind(identity.refresh_token.clone())
    .bind(identity.token_expires_at.map(|at| at.0))
    .bind(identity.scopes.clone())
    .bind(identity.sync.as_str())
    .bind(i64::from(identity.sync_done))
    .bind(identity.sync_total.map(i64::from))
    .bind(identity.sync_error.clone())
    .bind(identity.sync_started_at.map(|at| at.0))
    .bind(identity.synced_at.map(|at| at.0))
    .bind(identity.created_at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    found(done.rows_affected(), "identity")
}

pub async fn account(
    conn: &mut Conn,
    forge: ForgeId,
    remote_id: &str,
) -> Result<Option<ForgeAccount>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        account_columns!(),
        " FROM accounts a WHERE a.forge_id = $1 AND a.remote_id = $2"
    ))
    .bind(forge.get())
    .bind(remote_id.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows_forge::account)
}

/// The owner is the path without its last part: taking away from the right whatever is no slash
/// leaves it with a slash at its end.
pub async fn accounts_of(conn: &mut Conn, user: UserId) -> Result<Vec<ForgeAccount>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        account_columns!(),
        " FROM accounts a WHERE a.id IN (SELECT o.id FROM permissions p \
         JOIN repositories r ON r.id = p.repository_id \
         JOIN accounts o ON o.forge_id = r.forge_id AND LOWER(o.login) = \
         LOWER(RTRIM(RTRIM(r.remote_path, REPLACE(r.remote_path, '/', '')), '/')) \
         WHERE p.user_id = $1 \
         UNION SELECT o.id FROM identities i JOIN accounts o ON o.forge_id = i.forge_id \
         AND o.remote_id = i.remote_id WHERE i.user_id = $1) ORDER BY LOWER(a.login), a.id"
    ))
    .bind(user.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::account)
}

pub async fn put_account(conn: &mut Conn, new: &NewAccount) -> Result<AccountId, StoreError> {
    let row = query(
        "INSERT INTO accounts (forge_id, remote_id, login, name, avatar_url, organization) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (forge_id, remote_id) DO UPDATE SET \
         login = excluded.login, name = COALESCE(excluded.name, accounts.name), \
         avatar_url = COALESCE(excluded.avatar_url, accounts.avatar_url), \
         organization = excluded.organization RETURNING id",
    )
    .bind(new.forge_id.get())
    .bind(new.remote_id.clone())
    .bind(new.login.clone())
    .bind(new.name.clone())
    .bind(new.avatar_url.clone())
    .bind(new.organization)
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "accounts").id()
}

pub async fn set_installation(
    conn: &mut Conn,
    account: AccountId,
    installation_id: Option<i64>,
) -> Result<(), StoreError> {
    let done = query("UPDATE accounts SET installation_id = $2 WHERE id = $1")
        .bind(account.get())
        .bind(installation_id)
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "account")
}

pub async fn insert_sign_in_state(conn: &mut Conn, new: &SignInState) -> Result<(), StoreError> {
    let done = query(
        "INSERT INTO sign_in_states (state_hash, browser_hash, purpose, forge_id, verifier, \
         user_id, next, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT DO NOTHING",
    )
    .bind(new.state_hash.clone())
    .bind(new.browser_hash.clone())
    .bind(new.purpose.clone())
    .bind(new.forge_id.map(|id| id.get()))
    .bind(new.verifier.clone())
    .bind(new.user_id.map(|id| id.get()))
    .bind(new.next.clone())
    .bind(new.expires_at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Exists("sign-in"));
    }
    Ok(())
}

pub async fn take_sign_in_state(
    conn: &mut Conn,
    state_hash: &[u8],
    browser_hash: &[u8],
    now: Timestamp,
) -> Result<Option<SignInState>, StoreError> {
    let row = query(concat!(
        "DELETE FROM sign_in_states WHERE state_hash = $1 RETURNING ",
        sign_in_state_columns!()
    ))
    .bind(state_hash.to_vec())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    let state = maybe(row.as_ref(), rows_forge::sign_in_state)?;
    Ok(state.filter(|state| state.browser_hash == browser_hash && state.expires_at > now))
}
