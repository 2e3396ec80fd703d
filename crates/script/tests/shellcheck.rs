//! shellcheck finds nothing in what is generated.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use support::{LANGUAGES, input};
use travis_script::{EnvVar, PullRequest, compile};

const SERVICES: &[&str] = &[
    "cassandra",
    "couchdb",
    "docker",
    "elasticsearch",
    "memcached",
    "mongodb",
    "mysql",
    "neo4j",
    "postgresql",
    "rabbitmq",
    "redis",
    "riak",
    "xvfb",
];

/// Languages that read keys beyond their versions.
const WITH_OPTIONS: &[&str] = &[
    "android",
    "c",
    "clojure",
    "csharp",
    "dart",
    "elm",
    "go",
    "haxe",
    "java",
    "node_js",
    "objective-c",
    "php",
    "python",
    "r",
    "ruby",
    "rust",
    "scala",
    "smalltalk",
];

/// Keys that some language reads.
fn options() -> Value {
    let text = r#"{
        "android": {"components": ["a"]}, "apt_packages": ["a"], "bioc_check": true,
        "bioc_packages": ["a"], "bioc_required": true, "bioc_use_devel": true,
        "brew_packages": ["a"], "bundler_args": "a", "compiler": "clang", "composer_args": "a",
        "cran": "a", "dart_task": {"test": "a"}, "disable_homebrew": true, "elm_format": "a",
        "elm_test": "a", "gemfile": "a", "gimme_config": {"url": "a"}, "go_import_path": "a",
        "gobuild_args": "a", "hxml": ["a"], "jdk": "openjdk11", "latex": false, "lein": "a",
        "neko": "a", "node_js": "20", "npm_args": "a", "otp_release": "25", "pandoc": false,
        "podfile": "a", "r_binary_packages": ["a"], "r_build_args": "a", "r_check_args": "a",
        "r_check_revdep": true, "r_github_packages": ["a"], "r_packages": ["a"],
        "repos": {"a": "b"}, "rvm": "3.1", "sbt_args": "a", "smalltalk": "a",
        "smalltalk_config": "a", "smalltalk_edge": {"source": "a/b", "branch": "c"},
        "solution": "a", "virtualenv": {"system_site_packages": true},
        "warnings_are_errors": false, "xcode_destination": "a", "xcode_project": "a",
        "xcode_scheme": "a", "xcode_sdk": "a", "xcode_workspace": "a"
    }"#;
    serde_json::from_str(text).unwrap()
}

/// The sections one by one: what one of them needs may not be another's to bring.
fn sections() -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    all.push(json!({"services": SERVICES}));
    all.extend([
        json!({"cache": {"directories": ["a"], "timeout": 5}}),
        json!({"addons": {"apt": {"packages": ["a"]}}}),
        json!({"addons": {"apt": {"update": true}}}),
        json!({"addons": {"apt": {"sources": ["deadsnakes"]}}}),
        json!({"addons": {"apt_packages": ["a"]}}),
        json!({"addons": {"hosts": ["a"]}}),
        json!({"addons": {"hostname": "a"}}),
        json!({"addons": {"ssh_known_hosts": ["a"]}}),
        json!({"addons": {"artifacts": true}}),
        json!({"addons": {"chrome": "stable"}}),
        json!({"addons": {"firefox": "latest"}}),
        json!({"addons": {"postgresql": "9.6"}}),
        json!({"addons": {"mariadb": "10.1"}}),
        json!({"addons": {"snaps": ["a"]}}),
        json!({"git": {"clone": false}}),
        json!({"git": {"strategy": "tarball", "submodules": false, "depth": false, "quiet": true}}),
        json!({"git": {"sparse_checkout": "a", "lfs_skip_smudge": true, "symlinks": true}}),
        json!({"deploy": {"provider": "script", "script": "a"}}),
        json!({"deploy": {"provider": "script", "script": "a", "cleanup": true, "on": {"all_branches": true}}}),
        json!({"deploy": {"provider": "releases", "token": "a", "file": "b", "on": {"tags": true}}}),
        json!({"deploy": {"provider": "npm"}}),
        json!({"script": ["travis_setup_postgresql", "travis_install_jdk openjdk11", "travis_wait a"]}),
        json!({"before_deploy": ["a"], "after_deploy": ["b"], "deploy": {"provider": "script"}}),
        json!({"env": [{"A": {"decrypted": "x"}}], "if": "x"}),
    ]);
    for config in &mut all {
        config["language"] = json!("shell");
    }
    all
}

fn configurations() -> Vec<Value> {
    let mut all: Vec<Value> = LANGUAGES
        .iter()
        .map(|language| json!({"language": language}))
        .collect();
    for language in WITH_OPTIONS {
        let mut config = options();
        config["language"] = json!(language);
        all.push(config);
    }
    all.extend(sections());
    let services = [SERVICES, &["what's this"]].concat();
    all.push(json!({
        "language": "ruby", "rvm": "3.1", "os": "linux",
        "env": [{"A": "1"}, {"B": "$(x) y"}, {"C": {"decrypted": "it's $1"}}],
        "cache": {"bundler": true, "npm": true, "yarn": true, "pip": true, "cargo": true,
            "ccache": true, "packages": true, "cocoapods": true, "composer": true, "apt": true,
            "directories": ["$HOME/.m2", "it's"], "timeout": 10},
        "services": (services),
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
    let configurations = configurations();
    let last = configurations.len() - 1;
    for (index, config) in configurations.into_iter().enumerate() {
        let is_whole = index == last;
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
    let found = check(&files);
    let lines: Vec<&str> = found.lines().take(40).collect();
    assert!(found.is_empty(), "{}\n{names:?}", lines.join("\n"));
}

/// What shellcheck finds, by two processes side by side.
fn check(files: &[PathBuf]) -> String {
    let run = |files: &[PathBuf]| {
        let output = Command::new("shellcheck")
            .args(["--shell=bash", "--norc", "--format=gcc"])
            .args(files)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let (one, other) = files.split_at(files.len() / 2);
    std::thread::scope(|scope| {
        let one = scope.spawn(|| run(one));
        run(other) + &one.join().unwrap()
    })
}
