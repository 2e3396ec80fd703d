//! Forges, people there, and the operator's set-up.

use super::{Head, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A forge inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgeMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its kind: `github`, `gitea`, `gitlab`.
    pub kind: String,
    /// Its name for people.
    pub name: String,
    /// Where people go.
    pub web_url: String,
}

/// A forge that this installation works with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forge {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its kind: `github`, `gitea`, `gitlab`.
    pub kind: String,
    /// Its name for people.
    pub name: String,
    /// The name of its kind for people.
    pub label: String,
    /// Where people go.
    pub web_url: String,
    /// Where to sign in with it, when that is set up.
    #[schema(required = true)]
    pub sign_in_url: Option<String>,
    /// An App is set up: no hooks are made.
    pub app: bool,
    /// Where the App is installed on more accounts.
    #[schema(required = true)]
    pub install_url: Option<String>,
    /// It stands in the operator's configuration, and is changed there.
    pub configured: bool,
    /// Where the App's hook sends; for administrators.
    #[schema(required = true)]
    pub hook_url: Option<String>,
}

/// All forges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forges {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The forges.
    pub forges: Vec<Forge>,
}

/// Who a person is on a forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// On which forge.
    pub forge: ForgeMinimal,
    /// The name there.
    pub login: String,
    /// Name for people.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Picture.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// The list of repositories is being read.
    pub is_syncing: bool,
    /// When it was last read to its end.
    #[schema(required = true)]
    pub synced_at: Option<String>,
    /// Repositories seen so far.
    pub sync_done: u32,
    /// Repositories in all, where the forge says so.
    #[schema(required = true)]
    pub sync_total: Option<u32>,
    /// Why the list could not be read, or until when it waits.
    #[schema(required = true)]
    pub sync_error: Option<String>,
    /// The forge still takes our calls in this person's name. Else: sign in with it again.
    pub access: bool,
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// What the browser says it is.
    pub user_agent: String,
    /// It is the one that asks.
    pub current: bool,
    /// When it began.
    pub created_at: String,
    /// When it was last used, to the minute.
    #[schema(required = true)]
    pub last_seen_at: Option<String>,
    /// When it ends.
    pub expires_at: String,
}

/// All sessions of a person, the last used first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sessions {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The sessions.
    pub sessions: Vec<Session>,
}

/// An account that owns repositories on a forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgeOwner {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Its name there.
    pub login: String,
    /// Name for people.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Picture.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// An organization, not a person.
    pub organization: bool,
    /// On which forge.
    pub forge: ForgeMinimal,
    /// The App is installed on it; null where there is no App.
    #[schema(required = true)]
    pub installed: Option<bool>,
}

/// The accounts whose repositories the reader has rights on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owners {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The accounts, by name.
    pub owners: Vec<ForgeOwner>,
}

/// A kind of forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForgeKind {
    /// Its name for programs.
    pub kind: String,
    /// Its name for people.
    pub label: String,
    /// The public instance, where there is one that most people mean.
    #[schema(required = true)]
    pub default_web_url: Option<String>,
    /// An App can be made with one click.
    pub manifest: bool,
}

/// What is done already of what makes an installation useful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstSteps {
    /// A forge is set up.
    pub forge: bool,
    /// The reader is signed in with a forge.
    pub signed_in: bool,
    /// A repository is switched on.
    pub repository: bool,
    /// A worker is there.
    pub worker: bool,
    /// Something was built.
    pub build: bool,
}

/// Who may sign in and whose repositories are worked on; empty lists allow all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessLists {
    /// Logins and `org:NAME`, with `*` for any letters.
    pub sign_in: Vec<String>,
    /// `owner` or `owner/name`, with `*` for any letters.
    pub owners: Vec<String>,
}

/// The operator's set-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Setup {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Where browsers, workers and forges find this server.
    pub public_url: String,
    /// Kinds of forges that can be set up.
    pub kinds: Vec<ForgeKind>,
    /// Forges that are there.
    pub forges: Vec<Forge>,
    /// What is done already.
    pub first_steps: FirstSteps,
    /// Who may come in.
    pub access: AccessLists,
}

/// Asks for the form that makes an App.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// A kind whose `manifest` is true.
    pub kind: String,
    /// Where the forge is; the public instance when missing.
    pub web_url: Option<String>,
    /// The organization that is to own the App; the operator's account there when missing.
    pub organization: Option<String>,
}

/// A form that the browser posts to the forge, with one field `manifest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppForm {
    /// Always `manifest_form`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Where it is posted.
    pub action: String,
    /// The field's value.
    pub manifest: String,
}

/// Sets a forge up as a plain OAuth application.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewForge {
    /// Its kind.
    pub kind: String,
    /// Its name for people; the kind's when missing.
    pub name: Option<String>,
    /// Where people go.
    pub web_url: String,
    /// The application's client identifier.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// A setting of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Its name.
    pub name: String,
    /// Its value: true or false, a number, or a word.
    pub value: serde_json::Value,
}

/// All settings of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The settings.
    pub settings: Vec<Setting>,
}

/// Changes a setting. The original writes `setting.value`; both forms are taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSetting {
    /// The value.
    #[serde(alias = "setting.value")]
    pub value: serde_json::Value,
}

/// The reader, with who they are on forges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CurrentUser {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// Picture.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
    /// A list of repositories is being read.
    pub is_syncing: bool,
    /// When one was last read to its end.
    #[schema(required = true)]
    pub synced_at: Option<String>,
    /// Who they are on forges.
    pub identities: Vec<Identity>,
}
