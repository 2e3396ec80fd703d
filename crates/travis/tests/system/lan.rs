//! A worker in a network of its own, with the owner's LAN and a cloud's metadata service planted
//! there: nothing of it is in reach of a job, what is public is (issue 5; security cases 12, 14
//! and 31). No packet leaves this machine: the world beyond the worker's network is a namespace
//! of this test.

use crate::support::{Server, Setup, Worker, can_isolate};
use nix::sched::{CloneFlags, unshare};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// The world's end of the wire to the worker, which is the worker's way to everything.
const GATE: &str = "192.168.77.1";
/// The worker's own address.
const WORKER: &str = "192.168.77.2";
/// Where the server is for the worker.
const SERVER: u16 = 8080;
/// An address that is public, with a name that is a code host's.
const PUBLIC: &str = "140.82.112.3";
/// Another, with a name that is nobody's.
const ELSEWHERE: &str = "93.184.216.34";
/// What lies around the worker.
const PLANTED: &[&str] = &[
    "192.168.77.9",
    "192.168.5.5",
    "10.1.2.3",
    "100.64.0.9",
    "169.254.169.254",
    "198.18.0.1",
    "fd00:ec2::254",
    "fd12::9",
];
/// Names, and where they lead. The third is a name of an attacker's that leads into the LAN.
const NAMES: &[(&str, &str)] = &[
    ("github.com", PUBLIC),
    ("elsewhere.example", ELSEWHERE),
    ("rebind.example", "192.168.5.5"),
    ("registry.npmjs.org", "192.168.5.5"),
];

/// How long a build may take: it waits for nothing, but the machine may be busy.
const LIMIT: Duration = Duration::from_secs(120);

/// The world around the worker, which lasts as long as this.
struct World {
    /// In whose network namespace the worker runs.
    holder: Child,
    _over: mpsc::Sender<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Runs a command in this thread's namespace.
fn run(words: &str) -> Result<(), String> {
    let mut all = words.split(' ');
    let output = Command::new(all.next().unwrap())
        .args(all)
        .output()
        .map_err(|error| format!("{words}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{words}: {}", said.trim()))
}

impl World {
    /// Makes it; says what is missing when it can't be made.
    fn make(server: &str) -> Result<Self, String> {
        if !rustix::process::geteuid().is_root() {
            return Err("networks for workers can only be made by root".to_owned());
        }
        let mut holder = Command::new("unshare")
            .args(["--net", "sleep", "600"])
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let pid = holder.id();
        let (ready, is_ready) = mpsc::channel();
        let (over, is_over) = mpsc::channel::<()>();
        let server = server.to_owned();
        let outer = tokio::runtime::Handle::current();
        // The namespace is this thread's alone, and so are the sockets that it makes.
        std::thread::spawn(move || {
            let made = lay_out(pid).and_then(|()| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(|error| error.to_string())?;
                runtime
                    .block_on(inhabit(&server, &outer))
                    .map_err(|error| error.to_string())?;
                Ok(runtime)
            });
            match made {
                Err(error) => ready.send(Err(error)).unwrap(),
                Ok(runtime) => {
                    ready.send(Ok(())).unwrap();
                    runtime.block_on(async {
                        let waiting = tokio::task::spawn_blocking(move || is_over.recv());
                        let _ = waiting.await;
                    });
                }
            }
        });
        match is_ready.recv().unwrap() {
            Ok(()) => Ok(Self {
                holder,
                _over: over,
            }),
            Err(error) => {
                let _ = holder.kill();
                let _ = holder.wait();
                Err(error)
            }
        }
    }

    /// Words that start a command in the worker's network.
    fn enter(&self) -> Vec<String> {
        let pid = self.holder.id();
        ["nsenter", "--net", "-t", &pid.to_string(), "--"]
            .map(str::to_owned)
            .into()
    }
}

/// Makes the namespace and the wire.
fn lay_out(worker: u32) -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| error.to_string())?;
    // The holder is in its namespace as soon as it sleeps.
    let own = std::fs::read_link("/proc/self/ns/net").map_err(|error| error.to_string())?;
    let begin = std::time::Instant::now();
    while std::fs::read_link(format!("/proc/{worker}/ns/net")).is_ok_and(|ns| ns == own) {
        if begin.elapsed().as_secs() > 10 {
            return Err("the worker's namespace was not made".to_owned());
        }
        std::thread::yield_now();
    }
    let inside = |words: &str| run(&format!("nsenter --net -t {worker} -- {words}"));
    run("ip link set lo up")?;
    run(&format!(
        "ip link add gate type veth peer name eth0 netns {worker}"
    ))?;
    run(&format!("ip addr add {GATE}/24 dev gate"))?;
    run("ip -6 addr add fd12::1/64 dev gate nodad")?;
    run("ip link set gate up")?;
    for address in PLANTED.iter().chain([&PUBLIC, &ELSEWHERE]) {
        let whole = if address.contains(':') { 128 } else { 32 };
        run(&format!("ip addr add {address}/{whole} dev lo"))?;
    }
    inside("ip link set lo up")?;
    inside(&format!("ip addr add {WORKER}/24 dev eth0"))?;
    inside("ip -6 addr add fd12::2/64 dev eth0 nodad")?;
    inside("ip link set eth0 up")?;
    inside(&format!("ip route add default via {GATE}"))?;
    inside("ip -6 route add default via fd12::1")
}

/// Puts a server behind every address, the resolver, and the way to the real server.
async fn inhabit(server: &str, outer: &tokio::runtime::Handle) -> std::io::Result<()> {
    for address in PLANTED.iter().chain([&PUBLIC, &ELSEWHERE]) {
        let address: SocketAddr = (address.parse::<std::net::IpAddr>().unwrap(), 80).into();
        let listener = TcpListener::bind(address).await?;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // It answers whatever it is asked, as soon as it is.
                tokio::spawn(async move {
                    let _ = stream.readable().await;
                    let _ = stream.try_read(&mut [0; 512]);
                    let _ = stream.try_write(format!("I am {}\n", address.ip()).as_bytes());
                });
            }
        });
    }
    let resolver = UdpSocket::bind((GATE, 53)).await?;
    tokio::spawn(resolve(resolver));
    let listener = TcpListener::bind((GATE, SERVER)).await?;
    let (server, outer) = (server.to_owned(), outer.clone());
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let Ok(near) = near.into_std() else { continue };
            let server = server.clone();
            // Sockets of the other threads are in the machine's own network.
            outer.spawn(async move {
                let mut near = TcpStream::from_std(near)?;
                let mut far = TcpStream::connect(&server).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await
            });
        }
    });
    Ok(())
}

async fn resolve(socket: UdpSocket) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let asked = &buffer[..length];
        let (mut name, mut at) = (String::new(), 12);
        while asked[at] != 0 {
            let label = at + 1..at + 1 + usize::from(asked[at]);
            name.push_str(&String::from_utf8_lossy(&asked[label.clone()]));
            name.push('.');
            at = label.end;
        }
        let wants_v4 = asked[at + 1..at + 3] == [0, 1];
        let found = NAMES.iter().find(|(known, _)| name == format!("{known}."));
        let mut answer = asked[..at + 5].to_vec();
        answer[2..4].copy_from_slice(&[0x81, if found.is_some() { 0x80 } else { 0x83 }]);
        answer[6..12].fill(0);
        if let Some((_, address)) = found.filter(|_| wants_v4) {
            answer[7] = 1;
            answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            answer.extend(address.parse::<Ipv4Addr>().unwrap().octets());
        }
        let _ = socket.send_to(&answer, from).await;
    }
}

/// The script of a job that tries everything.
fn probes() -> String {
    let mut script = String::from(
        "script:\n  - |\n    try() { if (exec 3<>\"/dev/tcp/$1/$2\" && printf 'GET / HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n' \"${3:-$1}\" >&3 && read -r -t 5 -u 3 line && echo \"REACHED $1${3:+ as $3} ($line)\") 2>/dev/null; then :; else echo \"refused $1${3:+ as $3}\"; fi; }\n",
    );
    let mut add = |line: &str| {
        script.push_str("    ");
        script.push_str(line);
        script.push('\n');
    };
    for address in PLANTED {
        add(&format!("try {address} 80"));
    }
    for address in [GATE, WORKER, "10.0.2.2"] {
        add(&format!("try {address} {SERVER}"));
    }
    for name in [
        "rebind.example",
        "registry.npmjs.org",
        "github.com",
        "elsewhere.example",
    ] {
        add(&format!("try {name} 80"));
    }
    add(&format!(
        "try ::ffff:192.168.5.5 80; try 64:ff9b::192.168.5.5 80; try {ELSEWHERE} 25"
    ));
    // Who has a code host's address need not be that code host.
    add("try github.com 80 elsewhere.example");
    // Its own network has nothing of the worker's.
    add("ls /sys/class/net 2>/dev/null | tr '\\n' ' '; grep -c : /proc/net/dev");
    add(
        "(ip link set eth0 down || ip addr add 192.168.77.3/24 dev eth0) 2>/dev/null && echo CHANGED",
    );
    add(
        "unshare -Urn true 2>/dev/null; nsenter --net=/proc/1/ns/net true 2>/dev/null && grep CapEff /proc/self/status",
    );
    add("echo done");
    script
}

struct Scene {
    server: Server,
    worker: Worker,
    _world: World,
}

impl Scene {
    async fn begin(settings: &str) -> Option<Self> {
        if !can_isolate("lan") {
            return None;
        }
        let server = Setup::server().start().await;
        let address = server.url.trim_start_matches("http://").to_owned();
        let world = match World::make(&address) {
            Ok(world) => world,
            Err(why) => {
                assert!(
                    std::env::var_os("TRAVIS_TEST_REQUIRE_LAN").is_none(),
                    "{why}"
                );
                println!("skipped: lan: {why}");
                return None;
            }
        };
        let conf = server.dir("conf").join("resolv.conf");
        std::fs::create_dir_all(conf.parent().unwrap()).unwrap();
        std::fs::write(&conf, format!("nameserver {GATE}\n")).unwrap();
        let file = conf.with_file_name("worker.toml");
        std::fs::write(&file, settings).unwrap();
        // Its resolvers are those of its network.
        let mut enter = world.enter();
        enter.extend(["unshare", "--mount", "sh", "-c"].map(str::to_owned));
        enter.push(format!(
            "mount --bind {} /etc/resolv.conf && exec \"$0\" \"$@\"",
            conf.display()
        ));
        let url = format!("http://{GATE}:{SERVER}");
        let flags = [
            "--executor",
            "namespace",
            "--config",
            file.to_str().unwrap(),
        ];
        let worker = Worker::start_inside(&server, &enter, &url, "contributed", &flags).await;
        Some(Self {
            server,
            worker,
            _world: world,
        })
    }

    async fn log(&self) -> String {
        self.server.quick("ada/lan", &probes()).await;
        let id = self.server.api.trigger("ada/lan").await;
        let build = self.server.api.finished_within(id, LIMIT).await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = self.server.api.log_text(job).await;
        assert_eq!(
            build["state"],
            "passed",
            "{log}\n{}",
            self.worker.process.stderr()
        );
        assert!(log.contains("done"), "{log}");
        log
    }
}

/// What a job must not have done, whatever its owner lends.
fn nothing_of_the_lan(log: &str) {
    for address in PLANTED {
        assert!(
            log.contains(&format!("refused {address}")),
            "{address}: {log}"
        );
    }
    for name in [
        GATE,
        WORKER,
        "10.0.2.2",
        "rebind.example",
        "registry.npmjs.org",
        "::ffff:192.168.5.5",
    ] {
        assert!(log.contains(&format!("refused {name}")), "{name}: {log}");
    }
    assert!(
        !log.contains("I am 192.168") && !log.contains("\nCHANGED"),
        "{log}"
    );
    assert!(!log.contains("\nCapEff"), "{log}");
    assert!(
        log.contains(
            "travis: connection to 192.168.5.5:80 refused: the owner's own network is out of reach"
        ),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_31_a_job_reaches_the_internet_and_neither_the_lan_nor_metadata() {
    let Some(scene) = Scene::begin("[lend]\negress = \"internet\"\n").await else {
        return;
    };
    let log = scene.log().await;
    nothing_of_the_lan(&log);
    assert!(
        log.contains(&format!("REACHED github.com (I am {PUBLIC})")),
        "{log}"
    );
    assert!(
        log.contains(&format!("REACHED elsewhere.example (I am {ELSEWHERE})")),
        "{log}"
    );
    assert!(
        log.contains(&format!("refused {ELSEWHERE}")),
        "no mail: {log}"
    );
    assert!(log.contains("mail can't be sent from here"), "{log}");
    assert!(
        log.contains(&format!(
            "REACHED github.com as elsewhere.example (I am {PUBLIC})"
        )),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_31_with_registries_only_nothing_else_is_in_reach() {
    let Some(scene) = Scene::begin("[lend]\negress = \"registries\"\n").await else {
        return;
    };
    let log = scene.log().await;
    nothing_of_the_lan(&log);
    assert!(
        log.contains(&format!("REACHED github.com (I am {PUBLIC})")),
        "{log}"
    );
    assert!(log.contains("refused elsewhere.example"), "{log}");
    assert!(
        log.contains("refused github.com as elsewhere.example"),
        "{log}"
    );
    assert!(
        log.contains("the connection asks for a host that is no package registry"),
        "{log}"
    );
    assert!(
        log.contains("the name elsewhere.example is not looked up"),
        "{log}"
    );
}
