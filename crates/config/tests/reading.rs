//! Compares the normalized configuration and the messages with what the original makes of the
//! same files, where those are at hand.

mod support;

use serde_json::Value;
use support::{Score, cases, config_difference, difference, given, wanted};
use travis_config::{ConfigError, Options, PlanContext, plan, read};

fn compare(file: &str) -> Option<(Score, Score)> {
    let mut configs = Score::default();
    let mut messages = Score::default();
    let context = PlanContext {
        branch: "master".to_owned(),
        ..PlanContext::default()
    };
    for case in cases(file)? {
        let source = case["yaml"].as_str()?;
        let name = case["path"].as_str().unwrap_or(source);
        let got = plan(source, &context);
        let want = case.get("config").filter(|config| !config.is_null());
        match (want, got) {
            (None, got) => {
                let refused = matches!(got, Err(ConfigError::NotAMap { .. }));
                configs.count(refused, || format!("{name:?}: not refused"));
                messages.count(refused, || format!("{name:?}: not refused"));
            }
            (Some(_), Err(error)) => {
                configs.count(false, || format!("{name:?}: {error}"));
                messages.count(false, || format!("{name:?}: {error}"));
            }
            (Some(want), Ok(plan)) => {
                let (config, told) = (plan.config, plan.messages);
                configs.count(config == *want, || {
                    let mut text = format!("{name:?}:");
                    config_difference(want, &config, "", &mut text);
                    text
                });
                let (want, got) = (wanted(&case), given(&told));
                messages.count(got == want, || {
                    format!("{name:?}:{}", difference(&want, &got))
                });
            }
        }
    }
    configs.print(&format!("{file} configuration"));
    messages.print(&format!("{file} messages"));
    Some((configs, messages))
}

#[test]
fn real_files_mean_what_they_did() {
    if let Some((configs, messages)) = compare("real_golden.jsonl") {
        assert!(configs.percent() >= 99.0);
        assert!(messages.percent() >= 98.0);
    }
}

#[test]
fn adversarial_files_mean_what_they_did() {
    if let Some((configs, messages)) = compare("spec_golden.jsonl") {
        assert!(configs.percent() >= 99.0);
        assert!(messages.percent() >= 98.0);
    }
}

/// The options that a case was specified under.
fn options(case: &Value) -> Options {
    let flag = |name: &str| case["opts"][name].as_bool().unwrap_or(false);
    Options {
        alert: flag("alert"),
        defaults: flag("defaults"),
        empty: flag("empty"),
        fix: flag("fix"),
        support: flag("support"),
        drop: flag("drop"),
    }
}

/// Whether a message that is asked for is among those given; lines are compared elsewhere.
fn is_among(want: &Value, given: &[travis_config::Message]) -> bool {
    let text = |index: usize| want[index].as_str().unwrap_or_default();
    given.iter().any(|message| {
        message.level.as_str() == text(0)
            && message.key == text(1)
            && message.code == text(2)
            && want[3].as_object().is_none_or(|args| {
                args.iter()
                    .filter(|(name, _)| !["line", "src"].contains(&name.as_str()))
                    .all(|(name, value)| message.args.get(name) == Some(value))
            })
    })
}

#[test]
fn specified_cases_hold() {
    let Some(cases) = cases("spec_cases.jsonl") else {
        return;
    };
    let mut score = Score::default();
    for case in cases {
        let source = case["yaml"].as_str().unwrap_or_default();
        if !case["rows"].is_null() {
            continue;
        }
        let name = format!("{} {source:?}", case["file"].as_str().unwrap_or_default());
        let Ok((config, messages)) = read(source, options(&case)) else {
            score.count(false, || format!("{name}: refused"));
            continue;
        };
        let mut wrong = String::new();
        if !case["serialize"].is_null() && config != case["serialize"] {
            config_difference(&case["serialize"], &config, "", &mut wrong);
        }
        for want in case["msgs"].as_array().into_iter().flatten() {
            if !is_among(want, &messages) {
                wrong.push_str(&format!(" no {want}"));
            }
        }
        for unwanted in case["not_msgs"].as_array().into_iter().flatten() {
            let none = unwanted.as_array().is_some_and(Vec::is_empty);
            if (none && !messages.is_empty()) || (!none && is_among(unwanted, &messages)) {
                let texts: Vec<String> = messages.iter().map(|m| m.full_text()).collect();
                wrong.push_str(&format!(" unwanted {texts:?}"));
            }
        }
        score.count(wrong.is_empty(), || format!("{name}:{wrong}"));
    }
    score.print("spec_cases.jsonl");
    assert!(score.percent() >= 96.0);
}
