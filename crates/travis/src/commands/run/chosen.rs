//! Which jobs of a plan are run here.

use crate::cli::run::RunArgs;
use crate::failure::{Failure, Status};
use travis_config::{Plan, PlannedJob};

/// One job of the plan, and whether it runs here.
pub struct Chosen<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// The job.
    pub job: &'a PlannedJob,
    /// Why it does not run here.
    pub skipped: Option<String>,
}

/// The jobs that were asked for, in the order of their numbers.
///
/// # Errors
/// When a number, name or stage is none of the file's.
pub fn choose<'a>(plan: &'a Plan, args: &RunArgs) -> Result<Vec<Chosen<'a>>, Failure> {
    let mut wanted: Vec<usize> = Vec::new();
    for word in &args.job {
        wanted.extend(find(plan, word)?);
    }
    for stage in &args.stage {
        if !plan.jobs.iter().any(|job| is_in(job, stage)) {
            let known: Vec<&str> = plan.stages.iter().map(String::as_str).collect();
            let remedy = match known.as_slice() {
                [] => "The file has no stages: leave --stage out.".to_owned(),
                known => format!("Its stages: {}.", known.join(", ")),
            };
            return Err(
                Failure::new(Status::NotFound, format!("no job is in a stage {stage:?}"))
                    .remedy(remedy),
            );
        }
    }
    Ok(plan
        .jobs
        .iter()
        .enumerate()
        .map(|(index, job)| (index + 1, job))
        .filter(|(number, _)| args.job.is_empty() || wanted.contains(number))
        .filter(|(_, job)| {
            args.stage.is_empty() || args.stage.iter().any(|stage| is_in(job, stage))
        })
        .map(|(number, job)| Chosen {
            number,
            job,
            skipped: elsewhere(job),
        })
        .collect())
}

fn is_in(job: &PlannedJob, stage: &str) -> bool {
    job.stage.to_lowercase() == stage.to_lowercase()
}

/// The jobs that a word names: a number, or a name that more than one may bear.
fn find(plan: &Plan, word: &str) -> Result<Vec<usize>, Failure> {
    let number = word.strip_prefix("1.").unwrap_or(word).parse::<usize>();
    if let Ok(number) = number
        && (1..=plan.jobs.len()).contains(&number)
    {
        return Ok(vec![number]);
    }
    let named: Vec<usize> = plan
        .jobs
        .iter()
        .enumerate()
        .filter(|(_, job)| job.name.as_deref() == Some(word))
        .map(|(index, _)| index + 1)
        .collect();
    if named.is_empty() {
        return Err(
            Failure::new(Status::NotFound, format!("the file has no job {word:?}"))
                .remedy("See them: travis run --list"),
        );
    }
    Ok(named)
}

/// Why this machine can't run a job.
fn elsewhere(job: &PlannedJob) -> Option<String> {
    let text = |key: &str| job.config[key].as_str();
    if let Some(os) = text("os")
        && os != "linux"
    {
        return Some(format!("needs {os}"));
    }
    let here = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        other => other,
    };
    match text("arch") {
        Some(arch) if arch != here && !arch.starts_with(here) => {
            Some(format!("needs {arch}, this is {here}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;
    use travis_config::{PlanContext, plan};

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: RunArgs,
    }

    const FILE: &str = "os: [linux, osx]\nscript: 'true'\njobs:\n  include:\n  - {stage: lint, name: Format, script: f}\n";

    fn numbers(words: &[&str]) -> Result<Vec<(usize, bool)>, Failure> {
        let plan = plan(FILE, &PlanContext::default()).unwrap();
        let words = std::iter::once("run").chain(words.iter().copied());
        let args = Line::try_parse_from(words).unwrap().args;
        let chosen = choose(&plan, &args)?;
        Ok(chosen
            .iter()
            .map(|chosen| (chosen.number, chosen.skipped.is_none()))
            .collect())
    }

    #[test]
    fn jobs_by_number_name_and_stage() {
        assert_eq!(numbers(&[]).unwrap(), [(1, true), (2, false), (3, true)]);
        assert_eq!(numbers(&["--job", "2"]).unwrap(), [(2, false)]);
        assert_eq!(numbers(&["--job", "1.3"]).unwrap(), [(3, true)]);
        assert_eq!(numbers(&["--job", "Format"]).unwrap(), [(3, true)]);
        assert_eq!(numbers(&["--stage", "LINT"]).unwrap(), [(3, true)]);
        for words in [["--job", "4"], ["--job", "format"], ["--stage", "deploy"]] {
            assert_eq!(numbers(&words).unwrap_err().status, Status::NotFound);
        }
    }
}
