//! Security case 28: whatever is logged and wherever rows lie, no secret is among them.

use crate::support::{CLIENT_SECRET, Hosted, Setup, Worker};
use serde_json::{Value, json};
use std::path::Path;
use travis_fake_forge::Kind;

const SLUG: &str = "ada/hush";
const VARIABLE: &str = "variable-that-nobody-may-see";

/// All files below a directory that hold one of these.
fn holding(dir: &Path, words: &[(String, String)], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, words, found);
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        for (name, word) in words {
            let word = word.as_bytes();
            if bytes.windows(word.len()).any(|part| part == word) {
                found.push(format!("{name} in {}", path.display()));
            }
        }
    }
}

#[tokio::test]
async fn case_28_nothing_that_is_logged_or_stored_holds_a_secret() {
    let setup = Setup::server().log("trace");
    let hosted = Hosted::start(Kind::Github, setup).await;
    let worker = Worker::start_logging(&hosted.server, "chatty", "trace").await;
    let yaml = "language: generic\nscript: echo ${#HUSH}\n";
    let body = json!({"private": true, "files": {".travis.yml": yaml}});
    hosted.control.repo_with(SLUG, body).await.unwrap();
    let ada = hosted.person("ada").await;
    ada.activate(SLUG).await;
    let body = json!({"name": "HUSH", "value": VARIABLE, "public": false});
    ada.act(SLUG, "env_vars", &body).await.expect(201);
    let sha = hosted.push(SLUG, "main", "Loud", "ada").await;
    let build = ada.build_of(SLUG, &sha).await;
    let build = ada.api.finished(build).await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = ada.api.log_text(job).await;
    assert_eq!(build["state"], "passed", "{log}");
    hosted.told(SLUG, &sha, "success").await;
    ada.sync().await;

    let state = hosted.control.state().await.unwrap();
    let mut words: Vec<(String, String)> = vec![
        ("the client's secret".to_owned(), CLIENT_SECRET.to_owned()),
        ("a variable".to_owned(), VARIABLE.to_owned()),
        ("the operator's token".to_owned(), hosted.server.token()),
        ("somebody's token".to_owned(), ada.token.clone()),
        (
            "the hook's secret".to_owned(),
            state["hooks"][0]["secret"].as_str().unwrap().to_owned(),
        ),
    ];
    let session = ada.browser.cookies();
    let session = session
        .split("; ")
        .find_map(|pair| pair.split_once("session="))
        .unwrap()
        .1;
    words.push(("a session".to_owned(), session.to_owned()));
    let issued = hosted.control.tokens().await.unwrap();
    assert!(!issued.is_empty());
    words.extend(
        issued
            .into_iter()
            .map(|token| ("a token of the forge".to_owned(), token)),
    );
    let said = format!(
        "{}{}",
        hosted.server.process.stderr(),
        worker.process.stderr()
    );
    let levels = ["DEBUG", "TRACE"];
    assert!(levels.iter().any(|level| said.contains(level)), "{said}");
    for (name, word) in &words {
        assert!(word.len() > 8, "{name}: {word:?}");
        let place = said.find(word.as_str());
        let around = place.map(|at| {
            let from = said[..at].rfind('\n').unwrap_or(0);
            &said[from..at]
        });
        assert!(around.is_none(), "{name} after {around:?}");
    }
    // The operator's own token lies in a file of its own, and nowhere else.
    words.retain(|(name, _)| name != "the operator's token");
    let mut found = Vec::new();
    for place in [&hosted.server.data, &worker.data] {
        holding(place, &words, &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
    let whole: Value = ada.api.get("/v3/forges").await.expect(200);
    assert!(!whole.to_string().contains(CLIENT_SECRET));
}
