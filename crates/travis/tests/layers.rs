//! Dependencies run one way (ARCHITECTURE.md): pure crates know nobody who does I/O, the use cases
//! know no adapter of the store and neither worker nor server, and nobody knows the binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// What each crate may use of ours. A new crate has to be put in here on purpose.
const MAY_USE: [(&str, &[&str]); 22] = [
    ("api", &[]),
    ("blobs", &["model"]),
    ("bus", &[]),
    ("config", &[]),
    ("egress", &[]),
    ("fake-forge", &[]),
    ("forge", &["model"]),
    ("images", &[]),
    ("logs", &[]),
    ("memory", &[]),
    ("model", &[]),
    ("results", &[]),
    ("sandbox", &["egress", "images"]),
    ("script", &[]),
    ("store", &["model"]),
    ("store-sqlite", &["model", "store"]),
    ("store-postgres", &["model", "store"]),
    (
        "engine",
        &[
            "blobs", "bus", "config", "forge", "images", "logs", "model", "results", "script",
            "store",
        ],
    ),
    (
        "worker",
        &["api", "egress", "forge", "logs", "memory", "sandbox"],
    ),
    (
        "server",
        &[
            "api", "bus", "engine", "forge", "logs", "model", "results", "store",
        ],
    ),
    ("bench", &["api", "config"]),
    ("fuzz", &["config", "script"]),
];

/// Libraries that mean I/O or a clock: not for pure crates.
const IMPURE: [&str; 7] = [
    "tokio",
    "sqlx",
    "axum",
    "reqwest",
    "rustix",
    "jiff",
    "async-trait",
];
const PURE: [&str; 6] = ["model", "config", "results", "script", "api", "images"];

/// Package → what it uses outside of its tests.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let used = package["dependencies"].as_array().unwrap();
            // A dependency's kind is null, "dev" or "build".
            let used = used.iter().filter(|one| one["kind"].is_null());
            (
                text(&package["name"]),
                used.map(|one| text(&one["name"])).collect(),
            )
        })
        .collect()
}

#[test]
fn crates_use_only_what_lies_below_them() {
    let packages = packages();
    let known: BTreeSet<String> = MAY_USE
        .iter()
        .map(|(name, _)| format!("travis-{name}"))
        .collect();
    let ours: BTreeSet<String> = packages
        .keys()
        .filter(|name| *name != "travis")
        .cloned()
        .collect();
    assert_eq!(
        ours, known,
        "a crate came or went: say in this test what it may use"
    );
    for (name, allowed) in MAY_USE {
        let used = &packages[&format!("travis-{name}")];
        for other in used.iter().filter_map(|one| one.strip_prefix("travis-")) {
            assert!(
                allowed.contains(&other),
                "{name} uses {other}, which it may not"
            );
        }
        assert!(!used.contains("travis"), "{name} uses the binary");
    }
}

#[test]
fn pure_crates_use_nothing_that_does_io() {
    let packages = packages();
    for name in PURE {
        let used = &packages[&format!("travis-{name}")];
        for library in IMPURE {
            assert!(!used.contains(library), "{name} is pure and uses {library}");
        }
    }
}
