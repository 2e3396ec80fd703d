//! What a `.travis.yml` would build, and what is odd about it, without a repository.

use super::messages::{fatal, kept};
use crate::label;
use serde_json::Value;
use travis_config::PlanContext;
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
    /// Its configuration.
    pub config: Value,
}

/// Reads a file as a push to the branch `main` would. Takes up to a tenth of a second for the
/// largest files that are read: not for a thread that others wait for.
#[must_use]
pub fn lint(source: &str) -> Linted {
    let context = PlanContext {
        branch: "main".to_owned(),
        event_type: "push".to_owned(),
        fork: Some(false),
        ..PlanContext::default()
    };
    let mut plan = match travis_config::plan(source, &context) {
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
            config: job.config,
        }
    });
    Linted {
        jobs: jobs.collect(),
        messages: plan.messages.iter().map(kept).collect(),
        config: plan.config,
        stages: plan.stages,
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::MAIN;
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
