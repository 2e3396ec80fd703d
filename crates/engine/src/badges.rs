//! The token with which a private repository's badge can be shown where nobody signs in.

use crate::Engine;
use travis_model::{Repository, RepositoryId};

impl Engine {
    /// The token of a repository's badge: shows the badge and nothing else. It holds as long as the
    /// installation's key.
    #[must_use]
    pub fn badge_token(&self, id: RepositoryId) -> String {
        self.vault.sign(&text(id))
    }

    /// Whether a token is the one of this repository's badge. In constant time.
    #[must_use]
    pub fn shows_badge(&self, repository: &Repository, token: &str) -> bool {
        token.len() <= 128 && self.vault.signed(&text(repository.id), token)
    }
}

/// Nothing else that the vault signs begins so.
fn text(id: RepositoryId) -> String {
    format!("badge of repository {id}")
}
