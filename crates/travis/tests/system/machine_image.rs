//! The machine image, booted under emulation: it enrols by each way in which server and token can
//! be handed in, builds, and survives a loss of power. `make test-image` makes the image and runs
//! these.

use crate::support::{Hosted, Server, Setup, travis, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use travis_fake_forge::Kind;

/// Tens of seconds of a processor of its own; this machine's may be busy.
const BOOT: Duration = Duration::from_secs(420);
const BUILD: Duration = Duration::from_secs(420);

const SAMPLE: [(&str, &str); 4] = [
    (
        ".travis.yml",
        include_str!("../../src/serve/sample/travis.yml"),
    ),
    ("greet.sh", include_str!("../../src/serve/sample/greet.sh")),
    ("test.sh", include_str!("../../src/serve/sample/test.sh")),
    ("lint.sh", include_str!("../../src/serve/sample/lint.sh")),
];
const LINES: usize = 60;

/// Where `make test-image` put the image.
fn image() -> PathBuf {
    let place = std::env::var_os("TRAVIS_TEST_IMAGE").expect("run make test-image");
    PathBuf::from(place)
}

/// A process whose output is read as it comes; killed at the end of the test.
struct Watched {
    child: Child,
    typing: Option<ChildStdin>,
    said: Arc<Mutex<String>>,
}

impl Watched {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let outputs: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        // End with the process's output.
        for mut output in outputs {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = output.read(&mut buffer) {
                    said.lock()
                        .unwrap()
                        .push_str(&String::from_utf8_lossy(&buffer[..count]));
                }
            });
        }
        let typing = child.stdin.take();
        Self {
            child,
            typing,
            said,
        }
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said this after what was said before.
    async fn says(&self, from: usize, text: &str) -> usize {
        until(&format!("{text:?} on the console"), BOOT, || async {
            let said = self.said();
            Some(from + said[from..].find(text)? + text.len())
        })
        .await
    }

    fn types(&mut self, line: &str) {
        let typing = self.typing.as_mut().unwrap();
        writeln!(typing, "{line}").unwrap();
        typing.flush().unwrap();
    }

    /// The QEMU that a `travis worker vm` started.
    fn qemu(&self) -> u32 {
        self.started().expect("no QEMU")
    }

    fn started(&self) -> Option<u32> {
        let tasks = format!("/proc/{}/task", self.child.id());
        // There is none left when the program has ended.
        let children = std::fs::read_dir(tasks)
            .ok()?
            .flatten()
            .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
        let all: String = children.collect();
        all.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Killed outright, it can't take its machine along.
        let machine = self
            .started()
            .and_then(|pid| Pid::from_raw(pid.cast_signed()));
        if let Some(machine) = machine {
            let _ = kill_process(machine, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- console ---\n{}", self.said());
        }
    }
}

fn kill(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

async fn token(server: &Server) -> String {
    let answer = server
        .api
        .post("/v3/workers/enrolment_token", &json!({}))
        .await;
    answer.body["token"].as_str().unwrap().to_owned()
}

async fn seen(server: &Server, name: &str) -> Option<Value> {
    let workers = server.api.get("/v3/workers").await.body;
    let mut all = workers["workers"].as_array()?.iter();
    all.find(|worker| worker["name"] == name).cloned()
}

async fn online(server: &Server, name: &str) {
    until(&format!("{name} online"), BOOT, || async {
        (seen(server, name).await?["state"] == "online").then_some(())
    })
    .await;
}

/// The server as the machine sees it.
fn inside(server: &Server) -> String {
    server.url.replace("127.0.0.1", "10.0.2.2")
}

#[tokio::test]
#[ignore = "needs a machine image: make test-image"]
async fn a_machine_by_one_command_builds_loses_power_and_builds_again() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    let server = &hosted.server;
    let files: serde_json::Map<String, Value> = SAMPLE
        .iter()
        .map(|(name, text)| ((*name).to_owned(), json!(text)))
        .collect();
    let body = json!({"private": true, "files": files});
    hosted.control.repo_with("ada/sample", body).await.unwrap();
    let ada = hosted.person("ada").await;
    ada.activate("ada/sample").await;

    let place = server.dir("vm");
    let token = token(server).await;
    let start = |token: Option<&str>| {
        let mut command = travis(&server.home);
        command.args(["worker", "vm", "--emulate", "--name", "attic"]);
        command
            .arg("--image")
            .arg(image())
            .arg("--data")
            .arg(&place);
        if let Some(token) = token {
            command.args(["--server", &server.url, "--cores", "2", "--memory", "1G"]);
            command.env("TRAVIS_ENROLMENT_TOKEN", token);
        }
        Watched::start(command)
    };
    let machine = start(Some(&token));
    online(server, "attic").await;

    // Nobody on this machine reads the token, and it is gone from the disk.
    let qemu = machine.qemu();
    let line = std::fs::read_to_string(format!("/proc/{qemu}/cmdline")).unwrap();
    assert!(line.contains("opt/io.systemd.credentials/travis.token") && !line.contains(&token));
    assert!(!place.join("credentials").exists());

    let sha = hosted
        .push("ada/sample", "main", "Build the sample", "ada")
        .await;
    let build = ada.build_of("ada/sample", &sha).await;
    let build = ada.api.finished_within(build, BUILD).await;
    for job in build["jobs"].as_array().unwrap() {
        let log = ada.api.log_text(job["id"].as_i64().unwrap()).await;
        assert_eq!(job["state"], "passed", "{log}");
        assert!(log.contains("exited with 0"), "{log}");
    }
    assert_eq!(build["state"], "passed");
    machine.says(0, "Building ada/sample").await;

    // The plug is pulled in the middle of a job.
    let slow = format!(
        "language: generic\nscript:\n  - for n in $(seq 1 {LINES}); do echo \"line $n of {LINES}\"; sleep 0.3; done\n"
    );
    let sha = hosted
        .control
        .commit(
            "ada/sample",
            "main",
            &[(".travis.yml", &slow)],
            "Slowly",
            "ada",
        )
        .await
        .unwrap();
    let build = ada.build_of("ada/sample", &sha).await;
    let job = ada.api.first_job(build).await;
    until("the middle of the job", BUILD, || async {
        let log = ada.api.log_text(job).await;
        log.contains(&format!("\nline 9 of {LINES}")).then_some(())
    })
    .await;
    kill(machine.child.id(), Signal::KILL);
    kill(qemu, Signal::KILL);
    drop(machine);

    // It comes back by itself: no token, no server named.
    let mut machine = start(None);
    let build = ada.api.finished_within(build, BOOT + BUILD).await;
    let log = ada.api.log_text(job).await;
    assert_eq!(build["state"], "passed", "{log}");
    let printed: Vec<&str> = log
        .lines()
        .map(str::trim_end)
        .filter(|line| line.starts_with("line ") && line.ends_with(&format!("of {LINES}")))
        .collect();
    let whole: Vec<String> = (1..=LINES)
        .map(|n| format!("line {n} of {LINES}"))
        .collect();
    assert_eq!(printed, whole, "{log}");
    let workers = server.api.get("/v3/workers").await.body;
    assert_eq!(workers["workers"].as_array().unwrap().len(), 1, "{workers}");

    // Ctrl-C presses the power button.
    kill(machine.child.id(), Signal::INT);
    let status = until("the machine's end", BOOT, || {
        let status = machine.child.try_wait().unwrap();
        async move { status }
    })
    .await;
    assert!(status.success(), "{}", machine.said());
}

/// QEMU with the image, started by hand: nothing stays of it.
fn qemu(more: &[&str]) -> Command {
    let mut command = Command::new("qemu-system-x86_64");
    let disk = image().join("disk.qcow2");
    command
        .args("-nodefaults -machine pc -accel tcg,thread=multi -cpu max -smp 2 -m 1024M".split(' '))
        .args("-display none -serial stdio -netdev user,id=net".split(' '))
        .args("-device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci".split(' '))
        .arg("-drive")
        .arg(format!(
            "if=virtio,format=qcow2,snapshot=on,file={}",
            disk.display()
        ))
        .args(more);
    command
}

#[tokio::test]
#[ignore = "needs a machine image: make test-image"]
async fn firmware_of_today_boots_it_and_a_seed_disk_tells_it_all() {
    let server = Setup::server().start().await;
    let place = server.dir("seed");
    let seed = place.join("seed.img");
    let user_data = format!(
        "#cloud-config\ntravis:\n  server: {}\n  token: {}\n  name: cloud\n",
        inside(&server),
        token(&server).await
    );
    std::fs::write(place.join("user-data"), user_data).unwrap();
    std::fs::write(place.join("meta-data"), "instance-id: x\n").unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let done = Command::new(program)
            .args(arguments)
            .current_dir(&place)
            .output()
            .unwrap();
        assert!(done.status.success(), "{program}: {done:?}");
    };
    run("mkfs.vfat", &["-n", "CIDATA", "-C", "seed.img", "2048"]);
    run("mcopy", &["-i", "seed.img", "user-data", "meta-data", "::"]);
    let firmware = [
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_CODE.fd",
    ];
    let firmware = firmware
        .into_iter()
        .find(|path| Path::new(path).exists())
        .expect("the package ovmf");
    let machine = Watched::start(qemu(&[
        "-drive",
        &format!("if=pflash,format=raw,readonly=on,file={firmware}"),
        "-drive",
        &format!("if=virtio,format=raw,readonly=on,file={}", seed.display()),
    ]));
    online(&server, "cloud").await;
    machine
        .says(0, &format!("lent to {} as cloud", inside(&server)))
        .await;
}

#[tokio::test]
#[ignore = "needs a machine image: make test-image"]
async fn who_sits_at_the_console_is_asked_and_told_what_is_wrong() {
    let server = Setup::server().start().await;
    let kernel = image().join("vmlinuz");
    let initrd = image().join("initrd.img");
    // What listens and what can be written is told on the second serial line, where nobody asks.
    let looks = "systemd.run=\"/bin/sh -c 'sleep 20; (ss -Hlntu; echo; findmnt -no OPTIONS /; findmnt -no FSTYPE /etc/machine-id; ls /etc/ssh /root/.ssh; id travis; cut -d: -f2 /etc/shadow | sort -u; echo END) >/dev/ttyS1 2>&1'\" systemd.run_success_action=none systemd.run_failure_action=none systemd.wants=multi-user.target";
    let report = server.dir("report").join("lines");
    let mut machine = Watched::start(qemu(&[
        "-kernel",
        kernel.to_str().unwrap(),
        "-initrd",
        initrd.to_str().unwrap(),
        "-append",
        &format!(
            "root=UUID=7261766d-7472-4176-8973-000000000001 ro console=tty0 console=ttyS0 quiet loglevel=3 systemd.gpt_auto=no {looks}"
        ),
        "-serial",
        &format!("file:{}", report.display()),
        "-smbios",
        "type=11,value=io.systemd.credential:travis.name=typed",
    ]));
    let mut at = machine.says(0, "Server address").await;
    machine.types("ftp://x");
    at = machine
        .says(at, "write it like https://ci.example.org")
        .await;
    at = machine.says(at, "Server address").await;
    machine.types("http://10.0.2.2:9");
    at = machine.says(at, "It can't be reached").await;
    at = machine.says(at, "Server address").await;
    machine.types(&inside(&server));
    at = machine.says(at, "answers.").await;
    at = machine.says(at, "Token: ").await;
    machine.types("enrol_0000000000000000000000000000");
    at = machine
        .says(at, "That did not work: the server refused the enrolment")
        .await;
    // The address stays.
    at = machine.says(at, "Server address [").await;
    machine.types("");
    at = machine.says(at, "Token: ").await;
    machine.types(&token(&server).await);
    machine.says(at, "as typed.").await;
    online(&server, "typed").await;

    let found = until("the second serial line", BOOT, || async {
        let text = std::fs::read_to_string(&report).ok()?;
        text.contains("END").then_some(text)
    })
    .await;
    let lines: Vec<&str> = BufReader::new(found.as_bytes())
        .lines()
        .map_while(Result::ok)
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<String>>()
        .leak()
        .iter()
        .map(String::as_str)
        .collect();
    let gap = lines.iter().position(|line| line.is_empty()).unwrap();
    // Answers to its own DHCP requests are all that comes in.
    for listens in &lines[..gap] {
        assert!(
            listens.contains("%") && (listens.contains(":68 ") || listens.contains(":546 ")),
            "{found}"
        );
    }
    assert!(lines[gap + 1].starts_with("ro,"), "{found}");
    // The image has none: it is drawn at each boot and kept in memory.
    assert_eq!(lines[gap + 2], "tmpfs", "{found}");
    assert!(
        !found.contains("ssh_host") && !found.contains("authorized_keys"),
        "{found}"
    );
    assert!(found.contains("uid=900(travis)"), "{found}");
    // No password opens anything.
    assert!(!found.contains('$'), "{found}");
}
