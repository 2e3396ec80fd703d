//! People in front of a browser.

use super::{Answer, Api, Hosted, SOON, send, until};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A browser: it keeps cookies and goes nowhere by itself.
pub struct Browser {
    pub api: Api,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub fn new(url: &str) -> Self {
        Self {
            api: Api::new(url, None),
            cookies: Mutex::default(),
        }
    }

    /// A call as the page's own code makes it.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut call = self.api.call(method, path);
        call = call
            .header("x-requested-with", "fetch")
            .header(header::COOKIE, self.cookies());
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = send(call).await;
        self.keep(&answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// What it would send.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, answer: &Answer) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let pair = line.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if line.contains("Max-Age=0") || value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Goes to the forge and presses somebody's button there. Answers where the forge sends the
    /// browser then, without going there.
    pub async fn agree(&self, forge: i64, login: &str) -> String {
        let leave = self.get(&format!("/auth/{forge}?next=/account")).await;
        assert_eq!(leave.status, 303, "{}", leave.body);
        let away = leave.header("location").to_owned();
        let page = send(self.api.http.get(&away)).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.to_string().contains(login), "{}", page.body);
        press(&self.api.http, &away, &[("login", login)]).await
    }

    /// Goes to one of the server's pages that somebody else sent it to.
    pub async fn follow(&self, address: &str) -> Answer {
        let path = address
            .strip_prefix(&self.api.url)
            .expect("the server's own address");
        self.get(path).await
    }
}

/// Sends a form to a page of the forge; where it sends the browser then.
pub async fn press(http: &reqwest::Client, page: &str, fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let call = http.post(page).body(pairs.join("&"));
    let answer = send(call.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    answer.header("location").to_owned()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Somebody who is signed in.
pub struct Person {
    pub browser: Browser,
    /// Their calls with a token of theirs.
    pub api: Api,
    pub token: String,
}

impl Person {
    /// Signs in by the forge and waits until the repositories are known.
    pub async fn sign_in(hosted: &Hosted, login: &str) -> Self {
        let browser = hosted.browser();
        let back = browser.agree(hosted.id, login).await;
        let home = browser.follow(&back).await;
        assert_eq!(
            (home.status, home.header("location")),
            (303, "/account"),
            "{}",
            home.body
        );
        let wish = json!({"name": "scenario", "scope": "all"});
        let made = browser.post("/v3/tokens", &wish).await.expect(201);
        let person = Self {
            api: Api::new(&hosted.server.url, made["token"].as_str()),
            token: made["token"].as_str().unwrap().to_owned(),
            browser,
        };
        person.synced().await;
        person
    }

    /// Their account.
    pub async fn user(&self) -> Value {
        self.api.get("/v3/user").await.expect(200)
    }

    /// Reads the list of repositories again.
    pub async fn sync(&self) {
        let before = self.user().await["identities"][0]["synced_at"].clone();
        let answer = self.api.post("/v3/user/sync", &json!({})).await;
        assert!([202, 409].contains(&answer.status), "{}", answer.body);
        until("another list of repositories", SOON, || async {
            let user = self.user().await;
            (user["identities"][0]["synced_at"] != before).then_some(())
        })
        .await;
        self.synced().await;
    }

    async fn synced(&self) {
        until("the list of repositories", SOON, || async {
            let user = self.user().await;
            let identity = &user["identities"][0];
            let error = &identity["sync_error"];
            assert!(error.is_null(), "{error}");
            let done = identity["is_syncing"] == false && identity["synced_at"].is_string();
            done.then_some(())
        })
        .await;
    }

    /// Switches a repository on.
    pub async fn activate(&self, slug: &str) -> Value {
        self.act(slug, "activate", &json!({})).await.expect(200)
    }

    /// One of the acts on a repository.
    pub async fn act(&self, slug: &str, act: &str, body: &Value) -> Answer {
        let path = format!("/v3/repo/{}/{act}", slug.replace('/', "%2F"));
        self.api.post(&path, body).await
    }

    /// Sets one of a repository's settings.
    pub async fn set(&self, slug: &str, name: &str, value: Value) {
        let path = format!("/v3/repo/{}/setting/{name}", slug.replace('/', "%2F"));
        let call = self.api.call(Method::PATCH, &path);
        send(call.json(&json!({"setting.value": value})))
            .await
            .expect(200);
    }

    /// A list of a repository's, such as `builds`.
    pub async fn list(&self, slug: &str, what: &str) -> Vec<Value> {
        let path = format!("/v3/repo/{}/{what}", slug.replace('/', "%2F"));
        let answer = self.api.get(&path).await.expect(200);
        answer[what].as_array().cloned().unwrap_or_default()
    }

    /// Waits for a build of this commit, or of this head of a pull request.
    pub async fn build_of(&self, slug: &str, sha: &str) -> i64 {
        until(&format!("a build of {sha}"), SOON, || async {
            let builds = self.list(slug, "builds").await;
            let found = builds.iter().find(|build| {
                let head = &build["pull_request"]["head_sha"];
                build["commit"]["sha"] == sha || head == sha
            });
            found?["id"].as_i64()
        })
        .await
    }

    /// Waits for the request of this commit, or of this head of a pull request, to stand so.
    pub async fn request_of(
        &self,
        slug: &str,
        sha: &str,
        stands: impl Fn(&Value) -> bool,
    ) -> Value {
        until(&format!("the request of {sha}"), SOON, || async {
            let requests = self.list(slug, "requests").await;
            requests.into_iter().find(|request| {
                let head = &request["pull_request"]["head_sha"];
                (request["commit"]["sha"] == sha || head == sha) && stands(request)
            })
        })
        .await
    }

    /// Waits for the request of this head of a pull request to be held.
    pub async fn held(&self, slug: &str, sha: &str) -> i64 {
        let request = self
            .request_of(slug, sha, |one| one["held_at"].is_string())
            .await;
        assert_eq!(request["state"], "pending");
        request["id"].as_i64().unwrap()
    }
}
