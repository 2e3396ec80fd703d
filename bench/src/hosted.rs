//! A fake GitHub in a process of its own, a server that knows it as an OAuth client, and a person
//! who is signed in.

use crate::bed::{Bed, Ground};
use crate::client::Api;
use crate::process::Process;
use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::hmac;
use reqwest::{Client, Method, Response, header, redirect};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use travis_api::v3;

const CALL: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);
const CLIENT_ID: &str = "Ov23liBenchmark";
const CLIENT_SECRET: &str = "bench-client-secret";
/// Who owns everything on the forge.
pub const OWNER: &str = "octo";

/// The fake, the server and the way to both.
pub struct Hosted {
    pub bed: Bed,
    http: Client,
    forge: String,
    process: Process,
    /// The server's number of the forge.
    id: i64,
    cookies: Mutex<BTreeMap<String, String>>,
    _place: TempDir,
}

impl Hosted {
    /// Starts both; nobody is signed in.
    pub async fn start(ground: &Ground) -> Result<Self> {
        let fake = ground.travis.with_file_name("fake-forge");
        ensure!(
            fake.is_file(),
            "{} is missing: build it with `cargo build --release --package travis-fake-forge`",
            fake.display()
        );
        let place = ground.place()?;
        let mut process = Process::start(&fake, "fake", place.path(), &["--kind", "github"])?;
        let forge = process.ready().await?;
        let secret = place.path().join("client-secret");
        fs::write(&secret, CLIENT_SECRET)?;
        let toml = format!(
            "[[forge]]\nkind = \"github\"\nname = \"github\"\nweb_url = \"{forge}\"\n\
             client_id = \"{CLIENT_ID}\"\nclient_secret_file = \"{}\"\n",
            secret.display()
        );
        let bed = Bed::configured(ground, "host", 2, &toml).await?;
        let forges: Value = bed.api.get("/v3/forges").await?;
        let id = forges["forges"][0]["id"]
            .as_i64()
            .context("the server has no forge")?;
        let http = Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .redirect(redirect::Policy::none())
            .timeout(CALL)
            .build()?;
        let hosted = Self {
            bed,
            http,
            forge,
            process,
            id,
            cookies: Mutex::default(),
            _place: place,
        };
        let callback = format!("{}/auth/{id}/callback", hosted.bed.base);
        let client = json!({"name": "Travis", "callback_url": callback,
            "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET});
        hosted.control("oauth_app", client).await?;
        hosted.control("users", json!({"login": OWNER})).await?;
        Ok(hosted)
    }

    /// Does something on the forge's side.
    pub async fn control(&self, what: &str, body: Value) -> Result<Value> {
        let call = self.http.post(format!("{}/_fake/{what}", self.forge));
        let text = good(call.json(&body).send().await?).await?.text().await?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Everything that the forge knows.
    pub async fn state(&self) -> Result<Value> {
        let call = self.http.get(format!("{}/_fake/state", self.forge));
        Ok(good(call.send().await?).await?.json().await?)
    }

    /// A commit on the forge; its sha.
    pub async fn commit(&self, name: &str, number: usize, message: &str) -> Result<String> {
        let files = json!({"change.txt": format!("{number}\n")});
        let body = json!({"owner": OWNER, "name": name, "branch": "main", "files": files,
            "message": message, "as": OWNER});
        let made = self.control("commit", body).await?;
        Ok(made["sha"].as_str().context("no commit came")?.to_owned())
    }

    async fn page(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response> {
        let mut call = self
            .http
            .request(method, format!("{}{path}", self.bed.base))
            .header("x-requested-with", "fetch");
        if let Ok(cookies) = self.cookies.lock() {
            let pairs: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            call = call.header(header::COOKIE, pairs.join("; "));
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = good(call.send().await?).await?;
        if let Ok(mut cookies) = self.cookies.lock() {
            for line in answer.headers().get_all(header::SET_COOKIE) {
                let pair = line.to_str()?.split(';').next().unwrap_or_default();
                if let Some((name, value)) = pair.split_once('=') {
                    cookies.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        Ok(answer)
    }

    /// Signs the owner in as a browser does. Answers calls in their name, and when the forge had
    /// sent the browser back.
    pub async fn sign_in(&self) -> Result<(Api, Instant)> {
        let leave = format!("/auth/{}?next=/account", self.id);
        let away = location(&self.page(Method::GET, &leave, None).await?)?;
        let form = "application/x-www-form-urlencoded";
        let press = self.http.post(&away).header(header::CONTENT_TYPE, form);
        let press = press.body(format!("login={OWNER}")).send().await?;
        let back = location(&good(press).await?)?;
        let began = Instant::now();
        let path = back
            .strip_prefix(&self.bed.base)
            .with_context(|| format!("the forge sends the browser to {back}"))?;
        self.page(Method::GET, path, None).await?;
        let wish = json!({"name": "bench", "scope": "all"});
        let made = self.page(Method::POST, "/v3/tokens", Some(&wish)).await?;
        let made: Value = made.json().await?;
        let token = made["token"].as_str().context("no token came")?;
        Ok((Api::new(&self.bed.base, token)?, began))
    }

    /// Makes a repository on the forge with this configuration and so many commits, all unknown to
    /// the server: it has to be signed in and switched on afterwards. Answers the commits.
    pub async fn make(
        &self,
        name: &str,
        config: &str,
        commits: usize,
        message: &str,
    ) -> Result<Vec<String>> {
        let files = json!({".travis.yml": config});
        let body = json!({"owner": OWNER, "name": name, "files": files});
        self.control("repos", body).await?;
        let mut made = Vec::new();
        for number in 0..commits {
            made.push(self.commit(name, number, message).await?);
        }
        Ok(made)
    }

    /// Switches a repository on, and learns from the forge's own message about a push how such
    /// messages look and are signed.
    pub async fn switch_on(&self, api: &Api, name: &str) -> Result<Pinger> {
        let path = format!("/v3/repo/{OWNER}%2F{name}");
        let on: v3::Repository = api.post(&format!("{path}/activate"), &json!({})).await?;
        self.commit(name, usize::MAX, "Nothing to build [skip ci]")
            .await?;
        self.control("quiet", json!({})).await?;
        let state = self.state().await?;
        let end = format!("/ping/{}", on.id);
        let list = |name: &str| state[name].as_array().cloned().unwrap_or_default();
        let ours = |row: &Value| row["url"].as_str().is_some_and(|url| url.ends_with(&end));
        let hook = list("hooks").into_iter().find(&ours);
        let hook = hook.context("the forge has no hook of a repository that is on")?;
        let push = list("deliveries")
            .into_iter()
            .find(|row| ours(row) && row["event"] == "push" && row["status"].as_u64() < Some(300));
        let push = push.context("the forge did not deliver its own push")?;
        let text = |row: &Value, name: &str| row[name].as_str().map(str::to_owned);
        let body = text(&push, "body").context("a delivery has no body")?;
        let secret = text(&hook, "secret").context("the hook has no secret")?;
        Ok(Pinger {
            repository: on.id,
            http: self.http.clone(),
            url: format!("{}{end}", self.bed.base),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            body: serde_json::from_str(&body)?,
        })
    }

    pub async fn stop(self) -> Result<()> {
        self.bed.stop().await?;
        self.process.stop().await
    }
}

/// Waits until the person's list of repositories is read. Answers how many there were.
pub async fn synced(api: &Api, patience: Duration) -> Result<u64> {
    let until = Instant::now() + patience;
    loop {
        let user: Value = api.get("/v3/user").await?;
        let identity = &user["identities"][0];
        let error = &identity["sync_error"];
        ensure!(error.is_null(), "the list can't be read: {error}");
        if identity["is_syncing"] == false && identity["synced_at"].is_string() {
            return Ok(identity["sync_done"].as_u64().unwrap_or_default());
        }
        ensure!(Instant::now() < until, "the list does not end");
        sleep(LOOK).await;
    }
}

/// Sends messages about pushes as the forge does.
#[derive(Clone)]
pub struct Pinger {
    /// The server's number of the repository.
    pub repository: i64,
    http: Client,
    url: String,
    key: hmac::Key,
    body: Value,
}

impl Pinger {
    /// The signed message that `sha` was pushed, ready to be sent.
    pub fn push(&self, sha: &str, number: usize) -> Result<reqwest::Request> {
        let mut body = self.body.clone();
        body["after"] = json!(sha);
        body["head_commit"]["id"] = json!(sha);
        body["commits"] = json!([body["head_commit"]]);
        let body = body.to_string();
        let signature = hex::encode(hmac::sign(&self.key, body.as_bytes()));
        let guid = format!("00000000-0000-4000-8000-{number:012x}");
        Ok(self
            .http
            .post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "GitHub-Hookshot/0fa4e00")
            .header("X-GitHub-Event", "push")
            .header("X-GitHub-Delivery", guid)
            .header("X-Hub-Signature-256", format!("sha256={signature}"))
            .body(body)
            .build()?)
    }

    /// Sends it; the server's number of the delivery.
    pub async fn send(&self, push: reqwest::Request) -> Result<i64> {
        let answer = good(self.http.execute(push).await?).await?;
        let taken: v3::Taken = answer.json().await?;
        Ok(taken.id)
    }
}

/// Fails unless an answer says that all went well.
async fn good(answer: Response) -> Result<Response> {
    let (status, url) = (answer.status(), answer.url().clone());
    if status.is_success() || status.is_redirection() {
        return Ok(answer);
    }
    anyhow::bail!("{url} answered {status}: {}", answer.text().await?)
}

fn location(answer: &Response) -> Result<String> {
    let place = answer.headers().get(header::LOCATION);
    let place = place.with_context(|| format!("{} leads nowhere", answer.url()))?;
    Ok(place.to_str()?.to_owned())
}
