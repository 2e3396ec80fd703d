//! A stage on a fake forge.

use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use travis_fake_forge::{Control, FakeForge, FaultMode, Kind, Options};
use travis_forge::Limits;
use travis_forge::hosting::contract::{Actor, Agreed, Delivered, Stage};
use travis_forge::hosting::{
    Access, Connection, ForgeApi, KINDS, Permission, RemotePerson, RemoteRef, connect,
    connect_within,
};
use travis_model::Secret;

const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

type Inbox = Arc<Mutex<Vec<Delivered>>>;

/// A fake forge, its adapter, and a server that receives its hooks.
pub struct FakeStage {
    fake: FakeForge,
    control: Control,
    forge: Arc<dyn ForgeApi>,
    impatient: Arc<dyn ForgeApi>,
    inbox: Inbox,
    hook_url: String,
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) {
    inbox.lock().unwrap().push(Delivered {
        headers,
        body: body.to_vec(),
    });
}

impl FakeStage {
    pub async fn start(name: &str, kind: Kind) -> Self {
        let fake = FakeForge::start(kind, Options::default()).await.unwrap();
        let control = fake.control();
        let (client_id, client_secret) = control.oauth_app(REDIRECT_URI).await.unwrap();
        let row = KINDS.iter().find(|row| row.name == name).unwrap();
        let connection = Connection {
            kind: name.to_owned(),
            web_url: fake.url().to_owned(),
            api_url: (row.api_url)(fake.url()),
            client_id: Some(client_id),
            client_secret: Some(Secret::new(client_secret)),
            app: None,
        };
        let limits = Limits {
            call: Duration::from_millis(700),
            ..Limits::default()
        };
        let inbox = Inbox::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook_url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(receive)
            .with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            forge: connect(connection.clone()).unwrap(),
            impatient: connect_within(connection, limits).unwrap(),
            fake,
            control,
            inbox,
            hook_url,
        }
    }

    /// The present path of a repository; tests go on naming it as it was.
    async fn path(&self, repo: &RemoteRef) -> String {
        let state = self.control.state().await.unwrap();
        let rows = state["repos"].as_array().unwrap();
        let found = rows.iter().find(|row| row["id"].as_u64() == number(repo));
        found.unwrap()["full_name"].as_str().unwrap().to_owned()
    }

    async fn token(&self, login: &str) -> String {
        self.control.token(login).await.unwrap()
    }
}

fn number(repo: &RemoteRef) -> Option<u64> {
    repo.id.parse().ok()
}

fn git(dir: &Path, args: &[&str]) {
    let out = std::process::Command::new("git")
        .current_dir(dir)
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(args)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{args:?}: {said}");
}

#[async_trait]
impl Stage for FakeStage {
    fn forge(&self) -> Arc<dyn ForgeApi> {
        self.forge.clone()
    }

    fn impatient(&self) -> Arc<dyn ForgeApi> {
        self.impatient.clone()
    }

    fn redirect_uri(&self) -> String {
        REDIRECT_URI.to_owned()
    }

    async fn agree(&self, url: &str, login: &str) -> Agreed {
        let browser = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let page = browser.get(url).send().await.unwrap();
        assert_eq!(page.status().as_u16(), 200, "{url}");
        let answer = browser
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("login={login}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 302);
        let to = answer.headers()["location"].to_str().unwrap();
        assert!(to.starts_with(REDIRECT_URI), "{to}");
        let to = reqwest::Url::parse(to).unwrap();
        let part = |name: &str| {
            let found = to.query_pairs().find(|(key, _)| key == name);
            found.unwrap().1.into_owned()
        };
        Agreed {
            code: Secret::new(part("code")),
            state: part("state"),
        }
    }

    async fn person(&self, login: &str) -> Actor {
        let row = self.control.user(login).await.unwrap();
        Actor {
            person: RemotePerson {
                id: row["id"].to_string(),
                login: login.to_owned(),
                name: None,
                email: None,
                avatar_url: None,
            },
            access: Access::User(Secret::new(self.token(login).await)),
        }
    }

    async fn repository(
        &self,
        owner: &Actor,
        name: &str,
        private: bool,
        files: &[(&str, &str)],
    ) -> RemoteRef {
        let path = format!("{}/{name}", owner.person.login);
        let files: serde_json::Map<_, _> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), json!(text)))
            .collect();
        let body = json!({"private": private, "files": files});
        let row = self.control.repo_with(&path, body).await.unwrap();
        let id = row["id"].to_string();
        RemoteRef { id, path }
    }

    async fn many_repositories(&self, owner: &Actor, count: usize) {
        let path = format!("{}/many", owner.person.login);
        let body = json!({"count": count});
        self.control.repo_with(&path, body).await.unwrap();
    }

    async fn allow(&self, repo: &RemoteRef, person: &Actor, permission: Permission) {
        let level = match permission {
            Permission::None => None,
            Permission::Read => Some("read"),
            Permission::Write => Some("write"),
            Permission::Admin => Some("admin"),
        };
        let login = &person.person.login;
        let path = self.path(repo).await;
        self.control.member(&path, login, level).await.unwrap();
    }

    async fn rename(&self, repo: &RemoteRef, name: &str) {
        let path = self.path(repo).await;
        self.control.rename(&path, name).await.unwrap();
    }

    async fn delete(&self, repo: &RemoteRef) {
        let path = self.path(repo).await;
        self.control.repo_do(&path, "delete").await.unwrap();
    }

    async fn commit(
        &self,
        repo: &RemoteRef,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        by: &Actor,
    ) -> String {
        let (path, login) = (self.path(repo).await, &by.person.login);
        self.control
            .commit(&path, branch, files, message, login)
            .await
            .unwrap()
    }

    /// With real git, and as an object of its own.
    async fn tag(&self, repo: &RemoteRef, tag: &str, sha: &str, by: &Actor) {
        let path = self.path(repo).await;
        let token = self.token(&by.person.login).await;
        let host = self.fake.url().trim_start_matches("http://").to_owned();
        let url = format!("http://{}:{token}@{host}/{path}.git", by.person.login);
        let (tag, sha) = (tag.to_owned(), sha.to_owned());
        let work = move || {
            let dir = tempfile::tempdir().unwrap();
            git(dir.path(), &["clone", "-q", "--bare", &url, "."]);
            git(dir.path(), &["tag", "-a", "-m", "annotated", &tag, &sha]);
            git(dir.path(), &["push", "-q", &url, &tag]);
        };
        tokio::task::spawn_blocking(work).await.unwrap();
    }

    async fn delete_branch(&self, repo: &RemoteRef, branch: &str, by: &Actor) {
        let (path, name) = (self.path(repo).await, format!("refs/heads/{branch}"));
        let login = &by.person.login;
        self.control.delete_ref(&path, &name, login).await.unwrap();
    }

    async fn fork_pull(
        &self,
        repo: &RemoteRef,
        branch: &str,
        title: &str,
        by: &Actor,
    ) -> (i64, String) {
        let (path, login) = (self.path(repo).await, by.person.login.as_str());
        let fork = self.control.fork(&path, login).await.unwrap();
        let fork = fork["full_name"].as_str().unwrap();
        let head = self
            .control
            .commit(fork, branch, &[("mended", "1")], title, login)
            .await
            .unwrap();
        let (owner, name) = path.split_once('/').unwrap();
        let body = json!({
            "owner": owner, "name": name, "head": format!("{login}:{branch}"),
            "base": "main", "title": title, "as": login,
        });
        let pull = self.control.post("pull", body).await.unwrap();
        (pull["number"].as_i64().unwrap(), head)
    }

    fn hook_url(&self) -> String {
        self.hook_url.clone()
    }

    async fn hook_count(&self, repo: &RemoteRef) -> usize {
        let state = self.control.state().await.unwrap();
        let hooks = state["hooks"].as_array().unwrap().iter();
        let ours = hooks.filter(|hook| {
            let owner = hook["owner"].as_object().unwrap();
            owner.values().any(|id| id.as_u64() == number(repo))
        });
        ours.count()
    }

    async fn delivered(&self) -> Vec<Delivered> {
        self.control.quiet().await.unwrap();
        std::mem::take(&mut *self.inbox.lock().unwrap())
    }

    async fn exhaust(&self) {
        let body = json!({"mode": "rate_limit", "every": 1, "retry_after": 60});
        self.control.post("fault", body).await.unwrap();
    }

    async fn hang(&self) {
        self.control.fault(FaultMode::Hang, 1).await.unwrap();
    }

    async fn recover(&self) {
        self.control.fault(FaultMode::None, 1).await.unwrap();
    }
}
