//! A build's rows from its configuration's plan. Pure.

use crate::{configuration::messages::kept, label};
use serde_json::Value;
use travis_store::{NewBuild, NewJob};

/// A job's row.
pub(crate) fn new_job(
    stage: usize,
    name: Option<String>,
    allow_failure: bool,
    config: Value,
    stage_name: &str,
) -> NewJob {
    let needs = travis_model::scheduling::Requirements::of_config(&config);
    NewJob {
        stage,
        cell: label::cell(stage_name, name.as_deref(), &config),
        name,
        allow_failure,
        config,
        os: needs.os,
        arch: needs.arch,
    }
}

/// Puts a plan's stages and jobs into a build.
pub(crate) fn fill(build: &mut NewBuild, plan: travis_config::Plan) {
    build.fast_finish = plan
        .config
        .pointer("/jobs/fast_finish")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    build.messages = plan.messages.iter().map(kept).collect();
    build.config = plan.config;
    let mut stages = plan.stages;
    for job in plan.jobs {
        let stage = stages
            .iter()
            .position(|name| *name == job.stage)
            .unwrap_or_else(|| {
                stages.push(job.stage.clone());
                stages.len() - 1
            });
        build.jobs.push(new_job(
            stage,
            job.name,
            job.allow_failure,
            job.config,
            &job.stage,
        ));
    }
    // Stages that no job names would never be begun.
    let mut kept = Vec::new();
    for (index, name) in stages.into_iter().enumerate() {
        if build.jobs.iter().any(|job| job.stage == index) {
            kept.push(name);
            let place = kept.len() - 1;
            build
                .jobs
                .iter_mut()
                .filter(|job| job.stage == index)
                .for_each(|job| job.stage = place);
        }
    }
    build.stages = kept;
    build.jobs.sort_by_key(|job| job.stage);
}

/// Whether a commit message asks for no build (reference B.6).
pub(crate) fn skips(message: &str) -> bool {
    const WORDS: [&str; 5] = ["ci", "travis", "travis ci", "travis-ci", "travisci"];
    let lower = message.to_lowercase();
    lower
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .any(|(inside, _)| {
            let words: Vec<&str> = inside
                .split([' ', ':', '\t'])
                .filter(|word| !word.is_empty())
                .collect();
            match words.as_slice() {
                ["skip", rest @ ..] => WORDS.contains(&rest.join(" ").as_str()),
                [rest @ .., "skip"] => WORDS.contains(&rest.join(" ").as_str()),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skip_words_are_those_of_the_original() {
        for message in [
            "[ci skip] docs",
            "docs [skip ci]",
            "x [travis skip]",
            "[skip travis-ci]",
            "[CI SKIP]",
        ] {
            assert!(skips(message), "{message}");
        }
        for message in ["ci skip", "[skip]", "[skip tests]", "skip [ci]", "[ci skip"] {
            assert!(!skips(message), "{message}");
        }
    }
}
