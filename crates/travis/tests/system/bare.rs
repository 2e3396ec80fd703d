//! A bare Debian with nothing but the program: one command joins it, and its first job passes.
//!
//! Not a part of every run, since it needs Debian's mirrors:
//! `TRAVIS_TEST_BARE=1 cargo test -p travis --test system bare -- --nocapture`, as root. With the
//! path of a tree that `mmdebstrap` made instead of `1` it is done in half a minute.

use crate::support::{Server, Setup, until};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Makes the smallest Debian; `None`, said why, where that can't be done.
fn bare_debian(tree: &Path) -> Option<()> {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: a root directory can only be entered by root");
        return None;
    }
    // One that was made before.
    let given = std::env::var_os("TRAVIS_TEST_BARE").map(std::path::PathBuf::from);
    if let Some(given) = given.filter(|given| given.is_dir()) {
        let copied = Command::new("cp").arg("-a").arg(given).arg(tree).status();
        assert!(copied.is_ok_and(|status| status.success()));
        return Some(());
    }
    let made = Command::new("mmdebstrap")
        .args(["--variant=minbase", "--include=ca-certificates"])
        // Also where the machine's clock and the mirror's snapshot are weeks apart; it stays in the
        // tree, for what the worker installs.
        .arg("--aptopt=Acquire::Check-Valid-Until \"false\"")
        .arg("bookworm")
        .arg(tree)
        .stdin(Stdio::null())
        .output();
    match made {
        Ok(output) if output.status.success() => Some(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            println!(
                "skipped: mmdebstrap failed: {}",
                said.lines().last().unwrap_or_default()
            );
            None
        }
        Err(error) => {
            println!("skipped: mmdebstrap does not start: {error}");
            None
        }
    }
}

/// What apt needs to reach its mirrors from inside, as this machine does.
fn lend_apt(tree: &Path) {
    for file in ["etc/resolv.conf", "etc/hosts"] {
        let _ = std::fs::copy(Path::new("/").join(file), tree.join(file));
    }
    for place in [
        "etc/apt/apt.conf.d",
        "etc/apt/sources.list.d",
        "etc/apt/keyrings",
        "usr/local/share/ca-certificates",
        "etc/ssl/certs",
    ] {
        let _ = Command::new("cp")
            .arg("-rLn")
            .arg(Path::new("/").join(place).join("."))
            .arg(tree.join(place))
            .output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_debian_joins_by_one_command() {
    let place = tempfile::tempdir().unwrap();
    let tree = place.path().join("debian");
    if std::env::var_os("TRAVIS_TEST_BARE").is_none() {
        println!("skipped: TRAVIS_TEST_BARE is not set; it takes a minute");
        return;
    }
    if bare_debian(&tree).is_none() {
        return;
    }
    lend_apt(&tree);
    std::fs::copy(
        env!("CARGO_BIN_EXE_travis"),
        tree.join("usr/local/bin/travis"),
    )
    .unwrap();
    let server: Server = Setup::server().start().await;
    let answer = server
        .api
        .post("/v3/workers/enrolment_token", &json!({}))
        .await;
    let token = answer.body["token"].as_str().unwrap().to_owned();
    // The repository lies on this machine, whose directories are not in there: a job without one.
    server
        .quick(
            "acme/rocket",
            "git: {clone: false}\nscript: echo bare and well\n",
        )
        .await;
    let build = server.api.trigger("acme/rocket").await;
    let began = Instant::now();
    // A mount namespace of its own, so that what is mounted goes with it. The tree becomes its root:
    // a kernel makes no user namespaces for who is in a root directory that is none of a mount.
    let script = "mount --bind \"$1\" \"$1\" && cd \"$1\" && mount -t proc proc proc && mount --rbind /dev dev \
                  && mount --rbind /sys sys && mkdir -p old && pivot_root . old && umount --lazy old && cd / \
                  && exec /usr/local/bin/travis worker --server \"$2\" --token \"$3\" \
                  --data /var/lib/travis-worker --install-missing";
    let mut worker = Command::new("unshare")
        .args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(&tree)
        .args([&server.url, &token])
        .env("HOME", "/root")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let build = until("the first job passed", Duration::from_secs(180), || async {
        let build = server.api.build(build).await;
        build["finished_at"].is_string().then_some(build)
    })
    .await;
    println!(
        "joined and passed the first job after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&worker),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    worker.wait().unwrap();
    assert_eq!(build["state"], "passed", "{build}");
}
