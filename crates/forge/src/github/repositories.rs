//! Repositories, organisations and permissions.

use super::GitHub;
use super::wire::{Account, Repository};
use crate::ForgeError;
use crate::hosting::{
    Access, Permission, RemoteAccount, RemotePage, RemotePerson, RemoteRef, RemoteRepository,
};
use crate::http::address::{number, segment};
use crate::http::{Call, Class};
use serde::Deserialize;

#[derive(Deserialize)]
struct Installation {
    id: i64,
    account: Option<Account>,
    suspended_at: Option<String>,
}

#[derive(Deserialize)]
struct Installations {
    installations: Vec<Installation>,
}

#[derive(Deserialize)]
struct InstalledOn {
    total_count: u64,
    repositories: Vec<Repository>,
}

#[derive(Deserialize)]
struct Collaborator {
    permission: String,
    user: Option<Account>,
}

impl GitHub {
    /// The App's installations that the person may see, by number; suspended ones left out.
    async fn installations(&self, access: &Access) -> Result<Vec<Installation>, ForgeError> {
        let call = Call::get(self.api("/user/installations?per_page=100"))
            .what("the App's installations")
            .class(Class::Low);
        let mut all = Vec::new();
        self.pages(access, call, |answer| {
            all.extend(answer.json::<Installations>()?.installations);
            Ok(false)
        })
        .await?;
        all.retain(|one| one.suspended_at.is_none());
        all.sort_unstable_by_key(|one| one.id);
        Ok(all)
    }

    pub(super) async fn list_organizations(
        &self,
        access: &Access,
    ) -> Result<Vec<RemoteAccount>, ForgeError> {
        let call = Call::get(self.api("/user/orgs?per_page=100"))
            .what("the organisations")
            .class(Class::Low);
        let mut all = Vec::new();
        self.pages(access, call, |answer| {
            let page: Vec<Account> = answer.json()?;
            all.extend(page.into_iter().map(|one| one.into_organization(None)));
            Ok(false)
        })
        .await?;
        if self.app.is_none() {
            return Ok(all);
        }
        for installation in self.installations(access).await? {
            let Some(account) = installation.account else {
                continue;
            };
            let account = account.into_account(Some(installation.id));
            match all.iter_mut().find(|one| one.id == account.id) {
                Some(known) => known.installation_id = account.installation_id,
                None if account.organization => all.push(account),
                None => {}
            }
        }
        Ok(all)
    }

    pub(super) async fn list_repositories(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError> {
        if self.app.is_some() {
            return self.list_installed(access, cursor).await;
        }
        let page = number("page", cursor.unwrap_or("1"))?;
        let call = Call::get(self.api(&format!(
            "/user/repos?affiliation=owner,collaborator,organization_member&per_page=100&page={page}"
        )))
        .what("the repositories")
        .class(Class::Low);
        let answer = self.send(access, call).await?;
        let items: Vec<Repository> = answer.json()?;
        let next = answer.next_page();
        let before = page.parse::<u64>().unwrap_or(1).saturating_sub(1) * 100;
        Ok(RemotePage {
            total: next.is_none().then_some(before + items.len() as u64),
            items: items.into_iter().map(|one| one.into_remote(None)).collect(),
            next,
        })
    }

    /// The cursor is `installation:page`. Installations come by their numbers, so that one that is
    /// gone meanwhile does no harm.
    async fn list_installed(
        &self,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, ForgeError> {
        let installations = self.installations(access).await?;
        let after = |id: i64| installations.iter().map(|one| one.id).find(|one| *one > id);
        let (id, page) = match cursor.and_then(|cursor| cursor.split_once(':')) {
            Some((id, page)) => (
                number("cursor", id)?.parse().unwrap_or(i64::MAX),
                number("cursor", page)?,
            ),
            None => match after(0) {
                Some(first) => (first, "1"),
                None => {
                    return Ok(RemotePage {
                        items: Vec::new(),
                        next: None,
                        total: Some(0),
                    });
                }
            },
        };
        let next_installation = || after(id).map(|next| format!("{next}:1"));
        let call = Call::get(self.api(&format!(
            "/user/installations/{id}/repositories?per_page=100&page={page}"
        )))
        .what("the repositories of the App's installation")
        .class(Class::Low);
        let answer = match self.find(access, call).await {
            Ok(Some(answer)) => answer,
            // It was removed, or the person left the organisation, since the list was made.
            Ok(None) | Err(ForgeError::Forbidden { .. }) => {
                return Ok(RemotePage {
                    items: Vec::new(),
                    next: next_installation(),
                    total: None,
                });
            }
            Err(error) => return Err(error),
        };
        let found: InstalledOn = answer.json()?;
        let next_page = answer.next_page().map(|page| format!("{id}:{page}"));
        Ok(RemotePage {
            items: found
                .repositories
                .into_iter()
                .map(|one| one.into_remote(Some(id)))
                .collect(),
            next: next_page.or_else(next_installation),
            total: (installations.len() == 1).then_some(found.total_count),
        })
    }

    /// GitHub answers here also after a repository got another name or owner.
    pub(super) async fn by_number(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Repository, ForgeError> {
        let id = number("number of a repository", &repo.id)?;
        let call = Call::get(self.api(&format!("/repositories/{id}")))
            .what(format!("the repository {}", repo.path));
        self.send(access, call).await?.json()
    }

    pub(super) async fn permission_of(
        &self,
        access: &Access,
        repo: &RemoteRef,
        person: &RemotePerson,
    ) -> Result<Permission, ForgeError> {
        // Who has no right to push may not ask about anybody, also not about oneself.
        if self.is_own(access, person).await? {
            return match self.by_number(access, repo).await {
                Ok(found) => Ok(found.permission().unwrap_or(match found.is_private() {
                    true => Permission::None,
                    false => Permission::Read,
                })),
                Err(ForgeError::NotFound { .. }) => Ok(Permission::None),
                Err(error) => Err(error),
            };
        }
        let login = segment(&person.login);
        let call = Call::get(self.of(repo, &format!("/collaborators/{login}/permission"))?)
            .what(format!("{} in {}", person.login, repo.path));
        let Some(answer) = self.find(access, call).await? else {
            return Ok(Permission::None);
        };
        let found: Collaborator = answer.json()?;
        // The name may belong to somebody else by now.
        if found.user.is_none_or(|user| user.id() != person.id) {
            return Ok(Permission::None);
        }
        Ok(match found.permission.as_str() {
            "admin" => Permission::Admin,
            "write" | "maintain" => Permission::Write,
            "read" | "triage" => Permission::Read,
            _ => Permission::None,
        })
    }
}
