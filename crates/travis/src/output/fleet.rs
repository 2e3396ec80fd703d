//! Workers, as lines for people.

use super::table::{Cell, Table};
use super::{Color, Screen, plain, words};
use travis_api::lend::PresenceState;
use travis_api::v3::{RunningAttempt, Worker, Workers};

/// Who builds, and what.
#[must_use]
pub fn workers(screen: &Screen, list: &Workers) -> Vec<String> {
    let mut summary = format!(
        "{}: {} of {} slots busy",
        words::count(list.workers.len(), "worker"),
        list.busy,
        list.slots
    );
    if list.queued > 0 {
        summary.push_str(&format!(", {} waiting", list.queued));
    }
    let mut lines = vec![summary];
    if list.workers.is_empty() {
        return lines;
    }
    lines.push(String::new());
    let mut table = Table::with_head(&[
        "", "WORKER", "OWNER", "STATE", "TIER", "PLATFORM", "EXECUTOR", "SLOTS", "LOAD", "VERSION",
        "SEEN", "BUILDS",
    ]);
    for worker in &list.workers {
        table.row(row(screen, worker));
    }
    lines.extend(table.lines(screen.paint, screen.terminal.then_some(screen.width)));
    lines
}

fn shape(worker: &Worker) -> (&'static str, Color) {
    match worker.state.as_str() {
        _ if worker.too_old => ("!", Color::Red),
        "online" if !is_lent(worker) => ("‖", Color::Gray),
        "online" if worker.slot_use.busy == 0 => ("●", Color::Green),
        "online" => ("●", Color::Yellow),
        "paused" => ("‖", Color::Gray),
        "banned" => ("✗", Color::Red),
        "draining" => ("▽", Color::Yellow),
        _ => ("◌", Color::Gray),
    }
}

fn is_lent(worker: &Worker) -> bool {
    worker
        .presence
        .as_ref()
        .is_none_or(|presence| presence.state == PresenceState::Lending)
}

/// The state in a word; the machine's own where it does not lend itself.
fn state(worker: &Worker) -> String {
    match (worker.state.as_str(), &worker.presence) {
        _ if worker.too_old => "too old".to_owned(),
        ("online", Some(presence)) if presence.state != PresenceState::Lending => presence
            .text
            .trim_end_matches('.')
            .chars()
            .take(40)
            .collect(),
        (state, _) => state.to_owned(),
    }
}

fn running(worker: &Worker) -> String {
    let named: Vec<String> = worker
        .running
        .iter()
        .map(
            |RunningAttempt {
                 job,
                 repository,
                 frozen,
                 ..
             }| {
                let frozen = if *frozen { " (frozen)" } else { "" };
                format!("{} {}{frozen}", repository.slug, job.number)
            },
        )
        .collect();
    named.join(", ")
}

fn row(screen: &Screen, worker: &Worker) -> Vec<Cell> {
    let (shape, color) = shape(worker);
    let load = worker.usage.as_ref().map(|usage| {
        let cores = f64::from(worker.facts.cores.max(1));
        format!("{:.0} %", usage.cores / cores * 100.0)
    });
    vec![
        Cell::new(shape).color(color),
        Cell::new(&worker.name),
        Cell::new(&worker.owner.login),
        Cell::new(&state(worker)).color(color),
        Cell::new(&worker.tier),
        Cell::new(&format!("{}/{}", worker.os, worker.arch)),
        Cell::new(&worker.executor),
        Cell::new(&format!("{}/{}", worker.slot_use.busy, worker.slots)).right(),
        Cell::new(load.as_deref().unwrap_or_default()).right(),
        Cell::new(&worker.facts.version),
        Cell::new(&screen.ago(worker.last_seen_at.as_deref())),
        Cell::new(&running(worker)),
    ]
}

/// One worker whole.
#[must_use]
pub fn worker(screen: &Screen, worker: &Worker, server: &str) -> Vec<String> {
    let paint = screen.paint;
    let (shape, color) = shape(worker);
    let facts = &worker.facts;
    let record = &worker.record;
    let gigabytes = words::bytes;
    let mut lines = vec![
        format!(
            "{} {} · {} · {}, lent by {}",
            paint.text(color, shape),
            plain(&worker.name),
            plain(&state(worker)),
            plain(&worker.tier),
            plain(&worker.owner.login)
        ),
        format!(
            "{} {} · {} · {} cores, {} · {} · version {}",
            plain(&worker.os),
            plain(&worker.arch),
            plain(&facts.distribution),
            facts.cores,
            gigabytes(facts.memory_bytes),
            plain(if facts.executor_detail.is_empty() {
                &facts.executor
            } else {
                &facts.executor_detail
            }),
            plain(&facts.version)
        ),
        String::new(),
    ];
    let mut table = Table::default();
    let mut say = |name: &str, text: String| {
        table.row(vec![Cell::new(name).color(Color::Gray), Cell::new(&text)]);
    };
    say(
        "slots",
        format!(
            "{} busy, {} free, {} not lent now",
            worker.slot_use.busy, worker.slot_use.free, worker.slot_use.unlent
        ),
    );
    let builds = running(worker);
    if !builds.is_empty() {
        say("builds", builds);
    }
    if let Some(lent) = &worker.lent {
        say(
            "lends",
            format!(
                "{:.1} cores, {}, {} of disk",
                lent.cores,
                gigabytes(lent.memory_bytes),
                gigabytes(lent.disk_bytes)
            ),
        );
    }
    if !facts.images.is_empty() {
        say("images", facts.images.join(", "));
    }
    if let Some(usage) = &worker.usage {
        say(
            "in use",
            format!(
                "{:.1} cores, {}, {} of disk, {} sent and received this month",
                usage.cores,
                gigabytes(usage.memory_bytes),
                gigabytes(usage.disk_bytes),
                gigabytes(usage.month_bytes)
            ),
        );
    }
    let hours = i64::try_from(record.core_seconds).unwrap_or(i64::MAX);
    say(
        "work that counts",
        format!("{} of a core", words::duration(hours)),
    );
    say(
        "jobs, 30 days",
        format!(
            "{} for {} repositories",
            record.jobs_30_days, record.repositories_30_days
        ),
    );
    if let Some(kept) = record.kept_word_percent {
        say("kept its word", format!("{kept} %"));
    }
    say(
        "checked",
        format!("{} of {} agreed", record.agreed, record.checked),
    );
    if record.known_passed < record.known_wanted {
        say(
            "known jobs",
            format!("{} of {} passed", record.known_passed, record.known_wanted),
        );
    }
    say("seen", screen.ago(worker.last_seen_at.as_deref()));
    lines.extend(table.lines(paint, screen.terminal.then_some(screen.width)));
    lines.push(String::new());
    lines.push(paint.text(Color::Gray, &format!("{server}{}", plain(&worker.page))));
    lines
}
