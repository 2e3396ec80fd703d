//! The forge in memory as the system sees it.

use super::{MemoryCheck, MemoryForgeApi, MemoryHook, no_repository};
use crate::hosting::event::{Hook, HookError};
use crate::hosting::port::ForgeApi;
use crate::hosting::seal;
use crate::hosting::types::{
    Access, Check, CommitStatus, Features, Grant, HookDemand, Permission, RemoteAccount,
    RemotePage, RemotePerson, RemotePullRequest, RemoteRef, RemoteRepository, SignInDemand,
    StatusState,
};
use crate::{BranchHead, Forge, ForgeError, RepoRef, Resolved, Snapshot, Want};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use travis_model::Secret;

const SIGN_IN: &str = "https://memory.example/sign-in#";
const PAGE: usize = 100;

pub(super) struct Asked {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) challenge: String,
}

pub(super) fn read_sign_in(url: &str) -> Option<Asked> {
    let mut parts = url.strip_prefix(SIGN_IN)?.split('#').map(|part| {
        let bytes = hex::decode(part).ok()?;
        String::from_utf8(bytes).ok()
    });
    Some(Asked {
        redirect_uri: parts.next()??,
        state: parts.next()??,
        challenge: parts.next()??,
    })
}

fn bad_code() -> ForgeError {
    ForgeError::Refused {
        detail: "the code is not good, or not any more".into(),
    }
}

impl MemoryForgeApi {
    /// The repository's number, when this access may see it.
    async fn see(
        &self,
        call: &'static str,
        access: &Access,
        at: &RemoteRef,
    ) -> Result<RepoRef, ForgeError> {
        let mut state = self.enter(call).await?;
        let (repo, _) = state.may(access, at, Permission::Read)?;
        let id = repo.about.at.id.parse().map_err(|_| no_repository(at))?;
        let url = repo.about.clone_url.clone();
        Ok(RepoRef { id, url })
    }

    fn grant(&self, person_id: String) -> Grant {
        let mut state = self.state();
        let number = state.next_id();
        let token = format!("memory-token-{number}");
        let refresh_token = format!("memory-refresh-{number}");
        state.tokens.insert(token.clone(), person_id.clone());
        state
            .refresh_tokens
            .insert(refresh_token.clone(), person_id);
        Grant {
            token: Secret::new(token),
            refresh_token: Some(Secret::new(refresh_token)),
            expires_in: Some(8 * 3600),
            scopes: "everything".into(),
        }
    }
}

#[async_trait]
impl ForgeApi for MemoryForgeApi {
    fn features(&self) -> Features {
        self.state().features
    }

    fn sign_in_url(&self, demand: &SignInDemand<'_>) -> Result<String, ForgeError> {
        let parts = [demand.redirect_uri, demand.state, demand.challenge];
        Ok(format!("{SIGN_IN}{}", parts.map(hex::encode).join("#")))
    }

    async fn exchange_code(
        &self,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, ForgeError> {
        let row = self
            .enter("exchange_code")
            .await?
            .codes
            .remove(code.reveal());
        let (person, challenge, asked_uri) = row.ok_or_else(bad_code)?;
        let verifier = verifier.reveal().as_bytes();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier);
        if URL_SAFE_NO_PAD.encode(digest.as_ref()) != challenge || asked_uri != redirect_uri {
            return Err(bad_code());
        }
        Ok(self.grant(person))
    }

    async fn refresh(&self, refresh_token: &Secret) -> Result<Grant, ForgeError> {
        let person = self
            .enter("refresh")
            .await?
            .refresh_tokens
            .remove(refresh_token.reveal());
        Ok(self.grant(person.ok_or(ForgeError::Denied)?))
    }

    async fn revoke(&self, token: &Secret) -> Result<(), ForgeError> {
        self.enter("revoke").await?.tokens.remove(token.reveal());
        Ok(())
    }

    async fn person(&self, access: &Access) -> Result<RemotePerson, ForgeError> {
        let state = self.enter("person").await?;
        match access {
            Access::User(token) => state.person_of(token).cloned(),
            Access::Anonymous | Access::Installation(_) => Err(ForgeError::Denied),
        }
    }

    async fn organizations(&self, access: &Access) -> Result<Vec<RemoteAccount>, ForgeError> {
        let state = self.enter("organizations").await?;
        let Access::User(token) = access else {
            return Err(ForgeError::Denied);
        };
        let person = state.person_of(token)?;
        let all = state.organizations.values();
        Ok(all
            .filter(|(_, members)| members.contains(&person.id))
            .map(|(account, _)| account.clone())
            .collect())
    }

    async fn repositories(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError> {
        let state = self.enter("repositories").await?;
        let person = match access {
            Access::User(token) => Some(state.person_of(token)?.id.clone()),
            Access::Anonymous | Access::Installation(_) => None,
        };
        let mut all: Vec<RemoteRepository> = Vec::new();
        for repo in state.repos.values() {
            let mut about = repo.about.clone();
            about.permission = match (access, &person) {
                (Access::Installation(id), _) if about.installation_id == Some(*id) => {
                    Some(Permission::Admin)
                }
                (_, Some(id)) => repo.rights.get(id).copied(),
                _ => None,
            };
            if about
                .permission
                .is_some_and(|given| given > Permission::None)
            {
                all.push(about);
            }
        }
        let start = cursor.and_then(|at| at.parse().ok()).unwrap_or(0);
        let (total, end) = (all.len(), start + PAGE);
        Ok(RemotePage {
            items: all.into_iter().skip(start).take(PAGE).collect(),
            next: (end < total).then(|| end.to_string()),
            total: Some(total as u64),
        })
    }

    async fn repository(
        &self,
        access: &Access,
        at: &RemoteRef,
    ) -> Result<RemoteRepository, ForgeError> {
        let mut state = self.enter("repository").await?;
        let (repo, rights) = state.may(access, at, Permission::Read)?;
        let mut about = repo.about.clone();
        about.permission = Some(rights);
        Ok(about)
    }

    async fn permission(
        &self,
        access: &Access,
        at: &RemoteRef,
        person: &RemotePerson,
    ) -> Result<Permission, ForgeError> {
        let mut state = self.enter("permission").await?;
        match state.may(access, at, Permission::Read) {
            Ok((repo, _)) => Ok(repo.rights_of(Some(&person.id))),
            Err(ForgeError::NotFound { .. }) => Ok(Permission::None),
            Err(error) => Err(error),
        }
    }

    async fn resolve(
        &self,
        access: &Access,
        at: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError> {
        let repo = self.see("resolve", access, at).await?;
        self.git.resolve(&repo, want).await
    }

    async fn snapshot(
        &self,
        access: &Access,
        at: &RemoteRef,
        sha: &str,
        path: &str,
    ) -> Result<Snapshot, ForgeError> {
        let repo = self.see("snapshot", access, at).await?;
        self.git.snapshot(&repo, sha, None, path).await
    }

    async fn branches(
        &self,
        access: &Access,
        at: &RemoteRef,
    ) -> Result<Vec<BranchHead>, ForgeError> {
        let repo = self.see("branches", access, at).await?;
        self.git.branches(&repo).await
    }

    async fn pull_requests(
        &self,
        access: &Access,
        at: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError> {
        let mut state = self.enter("pull_requests").await?;
        let (repo, _) = state.may(access, at, Permission::Read)?;
        let newest = repo.pulls.values().rev().filter(|pull| pull.open);
        Ok(newest.take(PAGE).cloned().collect())
    }

    async fn pull_request(
        &self,
        access: &Access,
        at: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError> {
        let mut state = self.enter("pull_request").await?;
        let (repo, _) = state.may(access, at, Permission::Read)?;
        let found = repo.pulls.get(&number).cloned();
        found.ok_or_else(|| ForgeError::not_found(format!("pull request {number}")))
    }

    async fn put_hook(
        &self,
        access: &Access,
        at: &RemoteRef,
        demand: &HookDemand,
    ) -> Result<String, ForgeError> {
        let mut state = self.enter("put_hook").await?;
        let next = state.next_id();
        let (repo, _) = state.may(access, at, Permission::Admin)?;
        let same = repo.hooks.iter().find(|(_, hook)| hook.url == demand.url);
        let id = same.map_or(next, |(id, _)| *id);
        let hook = MemoryHook {
            id: id.to_string(),
            url: demand.url.clone(),
            secret: demand.secret.clone(),
        };
        repo.hooks.insert(id, hook);
        Ok(id.to_string())
    }

    async fn delete_hook(
        &self,
        access: &Access,
        at: &RemoteRef,
        hook_id: &str,
    ) -> Result<(), ForgeError> {
        let mut state = self.enter("delete_hook").await?;
        match state.may(access, at, Permission::Admin) {
            Ok((repo, _)) => repo.hooks.retain(|_, hook| hook.id != hook_id),
            Err(ForgeError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn signed(&self, secret: &Secret, headers: &HeaderMap, body: &[u8]) -> bool {
        seal::signed_by_header(secret, headers, "x-memory-signature", "", body)
    }

    fn read_hook(&self, headers: &HeaderMap, body: &[u8]) -> Result<Hook, HookError> {
        let event = headers.get("x-memory-event");
        let event = event.ok_or(HookError::MissingHeader("x-memory-event"))?;
        let body = std::str::from_utf8(body).unwrap_or_default();
        let number = body
            .strip_prefix("{\"message\":\"")
            .and_then(|rest| rest.strip_suffix("\"}"));
        let state = self.state();
        let found = number.and_then(|number| state.messages.get(number));
        found.cloned().ok_or_else(|| HookError::Body {
            event: String::from_utf8_lossy(event.as_bytes()).into_owned(),
            detail: "no message of this number was sent".into(),
        })
    }

    async fn put_status(
        &self,
        access: &Access,
        at: &RemoteRef,
        sha: &str,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let mut state = self.enter("put_status").await?;
        let (repo, _) = state.may(access, at, Permission::Write)?;
        repo.statuses.push((sha.to_owned(), status.clone()));
        Ok(())
    }

    async fn status(
        &self,
        access: &Access,
        at: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<StatusState>, ForgeError> {
        let mut state = self.enter("status").await?;
        let (repo, _) = state.may(access, at, Permission::Read)?;
        let mut newest = repo.statuses.iter().rev();
        let found = newest.find(|(of, status)| of == sha && status.context == context);
        Ok(found.map(|(_, status)| status.state))
    }

    async fn put_check(
        &self,
        access: &Access,
        at: &RemoteRef,
        sha: &str,
        check_id: Option<&str>,
        check: &Check,
    ) -> Result<String, ForgeError> {
        let mut state = self.enter("put_check").await?;
        if !state.features.app {
            return Err(ForgeError::NotSetUp { what: "checks" });
        }
        let id = state.next_id().to_string();
        let (repo, _) = state.may(access, at, Permission::Write)?;
        let mut known = repo.checks.iter_mut();
        match check_id {
            Some(wanted) => match known.find(|known| known.id == wanted) {
                Some(known) => {
                    known.said.push(check.clone());
                    Ok(wanted.to_owned())
                }
                None => Err(ForgeError::not_found(format!("check {wanted}"))),
            },
            None => {
                repo.checks.push(MemoryCheck {
                    id: id.clone(),
                    sha: sha.to_owned(),
                    said: vec![check.clone()],
                });
                Ok(id)
            }
        }
    }

    async fn git_credentials(
        &self,
        access: &Access,
    ) -> Result<Option<(String, Secret)>, ForgeError> {
        Ok(match access {
            Access::Anonymous => None,
            Access::User(token) => Some(("memory".into(), token.clone())),
            Access::Installation(id) => {
                let token = Secret::new(format!("memory-installation-{id}"));
                Some(("memory".into(), token))
            }
        })
    }
}
