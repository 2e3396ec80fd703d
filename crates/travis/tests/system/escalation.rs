//! Security case 30: what a `.travis.yml` or a worker says raises neither's rights. The owner of the
//! machine and the operator decide how jobs are isolated and what they reach.

use crate::support::{FakeWorker, Held, Hosted, Server, Setup, can_isolate, facts};
use serde_json::{Value, json};
use travis_fake_forge::Kind;

/// Keys by which jobs reached the host in other systems, and what they were set to.
const HOSTILE: &str = r#"
privileged: true
sudo: required
executor: host
min_executor: host
network: host
image: {name: evil.example/root, run_as: root, privileged: true}
container: {image: evil.example/root, options: "--privileged -v /:/host", network_mode: host}
volumes: ["/:/host", "/var/run/docker.sock:/var/run/docker.sock"]
cap_add: [ALL]
security_opt: [seccomp=unconfined]
workspace: {base: /, path: ../..}
serviceAccountName: root
nodeSelector: {tier: attested}
tags: [attested, vm]
limits: {memory_bytes: 0, total_seconds: 999999, processes: 0}
egress: internet
allow_lan: ["0.0.0.0/0"]
secrets: [admin-token]
"#;

/// What a job of such a file is given, with what differs from job to job left out.
fn shape(mut assignment: Value) -> Value {
    let fields = assignment.as_object_mut().unwrap();
    for own in [
        "attempt",
        "token",
        "job_id",
        "repository",
        "job_number",
        "script",
    ] {
        assert!(fields.remove(own).is_some(), "{own}");
    }
    assignment
}

async fn given(server: &Server, worker: &FakeWorker, slug: &str, yaml: &str) -> (Held, Value) {
    server.quick(slug, yaml).await;
    server.api.trigger(slug).await;
    let answer = worker.poll(&[], 10_000).await.expect(200);
    let given = answer["assignments"][0].clone();
    let held = Held {
        attempt: given["attempt"].as_i64().expect("a job"),
        job: given["job_id"].as_i64().unwrap(),
        token: given["token"].as_str().unwrap().to_owned(),
    };
    worker.running(&held).await.expect(204);
    worker.finish(&held, "passed", b"").await.expect(200);
    (held, given)
}

#[tokio::test]
async fn case_30_no_key_of_a_file_is_an_option_of_the_machine() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "attic").await;
    let (_, plain) = given(&server, &worker, "acme/plain", "script: 'true'\n").await;
    let yaml = format!("script: 'true'\n{HOSTILE}");
    let (_, hostile) = given(&server, &worker, "acme/hostile", &yaml).await;
    // The worker is told the same, byte for byte, whatever the file asks for.
    assert_eq!(shape(hostile.clone()), shape(plain));
    let script = hostile["script"].as_str().unwrap();
    for word in ["/:/host", "evil.example", "seccomp", "nodeSelector"] {
        assert!(!script.contains(word), "{word}");
    }
    // And whoever wrote it is told that these keys mean nothing here.
    let path = "/v3/repo/acme%2Fhostile/request";
    let requests = server.api.get(&format!("{path}s")).await.expect(200);
    let request = &requests["requests"][0]["id"];
    let told = server.api.get(&format!("{path}/{request}/messages")).await;
    assert!(
        told.body.to_string().contains("privileged"),
        "{}",
        told.body
    );
}

#[tokio::test]
async fn case_30_services_are_rows_of_a_table_and_no_arguments() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "attic").await;
    let yaml = "script: 'true'\nservices: [\"--privileged\", \"../../etc/passwd\", \"x:1 -v /:/host\", redis]\n";
    let (_, given) = given(&server, &worker, "acme/services", yaml).await;
    // Names go to the worker, which has a table; what is in none is not started. The script, which
    // starts those of the machine's own packages, runs none of these words.
    assert_eq!(given["min_executor"], Value::Null);
    assert_eq!(given["image"]["name"], Value::Null);
    let script = given["script"].as_str().unwrap();
    for line in script.lines().filter(|line| line.contains("--privileged")) {
        assert!(line.contains('\''), "not quoted: {line}");
    }
}

/// A stranger's worker that says of itself whatever brings it more.
#[tokio::test]
async fn case_30_a_worker_raises_itself_by_no_word() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    let server = &hosted.server;
    let eve = hosted.person("eve").await;
    let mut liar = FakeWorker::of(server, &eve.api, "liar").await;
    let mut machine = facts();
    machine["executor"] = json!("host");
    machine["executors"] = json!(["vm", "container", "namespace", "host"]);
    for claim in ["tier", "owner_id", "operator", "attested", "labels"] {
        machine[claim] = json!("attested");
    }
    liar.sign_in_with(machine, 50).await;
    let shown = eve.api.get(&format!("/v3/worker/{}", liar.id)).await;
    let shown = shown.expect(200);
    assert_eq!(shown["tier"], "quarantined", "{shown}");
    let fix = json!({"tier": "probation", "reason": "a test"});
    let path = format!("/v3/worker/{}/tier", liar.id);
    assert_eq!(eve.api.post(&path, &fix).await.status, 403);
    server.api.post(&path, &fix).await.expect(200);

    server.quick("acme/open", "script: 'true'\n").await;
    server.api.trigger("acme/open").await;
    let held = liar.take().await;
    // It got the job as one that isolates; that it does not is not taken from it.
    for weaker in ["host", "dummy", "", "bare-metal"] {
        let refused = liar.running_in(&held, weaker).await;
        assert_eq!(refused.status, 400, "{weaker:?}: {}", refused.body);
        let text = refused.body["error_message"].as_str().unwrap();
        assert!(text.contains("namespace or stronger"), "{text}");
    }
    assert_eq!(server.api.job(held.job).await["state"], "received");
    liar.running_in(&held, "namespace").await.expect(204);
}

/// The same file on a real worker: what its job sees of the machine.
#[tokio::test]
async fn case_30_a_hostile_file_gains_nothing_in_the_sandbox() {
    if !can_isolate("case 30") {
        return;
    }
    let server = Setup::up()
        .flags(&["--executor", "namespace"])
        .start()
        .await;
    let canary = server.place().join("canary");
    std::fs::write(&canary, "the machine's own\n").unwrap();
    let probe = format!(
        r#"#!/bin/bash
for place in /host /host{canary} {canary} /proc/1/root{canary}; do
  [ -e "$place" ] && echo "LEAK $place"
done
for socket in /var/run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock; do
  [ -S "$socket" ] && echo "LEAK $socket"
done
[ "$(id -u)" = 0 ] && echo "LEAK root"
grep -E '^Cap(Prm|Eff|Bnd|Amb)' /proc/self/status | grep -v ':.0000000000000000$' | sed 's/^/LEAK /'
grep -q '^NoNewPrivs:.1$' /proc/self/status || echo "LEAK new privileges"
[ -e /dev/kvm ] && echo "LEAK kvm"
mount -t tmpfs none /mnt 2>/dev/null && echo "LEAK mount"
echo changed > {canary} 2>/dev/null
echo "probe done in $PWD"
"#,
        canary = canary.display()
    );
    let yaml = format!(
        "language: generic\nscript: bash probe.sh\nenv: [LD_PRELOAD=/nowhere.so, DOCKER_HOST=unix:///var/run/docker.sock]\n{HOSTILE}"
    );
    server
        .repository(
            "acme/probe",
            &[(".travis.yml", &yaml), ("probe.sh", &probe)],
        )
        .await;
    let build = server.api.run("acme/probe").await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = server.api.log_text(job).await;
    assert!(log.contains("probe done in /home/"), "{log}");
    assert!(!log.contains("LEAK "), "{log}");
    let own = std::fs::read_to_string(&canary).unwrap();
    assert_eq!(own, "the machine's own\n");
}
