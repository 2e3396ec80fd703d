//! The container executor on Podman: what every executor promises, what a job can see, reach and
//! leave behind; services, networks and images in modules of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod images;
mod network;
#[path = "../podman/mod.rs"]
mod podman;
#[path = "../suite/mod.rs"]
mod suite;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use podman::executor;
use suite::{FLOOD, Tempo, collect, holds_its_promises, nothing_stays, run_spec as run};
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Executor, ResourceLimits, Spec};

fn spec(id: &str) -> Spec {
    Spec {
        id: id.to_owned(),
        ..Spec::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn container() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    holds_its_promises(&executor, FLOOD, Tempo::Engine).await;
    nothing_stays(&root.path().join("sandbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_and_the_machine_can_not_be_read() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("worker.key"), "the-credential").unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let script = format!(
        r#"
        for path in /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh /root/.ssh /root/.cargo \
            /home/*/.ssh /proc/{pid} {root} {root}/worker.key /var/log /boot /var/run/docker.sock \
            /run/docker.sock /run/podman /run/podman/podman.sock /run/containerd /dev/mem \
            /dev/vda /dev/sda /dev/nvme0n1 /dev/kvm /dev/fuse /dev/net/tun /var/lib/containers; do
            [ -e "$path" ] && echo "SEEN $path"
        done
        grep -rqs "the-[c]redential" /proc/*/environ /proc/*/cmdline /tmp "$HOME" && echo SEEN credential
        env | grep -E '^(CARGO_MANIFEST_DIR|AWS|TRAVIS_TOKEN|TRAVIS_NEEDS|CONTAINERS|DOCKER|HTTPS?_PROXY)' && echo SEEN environment
        ps -e 2>/dev/null | grep -c . | xargs -I@ test @ -gt 10 && echo SEEN processes
        for path in /usr/touched /etc/touched /sys/touched /proc/sys/kernel/hostname \
            /sys/fs/cgroup/pids/x /sys/fs/cgroup/pids/tasks /sys/fs/cgroup/memory/tasks; do
            (: > "$path") 2>/dev/null && echo WROTE "$path"
        done
        mount -t tmpfs none /tmp 2>/dev/null && echo MOUNTED
        echo 1 2>/dev/null > /proc/sys/vm/drop_caches && echo WROTE kernel
        id -un; hostname; pwd
        grep -E '^(Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status
        [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminal; stty size
        echo x > /dev/tty && echo controlled
        "#,
        pid = std::process::id(),
        root = root.path().display(),
    );
    let (exit, text) = run(&executor, spec("1"), &script).await;
    assert_eq!(
        text,
        "travis\ntravis-job\n/home/travis\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n\
         CapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n\
         terminal\n30 120\nx\ncontrolled\n"
    );
    assert_eq!(exit.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reaches_the_next_job() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let name = format!("travis-daemon-{}", std::process::id());
    let first = format!(
        r#"
        (exec -a {name} setsid sleep 600) </dev/null >/dev/null 2>&1 &
        echo left > /tmp/left; echo left > "$HOME/left"; echo left > /var/tmp/left
        echo left > /dev/shm/left; mkdir -p "$HOME/ro/x"; chmod 0 "$HOME/ro"
        echo left > "$TRAVIS_CACHE_DIR/left"
        for path in /usr/bin/left /usr/local/bin/left /etc/cron.d/left; do
            touch "$path" 2>/dev/null && echo WROTE "$path"
        done
        echo done
        "#
    );
    let lending = Spec {
        lend: true,
        ..spec("1")
    };
    let (exit, text) = run(&executor, lending.clone(), &first).await;
    assert_eq!((exit.code, text.as_str()), (Some(0), "done\n"));
    let second = "find / -xdev -name left 2>/dev/null; ls -A /tmp /var/tmp /dev/shm \"$TRAVIS_CACHE_DIR\" | grep left; ls -A\n";
    let (_, text) = run(&executor, lending, second).await;
    assert_eq!(text, ".gitconfig\n");
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        assert!(!line.starts_with(&name), "a process stayed");
    }
    nothing_stays(&root.path().join("sandbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_comes_from_the_mirror_and_the_network_is_off() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let spec = Spec {
        mirror: Some(suite::mirror(root.path())),
        clone_url: Some("https://forge.invalid/a/b.git".to_owned()),
        ..spec("1")
    };
    let script = r#"
        git clone -q --depth=50 https://forge.invalid/a/b.git a/b && cat a/b/file
        (: > /var/cache/travis/mirror.git/HEAD) 2>/dev/null && echo WROTE
        for address in 169.254.169.254/80 192.168.1.1/80 10.0.0.1/80 10.88.0.1/80 1.1.1.1/53; do
            (timeout 2 bash -c "exec 3<>/dev/tcp/$address") 2>/dev/null && echo "REACHED $address"
        done
        ip -o link | grep -v ' lo:' && echo SEEN link
        echo end
        "#;
    let (_, text) = run(&executor, spec, script).await;
    assert_eq!(text, "hello\nend\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    if !executor.limits().contains(&"memory") {
        println!("skipped: containers: no limits here");
        return;
    }
    let limits = ResourceLimits {
        memory_bytes: Some(64 << 20),
        processes: Some(40),
        cpu_percent: Some(150),
        ..ResourceLimits::default()
    };
    let limited = |id: &str| Spec { limits, ..spec(id) };
    let hog = "x=$(head -c 200000000 /dev/zero | tr '\\0' x)\necho survived\n";
    let (exit, text) = run(&executor, limited("1"), hog).await;
    assert!(exit.oom && !text.contains("survived"), "{exit:?} {text}");

    let many = "for i in $(seq 60); do sleep 5 & done 2>/dev/null; exit 1\n";
    let (exit, _) = run(&executor, limited("2"), many).await;
    assert!(exit.process_limit, "{exit:?}");
    assert!(!exit.oom);

    let (exit, _) = run(&executor, limited("3"), "kill -SEGV $$\n").await;
    assert_eq!((exit.code, exit.signal), (Some(139), Some(11)));
    assert!(!exit.process_limit && !exit.oom);
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_jobs_can_be_ended_and_freezing_is_quick() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let sandbox = executor.prepare(&spec("1")).await.unwrap();
    assert!(sandbox.freeze().await.is_err(), "nothing runs yet");
    let stop = CancellationToken::new();
    let (sink, mut output) = tokio::sync::mpsc::channel(4);
    let running = sandbox.run("echo begun\nwhile :; do :; done\n", sink, stop.clone());
    let meddling = async {
        assert_eq!(output.recv().await.unwrap(), "begun\n");
        let since = Instant::now();
        sandbox.freeze().await.unwrap();
        let frozen = since.elapsed();
        sandbox.freeze().await.unwrap();
        stop.cancel();
        while output.recv().await.is_some() {}
        frozen
    };
    let (exit, frozen) = tokio::join!(running, meddling);
    assert!(exit.unwrap().killed);
    assert!(frozen < Duration::from_secs(1), "{frozen:?}");
    sandbox.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sweeping_ends_what_a_dead_worker_left_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let Some(ours) = executor(root.path(), "").await else {
        return;
    };
    let others = tempfile::tempdir().unwrap();
    let other = executor(others.path(), "").await.unwrap();
    let theirs = other.prepare(&spec("1")).await.unwrap();
    let sandbox = ours.prepare(&spec("1")).await.unwrap();
    // As if the process had died: nothing is destroyed.
    std::mem::forget(sandbox);
    ours.sweep().await;
    let (exit, _) = run(&ours, spec("1"), "true\n").await;
    assert_eq!(exit.code, Some(0));
    let (exit, text) = collect(&*theirs, "echo alive\n", CancellationToken::new()).await;
    assert_eq!((exit.code, text.as_slice()), (Some(0), &b"alive\n"[..]));
    theirs.destroy().await;
}

/// The environment of the process that [`a_killed_worker_takes_its_job_along`] starts.
const DOOMED: &str = "TRAVIS_TEST_DOOMED_ROOT";

/// Not a test by itself: the worker that is killed.
#[tokio::test(flavor = "multi_thread")]
async fn doomed_worker() {
    let Some(root) = std::env::var_os(DOOMED) else {
        return;
    };
    let executor = executor(Path::new(&root), "")
        .await
        .expect("containers work");
    let script = "exec -a travis-doomed-container sleep 600\n";
    run(&executor, spec("1"), script).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_takes_its_job_along() {
    let root = tempfile::tempdir().unwrap();
    if executor(root.path(), "").await.is_none() {
        return;
    }
    // Refuses once to kill, as it does while it writes down that the container has started.
    let at = root.path().display();
    let real = podman::podman().unwrap().program.display();
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = kill ] && mkdir {at}/refused 2>/dev/null && exit 125\nexec {real} \"$@\"\n"
    );
    let engine = root.path().join("podman");
    std::fs::write(&engine, script).unwrap();
    std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut worker = Command::new(std::env::current_exe().unwrap());
    worker.env(DOOMED, root.path()).env(podman::GIVEN, &engine);
    suite::takes_its_job_along(worker, "travis-doomed-container").await;
    assert!(
        root.path().join("refused").is_dir(),
        "it was killed at once"
    );
}
