//! OAuth clients, Apps, installations, codes and tokens.

use super::{State, epoch, random};
use serde::Serialize;
use serde_json::{Map, Value};

/// Something that people can let act for them.
#[derive(Clone, Debug, Serialize)]
pub struct Client {
    /// Public identifier.
    pub client_id: String,
    /// Secret.
    pub client_secret: String,
    /// Name for people.
    pub name: String,
    /// Registered redirect addresses.
    pub callbacks: Vec<String>,
    /// The App it belongs to.
    pub app: Option<u64>,
}

/// A GitHub App.
#[derive(Clone, Debug, Serialize)]
pub struct App {
    /// Stable number.
    pub id: u64,
    /// Name in addresses.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Login of the owner.
    pub owner: String,
    /// OAuth client.
    pub client_id: String,
    /// The App's hook.
    pub hook: u64,
    /// Where people go after they installed it.
    pub setup_url: Option<String>,
    /// Home page.
    pub external_url: String,
    /// Permissions asked for.
    pub permissions: Map<String, Value>,
    /// Events asked for.
    pub events: Vec<String>,
    /// When it was made.
    pub created_at: String,
}

/// An App put into an account.
#[derive(Clone, Debug, Serialize)]
pub struct Installation {
    /// Stable number.
    pub id: u64,
    /// The App.
    pub app: u64,
    /// Login of the account.
    pub account: String,
    /// Chosen repositories; none means all.
    pub repos: Option<Vec<u64>>,
    /// Does nothing at the moment.
    pub suspended: bool,
    /// When it was made.
    pub created_at: String,
}

/// An OAuth code.
#[derive(Clone, Debug)]
pub struct Code {
    /// For whom.
    pub client_id: String,
    /// Who agreed.
    pub login: String,
    /// Scopes asked for.
    pub scope: String,
    /// The address it was sent to.
    pub redirect_uri: String,
    /// S256 challenge.
    pub challenge: Option<String>,
    /// Seconds since 1970 when it ends.
    pub expires: i64,
}

/// For whom a token speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A person.
    Person {
        /// Login.
        login: String,
        /// Client that it was given to; none for a personal token.
        client_id: Option<String>,
    },
    /// An installation.
    Installation {
        /// Its number.
        id: u64,
        /// Repositories it is limited to.
        repos: Option<Vec<u64>>,
        /// Permissions it is limited to.
        permissions: Map<String, Value>,
    },
    /// Gives new tokens only.
    Refresh {
        /// Login.
        login: String,
        /// Client.
        client_id: String,
    },
}

/// A token.
#[derive(Clone, Debug)]
pub struct Token {
    /// For whom.
    pub holder: Holder,
    /// Scopes granted, with commas.
    pub scope: String,
    /// Seconds since 1970 when it ends.
    pub expires: Option<i64>,
}

impl State {
    /// Makes a token and gives its value.
    pub fn issue(
        &mut self,
        prefix: &str,
        holder: Holder,
        scope: &str,
        seconds: Option<i64>,
    ) -> String {
        let value = format!("{prefix}{}", random(18));
        self.tokens.insert(
            value.clone(),
            Token {
                holder,
                scope: scope.to_owned(),
                expires: seconds.map(|seconds| epoch() + seconds),
            },
        );
        value
    }

    /// A token that is known and has not ended.
    pub fn token(&self, value: &str) -> Option<&Token> {
        self.tokens
            .get(value)
            .filter(|token| token.expires.is_none_or(|end| end > epoch()))
            .filter(|token| !matches!(token.holder, Holder::Refresh { .. }))
    }

    /// The client with this identifier.
    pub fn client(&self, client_id: &str) -> Option<&Client> {
        self.clients.iter().find(|one| one.client_id == client_id)
    }

    /// Whether the installation reaches the repository.
    pub fn installed_on(&self, installation: &Installation, repo: u64) -> bool {
        let Some(row) = self.repos.get(&repo) else {
            return false;
        };
        !installation.suspended
            && row.owner.eq_ignore_ascii_case(&installation.account)
            && installation
                .repos
                .as_ref()
                .is_none_or(|chosen| chosen.contains(&repo))
    }

    /// Repositories that the installation reaches.
    pub fn repos_of(&self, installation: &Installation) -> Vec<u64> {
        self.repos
            .keys()
            .copied()
            .filter(|id| self.installed_on(installation, *id))
            .collect()
    }
}
