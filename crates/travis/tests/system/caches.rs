//! Caches of jobs through the real program.

use crate::support::{FakeWorker, Held, Hosted, SOON, Server, Setup, Worker, sha256, until};
use reqwest::Method;
use serde_json::json;
use std::path::Path;

/// Adds a line to a file that is kept from build to build. The job carries out what the worker and
/// a job agreed on by itself, unless its script did so before.
const YAML: &str = r#"
cache:
  directories: [kept]
script:
  - if [ ! -e kept/lines ] && [ -e "$TRAVIS_CACHE_DIR/fetched.tgz" ]; then tar -xzf "$TRAVIS_CACHE_DIR/fetched.tgz"; fi
  - mkdir -p kept && echo "by $TRAVIS_BUILD_NUMBER" >> kept/lines && cat kept/lines
  - tar -czf "$TRAVIS_CACHE_DIR/new.tgz" kept
"#;

async fn put(worker: &FakeWorker, held: &Held, bytes: &[u8], digest: &str) -> u16 {
    let path = format!("attempts/{}/cache", held.attempt);
    let call = worker.call(Method::PUT, &path, &held.token);
    let call = call.header("Travis-Cache-Sha256", digest);
    let answer = call.body(bytes.to_vec()).send().await.unwrap();
    answer.status().as_u16()
}

async fn get(worker: &FakeWorker, held: &Held) -> Result<Vec<u8>, u16> {
    let path = format!("attempts/{}/cache", held.attempt);
    let call = worker.call(Method::GET, &path, &held.token);
    let answer = call.send().await.unwrap();
    match answer.status().as_u16() {
        200 => Ok(answer.bytes().await.unwrap().to_vec()),
        status => Err(status),
    }
}

/// Takes the next job of the repository.
async fn next(server: &Server, worker: &FakeWorker, slug: &str) -> Held {
    server.api.trigger(slug).await;
    let held = worker.take().await;
    assert_eq!(worker.running(&held).await.status, 204);
    held
}

fn files_below(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[tokio::test]
async fn the_second_build_finds_what_the_first_one_left() {
    let server = Setup::server().start().await;
    let _worker = Worker::start(&server, "keeper", &[]).await;
    server.quick("acme/kept", YAML).await;
    let log_of_next = async || {
        let build = server.api.run("acme/kept").await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = server.api.log_text(job).await;
        assert_eq!(build["state"], "passed", "{log}");
        log
    };
    let log = log_of_next().await;
    assert!(log.contains("Cache stored"), "{log}");
    let log = log_of_next().await;
    assert!(log.contains("Cache of main fetched"), "{log}");
    assert!(log.contains("by 1\n") && log.contains("by 2\n"), "{log}");

    // Damaged on the server's disk: the job goes on without.
    let mut objects = Vec::new();
    files_below(&server.data.join("blobs"), &mut objects);
    assert_eq!(objects.len(), 1, "{objects:?}");
    let mut bytes = std::fs::read(&objects[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 255;
    std::fs::write(&objects[0], bytes).unwrap();
    let log = log_of_next().await;
    assert!(log.contains("it is damaged"), "{log}");
    assert!(!log.contains("by 2\n"), "{log}");
    let log = log_of_next().await;
    assert!(log.contains("by 3\n") && log.contains("by 4\n"), "{log}");

    // People see it, and remove it.
    let list = server.api.get("/v3/repo/acme%2Fkept/caches").await;
    let list = list.expect(200);
    let row = &list["caches"][0];
    assert_eq!(
        (list["caches"].as_array().unwrap().len(), &row["branch"]),
        (1, &"main".into())
    );
    let name = row["name"].as_str().unwrap();
    assert!(name.starts_with("cache-linux-"), "{name}");
    let stranger = server.anonymous();
    for method in [Method::GET, Method::DELETE] {
        let call = stranger.call(method, "/v3/repo/acme%2Fkept/caches");
        assert_eq!(call.send().await.unwrap().status(), 403);
    }
    let said = server.cli(&["cache", "acme/kept", "--branch", "topic", "--delete"]);
    assert!(output(said).contains("There was no such cache"));
    let said = output(server.cli(&["cache", "acme/kept"]));
    assert!(said.contains("main") && said.contains(name), "{said}");
    output(server.cli(&["cache", "acme/kept", "--match", "linux", "--delete"]));
    let said = output(server.cli(&["cache", "acme/kept"]));
    assert!(said.contains("has no caches"), "{said}");
    let log = log_of_next().await;
    assert!(log.contains("No cache yet"), "{log}");
}

fn output(mut command: std::process::Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn nobody_else_reads_or_writes_a_cache() {
    let server = Setup::server()
        .toml("[caches]\ncache_bytes = 1000\n")
        .start()
        .await;
    server.quick("acme/kept", YAML).await;
    server.quick("acme/plain", "script: 'true'\n").await;
    let worker = FakeWorker::enrol(&server, "a").await;
    let held = next(&server, &worker, "acme/kept").await;
    let (old, digest) = (b"old", sha256(b"old"));
    assert_eq!(get(&worker, &held).await, Err(404));
    assert_eq!(put(&worker, &held, old, &digest).await, 204);
    assert_eq!(put(&worker, &held, old, &digest).await, 204, "again");
    // Tokens of others, and none.
    for token in ["", "attempt_0000", &server.token(), worker.session()] {
        let spoofed = Held {
            token: token.to_owned(),
            ..held.clone()
        };
        assert_eq!(get(&worker, &spoofed).await, Err(401), "{token}");
        assert_eq!(put(&worker, &spoofed, b"x", &sha256(b"x")).await, 401);
    }
    // Other bytes than announced, and too many.
    assert_eq!(put(&worker, &held, b"other", &digest).await, 400);
    assert_eq!(put(&worker, &held, b"other", "").await, 400);
    let large = vec![0; 1001];
    assert_eq!(put(&worker, &held, &large, &sha256(&large)).await, 413);
    assert_eq!(get(&worker, &held).await.unwrap(), old);
    assert_eq!(worker.finish(&held, "passed", b"").await.status, 200);
    assert_eq!(get(&worker, &held).await, Err(410));
    assert_eq!(put(&worker, &held, b"late", &sha256(b"late")).await, 410);
    // A job of another repository finds nothing, and one without a cache writes none.
    let other = next(&server, &worker, "acme/plain").await;
    assert_eq!(get(&worker, &other).await, Err(404));
    assert_eq!(put(&worker, &other, b"x", &sha256(b"x")).await, 403);
}

#[tokio::test]
async fn a_server_that_dies_amid_an_upload_keeps_the_old_cache() {
    let mut server = Setup::server().start().await;
    server.quick("acme/kept", YAML).await;
    let worker = FakeWorker::enrol(&server, "a").await;
    let held = next(&server, &worker, "acme/kept").await;
    assert_eq!(put(&worker, &held, b"old", &sha256(b"old")).await, 204);

    // Much is announced, more than one part comes, and then nothing.
    let path = format!("attempts/{}/cache", held.attempt);
    let (pieces, body) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
    let stream = futures_util::stream::unfold(body, |mut body| async move {
        let piece = body.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), body))
    });
    let call = worker.call(Method::PUT, &path, &held.token);
    let call = call
        .header("Travis-Cache-Sha256", sha256(b"never"))
        .header("content-length", 100 << 20)
        .body(reqwest::Body::wrap_stream(stream));
    let sending = tokio::spawn(call.send());
    for _ in 0..12 {
        pieces.send(vec![7; 1 << 20]).await.unwrap();
    }
    let blobs = server.data.join("blobs");
    until("a part on the server's disk", SOON, || async {
        let mut files = Vec::new();
        files_below(&blobs, &mut files);
        (files.len() == 2).then_some(())
    })
    .await;
    server.process.kill();
    assert!(sending.await.unwrap().is_err());
    let server = server.start_again();
    assert_eq!(get(&worker, &held).await.unwrap(), b"old");
    let list = server.api.get("/v3/repo/acme%2Fkept/caches").await;
    let list = list.expect(200);
    assert_eq!(list["caches"][0]["size"], 3);
}

#[tokio::test]
async fn a_forks_pull_request_reads_and_does_not_overwrite() {
    const SLUG: &str = "ada/kept";
    let hosted = Hosted::github().await;
    let ada = hosted.person("ada").await;
    hosted.quick(&ada, SLUG, YAML).await;
    let log_of = async |sha: &str| {
        let build = ada.build_of(SLUG, sha).await;
        let build = ada.api.finished(build).await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = ada.api.log_text(job).await;
        assert_eq!(build["state"], "passed", "{log}");
        log
    };
    let first = hosted.push(SLUG, "main", "One", "ada").await;
    let log = log_of(&first).await;
    assert!(log.contains("Cache stored"), "{log}");
    let by = |log: &str| log.lines().filter(|line| line.starts_with("by ")).count();
    assert_eq!(by(&log), 1, "{log}");

    hosted.control.user("eve").await.unwrap();
    hosted.control.fork(SLUG, "eve").await.unwrap();
    let body = json!({"owner": "eve", "name": "kept", "branch": "topic", "as": "eve",
        "message": "Poison", "files": {"patch.txt": "x"}});
    let answer = hosted.control.post("commit", body).await.unwrap();
    let head = answer["sha"].as_str().unwrap().to_owned();
    let pulled = hosted.control.pull(SLUG, "eve:topic", "main", "eve").await;
    pulled.unwrap();
    let request = ada.held(SLUG, &head).await;
    let act = format!("request/{request}/approve");
    let body = json!({"secrets": false});
    ada.act(SLUG, &act, &body).await.expect(200);
    let log = log_of(&head).await;
    assert!(log.contains("Cache of main fetched"), "{log}");
    assert!(log.contains("Cache stored"), "for itself: {log}");
    assert_eq!(by(&log), 2, "{log}");

    let second = hosted.push(SLUG, "main", "Two", "ada").await;
    let log = log_of(&second).await;
    assert_eq!(by(&log), 2, "its own line and no fork's: {log}");
}
