//! The port: a forge's people, permissions, pull requests, hooks and results.

use super::event::{Hook, HookError};
use super::types::{
    Access, Check, CommitStatus, Features, Grant, HookDemand, MadeApp, ManifestDemand,
    ManifestForm, Permission, RemoteAccount, RemotePage, RemotePerson, RemotePullRequest,
    RemoteRef, RemoteRepository, SignInDemand, StatusState,
};
use crate::{BranchHead, ForgeError, Resolved, Snapshot, Want};
use async_trait::async_trait;
use http::HeaderMap;
use travis_model::Secret;

/// A forge.
///
/// Contract, checked by the suite in `contract`: what reads may be repeated or dropped at
/// any time; `put_hook`, `delete_hook`, `put_status` and `put_check` are idempotent. Every call ends
/// within a time limit of the implementation (10 s unless the operator says otherwise). Redirects
/// within the forge (a renamed repository) are followed; others are refused. Answers are at most
/// 8 MiB. [`ForgeError::RateLimited`] says until when no call may be made; reads that can wait
/// (lists, comparisons) are refused with it while a fifth of the budget is left, so that results can
/// still be told. [`ForgeError::Denied`] means that the token is not good any more.
#[async_trait]
pub trait ForgeApi: Send + Sync {
    /// What it can do beyond what every forge can.
    fn features(&self) -> Features;

    /// Where a person's browser is sent to sign in.
    ///
    /// # Errors
    /// [`ForgeError::NotSetUp`] without an OAuth client.
    fn sign_in_url(&self, demand: &SignInDemand<'_>) -> Result<String, ForgeError>;
    /// Trades the code that the browser brought for a token.
    async fn exchange_code(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, ForgeError>;
    /// Gets a new token for one that ended.
    async fn refresh(&self, refresh_token: &Secret) -> Result<Grant, ForgeError>;
    /// Gives a token back, so that it is worthless. One that is not known is no error.
    async fn revoke(&self, token: &Secret) -> Result<(), ForgeError>;
    /// Whose token it is.
    async fn person(&self, access: &Access) -> Result<RemotePerson, ForgeError>;

    /// Organisations or groups of the person.
    async fn organizations(&self, access: &Access) -> Result<Vec<RemoteAccount>, ForgeError>;
    /// Repositories that the person may see, with the person's permission, 100 at a time.
    async fn repositories(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError>;
    /// One repository, found by its number.
    async fn repository(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<RemoteRepository, ForgeError>;
    /// What a person may do. Asked in the name of somebody with rights on the repository, or of
    /// the person. A person without any right, or a repository that is gone: [`Permission::None`].
    async fn permission(
        &self,
        access: &Access,
        repo: &RemoteRef,
        person: &RemotePerson,
    ) -> Result<Permission, ForgeError>;

    /// As [`crate::Forge::resolve`].
    async fn resolve(
        &self,
        access: &Access,
        repo: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError>;
    /// As [`crate::Forge::snapshot`]; both parts are asked for side by side.
    async fn snapshot(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        path: &str,
    ) -> Result<Snapshot, ForgeError>;
    /// As [`crate::Forge::branches`]. Asked again and again: unchanged answers cost nothing of the
    /// budget where the forge allows it (ETag).
    async fn branches(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<BranchHead>, ForgeError>;
    /// Open pull requests, the newest 100. As cheap as [`Self::branches`].
    async fn pull_requests(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError>;
    /// One pull request.
    async fn pull_request(
        &self,
        access: &Access,
        repo: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError>;

    /// Makes the repository's hook for this address, or mends the one that is there: afterwards
    /// there is one, and it signs with this secret. Answers its number, which may be another than
    /// before.
    async fn put_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        demand: &HookDemand,
    ) -> Result<String, ForgeError>;
    /// Removes a hook. One that is gone is no error.
    async fn delete_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        hook_id: &str,
    ) -> Result<(), ForgeError>;
    /// Whether a message was signed with this secret. Over the raw body, in constant time.
    fn signed(&self, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool;
    /// Reads a message whose signature is good.
    ///
    /// # Errors
    /// [`HookError`]; an event that this forge has and we have no use for is none.
    fn read_hook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Hook, HookError>;

    /// Says how a commit stands.
    async fn put_status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        status: &CommitStatus,
    ) -> Result<(), ForgeError>;
    /// How the forge thinks that a commit stands in this context.
    async fn status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<StatusState>, ForgeError>;
    /// Makes a check of a commit, or changes the one with this number. Answers its number. More
    /// annotations than one call takes are sent in several.
    ///
    /// # Errors
    /// [`ForgeError::NotSetUp`] where the forge has no checks.
    async fn put_check(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        check_id: Option<&str>,
        check: &Check,
    ) -> Result<String, ForgeError>;

    /// The username and password with which git reads this repository over https.
    async fn git_credentials(
        &self,
        access: &Access,
    ) -> Result<Option<(String, Secret)>, ForgeError>;

    /// The form that makes an App here; none where the forge has no such thing.
    fn manifest(&self, _demand: &ManifestDemand<'_>) -> Option<ManifestForm> {
        None
    }
    /// Trades the code that the operator's browser brought for the App.
    ///
    /// # Errors
    /// [`ForgeError::NotSetUp`] where the forge has no such thing.
    async fn take_manifest(&self, _code: &Secret) -> Result<MadeApp, ForgeError> {
        Err(ForgeError::NotSetUp {
            what: "making an App by a manifest",
        })
    }
    /// Where a person installs the App on more accounts and repositories.
    fn install_url(&self) -> Option<String> {
        None
    }
}
