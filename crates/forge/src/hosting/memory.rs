//! A forge in memory, for tests.

mod api;
mod pulls;
mod scene;
#[cfg(test)]
mod tests;

use super::event::Hook;
use super::types::{
    Access, Check, CommitStatus, Features, Permission, RemoteAccount, RemotePerson,
    RemotePullRequest, RemoteRef, RemoteRepository,
};
use crate::{ForgeError, MemoryForge};
use http::HeaderMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use travis_model::Secret;

/// Makes the error of a call that is to fail.
type Failure = Box<dyn Fn() -> ForgeError + Send>;

/// A forge in memory: people, repositories, rights, commits, pull requests, hooks and results.
///
/// Tests set the scene by the methods of this type and look at what was recorded; the system under
/// test sees it as [`super::ForgeApi`]. Commits live in a [`MemoryForge`], under the repository's
/// number. Its hooks' messages lie in [`Self::take_deliveries`] until a test delivers them.
pub struct MemoryForgeApi {
    git: Arc<MemoryForge>,
    patience: Duration,
    released: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    features: Features,
    last_id: i64,
    people: BTreeMap<String, RemotePerson>,
    organizations: BTreeMap<String, (RemoteAccount, Vec<String>)>,
    /// From token to the person's id.
    tokens: BTreeMap<String, String>,
    refresh_tokens: BTreeMap<String, String>,
    /// From code to the person's id, the challenge and the address to come back to.
    codes: BTreeMap<String, (String, String, String)>,
    repos: BTreeMap<i64, Repo>,
    messages: BTreeMap<String, Hook>,
    deliveries: Vec<MemoryDelivery>,
    calls: Vec<&'static str>,
    hangs: bool,
    faults: Vec<Fault>,
}

struct Repo {
    about: RemoteRepository,
    rights: BTreeMap<String, Permission>,
    pulls: BTreeMap<i64, RemotePullRequest>,
    hooks: BTreeMap<i64, MemoryHook>,
    statuses: Vec<(String, CommitStatus)>,
    checks: Vec<MemoryCheck>,
}

struct Fault {
    call: Option<&'static str>,
    left: Option<usize>,
    failure: Failure,
}

/// A hook of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryHook {
    /// Its number.
    pub id: String,
    /// Where it sends.
    pub url: String,
    /// What it signs with.
    pub secret: Secret,
}

/// A hook's message on its way.
#[derive(Debug, Clone)]
pub struct MemoryDelivery {
    /// The repository it is about.
    pub repository: RemoteRef,
    /// Where it goes.
    pub url: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// A check and all that was said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryCheck {
    /// Its number.
    pub id: String,
    /// Of this commit.
    pub sha: String,
    /// What was said, oldest first.
    pub said: Vec<Check>,
}

impl Default for MemoryForgeApi {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryForgeApi {
    /// An empty forge that waits 10 s for an answer.
    #[must_use]
    pub fn new() -> Self {
        Self::over(Arc::new(MemoryForge::new()))
    }

    /// An empty forge whose commits live here.
    #[must_use]
    pub fn over(git: Arc<MemoryForge>) -> Self {
        Self {
            git,
            patience: Duration::from_secs(10),
            released: Notify::new(),
            state: Mutex::new(State::default()),
        }
    }

    /// With another time limit.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The commits, under the repositories' numbers.
    #[must_use]
    pub fn git(&self) -> &Arc<MemoryForge> {
        &self.git
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What every call goes through: it is written down, may hang, and may fail.
    async fn enter(&self, call: &'static str) -> Result<MutexGuard<'_, State>, ForgeError> {
        self.state().calls.push(call);
        let wait = async {
            loop {
                let mut released = std::pin::pin!(self.released.notified());
                released.as_mut().enable();
                if !self.state().hangs {
                    break;
                }
                released.await;
            }
        };
        let after = self.patience;
        tokio::time::timeout(after, wait)
            .await
            .map_err(|_| ForgeError::Timeout { after })?;
        let mut state = self.state();
        state.fail(call)?;
        Ok(state)
    }
}

impl State {
    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    fn fail(&mut self, call: &'static str) -> Result<(), ForgeError> {
        let fits = |fault: &Fault| fault.call.is_none_or(|only| only == call);
        let Some(at) = self.faults.iter().position(fits) else {
            return Ok(());
        };
        let fault = &mut self.faults[at];
        let error = (fault.failure)();
        if let Some(left) = &mut fault.left {
            *left -= 1;
            if *left == 0 {
                self.faults.remove(at);
            }
        }
        Err(error)
    }

    fn person_of(&self, token: &Secret) -> Result<&RemotePerson, ForgeError> {
        let id = self.tokens.get(token.reveal()).ok_or(ForgeError::Denied)?;
        self.people.get(id).ok_or(ForgeError::Denied)
    }

    fn repo(&mut self, at: &RemoteRef) -> Result<&mut Repo, ForgeError> {
        let id = at.id.parse::<i64>().ok();
        id.and_then(|id| self.repos.get_mut(&id))
            .ok_or_else(|| no_repository(at))
    }

    /// The repository, when this access may do that with it. What can't be seen is not there.
    fn may(
        &mut self,
        access: &Access,
        at: &RemoteRef,
        least: Permission,
    ) -> Result<(&mut Repo, Permission), ForgeError> {
        let person = match access {
            Access::User(token) => Some(self.person_of(token)?.id.clone()),
            Access::Anonymous | Access::Installation(_) => None,
        };
        let repo = self.repo(at)?;
        let rights = match access {
            Access::Installation(id) if repo.about.installation_id == Some(*id) => {
                Permission::Admin
            }
            _ => repo.rights_of(person.as_deref()),
        };
        if rights == Permission::None {
            return Err(no_repository(at));
        }
        if rights < least {
            return Err(ForgeError::Forbidden {
                detail: format!("{} needs more rights", at.path),
            });
        }
        Ok((repo, rights))
    }
}

impl Repo {
    fn rights_of(&self, person: Option<&str>) -> Permission {
        let given = person.and_then(|id| self.rights.get(id).copied());
        let given = given.unwrap_or(Permission::None);
        if self.about.private {
            given
        } else {
            given.max(Permission::Read)
        }
    }
}

fn no_repository(at: &RemoteRef) -> ForgeError {
    ForgeError::not_found(format!("the repository {}", at.path))
}
