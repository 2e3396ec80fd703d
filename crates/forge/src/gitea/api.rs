//! The port, for Gitea.

use super::{Gitea, PAGE, about, hooks, wire};
use crate::hosting::wire::{auth, cut};
use crate::hosting::{
    Access, Check, CommitStatus, Features, ForgeApi, Grant, Hook, HookDemand, HookError,
    Permission, RemoteAccount, RemotePage, RemotePerson, RemotePullRequest, RemoteRef,
    RemoteRepository, SignInDemand, StatusState, seal,
};
use crate::http::address::{number, segment};
use crate::http::{Call, Class};
use crate::refs::check_sha;
use crate::{BranchHead, ForgeError, Resolved, Snapshot, Want};
use async_trait::async_trait;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::json;
use travis_model::Secret;

/// Characters of a status's description.
const DESCRIPTION: usize = 140;
/// Pull requests that are listed.
const PULLS: usize = 100;
const NO_LIMIT: usize = usize::MAX;

#[derive(Deserialize)]
struct Branch {
    name: String,
    commit: BranchCommit,
}

#[derive(Deserialize)]
struct BranchCommit {
    id: String,
}

#[derive(Deserialize)]
struct Collaborator {
    permission: String,
    user: wire::User,
}

#[derive(Deserialize)]
struct RepoHook {
    id: i64,
    #[serde(default)]
    config: HookConfig,
}

#[derive(Deserialize, Default)]
struct HookConfig {
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct Status {
    id: i64,
    status: String,
    context: String,
}

impl Gitea {
    async fn hooks(&self, access: &Access, at: &RemoteRef) -> Result<Vec<RepoHook>, ForgeError> {
        let url = self.repo_url(at, "/hooks?")?;
        self.all(access, &url, &about(at), NO_LIMIT).await
    }

    async fn remove_hook(
        &self,
        access: &Access,
        at: &RemoteRef,
        hook_id: &str,
    ) -> Result<(), ForgeError> {
        let id = number("number of a hook", hook_id)?;
        let url = self.repo_url(at, &format!("/hooks/{id}"))?;
        let call = Call::delete(url).auth(auth(access)?).what(about(at));
        self.http.find(call).await.map(|_| ())
    }

    /// The verified main address of a person who let us see it.
    async fn email(&self, access: &Access) -> Result<Option<String>, ForgeError> {
        let answer = self.get(access, self.url("/user/emails"), "the addresses");
        match answer.await {
            Ok(answer) => {
                let all: Vec<wire::Email> = answer.json()?;
                let main = all.into_iter().find(|one| one.primary && one.verified);
                Ok(main.map(|one| one.email))
            }
            Err(ForgeError::Forbidden { .. } | ForgeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl ForgeApi for Gitea {
    fn features(&self) -> Features {
        Features::default()
    }

    fn sign_in_url(&self, demand: &SignInDemand<'_>) -> Result<String, ForgeError> {
        self.oauth.sign_in_url(demand)
    }

    async fn exchange_code(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, ForgeError> {
        let oauth = &self.oauth;
        oauth
            .exchange_code(&self.http, code, verifier, redirect_uri)
            .await
    }

    async fn refresh(&self, refresh_token: &Secret) -> Result<Grant, ForgeError> {
        self.oauth.refresh(&self.http, refresh_token).await
    }

    async fn revoke(&self, _token: &Secret) -> Result<(), ForgeError> {
        Err(ForgeError::NotSetUp {
            what: "giving a token back",
        })
    }

    async fn person(&self, access: &Access) -> Result<RemotePerson, ForgeError> {
        let answer = self.get(access, self.url("/user"), "the person").await?;
        let mut person = answer.json::<wire::User>()?.person();
        person.email = self.email(access).await?;
        Ok(person)
    }

    async fn organizations(&self, access: &Access) -> Result<Vec<RemoteAccount>, ForgeError> {
        let url = self.url("/user/orgs?");
        let all: Vec<wire::Organization> = self
            .all(access, &url, "the organisations", NO_LIMIT)
            .await?;
        Ok(all.into_iter().map(wire::Organization::account).collect())
    }

    async fn repositories(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError> {
        let page = number("page", cursor.unwrap_or("1"))?;
        let call = Call::get(self.url(&format!("/user/repos?limit=100&page={page}")))
            .auth(auth(access)?)
            .class(Class::Low)
            .what("the repositories");
        // A repository does not say whether a person or an organisation owns it.
        let (answer, organizations) =
            tokio::join!(self.http.send(call), self.organizations(access));
        let (answer, organizations) = (answer?, organizations?);
        let all: Vec<wire::Repository> = answer.json()?;
        let items = all.into_iter().map(|repo| {
            let owner = repo.owner_id().to_string();
            let organization = organizations.iter().any(|account| account.id == owner);
            repo.repository(organization)
        });
        Ok(RemotePage {
            items: items.collect(),
            next: answer.next_page(),
            total: answer.header_count("x-total-count"),
        })
    }

    async fn repository(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<RemoteRepository, ForgeError> {
        let id = number("number of a repository", &repo.id)?;
        let url = self.url(&format!("/repositories/{id}"));
        let found: wire::Repository = self.get(access, url, about(repo)).await?.json()?;
        let mut found = found.repository(false);
        let login = segment(&found.owner.login);
        let call = Call::get(self.url(&format!("/orgs/{login}"))).auth(auth(access)?);
        if let Some(answer) = self.http.find(call.what("the organisation")).await? {
            let account: wire::Organization = answer.json()?;
            found.owner.organization = account.id.to_string() == found.owner.id;
        }
        Ok(found)
    }

    async fn permission(
        &self,
        access: &Access,
        repo: &RemoteRef,
        person: &RemotePerson,
    ) -> Result<Permission, ForgeError> {
        // Another repository may have got the path since; only the number is sure.
        let id = number("number of a repository", &repo.id)?;
        let call = Call::get(self.url(&format!("/repositories/{id}"))).auth(auth(access)?);
        let Some(answer) = self.http.find(call.what(about(repo))).await? else {
            return Ok(Permission::None);
        };
        let at = answer.json::<wire::Repository>()?.repository(false).at;
        let login = segment(&person.login);
        let url = self.repo_url(&at, &format!("/collaborators/{login}/permission"))?;
        let call = Call::get(url).auth(auth(access)?).what(about(repo));
        let Some(answer) = self.http.find(call).await? else {
            return Ok(Permission::None);
        };
        let found: Collaborator = answer.json()?;
        // The name may have changed hands.
        if found.user.id.to_string() != person.id {
            return Ok(Permission::None);
        }
        Ok(match found.permission.as_str() {
            "owner" | "admin" => Permission::Admin,
            "write" => Permission::Write,
            "read" => Permission::Read,
            _ => Permission::None,
        })
    }

    async fn resolve(
        &self,
        access: &Access,
        repo: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError> {
        self.find_want(access, repo, want).await
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
        let url = self.repo_url(repo, "/branches?")?;
        let all: Vec<Branch> = self.all(access, &url, &about(repo), NO_LIMIT).await?;
        let heads = all.into_iter().map(|branch| BranchHead {
            name: branch.name,
            sha: branch.commit.id,
        });
        Ok(heads.collect())
    }

    async fn pull_requests(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError> {
        let url = self.repo_url(repo, "/pulls?state=open")?;
        let all: Vec<wire::PullRequest> = self.all(access, &url, &about(repo), PULLS).await?;
        Ok(all.into_iter().map(wire::PullRequest::pull).collect())
    }

    async fn pull_request(
        &self,
        access: &Access,
        repo: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError> {
        let url = self.repo_url(repo, &format!("/pulls/{number}"))?;
        let what = format!("pull request {number}");
        let pull: wire::PullRequest = self.get(access, url, what).await?.json()?;
        Ok(pull.pull())
    }

    /// The secret of a hook can't be changed there: a new one takes the old one's place.
    async fn put_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        demand: &HookDemand,
    ) -> Result<String, ForgeError> {
        let before = self.hooks(access, repo).await?;
        let body = json!({
            "type": "gitea",
            "active": true,
            "events": ["push", "create", "delete", "pull_request", "repository"],
            "config": {
                "url": demand.url,
                "content_type": "json",
                "secret": demand.secret.reveal(),
            },
        });
        let call = Call::post(self.repo_url(repo, "/hooks")?)
            .auth(auth(access)?)
            .json(&body)
            .what(about(repo));
        let made: RepoHook = self.http.send(call).await?.json()?;
        for old in before.iter().filter(|hook| hook.config.url == demand.url) {
            self.remove_hook(access, repo, &old.id.to_string()).await?;
        }
        Ok(made.id.to_string())
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
        [
            ("x-gitea-signature", ""),
            ("x-forgejo-signature", ""),
            ("x-hub-signature-256", "sha256="),
        ]
        .iter()
        .any(|(name, prefix)| seal::signed_by_header(secret, headers, name, prefix, body))
    }

    fn read_hook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Hook, HookError> {
        hooks::read(headers, body)
    }

    async fn put_status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let sha = check_sha(sha)?;
        let body = json!({
            "state": status.state.as_str(),
            "context": status.context,
            "description": cut(&status.description, DESCRIPTION),
            "target_url": status.target_url,
        });
        let call = Call::post(self.repo_url(repo, &format!("/statuses/{sha}"))?)
            .auth(auth(access)?)
            .json(&body)
            .what(format!("commit {sha} of {}", repo.path));
        self.http.send(call).await.map(|_| ())
    }

    async fn status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<StatusState>, ForgeError> {
        let sha = check_sha(sha)?;
        let url = self.repo_url(repo, &format!("/statuses/{sha}?limit={PAGE}"))?;
        let what = format!("commit {sha}");
        let all: Vec<Status> = self.get(access, url, what).await?.json()?;
        let ours = all.into_iter().filter(|status| status.context == context);
        let newest = ours.max_by_key(|status| status.id);
        Ok(newest.map(|status| match status.status.as_str() {
            "pending" => StatusState::Pending,
            "success" => StatusState::Success,
            "failure" => StatusState::Failure,
            _ => StatusState::Error,
        }))
    }

    async fn put_check(
        &self,
        _access: &Access,
        _repo: &RemoteRef,
        _sha: &str,
        _check_id: Option<&str>,
        _check: &Check,
    ) -> Result<String, ForgeError> {
        Err(ForgeError::NotSetUp { what: "checks" })
    }

    async fn git_credentials(
        &self,
        access: &Access,
    ) -> Result<Option<(String, Secret)>, ForgeError> {
        Ok(match access {
            Access::User(token) => Some(("oauth2".to_owned(), token.clone())),
            Access::Anonymous | Access::Installation(_) => None,
        })
    }
}
