//! A forge, a server that is connected to it, and the people who use both.

use super::{Browser, Person, SOON, Server, Setup, until};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use travis_fake_forge::{Control, FakeForge, Kind, Options};

pub use travis_fake_forge::FaultMode;

/// The client's identifier at the forge.
pub const CLIENT_ID: &str = "Ov23liSystemTests";
/// Its secret; looked for where it must not be.
pub const CLIENT_SECRET: &str = "5ec7e7c11e9705ec7e7c11e9705ec7e7c11e9700";

/// A forge with a server that knows it as an OAuth client.
pub struct Hosted {
    pub forge: FakeForge,
    pub control: Control,
    pub server: Server,
    /// The server's number of the forge.
    pub id: i64,
    /// Where the configuration's secrets lie.
    _secrets: Option<TempDir>,
}

/// Starts a forge.
pub async fn forge(kind: Kind) -> FakeForge {
    FakeForge::start(kind, Options::default()).await.unwrap()
}

impl Hosted {
    /// GitHub and everything in one process.
    pub async fn github() -> Self {
        Self::start(Kind::Github, Setup::up()).await
    }

    /// A forge, and a server started so.
    pub async fn start(kind: Kind, setup: Setup) -> Self {
        let forge = forge(kind).await;
        let secrets = tempfile::tempdir().unwrap();
        let setup = setup.toml(&configuration(kind, forge.url(), secrets.path()));
        let server = setup.start().await;
        let forges = server.api.get("/v3/forges").await.expect(200);
        let id = forges["forges"][0]["id"].as_i64().expect("a forge");
        let control = forge.control();
        let callback = format!("{}/auth/{id}/callback", server.url);
        let client = json!({"name": "Travis", "callback_url": callback,
            "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
        control.post("oauth_app", client).await.unwrap();
        Self {
            forge,
            control,
            server,
            id,
            _secrets: Some(secrets),
        }
    }

    /// A forge and a server that were brought together in another way.
    pub fn around(forge: FakeForge, server: Server, id: i64) -> Self {
        Self {
            control: forge.control(),
            forge,
            server,
            id,
            _secrets: None,
        }
    }

    /// Somebody who has signed in and whose repositories are known.
    pub async fn person(&self, login: &str) -> Person {
        self.control.user(login).await.unwrap();
        Person::sign_in(self, login).await
    }

    /// A repository on the forge with this configuration, switched on by its owner. Its jobs check
    /// nothing out. Answers its first commit.
    pub async fn quick(&self, owner: &Person, slug: &str, yaml: &str) -> String {
        let yaml = format!("language: generic\ngit: {{clone: false}}\n{yaml}");
        let files = [(".travis.yml", yaml.as_str())];
        let sha = self.control.repo(slug, &files).await.unwrap();
        owner.sync().await;
        owner.activate(slug).await;
        sha
    }

    /// A commit pushed by somebody with no other change.
    pub async fn push(&self, slug: &str, branch: &str, message: &str, login: &str) -> String {
        let text = format!("{message}\n");
        let files = [("change.txt", text.as_str())];
        self.control
            .commit(slug, branch, &files, message, login)
            .await
            .unwrap()
    }

    /// Waits until the last word of all contexts about a commit is this state. Answers the words
    /// in the order in which they came.
    pub async fn told(&self, slug: &str, sha: &str, state: &str) -> Vec<Value> {
        until(&format!("{state} for {sha} of {slug}"), SOON, || async {
            let told = self.control.statuses(slug, sha).await.unwrap();
            (told.last()?["state"] == state).then_some(told)
        })
        .await
    }

    /// The same for the only check of a commit: waits until its newest version has this
    /// conclusion.
    pub async fn concluded(&self, slug: &str, sha: &str, conclusion: &str) -> Value {
        let what = format!("a check of {sha} that is {conclusion}");
        until(&what, SOON, || async {
            let checks = self.control.checks(slug, sha).await.unwrap();
            let check = checks.into_iter().next_back()?;
            (check["fields"]["conclusion"] == conclusion).then_some(check)
        })
        .await
    }

    /// The address that git clones and pushes by, in somebody's name.
    pub async fn remote(&self, slug: &str, login: &str) -> String {
        let token = self.control.token(login).await.unwrap();
        let host = self.forge.url().strip_prefix("http://").unwrap();
        format!("http://{login}:{token}@{host}/{slug}.git")
    }

    /// A browser of nobody.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.server.url)
    }
}

/// The lines of `travis.toml` about a forge, with its secret in a file.
fn configuration(kind: Kind, url: &str, secrets: &Path) -> String {
    let file = secrets.join("client-secret");
    std::fs::write(&file, CLIENT_SECRET).unwrap();
    let kind = match kind {
        Kind::Github => "github",
        Kind::Gitea => "gitea",
        Kind::Gitlab => "gitlab",
    };
    format!(
        "[[forge]]\nkind = \"{kind}\"\nname = \"{kind}\"\nweb_url = \"{url}\"\n\
         client_id = \"{CLIENT_ID}\"\nclient_secret_file = \"{}\"\n",
        file.display()
    )
}
