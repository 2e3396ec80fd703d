//! The container executor on Podman: what every executor promises, what a job can see, reach and
//! leave behind, services and images.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod podman;
mod suite;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use podman::executor;
use suite::{FLOOD, Tempo, collect, holds_its_promises, nothing_stays};
use tokio_util::sync::CancellationToken;
use travis_egress::{Gateway, Policy, Reach};
use travis_sandbox::{
    Executor, Exit, ImageWish, Network, Networks, ResourceLimits, SandboxError, Spec,
};

fn spec(id: &str) -> Spec {
    Spec {
        id: id.to_owned(),
        ..Spec::default()
    }
}

async fn run(executor: &dyn Executor, spec: Spec, script: &str) -> (Exit, String) {
    let sandbox = executor.prepare(&spec).await.unwrap();
    let (exit, all) = collect(&*sandbox, script, CancellationToken::new()).await;
    sandbox.destroy().await;
    (exit, String::from_utf8_lossy(&all).into_owned())
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
    let made = Command::new("sh")
        .args([
            "-ec",
            r#"
            umask 077
            git init -q -b main work && cd work && echo hello > file && git add file
            git -c user.name=a -c user.email=a@example.org commit -qm one
            cd .. && git clone -q --bare work mirror.git"#,
        ])
        .current_dir(root.path())
        .status()
        .unwrap();
    assert!(made.success());
    let spec = Spec {
        mirror: Some(root.path().join("mirror.git")),
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
async fn images_that_can_not_be_had_are_told() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let refused = async |name: &str| {
        let wish = ImageWish {
            name: Some(name.to_owned()),
            ..ImageWish::default()
        };
        let spec = Spec {
            image: Some(wish),
            ..spec("1")
        };
        match executor.prepare(&spec).await {
            Ok(_) => panic!("{name} was taken"),
            Err(error) => error.to_string(),
        }
    };
    let error = refused("registry.evil.example/miner:1").await;
    assert!(error.contains("owner allows"), "{error}");
    let error = refused("docker.io/someone/thing").await;
    assert!(error.contains("owner allows"), "{error}");
    let error = refused("debian-12").await;
    assert!(error.contains("no row"), "{error}");
    let error = refused("--privileged:x").await;
    assert!(error.contains("no row"), "{error}");
    nothing_stays(&root.path().join("sandbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_image_lacks_is_told() {
    let root = tempfile::tempdir().unwrap();
    let Some(podman) = podman::podman() else {
        return;
    };
    let bare = "[[image]]\nlanguage = \"bare\"\nimage = \"localhost/bare:1\"\n";
    let Some(executor) = executor(root.path(), bare).await else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let tar = place.path().join("bare.tar");
    let made = Command::new("bash")
        .args(["-ec", r#"mkdir bare && tar -C bare -xf "$0" && rm bare/usr/bin/git && tar -C bare -cf "$1" ."#])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("container-test-image.tar"))
        .arg(&tar)
        .current_dir(place.path())
        .status()
        .unwrap();
    assert!(made.success());
    podman.order(&[
        "import",
        "--quiet",
        &tar.display().to_string(),
        "localhost/bare:1",
    ]);
    let spec = Spec {
        clone_url: Some("https://forge.invalid/a/b.git".to_owned()),
        image: Some(ImageWish {
            language: "bare".to_owned(),
            ..ImageWish::default()
        }),
        ..spec("1")
    };
    let sandbox = executor.prepare(&spec).await.unwrap();
    let (sink, _output) = tokio::sync::mpsc::channel(4);
    let error = sandbox.run("true\n", sink, CancellationToken::new()).await;
    let error = error.unwrap_err();
    assert!(matches!(error, SandboxError::Image { .. }), "{error}");
    assert!(error.to_string().contains("no git"), "{error}");
    sandbox.destroy().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_run_beside_the_job_on_its_loopback() {
    let root = tempfile::tempdir().unwrap();
    let rows = format!(
        "[[service]]\nname = \"redis\"\nalso = [\"redis-server\"]\nimage = \"{image}\"\nuser = \"redis\"\nport = 6379\n\
         arguments = [\"redis-server\", \"--bind\", \"127.0.0.1\", \"--save\", \"\", \"--dir\", \"/tmp\"]\n\
         setup = [[\"redis-cli\", \"set\", \"made\", \"by setup\"]]\njob_environment = {{ REDIS_URL = \"redis://127.0.0.1:6379\" }}\n\
         [[service]]\nname = \"broken\"\nimage = \"{image}\"\nport = 1\narguments = [\"sh\", \"-c\", \"echo why it is broken; exit 3\"]\n",
        image = podman::IMAGE
    );
    let Some(executor) = executor(root.path(), &rows).await else {
        return;
    };
    let (progress, mut said) = tokio::sync::mpsc::channel(16);
    let spec_with = |id: &str, services: &[&str]| Spec {
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        progress: Some(progress.clone()),
        ..spec(id)
    };
    let script = r#"
        redis-cli get made; redis-cli set job was-here; echo "$TRAVIS_SERVICES_READY $REDIS_URL"
        ps -e | grep redis-server
        ip -o link | grep -v ' lo:'
        echo end
        "#;
    let wanted = spec_with("1", &["redis-server", "xvfb", "redis"]);
    let (exit, text) = run(&executor, wanted.clone(), script).await;
    assert_eq!(
        text,
        "\"by setup\"\nOK\nredis redis://127.0.0.1:6379\nend\n"
    );
    assert_eq!(exit.code, Some(0));
    let mut lines = String::new();
    while let Ok(line) = said.try_recv() {
        lines.push_str(&String::from_utf8_lossy(&line));
    }
    assert!(lines.contains("Service redis is ready"), "{lines}");
    assert!(
        lines.contains("Image localhost/travis-test:1 (sha256:"),
        "{lines}"
    );

    // A fresh one for each job, also two side by side.
    let (one, two) = tokio::join!(
        run(&executor, wanted, "redis-cli get job\n"),
        run(&executor, spec_with("2", &["redis"]), "redis-cli get job\n"),
    );
    assert_eq!((one.1.trim(), two.1.trim()), ("(nil)", "(nil)"));

    let Err(error) = executor
        .prepare(&spec_with("3", &["redis", "broken"]))
        .await
    else {
        panic!("a broken service was taken");
    };
    assert!(error.to_string().contains("why it is broken"), "{error}");
    nothing_stays(&root.path().join("sandbox"));
    let left = podman::podman().unwrap().order(&["ps", "--all", "--quiet"]);
    assert!(!left.contains("redis"), "{left}");
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
    let engine = &podman::podman().unwrap().program;
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "doomed_worker"])
        .env(DOOMED, root.path())
        .env(podman::GIVEN, engine)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let running = || {
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        all.filter(|entry| {
            let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            line.starts_with("travis-doomed-container")
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

#[tokio::test(flavor = "multi_thread")]
async fn the_engines_own_network_is_given_where_the_owner_lends_it() {
    let root = tempfile::tempdir().unwrap();
    let Some(executor) = executor(root.path(), "").await else {
        return;
    };
    let open = Spec {
        network: Network::Machine,
        ..spec("1")
    };
    let (_, text) = run(&executor, open, "ip -o link | grep -c -v ' lo:'\n").await;
    assert_eq!(text, "1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guarded_network_reaches_what_its_policy_allows_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let rows = format!(
        "[[service]]\nname = \"redis\"\nimage = \"{}\"\nuser = \"redis\"\nport = 6379\n\
         arguments = [\"redis-server\", \"--bind\", \"127.0.0.1\", \"--save\", \"\", \"--dir\", \"/tmp\"]\n",
        podman::IMAGE
    );
    let Some(executor) = executor(root.path(), &rows).await else {
        return;
    };
    let executor =
        executor.with_networks(Networks::by(env!("CARGO_BIN_EXE_make-job-network").into()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"hello\n").await;
        }
    });
    let gateway = Gateway::new(Policy {
        reach: Reach::Internet,
        allowed: vec![format!("127.0.0.1:{port}").parse().unwrap()],
        ..Policy::default()
    });
    let spec = Spec {
        network: Network::Guarded(gateway.clone()),
        services: vec!["redis".to_owned()],
        ..spec("1")
    };
    let script = format!(
        r#"
        exec 3<>/dev/tcp/10.0.2.2/{port} && read -r -u 3 line && echo "$line"
        for address in 169.254.169.254/80 192.168.1.1/80 10.0.0.1/443 172.16.0.1/80 100.64.0.1/80; do
            (timeout 5 bash -c "exec 3<>/dev/tcp/$address") 2>/dev/null && echo "REACHED $address"
        done
        cat /etc/resolv.conf; redis-cli ping
        ip -o -4 address show eth0 | grep -o '10.0.2.15/24'
        "#
    );
    let (exit, text) = run(&executor, spec, &script).await;
    assert_eq!(exit.code, Some(0), "{text}");
    for wanted in [
        "hello\n",
        "nameserver 10.0.2.3\n",
        "PONG\n",
        "10.0.2.15/24\n",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("REACHED"), "{text}");
    assert!(text.contains("travis: connection to 192.168.1.1"), "{text}");
    assert_eq!(gateway.contacts("1").len(), 1);
    nothing_stays(&root.path().join("sandbox"));
}

/// A registry that wants a password; ends with this.
struct Registry {
    process: std::process::Child,
    host: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Registry {
    /// `secret` is the password of the user `travis`, `hash` what the registry knows of it.
    fn start(place: &Path, hash: &str) -> Option<Self> {
        if !Path::new("/usr/bin/docker-registry").exists() {
            println!("skipped: containers: docker-registry is not installed");
            return None;
        }
        std::fs::write(place.join("htpasswd"), format!("travis:{hash}\n")).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let at = place.display();
        let settings = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {at}/registry\n\
             http:\n  addr: {host}\nauth:\n  htpasswd:\n    realm: test\n    path: {at}/htpasswd\n"
        );
        std::fs::write(place.join("registry.yml"), settings).unwrap();
        let process = Command::new("/usr/bin/docker-registry")
            .arg("serve")
            .arg(place.join("registry.yml"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let limit = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(&host).is_err() {
            assert!(Instant::now() < limit, "the registry starts");
            std::thread::yield_now();
        }
        Some(Self { process, host })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_registry_is_asked_with_the_owners_credentials() {
    const HASH: &str = "$2y$05$yAChdilfnlLo1ETeHm1Bi.JGvalHNryyRYOU4iXmmxpVgjn659bm2";
    let Some(podman) = podman::podman() else {
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let Some(registry) = Registry::start(place.path(), HASH) else {
        return;
    };
    let host = &registry.host;
    let auth = place.path().join("auth.json").display().to_string();
    // `travis:secret`.
    let known = format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"dHJhdmlzOnNlY3JldA==\"}}}}}}");
    std::fs::write(&auth, known).unwrap();
    let image = format!("{host}/team/private:1");
    podman.order(&["tag", podman::IMAGE, &image]);
    podman.order(&[
        "push",
        "--quiet",
        "--authfile",
        &auth,
        "--tls-verify=false",
        &image,
    ]);
    podman.order(&["rmi", &image]);
    let wanted = Spec {
        image: Some(ImageWish {
            language: "private".to_owned(),
            ..ImageWish::default()
        }),
        ..spec("1")
    };
    let rows = format!(
        "insecure = [\"{host}\"]\nAUTH\n[[image]]\nlanguage = \"private\"\nimage = \"{image}\"\n"
    );

    let root = tempfile::tempdir().unwrap();
    let stranger = executor(root.path(), &rows.replace("AUTH", ""))
        .await
        .unwrap();
    let Err(error) = stranger.prepare(&wanted).await else {
        panic!("pulled without a password");
    };
    assert!(error.to_string().contains("can't be pulled"), "{error}");

    let root = tempfile::tempdir().unwrap();
    let rows = rows.replace("AUTH", &format!("auth_file = {auth:?}"));
    let owner = executor(root.path(), &rows).await.unwrap();
    let (progress, mut said) = tokio::sync::mpsc::channel(16);
    let wanted = Spec {
        progress: Some(progress),
        ..wanted
    };
    let script = format!("cat {auth} 2>/dev/null; env | grep -i auth; echo ran\n");
    let (_, text) = run(&owner, wanted.clone(), &script).await;
    assert_eq!(text, "ran\n", "the credentials stay with the owner");
    let mut lines = String::new();
    while let Ok(line) = said.try_recv() {
        lines.push_str(&String::from_utf8_lossy(&line));
    }
    assert!(lines.contains(&format!("Pulling {image}\n")), "{lines}");
    assert_eq!(owner.images().await, std::slice::from_ref(&image));
    // No more than is lent stays or comes, and what it lends again is pulled again.
    assert_eq!(owner.keep_images_within(Some(1)).await, 0);
    assert_eq!(owner.images().await, Vec::<String>::new());
    let Err(error) = owner.prepare(&wanted).await else {
        panic!("pulled more than is lent");
    };
    assert!(error.to_string().contains("are lent for them"), "{error}");
    assert_eq!(owner.images().await, Vec::<String>::new());
    assert!(!owner.has_image(wanted.image.as_ref().unwrap()).await);
    assert_eq!(owner.keep_images_within(None).await, 0);
    let (_, text) = run(&owner, wanted.clone(), "echo anew\n").await;
    assert_eq!(text, "anew\n");
    assert!(owner.keep_images_within(None).await > 1);
    while said.try_recv().is_ok() {}
    // The second job has it at once, also without the registry.
    drop(registry);
    let (_, text) = run(&owner, wanted, "echo again\n").await;
    assert_eq!(text, "again\n");
    let left = said.try_recv().unwrap();
    assert!(left.starts_with(b"Image "), "not pulled again");
}

#[tokio::test]
async fn the_operators_rows_count_after_the_owners_and_not_in_the_owners_network() {
    let ops = Spec {
        image: Some(ImageWish {
            name: Some("ops".to_owned()),
            ..ImageWish::default()
        }),
        ..spec("1")
    };
    let table = |image: &str| {
        let row = format!("[[image]]\nname = \"ops\"\nimage = \"{image}\"\n");
        travis_sandbox::ImageTable::parse(&row).unwrap()
    };
    let root = tempfile::tempdir().unwrap();
    let Some(open) = executor(root.path(), "").await else {
        return;
    };
    let refused = async |executor: &travis_sandbox::Container| match executor.prepare(&ops).await {
        Ok(_) => panic!("it was prepared"),
        Err(error) => error.to_string(),
    };
    assert!(refused(&open).await.contains("no row has an image"));
    // A server can't make a worker speak to its owner's network.
    for inside in [
        "127.0.0.1:9/ops:1",
        "localhost:9/ops:1",
        "192.168.1.1/ops:1",
        "169.254.169.254/ops:1",
    ] {
        open.hear_images(table(inside));
        let error = refused(&open).await;
        assert!(
            error.contains("in a network of this worker's owner"),
            "{error}"
        );
    }
    open.hear_images(table(&podman::IMAGE));
    let (_, text) = run(&open, ops.clone(), "echo by the operator\n").await;
    assert_eq!(text, "by the operator\n");
    // The owner's row of the same name comes first, and who says what may be pulled has said it.
    let own =
        "registries = []\n[[image]]\nname = \"other\"\nimage = \"docker.io/library/none:1\"\n";
    let root = tempfile::tempdir().unwrap();
    let strict = executor(root.path(), own).await.unwrap();
    strict.hear_images(table("registry.example.org/ops:1"));
    let error = refused(&strict).await;
    assert!(
        error.contains("not among those that this worker's owner allows"),
        "{error}"
    );
    // Rows that the operator removes are gone.
    strict.hear_images(travis_sandbox::ImageTable::default());
    assert!(refused(&strict).await.contains("no row has an image"));
}
