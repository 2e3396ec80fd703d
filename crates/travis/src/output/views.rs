//! Objects of the API as people read them.

use super::state::State;
use super::table::{Cell, Table};
use super::{Color, Screen, first_line, plain, words};
use travis_api::v3::{Build, Builds, Job, Pagination, Repositories, Stage};

/// A commit's hash as people say it: 7 characters.
#[must_use]
pub fn short_sha(sha: &str) -> String {
    plain(sha).chars().take(7).collect()
}

/// The cell with the shape of a state.
#[must_use]
pub fn sign(state: State) -> Cell {
    Cell::new(state.shape()).color(state.color())
}

fn word(state: State) -> Cell {
    Cell::new(state.word()).color(state.color())
}

fn seconds(number: Option<i64>) -> Cell {
    Cell::new(&number.map(words::duration).unwrap_or_default()).right()
}

/// Seconds of a build: what the server counted once it is over, else up to now.
fn build_seconds(
    screen: &Screen,
    state: State,
    duration: Option<i64>,
    started: Option<&str>,
    finished: Option<&str>,
) -> Option<i64> {
    if state.is_final() {
        duration.or_else(|| finished.and_then(|end| screen.seconds(started, Some(end))))
    } else {
        screen.seconds(started, None)
    }
}

/// What remains of a list after this page, as a line.
#[must_use]
pub fn more(page: &Pagination, shown: usize, noun: &str) -> Option<String> {
    let end = page.offset + shown as u64;
    (end < page.count && shown > 0)
        .then(|| format!("{shown} of {} {noun}. The next: --offset {end}", page.count))
}

/// A list of repositories.
#[must_use]
pub fn repositories(screen: &Screen, list: &Repositories) -> Table {
    let mut table = Table::with_head(&[
        "",
        "REPOSITORY",
        "BUILD",
        "STATE",
        "TIME",
        "FINISHED",
        "BRANCH",
    ]);
    for repository in &list.repositories {
        let branch = repository
            .default_branch
            .as_ref()
            .map_or("", |branch| &branch.name);
        let mut row = Vec::new();
        if let Some(build) = &repository.current_build {
            let state = State::of(&build.state);
            let time = build_seconds(
                screen,
                state,
                build.duration,
                build.started_at.as_deref(),
                build.finished_at.as_deref(),
            );
            row.extend([
                sign(state),
                Cell::new(&repository.slug),
                Cell::new(&format!("#{}", build.number)),
                word(state),
                seconds(time),
                Cell::new(&screen.ago(build.finished_at.as_deref())),
            ]);
        } else {
            row.extend([
                Cell::new("·").color(Color::Gray),
                Cell::new(&repository.slug),
                Cell::new(""),
                Cell::new("no builds").color(Color::Gray),
                Cell::default(),
                Cell::default(),
            ]);
        }
        row.push(Cell::new(branch));
        if !repository.active {
            row.push(Cell::new("switched off").color(Color::Gray));
        }
        table.row(row);
    }
    table
}

/// A list of builds.
#[must_use]
pub fn builds(screen: &Screen, list: &Builds) -> Table {
    let mut table = Table::with_head(&[
        "", "BUILD", "STATE", "TIME", "FINISHED", "BRANCH", "COMMIT", "MESSAGE",
    ]);
    for build in &list.builds {
        let state = State::of(&build.state);
        table.row(vec![
            sign(state),
            Cell::new(&format!("#{}", build.number)),
            word(state),
            seconds(seconds_of(screen, build)),
            Cell::new(&screen.ago(build.finished_at.as_deref())),
            Cell::new(build.tag.as_deref().unwrap_or(&build.branch.name)),
            Cell::new(&short_sha(&build.commit.sha)).color(Color::Gray),
            Cell::new(&first_line(&build.message)),
        ]);
    }
    table
}

/// Seconds of a build.
#[must_use]
pub fn seconds_of(screen: &Screen, build: &Build) -> Option<i64> {
    build_seconds(
        screen,
        State::of(&build.state),
        build.duration,
        build.started_at.as_deref(),
        build.finished_at.as_deref(),
    )
}

/// A build, whole.
#[must_use]
pub fn build(screen: &Screen, build: &Build, address: &str) -> Vec<String> {
    let paint = screen.paint;
    let state = State::of(&build.state);
    let mut lines = vec![
        headline(screen, build),
        format!("  {}", first_line(&build.message)),
    ];
    let mut facts = vec![
        plain(build.tag.as_deref().unwrap_or(&build.branch.name)),
        short_sha(&build.commit.sha),
        plain(&build.event_type),
        plain(&build.commit.author.name),
    ];
    if state.is_final() {
        let ago = screen.ago(build.finished_at.as_deref());
        if !ago.is_empty() {
            facts.push(format!("finished {ago}"));
        }
    } else if let Some(usual) = build.usual_seconds {
        facts.push(format!("usually {}", words::duration(usual)));
    }
    lines.push(format!("  {}", paint.text(Color::Gray, &facts.join(" · "))));
    if build.config_messages > 0 {
        let count = words::count(
            usize::try_from(build.config_messages).unwrap_or(usize::MAX),
            "message",
        );
        lines.push(format!(
            "  {}",
            paint.text(Color::Yellow, &format!("{count} about its .travis.yml"))
        ));
    }
    lines.push(String::new());
    lines.extend(jobs(screen, build, usize::MAX));
    lines.push(String::new());
    lines.push(paint.text(Color::Gray, address));
    lines
}

/// `✓ acme/rocket #12 passed in 2 min 8 s`
#[must_use]
pub fn headline(screen: &Screen, build: &Build) -> String {
    let paint = screen.paint;
    let state = State::of(&build.state);
    let name = format!(
        "{} #{}",
        plain(&build.repository.slug),
        plain(&build.number)
    );
    // A line that wraps would spoil what is drawn in place.
    let name = if screen.terminal {
        super::cut(&name, screen.width.saturating_sub(28))
    } else {
        name
    };
    let time = seconds_of(screen, build)
        .map(|seconds| {
            let between = if state.is_final() { "in" } else { "for" };
            format!(" {between} {}", words::duration(seconds))
        })
        .unwrap_or_default();
    format!(
        "{} {} {}{time}",
        state.sign(paint),
        paint.text(Color::Bold, &name),
        paint.text(state.color(), state.word()),
    )
}

/// The jobs of a build by stage, so many lines at most.
#[must_use]
pub fn jobs(screen: &Screen, build: &Build, most: usize) -> Vec<String> {
    let Some(jobs) = &build.jobs else {
        return Vec::new();
    };
    if jobs.is_empty() {
        let text = "  No jobs yet.";
        return vec![screen.paint.text(Color::Gray, text)];
    }
    let mut table = Table::default();
    for job in jobs {
        table.row(job_row(screen, job));
    }
    let columns = screen.terminal.then_some(screen.width.saturating_sub(3));
    let rows = table.lines(screen.paint, columns);
    let mut lines = Vec::new();
    let mut stage: Option<&Stage> = None;
    for (job, row) in jobs.iter().zip(rows) {
        if build.stages.len() > 1 && stage.is_none_or(|stage| stage.id != job.stage.id) {
            lines.push(format!(
                "  {}",
                screen.paint.text(
                    Color::Bold,
                    &super::live::fit(screen, &plain(&job.stage.name))
                )
            ));
        }
        stage = Some(&job.stage);
        lines.push(format!("  {row}"));
    }
    if lines.len() > most {
        let hidden = lines.len() - most.saturating_sub(1);
        lines.truncate(most.saturating_sub(1));
        lines.push(
            screen
                .paint
                .text(Color::Gray, &format!("  and {hidden} more lines")),
        );
    }
    lines
}

fn job_row(screen: &Screen, job: &Job) -> Vec<Cell> {
    let state = State::of(&job.state);
    let forgiven = job.allow_failure && matches!(state, State::Failed | State::Errored);
    let first = if forgiven {
        Cell::new(state.shape()).color(Color::Gray)
    } else {
        sign(state)
    };
    vec![
        first,
        Cell::new(&job.number),
        Cell::new(&job.name),
        Cell::new(&job.env).color(Color::Gray),
        seconds(job_seconds(screen, job)),
        Cell::new(&job_note(job, state, forgiven)).color(Color::Gray),
    ]
}

fn job_note(job: &Job, state: State, forgiven: bool) -> String {
    if !state.is_final() && state != State::Started {
        return match &job.waiting {
            Some(waiting) => waiting.text.clone(),
            None => state.word().to_owned(),
        };
    }
    let mut notes = Vec::new();
    if forgiven {
        notes.push("does not count".to_owned());
    }
    if state.is_final() {
        notes.extend(job.reason.as_deref().map(first_line));
    }
    notes.join(" · ")
}

/// Seconds of a job, up to now while it runs.
#[must_use]
pub fn job_seconds(screen: &Screen, job: &Job) -> Option<i64> {
    screen.seconds(job.started_at.as_deref(), job.finished_at.as_deref())
}

/// A job, whole.
#[must_use]
pub fn job(screen: &Screen, job: &Job, address: &str) -> Vec<String> {
    let paint = screen.paint;
    let state = State::of(&job.state);
    let name = format!("{} {}", plain(&job.repository.slug), plain(&job.number));
    let time = job_seconds(screen, job)
        .map(|seconds| {
            let between = if state.is_final() { "in" } else { "for" };
            format!(" {between} {}", words::duration(seconds))
        })
        .unwrap_or_default();
    let mut lines = vec![format!(
        "{} {} {}{time}",
        state.sign(paint),
        paint.text(Color::Bold, &name),
        paint.text(state.color(), state.word()),
    )];
    let facts: Vec<String> = [&job.name, &job.env, &job.os, &job.arch, &job.stage.name]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| plain(text))
        .collect();
    lines.push(format!("  {}", paint.text(Color::Gray, &facts.join(" · "))));
    if let Some(waiting) = job.waiting.as_ref().filter(|_| !state.is_final()) {
        lines.push(format!("  {}", plain(&waiting.text)));
    }
    if let Some(reason) = &job.reason {
        lines.push(format!("  {}", first_line(reason)));
    }
    if job.allow_failure {
        lines.push(format!(
            "  {}",
            paint.text(Color::Gray, "Its failure does not count.")
        ));
    }
    if let Some(attempt) = &job.attempt {
        lines.push(format!("  {}", plain(&attempt.worker.thanks)));
    }
    let attempts = job.attempts.as_deref().unwrap_or(job.attempt.as_slice());
    if !attempts.is_empty() {
        lines.push(String::new());
        let mut table = Table::with_head(&[
            "ATTEMPT", "STATE", "TIME", "WORKER", "EXECUTOR", "LOG", "NOTE",
        ]);
        for attempt in attempts {
            let outcome = attempt.outcome.as_deref().unwrap_or(&attempt.state);
            // Nobody knows when a lost attempt ended.
            let time = screen
                .seconds(
                    attempt.started_at.as_deref(),
                    attempt.finished_at.as_deref(),
                )
                .filter(|_| attempt.finished_at.is_some() || attempt.state == "running");
            let note = match (&attempt.reason, attempt.exit_code) {
                (Some(reason), _) => first_line(reason),
                (None, Some(code)) => format!("exit code {code}"),
                (None, None) => String::new(),
            };
            table.row(vec![
                Cell::new(&attempt.number.to_string()).right(),
                Cell::new(outcome).color(State::of(outcome).color()),
                seconds(time),
                Cell::new(&format!(
                    "{} ({})",
                    attempt.worker.name, attempt.worker.owner.login
                )),
                Cell::new(&attempt.executor),
                Cell::new(
                    &attempt
                        .log_length
                        .and_then(|length| u64::try_from(length).ok())
                        .map(words::bytes)
                        .unwrap_or_default(),
                )
                .right(),
                Cell::new(&note),
            ]);
        }
        let columns = screen.terminal.then_some(screen.width.saturating_sub(2));
        for line in table.lines(paint, columns) {
            lines.push(format!("  {line}"));
        }
    }
    lines.push(String::new());
    lines.push(paint.text(Color::Gray, address));
    lines
}
