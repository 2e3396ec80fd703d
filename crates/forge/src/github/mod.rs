//! GitHub, on github.com and GitHub Enterprise Server.
//!
//! Calls go to the REST API of version 2022-11-28; OAuth and making an App go by the pages that
//! people see. With an App set up, people's tokens are the App's, and repositories are the ones it
//! is installed on.

mod access;
mod app;
mod code;
mod events;
mod hooks;
mod manifest;
mod oauth;
mod repositories;
mod results;
mod wire;

#[cfg(test)]
mod tests;

use crate::cache::Cache;
use crate::hosting::{
    Access, Check, CommitStatus, Connection, Features, ForgeApi, Grant, Hook, HookDemand,
    HookError, Kind, MadeApp, ManifestDemand, ManifestForm, Permission, RemoteAccount, RemotePage,
    RemotePerson, RemotePullRequest, RemoteRef, RemoteRepository, SignInDemand, StatusState,
};
use crate::http::{Client, Limits};
use crate::{BranchHead, ForgeError, Resolved, Snapshot, Want};
use app::App;
use async_trait::async_trait;
use http::HeaderMap;
use std::sync::Arc;
use travis_model::Secret;

/// The row of [`crate::hosting::KINDS`].
pub(crate) const KIND: Kind = Kind {
    name: "github",
    label: "GitHub",
    default_web_url: Some("https://github.com"),
    api_url,
    connect,
};

/// Whose token it is, for this many tokens.
const KNOWN_TOKENS: usize = 4096;

fn api_url(web_url: &str) -> String {
    let web_url = web_url.trim_end_matches('/');
    if is_public(web_url) {
        return "https://api.github.com".to_owned();
    }
    format!("{web_url}/api/v3")
}

/// The instance of GitHub itself, not an Enterprise Server.
fn is_public(web_url: &str) -> bool {
    web_url.eq_ignore_ascii_case("https://github.com")
}

fn connect(connection: Connection, limits: Limits) -> Result<Arc<dyn ForgeApi>, ForgeError> {
    Ok(Arc::new(GitHub::new(connection, limits)?))
}

/// GitHub.
pub struct GitHub {
    /// Without a slash at the end.
    web: String,
    /// Without a slash at the end.
    api: String,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    app: Option<App>,
    client: Client,
    /// The number of the person, by the hash of the token. A token never changes hands.
    owners: Cache<[u8; 32], String>,
}

impl GitHub {
    /// Connects to a GitHub. No call is made.
    ///
    /// # Errors
    /// [`ForgeError::NotSetUp`] for an App's key that can't be used, [`ForgeError::Unreachable`]
    /// for an address that is none.
    pub fn new(connection: Connection, limits: Limits) -> Result<Self, ForgeError> {
        Ok(Self {
            client: Client::new(&connection.api_url, limits)?,
            web: connection.web_url.trim_end_matches('/').to_owned(),
            api: connection.api_url.trim_end_matches('/').to_owned(),
            client_id: connection.client_id,
            client_secret: connection.client_secret,
            app: connection.app.map(App::new).transpose()?,
            owners: Cache::new(KNOWN_TOKENS),
        })
    }
}

#[async_trait]
impl ForgeApi for GitHub {
    fn features(&self) -> Features {
        Features {
            app: self.app.is_some(),
            manifest: true,
        }
    }

    fn sign_in_url(&self, demand: &SignInDemand<'_>) -> Result<String, ForgeError> {
        self.authorize_url(demand)
    }

    async fn exchange_code(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, ForgeError> {
        self.grant(&[
            ("code", code.reveal()),
            ("code_verifier", verifier.reveal()),
            ("redirect_uri", redirect_uri),
        ])
        .await
    }

    async fn refresh(&self, refresh_token: &Secret) -> Result<Grant, ForgeError> {
        self.grant(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.reveal()),
        ])
        .await
    }

    async fn revoke(&self, token: &Secret) -> Result<(), ForgeError> {
        self.give_back(token).await
    }

    async fn person(&self, access: &Access) -> Result<RemotePerson, ForgeError> {
        self.whose(access).await
    }

    async fn organizations(&self, access: &Access) -> Result<Vec<RemoteAccount>, ForgeError> {
        self.list_organizations(access).await
    }

    async fn repositories(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError> {
        self.list_repositories(access, cursor).await
    }

    async fn repository(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<RemoteRepository, ForgeError> {
        let installation_id = match access {
            Access::Installation(id) => Some(*id),
            Access::Anonymous | Access::User(_) => None,
        };
        let found = self.by_number(access, repo).await?;
        Ok(found.into_remote(installation_id))
    }

    async fn permission(
        &self,
        access: &Access,
        repo: &RemoteRef,
        person: &RemotePerson,
    ) -> Result<Permission, ForgeError> {
        self.permission_of(access, repo, person).await
    }

    async fn resolve(
        &self,
        access: &Access,
        repo: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError> {
        self.find_commit(access, repo, want).await
    }

    async fn snapshot(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        path: &str,
    ) -> Result<Snapshot, ForgeError> {
        self.read_snapshot(access, repo, sha, path).await
    }

    async fn branches(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<BranchHead>, ForgeError> {
        self.list_branches(access, repo).await
    }

    async fn pull_requests(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError> {
        self.list_pulls(access, repo).await
    }

    async fn pull_request(
        &self,
        access: &Access,
        repo: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError> {
        self.read_pull(access, repo, number).await
    }

    async fn put_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        demand: &HookDemand,
    ) -> Result<String, ForgeError> {
        self.make_or_mend_hook(access, repo, demand).await
    }

    async fn delete_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        hook_id: &str,
    ) -> Result<(), ForgeError> {
        self.remove_hook(access, repo, hook_id).await
    }

    fn signed(&self, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
        hooks::signed(secret, headers, body)
    }

    fn read_hook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Hook, HookError> {
        events::read(headers, body)
    }

    async fn put_status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        self.tell_status(access, repo, sha, status).await
    }

    async fn status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<StatusState>, ForgeError> {
        self.read_status(access, repo, sha, context).await
    }

    async fn put_check(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        check_id: Option<&str>,
        check: &Check,
    ) -> Result<String, ForgeError> {
        self.tell_check(access, repo, sha, check_id, check).await
    }

    async fn git_credentials(
        &self,
        access: &Access,
    ) -> Result<Option<(String, Secret)>, ForgeError> {
        let token = self.token(access).await?;
        Ok(token.map(|token| ("x-access-token".to_owned(), token)))
    }

    fn manifest(&self, demand: &ManifestDemand<'_>) -> Option<ManifestForm> {
        Some(self.app_form(demand))
    }

    async fn take_manifest(&self, code: &Secret) -> Result<MadeApp, ForgeError> {
        self.made_app(code).await
    }

    fn install_url(&self) -> Option<String> {
        let slug = crate::http::address::segment(&self.app.as_ref()?.slug);
        let folder = if is_public(&self.web) {
            "apps"
        } else {
            "github-apps"
        };
        Some(format!("{}/{folder}/{slug}/installations/new", self.web))
    }
}
