//! How fast configurations are read, understood and expanded. No server takes part.

use crate::bed::Ground;
use crate::samples::wall_clock;
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use travis_config::{lint_context, lint_json};

/// How often the whole set is gone through; the fastest counts.
const ROUNDS: usize = 5;
const MADE: usize = 500;
const LARGE: usize = 1024 * 1024;

/// Files a second on one core, and the time that one file of the largest size takes.
pub async fn lint(ground: &Ground) -> Result<Vec<Line>> {
    let rounds = ground.amount(ROUNDS);
    tokio::task::spawn_blocking(move || measured(rounds))
        .await
        .context("the measuring thread ended")?
}

fn measured(rounds: usize) -> Result<Vec<Line>> {
    let (files, which) = files()?;
    let context = lint_context();
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let began = wall_clock();
        for file in &files {
            std::hint::black_box(lint_json(file, &context));
        }
        best = best.min(wall_clock() - began);
    }
    let large = large_file();
    let mut slowest: f64 = 0.0;
    for _ in 0..rounds {
        let began = wall_clock();
        let answer = lint_json(&large, &context);
        slowest = slowest.max(wall_clock() - began);
        ensure!(
            answer.get("error").is_none(),
            "the large file was refused: {answer}"
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundred files")]
    let rate = files.len() as f64 / (best / 1000.0);
    Ok(vec![
        Line {
            measure: format!("{which} through lint, one core"),
            peers: String::new(),
            bound: "≥ 3,000 files/s".to_owned(),
            ours: format!("{rate:.0} files/s"),
            verdict: Verdict::of(rate >= 3000.0),
        },
        Line {
            measure: "a .travis.yml of 1 MiB through lint".to_owned(),
            peers: String::new(),
            bound: "≤ 100 ms".to_owned(),
            ours: format!("{slowest:.0} ms"),
            verdict: Verdict::of(slowest <= 100.0),
        },
    ])
}

/// Real files where they are at hand, else files of our own making.
fn files() -> Result<(Vec<String>, &'static str)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/travis-yml");
    if let Ok(text) = std::fs::read_to_string(folder.join("real_golden.jsonl")) {
        let files = text
            .lines()
            .map(|line| {
                let case: Value = serde_json::from_str(line)?;
                Ok(case["yaml"].as_str().unwrap_or_default().to_owned())
            })
            .collect::<Result<_>>()?;
        return Ok((files, "real files"));
    }
    Ok(((0..MADE).map(made).collect(), "made files"))
}

/// A file as people write them, different for each number.
fn made(number: usize) -> String {
    let language = ["ruby", "python", "node_js", "go", "rust"][number % 5];
    let version = ["rvm", "python", "node_js", "go", "rust"][number % 5];
    let mut text = format!("language: {language}\nsudo: false\n{version}:\n");
    for minor in 0..=number % 4 {
        let _ = writeln!(text, "  - \"{}.{minor}\"", 1 + number % 7);
    }
    text.push_str("env:\n  global:\n    - CI_TOOL=on\n  matrix:\n    - DB=one\n    - DB=two\n");
    text.push_str("before_install:\n  - ./prepare.sh --quiet\nscript:\n  - make\n  - make check\n");
    text.push_str("matrix:\n  include:\n    - env: DB=three\n      name: extra\n");
    text.push_str("branches:\n  only: [master]\nnotifications:\n  email: false\n");
    text
}

/// As large as a file may be: a long script.
fn large_file() -> String {
    let mut text = "language: shell\nscript:\n".to_owned();
    let mut number = 0;
    while text.len() < LARGE - 100 {
        let _ = writeln!(text, "  - ./step --number {number} --verbose && echo done");
        number += 1;
    }
    text
}
