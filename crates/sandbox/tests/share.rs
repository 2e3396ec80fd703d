//! What a job gets of the machine: what nobody else wants when it is polite, its part of the
//! processors where no control group keeps it, and what it uses is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod podman;
mod suite;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use suite::{collect, run, spec};
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Cgroups, Executor, Host, Namespace, ResourceLimits, Sandbox, Spec, ToolDirs};

/// Processes of the machine whose command line has all these words.
fn processes(words: &[&str]) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        words
            .iter()
            .all(|word| line.split('\0').any(|one| one == *word))
    })
    .collect()
}

/// Its priority and the number of its class: 5 is idle.
fn scheduled(pid: u32) -> (i64, i64) {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = line.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    (fields[16].parse().unwrap(), fields[38].parse().unwrap())
}

fn autogroup(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/autogroup")).unwrap_or_default()
}

/// Looks at a job of this executor from outside.
async fn is_polite(executor: &dyn Executor, seconds: &str) {
    let own = autogroup(std::process::id());
    let polite = Spec {
        polite: true,
        ..spec("polite")
    };
    let sandbox = executor.prepare(&polite).await.unwrap();
    let stop = CancellationToken::new();
    // Something burns, so that its use can be seen; the sleeper is what is looked at.
    let script = format!("(while :; do :; done) & sleep {seconds}");
    let looking = async {
        let until = Instant::now() + Duration::from_secs(30);
        let pid = loop {
            if let Some(pid) = processes(&["sleep", seconds]).first() {
                break *pid;
            }
            assert!(Instant::now() < until, "the job does not begin");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(scheduled(pid), (19, 5), "{}", executor.kind());
        let class = Command::new("ionice")
            .args(["-p", &pid.to_string()])
            .output();
        let class = String::from_utf8(class.unwrap().stdout).unwrap();
        assert_eq!(class.trim(), "idle", "{}", executor.kind());
        let session = autogroup(pid);
        assert!(
            session.is_empty() || session == own || session.contains("nice 19"),
            "{session}"
        );
        assert_eq!(autogroup(std::process::id()), own, "the worker's own stays");
        uses(&*sandbox).await;
        stop.cancel();
    };
    let ((exit, _), ()) = tokio::join!(collect(&*sandbox, &script, stop.clone()), looking);
    assert!(exit.killed);
    sandbox.destroy().await;
}

/// Its use of processors and memory is told.
async fn uses(sandbox: &dyn Sandbox) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let used = sandbox.usage().await.unwrap_or_default();
        if used.cpu >= Duration::from_millis(100) && used.memory_bytes > 0 {
            return;
        }
        assert!(Instant::now() < until, "{used:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_processes_are_polite() {
    let root = tempfile::tempdir().unwrap();
    let with = Host::new(root.path().join("with"), ToolDirs::default());
    is_polite(&with, "611.25").await;
    let none = root.path().join("without");
    let without = Host::with_cgroups(none, ToolDirs::default(), Cgroups::none());
    is_polite(&without, "612.25").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_are_polite() {
    let root = tempfile::tempdir().unwrap();
    let executor = Namespace::new(root.path().to_owned(), Vec::new(), ToolDirs::detect());
    if executor.check().await.iter().take(2).any(|found| !found.ok) {
        println!("skipped: no namespaces here");
        return;
    }
    is_polite(&executor, "613.25").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_are_polite() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = podman::executor(root.path(), "").await else {
        return;
    };
    is_polite(&executor, "614.25").await;
}

/// A namespace without control groups, or plain processes where there are no namespaces.
async fn without_groups(root: &std::path::Path) -> Box<dyn Executor> {
    let namespace = Namespace::with_cgroups(
        root.join("namespace"),
        Vec::new(),
        ToolDirs::default(),
        Cgroups::none(),
    );
    if namespace.check().await.iter().take(2).all(|found| found.ok) {
        return Box::new(namespace);
    }
    let host = root.join("host");
    Box::new(Host::with_cgroups(
        host,
        ToolDirs::default(),
        Cgroups::none(),
    ))
}

async fn capped(executor: &dyn Executor, id: &str, percent: u32, script: &str) -> String {
    let spec = Spec {
        limits: ResourceLimits {
            cpu_percent: Some(percent),
            ..ResourceLimits::default()
        },
        ..spec(id)
    };
    let sandbox = executor.prepare(&spec).await.unwrap();
    let (exit, output) = collect(&*sandbox, script, CancellationToken::new()).await;
    assert_eq!(exit.code, Some(0));
    sandbox.destroy().await;
    String::from_utf8(output).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_holds_without_control_groups() {
    let root = tempfile::tempdir().unwrap();
    let executor = without_groups(root.path()).await;
    let (_, free) = run(&*executor, "free", "nproc").await;
    let all: u32 = String::from_utf8(free).unwrap().trim().parse().unwrap();
    assert_eq!(capped(&*executor, "one", 100, "nproc").await.trim(), "1");
    let whole = capped(&*executor, "all", all * 100, "nproc").await;
    assert_eq!(whole.trim(), all.to_string());
    // Two that burn for two seconds of the clock, at 40 hundredths of a core together.
    let script = "burn() { while [ $(date +%s%N) -lt $end ]; do :; done; }\n\
        end=$(($(date +%s%N) + 2000000000)); burn & burn; wait; times\n";
    let said = capped(&*executor, "part", 40, script).await;
    let seconds: f64 = said
        .split_ascii_whitespace()
        .map(|time| {
            let (minutes, seconds) = time.trim_end_matches('s').split_once('m').unwrap();
            minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
        })
        .sum();
    println!("at 40 hundredths of a core: {seconds:.2} s of processor time in 2 s");
    assert!(seconds < 1.3, "{said}");
    let limits = executor.check().await;
    let limits = limits.iter().find(|found| found.name == "limits").unwrap();
    assert!(limits.detail.contains("affinity"), "{limits:?}");
    assert!(executor.cpu_cap().contains("affinity"));
}
