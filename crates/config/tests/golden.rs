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

/// How many files expanded alike.
#[derive(Debug, Default)]
struct Score {
    cases: usize,
    counts: usize,
    same: usize,
    stages: usize,
    messages: usize,
}

/// The messages that this part gives; others belong to sections that are kept as parsed.
const CODES: &[&str] = &[
    "duplicate_key",
    "overwrite",
    "unknown_key",
    "find_key",
    "default",
];

fn count(codes: &[&str]) -> Vec<usize> {
    CODES
        .iter()
        .map(|code| codes.iter().filter(|given| *given == code).count())
        .collect()
}

/// Compares a whole file of cases; `None` where the file is not at hand.
fn compare(file: &str) -> Option<Score> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/travis-yml")
        .join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: the conformance data is not at hand");
        return None;
    };
    let verbose = std::env::var_os("GOLDEN_VERBOSE").is_some();
    let mut score = Score::default();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).ok()?;
        let source = case["yaml"].as_str()?;
        let name = case["path"].as_str().unwrap_or(source);
        let got = plan(source, &PlanContext::default());
        let Some(want) = case["jobs"].as_array() else {
            // Refused as a whole by the original.
            score.cases += 1;
            if got.is_err() {
                score.counts += 1;
                score.same += 1;
            } else if verbose {
                println!("{name}: not refused");
            }
            continue;
        };
        // Conditions are judged by a later part: files with them would not compare.
        let skips = case["messages"].to_string().contains("\"skip_");
        if uses_conditions(&case["config"]) || skips {
            continue;
        }
        score.cases += 1;
        let got = match got {
            Ok(got) => got,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        let want: Vec<Value> = want.iter().map(picked).collect();
        let jobs: Vec<Value> = got.jobs.iter().map(|job| picked(&job.config)).collect();
        score.counts += usize::from(jobs.len() == want.len());
        score.same += usize::from(jobs == want);
        if verbose && jobs != want {
            let pair = jobs.iter().zip(&want).find(|(got, want)| got != want);
            println!("{name}: {} jobs, want {}: {pair:?}", jobs.len(), want.len());
        }
        let stages: Vec<Value> = case["stages"]
            .as_array()
            .map(|list| list.iter().map(|stage| stage["name"].clone()).collect())
            .unwrap_or_default();
        if got.stages.iter().map(|name| json!(name)).eq(stages) {
            score.stages += 1;
        } else if verbose {
            println!("{name}: stages {:?}", got.stages);
        }
        let codes: Vec<&str> = got.messages.iter().map(|message| message.code).collect();
        let wanted: Vec<&str> = case["messages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|message| {
                // Messages of sections that are kept as parsed are given by a later part.
                let key = message["key"].as_str().unwrap_or_default();
                ![
                    "deploy",
                    "notifications",
                    "addons",
                    "import",
                    "vm",
                    "workspaces",
                ]
                .iter()
                .any(|section| key.split('.').any(|part| part == *section))
            })
            .filter_map(|message| message["code"].as_str())
            .collect();
        if count(&codes) == count(&wanted) {
            score.messages += 1;
        } else if verbose {
            println!("{name}: messages {codes:?}, want {wanted:?}");
        }
    }
    println!("{file}: {score:?}");
    Some(score)
}

#[test]
fn real_files_expand_as_in_the_original() {
    if let Some(score) = compare("real_golden.jsonl") {
        assert!(score.counts * 100 >= score.cases * 99, "{score:?}");
        assert!(score.same * 100 >= score.cases * 94, "{score:?}");
        assert!(score.stages * 100 >= score.cases * 99, "{score:?}");
    }
}

#[test]
fn adversarial_files_expand_as_in_the_original() {
    if let Some(score) = compare("spec_golden.jsonl") {
        assert!(score.counts * 100 >= score.cases * 99, "{score:?}");
    }
}
