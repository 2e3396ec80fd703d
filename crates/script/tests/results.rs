//! Results: what a job leaves in the directory that the worker lends.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::{Value, json};
use std::path::Path;
use support::{Outcome, check_marks, plain, run_in};

fn run(root: &Path, config: Value) -> (Outcome, Vec<String>) {
    let (home, lent) = (root.join("home"), root.join("lent"));
    std::fs::create_dir_all(home.join("build/owner/name")).unwrap();
    std::fs::create_dir_all(&lent).unwrap();
    let mut job = plain(config);
    job.settings_env = vec![travis_script::EnvVar {
        name: "TRAVIS_RESULTS_DIR".into(),
        value: lent.to_str().unwrap().into(),
        public: true,
    }];
    let outcome = run_in(&home, &job, &std::env::var("PATH").unwrap());
    let list = std::fs::read_to_string(lent.join("results.list")).unwrap_or_default();
    let records = list.split('\0').filter(|record| !record.is_empty());
    (outcome, records.map(str::to_owned).collect())
}

#[test]
fn what_is_named_and_what_is_usual_is_left() {
    let root = tempfile::tempdir().unwrap();
    let make = "cd \"$TRAVIS_BUILD_DIR\"; mkdir -p target/nextest/ci 'out dir/deep' logs; \
        echo '<a/>' >target/nextest/ci/junit.xml; echo x >'out dir/deep/a b.txt'; \
        echo y >logs/1.log; echo z >logs/2.txt; ln -s /etc/passwd logs/link.log; false";
    let (outcome, mut left) = run(
        root.path(),
        json!({"script": [make], "results": {"artifacts": ["out dir", "logs/*.log", "none"]},
            "addons": {"artifacts": {"paths": ["logs/2.txt"]}}}),
    );
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    check_marks(&outcome.log);
    left.sort();
    assert_eq!(
        left,
        [
            "artifact logs/1.log",
            "artifact logs/2.txt",
            "artifact out dir/deep/a b.txt",
            "report target/nextest/ci/junit.xml"
        ]
    );
    let first = std::fs::read_to_string(root.path().join("lent/result.0")).unwrap();
    assert_eq!(first, "<a/>\n");
}

#[test]
fn a_job_that_ends_early_leaves_them_too() {
    for end in ["exit 3", "set -e; false", "false"] {
        let root = tempfile::tempdir().unwrap();
        let script = format!("cd \"$TRAVIS_BUILD_DIR\"; echo '<a/>' >my.xml; {end}");
        let (_, left) = run(
            root.path(),
            json!({"script": [script], "results": {"tests": ["*.xml"]}}),
        );
        assert_eq!(left, ["report my.xml"], "{end}");
    }
    // Or none at all.
    let root = tempfile::tempdir().unwrap();
    let script = "cd \"$TRAVIS_BUILD_DIR\"; echo '<a/>' >junit.xml";
    let (outcome, left) = run(root.path(), json!({"script": [script], "results": false}));
    check_marks(&outcome.log);
    assert_eq!((outcome.code, left.len()), (0, 0));
}
