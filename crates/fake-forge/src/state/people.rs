//! People and organizations, and who may do what.

use super::State;
use super::repos::Repo;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A person or an organization.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Stable number.
    pub id: u64,
    /// Name in addresses.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// Primary address.
    pub email: String,
    /// Set for an organization: login → role (`admin` or `member`).
    pub members: Option<BTreeMap<String, String>>,
}

impl Account {
    /// `User` or `Organization`.
    pub fn kind(&self) -> &'static str {
        if self.members.is_some() {
            "Organization"
        } else {
            "User"
        }
    }
}

/// What someone may do in a repository, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Look.
    #[serde(alias = "pull")]
    Read,
    /// Look and sort issues.
    Triage,
    /// Push.
    #[serde(alias = "push")]
    Write,
    /// Push and change some settings.
    Maintain,
    /// Everything.
    Admin,
}

impl Level {
    /// GitHub's word for the role.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }
}

/// What a role in an organization or group means for its repositories.
pub fn role(word: &str) -> Level {
    match word {
        "admin" | "owner" => Level::Admin,
        "maintainer" => Level::Maintain,
        "developer" => Level::Write,
        _ => Level::Read,
    }
}

impl State {
    /// The account called `login`, whatever the case of its letters.
    pub fn account(&self, login: &str) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|one| one.login.eq_ignore_ascii_case(login))
    }

    /// Adds a person, or gives back the one already there.
    pub fn add_person(&mut self, login: &str, name: Option<&str>, email: Option<&str>) -> Account {
        if let Some(found) = self.account(login) {
            return found.clone();
        }
        let account = Account {
            id: self.next_id(),
            login: login.to_owned(),
            name: name.unwrap_or(login).to_owned(),
            email: email.map_or_else(|| format!("{login}@example.org"), str::to_owned),
            members: None,
        };
        self.accounts.push(account.clone());
        account
    }

    /// Adds an organization or replaces its members.
    pub fn add_org(&mut self, login: &str, members: BTreeMap<String, String>) -> Account {
        for person in members.keys() {
            self.add_person(person, None, None);
        }
        let mut account = self.add_person(login, None, None);
        account.members = Some(members.clone());
        for one in &mut self.accounts {
            if one.id == account.id {
                one.members = Some(members.clone());
            }
        }
        account
    }

    /// The role of `login` in the organization `org`.
    pub fn org_role(&self, org: &str, login: &str) -> Option<&str> {
        let members = self.account(org)?.members.as_ref()?;
        members
            .iter()
            .find(|(member, _)| member.eq_ignore_ascii_case(login))
            .map(|(_, role)| role.as_str())
    }

    /// What was granted to `login` in `repo`, apart from the right of all to read what is public.
    pub fn granted(&self, repo: &Repo, login: &str) -> Option<Level> {
        if repo.owner.eq_ignore_ascii_case(login) {
            return Some(Level::Admin);
        }
        let by_org = self.org_role(&repo.owner, login).map(role);
        let own = repo
            .collaborators
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(login))
            .map(|(_, level)| *level);
        by_org.max(own)
    }

    /// What `login` may do in `repo`; none for a private repository without a grant.
    pub fn level(&self, repo: &Repo, login: &str) -> Option<Level> {
        let public = (!repo.private).then_some(Level::Read);
        self.granted(repo, login).max(public)
    }

    /// Organizations that `login` belongs to.
    pub fn orgs_of(&self, login: &str) -> Vec<&Account> {
        self.accounts
            .iter()
            .filter(|one| self.org_role(&one.login, login).is_some())
            .collect()
    }
}
