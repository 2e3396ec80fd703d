//! Tests and files that jobs left.

use crate::wire::time;
use std::cmp::Reverse;
use travis_api::v3;
use travis_engine::{JobTests, Told};
use travis_model::JobId;
use travis_results::{Counts, Outcome};
use travis_store::Artifact;

/// Which tests are told, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All: newly failing, failing, flaky, then the others in the order of their runner.
    All,
    /// Those that failed.
    Failed,
    /// Those that failed and passed before.
    New,
    /// Those that can't be trusted.
    Flaky,
    /// Those that were left out.
    Skipped,
    /// Those that held.
    Passed,
    /// Those whose time is known, the slowest first.
    Slowest,
}

impl Which {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "" | "all" => Self::All,
            "failed" => Self::Failed,
            "new" => Self::New,
            "flaky" => Self::Flaky,
            "skipped" => Self::Skipped,
            "passed" => Self::Passed,
            "slowest" => Self::Slowest,
            _ => return None,
        })
    }

    fn fits(self, told: &Told) -> bool {
        match self {
            Self::All => true,
            Self::Failed => told.case.outcome == Outcome::Failed,
            Self::New => told.story.standing.newly_failing,
            Self::Flaky => told.story.standing.flaky,
            Self::Skipped => told.case.outcome == Outcome::Skipped,
            Self::Passed => told.case.outcome == Outcome::Passed,
            Self::Slowest => told.case.micros.is_some(),
        }
    }
}

/// What is asked for.
pub(crate) struct Wanted {
    pub(crate) which: Which,
    /// A part of the name, suite or file, in small letters.
    pub(crate) text: String,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

pub(crate) fn counts(counts: Counts) -> v3::TestCounts {
    v3::TestCounts {
        total: counts.total(),
        passed: counts.passed,
        failed: counts.failed,
        skipped: counts.skipped,
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// Tests of jobs as one list.
pub(crate) fn tests(
    head: v3::Head,
    jobs: Vec<(JobId, String, JobTests)>,
    wanted: &Wanted,
) -> v3::Tests {
    let mut answer = v3::Tests {
        head,
        counts: v3::TestCounts::default(),
        newly_failing: 0,
        flaky: 0,
        seconds: 0.0,
        running: false,
        truncated: false,
        files: Vec::new(),
        jobs: Vec::new(),
        tests: Vec::new(),
        matching: 0,
        offset: wanted.offset as u64,
    };
    let mut all: Vec<(&JobId, &str, &Told)> = Vec::new();
    for (id, number, tests) in &jobs {
        let own = counts(tests.counts);
        answer.counts.total += own.total;
        answer.counts.passed += own.passed;
        answer.counts.failed += own.failed;
        answer.counts.skipped += own.skipped;
        answer.seconds += seconds(tests.counts.micros);
        answer.running |= tests.running;
        answer.truncated |= tests.truncated;
        answer
            .files
            .extend(tests.files.iter().map(|file| v3::TestFile {
                job_number: number.clone(),
                path: file.path.clone(),
                tests: file.cases,
                error: file.error.clone(),
            }));
        answer.jobs.push(v3::TestJob {
            id: id.get(),
            number: number.clone(),
            counts: own,
        });
        for told in &tests.cases {
            answer.newly_failing += u64::from(told.story.standing.newly_failing);
            answer.flaky += u64::from(told.story.standing.flaky);
            if wanted.which.fits(told) && holds(told, &wanted.text) {
                all.push((id, number, told));
            }
        }
    }
    if wanted.which == Which::Slowest {
        all.sort_by_key(|(_, _, told)| Reverse(told.case.micros));
    } else {
        all.sort_by_key(|(_, _, told)| {
            let standing = told.story.standing;
            match (told.case.outcome, standing.newly_failing, standing.flaky) {
                (_, true, _) => 0,
                (Outcome::Failed, ..) => 1,
                (_, _, true) => 2,
                _ => 3,
            }
        });
    }
    answer.matching = all.len() as u64;
    let page = all.into_iter().skip(wanted.offset).take(wanted.limit);
    answer.tests = page
        .map(|(id, number, told)| test(*id, number, told))
        .collect();
    answer
}

fn holds(told: &Told, text: &str) -> bool {
    let has = |part: &str| part.to_lowercase().contains(text);
    text.is_empty()
        || has(&told.case.name)
        || has(&told.case.suite)
        || told.case.file.as_deref().is_some_and(has)
}

fn test(job: JobId, number: &str, told: &Told) -> v3::Test {
    let case = &told.case;
    v3::Test {
        id: format!("{:016x}", case.key()),
        job_id: job.get(),
        job_number: number.to_owned(),
        name: case.name.clone(),
        suite: case.suite.clone(),
        file: case.file.clone(),
        outcome: case.outcome.as_str().to_owned(),
        seconds: case.micros.map(seconds),
        message: case.message.clone(),
        log_line: case.log_line,
        newly_failing: told.story.standing.newly_failing,
        flaky: told.story.standing.flaky,
        history: told
            .story
            .dots
            .iter()
            .map(|dot| v3::TestDot {
                build_id: dot.id,
                outcome: dot.outcome.map(|outcome| outcome.as_str().to_owned()),
            })
            .collect(),
    }
}

/// A file that a job left.
pub(crate) fn artifact(row: Artifact) -> v3::Artifact {
    let id = row.id.get();
    let href = format!("/v3/artifact/{id}");
    let kind = mime_guess::from_path(&row.file.path).first_or_octet_stream();
    v3::Artifact {
        head: v3::Head::standard("artifact", href.clone()),
        id,
        size: row.file.size,
        sha256: row.file.sha256,
        content_type: kind.essence_str().to_owned(),
        complete: row.object_key.is_some(),
        download_href: format!("{href}/download"),
        created_at: time(row.file.at),
        path: row.file.path,
    }
}
