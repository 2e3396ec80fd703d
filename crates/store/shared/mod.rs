//! The queries, written once and compiled into each adapter with that adapter's `dialect`:
//! the type of the database, how lists of identifiers are passed, how errors are read.

pub mod accounts;
pub mod admin;
pub mod approvals;
pub mod attempts;
pub mod builds;
pub mod caches;
mod columns;
pub mod crons;
pub mod delegate;
pub mod deliveries;
pub mod enrolments;
pub mod fleet;
pub mod forges;
pub mod history;
pub mod jobs;
pub mod ledger;
pub mod migrations;
pub mod outbox;
pub mod repositories;
pub mod requests;
pub mod results;
pub mod rights;
mod rows;
mod rows_forge;
pub mod stats;
pub mod trust;
pub mod variables;
pub mod workers;

pub use delegate::Poison;
pub(crate) use delegate::{delegate_reader, delegate_tx};

use crate::dialect::Db;
use travis_store::StoreError;

/// A connection of this adapter's database.
pub type Conn = <Db as sqlx::Database>::Connection;
/// A row of this adapter's database.
pub type Row = <Db as sqlx::Database>::Row;

/// What a broken foreign key is answered with; the transaction can't go on after it.
pub const PARENT: &str = "what this belongs to";

/// Puts rows into the order of the identifiers they were asked by.
fn in_order<T>(ids: &[i64], mut rows: Vec<T>, key: impl Fn(&T) -> (i64, i64)) -> Vec<T> {
    let place: std::collections::HashMap<i64, usize> = ids
        .iter()
        .rev()
        .enumerate()
        .map(|(at, id)| (*id, ids.len() - at))
        .collect();
    rows.sort_by_key(|row| {
        let (id, next) = key(row);
        (place.get(&id).copied(), next)
    });
    rows
}

/// A limit or an offset as the database wants it.
fn bound(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A count as the port wants it.
fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Answers [`StoreError::NotFound`] unless a row was changed.
fn found(changed: u64, what: &'static str) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound(what))
    } else {
        Ok(())
    }
}
