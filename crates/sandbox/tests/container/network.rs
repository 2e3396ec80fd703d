//! What stands beside a job and what it reaches: services, the engine's network, a guarded one.

use super::*;
use travis_egress::{Gateway, Policy, Reach};
use travis_sandbox::{Network, Networks};

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
