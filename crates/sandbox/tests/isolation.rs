//! What a job in the namespace sandbox can see, reach and leave behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod suite;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use suite::{run_spec as run, spec};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Executor as _, Namespace, Network, ResourceLimits, Spec, ToolDirs};

async fn executor(root: &Path) -> Option<Namespace> {
    let executor = Namespace::new(
        root.join("sandbox"),
        vec![root.to_owned()],
        ToolDirs::detect(),
    );
    match executor
        .check()
        .await
        .iter()
        .take(2)
        .find(|found| !found.ok)
    {
        None => Some(executor),
        Some(reason) => {
            println!("skipped: {}", reason.detail);
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_and_the_machine_can_not_be_read() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("worker.key"), "the-credential").unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let script = format!(
        r#"
        for path in /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh /etc/ssl/private /root/.ssh \
            /root/.cargo/config.toml /root/.cargo/credentials.toml /root/.npmrc /root/.gitconfig \
            /home/*/.ssh /proc/{pid} {root} {root}/worker.key /sys/fs/cgroup /var/log /boot /run/docker.sock; do
            [ -e "$path" ] && echo "SEEN $path"
        done
        # The list of installed packages, where there is one, and nothing else.
        ls -A /var/lib 2>/dev/null | grep -vx dpkg && echo SEEN /var/lib
        grep -rqs "the-[c]redential" /proc/*/environ /proc/*/cmdline /tmp "$HOME" && echo SEEN credential
        env | grep -E '^(CARGO_MANIFEST_DIR|AWS|TRAVIS_TOKEN)' && echo SEEN environment
        ps -e 2>/dev/null | grep -c . | xargs -I@ test @ -gt 8 && echo SEEN processes
        touch /usr/touched 2>/dev/null && echo WROTE /usr
        touch /etc/touched 2>/dev/null && echo WROTE /etc
        id -un; id -u; hostname; pwd; grep CapEff /proc/self/status
        [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminal; stty size
        echo x > /dev/tty && echo controlled
        "#,
        pid = std::process::id(),
        root = root.path().display(),
    );
    let (exit, text) = run(&executor, spec("1"), &script).await;
    assert!(!text.contains("SEEN") && !text.contains("WROTE"), "{text}");
    assert_eq!(
        text,
        "travis\n1000\ntravis-job\n/home/travis\nCapEff:\t0000000000000000\nterminal\n30 120\nx\ncontrolled\n"
    );
    assert_eq!(exit.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_of_the_worker_below_a_tool_directory_are_hidden() {
    let tools = tempfile::tempdir().unwrap();
    let data = tools.path().join("worker-data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("worker.key"), "secret").unwrap();
    std::fs::write(tools.path().join("tool"), "tool").unwrap();
    let shown = ToolDirs {
        directories: vec![tools.path().to_owned()],
        ..ToolDirs::default()
    };
    let executor = Namespace::new(data.join("sandbox"), vec![data.clone()], shown);
    if executor.check().await.iter().take(2).any(|found| !found.ok) {
        println!("skipped: no namespaces here");
        return;
    }
    let script = format!(
        "cat {0}/tool; ls -A {0}/worker-data\n",
        tools.path().display()
    );
    let (_, text) = run(&executor, spec("1"), &script).await;
    assert_eq!(text, "tool");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reaches_the_next_job() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let name = format!("travis-daemon-{}", std::process::id());
    let first = format!(
        r#"
        (exec -a {name} setsid sleep 600) </dev/null >/dev/null 2>&1 &
        echo left > /tmp/left; echo left > "$HOME/left"; echo left > /var/tmp/left
        echo left > /dev/shm/left; mkdir -p "$HOME/ro/x"; chmod 0 "$HOME/ro"
        for path in /usr/bin/left /usr/local/bin/left /etc/cron.d/left; do
            touch "$path" 2>/dev/null && echo WROTE "$path"
        done
        echo done
        "#
    );
    let (exit, text) = run(&executor, spec("1"), &first).await;
    assert_eq!((exit.code, text.as_str()), (Some(0), "done\n"));
    let second =
        "find / -xdev -name left 2>/dev/null; ls -A /tmp /var/tmp /dev/shm | grep left; ls -A\n";
    let (_, text) = run(&executor, spec("1"), second).await;
    assert_eq!(text, "build.sh\n");
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        assert!(!line.starts_with(&name), "a process stayed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_comes_from_the_mirror_and_the_network_can_be_off() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let spec = Spec {
        id: "1".to_owned(),
        mirror: Some(suite::mirror(root.path())),
        clone_url: Some("https://forge.invalid/a/b.git".to_owned()),
        network: Network::Off,
        ..Spec::default()
    };
    let script = "git clone -q --depth=50 https://forge.invalid/a/b.git a/b && cat a/b/file && git -C a/b remote get-url --push origin; git ls-remote https://forge.invalid/a/b.git-other 2>&1 | grep -c 'resolve host'; tail -n +3 /proc/net/dev | grep -cv lo:\n";
    let (_, text) = run(&executor, spec, script).await;
    assert_eq!(text, "hello\nhttps://forge.invalid/a/b.git\n1\n0\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_and_a_memory_hog_are_held() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let lent = executor.cgroups().lent();
    if !lent.memory || !lent.processes {
        println!("skipped: limits lent here: {lent:?}");
        return;
    }
    let limits = ResourceLimits {
        memory_bytes: Some(64 << 20),
        processes: Some(40),
        ..ResourceLimits::default()
    };
    let hog = "echo begun; head -c 200000000 /dev/zero | tail -c 150000000 | wc -c\n";
    let (exit, _) = run(
        &executor,
        Spec {
            limits,
            ..spec("1")
        },
        hog,
    )
    .await;
    assert!(exit.oom, "{exit:?}");

    let sandbox = executor
        .prepare(&Spec {
            limits,
            ..spec("2")
        })
        .await
        .unwrap();
    let (sink, mut output) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let bomb = "echo begun; bomb() { bomb 2>/dev/null | bomb 2>/dev/null & }; bomb; sleep 600\n";
    let running = sandbox.run(bomb, sink, stop.clone());
    let stopping = async {
        // The bomb's own complaints may come along.
        assert!(output.recv().await.unwrap().starts_with(b"begun\n"));
        stop.cancel();
        while output.recv().await.is_some() {}
    };
    let since = Instant::now();
    let (exit, ()) = tokio::join!(running, stopping);
    assert!(exit.unwrap().killed);
    assert!(since.elapsed() < Duration::from_secs(3));
    sandbox.destroy().await;

    let many = "for i in $(seq 60); do sleep 5 & done 2>/dev/null; exit 1\n";
    let (exit, _) = run(
        &executor,
        Spec {
            limits,
            ..spec("3")
        },
        many,
    )
    .await;
    assert!(exit.process_limit, "{exit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_of_the_machine_work() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let tools = ToolDirs::detect();
    let mut script = "set -e\ngit --version\n".to_owned();
    if tools.path.iter().any(|path| path.join("cargo").is_file()) {
        script.push_str("cargo --version\ncargo new -q --vcs none x && cd x && cargo test -q\n");
    }
    if tools.path.iter().any(|path| path.join("python").exists()) {
        script.push_str("python --version\npython -m venv \"$HOME/venv\"\n");
    }
    if Path::new("/usr/bin/node").exists() {
        script.push_str("node --version\n");
    }
    if Path::new("/var/lib/dpkg/status").exists() {
        script.push_str("dpkg-query -W -f='${db:Status-Status}' bubblewrap | grep -x installed\n");
    }
    let (exit, text) = run(&executor, spec("1"), &script).await;
    assert_eq!(exit.code, Some(0), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_told_and_a_launcher_that_fails_is_no_failed_job() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let (exit, _) = run(&executor, spec("1"), "kill -SEGV $$\n").await;
    assert_eq!((exit.code, exit.signal), (Some(139), Some(11)));

    let gone = Spec {
        id: "2".to_owned(),
        mirror: Some(root.path().join("gone.git")),
        network: Network::Machine,
        ..Spec::default()
    };
    let sandbox = executor.prepare(&gone).await.unwrap();
    let (sink, _output) = mpsc::channel(4);
    let error = sandbox.run("true\n", sink, CancellationToken::new()).await;
    assert!(error.unwrap_err().to_string().contains("gone.git"));
    sandbox.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeping_ends_what_a_dead_worker_left() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let sandbox = executor.prepare(&spec("1")).await.unwrap();
    // As if the process had died: nothing is destroyed.
    std::mem::forget(sandbox);
    executor.sweep().await;
    let (exit, _) = run(&executor, spec("1"), "true\n").await;
    assert_eq!(exit.code, Some(0));
}

/// The environment of the process that [`a_killed_worker_takes_its_job_along`] starts.
const DOOMED: &str = "TRAVIS_TEST_DOOMED_ROOT";

/// Not a test by itself: the worker that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn doomed_worker() {
    let Some(root) = std::env::var_os(DOOMED) else {
        return;
    };
    let root = std::path::PathBuf::from(root);
    let executor = executor(&root).await.expect("namespaces work");
    let script = "exec -a travis-doomed-job sleep 600\n";
    run(&executor, spec("1"), script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_takes_its_job_along() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path()).await else {
        return;
    };
    let mut worker = Command::new(std::env::current_exe().unwrap());
    worker.env(DOOMED, root.path());
    suite::takes_its_job_along(worker, "travis-doomed-job").await;
    executor.sweep().await;
    let left = std::fs::read_dir(root.path().join("sandbox/jobs")).unwrap();
    assert_eq!(left.count(), 0);
}
