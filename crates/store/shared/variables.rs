//! A repository's variables and its key.

use super::rows::{self, Columns, env_var_columns, maybe};
use super::{Conn, found};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{EnvVar, EnvVarId, RepositoryId, RepositoryKey};
use travis_store::StoreError;

pub async fn env_vars(
    conn: &mut Conn,
    repository: RepositoryId,
) -> Result<Vec<EnvVar>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        env_var_columns!(),
        " FROM env_vars WHERE repository_id = $1 ORDER BY name, COALESCE(branch, ''), id"
    ))
    .bind(repository.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::env_var)
}

pub async fn put_env_var(
    conn: &mut Conn,
    repository: RepositoryId,
    name: &str,
    value: &[u8],
    public: bool,
    branch: Option<&str>,
) -> Result<EnvVarId, StoreError> {
    let row = query(
        "INSERT INTO env_vars (repository_id, name, value, public, branch) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (repository_id, name, COALESCE(branch, '')) \
         DO UPDATE SET value = excluded.value, public = excluded.public RETURNING id",
    )
    .bind(repository.get())
    .bind(name.to_owned())
    .bind(value.to_vec())
    .bind(public)
    .bind(branch.map(str::to_owned))
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "env_vars").id()
}

pub async fn update_env_var(conn: &mut Conn, variable: &EnvVar) -> Result<(), StoreError> {
    let taken = query(
        "SELECT id FROM env_vars WHERE repository_id = $1 AND name = $2 \
         AND COALESCE(branch, '') = $3 AND id <> $4",
    )
    .bind(variable.repository_id.get())
    .bind(variable.name.clone())
    .bind(variable.branch.clone().unwrap_or_default())
    .bind(variable.id.get())
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    if taken.is_some() {
        return Err(StoreError::Exists("variable"));
    }
    let done = query(
        "UPDATE env_vars SET name = $3, value = $4, public = $5, branch = $6 \
         WHERE id = $1 AND repository_id = $2",
    )
    .bind(variable.id.get())
    .bind(variable.repository_id.get())
    .bind(variable.name.clone())
    .bind(variable.value.clone())
    .bind(variable.public)
    .bind(variable.branch.clone())
    .execute(conn)
    .await
    .map_err(db_error)?;
    found(done.rows_affected(), "variable")
}

pub async fn repository_key(
    conn: &mut Conn,
    repository: RepositoryId,
) -> Result<Option<RepositoryKey>, StoreError> {
    let row = query(
        "SELECT repository_id, public_key, private_key, created_at FROM repository_keys \
         WHERE repository_id = $1",
    )
    .bind(repository.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::repository_key)
}

pub async fn put_repository_key(
    conn: &mut Conn,
    key: &RepositoryKey,
) -> Result<RepositoryKey, StoreError> {
    query(
        "INSERT INTO repository_keys (repository_id, public_key, private_key, created_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (repository_id) DO NOTHING",
    )
    .bind(key.repository_id.get())
    .bind(key.public_key.clone())
    .bind(key.private_key.clone())
    .bind(key.created_at.0)
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    repository_key(conn, key.repository_id)
        .await?
        .ok_or(StoreError::NotFound("repository key"))
}

pub async fn delete_env_var(
    conn: &mut Conn,
    repository: RepositoryId,
    id: EnvVarId,
) -> Result<(), StoreError> {
    let done = query("DELETE FROM env_vars WHERE id = $1 AND repository_id = $2")
        .bind(id.get())
        .bind(repository.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "variable")
}
