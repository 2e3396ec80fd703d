//! Runs scripts by bash in a home of their own.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "shared by several tests, none of which uses all of it"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use travis_script::{JobInput, compile};

/// Every language with steps of its own.
pub const LANGUAGES: &[&str] = &[
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

/// What a script printed and how it ended.
pub struct Outcome {
    pub code: i32,
    pub log: String,
}

pub fn input(config: Value) -> JobInput {
    JobInput {
        config,
        build_id: 1,
        build_number: 7,
        job_id: 2,
        job_number: "7.1".into(),
        event_type: "push".into(),
        branch: "main".into(),
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        commit_message: "message".into(),
        repo_slug: "owner/name".into(),
        clone_url: "https://example.test/owner/name.git".into(),
        app_host: "ci.example.test".into(),
        secure_env: true,
        ..JobInput::default()
    }
}

/// A shell job without a checkout.
pub fn plain(more: Value) -> JobInput {
    let mut config = json!({"language": "shell", "os": "linux", "git": {"clone": false}});
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    input(config)
}

pub fn run_in(home: &Path, input: &JobInput, path: &str) -> Outcome {
    let script = compile(input).unwrap();
    let file = home.join("job.sh");
    std::fs::write(&file, &script.text).unwrap();
    let output = Command::new("/bin/bash")
        .arg(&file)
        .env_clear()
        .env("HOME", home)
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut log = String::from_utf8_lossy(&output.stdout).into_owned();
    if !errors.is_empty() {
        log.push_str("\n[stderr] ");
        log.push_str(&errors);
    }
    Outcome {
        code: output.status.code().unwrap_or(-1),
        log,
    }
}

pub fn run(input: &JobInput) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    run_in(home.path(), input, &std::env::var("PATH").unwrap())
}

/// The log with ids and times replaced, so that it can be compared.
pub fn steady(log: &str) -> String {
    let mut result = String::new();
    let mut rest = log;
    while let Some(at) = rest.find("travis_time:") {
        result.push_str(&rest[..at]);
        let end = at + rest[at..].find('\r').unwrap();
        let mark = &rest[at..end];
        match mark.rsplit_once("event=") {
            Some((_, event)) => result.push_str(&format!("travis_time:end:ID:event={event}")),
            None => result.push_str("travis_time:start:ID"),
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    result
}

/// Checks that folds and times are well formed and nested.
pub fn check_marks(log: &str) {
    let mut open: Vec<String> = Vec::new();
    for mark in log.split("\u{1b}[0K") {
        let Some(at) = mark.rfind("travis_") else {
            continue;
        };
        let Some(mark) = mark[at..].strip_suffix('\r') else {
            continue;
        };
        let parts: Vec<&str> = mark.splitn(4, ':').collect();
        match parts[..] {
            ["travis_fold", "start", name] => open.push(format!("fold {name}")),
            ["travis_fold", "end", name] => assert_eq!(open.pop(), Some(format!("fold {name}"))),
            ["travis_time", "start", id] => {
                assert!(
                    id.len() == 8 && id.chars().all(|c| c.is_ascii_hexdigit()),
                    "{id}"
                );
                open.push(format!("time {id}"));
            }
            ["travis_time", "end", id, values] => {
                assert_eq!(open.pop(), Some(format!("time {id}")));
                let number = |key: &str| -> i64 {
                    let at = values.find(key).unwrap() + key.len();
                    values[at..].split(',').next().unwrap().parse().unwrap()
                };
                assert_eq!(number("finish=") - number("start="), number("duration="));
                assert!(number("start=") > 1_600_000_000_000_000_000);
            }
            _ => panic!("odd mark {mark:?}"),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// A directory of programs that print what they are asked, so that any machine gives one result.
pub fn programs(home: &Path, list: &[(&str, &str)]) -> String {
    use std::os::unix::fs::PermissionsExt;
    let bin = home.join("tools");
    std::fs::create_dir_all(&bin).unwrap();
    for (name, body) in list {
        let file = bin.join(name);
        std::fs::write(&file, format!("#!/bin/bash\n{body}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    bin.display().to_string()
}
