//! Builds with their stages: stored whole, locked, listed.

use super::columns::{json_text, maybe_json_text};
use super::rights::visible;
use super::rows::{self, Columns, build_columns, locked_build_columns, maybe, stage_columns};
use super::{Conn, bound, count, found, history, in_order, jobs};
use crate::dialect::{self, Db, db_error, for_update, ids_in};
use sqlx::{QueryBuilder, query};
use travis_model::{Build, BuildId, RepositoryId, RequestId, Stage};
use travis_store::{BuildFilter, BuildKey, Listing, NewBuild, Page, SeenBy, StoreError};

pub async fn build(conn: &mut Conn, id: BuildId) -> Result<Option<Build>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        build_columns!(),
        " FROM builds b WHERE b.id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::build)
}

pub async fn builds_by_id(conn: &mut Conn, ids: &[BuildId]) -> Result<Vec<Build>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        build_columns!(),
        " FROM builds b WHERE ",
        ids_in!("b.id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::build)?, |b| {
        (b.id.get(), 0)
    }))
}

pub async fn builds_of_requests(
    conn: &mut Conn,
    ids: &[RequestId],
) -> Result<Vec<Build>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        build_columns!(),
        " FROM builds b WHERE ",
        ids_in!("b.request_id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::build)?, |b| {
        (b.request_id.get(), b.id.get())
    }))
}

fn filtered(sql: &mut QueryBuilder<Db>, filter: &BuildFilter) {
    sql.push(" WHERE 1 = 1");
    if let Some(repository) = filter.repository {
        sql.push(" AND b.repository_id = ")
            .push_bind(repository.get());
    }
    if let Some(branch) = &filter.branch {
        sql.push(" AND b.branch = ").push_bind(branch.clone());
    }
    if let Some(number) = filter.number {
        sql.push(" AND b.number = ").push_bind(number);
    }
    if !filter.states.is_empty() {
        sql.push(" AND b.state IN (");
        let mut list = sql.separated(", ");
        for state in &filter.states {
            list.push_bind(state.as_str());
        }
        sql.push(")");
    }
    if !filter.event_types.is_empty() {
        sql.push(" AND b.event_type IN (");
        let mut list = sql.separated(", ");
        for event in &filter.event_types {
            list.push_bind(event.clone());
        }
        sql.push(")");
    }
    if let Some(number) = filter.pull_request_number {
        sql.push(" AND b.pull_request_number = ").push_bind(number);
    }
    if filter.seen_by != SeenBy::Operator {
        sql.push(" AND EXISTS (SELECT 1 FROM repositories r WHERE r.id = b.repository_id");
        visible(sql, filter.seen_by);
        sql.push(")");
    }
}

/// Counts builds. Builds are only ever removed with their repository, so without a finer filter
/// the numbers given out so far say it, however many builds there are.
async fn count_builds(conn: &mut Conn, filter: &BuildFilter) -> Result<u64, StoreError> {
    let whole = filter.branch.is_none()
        && filter.number.is_none()
        && filter.states.is_empty()
        && filter.event_types.is_empty()
        && filter.pull_request_number.is_none();
    let mut sql = if whole {
        let mut sql = QueryBuilder::<Db>::new(
            "SELECT CAST(COALESCE(SUM(next_build_number - 1), 0) AS BIGINT) FROM repositories r \
             WHERE 1 = 1",
        );
        if let Some(repository) = filter.repository {
            sql.push(" AND r.id = ").push_bind(repository.get());
        }
        visible(&mut sql, filter.seen_by);
        sql
    } else {
        let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM builds b");
        filtered(&mut sql, filter);
        sql
    };
    let row = sql.build().fetch_one(conn).await.map_err(db_error)?;
    Ok(count(Columns::new(&row, "builds").get()?))
}

pub async fn builds(
    conn: &mut Conn,
    filter: &BuildFilter,
    page: Page,
) -> Result<Listing<Build>, StoreError> {
    let total = count_builds(conn, filter).await?;
    let mut sql = QueryBuilder::<Db>::new(concat!("SELECT ", build_columns!(), " FROM builds b"));
    filtered(&mut sql, filter);
    // Within a repository numbers grow with identifiers, and its index is by number.
    sql.push(if filter.repository.is_some() {
        " ORDER BY b.number DESC LIMIT "
    } else {
        " ORDER BY b.id DESC LIMIT "
    });
    sql.push_bind(bound(page.limit))
        .push(" OFFSET ")
        .push_bind(bound(page.offset));
    let found = sql.build().fetch_all(conn).await.map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows::build)?,
        count: total,
    })
}

pub async fn passed_build_seconds(
    conn: &mut Conn,
    repository: RepositoryId,
    limit: u64,
) -> Result<Vec<i64>, StoreError> {
    let found = query(
        "SELECT (finished_at - started_at) / 1000 FROM builds \
         WHERE repository_id = $1 AND state = 'passed' \
         AND started_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY id DESC LIMIT $2",
    )
    .bind(repository.get())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "builds").get())
}

pub async fn stages(conn: &mut Conn, builds: &[BuildId]) -> Result<Vec<Stage>, StoreError> {
    let ids: Vec<i64> = builds.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        stage_columns!(),
        " FROM stages WHERE ",
        ids_in!("build_id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::stage)?, |s| {
        (s.build_id.get(), s.number)
    }))
}

pub async fn insert_build(conn: &mut Conn, new: &NewBuild) -> Result<BuildKey, StoreError> {
    // Locks the repository's row: numbers come one after another.
    let row = query(
        "UPDATE repositories SET next_build_number = next_build_number + 1 WHERE id = $1 \
         RETURNING next_build_number - 1",
    )
    .bind(new.repository_id.get())
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?
    .ok_or(StoreError::NotFound("repository"))?;
    let number: i64 = Columns::new(&row, "repositories").get()?;
    let row = query(
        "INSERT INTO builds (repository_id, request_id, commit_id, number, state, previous_state, \
         event_type, branch, tag, message, raw_config, imports, config, messages, fast_finish, \
         pull_request, pull_request_number, sender, before_sha, compare_url, created_by, \
         created_at, updated_at) \
         VALUES ($1, $2, $3, $4, 'created', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         $17, $18, $19, $20, $21, $22) RETURNING id",
    )
    .bind(new.repository_id.get())
    .bind(new.request_id.get())
    .bind(new.commit_id.get())
    .bind(number)
    .bind(new.previous_state.map(|state| state.as_str()))
    .bind(new.event_type.clone())
    .bind(new.branch.clone())
    .bind(new.tag.clone())
    .bind(new.message.clone())
    .bind(new.raw_config.clone())
    .bind(json_text(&new.imports)?)
    .bind(new.config.to_string())
    .bind(new.messages.to_string())
    .bind(new.fast_finish)
    .bind(maybe_json_text(new.pull_request.as_ref())?)
    .bind(new.pull_request.as_ref().map(|pull| pull.number))
    .bind(maybe_json_text(new.sender.as_ref())?)
    .bind(new.before_sha.clone())
    .bind(new.compare_url.clone())
    .bind(new.created_by.map(|id| id.get()))
    .bind(new.at.0)
    .bind(new.at.0)
    .fetch_one(&mut *conn)
    .await
    .map_err(db_error)?;
    let id: BuildId = Columns::new(&row, "builds").id()?;
    let key = BuildKey { id, number };
    let stages = insert_stages(conn, id, &new.stages).await?;
    jobs::insert_jobs(conn, key, &stages, new).await?;
    query("UPDATE repositories SET current_build_id = $2 WHERE id = $1")
        .bind(new.repository_id.get())
        .bind(id.get())
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    // A pull request's build says nothing of the branch that it is for.
    if new.pull_request.is_none() {
        history::put_branch(conn, new.repository_id, &new.branch, Some(id), None).await?;
    }
    Ok(key)
}

/// Stores stages; answers their identifiers by number.
async fn insert_stages(
    conn: &mut Conn,
    build: BuildId,
    names: &[String],
) -> Result<Vec<i64>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = QueryBuilder::<Db>::new("INSERT INTO stages (build_id, number, name, state) ");
    sql.push_values(names.iter().zip(1_i64..), |mut row, (name, number)| {
        row.push_bind(build.get())
            .push_bind(number)
            .push_bind(name.clone())
            .push_bind("created");
    });
    sql.push(" RETURNING number, id");
    let found = sql
        .build()
        .persistent(names.len() == 1)
        .fetch_all(conn)
        .await
        .map_err(db_error)?;
    let mut keys = rows::all(&found, |row| {
        let mut c = Columns::new(row, "stages");
        Ok((c.get::<i64>()?, c.get::<i64>()?))
    })?;
    keys.sort_unstable();
    Ok(keys.into_iter().map(|(_, id)| id).collect())
}

pub async fn lock_build(conn: &mut Conn, id: BuildId) -> Result<Option<Build>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        locked_build_columns!(),
        " FROM builds b WHERE b.id = $1",
        for_update!()
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::build)
}

pub async fn update_build(conn: &mut Conn, build: &Build) -> Result<(), StoreError> {
    let done = query(
        "UPDATE builds SET state = $2, started_at = $3, finished_at = $4, updated_at = $5, \
         provisional = $6 WHERE id = $1",
    )
    .bind(build.id.get())
    .bind(build.state.as_str())
    .bind(build.started_at.map(|at| at.0))
    .bind(build.finished_at.map(|at| at.0))
    .bind(build.updated_at.0)
    .bind(build.provisional.map(|state| state.as_str()))
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    found(done.rows_affected(), "build")?;
    super::stats::keep_end(conn, build).await
}

pub async fn update_stage(conn: &mut Conn, stage: &Stage) -> Result<(), StoreError> {
    let done =
        query("UPDATE stages SET state = $2, started_at = $3, finished_at = $4 WHERE id = $1")
            .bind(stage.id.get())
            .bind(stage.state.as_str())
            .bind(stage.started_at.map(|at| at.0))
            .bind(stage.finished_at.map(|at| at.0))
            .execute(conn)
            .await
            .map_err(db_error)?;
    found(done.rows_affected(), "stage")
}
