//! What a `.travis.yml` would build, and what is odd about it, without a repository.

use super::messages::{MAIN, fatal, kept};
use crate::label;
use serde_json::Value;
use travis_config::conditions::DataJudge;
use travis_config::{ConfigError, Plan, PlanContext, RootSource};
use travis_model::scheduling::Requirements;

/// What a file comes to.
#[derive(Debug, Clone)]
pub struct Linted {
    /// What was noticed, in the form that builds keep.
    pub messages: Vec<Value>,
    /// The normalized configuration; null when the file can't be used.
    pub config: Value,
    /// The names of the stages in order; empty when the file uses none.
    pub stages: Vec<String>,
    /// The jobs, in the order of their numbers.
    pub jobs: Vec<LintedJob>,
}

/// A job that a file would make.
#[derive(Debug, Clone)]
pub struct LintedJob {
    /// The name that the file gives it, else what sets it apart.
    pub label: String,
    /// The stage that it belongs to.
    pub stage: String,
    /// Its environment in a line.
    pub env: String,
    /// The system that it runs on.
    pub os: String,
    /// The architecture that it runs on.
    pub arch: String,
    /// Whether its failure leaves the build green.
    pub allow_failure: bool,
    /// Its configuration; null for those behind [`MOST_BYTES`] of all jobs together.
    pub config: Value,
}

/// How much the configurations of all jobs may hold together, in bytes of JSON: anybody may ask, and
/// a few hundred jobs that share a large file would make an answer of many times its size.
const MOST_BYTES: usize = 4 << 20;

/// Reads a file as a push to the branch `main` would. What it imports is not fetched: only the text
/// itself is at hand, which a message says of each. Takes up to a tenth of a second for the
/// largest files that are read: not for a thread that others wait for.
#[must_use]
pub fn lint(source: &str) -> Linted {
    let context = PlanContext {
        branch: "main".to_owned(),
        event_type: "push".to_owned(),
        fork: Some(false),
        ..PlanContext::default()
    };
    let mut plan = match plan(source, &context) {
        Ok(plan) => plan,
        Err(error) => {
            return Linted {
                messages: vec![fatal(&error, source)],
                config: Value::Null,
                stages: Vec::new(),
                jobs: Vec::new(),
            };
        }
    };
    travis_config::offer_edits(source, &mut plan.messages);
    let mut linted = shown(plan);
    linted.messages = linted.messages.into_iter().map(unfollowed).collect();
    linted
}

/// What a plan comes to, for showing.
pub(crate) fn shown(plan: Plan) -> Linted {
    let mut left = MOST_BYTES;
    let jobs = plan.jobs.into_iter().map(|job| {
        let needs = Requirements::of_config(&job.config);
        let label = label::job_label(job.name.as_deref(), &job.config);
        let env = Some(label::env_label(&job.config)).filter(|env| *env != label);
        LintedJob {
            label,
            stage: job.stage,
            env: env.unwrap_or_default(),
            os: needs.os,
            arch: needs.arch,
            allow_failure: job.allow_failure,
            config: within(&mut left, job.config),
        }
    });
    Linted {
        jobs: jobs.collect(),
        messages: plan.messages.iter().map(kept).collect(),
        config: plan.config,
        stages: plan.stages,
    }
}

/// The value, when it takes no more than is left.
fn within(left: &mut usize, value: Value) -> Value {
    let size = match *left {
        0 => usize::MAX,
        _ => value.to_string().len(),
    };
    match left.checked_sub(size) {
        Some(rest) => {
            *left = rest;
            value
        }
        None => {
            *left = 0;
            Value::Null
        }
    }
}

fn plan(source: &str, context: &PlanContext) -> Result<Plan, ConfigError> {
    if source.contains("import") {
        let root = RootSource {
            name: MAIN,
            text: source,
        };
        travis_config::plan_sources(root, &[], context, &DataJudge::default())
    } else {
        travis_config::plan(source, context)
    }
}

/// Nothing was looked for here, so what is missing is no mistake of the file.
fn unfollowed(mut message: Value) -> Value {
    if message["code"] == "unknown_import" {
        let source = message["args"]["source"].as_str().unwrap_or_default();
        message["text"] = format!("import not followed here: {source}").into();
        message["code"] = "import_not_followed".into();
        message["level"] = "info".into();
        message["remedy"] =
            "A build reads it. What it adds is missing from the messages and jobs shown.".into();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_jobs_and_messages() {
        let linted = lint("language: rust\nrust: [stable, beta]\nscirpt: make\n");
        assert_eq!(linted.jobs.len(), 2);
        assert_eq!(linted.jobs[1].label, "Rust beta");
        let found = linted.messages.iter().find(|one| one["line"] == 3).unwrap();
        assert_eq!(
            (&found["src"], &found["key"]),
            (&MAIN.into(), &"root".into())
        );
    }

    #[test]
    fn imports_are_named_and_not_followed() {
        let linted = lint("language: rust\nimport:\n  - ci/common.yml\n  - ../x\n");
        let told: Vec<_> = linted
            .messages
            .iter()
            .map(|one| {
                (
                    one["level"].as_str(),
                    one["code"].as_str(),
                    one["line"].as_u64(),
                )
            })
            .collect();
        assert!(
            told.contains(&(Some("info"), Some("import_not_followed"), Some(3))),
            "{told:?}"
        );
        assert!(
            told.contains(&(Some("error"), Some("invalid_ref"), Some(4))),
            "{told:?}"
        );
        assert_eq!(linted.jobs.len(), 1);
    }

    #[test]
    fn jobs_that_share_much_do_not_multiply_it() {
        let jobs: String = (0..30).map(|n| format!("  - A={n}\n")).collect();
        let text = format!("script: {}\nenv:\n{jobs}", "x".repeat(400_000));
        let linted = lint(&text);
        assert_eq!(linted.jobs.len(), 30);
        assert!(linted.jobs[0].config.is_object() && linted.jobs[29].config.is_null());
        let all: usize = linted
            .jobs
            .iter()
            .map(|job| job.config.to_string().len())
            .sum();
        assert!(all < MOST_BYTES + 1024, "{all}");
    }

    #[test]
    fn a_secret_in_plain_text_comes_with_what_to_do() {
        let linted = lint("deploy:\n  provider: cargo\n  token: abc\n");
        let alert = linted.messages.iter().find(|one| one["level"] == "alert");
        let remedy = alert.and_then(|one| one["remedy"].as_str()).unwrap();
        assert!(remedy.contains("Revoke it"), "{remedy}");
    }

    #[test]
    fn what_messages_repeat_of_a_file_is_bounded() {
        let long = "x".repeat(100_000);
        let text: String = (0..2_000)
            .map(|n| format!("unknown{n}: {long}\n"))
            .take(9)
            .collect();
        let odd: String = (0..10_000).map(|n| format!("odd{n}: a\n")).collect();
        let linted = lint(&(text + &odd));
        assert!(linted.messages.len() <= 500);
        let size = Value::from(linted.messages).to_string().len();
        assert!(size < 500 * 1024, "{size}");
    }

    #[test]
    fn a_file_that_is_no_yaml_gives_the_place() {
        let linted = lint("language: rust\nscript: [a\n");
        assert!(linted.config.is_null() && linted.jobs.is_empty());
        let [only] = linted.messages.as_slice() else {
            panic!("{:?}", linted.messages);
        };
        assert_eq!(
            (&only["fatal"], &only["code"]),
            (&true.into(), &"syntax_error".into())
        );
        assert!(only["line"].is_u64());
    }
}
