//! Workers that lie, stall, hoard and pry, over the wire (security cases 9, 11, 13, 15, 16
//! and 33).

use crate::support::{
    FakeWorker, Held, Hosted, Person, SOON, Server, Setup, facts, send, sha256, until,
};
use reqwest::Method;
use serde_json::{Value, json};
use travis_fake_forge::Kind;

const YAML: &str =
    "language: generic\ngit: {clone: false}\ncache: {directories: [vendor]}\nscript: 'false'\n";
const SLUG: &str = "ada/rocket";

struct Scene {
    hosted: Hosted,
    ada: Person,
    eve: Person,
}

impl Scene {
    async fn new() -> Self {
        let hosted = Hosted::start(Kind::Github, Setup::server()).await;
        hosted
            .control
            .repo(SLUG, &[(".travis.yml", YAML)])
            .await
            .unwrap();
        let ada = hosted.person("ada").await;
        let eve = hosted.person("eve").await;
        ada.activate(SLUG).await;
        Self { hosted, ada, eve }
    }

    /// A worker of a stranger that isolates jobs, or says so, and that the operator has looked at.
    async fn lent(&self, lender: &Person, name: &str) -> FakeWorker {
        let server = &self.hosted.server;
        let mut worker = FakeWorker::of(server, &lender.api, name).await;
        let mut machine = facts();
        machine["executor"] = json!("namespace");
        machine["executors"] = json!(["namespace"]);
        worker.sign_in_with(machine, 100).await;
        let path = format!("/v3/worker/{}/tier", worker.id);
        let body = json!({"tier": "probation", "reason": "a test"});
        server.api.post(&path, &body).await.expect(200);
        worker
    }

    async fn build(&self) -> i64 {
        let sha = self.hosted.push(SLUG, "main", "Go", "ada").await;
        self.ada.build_of(SLUG, &sha).await
    }
}

async fn ends(worker: &FakeWorker, held: &Held, outcome: &str) {
    worker.running(held).await.expect(204);
    worker.log(held, 0, b"ok\n").await.expect(200);
    worker.finish(held, outcome, b"ok\n").await.expect(200);
}

#[tokio::test]
async fn case_33_a_forged_success_is_provisional_and_found_out() {
    let scene = Scene::new().await;
    let liar = scene.lent(&scene.eve, "liar").await;
    let build = scene.build().await;
    let held = liar.take().await;
    // It never ran anything.
    ends(&liar, &held, "passed").await;
    let job = scene.ada.api.job_in(held.job, "passed").await;
    assert_eq!(
        (&job["provisional"], &job["verification"]),
        (&json!(true), &json!("second"))
    );
    assert_eq!(job["opinions"][0]["tier"], "probation");
    assert_eq!(job["opinions"][1]["state"], "waiting");
    assert_eq!(job["opinions"][1]["waiting"]["code"], "no_second_opinion");
    let seen = scene
        .ada
        .api
        .get(&format!("/v3/build/{build}"))
        .await
        .expect(200);
    assert_eq!(
        (&seen["state"], &seen["provisional"]),
        (&json!("started"), &json!("passed"))
    );

    // Neither itself nor another one of its owner may agree.
    let again = scene.lent(&scene.eve, "again").await;
    for worker in [&liar, &again] {
        let answer = worker.poll(&[], 0).await.expect(200);
        assert_eq!(answer["assignments"], json!([]));
    }
    // The operator's machine finds it out: once to contradict, once to decide, once to prove.
    let own = FakeWorker::enrol(&scene.hosted.server, "own").await;
    for _ in 0..3 {
        let opinion = own.take().await;
        assert_eq!(opinion.job, held.job);
        ends(&own, &opinion, "failed").await;
    }
    let job = scene.ada.api.job_in(held.job, "failed").await;
    assert_eq!(
        (&job["provisional"], &job["verification"]),
        (&json!(false), &json!("settled"))
    );
    let worker = scene
        .eve
        .api
        .get(&format!("/v3/worker/{}", liar.id))
        .await
        .expect(200);
    assert_eq!(worker["record"]["agreed"], 0);
    // What it once said can't be changed.
    let late = liar.log(&held, 3, b"more\n").await;
    assert_eq!(late.status, 410);
    let late = liar.finish(&held, "failed", b"other\n").await;
    assert_eq!(late.status, 410);
}

#[tokio::test]
async fn case_33_leases_can_not_be_hoarded() {
    let scene = Scene::new().await;
    let yaml = "language: generic\ngit: {clone: false}\nscript: 'true'\nenv: [A=1, A=2, A=3, A=4, A=5, A=6]\n";
    scene
        .hosted
        .control
        .repo("ada/wide", &[(".travis.yml", yaml)])
        .await
        .unwrap();
    scene.ada.sync().await;
    scene.ada.activate("ada/wide").await;
    let hoarder = scene.lent(&scene.eve, "hoarder").await;
    let sha = scene.hosted.push("ada/wide", "main", "Go", "ada").await;
    scene.ada.build_of("ada/wide", &sha).await;
    let body = json!({"slots": 100, "running": [], "hold_ms": 0});
    let taken = until("jobs", SOON, || async {
        let answer = hoarder
            .post("poll", hoarder.session(), &body)
            .await
            .expect(200);
        let given = answer["assignments"].as_array().unwrap();
        let jobs = given
            .iter()
            .filter(|one| one["repository"] == "ada/wide")
            .count();
        (jobs > 0).then_some(jobs)
    })
    .await;
    // It says that it has one core.
    assert!(taken <= 2, "{taken}");
}

#[tokio::test]
async fn case_11_and_15_nothing_outside_of_its_job_is_read_or_written() {
    let scene = Scene::new().await;
    let prying = scene.lent(&scene.eve, "prying").await;
    let victim = FakeWorker::enrol(&scene.hosted.server, "victim").await;
    scene.build().await;
    let theirs = victim.take().await;
    scene.build().await;
    let own = prying.take().await;
    assert_ne!(theirs.attempt, own.attempt);

    // Every call with every number that is not its own, and with paths where numbers belong.
    let numbers: Vec<String> = [
        theirs.attempt,
        0,
        -1,
        i64::MAX,
        (1 << 52) + 1,
        own.attempt + 1,
    ]
    .iter()
    .map(i64::to_string)
    .chain([
        "..%2F..%2Fadmin-token".to_owned(),
        "1%00".to_owned(),
        "1;2".to_owned(),
    ])
    .collect();
    for number in &numbers {
        for (method, tail) in [
            (Method::POST, "log?offset=0"),
            (Method::POST, "state"),
            (Method::POST, "finish"),
            (Method::GET, "cache"),
            (Method::PUT, "cache"),
            (Method::GET, "source/info/refs?service=git-upload-pack"),
            (Method::POST, "source/git-upload-pack"),
            (Method::POST, "results"),
            (Method::PUT, "results/1"),
        ] {
            let path = format!("attempts/{number}/{tail}");
            let call = prying.call(method.clone(), &path, &own.token);
            let answer = send(call.json(&json!({"state": "running", "executor": "x"}))).await;
            let refused = [400, 401, 403, 404, 405, 409, 410, 411, 415, 422];
            assert!(
                refused.contains(&answer.status),
                "{method} {path}: {}",
                answer.status
            );
            let text = answer.body.to_string();
            assert!(
                !text.contains("BEGIN") && !text.contains("admin-token:"),
                "{text}"
            );
        }
    }
    // The other one's attempt is as it was.
    victim.running(&theirs).await.expect(204);

    // A stranger's machine reads caches of public repositories, and writes none.
    let upload = prying
        .call(
            Method::PUT,
            &format!("attempts/{}/cache", own.attempt),
            &own.token,
        )
        .header("travis-cache-sha256", "0".repeat(64))
        .body("poison");
    assert_eq!(send(upload).await.status, 403);
    // What it claims of itself does not change whose it is.
    let me: Value = scene
        .eve
        .api
        .get(&format!("/v3/worker/{}", prying.id))
        .await
        .expect(200);
    assert_eq!(
        (&me["tier"], &me["tier_fixed"]),
        (&json!("probation"), &json!(true))
    );
    // Nor may its owner raise it.
    let path = format!("/v3/worker/{}/tier", prying.id);
    let raised = scene
        .eve
        .api
        .post(&path, &json!({"tier": "attested"}))
        .await;
    assert_eq!(raised.status, 403);
}

/// A worker that is free to name files as it likes: what unpacks or serves them is not led astray.
#[tokio::test]
async fn case_16_files_that_a_job_left_have_names_that_lead_nowhere() {
    let server = Setup::server().start().await;
    server
        .quick("acme/pair", "env: [A=1, A=2]\nscript: 'true'\n")
        .await;
    server.api.trigger("acme/pair").await;
    let worker = FakeWorker::enrol(&server, "prying").await;
    let other = FakeWorker::enrol(&server, "other").await;
    let (held, theirs) = (worker.take().await, other.take().await);
    for (worker, held) in [(&worker, &held), (&other, &theirs)] {
        worker.running(held).await.expect(204);
    }
    let file = |path: &str, bytes: &[u8]| json!({"kind": "artifact", "path": path, "size": bytes.len(), "sha256": sha256(bytes)});
    let declare = async |worker: &FakeWorker, held: &Held, files: Value| {
        let path = format!("attempts/{}/results", held.attempt);
        worker
            .post(&path, &held.token, &json!({"files": files}))
            .await
    };
    let long = "x/".repeat(3000);
    for odd in [
        "",
        "/etc/passwd",
        "../travis.db",
        "a/../../b",
        "a/./b",
        "a//b",
        "nul\0",
        "line\nbreak",
        "\u{1b}[2J",
        long.as_str(),
    ] {
        let answer = declare(&worker, &held, json!([file(odd, b"x")])).await;
        assert_eq!(answer.status, 400, "{odd:?}: {}", answer.body);
    }
    // One that claims more than any may have is not wanted, nor is the same name a second file.
    let mut vast = file("vast", b"x");
    vast["size"] = json!(1_u64 << 40);
    let list = json!([vast, file("out.txt", b"first"), file("out.txt", b"other")]);
    let wanted = declare(&worker, &held, list).await.expect(200);
    let wanted = wanted["wanted"].as_array().unwrap();
    assert_eq!(wanted.len(), 1, "{wanted:?}");
    let id = wanted[0]["id"].as_i64().unwrap();
    let put = async |held: &Held, id: i64, bytes: &'static [u8]| {
        let path = format!("attempts/{}/results/{id}", held.attempt);
        let call = worker.call(Method::PUT, &path, &held.token);
        send(call.body(bytes)).await.status
    };
    for (bytes, status) in [(&b"longer than was said"[..], 400), (b"FIRST", 400)] {
        assert_eq!(put(&held, id, bytes).await, status, "{bytes:?}");
    }
    // Neither another's file by one's own attempt, nor one's own by another's.
    let wanted = declare(&other, &theirs, json!([file("a", b"a")])).await;
    let foreign = wanted.expect(200)["wanted"][0]["id"].as_i64().unwrap();
    assert_eq!(put(&held, foreign, b"a").await, 404);
    let crossed = Held {
        token: held.token.clone(),
        ..theirs.clone()
    };
    assert_eq!(put(&crossed, foreign, b"a").await, 401);
    assert_eq!(put(&held, id, b"first").await, 204);
    worker.finish(&held, "passed", b"").await.expect(200);
    assert_eq!(put(&held, id, b"first").await, 410);
    is_a_download(&server, id).await;
}

/// A file is served as bytes to be kept, never as a page of the server's.
async fn is_a_download(server: &Server, id: i64) {
    let answer = server.api.get(&format!("/v3/artifact/{id}/download")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let way = answer.header("content-disposition");
    assert!(way.starts_with("attachment"), "{way}");
}
