//! The normalized configuration expanded to jobs.
//!
//! The order of the steps is the original's and matters: product, includes, shared keys,
//! excludes, unsupported keys, conditions, stages, duplicates, allowed failures, order.

mod notices;
mod rules;
mod stages;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::conditions::{Judge, Subject};
use crate::table::{self, EXPAND};
use crate::{ConfigError, MAX_JOBS, PlanContext, PlannedJob};

pub use notices::Notice;
use notices::Notices;
pub(crate) use notices::filter_notifications;

type Job = Map<String, Value>;

/// The matrix may be larger than a build before `exclude` thins it out, but not without end.
const MAX_ROWS: usize = 10 * MAX_JOBS;
/// What all jobs together may hold, in bytes.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// Up to so many jobs are compared one with another, more by their text.
const COMPARED: usize = 12;

/// Keys of the top that no job inherits.
const NOT_INHERITED: &[&str] = &[
    "jobs",
    "import",
    "stages",
    "notifications",
    "version",
    "allow_failure",
    "global_env",
    "merge_mode",
    "env",
];

/// Stages and jobs in their final order.
#[derive(Debug, Clone)]
pub struct Expansion {
    /// The names of the stages that have jobs; empty when the file uses none.
    pub stages: Vec<String>,
    /// The jobs, in the order of their numbers.
    pub jobs: Vec<PlannedJob>,
    /// What did not apply since its condition did not hold.
    pub notices: Vec<Notice>,
}

/// Expands a normalized configuration.
pub(crate) fn expand(
    config: &Job,
    context: &PlanContext,
    judge: &dyn Judge,
) -> Result<Expansion, ConfigError> {
    let matrix = Matrix::new(config);
    let mut notices = Notices::default();
    let mut jobs = matrix.rows()?;
    matrix.share(&mut jobs)?;
    let court = Court { context, judge };
    matrix.exclude(&mut jobs, &court, &mut notices);
    jobs.iter_mut().for_each(remove_unsupported);
    jobs.retain(|job| {
        let Some(condition) = job.get("if").and_then(Value::as_str) else {
            return true;
        };
        let kept = judge.holds(Subject::Job, condition, context, job) != Some(false);
        if !kept {
            // The original counts within a list of one, so that all have this number.
            notices.add("jobs.include", "skip_job", None, 1, condition);
        }
        kept
    });
    let order = stages::assign(config, &mut jobs);
    let dropped = stages::dropped(config, &matrix.whole(), &court, &mut notices);
    jobs.retain(|job| !stages::is_in(job, &dropped));
    unique(&mut jobs);
    matrix.allow_failures(&mut jobs, &court, &mut notices);
    if jobs.len() > MAX_JOBS {
        return Err(ConfigError::TooManyJobs { count: jobs.len() });
    }
    let stages = stages::present(&order, &jobs);
    jobs.sort_by_cached_key(|job| (stages::index(&stages, job), allowed_to_fail(job)));
    Ok(Expansion {
        jobs: jobs.into_iter().map(|job| planned(job, &stages)).collect(),
        stages,
        notices: notices.into_vec(),
    })
}

/// Who judges conditions, and by what.
struct Court<'c> {
    context: &'c PlanContext,
    judge: &'c dyn Judge,
}

fn allowed_to_fail(job: &Job) -> bool {
    job.get("allow_failure") == Some(&Value::Bool(true))
}

fn planned(job: Job, stages: &[String]) -> PlannedJob {
    PlannedJob {
        name: job.get("name").and_then(Value::as_str).map(str::to_owned),
        stage: stages
            .get(stages::index(stages, &job))
            .map_or(stages::DEFAULT, String::as_str)
            .to_owned(),
        allow_failure: allowed_to_fail(&job),
        config: Value::Object(job),
    }
}

/// The parts of the configuration that make jobs.
struct Matrix<'c> {
    config: &'c Job,
    global_env: &'c [Value],
    has_global_env: bool,
    job_env: &'c [Value],
    shared: Job,
}

fn list<'c>(config: &'c Job, key: &str) -> &'c [Value] {
    config
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn section<'c>(config: &'c Job, key: &str, below: &str) -> &'c [Value] {
    config
        .get(key)
        .and_then(Value::as_object)
        .map_or(&[], |map| list(map, below))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

impl<'c> Matrix<'c> {
    fn new(config: &'c Job) -> Self {
        let shared = config
            .iter()
            .filter(|(key, value)| {
                !is_blank(value)
                    && !EXPAND.contains(&key.as_str())
                    && !NOT_INHERITED.contains(&key.as_str())
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let env = config.get("env").and_then(Value::as_object);
        Self {
            config,
            global_env: section(config, "env", "global"),
            has_global_env: env.is_some_and(|env| env.contains_key("global")),
            job_env: section(config, "env", "jobs"),
            shared,
        }
    }

    /// The configuration as one job, for conditions that stand on no job.
    fn whole(&self) -> Job {
        let mut whole = self.shared.clone();
        if let Some(os) = list(self.config, "os").first() {
            whole.insert("os".to_owned(), os.clone());
        }
        let env = self.global_env.iter().chain(self.job_env).cloned();
        whole.insert("env".to_owned(), Value::Array(env.collect()));
        whole
    }

    /// The values that the key multiplies the jobs by.
    fn axis(&self, key: &str) -> &'c [Value] {
        if key == "env" {
            // Entries without any variable make no jobs of their own.
            let counts = self.job_env.iter().any(|entry| !is_blank(entry));
            return if counts { self.job_env } else { &[] };
        }
        let values = list(self.config, key);
        if self.any_os_supports(key) {
            values
        } else {
            &[]
        }
    }

    fn any_os_supports(&self, key: &str) -> bool {
        let language = text(self.config, "language");
        let systems = list(self.config, "os");
        (systems.is_empty() && table::supports(key, language, ""))
            || systems
                .iter()
                .any(|os| table::supports(key, language, system(Some(os))))
    }

    /// The product of the matrix keys, then the included jobs.
    fn rows(&self) -> Result<Vec<Job>, ConfigError> {
        let include = section(self.config, "jobs", "include");
        let mut axes: Vec<(&str, &[Value])> = Vec::new();
        let mut count = 1_usize;
        for key in EXPAND {
            let values = self.axis(key);
            if !values.is_empty() {
                count = count.saturating_mul(values.len());
                axes.push((key, values));
            }
        }
        let total = count.saturating_add(include.len());
        if total > MAX_ROWS {
            return Err(ConfigError::TooManyJobs { count: total });
        }
        let mut rows = vec![Job::new()];
        for (key, values) in &axes {
            rows = rows
                .iter()
                .flat_map(|row| {
                    values.iter().map(move |value| {
                        let mut row = row.clone();
                        let value = match *key {
                            "env" => Value::Array(own_env(std::slice::from_ref(value))),
                            _ => value.clone(),
                        };
                        row.insert((*key).to_owned(), value);
                        row
                    })
                })
                .collect();
        }
        // A matrix of single values beside `include` only says what the included jobs share.
        if rows.len() == 1 && !include.is_empty() {
            rows.clear();
        }
        let mut stage: Option<&Value> = None;
        for job in include.iter().filter_map(Value::as_object) {
            let mut job = job.clone();
            if let Some(Value::Array(env)) = job.get("env") {
                let env = Value::Array(own_env(env));
                job.insert("env".to_owned(), env);
            }
            rows.push(job);
        }
        let first = rows.len().saturating_sub(include.len());
        for (row, job) in rows.iter_mut().skip(first).zip(include) {
            match (job.get("stage"), stage) {
                (Some(named), _) => stage = Some(named),
                (None, Some(stage)) => {
                    row.insert("stage".to_owned(), stage.clone());
                }
                (None, None) => {}
            }
        }
        Ok(rows)
    }

    /// Puts the global variables before the job's own, each entry once.
    fn complete_env(&self, job: &mut Job) {
        let own = match job.remove("env") {
            Some(Value::Array(own)) => Some(own),
            Some(other) => Some(vec![other]),
            None => self.job_env.first().map(|first| vec![first.clone()]),
        };
        if own.is_none() && !self.has_global_env {
            return;
        }
        let mut env: Vec<Value> = Vec::new();
        for entry in self
            .global_env
            .iter()
            .cloned()
            .chain(own.into_iter().flatten())
        {
            if !env.contains(&entry) {
                env.push(entry);
            }
        }
        job.insert("env".to_owned(), Value::Array(env));
    }

    /// Gives every job the environment, what stands at the top, and the first value of each
    /// matrix key, except what it says itself.
    fn share(&self, jobs: &mut [Job]) -> Result<(), ConfigError> {
        let weight = rules::weight(&self.shared);
        if weight.saturating_mul(jobs.len()) > MAX_TOTAL_BYTES {
            return Err(ConfigError::TooMuchConfig);
        }
        let firsts: Vec<(&str, &Value)> = EXPAND
            .iter()
            .filter(|key| **key != "env" && self.any_os_supports(key))
            .filter_map(|key| Some((*key, list(self.config, key).first()?)))
            .collect();
        for job in jobs {
            for (key, value) in &self.shared {
                if !job.contains_key(key) {
                    job.insert(key.clone(), value.clone());
                }
            }
            for (key, value) in &firsts {
                if !job.contains_key(*key) {
                    job.insert((*key).to_owned(), (*value).clone());
                }
            }
            self.complete_env(job);
        }
        Ok(())
    }

    fn exclude(&self, jobs: &mut Vec<Job>, court: &Court<'_>, notices: &mut Notices) {
        let rules = section(self.config, "jobs", "exclude");
        jobs.retain(|job| {
            !rules.iter().enumerate().any(|(index, rule)| {
                self.applies(Subject::Exclude, (index, rule), job, court, notices)
            })
        });
    }

    fn allow_failures(&self, jobs: &mut [Job], court: &Court<'_>, notices: &mut Notices) {
        let rules = section(self.config, "jobs", "allow_failures");
        for job in jobs.iter_mut() {
            let allowed = rules.iter().enumerate().any(|(index, rule)| {
                self.applies(Subject::AllowFailure, (index, rule), job, court, notices)
            });
            if allowed {
                job.insert("allow_failure".to_owned(), Value::Bool(true));
            }
        }
    }

    fn applies(
        &self,
        subject: Subject,
        (index, rule): (usize, &Value),
        job: &Job,
        court: &Court<'_>,
        notices: &mut Notices,
    ) -> bool {
        let Some(rule) = rule.as_object() else {
            return false;
        };
        // What means other jobs anyway is not told of.
        if !rules::matches(rule, job, self.global_env, &court.context.branch) {
            return false;
        }
        let Some(condition) = rule.get("if").and_then(Value::as_str) else {
            return true;
        };
        let judged = court.judge.holds(subject, condition, court.context, job);
        if judged == Some(false) {
            let (key, code) = match subject {
                Subject::Exclude => ("jobs.exclude", "skip_exclude"),
                _ => ("jobs.allow_failures", "skip_allow_failure"),
            };
            notices.add(key, code, None, index + 1, condition);
        }
        judged == Some(true)
    }
}

/// Entries of variables without the empty ones, and without what was meant as a section.
fn own_env(entries: &[Value]) -> Vec<Value> {
    entries
        .iter()
        .map(|entry| match entry {
            Value::Object(variables) if variables.contains_key("global") => {
                let mut variables = variables.clone();
                variables.shift_remove("global");
                Value::Object(variables)
            }
            other => other.clone(),
        })
        .filter(|entry| !is_blank(entry))
        .collect()
}

/// The name of the system; what is no name is a system that has nothing.
fn system(os: Option<&Value>) -> &str {
    os.map_or("", |os| os.as_str().unwrap_or("?"))
}

fn text<'j>(job: &'j Job, key: &str) -> &'j str {
    job.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Removes what the job's language and system do not have. Sections with keys of their own stay.
fn remove_unsupported(job: &mut Job) {
    let language = text(job, "language").to_owned();
    let os = system(job.get("os")).to_owned();
    job.retain(|key, value| match value {
        Value::Object(_) if !EXPAND.contains(&key.as_str()) => true,
        Value::String(value) => {
            table::supports(key, &language, &os)
                && table::supports_value(key, value, &language, &os)
        }
        _ => table::supports(key, &language, &os),
    });
}

/// Drops jobs that say the same as an earlier one.
fn unique(jobs: &mut Vec<Job>) {
    if jobs.len() <= COMPARED {
        let mut index = 1;
        while index < jobs.len() {
            if jobs[..index].contains(&jobs[index]) {
                jobs.remove(index);
            } else {
                index += 1;
            }
        }
        return;
    }
    let mut seen = HashSet::new();
    jobs.retain(|job| {
        let mut keys: Vec<(&String, &Value)> = job.iter().collect();
        keys.sort_by_key(|(key, _)| *key);
        seen.insert(serde_json::to_string(&keys).unwrap_or_default())
    });
}

#[cfg(test)]
mod tests;
