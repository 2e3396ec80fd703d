//! The part of the port for whoever runs the installation.

use crate::{Listing, Page, StoreError};
use async_trait::async_trait;
use travis_model::{Timestamp, User, UserId};

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holdings {
    /// People with an account.
    pub users: u64,
    /// Repositories that are known.
    pub repositories: u64,
    /// Those that are switched on.
    pub active: u64,
    /// Builds of all times.
    pub builds: u64,
    /// Jobs of all times.
    pub jobs: u64,
    /// Bytes that attempts printed.
    pub log_bytes: u64,
    /// Caches.
    pub caches: u64,
    /// Their bytes.
    pub cache_bytes: u64,
}

/// What can be read.
#[async_trait]
pub trait AdminReader: Send {
    /// Everybody with an account, by login.
    async fn all_users(&mut self, page: Page) -> Result<Listing<User>, StoreError>;
    /// How much is kept.
    async fn holdings(&mut self) -> Result<Holdings, StoreError>;
}

/// What can be changed.
#[async_trait]
pub trait AdminTx: AdminReader {
    /// Makes somebody an administrator, or none. [`StoreError::NotFound`] when there is no such
    /// account.
    async fn set_admin(&mut self, user: UserId, admin: bool) -> Result<(), StoreError>;
    /// Keeps somebody out since then, or lets them in again. [`StoreError::NotFound`] when there is
    /// no such account.
    async fn suspend_user(
        &mut self,
        user: UserId,
        since: Option<Timestamp>,
    ) -> Result<(), StoreError>;
}
