//! The suite: what the port promises, as one function. Every executor's test runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "not every test program uses all of it"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Executor, Exit, Network, Sandbox, SandboxError, Spec};

/// How fast an executor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each test program uses its own")]
pub enum Tempo {
    /// Jobs start in milliseconds.
    Process,
    /// Each order is a command of an engine, which takes a tenth of a second, more under load.
    Engine,
    /// Each job starts an emulated machine.
    Machine,
}

impl Tempo {
    /// How soon a job is gone that was told to stop.
    fn stop(self) -> Duration {
        match self {
            Self::Process => Duration::from_secs(1),
            Self::Engine | Self::Machine => Duration::from_secs(3),
        }
    }
}

/// Longer than anything here takes, so that a hang fails instead of hanging.
const LIMIT: Duration = Duration::from_secs(120);

/// Thirty million bytes.
#[allow(dead_code, reason = "each test program uses its own")]
pub const FLOOD: &str = "head -c 30000000 /dev/zero | tr '\\0' x\n";

pub fn spec(id: &str) -> Spec {
    Spec {
        id: id.to_owned(),
        network: Network::Machine,
        ..Spec::default()
    }
}

/// Runs and collects what was printed.
pub async fn collect(
    sandbox: &dyn Sandbox,
    script: &str,
    stop: CancellationToken,
) -> (Exit, Vec<u8>) {
    let (sink, mut output) = mpsc::channel::<Bytes>(4);
    let reading = async {
        let mut all = Vec::new();
        while let Some(piece) = output.recv().await {
            all.extend_from_slice(&piece);
        }
        all
    };
    let both = async { tokio::join!(sandbox.run(script, sink, stop), reading) };
    let (exit, all) = tokio::time::timeout(LIMIT, both).await.expect("in time");
    (exit.expect("starts"), all)
}

pub async fn run(executor: &dyn Executor, id: &str, script: &str) -> (Exit, Vec<u8>) {
    let sandbox = executor.prepare(&spec(id)).await.unwrap();
    let result = collect(&*sandbox, script, CancellationToken::new()).await;
    sandbox.destroy().await;
    result
}

/// The same for a job with wishes of its own; the output is text.
pub async fn run_spec(executor: &dyn Executor, spec: Spec, script: &str) -> (Exit, String) {
    let sandbox = executor.prepare(&spec).await.unwrap();
    let (exit, all) = collect(&*sandbox, script, CancellationToken::new()).await;
    sandbox.destroy().await;
    (exit, String::from_utf8_lossy(&all).into_owned())
}

/// Makes a repository with one commit, whose `file` says `hello`, and its mirror.
pub fn mirror(root: &Path) -> PathBuf {
    let script = r#"
        umask 077
        git init -q -b main work && cd work && echo hello > file && git add file
        git -c user.name=a -c user.email=a@example.org commit -qm one
        cd .. && git clone -q --bare work mirror.git"#;
    let made = Command::new("sh")
        .args(["-ec", script])
        .current_dir(root)
        .status()
        .unwrap();
    assert!(made.success());
    root.join("mirror.git")
}

/// Starts this program's `doomed_worker`, kills it when its job runs, which is known by the
/// begin of its command line, and sees that the job ends with it.
pub async fn takes_its_job_along(mut worker: Command, job: &str) {
    let mut worker = worker
        .args(["--exact", "doomed_worker"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let running = || {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        all.filter(|entry| {
            let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            line.starts_with(job)
        })
        .count()
    };
    let limit = Instant::now() + Duration::from_secs(30);
    while running() == 0 {
        assert!(Instant::now() < limit, "the job starts");
        tokio::task::yield_now().await;
    }
    worker.kill().unwrap();
    worker.wait().unwrap();
    while running() > 0 {
        assert!(Instant::now() < limit, "the job dies");
        tokio::task::yield_now().await;
    }
}

/// The suite. The scripts mean the same to bash and to the dummy.
pub async fn holds_its_promises(executor: &dyn Executor, flood: &str, tempo: Tempo) {
    executor.sweep().await;
    executor.sweep().await;

    let (exit, output) = run(executor, "1", "echo one\necho two\n").await;
    assert_eq!(exit.code, Some(0));
    assert_eq!(output, b"one\ntwo\n", "bytes as printed, nothing added");
    assert!(!exit.killed && !exit.oom && exit.signal.is_none());

    let (exit, _) = run(executor, "1", "exit 3\n").await;
    assert_eq!(exit.code, Some(3), "the same id again after destroy");

    let sandbox = executor.prepare(&spec("2")).await.unwrap();
    assert!(matches!(
        executor.prepare(&spec("2")).await,
        Err(SandboxError::Exists(_))
    ));
    sandbox.destroy().await;

    let sandbox = executor.prepare(&spec("3")).await.unwrap();
    sandbox.kill().await;
    sandbox.kill().await;
    let (exit, output) = collect(&*sandbox, "echo never\n", CancellationToken::new()).await;
    assert!(exit.killed, "killed before run never runs");
    assert!(output.is_empty());
    sandbox.destroy().await;

    lends_a_directory(executor).await;
    stops_when_told(executor, tempo).await;
    freezes(executor, tempo).await;
    leaves_cores(executor, tempo).await;

    let (exit, output) = run(executor, "6", flood).await;
    assert_eq!(exit.code, Some(0));
    assert_eq!(output.len(), 30_000_000, "nothing of a flood is lost");

    // A closed sink is an order to stop.
    let sandbox = executor.prepare(&spec("7")).await.unwrap();
    let (sink, output) = mpsc::channel(1);
    drop(output);
    let ended = sandbox.run(
        "echo x\nhang() { sleep 600; }\nhang\n",
        sink,
        CancellationToken::new(),
    );
    let exit = tokio::time::timeout(LIMIT, ended).await.unwrap().unwrap();
    assert!(exit.killed);
    sandbox.destroy().await;

    assert!(!executor.check().await.is_empty());
}

/// Files pass through the lent directory, and it goes with the sandbox.
async fn lends_a_directory(executor: &dyn Executor) {
    let lending = Spec {
        lend: true,
        ..spec("8")
    };
    let sandbox = executor.prepare(&lending).await.unwrap();
    let Some(lent) = sandbox.lent().map(Path::to_owned) else {
        assert_eq!(executor.kind(), "dummy", "others lend");
        sandbox.destroy().await;
        return;
    };
    std::fs::write(lent.join("in"), "to the job").unwrap();
    let script = "cat \"$TRAVIS_CACHE_DIR/in\"\necho from it > \"$TRAVIS_CACHE_DIR/out\"\n";
    let (exit, output) = collect(&*sandbox, script, CancellationToken::new()).await;
    assert_eq!(
        (exit.code, output.as_slice()),
        (Some(0), &b"to the job"[..])
    );
    let out = std::fs::read_to_string(lent.join("out")).unwrap();
    assert_eq!(out, "from it\n");
    sandbox.destroy().await;
    assert!(!lent.exists());
    let sandbox = executor.prepare(&spec("8")).await.unwrap();
    assert!(sandbox.lent().is_none(), "only when asked for");
    sandbox.destroy().await;
}

async fn stops_when_told(executor: &dyn Executor, tempo: Tempo) {
    let sandbox = executor.prepare(&spec("4")).await.unwrap();
    let stop = CancellationToken::new();
    let (sink, mut output) = mpsc::channel(4);
    let running = sandbox.run(
        "trap '' TERM INT HUP\necho begun\nhang() { sleep 600; sleep 600; }\nhang\n",
        sink,
        stop.clone(),
    );
    let told = async {
        assert_eq!(output.recv().await.unwrap(), "begun\n");
        stop.cancel();
        let since = Instant::now();
        while output.recv().await.is_some() {}
        since
    };
    let (exit, since) = tokio::time::timeout(LIMIT, async { tokio::join!(running, told) })
        .await
        .unwrap();
    assert!(exit.unwrap().killed);
    assert!(since.elapsed() < tempo.stop(), "{since:?}");
    sandbox.destroy().await;
}

async fn freezes(executor: &dyn Executor, tempo: Tempo) {
    let sandbox = executor.prepare(&spec("5")).await.unwrap();
    let (sink, mut output) = mpsc::channel(4);
    let script = match tempo {
        Tempo::Process => "echo begun\nsleep 0.25\necho end\n",
        Tempo::Engine => "echo begun\nsleep 3\necho end\n",
        Tempo::Machine => "echo begun\nsleep 0.5\necho end\n",
    };
    let running = sandbox.run(script, sink, CancellationToken::new());
    let meddling = async {
        assert_eq!(output.recv().await.unwrap(), "begun\n");
        sandbox.freeze().await.unwrap();
        let more = tokio::time::timeout(Duration::from_millis(700), output.recv()).await;
        assert!(more.is_err(), "nothing comes from a frozen job");
        sandbox.thaw().await.unwrap();
        assert_eq!(output.recv().await.unwrap(), "end\n");
        while output.recv().await.is_some() {}
    };
    let (exit, ()) = tokio::time::timeout(LIMIT, async { tokio::join!(running, meddling) })
        .await
        .unwrap();
    assert_eq!(exit.unwrap().code, Some(0));
    sandbox.destroy().await;
}

/// Two processes that start others over and over, and one that begins now: which cores they may use, as the kernel
/// lists them.
const LISTS: &str = r#"turn() { while :; do sleep 0.02; done; }
turn & one=$!
turn & two=$!
while :; do
  set --
  for process in $one $two $$ self; do
    while read -r name value; do
      if [ "$name" = Cpus_allowed_list: ]; then set -- "$@" "$value"; fi
    done </proc/$process/status
  done
  echo "$* $(while read -r name value; do
    if [ "$name" = Cpus_allowed_list: ]; then echo "$value"; fi
  done </proc/self/status)"
  sleep 0.05
done
"#;

/// Reads until all processes of [`LISTS`] say what is wanted.
async fn listed(output: &mut mpsc::Receiver<Bytes>, wanted: impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    loop {
        let piece = output.recv().await.expect("it goes on");
        text.push_str(std::str::from_utf8(&piece).unwrap());
        while let Some((line, rest)) = text.split_once('\n') {
            let (line, rest) = (line.to_owned(), rest.to_owned());
            let lists: Vec<&str> = line.split_whitespace().collect();
            if lists.len() == 5 && lists.iter().all(|list| wanted(list)) {
                return lists[0].to_owned();
            }
            text = rest;
        }
    }
}

/// Whether a list of the kernel's begins with this core.
fn begins_with(list: &str, core: &str) -> bool {
    list.split([',', '-']).next() == Some(core)
}

async fn leaves_cores(executor: &dyn Executor, tempo: Tempo) {
    let cores = std::thread::available_parallelism().unwrap().get();
    if executor.kind() == "dummy" || tempo == Tempo::Machine || cores < 2 {
        println!("skipped: cores are left where jobs have processes here, and more than one core");
        return;
    }
    let sandbox = executor.prepare(&spec("9")).await.unwrap();
    let stop = CancellationToken::new();
    let (sink, mut output) = mpsc::channel(4);
    // Nothing runs yet.
    sandbox.leave_cores(1).await;
    sandbox.leave_cores(0).await;
    let running = sandbox.run(LISTS, sink, stop.clone());
    let meddling = async {
        let before = listed(&mut output, |_| true).await;
        let first = before.split([',', '-']).next().unwrap().to_owned();
        sandbox.leave_cores(1).await;
        sandbox.leave_cores(1).await;
        listed(&mut output, |list| !begins_with(list, &first)).await;
        sandbox.leave_cores(0).await;
        listed(&mut output, |list| list == before).await;
        stop.cancel();
        while output.recv().await.is_some() {}
    };
    let (exit, ()) = tokio::time::timeout(LIMIT, async { tokio::join!(running, meddling) })
        .await
        .unwrap();
    assert!(exit.unwrap().killed);
    sandbox.destroy().await;
}

/// No job left anything of itself.
pub fn nothing_stays(root: &std::path::Path) {
    let left: Vec<_> = std::fs::read_dir(root.join("jobs")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
