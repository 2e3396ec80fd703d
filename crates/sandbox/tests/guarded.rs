//! What a job reaches whose network goes through the gateway.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod suite;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::linux::net::SocketAddrExt as _;
use std::path::Path;

use suite::run_spec as run;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use travis_egress::{Gateway, Policy, Protocol, Reach, Refused};
use travis_sandbox::images::{Bounds, Images, Labels};
use travis_sandbox::{Executor, Exit, ImageWish, Namespace, Network, Networks, Spec, ToolDirs};

struct Bench {
    executor: Namespace,
    root: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        let networks = Networks::by(env!("CARGO_BIN_EXE_make-job-network").into());
        if let Err(error) = networks.check().await {
            println!("skipped: {error}");
            return None;
        }
        let executor = Namespace::new(
            root.path().join("sandbox"),
            vec![root.path().to_owned()],
            ToolDirs::detect(),
        );
        if let Some(reason) = executor.check().await.iter().take(2).find(|f| !f.ok) {
            println!("skipped: {}", reason.detail);
            return None;
        }
        Some(Self {
            executor: executor.with_networks(networks),
            root,
        })
    }

    async fn run(&self, id: &str, gateway: &Gateway, script: &str) -> (Exit, String) {
        let spec = Spec {
            id: id.to_owned(),
            network: Network::Guarded(gateway.clone()),
            ..Spec::default()
        };
        run(&self.executor, spec, script).await
    }
}

/// A server that says `hello` and then gives back what comes.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(b"hello\n").await.unwrap();
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
        }
    });
    address
}

/// A resolver that knows a few names.
async fn resolver(names: &'static [(&'static str, [u8; 4])]) -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let asked = &buffer[..length];
            let end = 12 + asked[12..].iter().position(|byte| *byte == 0).unwrap();
            let mut name = String::new();
            let mut at = 12;
            while asked[at] != 0 {
                let label = at + 1..at + 1 + usize::from(asked[at]);
                name.push_str(std::str::from_utf8(&asked[label.clone()]).unwrap());
                name.push('.');
                at = label.end;
            }
            let wants_v4 = asked[end + 1..end + 3] == [0, 1];
            let found = names.iter().find(|(known, _)| name == format!("{known}."));
            let mut answer = asked[..end + 5].to_vec();
            answer[2..4].copy_from_slice(&[0x81, if found.is_some() { 0x80 } else { 0x83 }]);
            answer[6..12].fill(0);
            if let Some((_, address)) = found.filter(|_| wants_v4) {
                answer[7] = 1;
                answer.extend([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(address);
            }
            socket.send_to(&answer, from).await.unwrap();
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reaches_what_is_allowed_and_nothing_else() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let (allowed, other) = (echo().await, echo().await);
    let gateway = Gateway::new(Policy {
        reach: Reach::Internet,
        allowed: vec![allowed.to_string().parse().unwrap()],
        ..Policy::default()
    });
    let mut told = gateway.listen("1");
    let machine = own_address().await;
    let script = format!(
        r#"
        (exec 3<>/dev/tcp/127.0.0.1/{other}) 2>/dev/null || echo own loopback
        cat </proc/net/if_inet6 | wc -l
        "#,
        other = other.port(),
    );
    let (_, text) = bench.run("0", &gateway, &script).await;
    assert!(text.starts_with("own loopback\n"), "{text}");
    let script = format!(
        r#"
        try() {{ if (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; then echo "REACHED $1"; else echo "refused $1"; fi; }}
        time=$SECONDS
        exec 3<>/dev/tcp/10.0.2.2/{allowed} && read -r -u 3 line && echo "$line" && echo again >&3 && read -r -u 3 line && echo "$line"
        try 10.0.2.2 {other}; try 192.168.1.1 80; try 169.254.169.254 80; try 10.0.0.1 443
        try 100.64.0.1 80; try 172.16.0.1 80; try {machine} {other}; try 224.0.0.1 80
        try fd00:ec2::254 80; try fd12:3456::1 80; try 64:ff9b::192.168.1.1 80
        echo x >/dev/udp/192.168.1.1/161
        ping -c1 -W1 192.168.1.1 >/dev/null 2>&1 && echo PINGED
        [ $((SECONDS - time)) -lt 5 ] || echo SLOW
        "#,
        other = other.port(),
        allowed = allowed.port(),
    );
    let (exit, text) = bench.run("1", &gateway, &script).await;
    assert_eq!(exit.code, Some(0), "{text}");
    assert!(
        !text.contains("REACHED") && !text.contains("SLOW") && !text.contains("PINGED"),
        "{text}"
    );
    assert_eq!(text.matches("\nrefused ").count(), 11, "{text}");
    let refusals = gateway.refusals("1");
    let reason = |ip: &str| {
        let ip: IpAddr = ip.parse().unwrap();
        let found = refusals.iter().find(|refusal| refusal.target.ip == ip);
        found.map(|refusal| refusal.reason.clone())
    };
    assert_eq!(reason("192.168.1.1"), Some(Refused::OwnNetwork));
    assert_eq!(reason("169.254.169.254"), Some(Refused::Metadata));
    assert_eq!(reason("fd00:ec2::254"), Some(Refused::Metadata));
    assert_eq!(reason(&machine.to_string()), Some(Refused::OwnMachine));
    assert!(refusals.iter().any(|r| r.target.protocol == Protocol::Udp));
    assert_eq!(
        told.recv().await.unwrap().target.ip.to_string(),
        "127.0.0.1"
    );
    // The word of a refusal may come between them.
    assert!(
        text.contains("hello\n") && text.contains("again\n"),
        "{text}"
    );
    let line =
        "travis: connection to 192.168.1.1:80 refused: the owner's own network is out of reach";
    assert_eq!(text.matches(line).count(), 1, "{text}");
    let contacts = gateway.contacts("1");
    assert_eq!(contacts.len(), 1);
    assert_eq!((contacts[0].sent, contacts[0].received), (6, 12));
    assert!(gateway.bytes() >= 18);
}

/// The address of this machine by which it would reach others; any that is no loopback will do.
async fn own_address() -> IpAddr {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
    // Nothing is sent by this.
    let found = match socket.connect(("192.0.2.1", 9)).await {
        Ok(()) => socket.local_addr().unwrap().ip(),
        Err(_) => Ipv4Addr::LOCALHOST.into(),
    };
    if found.is_loopback() {
        Ipv4Addr::new(10, 0, 2, 2).into()
    } else {
        found
    }
}

const NAMES: &[(&str, [u8; 4])] = &[
    ("good.example", [127, 0, 0, 1]),
    ("evil.example", [127, 0, 0, 1]),
    ("rebind.example", [192, 168, 1, 1]),
];

#[tokio::test(flavor = "multi_thread")]
async fn names_are_resolved_and_connections_judged_by_their_address() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let (server, other) = (echo().await, echo().await);
    let gateway = Gateway::with_resolvers(
        Policy {
            reach: Reach::Internet,
            allowed: vec![format!("good.example:{}", server.port()).parse().unwrap()],
            ..Policy::default()
        },
        vec![resolver(NAMES).await],
    );
    // A name for the machine's loopback resolves to the job's own for programs, so the test goes
    // by an address that the kernel sends out.
    let script = format!(
        r#"
        cat /etc/resolv.conf; env | grep OWN_NETWORK
        getent ahostsv4 good.example | head -1 | cut -d' ' -f1
        getent ahostsv4 nowhere.example || echo no such name
        (exec 3<>/dev/tcp/rebind.example/{other}) 2>/dev/null && echo REACHED || echo refused
        ip route 2>/dev/null | grep -q . || cat /proc/net/route | wc -l
        "#,
        other = other.port(),
    );
    let (_, text) = bench.run("1", &gateway, &script).await;
    assert!(text.starts_with("nameserver 10.0.2.3\n"), "{text}");
    assert!(
        text.contains("TRAVIS_OWN_NETWORK=1\n127.0.0.1\nno such name\n"),
        "{text}"
    );
    assert!(
        text.contains("\nrefused\n") && !text.contains("REACHED"),
        "{text}"
    );
    let refusals = gateway.refusals("1");
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0].target.host.as_deref(), Some("rebind.example"));
}

/// Security cases 12 and 14: with a way out of its own, a job still sees nothing of the worker, and
/// leaves nothing for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_guarded_network_the_worker_is_not_seen_and_nothing_stays() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    std::fs::write(bench.root.path().join("worker.key"), "the-credential").unwrap();
    // A local socket of the worker's network, which has no file.
    let socket = format!("travis-guarded-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&socket).unwrap();
    let _ear = std::os::unix::net::UnixListener::bind_addr(&address).unwrap();
    let gateway = Gateway::new(Policy {
        reach: Reach::Internet,
        ..Policy::default()
    });
    let name = format!("travis-guarded-daemon-{}", std::process::id());
    let first = format!(
        r#"
        for path in /proc/{pid} {root}/worker.key /run/docker.sock /run/podman /dev/kvm /dev/net/tun; do
            [ -e "$path" ] && echo "SEEN $path"
        done
        grep -rqs "the-[c]redential" /proc/*/environ /proc/*/cmdline /tmp "$HOME" && echo SEEN credential
        grep -q {socket} /proc/net/unix && echo SEEN socket
        for fd in /proc/[0-9]*/fd/*; do
            readlink "$fd" 2>/dev/null | grep -E '/net/tun|worker\.key|spool' && echo SEEN descriptor
        done
        ip link add left type dummy 2>/dev/null && echo CHANGED
        grep CapEff /proc/self/status
        for place in "$HOME" /tmp /var/tmp /dev/shm; do echo left > "$place/left"; done
        (exec -a {name} setsid sleep 600) </dev/null >/dev/null 2>&1 &
        (exec 5<>/dev/tcp/10.0.2.3/53; exec -a {name} setsid sleep 600) </dev/null >/dev/null 2>&1 &
        echo "own: $TRAVIS_OWN_NETWORK"
        "#,
        pid = std::process::id(),
        root = bench.root.path().display(),
    );
    let (exit, text) = bench.run("1", &gateway, &first).await;
    assert_eq!(
        (exit.code, text.as_str()),
        (Some(0), "CapEff:\t0000000000000000\nown: 1\n")
    );
    let second = "find / -xdev -name left 2>/dev/null; ls -A /tmp /var/tmp /dev/shm | grep left; tail -n +2 /proc/net/tcp | wc -l\n";
    let (_, text) = bench.run("2", &gateway, second).await;
    assert_eq!(text, "0\n");
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        assert!(!line.starts_with(&name), "a process stayed");
    }
}

/// The machine's own system as an archive, as little of it as bash needs.
fn system(place: &Path) -> std::path::PathBuf {
    let file = place.join("system.tar");
    let script = r#"
        root=$(mktemp -d "$0/XXXXXX")
        files="/bin/bash /bin/cat /bin/ls /bin/touch /usr/bin/id $(ldd /bin/bash /bin/cat /bin/ls /bin/touch /usr/bin/id | grep -o '/[^ :)]*' | sort -u)"
        for file in $files; do
            [ -f "$file" ] || continue
            mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file"
        done
        mkdir -p "$root/etc" && echo from the image >"$root/etc/marker"
        tar -C "$root" -cf "$1" .
    "#;
    let made = std::process::Command::new("bash")
        .args(["-ec", script])
        .arg(place)
        .arg(&file)
        .status()
        .unwrap();
    assert!(made.success());
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_in_the_image_that_it_names_or_not_at_all() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let place = bench.root.path();
    let images = Images::new(place.join("images"));
    let labels = Labels {
        language: Some("generic".to_owned()),
        ..Labels::default()
    };
    let image = images
        .add("small", &system(place), labels, Bounds::default())
        .unwrap();
    let executor = bench.executor.with_images(images);
    let gateway = Gateway::new(Policy::default());
    let (progress, mut told) = mpsc::channel(4);
    let wish = |name: Option<&str>, language: &str| Spec {
        id: "1".to_owned(),
        network: Network::Guarded(gateway.clone()),
        image: Some(ImageWish {
            name: name.map(str::to_owned),
            language: language.to_owned(),
            ..ImageWish::default()
        }),
        progress: Some(progress.clone()),
        lend: true,
        ..Spec::default()
    };
    let script = r#"
        cat /etc/marker /etc/resolv.conf; id -u; echo $HOME
        for path in /etc/left /usr/left /left; do touch $path 2>/dev/null && echo WROTE $path; done
        touch /tmp/x /var/tmp/x /run/x "$HOME/x" "$TRAVIS_CACHE_DIR/x" && echo wrote
        ls /usr/share /opt 2>/dev/null && echo SEEN
    "#;
    for (name, language) in [(Some("small"), "rust"), (None, "generic")] {
        let (_, text) = run(&executor, wish(name, language), script).await;
        assert!(
            text.contains("from the image\nnameserver 10.0.2.3\n"),
            "{text}"
        );
        assert!(text.contains("\n1000\n/home/travis\nwrote\n"), "{text}");
        assert!(!text.contains("SEEN") && !text.contains("WROTE"), "{text}");
        let line = format!("Image small ({})\n", image.digest);
        assert_eq!(told.try_recv().unwrap(), line);
    }
    let Err(error) = executor.prepare(&wish(Some("other"), "rust")).await else {
        panic!("another image was taken");
    };
    assert!(error.to_string().contains("other"), "{error}");
    // The machine's own system, when nothing fits.
    let (_, text) = run(&executor, wish(None, "rust"), "cat /etc/marker 2>&1\n").await;
    assert!(text.contains("No such file"), "{text}");
}
