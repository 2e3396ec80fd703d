//! Arguments and answers of the port about forges: people, rights, deliveries, approvals.

use travis_model::{
    DeliveryId, ForgeId, Hosting, Level, RepositoryId, RequestId, Timestamp, UserId,
};

/// Whose eyes a list is for. Default: everybody's, so only what is public.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SeenBy {
    /// What is public.
    #[default]
    Everybody,
    /// What is public, and what this person has any right to.
    User(UserId),
    /// All there is.
    Operator,
}

/// A forge to be added or changed; its name tells which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewForge {
    /// Its kind.
    pub kind: String,
    /// Its name for people; unique.
    pub name: String,
    /// Where people go.
    pub web_url: String,
    /// Where calls go.
    pub api_url: String,
    /// The OAuth client.
    pub client_id: Option<String>,
    /// Its secret, encrypted.
    pub client_secret: Option<Vec<u8>>,
    /// The App's number.
    pub app_id: Option<i64>,
    /// The App's name in addresses.
    pub app_slug: Option<String>,
    /// The App's private key, encrypted.
    pub app_key: Option<Vec<u8>>,
    /// What the App's hook signs with, encrypted.
    pub hook_secret: Option<Vec<u8>>,
    /// It stands in the operator's configuration.
    pub configured: bool,
    /// Now.
    pub at: Timestamp,
}

/// Who signed in, as the forge says. The forge's number tells whether it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIdentity {
    /// Whose; not changed for one that is known.
    pub user_id: UserId,
    /// On which forge.
    pub forge_id: ForgeId,
    /// The forge's number.
    pub remote_id: String,
    /// The name there.
    pub login: String,
    /// Name for people.
    pub name: Option<String>,
    /// Verified address.
    pub email: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Encrypted token.
    pub token: Vec<u8>,
    /// Encrypted.
    pub refresh_token: Option<Vec<u8>>,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
    /// What it allows.
    pub scopes: String,
    /// Now.
    pub at: Timestamp,
}

/// An account of a forge to be noted; its number tells which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// On which forge.
    pub forge_id: ForgeId,
    /// The forge's number.
    pub remote_id: String,
    /// Its name there.
    pub login: String,
    /// Name for people; `None` keeps what is known.
    pub name: Option<String>,
    /// Picture; `None` keeps what is known.
    pub avatar_url: Option<String>,
    /// An organisation, not a person.
    pub organization: bool,
}

/// Somebody is on the way to a forge and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInState {
    /// Hash of what travels with them.
    pub state_hash: Vec<u8>,
    /// Hash of what stays in their browser.
    pub browser_hash: Vec<u8>,
    /// `sign_in`, `manifest`.
    pub purpose: String,
    /// To which forge.
    pub forge_id: Option<ForgeId>,
    /// PKCE's verifier, or what else is to be kept; encrypted.
    pub verifier: Vec<u8>,
    /// Whoever was signed in already.
    pub user_id: Option<UserId>,
    /// Where they want to go after; a path of ours.
    pub next: String,
    /// Until when they may come back.
    pub expires_at: Timestamp,
}

/// A right of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Right {
    /// On which repository.
    pub repository_id: RepositoryId,
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub level: Level,
    /// When the forge last said so.
    pub checked_at: Timestamp,
}

/// A hook's message to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The forge it came from.
    pub forge_id: Option<ForgeId>,
    /// The repository whose own hook it is; unknown for an App's.
    pub repository_id: Option<RepositoryId>,
    /// The sender's own number, or a digest of the body. The same one of the same hook twice is
    /// the same message.
    pub guid: String,
    /// The forge's name of the event.
    pub event: String,
    /// What happened.
    pub action: Option<String>,
    /// The headers that matter for reading it.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// Now.
    pub at: Timestamp,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryChange {
    /// Which.
    pub id: DeliveryId,
    /// It can't be worked on.
    pub failed: bool,
    /// What came of it, for people.
    pub outcome: String,
    /// The repository it turned out to be about.
    pub repository_id: Option<RepositoryId>,
    /// The request that came of it.
    pub request_id: Option<RequestId>,
    /// Now.
    pub at: Timestamp,
}

/// What a forge says of a repository, to be stored; the forge's number tells which it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostedRepository {
    /// Where it lives. Its hook, who switched it on and when it was compared are kept as they are;
    /// `gone_at` is cleared.
    pub hosting: Hosting,
    /// Its address here.
    pub slug: travis_model::Slug,
    /// One line for people.
    pub description: Option<String>,
    /// Where its commits come from.
    pub clone_url: String,
    /// The default branch.
    pub default_branch: String,
    /// Hidden from everybody without a right to it.
    pub private: bool,
    /// Signs its hook's messages when it is new; encrypted.
    pub ping_secret: Vec<u8>,
    /// Now.
    pub at: Timestamp,
}
