//! The suite that every [`ForgeApi`] passes.
//!
//! A [`Stage`] is a forge that a test has in its hands: it makes people, repositories and pull
//! requests there by other ways than the port, and receives its hooks.

mod code;
mod hooks;
mod people;
mod results;

use super::{Access, ForgeApi, Permission, RemotePerson, RemoteRef};
use crate::ForgeError;
use async_trait::async_trait;
use http::HeaderMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use travis_model::Secret;

/// How long a person waits for something that a forge does by and by, in steps of [`STEP`].
const PATIENCE: u32 = 100;
/// Between two looks.
const STEP: Duration = Duration::from_millis(20);

/// A person with a token that acts for them.
#[derive(Debug, Clone)]
pub struct Actor {
    /// As the forge describes them; only the id and the login are compared.
    pub person: RemotePerson,
    /// In their name.
    pub access: Access,
}

/// What came back with the browser from the forge's page.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// Buys a token, once.
    pub code: Secret,
    /// As it was sent along.
    pub state: String,
}

/// A hook's message as it arrived.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, unchanged.
    pub body: Vec<u8>,
}

/// Sets the scene on a forge. Everything panics when the forge does not play along.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The adapter under test, with an OAuth client.
    fn forge(&self) -> Arc<dyn ForgeApi>;
    /// The same, with a time limit of at most a second.
    fn impatient(&self) -> Arc<dyn ForgeApi>;
    /// Where the OAuth client's people come back to.
    fn redirect_uri(&self) -> String;
    /// Opens the forge's page in the name of a person and agrees.
    async fn agree(&self, url: &str, login: &str) -> Agreed;
    /// Makes a person.
    async fn person(&self, login: &str) -> Actor;
    /// Makes a repository of this person with one commit of these files on branch `main`.
    async fn repository(
        &self,
        owner: &Actor,
        name: &str,
        private: bool,
        files: &[(&str, &str)],
    ) -> RemoteRef;
    /// Makes many repositories at once, of which only the rows are looked at.
    async fn many_repositories(&self, owner: &Actor, count: usize);
    /// Gives a person a right.
    async fn allow(&self, repo: &RemoteRef, person: &Actor, permission: Permission);
    /// Another name for a repository of the same owner; old addresses lead to it.
    async fn rename(&self, repo: &RemoteRef, name: &str);
    /// Removes a repository.
    async fn delete(&self, repo: &RemoteRef);
    /// Pushes a commit that adds or changes these files. Gives its id.
    async fn commit(
        &self,
        repo: &RemoteRef,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        by: &Actor,
    ) -> String;
    /// Pushes a tag.
    async fn tag(&self, repo: &RemoteRef, tag: &str, sha: &str, by: &Actor);
    /// Pushes the deletion of a branch.
    async fn delete_branch(&self, repo: &RemoteRef, branch: &str, by: &Actor);
    /// Forks, pushes a commit of one more file to this branch of the fork, and opens a pull request
    /// for `main`. Gives its number and the commit.
    async fn fork_pull(
        &self,
        repo: &RemoteRef,
        branch: &str,
        title: &str,
        by: &Actor,
    ) -> (i64, String);
    /// Where hooks are received.
    fn hook_url(&self) -> String;
    /// How many hooks the repository has.
    async fn hook_count(&self, repo: &RemoteRef) -> usize;
    /// The messages received since the last question.
    async fn delivered(&self) -> Vec<Delivered>;
    /// From now on the forge takes no calls for a minute.
    async fn exhaust(&self);
    /// From now on the forge does not answer.
    async fn hang(&self);
    /// The forge is well again.
    async fn recover(&self);
}

/// Runs the whole suite. Afterwards the adapter may be waiting for its budget.
///
/// # Panics
/// When the forge breaks the contract.
pub async fn check(stage: &dyn Stage) {
    people::signs_in(stage).await;
    people::lists(stage).await;
    people::permissions(stage).await;
    code::reads(stage).await;
    code::pulls(stage).await;
    hooks::keeps_one(stage).await;
    hooks::delivers(stage).await;
    results::statuses(stage).await;
    results::missing(stage).await;
    results::outages(stage).await;
}

/// The answer, or the end of the test.
fn must<T>(what: &str, answer: Result<T, ForgeError>) -> T {
    answer.unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// That the answer is this error.
macro_rules! refused {
    ($answer:expr, $pattern:pat) => {{
        let answer = $answer;
        assert!(matches!(answer, Err($pattern)), "{answer:?}");
    }};
}
use refused;

/// Asks again until there is an answer.
async fn soon<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    for _ in 0..PATIENCE {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(STEP).await;
    }
    panic!("{what} did not come")
}
