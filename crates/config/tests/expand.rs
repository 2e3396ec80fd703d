//! Expands the original's own normalized configurations and compares the jobs, where its results
//! are at hand.

use std::path::Path;

use serde_json::{Map, Value};
use travis_config::conditions::{Judge, Subject};
use travis_config::{PlanContext, expand};

/// Knows from the original's messages which conditions did not hold.
struct Told(Vec<(String, String)>);

impl Judge for Told {
    fn holds(
        &self,
        subject: Subject,
        condition: &str,
        _context: &PlanContext,
        _job: &Map<String, Value>,
    ) -> Option<bool> {
        let code = match subject {
            Subject::Job => "skip_job",
            Subject::Stage => "skip_stage",
            Subject::Exclude => "skip_exclude",
            Subject::AllowFailure => "skip_allow_failure",
        };
        let told = (code.to_owned(), condition.to_owned());
        Some(!self.0.contains(&told))
    }
}

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
        let told = case["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|m| {
                let condition = m["args"]["condition"].as_str()?;
                Some((m["code"].as_str()?.to_owned(), condition.to_owned()))
            })
            .collect();
        let got = expand(config, &PlanContext::default(), &Told(told)).unwrap();
        let jobs: Vec<Value> = got.jobs.iter().map(|job| job.config.clone()).collect();
        let want = case["jobs"].as_array().unwrap();
        let stages: Vec<&str> = case["stages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|s| s["name"].as_str())
            .collect();
        if jobs == *want && stages == got.stages {
            same += 1;
        } else if verbose {
            println!(
                "== {file}:{} {} jobs, want {}",
                number + 1,
                jobs.len(),
                want.len()
            );
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
