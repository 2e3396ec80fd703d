//! The images that jobs run in, as an operator, a worker's owner and a worker have them: tables by
//! language and version, images that come and go, and the image of virtual machines, which is
//! fetched from a server.

use crate::support::{Process, Server, Setup, Worker, sha256, travis, until};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, test_kill_process};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(40);

/// `travis worker …` by the owner of a machine.
async fn owner(server: &Server, arguments: &[&str]) -> Output {
    let mut command = travis(&server.home);
    command.args(["worker"]).args(arguments);
    crate::support::finish(command).await
}

/// Has a worker speak now, whose idle polls are held for half a minute: what its page says is told
/// at once.
async fn nudge(server: &Server, worker: &Worker) {
    let id = worker.seen(server).await.unwrap()["id"].clone();
    for what in ["pause", "resume"] {
        let path = format!("/v3/worker/{id}/{what}");
        server.api.post(&path, &json!({})).await.expect(200);
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn an_operators_table_reaches_workers_and_the_owners_comes_first() {
    let server = Setup::server().start().await;
    let worker = Worker::start(&server, "attic", &[]).await;
    let data = worker.data.to_str().unwrap().to_owned();
    let gets = async |version: &str| {
        let arguments = [
            "image",
            "table",
            "--data",
            &data,
            "--language",
            "python",
            "--version",
            version,
        ];
        said(&owner(&server, &arguments).await).trim().to_owned()
    };
    assert_eq!(
        gets("3.12").await,
        "docker.io/library/python:3.12 (program)"
    );

    // What can't be meant is refused, with its line and what to do; nothing of it is kept.
    let wrong = server.place().join("wrong.toml");
    std::fs::write(
        &wrong,
        "[[image]]\nname = \"a\"\nimage = \"a\"\n\n[[image]]\nlanguage = \"python\"\nimage = \"py:{*}\"\n",
    )
    .unwrap();
    let refused = server
        .run_cli(&["workers", "images", "--set", wrong.to_str().unwrap()])
        .await;
    assert!(!refused.status.success());
    let text = said(&refused);
    assert!(
        text.contains("line 5") && text.contains("add version"),
        "{text}"
    );
    let empty = server.run_cli(&["workers", "images"]).await;
    assert!(
        said(&empty).contains("no rows of the operator's"),
        "{empty:?}"
    );

    let digest = "a".repeat(64);
    let rows = format!(
        "# Ours.\n[[image]]\nlanguage = \"python\"\nversion = \"3.*\"\nimage = \"registry.example.org:5000/py@sha256:{digest}\"\n\n[[service]]\nname = \"postgresql\"\nversion = \"15\"\nimage = \"registry.example.org:5000/postgres:{{version}}\"\nport = 5432\n"
    );
    let good = server.place().join("good.toml");
    std::fs::write(&good, &rows).unwrap();
    let set = server
        .run_cli(&["workers", "images", "--set", good.to_str().unwrap()])
        .await;
    assert!(said(&set).contains("1 for jobs, 1 for services"), "{set:?}");
    let table = server.api.get("/v3/images").await.expect(200);
    assert_eq!(table["text"], rows);
    assert_eq!(
        (&table["images"], &table["services"]),
        (&json!(1), &json!(1))
    );
    assert!(table["updated_by"].is_string() && table["updated_at"].is_string());
    assert_eq!(server.anonymous().get("/v3/images").await.status, 403);

    // The worker has it with its next word, byte for byte, and after a start without the server.
    nudge(&server, &worker).await;
    let kept = worker.data.join("images-server.toml");
    until("the worker's copy", SOON, || async {
        let text = std::fs::read_to_string(&kept).ok()?;
        (text == rows).then_some(())
    })
    .await;
    let pinned = format!("registry.example.org:5000/py@sha256:{digest}");
    assert_eq!(gets("3.12").await, format!("{pinned} (operator)"));
    assert_eq!(gets("2.7").await, "docker.io/library/python:2.7 (program)");
    // The owner's word comes first.
    std::fs::write(
        worker.data.join("images.toml"),
        "[[image]]\nlanguage = \"python\"\nversion = \"3.12\"\nimage = \"registry.lan/py:{version}\"\n",
    )
    .unwrap();
    assert_eq!(gets("3.12").await, "registry.lan/py:3.12 (owner)");
    assert_eq!(gets("3.11").await, format!("{pinned} (operator)"));
    let all = owner(
        &server,
        &["image", "table", "--data", &data, "--format", "json"],
    )
    .await;
    let all: Value = serde_json::from_slice(&all.stdout).unwrap();
    let from: Vec<&str> = all["image"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["from"].as_str().unwrap())
        .collect();
    assert_eq!(from[..3], ["owner", "operator", "program"]);
    assert_eq!(all["service"][0]["from"], "operator");
}

#[tokio::test]
async fn images_that_come_and_go_are_known_to_the_server_without_a_new_start() {
    let server = Setup::server().start().await;
    if !crate::support::can_isolate("images by name") {
        return;
    }
    let worker = Worker::start(&server, "shelf", &["--executor", "namespace"]).await;
    let has = async |names: Value| {
        until("the worker's images", SOON, || async {
            let workers = server.api.get("/v3/workers").await.body;
            let all = workers["workers"].as_array()?;
            let shelf = all.iter().find(|worker| worker["name"] == "shelf")?;
            (shelf["facts"]["images"] == names).then_some(())
        })
        .await;
    };
    has(json!([])).await;
    // The smallest root file system that is taken: a shell where one is looked for.
    let tree = server.dir("tree");
    for name in ["bin", "usr/bin", "etc"] {
        std::fs::create_dir_all(tree.join(name)).unwrap();
    }
    for name in ["bin/sh", "bin/bash", "usr/bin/env"] {
        std::fs::copy("/bin/sh", tree.join(name)).unwrap();
    }
    let tar = server.place().join("tree.tar");
    let done = Command::new("tar")
        .args([
            "-cf",
            tar.to_str().unwrap(),
            "-C",
            tree.to_str().unwrap(),
            ".",
        ])
        .status()
        .unwrap();
    assert!(done.success());
    let data = worker.data.to_str().unwrap();
    let add = [
        "image",
        "add",
        "tiny",
        tar.to_str().unwrap(),
        "--data",
        data,
    ];
    let added = owner(&server, &add).await;
    assert!(added.status.success(), "{}", said(&added));
    nudge(&server, &worker).await;
    has(json!(["tiny"])).await;
    let removed = owner(&server, &["image", "remove", "tiny", "--data", data]).await;
    assert!(removed.status.success(), "{}", said(&removed));
    nudge(&server, &worker).await;
    has(json!([])).await;
}

/// What a server offers: an image that nothing boots from, and kernel and initrd like it.
fn offer(server: &Server) -> std::path::PathBuf {
    let downloads = server.data.join("downloads");
    std::fs::create_dir_all(&downloads).unwrap();
    let made = Command::new("qemu-img")
        .args(["create", "-q", "-f", "qcow2"])
        .arg(downloads.join("disk.qcow2"))
        .arg("64M")
        .status()
        .unwrap();
    assert!(made.success());
    // Large enough to have halves.
    for (name, length) in [
        ("vmlinuz", 3_000_000),
        ("job-initrd.img", 100_000),
        ("initrd.img", 10),
    ] {
        let bytes: Vec<u8> = (0_u32..).map(|n| (n % 251) as u8).take(length).collect();
        std::fs::write(downloads.join(name), bytes).unwrap();
    }
    downloads
}

fn has_qemu(test: &str) -> bool {
    let there = |name: &str| Path::new("/usr/bin").join(name).is_file();
    let there = there("qemu-img") && there("qemu-system-x86_64");
    if !there {
        assert!(
            std::env::var_os("TRAVIS_TEST_REQUIRE_QEMU").is_none(),
            "no QEMU"
        );
        println!("skipped: {test}: no QEMU (packages qemu-system-x86, qemu-utils)");
    }
    there
}

#[tokio::test]
async fn the_image_of_jobs_machines_is_fetched_resumed_and_exchanged() {
    if !has_qemu("images of virtual machines") {
        return;
    }
    let server = Setup::server().start().await;
    let data = server.dir("worker");
    let data_name = data.to_str().unwrap();
    let fetch = ["image", "fetch", "--data", data_name, "--from", &server.url];
    // Whoever has none is told how to get one.
    let none = owner(&server, &fetch).await;
    assert_eq!(none.status.code(), Some(4));
    assert!(said(&none).contains("make image"), "{}", said(&none));
    let start = [
        "--executor",
        "vm",
        "--data",
        data_name,
        "--server",
        &server.url,
        "--token",
        "T",
    ];
    let start = owner(&server, &start).await;
    assert!(!start.status.success());
    assert!(
        said(&start).contains("travis worker image fetch"),
        "{}",
        said(&start)
    );

    let downloads = offer(&server);
    let kernel = std::fs::read(downloads.join("vmlinuz")).unwrap();
    // An earlier call broke off.
    let fetching = data.join("images/vm/.fetching");
    std::fs::create_dir_all(&fetching).unwrap();
    let part = fetching.join(format!("{}.part", sha256(&kernel)));
    std::fs::write(&part, &kernel[..2_000_000]).unwrap();
    let first = owner(&server, &fetch).await;
    let text = said(&first);
    assert!(first.status.success(), "{text}");
    assert!(text.contains("2 of 3 MB are here already"), "{text}");
    let home = data.join("images/vm/default");
    for name in ["disk.qcow2", "vmlinuz", "job-initrd.img"] {
        let (there, offered) = (home.join(name), downloads.join(name));
        assert!(
            std::fs::read(there).unwrap() == std::fs::read(offered).unwrap(),
            "{name}"
        );
    }
    assert!(!fetching.exists() && !home.join("initrd.img").exists());
    let again = owner(&server, &fetch).await;
    assert!(said(&again).contains("is here already"), "{}", said(&again));

    // A newer one takes its place as a whole.
    std::fs::write(downloads.join("vmlinuz"), "newer").unwrap();
    let newer = owner(&server, &fetch).await;
    assert!(newer.status.success(), "{}", said(&newer));
    assert_eq!(
        std::fs::read_to_string(home.join("vmlinuz")).unwrap(),
        "newer"
    );
    assert!(!fetching.exists());
}

/// The QEMU that a process started.
fn qemu_of(pid: u32) -> Option<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let children = tasks
        .flatten()
        .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    let all: String = children.collect();
    all.split_whitespace().find_map(|child| {
        let name = std::fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
        (name.starts_with("qemu-system")).then(|| Pid::from_raw(child.parse().ok()?))?
    })
}

#[tokio::test]
async fn a_machine_is_made_of_the_servers_image_and_ends_with_whoever_started_it() {
    if !has_qemu("travis worker vm") {
        return;
    }
    let server = Setup::server().start().await;
    let downloads = offer(&server);
    let disk = std::fs::read(downloads.join("disk.qcow2")).unwrap();
    let digest = sha256(&disk);
    let place = server.dir("vm");
    // An earlier call broke off.
    let images = place.join("images").join(&digest);
    std::fs::create_dir_all(&images).unwrap();
    let part = images.join(format!("{digest}.part"));
    std::fs::write(&part, &disk[..disk.len() / 2]).unwrap();
    let start = || {
        let mut command = travis(&server.home);
        command
            .args([
                "worker",
                "vm",
                "--emulate",
                "--cores",
                "1",
                "--memory",
                "512M",
            ])
            .args(["--server", &server.url, "--data"])
            .arg(&place)
            .env("TRAVIS_ENROLMENT_TOKEN", "enrol_not_of_this_server");
        Process::start(command, server.place().join("vm.err"))
    };
    let mut machine = start();
    let qemu = until("QEMU", SOON, || async {
        // It has read what it was handed when that is gone.
        let qemu = qemu_of(machine.pid())?;
        (!place.join("credentials").exists()).then_some(qemu)
    })
    .await;
    let text = machine.stderr();
    assert!(text.contains("are here already"), "{text}");
    assert!(std::fs::read(images.join("disk.qcow2")).unwrap() == disk && !part.exists());
    // Killed outright it can do nothing more; the kernel ends its machine.
    let handle = pidfd_open(qemu, PidfdFlags::empty()).unwrap();
    machine.kill();
    let ended = tokio::io::unix::AsyncFd::with_interest(handle, tokio::io::Interest::READABLE);
    tokio::time::timeout(SOON, ended.unwrap().readable())
        .await
        .expect("QEMU goes on without its owner")
        .unwrap()
        .retain_ready();
    // Nothing else holds the place: the next start is a start.
    let mut again = start();
    let qemu = until("QEMU again", SOON, || async {
        let qemu = qemu_of(again.pid())?;
        (!place.join("credentials").exists()).then_some(qemu)
    })
    .await;
    // Ctrl-C twice turns it off.
    again.signal(Signal::INT);
    until("its word", SOON, || async {
        again
            .stderr()
            .contains("Shutting the machine down")
            .then_some(())
    })
    .await;
    again.signal(Signal::INT);
    again.ended(SOON).await;
    assert!(test_kill_process(qemu).is_err());

    // Bytes that are not what the server named never become a machine.
    std::fs::write(downloads.join("disk.qcow2"), "another disk").unwrap();
    let wrong = place.join("images").join(sha256(b"another disk"));
    std::fs::create_dir_all(&wrong).unwrap();
    let part = wrong.join(format!("{}.part", sha256(b"another disk")));
    std::fs::write(&part, "another dis!").unwrap();
    let mut refused = start();
    until("the refusal", SOON, || async {
        refused.stderr().contains("is not its file").then_some(())
    })
    .await;
    assert!(!wrong.join("disk.qcow2").exists() && !part.exists());
    refused.kill();
}
