//! The machine is its owner's: pause, freeze, hand back, limits of the file and of the page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::*;
use travis_api::lend::{Lending, PresenceState};
use travis_sandbox::{Executor, Host, ToolDirs};
use travis_worker::{Order, OwnerSettings, SETTINGS, Standing, WorkerConfig};

fn host(data: &Path) -> Arc<dyn Executor> {
    Arc::new(Host::new(data.join("jobs"), ToolDirs::detect()))
}

/// A worker with the owner's file.
fn owned(server: &str, data: &Path, file: &str, executor: Arc<dyn Executor>) -> Worker {
    let path = data.join(SETTINGS);
    std::fs::write(&path, file).unwrap();
    Worker::with(WorkerConfig {
        owner: OwnerSettings::read(&path).unwrap(),
        ..config(server, data, executor)
    })
}

async fn order(data: &Path, order: Order) -> Standing {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || travis_worker::ask(&data, order))
        .await
        .unwrap()
        .unwrap()
}

/// Waits until the worker says of itself what is wanted.
async fn stands(fake: &Fake, what: &str, state: PresenceState) {
    fake.until(what, |known| {
        let poll = known.polls.last()?;
        (poll.presence.as_ref()?.state == state).then_some(())
    })
    .await;
}

fn ticks(count: usize) -> String {
    format!("for i in $(seq {count}); do echo tick $i; sleep 0.1; done")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_freezes_and_a_resume_goes_on_without_a_silence_limit() {
    let (fake, data) = (Fake::start().await, tempfile::tempdir().unwrap());
    let worker = owned(&fake.url(), data.path(), "", host(data.path()));
    let mut job = assignment(1, &ticks(40));
    job.limits.silence_seconds = 2;
    fake.assign_as(job);
    fake.printed(1, "tick 5").await;
    let asked = Instant::now();
    let standing = order(data.path(), Order::Pause).await;
    assert_eq!(
        (standing.presence.state, standing.slots),
        (PresenceState::Paused, 0)
    );
    fake.until("frozen is told", |known| {
        let poll = known.polls.last()?;
        (poll.frozen == [1] && poll.slots == 0).then_some(())
    })
    .await;
    assert!(
        asked.elapsed() < Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    // Three seconds without output are more than the silence limit, and none of the job's time.
    let printed = fake.output(1).len();
    let (mut polls, from) = (0, Instant::now());
    while from.elapsed() < Duration::from_secs(3) {
        let seen = polls;
        polls = fake
            .until("it is still heard of", |known| {
                let running = known.polls.last()?.running == [1];
                (running && known.polls.len() > seen).then_some(known.polls.len())
            })
            .await;
    }
    assert!(
        fake.output(1).len() <= printed + 20,
        "a frozen job prints nothing"
    );
    let standing = order(data.path(), Order::Status).await;
    assert!(standing.jobs[0].frozen);
    // How long the owner waited is measured, shown and told.
    let waited = standing.jobs[0].froze_ms.unwrap();
    assert!(waited < 1000, "{waited} ms");
    assert_eq!(standing.froze_ms, Some(waited));
    fake.until("the freeze is told once", |known| {
        let told: Vec<u64> = known
            .polls
            .iter()
            .filter_map(|poll| poll.froze_ms)
            .collect();
        (told == [waited]).then_some(())
    })
    .await;
    order(data.path(), Order::Resume).await;
    let finish = fake.finished(1).await;
    assert_eq!(finish.outcome, "passed");
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_stays_gets_the_machine_and_the_job_runs_elsewhere() {
    let (fake, data) = (Fake::start().await, tempfile::tempdir().unwrap());
    let quick = "[idle]\nhand_back_after_seconds = 1\n";
    let worker = owned(&fake.url(), data.path(), quick, host(data.path()));
    fake.assign(7, &ticks(300));
    fake.printed(7, "tick 3").await;
    order(data.path(), Order::Pause).await;
    let refused = fake
        .until("handed back", |known| known.refused.first().cloned())
        .await;
    assert!(refused.yielded && refused.attempt == 7, "{refused:?}");
    // It is gone from here.
    fake.until("given up here", |known| {
        known.polls.last()?.running.is_empty().then_some(())
    })
    .await;
    let gone = async {
        loop {
            let standing = order(data.path(), Order::Status).await;
            if standing.done.yielded == 1 && standing.jobs.is_empty() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
    // Another machine takes it.
    let (other, elsewhere) = (Fake::start().await, tempfile::tempdir().unwrap());
    let second = owned(&other.url(), elsewhere.path(), "", host(elsewhere.path()));
    other.assign(8, "echo built elsewhere");
    assert_eq!(other.finished(8).await.outcome, "passed");
    second.leave().await.unwrap();
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_pauses_and_takes_away_but_never_gives() {
    let (fake, data) = (Fake::start().await, tempfile::tempdir().unwrap());
    let file = "[lend]\nslots = 3\nnever_repositories = [\"someone/secret\"]\n";
    let worker = owned(&fake.url(), data.path(), file, dummy());
    fake.until("three slots", |known| {
        (known.polls.last()?.slots == 3).then_some(())
    })
    .await;
    let said = fake.change(|known| {
        known.lending = Some(Lending {
            slots: Some(8),
            never_repositories: vec!["other/*".to_owned()],
            ..Lending::default()
        });
        known.session_lending.clone().unwrap()
    });
    assert_eq!(said.slots, Some(3));
    fake.until("both lists are told", |known| {
        let lending = known.polls.last()?.lending.clone()?;
        (lending.slots == Some(3) && lending.never_repositories.len() == 2).then_some(())
    })
    .await;
    for (attempt, repository) in [(1, "someone/secret"), (2, "other/thing")] {
        let mut job = assignment(attempt, "echo no");
        job.repository = repository.to_owned();
        fake.assign_as(job);
        let refused = fake
            .until("refused", |known| {
                known.refused.iter().find(|r| r.attempt == attempt).cloned()
            })
            .await;
        assert!(
            refused.reason.contains(repository) && !refused.yielded,
            "{refused:?}"
        );
    }
    fake.change(|known| known.pause = true);
    stands(&fake, "paused by its page", PresenceState::Paused).await;
    fake.change(|known| known.pause = false);
    stands(&fake, "lent again", PresenceState::Lending).await;
    worker.leave().await.unwrap();
    // The next start knows what the page said, and what the owner said.
    let restart = || {
        fake.change(|known| known.polls.clear());
        owned(&fake.url(), data.path(), file, dummy())
    };
    let again = restart();
    stands(&fake, "lent after the restart", PresenceState::Lending).await;
    order(data.path(), Order::Pause).await;
    again.leave().await.unwrap();
    let again = restart();
    stands(&fake, "paused after the restart", PresenceState::Paused).await;
    order(data.path(), Order::Resume).await;
    let lending = fake.known.lock().unwrap().session_lending.clone().unwrap();
    assert_eq!(lending.never_repositories.len(), 2);
    again.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_is_named_and_the_one_before_holds() {
    let (fake, data) = (Fake::start().await, tempfile::tempdir().unwrap());
    let worker = owned(&fake.url(), data.path(), "[lend]\nslots = 3\n", dummy());
    fake.until("three slots", |known| {
        (known.polls.last()?.slots == 3).then_some(())
    })
    .await;
    let path = data.path().join(SETTINGS);
    std::fs::write(&path, "[lend]\nslots = 1\nslotz = 2\n").unwrap();
    let standing = order(data.path(), Order::Reload).await;
    let trouble = standing.trouble.unwrap();
    assert!(
        trouble.contains("line 3") && trouble.contains("slotz"),
        "{trouble}"
    );
    assert_eq!(standing.lending.slots, Some(3));
    std::fs::write(&path, "[lend]\nslots = 1\n").unwrap();
    let standing = order(data.path(), Order::Reload).await;
    assert_eq!((standing.lending.slots, standing.trouble), (Some(1), None));
    fake.until("one slot", |known| {
        (known.polls.last()?.slots == 1).then_some(())
    })
    .await;
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn drain_and_quit_by_the_socket_which_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let (fake, data) = (Fake::start().await, tempfile::tempdir().unwrap());
    let worker = owned(&fake.url(), data.path(), "", dummy());
    stands(&fake, "online", PresenceState::Lending).await;
    let mode = std::fs::metadata(data.path().join("control"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    order(data.path(), Order::Drain).await;
    tokio::time::timeout(Duration::from_secs(10), worker.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(!data.path().join("control").exists());
    let worker = owned(&fake.url(), data.path(), "", dummy());
    fake.assign(3, "sleep 60");
    fake.until("it runs", |known| {
        known
            .attempts
            .get(&3)
            .filter(|a| !a.states.is_empty())
            .map(drop)
    })
    .await;
    order(data.path(), Order::Quit).await;
    tokio::time::timeout(Duration::from_secs(10), worker.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let refused = fake.known.lock().unwrap().refused.clone();
    assert!(
        refused
            .iter()
            .any(|refused| refused.attempt == 3 && !refused.yielded)
    );
}

/// The kernel's list of the cores that this process may use, and the same without the first one;
/// `None` when there is only one, or when they are not in a row.
fn cores() -> Option<(String, String)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let (first, last) = list.trim().split_once('-')?;
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    let rest = match first + 1 {
        second if second == last => last.to_string(),
        second => format!("{second}-{last}"),
    };
    Some((list.trim().to_owned(), rest))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_the_owners_that_does_a_little_has_a_core_of_its_own() {
    let Some((all, rest)) = cores() else {
        println!("skipped: jobs leave the first of several cores");
        return;
    };
    let (fake, data) = (Fake::start().await, tempfile::tempdir().unwrap());
    // However busy this machine is otherwise, nothing is frozen.
    let file = "[lend]\nonly_when_idle = true\n[idle]\ncpu_percent = 100\npressure_percent = 100\n\
                free_memory_percent = 1\nafter_seconds = 1\nthaw_after_seconds = 1\n";
    let worker = owned(&fake.url(), data.path(), file, host(data.path()));
    let end = data.path().join("end");
    let script = format!(
        "until [ -e {end} ]; do grep Cpus_allowed_list /proc/self/status; sleep 0.05; done\n",
        end = end.display()
    );
    fake.assign(1, &script);
    fake.printed(1, "Cpus_allowed_list:").await;
    // Nobody's child, so that it counts as another's. Ends with the directory, also after a failure.
    let light = format!(
        "while [ -d {} ]; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.05; done",
        data.path().display()
    );
    let begun = std::process::Command::new("setsid")
        .args(["--fork", "sh", "-c", &light])
        .status();
    assert!(begun.unwrap().success());
    fake.printed(1, &format!("Cpus_allowed_list:\t{rest}\n"))
        .await;
    let left = async {
        loop {
            let standing = order(data.path(), Order::Status).await;
            if standing.cores_left == 1 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), left)
        .await
        .unwrap_or_else(|_| panic!("a core of {all} is left"));
    std::fs::write(&end, "").unwrap();
    assert_eq!(fake.finished(1).await.outcome, "passed");
    worker.leave().await.unwrap();
}
