//! What a check says at length: the jobs, and of failed ones the lines that say why.

use super::annotations::{self, Findings, clean_lines};
use super::look::Sight;
use super::verdict::{Verdict, check_name};
use super::words::{fenced, plain, span};
use crate::{Engine, EngineError, job_label};
use bytes::BytesMut;
use std::fmt::Write as _;
use travis_forge::hosting::{Annotation, Check, CheckState, Conclusion};
use travis_model::{Build, Job, JobState};

/// Jobs listed.
const JOBS: usize = 100;
/// Failed jobs whose logs are read.
const LOGS: usize = 10;
/// Bytes of a log that are read: the last.
const LOG_BYTES: u64 = 2 * 1024 * 1024;
/// Bytes read at a time.
const PIECE: usize = 256 * 1024;
/// Lines shown of a failed job.
const LINES: usize = 15;
/// The longest line shown, in characters.
const LINE: usize = 200;
/// The longest summary, in bytes; GitHub takes 65,535.
const LONGEST: usize = 60_000;

/// What the page of a job's log knows as the place at which it went wrong.
const FIRST_FAILURE: &str = "#first-failure";

fn went_wrong(job: &Job) -> bool {
    matches!(job.state, JobState::Failed | JobState::Errored)
}

/// The job that a build failed by, when it is one alone and has a log.
fn the_failed_job<'a>(build: &Build, jobs: &'a [Job]) -> Option<&'a Job> {
    if !matches!(build.state, JobState::Failed | JobState::Errored) {
        return None;
    }
    let mut those = jobs
        .iter()
        .filter(|job| went_wrong(job) && !job.allow_failure);
    let one = those.next().filter(|job| job.attempt_id.is_some())?;
    those.next().is_none().then_some(one)
}

/// A failed job's lines.
struct Failed {
    number: String,
    label: String,
    lines: Vec<String>,
}

impl Engine {
    /// The check for what is to be said.
    pub(super) async fn check(
        &self,
        sight: &Sight,
        verdict: &Verdict,
        side: &str,
    ) -> Result<Check, EngineError> {
        let over = matches!(verdict.check, CheckState::Completed(_));
        let mut annotations: Vec<Annotation> = Vec::new();
        let mut failed = Vec::new();
        if over {
            let those = sight
                .jobs
                .iter()
                .filter(|job| went_wrong(job) && !job.allow_failure);
            for job in those.take(LOGS) {
                let (found, lines) = self.findings(sight, job).await;
                for annotation in found.annotations {
                    let known = annotations.iter().any(|known| {
                        (&known.path, known.line) == (&annotation.path, annotation.line)
                    });
                    if !known && annotations.len() < annotations::MOST {
                        annotations.push(annotation);
                    }
                }
                failed.push(Failed {
                    number: job.number.clone(),
                    label: job_label(job.name.as_deref(), &job.config),
                    lines,
                });
            }
        }
        let seconds = |at: travis_model::Timestamp| at.0.div_euclid(1000);
        Ok(Check {
            name: check_name(side).to_owned(),
            state: verdict.check,
            title: verdict.description.clone(),
            summary: self.summary(sight, verdict, &failed),
            annotations,
            details_url: self.details_url(sight),
            external_id: match &sight.build {
                Some(build) => format!("build:{}", build.id),
                None => format!("request:{}", sight.request.id),
            },
            started_at: verdict.started_at.map(seconds),
            completed_at: verdict.completed_at.map(seconds).filter(|_| over),
        })
    }

    /// Where more is said: of a build whose failure is one job's, the line of its log at which it
    /// went wrong.
    pub(super) fn details_url(&self, sight: &Sight) -> String {
        let base = format!("{}/{}", self.policy.public_url, sight.repository.slug);
        match &sight.build {
            Some(build) => match the_failed_job(build, &sight.jobs) {
                Some(job) => format!("{base}/jobs/{}{FIRST_FAILURE}", job.id),
                None => format!("{base}/builds/{}", build.id),
            },
            None => format!("{base}/requests"),
        }
    }

    fn summary(&self, sight: &Sight, verdict: &Verdict, failed: &[Failed]) -> String {
        let mut out = format!("{}.\n", plain(&verdict.description, 500));
        if verdict.check == CheckState::Completed(Conclusion::ActionRequired) {
            let _ = write!(
                out,
                "\nThis pull request comes from somebody whose pull requests need a maintainer's \
                 word before anything of it runs. Look at the changes, then open [the \
                 requests]({}) and approve this one.\n",
                self.details_url(sight)
            );
        }
        if !sight.jobs.is_empty() {
            out.push_str("\n| Job | | State | Time |\n|---|---|---|---|\n");
        }
        for job in sight.jobs.iter().take(JOBS) {
            let time = match (job.started_at, job.finished_at) {
                (Some(from), Some(to)) => span(to.since(from)),
                _ => String::new(),
            };
            let allowed = if job.allow_failure { " (may fail)" } else { "" };
            let _ = writeln!(
                out,
                "| [{}]({}/{}/jobs/{}{}) | {} | {}{allowed} | {time} |",
                plain(&job.number, 30),
                self.policy.public_url,
                sight.repository.slug,
                job.id,
                if went_wrong(job) { FIRST_FAILURE } else { "" },
                plain(&job_label(job.name.as_deref(), &job.config), 80),
                job.state.as_str(),
            );
        }
        if sight.jobs.len() > JOBS {
            let _ = writeln!(out, "\n… and {} more.", sight.jobs.len() - JOBS);
        }
        for one in failed.iter().filter(|one| !one.lines.is_empty()) {
            let part = format!(
                "\n**{}** {}\n\n{}",
                plain(&one.number, 30),
                plain(&one.label, 80),
                fenced(&one.lines)
            );
            if out.len() + part.len() > LONGEST {
                out.push_str("\nMore is in the logs.\n");
                break;
            }
            out.push_str(&part);
        }
        out
    }

    /// What a failed job's log says. A log that can't be read says nothing, which is no reason to
    /// keep the result back.
    async fn findings(&self, sight: &Sight, job: &Job) -> (Findings, Vec<String>) {
        if let Some(reason) = &job.reason {
            let lines = reason
                .lines()
                .take(LINES)
                .map(|line| short(line.trim_end()));
            let lines: Vec<String> = lines.collect();
            if job.attempt_id.is_none() {
                return (Findings::default(), lines);
            }
        }
        let Some(attempt) = job.attempt_id else {
            return (Findings::default(), Vec::new());
        };
        let (bytes, cut) = match self.log_end(attempt.get()).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(attempt = attempt.get(), %error, "a failed job's log could not be read for its check");
                return (Findings::default(), Vec::new());
            }
        };
        let slug = sight.repository.slug.to_string();
        let looked = tokio::task::spawn_blocking(move || {
            let lines = clean_lines(&bytes, cut);
            let findings = annotations::find(&lines, &slug);
            let shown = match findings.lines.is_empty() {
                false => findings
                    .lines
                    .iter()
                    .take(LINES)
                    .map(|line| short(line))
                    .collect(),
                true => last_words(&lines),
            };
            (findings, shown)
        });
        looked.await.unwrap_or_default()
    }

    async fn log_end(&self, attempt: i64) -> Result<(BytesMut, bool), EngineError> {
        let length = self.logs.info(attempt).await?.length;
        let from = length.saturating_sub(LOG_BYTES);
        let mut bytes = BytesMut::new();
        while (bytes.len() as u64) < LOG_BYTES {
            let at = from + bytes.len() as u64;
            let piece = self.logs.read(attempt, at, PIECE).await?;
            if piece.is_empty() {
                break;
            }
            bytes.extend_from_slice(&piece);
        }
        Ok((bytes, from > 0))
    }
}

/// The last lines that hold something, without what the script itself prints at the end.
fn last_words(lines: &[String]) -> Vec<String> {
    let own = |line: &&String| {
        let line = line.trim();
        !line.is_empty()
            && !line.starts_with("travis_")
            && !line.starts_with("Done. Your build exited with")
    };
    let mut words: Vec<String> = lines
        .iter()
        .rev()
        .filter(own)
        .take(LINES)
        .map(|line| short(line))
        .collect();
    words.reverse();
    words
}

fn short(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}
