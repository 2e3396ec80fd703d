//! Compares with what the original makes of real files, where those are at hand.

use std::path::Path;

use serde_json::{Value, json};
use travis_config::{PlanContext, plan};

const KEYS: &[&str] = &[
    "language",
    "os",
    "arch",
    "dist",
    "osx_image",
    "compiler",
    "jdk",
    "crystal",
    "dotnet",
    "mono",
    "solution",
    "d",
    "dart",
    "elixir",
    "otp_release",
    "elm",
    "node_js",
    "go",
    "hhvm",
    "php",
    "ghc",
    "haxe",
    "julia",
    "matlab",
    "nix",
    "perl",
    "perl6",
    "python",
    "r",
    "rvm",
    "gemfile",
    "xcode_scheme",
    "xcode_sdk",
    "rust",
    "scala",
    "smalltalk",
    "smalltalk_config",
    "smalltalk_vm",
    "env",
    "stage",
    "name",
    "before_install",
    "install",
    "before_script",
    "script",
    "after_success",
    "after_failure",
    "after_script",
    "allow_failure",
];

/// The share of files, in percent, that must expand to the same jobs in the same order.
const FLOOR: usize = 93;

fn uses_conditions(value: &Value) -> bool {
    match value {
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key == "if" && value.is_string() || uses_conditions(value)),
        Value::Array(items) => items.iter().any(uses_conditions),
        _ => false,
    }
}

fn picked(job: &Value) -> Value {
    let mut picked = serde_json::Map::new();
    for key in KEYS {
        if let Some(value) = job.get(*key)
            && *value != json!([])
        {
            picked.insert((*key).to_owned(), value.clone());
        }
    }
    Value::Object(picked)
}

#[test]
fn real_files_expand_as_in_the_original() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/travis-yml/real_golden.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: the conformance data is not at hand");
        return;
    };
    let verbose = std::env::var_os("GOLDEN_VERBOSE").is_some();
    let (mut cases, mut counts, mut same, mut codes) = (0, 0, 0, 0);
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let source = case["yaml"].as_str().unwrap();
        let want: Vec<Value> = case["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(picked)
            .collect();
        let name = &case["path"];
        let got = plan(source, &PlanContext::default());
        // Conditions are judged by a later part: files with them would not compare.
        if uses_conditions(&case["config"]) || case["messages"].to_string().contains("\"skip_") {
            continue;
        }
        cases += 1;
        let got = match got {
            Ok(got) => got,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        let jobs: Vec<Value> = got.jobs.iter().map(|job| picked(&job.config)).collect();
        if jobs.len() == want.len() {
            counts += 1;
        } else if verbose {
            println!("{name}: {} jobs, want {}", jobs.len(), want.len());
        }
        if jobs == want {
            same += 1;
        } else if verbose && jobs.len() == want.len() {
            let at = jobs.iter().zip(&want).position(|(a, b)| a != b).unwrap();
            println!("{name}: job {at}\n  got  {}\n  want {}", jobs[at], want[at]);
        }
        let got_codes: Vec<&str> = got.messages.iter().map(|m| m.code).collect();
        let known = [
            "duplicate_key",
            "overwrite",
            "unknown_key",
            "find_key",
            "default",
        ];
        let count = |code: &str| {
            case["messages"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|m| m["code"] == code)
                .count()
        };
        if known
            .iter()
            .all(|code| got_codes.iter().filter(|c| *c == code).count() == count(code))
        {
            codes += 1;
        } else if verbose {
            println!("{name}: codes {got_codes:?}");
        }
    }
    println!(
        "{cases} files: {counts} with as many jobs, {same} with equal jobs, {codes} with the same messages of the root"
    );
    assert!(counts * 100 >= cases * FLOOR && same * 100 >= cases * FLOOR);
}
