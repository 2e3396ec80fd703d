//! Whole results: configuration, jobs, stages and messages of a file.

use std::collections::BTreeMap;

use serde_json::Value;
use travis_config::{lint_context, lint_json};

use crate::{Row, cases, difference, name};

/// Level, key and code of all messages, counted.
fn told(result: &Value) -> BTreeMap<[String; 3], i32> {
    let mut counts = BTreeMap::new();
    for message in result["messages"].as_array().into_iter().flatten() {
        let text = |key: &str| message[key].as_str().unwrap_or_default().to_owned();
        *counts
            .entry(["level", "key", "code"].map(text))
            .or_insert(0) += 1;
    }
    counts
}

pub(super) fn rows(file: &'static str, floors: [f64; 3]) -> Vec<Row> {
    let mut jobs = Row::new(file, "jobs and stages", floors[0]);
    let mut configs = Row::new(file, "configuration", floors[1]);
    let mut messages = Row::new(file, "messages: level, key, code", floors[2]);
    let context = lint_context();
    for case in cases(file).unwrap_or_default() {
        let name = name(&case);
        let got = lint_json(case["yaml"].as_str().unwrap_or_default(), &context);
        if case.get("error").is_some() || got.get("error").is_some() {
            let same = case.get("error").is_some() && got.get("error").is_some();
            for row in [&mut jobs, &mut configs, &mut messages] {
                row.count(same, || format!("{name}: {}", got["error_message"]));
            }
            continue;
        }
        for (row, keys) in [
            (&mut jobs, &["jobs", "stages"][..]),
            (&mut configs, &["config"]),
        ] {
            let same = keys.iter().all(|key| case[*key] == got[*key]);
            row.count(same, || {
                let mut text = format!("{name}:");
                for key in keys {
                    difference(&case[*key], &got[*key], key, &mut text);
                }
                text
            });
        }
        let (wanted, given) = (told(&case), told(&got));
        messages.count(wanted == given, || {
            let mut text = format!("{name}:");
            let keys: std::collections::BTreeSet<_> = wanted.keys().chain(given.keys()).collect();
            for key in keys {
                let count = |counts: &BTreeMap<_, i32>| counts.get(key).copied().unwrap_or(0);
                match count(&given) - count(&wanted) {
                    0 => {}
                    surplus => text.push_str(&format!(" {surplus:+} {}", key.join(" "))),
                }
            }
            text
        });
    }
    vec![jobs, configs, messages]
}
