use super::MemoryForgeApi;
use crate::ForgeError;
use crate::hosting::contract::{self, Actor, Agreed, Delivered, Stage};
use crate::hosting::{
    Access, Check, CheckState, Conclusion, Features, ForgeApi, HookError, Permission, RemotePerson,
    RemoteRef,
};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct MemoryStage {
    forge: Arc<MemoryForgeApi>,
    people: Mutex<BTreeMap<String, RemotePerson>>,
}

impl MemoryStage {
    fn owner(&self, repo: &RemoteRef) -> RemotePerson {
        let login = repo.path.split('/').next().unwrap();
        self.people.lock().unwrap()[login].clone()
    }
}

#[async_trait]
impl Stage for MemoryStage {
    fn forge(&self) -> Arc<dyn ForgeApi> {
        self.forge.clone()
    }
    fn impatient(&self) -> Arc<dyn ForgeApi> {
        self.forge.clone()
    }
    fn redirect_uri(&self) -> String {
        "https://ci.example.org/callback".into()
    }
    async fn agree(&self, url: &str, login: &str) -> Agreed {
        let person = self.people.lock().unwrap()[login].clone();
        let (code, state) = self.forge.agree(url, &person);
        Agreed { code, state }
    }
    async fn person(&self, login: &str) -> Actor {
        let person = self.forge.add_person(login);
        let mut people = self.people.lock().unwrap();
        people.insert(login.to_owned(), person.clone());
        let access = self.forge.token_for(&person);
        Actor { person, access }
    }
    async fn repository(
        &self,
        owner: &Actor,
        name: &str,
        private: bool,
        files: &[(&str, &str)],
    ) -> RemoteRef {
        let at = self.forge.add_repository(&owner.person, name, private);
        self.forge.push(&at, "main", files, "First", &owner.person);
        at
    }
    async fn many_repositories(&self, owner: &Actor, count: usize) {
        for number in 0..count {
            let name = format!("many-{number}");
            self.forge.add_repository(&owner.person, &name, false);
        }
    }
    async fn allow(&self, repo: &RemoteRef, person: &Actor, permission: Permission) {
        self.forge.allow(repo, &person.person, permission);
    }
    async fn rename(&self, repo: &RemoteRef, name: &str) {
        let owner = self.owner(repo);
        let path = format!("{}/{name}", owner.login);
        self.forge.rename(repo, &path, &owner);
    }
    async fn delete(&self, repo: &RemoteRef) {
        self.forge.delete_repository(repo, &self.owner(repo));
    }
    async fn commit(
        &self,
        repo: &RemoteRef,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        by: &Actor,
    ) -> String {
        self.forge.push(repo, branch, files, message, &by.person)
    }
    async fn tag(&self, repo: &RemoteRef, tag: &str, sha: &str, by: &Actor) {
        self.forge.push_tag(repo, tag, sha, &by.person);
    }
    async fn delete_branch(&self, repo: &RemoteRef, branch: &str, by: &Actor) {
        self.forge.delete_branch(repo, branch, &by.person);
    }
    async fn fork_pull(
        &self,
        repo: &RemoteRef,
        branch: &str,
        title: &str,
        by: &Actor,
    ) -> (i64, String) {
        let fork = self.forge.add_repository(&by.person, "fork", false);
        let files = [("mended", "1")];
        let number = self
            .forge
            .open_pull(repo, &fork, branch, &files, title, &by.person);
        (number, self.forge.pull(repo, number).head_sha)
    }
    fn hook_url(&self) -> String {
        "https://ci.example.org/hook".into()
    }
    async fn hook_count(&self, repo: &RemoteRef) -> usize {
        self.forge.hooks(repo).len()
    }
    async fn delivered(&self) -> Vec<Delivered> {
        let all = self.forge.take_deliveries().into_iter();
        all.map(|sent| Delivered {
            headers: sent.headers,
            body: sent.body,
        })
        .collect()
    }
    async fn exhaust(&self) {
        self.forge
            .fail(None, None, || ForgeError::RateLimited { retry_after_s: 60 });
    }
    async fn hang(&self) {
        self.forge.hang();
    }
    async fn recover(&self) {
        self.forge.recover();
    }
}

#[tokio::test]
async fn keeps_the_contract() {
    let stage = MemoryStage {
        forge: Arc::new(MemoryForgeApi::new().with_patience(Duration::from_millis(50))),
        people: Mutex::default(),
    };
    contract::check(&stage).await;
}

#[tokio::test]
async fn fails_as_often_as_it_is_told() {
    let forge = MemoryForgeApi::new();
    let access = forge.token_for(&forge.add_person("ada"));
    forge.fail(Some("person"), Some(2), || ForgeError::Denied);
    assert!(forge.organizations(&access).await.is_ok());
    for _ in 0..2 {
        assert!(matches!(
            forge.person(&access).await,
            Err(ForgeError::Denied)
        ));
    }
    assert!(forge.person(&access).await.is_ok());
    assert_eq!(
        forge.calls(),
        ["organizations", "person", "person", "person"]
    );
}

#[tokio::test]
async fn goes_on_when_it_is_released() {
    let forge = Arc::new(MemoryForgeApi::new());
    let access = forge.token_for(&forge.add_person("ada"));
    forge.hang();
    let waiting = {
        let forge = forge.clone();
        tokio::spawn(async move { forge.person(&access).await })
    };
    while forge.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    forge.recover();
    assert_eq!(waiting.await.unwrap().unwrap().login, "ada");
}

#[tokio::test]
async fn keeps_what_was_said_of_a_check() {
    let forge = MemoryForgeApi::new();
    let ada = forge.add_person("ada");
    let repo = forge.add_repository(&ada, "one", true);
    forge.describe(&repo, |about| about.installation_id = Some(7));
    let mut check = Check {
        name: "Travis".into(),
        state: CheckState::Queued,
        title: "waits".into(),
        summary: String::new(),
        annotations: Vec::new(),
        details_url: "https://ci.example.org".into(),
        external_id: "build:1".into(),
        started_at: None,
        completed_at: None,
    };
    let app = Access::Installation(7);
    let put = forge.put_check(&app, &repo, "c0", None, &check).await;
    assert!(matches!(put, Err(ForgeError::NotSetUp { .. })));
    forge.set_features(Features {
        app: true,
        manifest: false,
    });
    let put = forge.put_check(&app, &repo, "c0", None, &check).await;
    let id = put.unwrap();
    check.state = CheckState::Completed(Conclusion::Success);
    let put = forge.put_check(&app, &repo, "c0", Some(&id), &check).await;
    assert_eq!(put.unwrap(), id);
    let checks = forge.checks(&repo);
    assert_eq!((checks.len(), checks[0].said.len()), (1, 2));
    let other = Access::Installation(8);
    let put = forge.put_check(&other, &repo, "c0", None, &check).await;
    assert!(matches!(put, Err(ForgeError::NotFound { .. })));
}

#[test]
fn a_message_that_was_not_sent_is_not_read() {
    let forge = MemoryForgeApi::new();
    let headers = http::HeaderMap::new();
    let read = forge.read_hook(&headers, b"{}");
    assert_eq!(read, Err(HookError::MissingHeader("x-memory-event")));
}
