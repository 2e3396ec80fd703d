//! Caches: the directory that the worker lends, packed and unpacked by real jobs.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::{Outcome, check_marks, plain, run_in};

/// Runs a job whose worker lends `lent`.
fn run(home: &Path, lent: &Path, config: Value) -> Outcome {
    let mut job = plain(config);
    job.settings_env = vec![travis_script::EnvVar {
        name: "TRAVIS_CACHE_DIR".into(),
        value: lent.to_str().unwrap().into(),
        public: true,
    }];
    let outcome = run_in(home, &job, &std::env::var("PATH").unwrap());
    check_marks(&outcome.log);
    outcome
}

fn members(archive: &Path) -> String {
    let output = Command::new("tar")
        .arg("-tzf")
        .arg(archive)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_one_job_stores_the_next_one_finds() {
    let root = tempfile::tempdir().unwrap();
    let lent = root.path().join("lent");
    std::fs::create_dir(&lent).unwrap();
    let cache = json!({"directories": ["$HOME/.m2", "deps", "/etc", "../../../..", "~/it's $(x)"], "pip": true});
    let work = |home: &Path| std::fs::create_dir_all(home.join("build/owner/name")).unwrap();

    let home = root.path().join("one");
    work(&home);
    let outcome = run(
        &home,
        &lent,
        json!({"cache": cache, "before_cache": ["rm -f deps/tmp"], "script": [
        "echo 1 >$HOME/.m2/a", "touch deps/tmp; echo 2 >deps/b; ln -s b deps/link", "echo 3 >\"$HOME/it's \\$(x)/c\""]}),
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    for part in [
        "travis_fold:start:cache.1",
        "could not download cache",
        "creating directory",
        "Not cached: /etc is not below",
        "Not cached: ../../../.. is not below",
        "travis_fold:start:cache.2",
        "change(s) detected",
        "changes detected, packing new archive",
    ] {
        assert!(outcome.log.contains(part), "{part}: {}", outcome.log);
    }
    let list = members(&lent.join("new.tgz"));
    for part in [
        "./.m2/a\n",
        "./build/owner/name/deps/b\n",
        "./it's $(x)/c\n",
    ] {
        assert!(list.contains(part), "{list}");
    }
    assert!(!list.contains("tmp"), "{list}");

    std::fs::rename(lent.join("new.tgz"), lent.join("fetched.tgz")).unwrap();
    let home = root.path().join("two");
    work(&home);
    let outcome = run(
        &home,
        &lent,
        json!({"cache": cache, "script": ["cat ~/.m2/a deps/link"]}),
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.log.contains("\n1\n2\n"), "{}", outcome.log);
    assert!(
        outcome.log.contains("nothing changed, not updating cache"),
        "{}",
        outcome.log
    );
    assert!(!lent.join("new.tgz").exists());

    // A change of a link's target alone is one; a failed job stores nothing.
    let change = ["ln -sf a deps/link"];
    for (index, (script, stores)) in [(json!([change[0], "false"]), false), (json!(change), true)]
        .into_iter()
        .enumerate()
    {
        let home = root.path().join(format!("three{index}"));
        work(&home);
        let outcome = run(&home, &lent, json!({"cache": cache, "script": script}));
        assert_eq!(lent.join("new.tgz").exists(), stores, "{}", outcome.log);
    }
}

#[test]
fn only_named_directories_are_unpacked() {
    let root = tempfile::tempdir().unwrap();
    let lent = root.path().join("lent");
    let bad = root.path().join("bad");
    std::fs::create_dir_all(bad.join("deps")).unwrap();
    std::fs::create_dir(&lent).unwrap();
    std::fs::write(bad.join(".bashrc"), "x").unwrap();
    std::fs::write(bad.join("deps/x"), "x").unwrap();
    let archive = lent.join("fetched.tgz");
    let status = Command::new("tar")
        .arg("-C")
        .arg(&bad)
        .arg("-czf")
        .arg(&archive)
        .args(["./.bashrc", "./deps"])
        .status()
        .unwrap();
    assert!(status.success());
    let home = root.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let outcome = run(
        &home,
        &lent,
        json!({"cache": {"directories": ["~/deps"]}, "script": ["true"]}),
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        home.join("deps/x").exists() && !home.join(".bashrc").exists(),
        "{}",
        outcome.log
    );
}

#[test]
fn a_damaged_cache_and_a_missing_one_fail_nothing() {
    let root = tempfile::tempdir().unwrap();
    let home = root.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let lent = root.path().join("lent");
    let config = json!({"cache": {"directories": ["~/deps"]}, "script": ["echo 1 >~/deps/x"]});
    let outcome = run(&home, &lent, config.clone());
    assert_eq!(outcome.code, 0);
    assert!(
        outcome
            .log
            .contains("This worker keeps no cache for this job.")
    );
    std::fs::create_dir(&lent).unwrap();
    std::fs::write(lent.join("fetched.tgz"), "no archive").unwrap();
    let outcome = run(&home, &lent, config);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        outcome
            .log
            .contains("The cache is damaged and is not used."),
        "{}",
        outcome.log
    );
    assert!(lent.join("new.tgz").exists(), "{}", outcome.log);
    let outcome = run(&home, &lent, json!({"cache": false, "script": ["true"]}));
    assert!(!outcome.log.contains("cache"), "{}", outcome.log);
}
