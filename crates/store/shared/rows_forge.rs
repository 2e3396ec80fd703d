//! Rows about forges to domain values, in the order of the lists beside each reader.

use super::Row;
use super::columns::Columns;
use travis_model::{
    Approval, Delivery, DeliveryState, ForgeAccount, ForgeId, ForgeSite, Hosting, Identity, Level,
    SyncState,
};
use travis_store::{Right, SignInState, StoreError};

macro_rules! forge_columns {
    () => {
        "id, kind, name, web_url, api_url, client_id, client_secret, app_id, app_slug, app_key, \
         hook_secret, configured, created_at, updated_at"
    };
}
macro_rules! identity_columns {
    () => {
        "id, user_id, forge_id, remote_id, login, name, email, avatar_url, token, refresh_token, \
         token_expires_at, scopes, sync, sync_done, sync_total, sync_error, sync_started_at, \
         synced_at, created_at"
    };
}
macro_rules! account_columns {
    () => {
        "a.id, a.forge_id, a.remote_id, a.login, a.name, a.avatar_url, a.organization, \
         a.installation_id"
    };
}
macro_rules! sign_in_state_columns {
    () => {
        "state_hash, browser_hash, purpose, forge_id, verifier, user_id, next, expires_at"
    };
}
macro_rules! right_columns {
    () => {
        "repository_id, user_id, level, checked_at"
    };
}
/// Without the body, which may be large and stands last where it is wanted.
macro_rules! delivery_columns {
    () => {
        "id, forge_id, repository_id, guid, event, action, headers, state, outcome, request_id, \
         tries, received_at, done_at"
    };
}
macro_rules! approval_columns {
    () => {
        "id, repository_id, pull_request_number, head_sha, user_id, secrets, created_at"
    };
}
pub(crate) use {
    account_columns, approval_columns, delivery_columns, forge_columns, identity_columns,
    right_columns, sign_in_state_columns,
};

/// The part of a repository's row that says where it lives.
pub fn hosting(c: &mut Columns<'_>) -> Result<Option<Hosting>, StoreError> {
    let forge: Option<ForgeId> = c.maybe_id()?;
    let (remote_id, path, html_url): (Option<String>, Option<String>, Option<String>) =
        (c.get()?, c.get()?, c.get()?);
    let fork = c.get()?;
    let installation_id = c.get()?;
    let hook_id = c.get()?;
    let hooked_by = c.maybe_id()?;
    let gone_at = c.maybe_time()?;
    let compared_at = c.maybe_time()?;
    let Some(forge_id) = forge else {
        return Ok(None);
    };
    let (Some(remote_id), Some(path), Some(html_url)) = (remote_id, path, html_url) else {
        return Err(c.corrupt(format_args!(
            "it lives on forge {forge_id}, but where there is missing"
        )));
    };
    Ok(Some(Hosting {
        forge_id,
        remote_id,
        path,
        html_url,
        fork,
        installation_id,
        hook_id,
        hooked_by,
        gone_at,
        compared_at,
    }))
}

pub fn forge(row: &Row) -> Result<ForgeSite, StoreError> {
    let mut c = Columns::new(row, "forges");
    Ok(ForgeSite {
        id: c.id()?,
        kind: c.get()?,
        name: c.get()?,
        web_url: c.get()?,
        api_url: c.get()?,
        client_id: c.get()?,
        client_secret: c.get()?,
        app_id: c.get()?,
        app_slug: c.get()?,
        app_key: c.get()?,
        hook_secret: c.get()?,
        configured: c.get()?,
        created_at: c.time()?,
        updated_at: c.time()?,
    })
}

pub fn identity(row: &Row) -> Result<Identity, StoreError> {
    let mut c = Columns::new(row, "identities");
    Ok(Identity {
        id: c.id()?,
        user_id: c.id()?,
        forge_id: c.id()?,
        remote_id: c.get()?,
        login: c.get()?,
        name: c.get()?,
        email: c.get()?,
        avatar_url: c.get()?,
        token: c.get()?,
        refresh_token: c.get()?,
        token_expires_at: c.maybe_time()?,
        scopes: c.get()?,
        sync: c.word(SyncState::parse)?,
        sync_done: c.small()?,
        sync_total: c.maybe_small()?,
        sync_error: c.get()?,
        sync_started_at: c.maybe_time()?,
        synced_at: c.maybe_time()?,
        created_at: c.time()?,
    })
}

pub fn account(row: &Row) -> Result<ForgeAccount, StoreError> {
    let mut c = Columns::new(row, "accounts");
    Ok(ForgeAccount {
        id: c.id()?,
        forge_id: c.id()?,
        remote_id: c.get()?,
        login: c.get()?,
        name: c.get()?,
        avatar_url: c.get()?,
        organization: c.get()?,
        installation_id: c.get()?,
    })
}

pub fn sign_in_state(row: &Row) -> Result<SignInState, StoreError> {
    let mut c = Columns::new(row, "sign_in_states");
    Ok(SignInState {
        state_hash: c.get()?,
        browser_hash: c.get()?,
        purpose: c.get()?,
        forge_id: c.maybe_id()?,
        verifier: c.get()?,
        user_id: c.maybe_id()?,
        next: c.get()?,
        expires_at: c.time()?,
    })
}

pub fn right(row: &Row) -> Result<Right, StoreError> {
    let mut c = Columns::new(row, "permissions");
    Ok(Right {
        repository_id: c.id()?,
        user_id: c.id()?,
        level: c.word(Level::parse)?,
        checked_at: c.time()?,
    })
}

fn delivery_head(c: &mut Columns<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: c.id()?,
        forge_id: c.maybe_id()?,
        repository_id: c.maybe_id()?,
        guid: c.get()?,
        event: c.get()?,
        action: c.get()?,
        headers: c.json()?,
        body: Vec::new(),
        state: c.word(DeliveryState::parse)?,
        outcome: c.get()?,
        request_id: c.maybe_id()?,
        tries: c.small()?,
        received_at: c.time()?,
        done_at: c.maybe_time()?,
    })
}

/// A delivery with an empty body.
pub fn delivery_without_body(row: &Row) -> Result<Delivery, StoreError> {
    delivery_head(&mut Columns::new(row, "deliveries"))
}

pub fn delivery(row: &Row) -> Result<Delivery, StoreError> {
    let mut c = Columns::new(row, "deliveries");
    let mut delivery = delivery_head(&mut c)?;
    delivery.body = c.get()?;
    Ok(delivery)
}

pub fn approval(row: &Row) -> Result<Approval, StoreError> {
    let mut c = Columns::new(row, "approvals");
    Ok(Approval {
        id: c.id()?,
        repository_id: c.id()?,
        pull_request_number: c.get()?,
        head_sha: c.get()?,
        user_id: c.id()?,
        secrets: c.get()?,
        created_at: c.time()?,
    })
}
