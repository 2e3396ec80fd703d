//! What a test does to the forge, and what it looks at.

use super::{Fault, MemoryCheck, MemoryDelivery, MemoryForgeApi, MemoryHook, Repo, State};
use crate::ForgeError;
use crate::hosting::event::{Event, Hook, Push, PushedCommit, RepositoryChange};
use crate::hosting::seal;
use crate::hosting::types::{
    Access, CommitStatus, Features, Permission, RemoteAccount, RemotePerson, RemoteRef,
    RemoteRepository,
};
use http::{HeaderMap, HeaderValue};
use std::collections::BTreeMap;
use travis_model::Secret;

/// What goes wrong when a test names something that it has not made.
pub(super) const UNKNOWN: &str = "the test has not made it";

impl MemoryForgeApi {
    /// What the forge can do.
    pub fn set_features(&self, features: Features) {
        self.state().features = features;
    }

    /// Makes a person.
    pub fn add_person(&self, login: &str) -> RemotePerson {
        let mut state = self.state();
        let id = state.next_id().to_string();
        let person = RemotePerson {
            id: id.clone(),
            login: login.to_owned(),
            name: Some(format!("{login} the Tester")),
            email: Some(format!("{login}@example.org")),
            avatar_url: None,
        };
        state.people.insert(id, person.clone());
        person
    }

    /// A new token that acts for a person.
    pub fn token_for(&self, person: &RemotePerson) -> Access {
        let mut state = self.state();
        let token = format!("memory-token-{}", state.next_id());
        state.tokens.insert(token.clone(), person.id.clone());
        Access::User(Secret::new(token))
    }

    /// A token is worthless from now on; what refreshes it still works.
    pub fn end_token(&self, token: &Secret) {
        self.state().tokens.remove(token.reveal());
    }

    /// Makes an organisation of these people.
    pub fn add_organization(&self, login: &str, members: &[&RemotePerson]) -> RemoteAccount {
        let mut state = self.state();
        let id = state.next_id().to_string();
        let account = RemoteAccount {
            id: id.clone(),
            login: login.to_owned(),
            name: None,
            avatar_url: None,
            organization: true,
            installation_id: None,
        };
        let members = members.iter().map(|person| person.id.clone()).collect();
        let row = (account.clone(), members);
        state.organizations.insert(id, row);
        account
    }

    /// Makes an empty repository of a person, who may do everything with it.
    pub fn add_repository(&self, owner: &RemotePerson, name: &str, private: bool) -> RemoteRef {
        let account = RemoteAccount {
            id: owner.id.clone(),
            login: owner.login.clone(),
            name: owner.name.clone(),
            avatar_url: None,
            organization: false,
            installation_id: None,
        };
        let at = self.add_repository_of(&account, name, private);
        self.allow(&at, owner, Permission::Admin);
        at
    }

    /// Makes an empty repository of an account. Nobody has rights on it.
    pub fn add_repository_of(&self, owner: &RemoteAccount, name: &str, private: bool) -> RemoteRef {
        let mut state = self.state();
        let id = state.next_id();
        let path = format!("{}/{name}", owner.login);
        let at = RemoteRef {
            id: id.to_string(),
            path: path.clone(),
        };
        let about = RemoteRepository {
            at: at.clone(),
            description: None,
            html_url: format!("https://memory.example/{path}"),
            clone_url: format!("https://memory.example/{path}.git"),
            default_branch: "main".into(),
            private,
            archived: false,
            fork: false,
            permission: None,
            owner: owner.clone(),
            installation_id: None,
        };
        let repo = Repo {
            about,
            rights: BTreeMap::new(),
            pulls: BTreeMap::new(),
            hooks: BTreeMap::new(),
            statuses: Vec::new(),
            checks: Vec::new(),
        };
        state.repos.insert(id, repo);
        at
    }

    /// Gives a person a right.
    pub fn allow(&self, at: &RemoteRef, person: &RemotePerson, permission: Permission) {
        self.change(at, |repo| {
            repo.rights.insert(person.id.clone(), permission);
        });
    }

    /// Changes what the forge says of a repository, without telling its hooks.
    pub fn describe(&self, at: &RemoteRef, change: impl FnOnce(&mut RemoteRepository)) {
        self.change(at, |repo| change(&mut repo.about));
    }

    /// Another path for a repository; its hooks are told.
    pub fn rename(&self, at: &RemoteRef, path: &str, by: &RemotePerson) {
        self.describe(at, |about| {
            about.at.path = path.to_owned();
            about.html_url = format!("https://memory.example/{path}");
            about.clone_url = format!("https://memory.example/{path}.git");
        });
        let what = Event::Repository(RepositoryChange::Moved);
        self.tell(at, "repository", Some("renamed"), by, what);
    }

    /// Removes a repository; its hooks are told.
    pub fn delete_repository(&self, at: &RemoteRef, by: &RemotePerson) {
        let what = Event::Repository(RepositoryChange::Deleted);
        self.tell(at, "repository", Some("deleted"), by, what);
        self.state().repos.remove(&number(at));
    }

    /// Pushes a commit that adds or changes these files; the hooks are told. Gives its id.
    pub fn push(
        &self,
        at: &RemoteRef,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        by: &RemotePerson,
    ) -> String {
        let full = format!("refs/heads/{branch}");
        let tip = self.git.tip(number(at), &full);
        let main = || self.git.tip(number(at), "refs/heads/main");
        let old = tip.clone().or_else(main).map(|tip| tip.1);
        let sha = self
            .git
            .commit_at(number(at), &full, with(old, files), message);
        let head = PushedCommit {
            sha: sha.clone(),
            message: message.to_owned(),
        };
        let push = Push {
            branch: Some(branch.to_owned()),
            tag: None,
            before: tip.map(|tip| tip.0),
            after: Some(sha.clone()),
            commits: vec![head.clone()],
            head: Some(head),
            compare_url: None,
            forced: false,
        };
        self.tell(at, "push", None, by, Event::Push(push));
        sha
    }

    /// Pushes a tag; the hooks are told.
    pub fn push_tag(&self, at: &RemoteRef, tag: &str, sha: &str, by: &RemotePerson) {
        self.git
            .set_ref(number(at), &format!("refs/tags/{tag}"), sha);
        let push = Push {
            branch: None,
            tag: Some(tag.to_owned()),
            before: None,
            after: Some(sha.to_owned()),
            commits: Vec::new(),
            head: None,
            compare_url: None,
            forced: false,
        };
        self.tell(at, "push", None, by, Event::Push(push));
    }

    /// Removes a branch; the hooks are told.
    pub fn delete_branch(&self, at: &RemoteRef, branch: &str, by: &RemotePerson) {
        let full = format!("refs/heads/{branch}");
        let push = Push {
            branch: Some(branch.to_owned()),
            tag: None,
            before: self.git.remove_ref(number(at), &full),
            after: None,
            commits: Vec::new(),
            head: None,
            compare_url: None,
            forced: false,
        };
        self.tell(at, "push", None, by, Event::Push(push));
    }

    /// Sends a message to the hooks of a repository.
    pub fn tell(
        &self,
        at: &RemoteRef,
        event: &str,
        action: Option<&str>,
        by: &RemotePerson,
        what: Event,
    ) {
        let (about, hooks) = self.change(at, |repo| {
            let hooks: Vec<_> = repo.hooks.values().cloned().collect();
            (repo.about.clone(), hooks)
        });
        for target in hooks {
            let hook = Hook {
                delivery: None,
                event: event.to_owned(),
                action: action.map(str::to_owned),
                repository: Some(about.clone()),
                sender: Some(by.clone()),
                installation_id: about.installation_id,
                what: what.clone(),
            };
            let (headers, body) = self.message(&target.secret, hook);
            self.state().deliveries.push(MemoryDelivery {
                repository: about.at.clone(),
                url: target.url,
                headers,
                body,
            });
        }
    }

    /// Headers and body of a message, signed. Its delivery gets a number when it has none.
    pub fn message(&self, secret: &Secret, mut hook: Hook) -> (HeaderMap, Vec<u8>) {
        let mut state = self.state();
        let number = format!("memory-{}", state.next_id());
        let delivery = hook.delivery.get_or_insert(number).clone();
        let body = format!("{{\"message\":\"{delivery}\"}}").into_bytes();
        let mut headers = HeaderMap::new();
        let signature = seal::hmac_sha256(secret, &body);
        for (name, value) in [
            ("x-memory-event", &hook.event),
            ("x-memory-delivery", &delivery),
            ("x-memory-signature", &signature),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        state.messages.insert(delivery, hook);
        (headers, body)
    }

    /// The messages sent since the last question.
    pub fn take_deliveries(&self) -> Vec<MemoryDelivery> {
        std::mem::take(&mut self.state().deliveries)
    }

    /// The hooks of a repository.
    pub fn hooks(&self, at: &RemoteRef) -> Vec<MemoryHook> {
        self.change(at, |repo| repo.hooks.values().cloned().collect())
    }

    /// What was said of the commits of a repository, oldest first.
    pub fn statuses(&self, at: &RemoteRef) -> Vec<(String, CommitStatus)> {
        self.change(at, |repo| repo.statuses.clone())
    }

    /// The checks of a repository, oldest first.
    pub fn checks(&self, at: &RemoteRef) -> Vec<MemoryCheck> {
        self.change(at, |repo| repo.checks.clone())
    }

    /// The names of the calls that came, oldest first: `put_status`.
    pub fn calls(&self) -> Vec<&'static str> {
        self.state().calls.clone()
    }

    /// The next calls fail like this; all until [`Self::recover`] when `count` is `None`; only
    /// those of a name when `call` is given.
    pub fn fail(
        &self,
        call: Option<&'static str>,
        count: Option<usize>,
        failure: impl Fn() -> ForgeError + Send + 'static,
    ) {
        if count != Some(0) {
            self.state().faults.push(Fault {
                call,
                left: count,
                failure: Box::new(failure),
            });
        }
    }

    /// Calls get no answer until [`Self::recover`]; those that wait go on then.
    pub fn hang(&self) {
        self.state().hangs = true;
    }

    /// All is well again.
    pub fn recover(&self) {
        let mut state = self.state();
        state.hangs = false;
        state.faults.clear();
        drop(state);
        self.released.notify_waiters();
    }

    /// A person agrees on the page of a sign-in address. Gives the code and the state that come back.
    pub fn agree(&self, url: &str, person: &RemotePerson) -> (Secret, String) {
        let asked = super::api::read_sign_in(url);
        let asked = asked.unwrap_or_else(|| panic!("not a sign-in address of this forge: {url}"));
        let mut state = self.state();
        let code = format!("memory-code-{}", state.next_id());
        let row = (person.id.clone(), asked.challenge, asked.redirect_uri);
        state.codes.insert(code.clone(), row);
        (Secret::new(code), asked.state)
    }

    pub(super) fn change<T>(&self, at: &RemoteRef, change: impl FnOnce(&mut Repo) -> T) -> T {
        let mut state = self.state();
        let state: &mut State = &mut state;
        match state.repo(at) {
            Ok(repo) => change(repo),
            Err(_) => panic!("{UNKNOWN}: repository {}", at.path),
        }
    }
}

pub(super) fn number(at: &RemoteRef) -> i64 {
    match at.id.parse() {
        Ok(number) => number,
        Err(_) => panic!("{UNKNOWN}: repository {}", at.id),
    }
}

pub(super) fn with(
    old: Option<BTreeMap<String, Vec<u8>>>,
    files: &[(&str, &str)],
) -> BTreeMap<String, Vec<u8>> {
    let mut all = old.unwrap_or_default();
    for (path, text) in files {
        all.insert((*path).to_owned(), text.as_bytes().to_vec());
    }
    all
}
