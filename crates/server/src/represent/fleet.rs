//! The fleet, histories of workers and what people lend.

use super::{Represent, job_minimal, repository_minimal};
use crate::{
    error::ApiError,
    wire::{seconds, time, time_opt},
};
use jiff::{Timestamp as Instant, tz::TimeZone};
use std::collections::HashMap;
use std::time::Duration;
use travis_api::v3;
use travis_engine::{FleetView, FleetWaits, PlatformView, WaitGroup};
use travis_model::{
    Attempt, AttemptState, Job, KnownAnswer, Outcome, Purpose, Timestamp, Verification, WorkerId,
    trust::binds,
};
use travis_store::{BusyHour, OwnerLedger};

const DAY_MS: i64 = 86_400_000;
/// Days of a worker's hours.
const DAYS: i64 = 14;
/// Known jobs in a history.
const KNOWN_SHOWN: u64 = 6;
/// Months of an owner.
const MONTHS: usize = 12;

/// The day of a moment in UTC: `2027-02-12`.
fn date_of(at: Timestamp) -> jiff::civil::Date {
    Instant::from_millisecond(at.0)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .date()
}

/// When the calendar month of a moment began, UTC.
pub(crate) fn month_of(now: Timestamp) -> Timestamp {
    let into = i64::from(date_of(now).day()) - 1;
    Timestamp((now.0.div_euclid(DAY_MS) - into) * DAY_MS)
}

/// The first of the days whose hours are shown.
pub(crate) fn first_day(now: Timestamp) -> Timestamp {
    Timestamp((now.0.div_euclid(DAY_MS) - (DAYS - 1)) * DAY_MS)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// What a reason is called, and what helps.
fn title(code: &str, os: &str, arch: &str) -> (String, &'static str) {
    let platform = format!("{os} {arch}");
    match code {
        "no_worker" => ("No worker is online".to_owned(), "lend"),
        "no_fitting_worker" => (format!("No worker has {platform}"), "lend"),
        "no_trusted_worker" => (
            format!("Needs a {platform} worker of its own people"),
            "own_worker",
        ),
        "no_second_opinion" => (
            format!("Needs a second opinion; no other {platform} worker is online"),
            "lend",
        ),
        "second_opinion" => ("Needs a second opinion".to_owned(), "wait"),
        "busy" => (format!("All {platform} slots are busy"), "lend"),
        "repository_limit" => ("Limit of the repository reached".to_owned(), "settings"),
        "next" => (format!("About to start on {platform}"), "wait"),
        "queue" => ("Further back in the queue".to_owned(), "wait"),
        _ => (format!("Waits for {platform}"), "lend"),
    }
}

fn platform(view: PlatformView) -> v3::FleetPlatform {
    v3::FleetPlatform {
        os: view.os,
        arch: view.arch,
        workers: view.workers,
        slots_busy: view.busy,
        slots: view.slots,
        waiting: view.waiting,
        usual_wait_ms: view.usual_wait.map(millis),
        load: view.load,
    }
}

/// How an attempt of a worker looks in its history.
fn deed_state(row: &Attempt) -> &'static str {
    match row.state {
        AttemptState::Leased => "received",
        AttemptState::Running => "started",
        AttemptState::Lost => "lost",
        AttemptState::Refused => "handed_back",
        AttemptState::Finished => row.outcome.map_or("errored", |outcome| outcome.as_str()),
    }
}

impl Represent<'_> {
    /// The fleet with what waits.
    pub fn fleet(&self, view: FleetView, waits: FleetWaits) -> v3::Fleet {
        v3::Fleet {
            head: v3::Head::standard("fleet", "/v3/fleet".to_owned()),
            workers: view.workers,
            online: view.online,
            people: view.people,
            slots_busy: view.busy,
            slots: view.slots,
            waiting: view.waiting,
            usual_wait_ms: view.usual_wait.map(millis),
            month_core_seconds: view.month_core_ms / 1000,
            minimum_version: self.engine.policy().minimum_worker_version.clone(),
            too_old: view.too_old,
            versions: view
                .versions
                .into_iter()
                .map(|(version, workers)| v3::FleetVersion { version, workers })
                .collect(),
            platforms: view.platforms.into_iter().map(platform).collect(),
            waits: waits
                .groups
                .into_iter()
                .map(|group| self.wait(group))
                .collect(),
        }
    }

    fn wait(&self, group: WaitGroup) -> v3::FleetWait {
        let (title, remedy) = title(&group.code, &group.os, &group.arch);
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        v3::FleetWait {
            title,
            text: group.text,
            code: group.code,
            os: said(group.os),
            arch: said(group.arch),
            repository: group
                .repository
                .filter(|home| self.viewer.sees(home))
                .map(|home| repository_minimal(&home)),
            jobs: group.jobs,
            since: time(group.since),
            next: group
                .next
                .iter()
                .map(|(job, home)| v3::FleetJob {
                    job: job_minimal(job),
                    repository: repository_minimal(home),
                })
                .collect(),
            remedy: remedy.to_owned(),
        }
    }

    /// Attempts of a worker, in the order given. All of them may be seen.
    pub async fn deeds(&mut self, rows: Vec<Attempt>) -> Result<Vec<v3::WorkerDeed>, ApiError> {
        let ids: Vec<_> = rows.iter().map(|row| row.job_id).collect();
        let jobs = self.reader.jobs_by_id(&ids).await?;
        let homes: Vec<_> = jobs.iter().map(|job| job.repository_id).collect();
        let homes = self.reader.repositories_by_id(&homes).await?;
        let mut builds: Vec<_> = jobs.iter().map(|job| job.build_id).collect();
        builds.sort_unstable();
        builds.dedup();
        let stages = self.reader.stages(&builds).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let job = jobs.iter().find(|job| job.id == row.job_id);
                let home = job.and_then(|job| {
                    let mut homes = homes.iter();
                    homes.find(|home| home.id == job.repository_id)
                });
                let stage = job.and_then(|job| {
                    let mut stages = stages.iter();
                    stages.find(|stage| stage.id == job.stage_id)
                });
                let (word, text) = word_of(&row, job);
                v3::WorkerDeed {
                    attempt: row.id.get(),
                    job: job.map(job_minimal),
                    repository: home.map(repository_minimal),
                    stage: stage.map(|stage| stage.name.clone()),
                    state: deed_state(&row).to_owned(),
                    word: word.map(str::to_owned),
                    text: text.to_owned(),
                    seconds: seconds(
                        Some(row.started_at.unwrap_or(row.leased_at)),
                        row.finished_at,
                        self.now,
                    ),
                    leased_at: time(row.leased_at),
                    finished_at: time_opt(row.finished_at),
                }
            })
            .collect())
    }

    /// The first page of a worker's history: with the known jobs that are as new as the rest of it.
    pub async fn with_known(
        &mut self,
        worker: WorkerId,
        mut deeds: Vec<v3::WorkerDeed>,
        all: bool,
    ) -> Result<Vec<v3::WorkerDeed>, ApiError> {
        let known = self.reader.known_answers(worker, KNOWN_SHOWN).await?;
        let oldest = deeds.last().map(|deed| deed.leased_at.clone());
        let known = known.iter().map(|row| known_deed(row, self.now));
        deeds.extend(known.filter(|deed| {
            all || oldest
                .as_ref()
                .is_none_or(|oldest| deed.leased_at >= *oldest)
        }));
        // Times of this form are in order as texts.
        deeds.sort_by(|a, b| b.leased_at.cmp(&a.leased_at));
        Ok(deeds)
    }

    /// The last fourteen days of a worker.
    pub fn hours(&self, href: String, busy: &[BusyHour], running: &[Attempt]) -> v3::WorkerHours {
        let first = first_day(self.now);
        let mut hours: HashMap<i64, i64> =
            busy.iter().map(|busy| (busy.hour, busy.busy_ms)).collect();
        // What runs now has no row yet.
        for attempt in running {
            let mut from = attempt.leased_at.0.max(first.0);
            while from < self.now.0 {
                let hour = from.div_euclid(DAY_MS / 24);
                let to = ((hour + 1) * (DAY_MS / 24)).min(self.now.0);
                *hours.entry(hour).or_default() += to - from;
                from = to;
            }
        }
        let days = (0..DAYS)
            .map(|day| {
                let begin = Timestamp(first.0 + day * DAY_MS);
                let hour = begin.0 / (DAY_MS / 24);
                v3::WorkerDay {
                    date: date_of(begin).to_string(),
                    busy_seconds: (hour..hour + 24)
                        .map(|hour| {
                            let busy = hours.get(&hour).copied().unwrap_or(0) / 1000;
                            u32::try_from(busy).unwrap_or(0)
                        })
                        .collect(),
                }
            })
            .collect();
        v3::WorkerHours {
            head: v3::Head::standard("worker_hours", href),
            days,
        }
    }
}

/// What an ended attempt's word was worth; nothing while it runs.
fn word_of(row: &Attempt, job: Option<&Job>) -> (Option<&'static str>, &'static str) {
    match row.state {
        AttemptState::Leased | AttemptState::Running => return (None, ""),
        AttemptState::Lost => return (Some("lost"), "lost: it fell silent"),
        AttemptState::Refused if row.yielded => {
            return (Some("yielded"), "handed back: the owner came");
        }
        AttemptState::Refused => return (Some("handed_back"), "handed back"),
        AttemptState::Finished => {}
    }
    if row.outcome == Some(Outcome::Canceled) {
        return (None, "canceled");
    }
    let opinion = row.purpose == Purpose::Opinion;
    let binding = row.tier.is_none_or(binds);
    // What is said of the job is about its newest run.
    let Some(job) = job.filter(|job| job.run == row.run) else {
        return match binding {
            true => (Some("binding"), "binding; run again since"),
            false => (Some("provisional"), "run again before anybody confirmed it"),
        };
    };
    match job.verification {
        Verification::None if opinion => (Some("second_opinion"), "second opinion"),
        Verification::None if binding => (Some("binding"), "binding"),
        Verification::None => (Some("provisional"), "provisional"),
        Verification::Second | Verification::Third if opinion => {
            (Some("second_opinion"), "second opinion, others disagree")
        }
        Verification::Second | Verification::Third => {
            (Some("provisional"), "waits for a second opinion")
        }
        Verification::Agreed if opinion => (Some("agreed"), "second opinion, agreed"),
        Verification::Agreed => (Some("agreed"), "checked, agreed"),
        Verification::Settled if job.attempt_id == Some(row.id) => {
            (Some("agreed"), "checked, it stands")
        }
        Verification::Settled => (Some("disagreed"), "checked, others disagree"),
    }
}

/// A known job of a worker: its number is negative, since it is none of those of attempts.
fn known_deed(row: &KnownAnswer, now: Timestamp) -> v3::WorkerDeed {
    let over = row.finished_at.is_some();
    let (state, text) = match (row.state, row.passed) {
        (AttemptState::Leased, _) => ("received", "known job"),
        (AttemptState::Running, _) => ("started", "known job"),
        (AttemptState::Lost, _) => ("lost", "known job, lost"),
        (AttemptState::Refused, _) => ("handed_back", "known job, handed back"),
        (AttemptState::Finished, Some(true)) => ("passed", "known job, agreed"),
        (AttemptState::Finished, _) => ("failed", "known job, not as it is known"),
    };
    v3::WorkerDeed {
        attempt: -row.id.get(),
        job: None,
        repository: None,
        stage: None,
        state: state.to_owned(),
        word: over.then(|| "known".to_owned()),
        text: text.to_owned(),
        seconds: seconds(
            Some(row.started_at.unwrap_or(row.leased_at)),
            row.finished_at,
            now,
        ),
        leased_at: time(row.leased_at),
        finished_at: time_opt(row.finished_at),
    }
}

/// What a person's workers did, by month, the newest first.
pub(crate) fn months(ledger: &OwnerLedger) -> Vec<v3::OwnerMonth> {
    let mut months: Vec<v3::OwnerMonth> = Vec::new();
    let mut core_ms = Vec::new();
    for (day, jobs, core) in &ledger.days {
        let date = date_of(Timestamp(day * DAY_MS));
        let month = format!("{:04}-{:02}", date.year(), date.month());
        let full = months.len() == MONTHS;
        match months.last_mut() {
            Some(last) if last.month == month => last.jobs += jobs,
            _ if full => break,
            _ => {
                months.push(v3::OwnerMonth {
                    month,
                    core_seconds: 0,
                    jobs: *jobs,
                });
                core_ms.push(0);
            }
        }
        if let Some(sum) = core_ms.last_mut() {
            *sum += core;
        }
    }
    for (month, sum) in months.iter_mut().zip(core_ms) {
        month.core_seconds = sum / 1000;
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_sums_of_their_days() {
        let ledger = OwnerLedger {
            // 1 December, 30 and 1 November 2026, 31 October.
            days: vec![
                (20_788, 1, 1500),
                (20_787, 2, 700),
                (20_758, 3, 800),
                (20_757, 4, 0),
            ],
            ..OwnerLedger::default()
        };
        let found: Vec<_> = months(&ledger)
            .into_iter()
            .map(|month| (month.month, month.jobs, month.core_seconds))
            .collect();
        assert_eq!(
            found,
            [
                ("2026-12".to_owned(), 1, 1),
                ("2026-11".to_owned(), 5, 1),
                ("2026-10".to_owned(), 4, 0)
            ]
        );
    }

    #[test]
    fn a_month_begins_with_its_first_day() {
        let at = Timestamp(20_780 * DAY_MS + 5);
        assert_eq!(date_of(at).to_string(), "2026-11-23");
        assert_eq!(date_of(month_of(at)).to_string(), "2026-11-01");
        assert_eq!(date_of(first_day(at)).to_string(), "2026-11-10");
    }
}
