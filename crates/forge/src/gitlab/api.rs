//! The port, for GitLab.

use super::{GitLab, about, hooks, wire};
use crate::hosting::wire::{auth, cut};
use crate::hosting::{
    Access, Check, CommitStatus, Features, ForgeApi, Grant, Hook, HookDemand, HookError,
    Permission, RemoteAccount, RemotePage, RemotePerson, RemotePullRequest, RemoteRef,
    RemoteRepository, SignInDemand, StatusState, seal,
};
use crate::http::address::{number, query};
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

#[derive(Deserialize)]
struct ProjectHook {
    id: i64,
    url: String,
}

#[derive(Deserialize)]
struct Status {
    id: i64,
    name: String,
    status: String,
}

#[async_trait]
impl ForgeApi for GitLab {
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

    async fn revoke(&self, token: &Secret) -> Result<(), ForgeError> {
        let (client_id, client_secret) = self.oauth.registered()?;
        let fields = [
            ("client_id", client_id.as_str()),
            ("client_secret", client_secret.reveal()),
            ("token", token.reveal()),
        ];
        let call = Call::post(format!("{}/oauth/revoke", self.web)).form(&fields);
        self.http.send(call.what("the token")).await.map(|_| ())
    }

    async fn person(&self, access: &Access) -> Result<RemotePerson, ForgeError> {
        let answer = self.get(access, self.url("/user"), "the person").await?;
        Ok(answer.json::<wire::User>()?.person())
    }

    async fn organizations(&self, access: &Access) -> Result<Vec<RemoteAccount>, ForgeError> {
        // Without a least level all public groups come.
        let url = self.url("/groups?min_access_level=10");
        let all: Vec<wire::Group> = self.all(access, &url, "the groups").await?;
        Ok(all.into_iter().map(wire::Group::account).collect())
    }

    async fn repositories(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError> {
        let page = number("page", cursor.unwrap_or("1"))?;
        let rest = "membership=true&min_access_level=20&order_by=id&sort=asc&per_page=100";
        let call = Call::get(self.url(&format!("/projects?{rest}&page={page}")))
            .auth(auth(access)?)
            .class(Class::Low)
            .what("the projects");
        let answer = self.http.send(call).await?;
        let all: Vec<wire::Project> = answer.json()?;
        Ok(RemotePage {
            items: all.into_iter().map(wire::Project::repository).collect(),
            next: answer.next_page(),
            // Left out by the forge for more than 10,000.
            total: answer.header_count("x-total"),
        })
    }

    async fn repository(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<RemoteRepository, ForgeError> {
        let url = self.project_url(repo, "")?;
        let found: wire::Project = self.get(access, url, about(repo)).await?.json()?;
        Ok(found.repository())
    }

    async fn permission(
        &self,
        access: &Access,
        repo: &RemoteRef,
        person: &RemotePerson,
    ) -> Result<Permission, ForgeError> {
        let id = number("number of a person", &person.id)?;
        let url = self.project_url(repo, &format!("/members/all/{id}"))?;
        let member: Option<wire::Level> = self.find(access, url).await?;
        let given = member.map_or(Permission::None, |level| level.permission());
        if given > Permission::None {
            return Ok(given);
        }
        let project: Option<wire::Project> = self.find(access, self.project_url(repo, "")?).await?;
        Ok(project.map_or(Permission::None, |project| project.for_all()))
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
        self.heads(access, repo).await
    }

    async fn pull_requests(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError> {
        self.merge_requests(access, repo).await
    }

    async fn pull_request(
        &self,
        access: &Access,
        repo: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError> {
        self.merge_request(access, repo, number).await
    }

    async fn put_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        demand: &HookDemand,
    ) -> Result<String, ForgeError> {
        let url = self.project_url(repo, "/hooks")?;
        let all: Vec<ProjectHook> = self.all(access, &url, &about(repo)).await?;
        let body = json!({
            "url": demand.url,
            "token": demand.secret.reveal(),
            "push_events": true,
            "tag_push_events": true,
            "merge_requests_events": true,
        });
        let same = all.iter().find(|hook| hook.url == demand.url);
        let call = match same {
            Some(hook) => Call::put(format!("{url}/{}", hook.id)),
            None => Call::post(url),
        };
        let call = call.auth(auth(access)?).json(&body).what(about(repo));
        let hook: ProjectHook = self.http.send(call).await?.json()?;
        Ok(hook.id.to_string())
    }

    async fn delete_hook(
        &self,
        access: &Access,
        repo: &RemoteRef,
        hook_id: &str,
    ) -> Result<(), ForgeError> {
        let id = number("number of a hook", hook_id)?;
        let url = self.project_url(repo, &format!("/hooks/{id}"))?;
        let call = Call::delete(url).auth(auth(access)?).what(about(repo));
        self.http.find(call).await.map(|_| ())
    }

    fn signed(&self, secret: &Secret, headers: &HeaderMap, _body: &[u8]) -> bool {
        seal::told_in_header(secret, headers, "x-gitlab-token")
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
        let state = match status.state {
            StatusState::Pending => "pending",
            StatusState::Success => "success",
            StatusState::Failure | StatusState::Error => "failed",
        };
        let mut body = json!({
            "state": state,
            "name": status.context,
            "description": cut(&status.description, DESCRIPTION),
            "target_url": status.target_url,
        });
        // A fork's commit lies on no branch of this project, so the forge has to be told of one.
        if let Some(branch) = &status.branch {
            body["ref"] = json!(branch);
        }
        let call = Call::post(self.project_url(repo, &format!("/statuses/{sha}"))?)
            .auth(auth(access)?)
            .json(&body)
            .what(format!("commit {sha} of {}", repo.path));
        match self.http.send(call).await {
            Ok(_) => Ok(()),
            // What it says already, the forge does not take again.
            Err(ForgeError::Refused { detail }) if detail.contains("Cannot transition") => {
                let said = self.said(access, repo, &sha, &status.context).await?;
                match said.is_some_and(|said| said.status == state) {
                    true => Ok(()),
                    false => Err(ForgeError::Refused { detail }),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<StatusState>, ForgeError> {
        let sha = check_sha(sha)?;
        let said = self.said(access, repo, &sha, context).await?;
        Ok(said.map(|said| match said.status.as_str() {
            "success" => StatusState::Success,
            "failed" => StatusState::Failure,
            "canceled" | "skipped" => StatusState::Error,
            _ => StatusState::Pending,
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

impl GitLab {
    /// The newest status of a commit in this context.
    async fn said(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<Status>, ForgeError> {
        let only = query(&[("name", context), ("per_page", "100")]);
        let url = self.project_url(repo, &format!("/repository/commits/{sha}/statuses?{only}"))?;
        let what = format!("commit {sha}");
        let all: Vec<Status> = self.get(access, url, what).await?.json()?;
        let ours = all.into_iter().filter(|status| status.name == context);
        Ok(ours.max_by_key(|status| status.id))
    }
}
