//! The normalized configuration expanded to jobs.
//!
//! The order of the steps is the original's and matters: product, includes, excludes, shared
//! keys, stages, unsupported keys, duplicates, allowed failures, order.

mod rules;
mod stages;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::conditions::{Judge, Subject};
use crate::table::{self, DISTS, EXPAND};
use crate::{ConfigError, MAX_JOBS, PlanContext, PlannedJob};

type Job = Map<String, Value>;

/// The matrix may be larger than a build before `exclude` thins it out, but not without end.
const MAX_ROWS: usize = 10 * MAX_JOBS;
/// What all jobs together may hold, in bytes.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;

/// Keys of the top that no job inherits.
const NOT_INHERITED: &[&str] = &[
    "jobs",
    "import",
    "stages",
    "notifications",
    "version",
    "allow_failure",
    "name",
    "if",
    "env",
    "conditions",
];

/// Stages and jobs in their final order.
#[derive(Debug, Clone)]
pub struct Expansion {
    /// The names of the stages that have jobs; empty when the file uses none.
    pub stages: Vec<String>,
    /// The jobs, in the order of their numbers.
    pub jobs: Vec<PlannedJob>,
}

/// Expands a normalized configuration.
pub(crate) fn expand(
    config: &Job,
    context: &PlanContext,
    judge: &dyn Judge,
) -> Result<Expansion, ConfigError> {
    let matrix = Matrix::new(config);
    let mut jobs = matrix.rows()?;
    for job in &mut jobs {
        matrix.complete_env(job);
    }
    matrix.exclude(&mut jobs, context, judge);
    matrix.share(&mut jobs)?;
    let order = stages::assign(config, &mut jobs);
    for job in &mut jobs {
        remove_unsupported(job);
    }
    jobs.retain(|job| {
        let condition = job.get("if").and_then(Value::as_str);
        condition.is_none_or(|text| judge.holds(Subject::Job, text, context, job) != Some(false))
    });
    let dropped = stages::dropped(config, context, judge);
    jobs.retain(|job| !stages::is_in(job, &dropped));
    unique(&mut jobs);
    matrix.allow_failures(&mut jobs, context, judge);
    if jobs.len() > MAX_JOBS {
        return Err(ConfigError::TooManyJobs { count: jobs.len() });
    }
    let stages = stages::present(&order, &jobs);
    jobs.sort_by_key(|job| (stages::index(&stages, job), allowed_to_fail(job)));
    Ok(Expansion {
        stages,
        jobs: jobs.into_iter().map(planned).collect(),
    })
}

fn allowed_to_fail(job: &Job) -> bool {
    job.get("allow_failure") == Some(&Value::Bool(true))
}

fn planned(mut job: Job) -> PlannedJob {
    let text = |job: &Job, key: &str| job.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text(&job, "name");
    let stage = text(&job, "stage").unwrap_or_else(|| stages::DEFAULT.to_owned());
    let allow_failure = allowed_to_fail(&job);
    if !allow_failure {
        job.remove("allow_failure");
    }
    PlannedJob {
        name,
        stage,
        allow_failure,
        config: Value::Object(job),
    }
}

/// The parts of the configuration that make jobs.
struct Matrix<'c> {
    config: &'c Job,
    language: &'c str,
    global_env: &'c [Value],
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

impl<'c> Matrix<'c> {
    fn new(config: &'c Job) -> Self {
        let shared = config
            .iter()
            .filter(|(key, _)| {
                !EXPAND.contains(&key.as_str()) && !NOT_INHERITED.contains(&key.as_str())
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        Self {
            config,
            language: text(config, "language"),
            global_env: section(config, "env", "global"),
            job_env: section(config, "env", "jobs"),
            shared,
        }
    }

    /// The values of one matrix key at the top.
    fn values(&self, key: &str) -> &'c [Value] {
        if key == "env" {
            self.job_env
        } else {
            list(self.config, key)
        }
    }

    /// The product of the matrix keys, then the included jobs.
    fn rows(&self) -> Result<Vec<Job>, ConfigError> {
        let include = section(self.config, "jobs", "include");
        let mut axes: Vec<(&str, &[Value])> = Vec::new();
        let mut count = 1_usize;
        for key in EXPAND {
            let values = self.values(key);
            if values.is_empty() || !self.any_os_supports(key) {
                continue;
            }
            count = count.saturating_mul(values.len());
            axes.push((key, values));
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
                        let value = if *key == "env" {
                            Value::Array(vec![value.clone()])
                        } else {
                            value.clone()
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
        for job in include.iter().filter_map(Value::as_object) {
            rows.push(self.included(job));
        }
        Ok(rows)
    }

    fn any_os_supports(&self, key: &str) -> bool {
        list(self.config, "os")
            .iter()
            .filter_map(Value::as_str)
            .any(|os| table::supports(key, self.language, os))
    }

    /// An included job with the first value of each matrix key that it lacks.
    fn included(&self, job: &Job) -> Job {
        let mut row = job.clone();
        for key in EXPAND {
            if row.contains_key(*key) {
                continue;
            }
            if let Some(first) = self.values(key).first() {
                let value = if *key == "env" {
                    Value::Array(vec![first.clone()])
                } else {
                    first.clone()
                };
                row.insert((*key).to_owned(), value);
            }
        }
        row
    }

    /// Puts the global variables before the job's own, each entry once.
    fn complete_env(&self, job: &mut Job) {
        let own = job.remove("env");
        let mut env: Vec<Value> = Vec::new();
        let own = match &own {
            Some(Value::Array(list)) => list.as_slice(),
            _ => &[],
        };
        for entry in self.global_env.iter().chain(own) {
            let is_empty = entry.as_object().is_some_and(Map::is_empty);
            if !is_empty && !env.contains(entry) {
                env.push(entry.clone());
            }
        }
        if !env.is_empty() {
            job.insert("env".to_owned(), Value::Array(env));
        }
    }

    fn exclude(&self, jobs: &mut Vec<Job>, context: &PlanContext, judge: &dyn Judge) {
        for rule in section(self.config, "jobs", "exclude") {
            let Some(rule) = rule.as_object() else {
                continue;
            };
            jobs.retain(|job| !self.applies(Subject::Exclude, rule, job, context, judge));
        }
    }

    fn allow_failures(&self, jobs: &mut [Job], context: &PlanContext, judge: &dyn Judge) {
        for rule in section(self.config, "jobs", "allow_failures") {
            let Some(rule) = rule.as_object() else {
                continue;
            };
            for job in jobs.iter_mut() {
                if self.applies(Subject::AllowFailure, rule, job, context, judge) {
                    job.insert("allow_failure".to_owned(), Value::Bool(true));
                }
            }
        }
    }

    fn applies(
        &self,
        subject: Subject,
        rule: &Job,
        job: &Job,
        context: &PlanContext,
        judge: &dyn Judge,
    ) -> bool {
        if let Some(condition) = rule.get("if").and_then(Value::as_str)
            && judge.holds(subject, condition, context, job) != Some(true)
        {
            return false;
        }
        rules::matches(rule, job, &self.shared, self.global_env)
    }

    /// Gives every job what stands at the top, except what it says itself.
    fn share(&self, jobs: &mut [Job]) -> Result<(), ConfigError> {
        let weight = rules::weight(&self.shared);
        if weight.saturating_mul(jobs.len()) > MAX_TOTAL_BYTES {
            return Err(ConfigError::TooMuchConfig);
        }
        for job in jobs {
            for (key, value) in &self.shared {
                if !job.contains_key(key) {
                    job.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(())
    }
}

fn text<'j>(job: &'j Job, key: &str) -> &'j str {
    job.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Removes what the job's language and system do not have.
fn remove_unsupported(job: &mut Job) {
    let language = text(job, "language").to_owned();
    let os = text(job, "os").to_owned();
    job.retain(|key, value| {
        if !table::supports(key, &language, &os) {
            return false;
        }
        let dist = DISTS
            .iter()
            .find(|dist| key == "dist" && *value == dist.name);
        dist.is_none_or(|dist| dist.os.contains(&os.as_str()))
    });
}

/// Drops jobs that say the same as an earlier one.
fn unique(jobs: &mut Vec<Job>) {
    let mut seen = HashSet::new();
    jobs.retain(|job| {
        let mut keys: Vec<(&String, &Value)> = job.iter().collect();
        keys.sort_by_key(|(key, _)| *key);
        seen.insert(serde_json::to_string(&keys).unwrap_or_default())
    });
}

#[cfg(test)]
mod tests;
