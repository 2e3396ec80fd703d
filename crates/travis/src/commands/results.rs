//! `travis tests` and `travis artifacts`

use super::target::{self, Target, What};
use crate::cli::results::{ArtifactsArgs, TestsArgs};
use crate::client::Client;
use crate::failure::{Failure, Status};
use crate::output::table::{Cell, Table};
use crate::output::words;
use crate::session::Session;
use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::pin::pin;
use travis_api::v3::{Artifact, Job, Tests};
use travis_model::Slug;

/// Lists tests of a build or a job.
pub async fn tests(args: &TestsArgs, session: &mut Session) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target.target)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let path = match &wanted.what {
        What::Job(number) => {
            let job = target::job(&client, &slug, number).await?;
            format!("/v3/job/{}/tests", job.id)
        }
        What::Build(number) => {
            let build = target::build(&client, &slug, number).await?;
            format!("/v3/build/{}/tests", build.id)
        }
        What::Current => {
            let build = target::current_build(&client, &slug).await?;
            format!("/v3/build/{}/tests", build.id)
        }
    };
    let query = [
        ("filter", args.which.word().to_owned()),
        ("q", args.contains.clone().unwrap_or_default()),
        ("limit", args.limit.to_string()),
    ];
    let found = client.tests(&path, &query).await?;
    let status = if found.counts.failed > 0 {
        Status::Failed
    } else {
        Status::Passed
    };
    if session.is_json() {
        session.screen.json(&found)?;
        return Ok(status);
    }
    if !found.tests.is_empty() {
        table(&found).print(&mut session.screen)?;
    }
    session.screen.remark(&sums(&found))?;
    Ok(status)
}

fn table(found: &Tests) -> Table {
    let mut table = Table::with_head(&["JOB", "OUTCOME", "TIME", "MARKS", "TEST"]);
    for test in &found.tests {
        let time = test
            .seconds
            .map_or_else(String::new, |seconds| format!("{seconds:.3} s"));
        let marks: Vec<&str> = [(test.newly_failing, "new"), (test.flaky, "flaky")]
            .into_iter()
            .filter_map(|(is, word)| is.then_some(word))
            .collect();
        let name = format!("{} {}", test.suite, test.name);
        table.row(vec![
            Cell::new(&test.job_number),
            Cell::new(&test.outcome),
            Cell::new(&time).right(),
            Cell::new(&marks.join(" ")),
            Cell::new(name.trim()),
        ]);
    }
    table
}

fn sums(found: &Tests) -> String {
    let counts = found.counts;
    if counts.total == 0 {
        return "No test was found; docs/results.md says how a job leaves some".to_owned();
    }
    let mut text = format!("{} of {} tests failed", counts.failed, counts.total);
    for (count, word) in [
        (found.newly_failing, "newly"),
        (found.flaky, "flaky"),
        (counts.skipped, "skipped"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    if found.running {
        text.push_str(" so far");
    }
    text
}

/// Lists or fetches files of a job.
pub async fn artifacts(args: &ArtifactsArgs, session: &mut Session) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target.target)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let job = the_job(&client, &slug, &wanted.what).await?;
    let list = client.artifacts(job.id).await?;
    if session.is_json() && !args.download {
        session.screen.json(&list)?;
        return Ok(Status::Passed);
    }
    if list.artifacts.is_empty() {
        let line = format!("{slug} {} left no files", job.number);
        session.screen.line(&line)?;
        return Ok(Status::Passed);
    }
    if args.download {
        for file in list.artifacts.iter().filter(|file| file.complete) {
            let path = fetch(&client, file, &args.to).await?;
            session.screen.line(&path.display().to_string())?;
        }
        return Ok(Status::Passed);
    }
    let mut table = Table::with_head(&["SIZE", "PATH"]);
    for file in &list.artifacts {
        let missing = if file.complete {
            ""
        } else {
            " (never arrived)"
        };
        table.row(vec![
            Cell::new(&words::bytes(file.size)).right(),
            Cell::new(&format!("{}{missing}", file.path)),
        ]);
    }
    table.print(&mut session.screen)?;
    let count = words::count(list.artifacts.len(), "file");
    let size = words::bytes(list.artifacts.iter().map(|file| file.size).sum());
    session.screen.remark(&format!("{count}, {size}"))?;
    Ok(Status::Passed)
}

async fn the_job(client: &Client, slug: &Slug, what: &What) -> Result<Job, Failure> {
    let build = match what {
        What::Job(number) => return target::job(client, slug, number).await,
        What::Build(number) => target::build(client, slug, number).await?,
        What::Current => target::current_build(client, slug).await?,
    };
    let number = build.number.clone();
    match build.jobs.unwrap_or_default().as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(Failure::not_found(format!(
            "build {number} has several jobs, and files are a job's"
        ))
        .remedy(format!("Name one: travis artifacts {slug} {number}.1"))),
    }
}

/// Fetches a file below a directory, whatever the server calls it.
async fn fetch(client: &Client, file: &Artifact, to: &Path) -> Result<PathBuf, Failure> {
    let inner = Path::new(&file.path);
    let down = inner
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !down {
        return Err(Failure::not_found(format!(
            "the path {:?} leads out of the directory",
            file.path
        )));
    }
    let path = to.join(inner);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    let mut digest = Context::new(&SHA256);
    let mut pieces = pin!(client.artifact(file.id).await?);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        digest.update(&piece);
        out.write_all(&piece)?;
    }
    if hex::encode(digest.finish()) != file.sha256 {
        fs::remove_file(&path)?;
        return Err(Failure::new(
            Status::Server,
            format!("{} came damaged: its SHA-256 is another", file.path),
        )
        .remedy("Fetch it again".to_owned()));
    }
    Ok(path)
}
