//! `travis worker status`: one screen of text. `travis worker top` draws the same, over and over.

use crate::output::{Color, Screen, cut, plain, width};
use travis_api::lend::{Egress, PresenceState};
use travis_worker::{JobStanding, JobStep, Standing};

/// Columns of a bar.
const BAR: usize = 24;
/// Columns of a job's line without its name.
const OF_JOB: usize = 62;

/// The lines of a screen.
#[must_use]
pub fn lines(screen: &Screen, now: &Standing) -> Vec<String> {
    let paint = screen.paint;
    let gray = |text: &str| paint.text(Color::Gray, text);
    let title = |text: &str| paint.text(Color::Bold, text);
    let mut all = Vec::new();
    let link = if now.connected {
        "connected to"
    } else {
        "no connection to"
    };
    all.push(format!(
        "{}  {}",
        title(&plain(&now.name)),
        gray(&format!("{link} {}", plain(&now.server)))
    ));
    all.push(gray(&format!(
        "{} · version {} · process {} · up {}",
        now.executor,
        now.version,
        now.pid,
        span(now.up_seconds)
    )));
    all.push(format!(
        "{}  {}",
        paint.text(color(now.presence.state), &plain(&now.presence.text)),
        gray(&format!("for {}", span(now.presence.since_seconds)))
    ));
    if let Some(trouble) = &now.trouble {
        all.push(paint.text(Color::Red, &plain(trouble)));
    }
    all.push(String::new());
    all.extend(bars(screen, now));
    all.push(String::new());
    all.push(title("Running now"));
    if now.jobs.is_empty() {
        all.push(gray("  nothing"));
    }
    all.extend(now.jobs.iter().map(|job| job_line(screen, job)));
    let froze = now.froze_ms.map_or_else(String::new, |waited| {
        format!("; the last freeze took {}", moment(waited))
    });
    all.push(gray(&format!(
        "  {} finished, {} handed back for you, {} given up since the start{froze}",
        now.done.finished, now.done.yielded, now.done.given_up
    )));
    all.push(String::new());
    all.push(title("What you lend"));
    for (name, text) in limits(now) {
        all.push(format!(
            "  {} {}",
            gray(&format!("{name:<20}")),
            plain(&text)
        ));
    }
    if let Some(page) = &now.page {
        all.push(format!(
            "  {} {}",
            gray(&format!("{:<20}", "page")),
            plain(page)
        ));
    }
    all.push(String::new());
    all.push(title("Addresses contacted"));
    all.extend(contacts(screen, now));
    all
}

/// The same, no line wider than the screen.
#[must_use]
pub fn fitted(screen: &Screen, now: &Standing) -> Vec<String> {
    let cut = |line: String| fit(&line, screen.width);
    lines(screen, now).into_iter().map(cut).collect()
}

fn color(state: PresenceState) -> Color {
    match state {
        PresenceState::Lending => Color::Green,
        PresenceState::Draining | PresenceState::OwnerActive | PresenceState::OutsideHours => {
            Color::Yellow
        }
        PresenceState::Paused => Color::Gray,
        _ => Color::Red,
    }
}

fn bars(screen: &Screen, now: &Standing) -> Vec<String> {
    let usage = &now.usage;
    let month = now.lending.bytes_per_month;
    let mut all = vec![
        bar(
            screen,
            "processors",
            usage.cores / now.lent.cores.max(0.01),
            &format!("{:.2} of {:.1} cores", usage.cores, now.lent.cores),
            Color::Green,
        ),
        bar(
            screen,
            "memory",
            part(usage.memory_bytes, now.lent.memory_bytes),
            &format!(
                "{} of {}",
                size(usage.memory_bytes),
                size(now.lent.memory_bytes)
            ),
            Color::Green,
        ),
        bar(
            screen,
            "disk",
            part(usage.disk_bytes, now.lent.disk_bytes),
            &format!(
                "{} of {}",
                size(usage.disk_bytes),
                size(now.lent.disk_bytes)
            ),
            Color::Green,
        ),
    ];
    all.push(match month {
        Some(most) => bar(
            screen,
            "network",
            part(usage.month_bytes, most),
            &format!("{} of {} this month", size(usage.month_bytes), size(most)),
            Color::Green,
        ),
        None => bar(
            screen,
            "network",
            0.0,
            &format!("{} this month", size(usage.month_bytes)),
            Color::Green,
        ),
    });
    let left = match now.cores_left {
        0 => String::new(),
        1 => format!("; 1 of {} cores is left to them", now.cores),
        left => format!("; {left} of {} cores are left to them", now.cores),
    };
    all.push(bar(
        screen,
        "your programs",
        usage.others_percent / 100.0,
        &format!("{:.0} % of the processors{left}", usage.others_percent),
        Color::Yellow,
    ));
    all
}

#[expect(clippy::cast_precision_loss, reason = "for a bar of some columns")]
fn part(used: u64, most: u64) -> f64 {
    used as f64 / (most.max(1)) as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between none and all columns"
)]
fn bar(screen: &Screen, name: &str, part: f64, text: &str, color: Color) -> String {
    let full = (part.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    let filled = screen.paint.text(color, &"█".repeat(full));
    let rest = screen.paint.text(Color::Gray, &"·".repeat(BAR - full));
    format!("  {name:<14} {filled}{rest} {text}")
}

fn job_line(screen: &Screen, job: &JobStanding) -> String {
    let (step, color) = match (job.frozen, job.step) {
        (true, _) => ("frozen", Color::Gray),
        (_, JobStep::Preparing) => ("prepares", Color::Yellow),
        (_, JobStep::Running) => ("runs", Color::Yellow),
        (_, JobStep::Reporting) => ("reports", Color::Green),
    };
    let columns = screen.width.saturating_sub(OF_JOB).clamp(16, 34);
    let name = cut(
        &format!("{} {}", plain(&job.repository), plain(&job.job)),
        columns,
    );
    let pad = " ".repeat(columns.saturating_sub(width(&name)));
    format!(
        "  {name}{pad} {} {:>7}  {:>5.2} cores  {:>9}  {:>9} network",
        screen.paint.text(color, &format!("{step:<8}")),
        span(job.seconds),
        job.cores,
        size(job.memory_bytes),
        size(job.network_bytes)
    )
}

fn contacts(screen: &Screen, now: &Standing) -> Vec<String> {
    if now.contacts.is_empty() {
        return vec![screen.paint.text(Color::Gray, "  none")];
    }
    let shown = now.contacts.iter().take(SHOWN);
    let mut all: Vec<String> = shown
        .map(|contact| {
            let address = plain(&contact.address);
            let name = match &contact.host {
                Some(host) => format!("{} ({address})", plain(host)),
                None => address,
            };
            let job = now
                .jobs
                .iter()
                .find(|job| job.attempt.to_string() == contact.job);
            let job = job.map_or_else(
                || format!("attempt {}", plain(&contact.job)),
                |job| format!("{} {}", plain(&job.repository), plain(&job.job)),
            );
            match &contact.refused {
                Some(reason) => screen
                    .paint
                    .text(Color::Red, &format!("  {name}: {} ({job})", plain(reason))),
                None => format!(
                    "  {name}  {}  {} sent, {} received, {} ago",
                    screen.paint.text(Color::Gray, &job),
                    size(contact.sent),
                    size(contact.received),
                    span(contact.seconds_ago)
                ),
            }
        })
        .collect();
    if now.contacts.len() > SHOWN {
        let more = now.contacts.len() - SHOWN;
        all.push(screen.paint.text(
            Color::Gray,
            &format!("  and {more} more: travis worker status --format json"),
        ));
    }
    all
}

/// Addresses that are shown on a screen.
const SHOWN: usize = 12;

fn limits(now: &Standing) -> Vec<(&'static str, String)> {
    let lending = &now.lending;
    let mut all = vec![(
        "jobs side by side",
        format!("{} now, {} at most", now.slots, now.most_slots),
    )];
    let mut add = |name, text: Option<String>| all.extend(text.map(|text| (name, text)));
    add(
        "processors",
        lending.cores_percent.map(|percent| match &*now.cpu_cap {
            "" => format!("{percent} %"),
            means => format!("{percent} %, kept by {means}"),
        }),
    );
    add(
        "memory",
        lending.memory_percent.map(|percent| format!("{percent} %")),
    );
    add("disk", lending.disk_bytes.map(size));
    add(
        "network",
        lending
            .bytes_per_second
            .map(|bytes| format!("{} a second", size(bytes))),
    );
    add("network a month", lending.bytes_per_month.map(size));
    let only = [
        (lending.only_when_idle, "while nobody uses the machine"),
        (lending.only_on_mains, "on mains power"),
        (
            lending.only_unmetered,
            "on networks without a price by the byte",
        ),
    ];
    let only: Vec<&str> = only
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, text)| text)
        .collect();
    add("only", (!only.is_empty()).then(|| only.join(", ")));
    for hours in &lending.hours {
        let days = if hours.days.is_empty() {
            "every day".to_owned()
        } else {
            hours.days.join(", ")
        };
        let zone = hours
            .zone
            .as_deref()
            .map_or_else(String::new, |zone| format!(" {zone}"));
        add(
            "hours",
            Some(format!("{days} {} to {}{zone}", hours.from, hours.to)),
        );
    }
    let listed = |list: &[String]| (!list.is_empty()).then(|| list.join(", "));
    add("only for", listed(&lending.only_repositories));
    add("never for", listed(&lending.never_repositories));
    let reach = match lending.egress {
        Some(Egress::None) => "nowhere",
        Some(Egress::Registries) => "package registries and code hosts",
        Some(Egress::Internet) | None => "the public internet",
    };
    add("jobs may reach", Some(reach.to_owned()));
    all
}

/// Cuts a line with colors to the screen's width.
fn fit(line: &str, columns: usize) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut used = 0;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            kept.push(letter);
            for inside in letters.by_ref() {
                kept.push(inside);
                if inside.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        used += unicode_width::UnicodeWidthChar::width(letter).unwrap_or(0);
        // Colors go on to be read, so that the last one is ended.
        if used <= columns {
            kept.push(letter);
        }
    }
    kept
}

/// A size for people.
#[must_use]
pub fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["KB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {unit}")
    }
}

/// A moment for people, of milliseconds.
#[must_use]
pub fn moment(milliseconds: u64) -> String {
    format!("{}.{:02} s", milliseconds / 1000, milliseconds % 1000 / 10)
}

/// A span of time for people.
#[must_use]
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
