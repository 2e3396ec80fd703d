//! Small projects built with the tools of this machine, where it has them.

#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{check_marks, plain, run_in};

fn has(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

fn build(config: Value, files: &[(&str, &str)]) -> (i32, String) {
    let home = tempfile::tempdir().unwrap();
    let work = home.path().join("build/owner/name");
    for (name, text) in files {
        let file = work.join(name);
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let outcome = run_in(home.path(), &plain(config), &std::env::var("PATH").unwrap());
    check_marks(&outcome.log);
    (outcome.code, outcome.log)
}

#[test]
fn a_crate_is_built_and_tested() {
    if !has("cargo") {
        println!("skipped: no cargo on this machine");
        return;
    }
    let (code, log) = build(
        json!({"language": "rust", "rust": "stable"}),
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
            ),
            (
                "src/lib.rs",
                "#[test]\nfn adds() { assert_eq!(1 + 1, 2); }\n",
            ),
        ],
    );
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("The command \"cargo test --verbose\" exited with 0."),
        "{log}"
    );
}

#[test]
fn a_package_is_tested_on_another_node() {
    if !has("node") || !has("npm") {
        println!("skipped: no Node.js on this machine");
        return;
    }
    let (code, log) = build(
        json!({"language": "node_js", "node_js": "0.8"}),
        &[
            (
                "package.json",
                "{\"name\": \"sample\", \"version\": \"1.0.0\", \"scripts\": {\"test\": \"node test.js\"}}",
            ),
            ("test.js", "require('assert').strictEqual(1 + 1, 2);\n"),
        ],
    );
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("the job runs on Node.js v"), "{log}");
    assert!(
        log.contains("The command \"npm test\" exited with 0."),
        "{log}"
    );
}

#[test]
fn python_gets_an_environment_of_its_own() {
    if !has("python3") {
        println!("skipped: no Python on this machine");
        return;
    }
    let (code, log) = build(
        json!({"language": "python", "install": ["skip"],
            "script": ["python -c 'import sys; print(sys.prefix)'"]}),
        &[("x", "")],
    );
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("/virtualenv/python3") || log.contains("python3-venv"),
        "{log}"
    );
}
