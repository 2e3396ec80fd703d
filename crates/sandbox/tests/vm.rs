//! The vm executor: the contract that every executor keeps, and what a job in a machine can see,
//! reach and leave behind. Under emulation, since that works everywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod suite;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use suite::{Tempo, holds_its_promises, run_spec as run};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_egress::{Gateway, Policy, Reach};
use travis_sandbox::{Executor, Network, ResourceLimits, Spec, Vm};

/// Set where these tests run: `make test-image`.
const REQUIRE: &str = "TRAVIS_TEST_REQUIRE_VM";

/// The directory of an image of `make image`, which is used in place of one made here.
const GIVEN: &str = "TRAVIS_TEST_IMAGE";

/// The image, made once for all tests of this file, or why there is none.
static IMAGE: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
    if let Some(image) = std::env::var_os(GIVEN) {
        return Ok(image.into());
    }
    for program in [
        "qemu-system-x86_64",
        "mmdebstrap",
        "mke2fs",
        "debugfs",
        "cpio",
    ] {
        let found = Command::new("sh")
            .args([
                "-c",
                "PATH=$PATH:/usr/sbin:/sbin command -v \"$0\" >/dev/null",
                program,
            ])
            .status();
        if !found.is_ok_and(|status| status.success()) {
            return Err(format!("{program} is missing"));
        }
    }
    // target/debug/deps/vm-… lies beside target/debug/examples/guest.
    let built = std::env::current_exe().unwrap();
    let built = built.parent().and_then(Path::parent).unwrap();
    let agent = built.join("examples/guest");
    if !agent.is_file() {
        return Err(
            "the agent is not built; cargo builds it with all tests of this crate".to_owned(),
        );
    }
    let cache = built.join("vm-image");
    let out = cache.join("image");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vm/image");
    let path = std::env::var("PATH").unwrap_or_default();
    let made = Command::new(script)
        .args([&cache, &agent, &out])
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .output()
        .unwrap();
    if made.status.success() {
        Ok(out)
    } else {
        Err(format!(
            "no image: {}",
            String::from_utf8_lossy(&made.stderr)
        ))
    }
});

/// An executor with its own directory.
async fn executor() -> Option<(Vm, tempfile::TempDir)> {
    if std::env::var_os(REQUIRE).is_none() {
        println!("skipped: emulated machines take minutes; {REQUIRE}=1 runs them");
        return None;
    }
    let image = tokio::task::spawn_blocking(|| IMAGE.clone()).await.unwrap();
    let image = image.unwrap_or_else(|reason| panic!("{reason}"));
    let root = tempfile::tempdir().unwrap();
    let vm = Vm::emulated(root.path().join("jobs"), image, Vec::new());
    Some((vm.await.unwrap(), root))
}

fn spec(id: &str) -> Spec {
    Spec {
        id: id.to_owned(),
        limits: ResourceLimits {
            memory_bytes: Some(384 << 20),
            disk_bytes: Some(2 << 30),
            cpu_percent: Some(100),
            ..ResourceLimits::default()
        },
        ..Spec::default()
    }
}

/// One test after the other in one: machines side by side would only wait for each other.
#[tokio::test(flavor = "multi_thread")]
async fn a_machine_keeps_the_contract() {
    let Some((executor, root)) = executor().await else {
        return;
    };
    assert_eq!(executor.kind(), "vm");
    assert!(
        executor.detail().contains("emulated"),
        "{}",
        executor.detail()
    );
    holds_its_promises(&executor, suite::FLOOD, Tempo::Machine).await;
    let left = std::fs::read_dir(root.path().join("jobs/machines")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_alone_in_its_machine() {
    let Some((executor, root)) = executor().await else {
        return;
    };
    std::fs::write(root.path().join("worker.key"), "the-credential").unwrap();
    sees_a_machine_of_its_own(&executor, root.path()).await;
    leaves_nothing(&executor).await;
    clones_from_the_mirror(&executor, root.path()).await;
    is_held_by_its_limits(&executor).await;
    ends_with_what_it_breaks(&executor).await;
    is_swept(&executor).await;
    is_polite_and_tells_its_use(&executor).await;
}

/// Security cases 12 and 31: neither the worker nor its machine or network can be reached.
async fn sees_a_machine_of_its_own(executor: &dyn Executor, root: &Path) {
    let script = format!(
        r#"
        id -un; pwd; hostname; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminal; stty size
        echo x > /dev/tty && echo controlled
        sudo -n id -un
        ls {root} {root}/worker.key 2>/dev/null && echo SEEN data
        sudo grep -rqs "the-[c]redential" /proc/*/environ /proc/*/cmdline /home /tmp /etc /run && echo SEEN credential
        ls /sys/block | grep -v '^loop' | tr '\n' ' '
        sudo ls /sys/class/net | grep -v '^lo$' && echo SEEN network
        sudo cat /sys/firmware/dmi/entries/11-*/raw /sys/firmware/qemu_fw_cfg/by_name/opt/*/raw 2>/dev/null | grep . && echo SEEN firmware
        for address in 169.254.169.254 10.0.2.2 192.168.1.1 100.64.0.1; do
            timeout 2 bash -c "exec 3<>/dev/tcp/$address/80" 2>/dev/null && echo REACHED "$address"
        done
        sudo mount -t 9p -o trans=virtio host /mnt 2>/dev/null && echo SEEN 9p
        sudo mount -t virtiofs host /mnt 2>/dev/null && echo SEEN virtiofs
        for socket in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock; do
            [ -e "$socket" ] && echo SEEN "$socket"
        done
        sudo touch /usr/bin/touched && echo wrote
        "#,
        root = root.display()
    );
    let (exit, text) = run(executor, spec("1"), &script).await;
    assert_eq!(
        text,
        "travis\n/home/travis\ntravis-job\nterminal\n30 120\nx\ncontrolled\nroot\nvda vdb wrote\n"
    );
    assert_eq!(exit.code, Some(0));
}

/// Security case 14: whatever a job changes in its system, the next one finds the image.
async fn leaves_nothing(executor: &dyn Executor) {
    let first = r#"
        sudo mkdir -p /etc/cron.d /etc/systemd/system
        for path in /usr/bin /usr/local/bin /etc/cron.d /etc/systemd/system /home/travis /tmp /var/tmp /var/lib /opt; do
            sudo touch "$path/left-behind" || echo FAILED "$path"
        done
        git config --global core.hooksPath /tmp/hooks
        sudo setsid sleep 600 </dev/null >/dev/null 2>&1 &
        sudo sh -c 'for disk in /dev/vd*; do printf left-behind | dd of="$disk" bs=1 seek=1000000 conv=notrunc 2>/dev/null; done'
        echo done
        "#;
    let (exit, text) = run(executor, spec("1"), first).await;
    assert_eq!((exit.code, text.as_str()), (Some(0), "done\n"));
    let second = r#"
        sudo find / -xdev -name left-behind; ls -A /tmp /var/tmp | grep left; ls -A
        git config --global core.hooksPath; pgrep -x sleep
        sudo sh -c 'for disk in /dev/vd*; do dd if="$disk" bs=1 skip=1000000 count=11 2>/dev/null | grep -a left; done'
        echo end"#;
    let (_, text) = run(executor, spec("1"), second).await;
    assert_eq!(text, "build.sh\nend\n");
}

async fn clones_from_the_mirror(executor: &dyn Executor, root: &Path) {
    let spec = Spec {
        mirror: Some(suite::mirror(root)),
        clone_url: Some("https://forge.invalid/a/b.git".to_owned()),
        ..spec("1")
    };
    let script = "git clone -q --depth=50 https://forge.invalid/a/b.git a/b && cat a/b/file && git -C a/b remote get-url --push origin\n";
    let (exit, text) = run(executor, spec.clone(), script).await;
    assert_eq!(text, "hello\nhttps://forge.invalid/a/b.git\n");
    assert_eq!(exit.code, Some(0));
    let gone = Spec {
        mirror: Some(root.join("gone.git")),
        ..spec
    };
    let sandbox = executor.prepare(&gone).await.unwrap();
    let (sink, _output) = mpsc::channel(4);
    let error = sandbox.run("true\n", sink, CancellationToken::new()).await;
    assert!(error.unwrap_err().to_string().contains("gone.git"));
    sandbox.destroy().await;
}

async fn is_held_by_its_limits(executor: &dyn Executor) {
    let limits = ResourceLimits {
        memory_bytes: Some(64 << 20),
        processes: Some(40),
        disk_bytes: Some(64 << 20),
        cpu_percent: Some(100),
    };
    let limited = || Spec {
        limits,
        ..spec("1")
    };
    let script = r#"
        nproc
        df --output=size -B 1048576 / | tail -1 | awk '{print ($1 < 65) ? "small" : $1}'
        head -c 200000000 /dev/zero > full 2>/dev/null && echo WROTE
        rm full
        head -c 200000000 /dev/zero | tail -c 150000000 | wc -c"#;
    let (exit, text) = run(executor, limited(), script).await;
    assert!(
        text.starts_with("1\nsmall\n") && !text.contains("WROTE"),
        "{text}"
    );
    assert!(exit.oom, "{exit:?} {text}");
    let many = "for i in $(seq 60); do sleep 100 & done 2>/dev/null; exit 1\n";
    let (exit, _) = run(executor, limited(), many).await;
    assert!(exit.process_limit, "{exit:?}");
}

/// A job may break its machine; then its machine ended, and nobody waits for it.
async fn ends_with_what_it_breaks(executor: &dyn Executor) {
    let (exit, _) = run(executor, spec("1"), "kill -SEGV $$\n").await;
    assert_eq!(exit.signal, Some(11), "{exit:?}");
    for broken in [
        "echo b | sudo tee /proc/sysrq-trigger\nsleep 600\n",
        "echo c | sudo tee /proc/sysrq-trigger\nsleep 600\n",
        "sudo sh -c 'kill -9 $(pgrep -x travis)'\nsleep 600\n",
        // Another speaks in the agent's place: an unknown frame. As long as the agent has the
        // port, nobody else can open it.
        "sudo sh -c 'kill -9 $(pgrep -x travis); for i in 1 2 3 4 5 6 7 8 9; do printf \"\\377\\000\\000\\000\\000\" >$(echo /dev/vport*); done'\nsleep 600\n",
    ] {
        let sandbox = executor.prepare(&spec("1")).await.unwrap();
        let (sink, mut output) = mpsc::channel(4);
        let running = sandbox.run(broken, sink, CancellationToken::new());
        let draining = async { while output.recv().await.is_some() {} };
        let both = async { tokio::join!(running, draining).0 };
        let ended = tokio::time::timeout(Duration::from_secs(60), both).await;
        let error = ended.expect(broken).unwrap_err().to_string();
        assert!(error.contains("the job's machine"), "{error}");
        sandbox.destroy().await;
    }
}

async fn is_swept(executor: &dyn Executor) {
    let sandbox = executor.prepare(&spec("1")).await.unwrap();
    // As if the process had died: nothing is destroyed.
    std::mem::forget(sandbox);
    executor.sweep().await;
    let (exit, _) = run(executor, spec("1"), "true\n").await;
    assert_eq!(exit.code, Some(0));
}

/// Every thread of the QEMU that this process started: priority and number of the class, where 5
/// is idle.
fn scheduled() -> Vec<(i64, i64)> {
    let stat = |path: PathBuf| -> Option<(String, Vec<i64>)> {
        let line = std::fs::read_to_string(path).ok()?;
        let (name, rest) = line.rsplit_once(')')?;
        let numbers = rest
            .split_ascii_whitespace()
            .map(|n| n.parse().unwrap_or(0));
        Some((name.to_owned(), numbers.collect()))
    };
    let is_ours = |pid: i64| {
        let parent = |pid: i64| Some(stat(format!("/proc/{pid}/stat").into())?.1[1]);
        let all = std::iter::successors(Some(pid), |pid| parent(*pid).filter(|up| *up > 0));
        all.take(20).any(|pid| pid == i64::from(std::process::id()))
    };
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let of_qemu = stat(process.path().join("stat"));
        if !of_qemu.is_some_and(|(name, _)| name.contains("(qemu")) || !is_ours(pid) {
            continue;
        }
        let threads = std::fs::read_dir(process.path().join("task")).unwrap();
        let threads = threads
            .flatten()
            .filter_map(|one| stat(one.path().join("stat")));
        found.extend(threads.map(|(_, fields)| (fields[16], fields[38])));
    }
    found
}

/// A machine of a polite job gets what nobody else wants of the processors, all of its threads, and
/// what it uses is told while it runs.
async fn is_polite_and_tells_its_use(executor: &dyn Executor) {
    let polite = Spec {
        polite: true,
        ..spec("polite")
    };
    let sandbox = executor.prepare(&polite).await.unwrap();
    let stop = CancellationToken::new();
    let (sink, mut output) = mpsc::channel(4);
    let running = sandbox.run("echo begun; while :; do :; done\n", sink, stop.clone());
    let looking = async {
        let first = tokio::time::timeout(Duration::from_secs(120), output.recv());
        assert!(first.await.expect("the job begins").is_some());
        let threads = scheduled();
        assert!(threads.len() > 1, "{threads:?}");
        assert!(threads.iter().all(|one| *one == (19, 5)), "{threads:?}");
        let before = sandbox.usage().await.unwrap();
        assert!(before.memory_bytes > 16 << 20, "{before:?}");
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let now = sandbox.usage().await.unwrap();
            if now.cpu >= before.cpu + Duration::from_millis(500) {
                break;
            }
            assert!(Instant::now() < until, "{before:?}, then {now:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stop.cancel();
        while output.recv().await.is_some() {}
    };
    let (exit, ()) = tokio::join!(running, looking);
    assert!(exit.unwrap().killed);
    sandbox.destroy().await;
}

/// Security case 31: the network of a machine is the gateway's, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_machines_packets_go_through_the_gateway() {
    let Some((executor, _root)) = executor().await else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (allowed, other_port) = (
        listener.local_addr().unwrap(),
        other.local_addr().unwrap().port(),
    );
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut read, mut write) = stream.split();
            let _ = tokio::io::copy(&mut read, &mut write).await;
        }
    });
    let gateway = Gateway::new(Policy {
        reach: Reach::Internet,
        allowed: vec![allowed.to_string().parse().unwrap()],
        ..Policy::default()
    });
    let guarded = Spec {
        network: Network::Guarded(gateway.clone()),
        ..spec("1")
    };
    let script = format!(
        r#"
        try() {{ if (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; then echo "REACHED $1"; else echo "refused $1"; fi; }}
        exec 3<>/dev/tcp/10.0.2.2/{port} && echo hello >&3 && read -r -u 3 line && echo "$line"
        began=$SECONDS
        try 10.0.2.2 {other_port}; try 192.168.1.1 80; try 169.254.169.254 80; try 100.64.0.1 80
        try 10.0.2.77 80; try fd00:ec2::254 80
        # As root, around what the machine was told: other addresses, and no route but its own.
        sudo ip address add 10.0.2.99/24 dev eth0
        sudo ip route replace 192.168.0.0/16 dev eth0
        try 192.168.1.1 80
        [ $((SECONDS - began)) -lt 60 ] && echo soon
        head -c 3000000 /dev/zero | tr '\0' x >&3 & head -c 3000000 <&3 | wc -c
        "#,
        port = allowed.port(),
    );
    let (exit, text) = run(&executor, guarded, &script).await;
    assert_eq!(
        text,
        "hello\nrefused 10.0.2.2\nrefused 192.168.1.1\nrefused 169.254.169.254\nrefused 100.64.0.1\n\
         refused 10.0.2.77\nrefused fd00:ec2::254\nrefused 192.168.1.1\nsoon\n3000000\n",
        "{exit:?}"
    );
    assert!(!gateway.refusals("1").is_empty());
    assert_eq!(gateway.contacts("1").len(), 1);
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_images_that_are_there_are_started() {
    let Some((executor, root)) = executor().await else {
        return;
    };
    let mut wish = spec("1");
    wish.image = Some(travis_sandbox::ImageWish {
        name: Some("nothere".to_owned()),
        ..Default::default()
    });
    let error = executor.prepare(&wish).await.err().unwrap().to_string();
    assert!(error.contains("no image \"nothere\""), "{error}");
    let missing = Vm::emulated(root.path().join("jobs"), root.path().into(), Vec::new()).await;
    assert!(missing.err().unwrap().to_string().contains("no image"));

    // Something that starts, but is no image of ours.
    let image = IMAGE.clone().unwrap();
    let odd = root.path().join("odd");
    std::fs::create_dir(&odd).unwrap();
    std::fs::copy(image.join("vmlinuz"), odd.join("vmlinuz")).unwrap();
    std::fs::copy(image.join("job-initrd.img"), odd.join("job-initrd.img")).unwrap();
    std::fs::write(odd.join("disk.raw"), vec![0; 1 << 20]).unwrap();
    let executor = Vm::emulated(root.path().join("jobs"), odd, Vec::new())
        .await
        .unwrap();
    let since = Instant::now();
    let error = executor
        .prepare(&spec("1"))
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("did not start"), "{error}");
    assert!(
        since.elapsed() < Duration::from_secs(60),
        "it ends by itself"
    );
    let left = std::fs::read_dir(root.path().join("jobs/machines")).unwrap();
    assert_eq!(left.count(), 0);
}
