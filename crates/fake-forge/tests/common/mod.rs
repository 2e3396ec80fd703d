//! What receives hooks, runs git and signs.
#![allow(dead_code, reason = "each test binary uses its part")]

use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use aws_lc_rs::{hmac, rand};
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use travis_fake_forge::{FakeForge, Kind, Options};

/// A hook as it came in.
pub struct Got {
    headers: HeaderMap,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |one| one.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Shelf = Arc<Mutex<Vec<Got>>>;

/// Takes every hook and answers 200.
pub struct Sink {
    url: String,
    shelf: Shelf,
}

async fn take(State(shelf): State<Shelf>, headers: HeaderMap, body: String) {
    shelf.lock().unwrap().push(Got { headers, body });
}

impl Sink {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let shelf = Shelf::default();
        let router = Router::new().fallback(take).with_state(Arc::clone(&shelf));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shelf }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn taken(&self) -> Vec<Got> {
        std::mem::take(&mut self.shelf.lock().unwrap())
    }
}

/// Runs git and gives what it wrote.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The body of a form.
pub fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Hex HMAC-SHA256.
pub fn sign(secret: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hex::encode(hmac::sign(&key, body.as_bytes()))
}

/// The token by which an App proves itself.
pub fn app_jwt(issuer: &str, pem: &str) -> String {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = RsaKeyPair::from_der(&STANDARD.decode(text).unwrap()).unwrap();
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({"iat": now - 60, "exp": now + 540, "iss": issuer});
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(json!({"alg": "RS256", "typ": "JWT"})),
        part(claims)
    );
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &rand::SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Calls of the API with one token.
pub struct Call {
    pub client: Client,
    pub url: String,
    pub token: String,
}

impl Call {
    pub fn new(forge: &FakeForge, token: &str) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            url: format!("{}/api/v3", forge.url()),
            token: token.to_owned(),
        }
    }

    pub async fn send(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send("GET", path, Value::Null).await;
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }
}

/// A fake GitHub.
pub async fn start() -> FakeForge {
    FakeForge::start(Kind::Github, Options::default())
        .await
        .unwrap()
}
