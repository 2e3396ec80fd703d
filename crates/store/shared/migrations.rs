//! Brings a database from one schema to another, in steps that each have a way back.

use super::Conn;
use super::rows::{Columns, maybe};
use crate::dialect::{self, db_error};
use sqlx::{AssertSqlSafe, query, raw_sql};
use travis_store::StoreError;

struct Step {
    up: &'static str,
    down: &'static str,
}

/// Step `n` leads from schema `n` to `n + 1`.
const STEPS: [Step; 10] = [
    Step {
        up: include_str!("../migrations/0001_first.up.sql"),
        down: include_str!("../migrations/0001_first.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0002_forges.up.sql"),
        down: include_str!("../migrations/0002_forges.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0003_caches.up.sql"),
        down: include_str!("../migrations/0003_caches.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0004_keys.up.sql"),
        down: include_str!("../migrations/0004_keys.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0005_imports.up.sql"),
        down: include_str!("../migrations/0005_imports.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0006_trust.up.sql"),
        down: include_str!("../migrations/0006_trust.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0007_fleet.up.sql"),
        down: include_str!("../migrations/0007_fleet.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0008_results.up.sql"),
        down: include_str!("../migrations/0008_results.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0009_crons.up.sql"),
        down: include_str!("../migrations/0009_crons.down.sql"),
    },
    Step {
        up: include_str!("../migrations/0010_stats.up.sql"),
        down: include_str!("../migrations/0010_stats.down.sql"),
    },
];

/// The newest schema that this program knows.
pub const NEWEST: i64 = STEPS.len() as i64;

/// Leads the database to `target`, up or down, within the caller's transaction.
///
/// # Errors
/// [`StoreError::NewerSchema`] when the database has a schema that this program does not know.
pub async fn migrate(conn: &mut Conn, target: i64) -> Result<(), StoreError> {
    query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    let row = query("SELECT version FROM schema_version")
        .fetch_optional(&mut *conn)
        .await
        .map_err(db_error)?;
    let stored: Option<i64> = maybe(row.as_ref(), |row| {
        Columns::new(row, "schema_version").get()
    })?;
    let version = stored.unwrap_or(0);
    if version > NEWEST {
        return Err(StoreError::NewerSchema {
            found: version,
            known: NEWEST,
        });
    }
    if stored.is_none() {
        query("INSERT INTO schema_version (version) VALUES (0)")
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
    }
    let scripts: Vec<&str> = if target >= version {
        STEPS
            .iter()
            .take(place(target))
            .skip(place(version))
            .map(|step| step.up)
            .collect()
    } else {
        STEPS
            .iter()
            .take(place(version))
            .skip(place(target))
            .rev()
            .map(|step| step.down)
            .collect()
    };
    for script in scripts {
        // The text is this program's own; only the words for types are put in.
        let script = script
            .replace("{id}", dialect::ID)
            .replace("{bytes}", dialect::BYTES)
            .replace("{list}", dialect::LIST);
        raw_sql(AssertSqlSafe(script))
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
    }
    if target != version {
        query("UPDATE schema_version SET version = $1")
            .bind(target)
            .execute(conn)
            .await
            .map_err(db_error)?;
    }
    Ok(())
}

fn place(version: i64) -> usize {
    usize::try_from(version).unwrap_or(0)
}
