//! Expands the original's own normalized configurations and compares the jobs, where its results
//! are at hand.

use std::path::Path;

use serde_json::Value;
use travis_config::conditions::DataJudge;
use travis_config::{PlanContext, expand};

fn compare(file: &str) -> Option<(usize, usize)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/travis-yml")
        .join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: the conformance data is not at hand");
        return None;
    };
    let verbose = std::env::var_os("GOLDEN_VERBOSE").is_some();
    let (mut cases, mut same) = (0, 0);
    for (number, line) in text.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap();
        let Some(config) = case["config"].as_object() else {
            continue;
        };
        cases += 1;
        let context = PlanContext {
            branch: "master".to_owned(),
            event_type: "push".to_owned(),
            fork: Some(false),
            ..PlanContext::default()
        };
        let got = expand(config, &context, &DataJudge).unwrap();
        let jobs: Vec<Value> = got.jobs.iter().map(|job| job.config.clone()).collect();
        let told: Vec<(&str, &str, &Value)> = case["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|m| {
                let code = m["code"].as_str()?;
                let told = (m["key"].as_str()?, code, &m["args"]["condition"]);
                (code.starts_with("skip_") && code != "skip_notification").then_some(told)
            })
            .collect();
        let conditions: Vec<Value> = got
            .notices
            .iter()
            .map(|notice| notice.condition.as_str().into())
            .collect();
        let notices: Vec<(&str, &str, &Value)> = got
            .notices
            .iter()
            .zip(&conditions)
            .map(|(notice, condition)| (notice.key.as_str(), notice.code, condition))
            .collect();
        let want = case["jobs"].as_array().unwrap();
        let stages: Vec<&str> = case["stages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|s| s["name"].as_str())
            .collect();
        if jobs == *want && stages == got.stages && notices == told {
            same += 1;
        } else if verbose {
            println!(
                "== {file}:{} {} jobs, want {}",
                number + 1,
                jobs.len(),
                want.len()
            );
            if notices != told {
                println!("  notices {notices:?}, want {told:?}");
            }
            if stages != got.stages {
                println!("  stages {:?}, want {stages:?}", got.stages);
            }
            if let Some((index, (got, want))) = jobs
                .iter()
                .zip(want)
                .enumerate()
                .find(|(_, (got, want))| got != want)
            {
                let (got, want) = (got.as_object().unwrap(), want.as_object().unwrap());
                let keys: std::collections::BTreeSet<_> = got.keys().chain(want.keys()).collect();
                for key in keys {
                    if got.get(key) != want.get(key) {
                        println!(
                            "  job {index} {key}: {}, want {}",
                            got.get(key).map_or("-".into(), |v| v.to_string()),
                            want.get(key).map_or("-".into(), |v| v.to_string())
                        );
                    }
                }
            }
        }
    }
    println!("{file}: {same} of {cases}");
    Some((cases, same))
}

#[test]
fn jobs_of_real_files() {
    compare("real_golden.jsonl");
}

#[test]
fn jobs_of_adversarial_files() {
    compare("spec_golden.jsonl");
}
