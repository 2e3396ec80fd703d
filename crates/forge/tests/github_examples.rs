//! Every example of a hook's message that GitHub's own tooling publishes is read.
//!
//! The examples are the npm package `@octokit/webhooks-examples`, installed with the packages of
//! `e2e`.

use std::collections::BTreeMap;
use std::path::Path;

use http::HeaderMap;
use serde_json::Value;
use travis_forge::hosting::{Connection, Event, ForgeApi as _};
use travis_forge::{Limits, github::GitHub};

const EXAMPLES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../e2e/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
);
/// Events that mean something here, with the word for it; `create` is told by the push as well.
const SUPPORTED: [(&str, &str); 15] = [
    ("ping", "ping"),
    ("push", "push"),
    ("delete", "push"),
    ("pull_request", "pull request"),
    ("check_run", "rerun"),
    ("check_suite", "rerun"),
    ("installation", "installation"),
    ("installation_repositories", "installation"),
    ("repository", "repository"),
    ("public", "repository"),
    ("member", "member"),
    ("membership", "member"),
    ("organization", "member"),
    ("team", "member"),
    ("team_add", "member"),
];

fn word(event: &Event) -> &'static str {
    match event {
        Event::Ping => "ping",
        Event::Push(_) => "push",
        Event::PullRequest(_) => "pull request",
        Event::Rerun(_) => "rerun",
        Event::Installation(_) => "installation",
        Event::Repository(_) => "repository",
        Event::Member(_) => "member",
        Event::Other(_) => "other",
    }
}

#[test]
fn every_example_is_read() {
    if !Path::new(EXAMPLES).exists() {
        println!("skipped: the examples are not installed; run `npm ci` in e2e");
        return;
    }
    let text = std::fs::read(EXAMPLES).unwrap();
    let all: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let github = GitHub::new(
        Connection {
            kind: "github".to_owned(),
            web_url: "https://github.com".to_owned(),
            api_url: "https://api.github.com".to_owned(),
            client_id: None,
            client_secret: None,
            app: None,
        },
        Limits::default(),
    )
    .unwrap();

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut read = 0;
    let mut faults = Vec::new();
    for group in &all {
        let name = group["name"].as_str().unwrap();
        let expected = SUPPORTED.iter().find(|(event, _)| *event == name);
        for example in group["examples"].as_array().unwrap() {
            let mut headers = HeaderMap::new();
            headers.insert("x-github-event", name.parse().unwrap());
            headers.insert("x-github-delivery", "1-2-3".parse().unwrap());
            headers.insert("content-type", "application/json".parse().unwrap());
            let body = serde_json::to_vec(example).unwrap();
            let hook = match github.read_hook(&headers, &body) {
                Ok(hook) => hook,
                Err(error) => {
                    faults.push(error.to_string());
                    continue;
                }
            };
            read += 1;
            let word = word(&hook.what);
            *counts.entry(word).or_default() += 1;
            let action = example["action"].as_str();
            let expected = match expected {
                // Checks that come and go are our own doing.
                Some(("check_run" | "check_suite", _)) if action != Some("rerequested") => "other",
                Some((_, word)) => word,
                None => "other",
            };
            if word != expected {
                faults.push(format!("{name} {action:?} is {word}, not {expected}"));
            }
            assert_eq!(hook.event, name);
            assert_eq!(hook.action.as_deref(), action);
            if word != "other" {
                assert_eq!(
                    hook.sender.is_some(),
                    example.get("sender").is_some(),
                    "{name}"
                );
                let there = example.get("repository").is_some_and(|one| !one.is_null());
                assert_eq!(hook.repository.is_some(), there, "{name}");
            }
        }
    }
    println!("{read} examples of {} events read: {counts:?}", all.len());
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(read >= 300, "only {read} examples");
}
