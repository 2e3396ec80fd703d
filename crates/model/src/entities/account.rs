use crate::{SessionId, Timestamp, TokenId, UserId};

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Unique name.
    pub login: String,
    /// Name for people.
    pub name: Option<String>,
    /// May do everything on this installation.
    pub admin: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// Since when an administrator keeps them out; `None` for everybody else.
    pub suspended_at: Option<Timestamp>,
}

/// A signed-in browser. Only the token's hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Identifier.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// What the browser says it is.
    pub user_agent: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What an API token may be used for. Each holds those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// See what its owner sees.
    Read,
    /// Ask for builds, cancel, restart and approve them.
    Build,
    /// Switch repositories on and off, change their settings and variables, lend machines.
    Settings,
    /// Everything that its owner may: tokens, sessions, administration.
    All,
}

impl Scope {
    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Build => "build",
            Self::Settings => "settings",
            Self::All => "all",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Build, Self::Settings, Self::All]
            .into_iter()
            .find(|scope| scope.as_str() == word)
    }
}

/// A token of the API. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Identifier.
    pub id: TokenId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner called it.
    pub name: String,
    /// What it may be used for at most.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}
