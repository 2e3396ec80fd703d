//! shellcheck finds nothing in what is generated.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::process::Command;

use serde_json::{Value, json};
use support::input;
use travis_script::{EnvVar, PullRequest, compile};

const LANGUAGES: &[&str] = &[
    "android",
    "c",
    "clojure",
    "cpp",
    "crystal",
    "csharp",
    "d",
    "dart",
    "elixir",
    "elm",
    "erlang",
    "generic",
    "go",
    "groovy",
    "hack",
    "haskell",
    "haxe",
    "java",
    "julia",
    "matlab",
    "nix",
    "node_js",
    "objective-c",
    "perl",
    "perl6",
    "php",
    "python",
    "r",
    "ruby",
    "rust",
    "scala",
    "shell",
    "smalltalk",
];

fn configurations() -> Vec<Value> {
    let mut all: Vec<Value> = LANGUAGES
        .iter()
        .map(|language| json!({"language": language}))
        .collect();
    all.push(json!({
        "language": "ruby", "rvm": "3.1", "os": "linux",
        "env": [{"A": "1"}, {"B": "$(x) y"}, {"C": {"decrypted": "it's $1"}}],
        "cache": {"bundler": true, "npm": true, "yarn": true, "pip": true, "cargo": true,
            "ccache": true, "packages": true, "cocoapods": true, "composer": true, "apt": true,
            "directories": ["$HOME/.m2", "it's"], "timeout": 10},
        "services": ["cassandra", "couchdb", "docker", "elasticsearch", "memcached", "mongodb",
            "mysql", "neo4j", "postgresql", "rabbitmq", "redis", "riak", "xvfb", "what's this"],
        "addons": {"apt": {"packages": ["a", "b c"], "sources": [{"name": "x"}, {"name": "ppa:a/b"},
                {"sourceline": "deb http://x y main", "key_url": "http://x/k"}], "update": true},
            "hosts": ["a.test", "b'c"], "hostname": "h", "ssh_known_hosts": ["github.com"],
            "artifacts": {"key": "k", "secret": {"decrypted": "s'"}, "paths": ["x"], "bucket": "b"},
            "chrome": "stable", "firefox": "latest", "postgresql": "9.6", "mariadb": "10.1",
            "snaps": [{"name": "x"}]},
        "before_install": ["a 'b"], "before_deploy": ["b"], "after_deploy": ["c"],
        "script": ["echo \"$unquoted\n"], "after_success": ["d"], "after_failure": ["e"],
        "deploy": [
            {"provider": "script", "script": "a 'b'", "cleanup": true, "run": ["x 'y"],
                "on": {"branch": ["main", "/^v/"], "condition": ["$A = 1"], "rvm": "2", "tags": false}},
            {"provider": "releases", "token": {"decrypted": "$x"}, "file": ["*.zip"], "file_glob": true,
                "draft": true, "name": "n'", "release_notes_file": "x", "on": {"tags": true}},
            {"provider": "npm", "on": {"all_branches": true}, "allow_failure": true},
        ],
    }));
    all
}

#[test]
fn shellcheck_finds_nothing() {
    let found = Command::new("shellcheck").arg("--version").output();
    if found.is_err() {
        println!("skipped: no shellcheck on this machine (package shellcheck)");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    let mut names = Vec::new();
    for (index, config) in configurations().into_iter().enumerate() {
        let is_whole = index == LANGUAGES.len();
        for pull in [false, true] {
            if pull && !is_whole {
                continue;
            }
            let mut job = input(config.clone());
            job.settings_env = vec![EnvVar {
                name: "X".into(),
                value: "it's".into(),
                public: false,
            }];
            if pull {
                job.pull_request = Some(PullRequest {
                    number: 3,
                    ..PullRequest::default()
                });
                job.git_ref = Some("refs/pull/3/merge".into());
            }
            let mut text = compile(&job).unwrap().text;
            if !is_whole {
                // The functions that all scripts have are looked at once.
                for shared in [
                    include_str!("../src/bash/functions.bash"),
                    include_str!("../src/bash/public.bash"),
                ] {
                    assert!(text.contains(shared));
                    text = text.replace(shared, "");
                }
            }
            let file = directory.path().join(format!("{index}-{pull}.sh"));
            std::fs::write(&file, text).unwrap();
            names.push(config["language"].to_string());
            files.push(file);
        }
    }
    let output = Command::new("shellcheck")
        .args(["--shell=bash", "--norc", "--format=gcc"])
        .args(&files)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().take(40).collect();
    assert!(output.status.success(), "{}\n{names:?}", lines.join("\n"));
}
