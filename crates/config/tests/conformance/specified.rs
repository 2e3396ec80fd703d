//! What single cases state: parts of a configuration, messages, jobs, and results of conditions.

use serde_json::{Map, Value};
use travis_config::conditions::{Condition, Data, DataJudge};
use travis_config::{Message, Options, PlanContext, expand, plan, read};

use crate::{Row, cases, difference, folder, name};

pub(super) fn rows() -> Vec<Row> {
    vec![spec_cases(), conditions()]
}

/// The options under which a case was specified; those that it does not name are off.
fn options(case: &Value) -> Options {
    let on = |name: &str| case["opts"][name].as_bool().unwrap_or(false);
    Options {
        alert: on("alert"),
        defaults: on("defaults"),
        empty: on("empty"),
        fix: on("fix"),
        support: on("support"),
        drop: on("drop"),
    }
}

fn context(case: &Value) -> PlanContext {
    let text = |key: &str| case["data"][key].as_str().unwrap_or_default().to_owned();
    let settings = case["data"]["env"].as_array().into_iter().flatten();
    let env = settings
        .filter_map(Value::as_object)
        .flatten()
        .map(|(name, value)| (name.clone(), value.to_string().replace('"', "")))
        .collect();
    PlanContext {
        branch: text("branch"),
        repo_slug: text("repo"),
        event_type: text("type"),
        env,
        ..PlanContext::default()
    }
}

/// Whether a message is the stated one: level, key, code, and the arguments that are stated.
fn is_stated(message: &Message, stated: &Value) -> bool {
    let level = message.level.as_str();
    stated[0] == level
        && stated[1] == message.key.as_str()
        && stated[2] == message.code
        && stated[3].as_object().is_none_or(|args| {
            args.iter().all(|(name, value)| match name.as_str() {
                // The original counts lines from 0.
                "line" => message.line.map(|line| u64::from(line) - 1) == value.as_u64(),
                _ => message.args.get(name) == Some(value),
            })
        })
}

fn spec_cases() -> Row {
    let mut row = Row::new("spec_cases.jsonl", "what each states", 96.0);
    for case in cases("spec_cases.jsonl").unwrap_or_default() {
        let mut text = String::new();
        let states = ["serialize", "rows"]
            .iter()
            .any(|key| !case[*key].is_null())
            || ["msgs", "not_msgs"]
                .iter()
                .any(|key| case[*key] != Value::Array(Vec::new()));
        let source = case["yaml"].as_str().unwrap_or_default();
        match read(source, options(&case)) {
            // Some only read a text that is no configuration, which is a unit's own affair.
            Err(_) if !states => {}
            Err(error) => text = format!(" {error}"),
            Ok((config, mut messages)) => {
                let skips = case["msgs"].to_string().contains("\"skip_");
                if skips && let Ok(plan) = plan(source, &context(&case)) {
                    messages.extend(plan.messages);
                }
                if case["serialize"].is_object() {
                    difference(&case["serialize"], &config, "config", &mut text);
                }
                let stated = |key: &str| case[key].as_array().cloned().unwrap_or_default();
                for wanted in stated("msgs") {
                    if !messages.iter().any(|message| is_stated(message, &wanted)) {
                        text.push_str(&format!(" {wanted} missing"));
                    }
                }
                for unwanted in stated("not_msgs") {
                    let any = unwanted.as_array().is_some_and(Vec::is_empty);
                    let told = messages.iter().find(|one| any || is_stated(one, &unwanted));
                    if let Some(told) = told {
                        text.push_str(&format!(" {} on {} unwanted", told.code, told.key));
                    }
                }
                rows_differ(&case, &config, &mut text);
            }
        }
        row.count(text.is_empty(), || format!("{}:{text}", name(&case)));
    }
    row
}

fn rows_differ(case: &Value, config: &Value, text: &mut String) {
    if !case["rows"].is_array() {
        return;
    }
    let none = Map::new();
    let config = config.as_object().unwrap_or(&none);
    match expand(config, &context(case), &DataJudge::default()) {
        Err(error) => text.push_str(&format!(" {error}")),
        Ok(expansion) => {
            let mut jobs: Vec<Value> = expansion.jobs.into_iter().map(|job| job.config).collect();
            // The rows are stated before the default stage is filled in.
            for (job, row) in jobs
                .iter_mut()
                .zip(case["rows"].as_array().into_iter().flatten())
            {
                if row.get("stage").is_none() && job["stage"] == "test" {
                    job.as_object_mut().map(|job| job.shift_remove("stage"));
                }
            }
            difference(&case["rows"], &Value::Array(jobs), "rows", text);
        }
    }
}

fn conditions() -> Row {
    let mut row = Row::new("conditions.jsonl", "acceptance, error text, results", 100.0);
    let sets = std::fs::read_to_string(folder().join("conditions.data.json")).unwrap_or_default();
    let sets: Vec<Value> = serde_json::from_str(&sets).unwrap_or_default();
    for case in cases("conditions.jsonl").unwrap_or_default() {
        let text = case["cond"].as_str().unwrap_or_default();
        let got: Value = match Condition::parse(text) {
            Err(error) => error.to_string().into(),
            Ok(condition) => sets
                .iter()
                .filter_map(Value::as_object)
                .map(|set| condition.holds(&Data::from_json(set)).ok())
                .collect::<Vec<_>>()
                .into(),
        };
        // A result that could not be had stands as a text.
        let wanted: Value = match case["eval"].as_array() {
            None => case["error"].clone(),
            Some(results) => results
                .iter()
                .map(Value::as_bool)
                .collect::<Vec<_>>()
                .into(),
        };
        row.count(wanted == got, || {
            format!("{text:?}: {wanted} wanted, {got} given")
        });
    }
    row
}
