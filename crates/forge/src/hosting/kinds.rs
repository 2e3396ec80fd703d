//! The forges that are known: one row each.

use super::port::ForgeApi;
use super::types::Connection;
use crate::{ForgeError, Limits};
use std::sync::Arc;

/// A kind of forge.
pub struct Kind {
    /// Its name in configuration and rows.
    pub name: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The public instance, where there is one that most people mean.
    pub default_web_url: Option<&'static str>,
    /// Where calls go, from where people go.
    pub api_url: fn(web_url: &str) -> String,
    /// Makes the adapter.
    pub connect: fn(Connection, Limits) -> Result<Arc<dyn ForgeApi>, ForgeError>,
}

/// All of them.
pub const KINDS: &[Kind] = &[crate::github::KIND, crate::gitea::KIND, crate::gitlab::KIND];

/// Makes the adapter for a connection, by its kind.
///
/// # Errors
/// [`ForgeError::NotSetUp`] for a kind that is not known.
pub fn connect(connection: Connection) -> Result<Arc<dyn ForgeApi>, ForgeError> {
    connect_within(connection, Limits::default())
}

/// [`connect`] with other limits than the default ones.
///
/// # Errors
/// As [`connect`].
pub fn connect_within(
    mut connection: Connection,
    limits: Limits,
) -> Result<Arc<dyn ForgeApi>, ForgeError> {
    for url in [&mut connection.web_url, &mut connection.api_url] {
        url.truncate(url.trim_end_matches('/').len());
    }
    match KINDS.iter().find(|kind| kind.name == connection.kind) {
        Some(kind) => (kind.connect)(connection, limits),
        None => Err(ForgeError::NotSetUp {
            what: "a forge of this kind",
        }),
    }
}
