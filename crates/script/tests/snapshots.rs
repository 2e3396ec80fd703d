//! The text of scripts of the main shapes.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::json;
use support::{input, plain};
use travis_script::{JobInput, PullRequest, compile};

/// The script without the functions that all have.
fn body(input: &JobInput) -> String {
    let text = compile(input).unwrap().text;
    text.replace(include_str!("../src/bash/functions.bash"), "[functions]\n")
        .replace(include_str!("../src/bash/public.bash"), "[public]\n")
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(body(&plain(json!({"script": ["true"]}))));
}

#[test]
fn all_phases() {
    insta::assert_snapshot!(body(&plain(json!({
        "env": [{"A": "1"}, {"B": "\"x y\""}, {"secure": "abc"}, {"-bad": "1"}],
        "before_install": ["a"],
        "install": ["b", "it's c"],
        "before_script": ["d"],
        "script": ["e", "f\ng\n"],
        "before_cache": ["h"],
        "after_success": ["i"],
        "after_failure": ["skip"],
        "after_script": ["j"],
        "deploy": [{"provider": "npm"}],
        "services": ["redis"],
    }))));
}

#[test]
fn a_pull_request_with_a_checkout() {
    let mut job = input(json!({
        "language": "node_js", "node_js": "20",
        "git": {"depth": 3, "submodules_depth": 2, "sparse_checkout": "src", "autocrlf": "input",
            "lfs_skip_smudge": true},
    }));
    job.pull_request = Some(PullRequest {
        number: 3,
        head_branch: "topic".into(),
        head_sha: "fedcba9".into(),
        head_slug: "other/name".into(),
        is_draft: true,
    });
    job.event_type = "pull_request".into();
    job.git_ref = Some("refs/pull/3/merge".into());
    insta::assert_snapshot!(body(&job));
}
