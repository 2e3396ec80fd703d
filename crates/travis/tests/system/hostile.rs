//! Security case 32: input that would eat the server.

use crate::support::{Live, SOON, Server, Setup, until};
use serde_json::json;
use std::time::{Duration, Instant};

/// Memory of the server's process in bytes.
fn memory(server: &Server) -> u64 {
    let path = format!("/proc/{}/statm", server.process.pid());
    let text = std::fs::read_to_string(path).unwrap();
    let pages: u64 = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// Asks for a build of a file that can't be planned; its log.
async fn refused(server: &Server, slug: &str, yaml: &str) -> String {
    server.repository(slug, &[(".travis.yml", yaml)]).await;
    let before = memory(server);
    let began = Instant::now();
    let request = server.api.request(slug, &json!({})).await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "{slug}: {took:?}");
    let grown = memory(server).saturating_sub(before);
    assert!(grown < 200 << 20, "{slug}: {} MB more", grown >> 20);
    if request["state"] == "rejected" {
        return request["message"].as_str().unwrap().to_owned();
    }
    let build = request["builds"][0]["id"].as_i64().unwrap();
    let build = server.api.finished(build).await;
    assert_eq!(build["state"], "errored", "{slug}");
    assert_eq!(build["jobs"].as_array().unwrap().len(), 1, "{slug}");
    server
        .api
        .log_text(build["jobs"][0]["id"].as_i64().unwrap())
        .await
}

#[tokio::test]
async fn case_32_files_that_explode_are_refused_in_bounded_time() {
    let server = Setup::server().start().await;
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..10 {
        let inner = vec![format!("*a{}", i - 1); 10].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{inner}]\n"));
    }
    let log = refused(&server, "acme/bomb", &bomb).await;
    assert!(log.contains("aliases") && log.contains("line "), "{log}");

    let axis = |name: &str| {
        let values: Vec<String> = (0..47).map(|i| format!("{name}{i}=1")).collect();
        format!("[{}]", values.join(", "))
    };
    let yaml = format!(
        "language: ruby\nrvm: {}\ngemfile: {}\nenv: {}\nscript: 'true'\n",
        axis("r"),
        axis("g"),
        axis("E")
    );
    let log = refused(&server, "acme/matrix", &yaml).await;
    assert!(log.contains("limit is 200"), "{log}");

    let deep = format!("script: {}{}\n", "[".repeat(50_000), "]".repeat(50_000));
    let log = refused(&server, "acme/deep", &deep).await;
    assert!(
        log.contains("nested deeper") || log.contains("line "),
        "{log}"
    );

    let large = format!("script: 'true'\n# {}\n", "x".repeat(2 << 20));
    let log = refused(&server, "acme/large", &large).await;
    assert!(
        log.contains("1 MiB") || log.contains("larger than"),
        "{log}"
    );

    let binary = "script: \u{1}\u{0}\u{7f}: [}\n";
    refused(&server, "acme/binary", binary).await;
    assert_eq!(server.api.get("/health").await.status, 200);
}

#[tokio::test]
async fn case_32_bodies_are_bounded() {
    let server = Setup::server().start().await;
    let big = "x".repeat(2 << 20);
    for path in [
        "/v3/repos",
        "/v3/tokens",
        "/worker/v1/enrol",
        "/worker/v1/poll",
    ] {
        let body = json!({"slug": "a/b", "name": big, "clone_url": big, "token": big});
        let call = server.api.call(reqwest::Method::POST, path).json(&body);
        // The server may close before all is sent, so nobody may use that connection again.
        let call = call.header("connection", "close");
        if let Ok(answer) = call.send().await {
            assert!(
                [400, 401, 413].contains(&answer.status().as_u16()),
                "{path}: {}",
                answer.status()
            );
        }
    }
    // Deep JSON ends in an error, not in an overflow.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let call = server.api.call(reqwest::Method::POST, "/v3/repos");
    let answer = call
        .header("content-type", "application/json")
        .body(deep)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(server.api.get("/health").await.status, 200);
}

#[tokio::test]
async fn case_32_two_hundred_viewers_cost_little_and_all_see_the_end() {
    let server = Setup::up().start().await;
    let gate = server.dir("marks").join("gate");
    let yaml = format!(
        "script: until [ -e {} ]; do sleep 0.05; done; seq 1 20000; echo the-very-end\n",
        gate.display()
    );
    server.quick("acme/show", &yaml).await;
    let build = server.api.trigger("acme/show").await;
    let job = server.api.first_job(build).await;
    let job = server.api.job_in(job, "started").await;
    let log = format!("log:{}@0", job["attempt"]["id"]);
    let before = memory(&server);
    let mut viewers = Vec::new();
    for _ in 0..200 {
        let mut viewer = Live::open(&server.url, &[]).await.unwrap();
        assert_eq!(viewer.subscribe(&log).await["type"], "subscribed");
        viewers.push(viewer);
    }
    std::fs::write(gate, "").unwrap();
    server.api.finished(build).await;
    // Nobody has read yet: what waits for the slow is bounded.
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 100 << 20, "{} MB for 200 viewers", grown >> 20);
    for viewer in &mut viewers {
        let end = viewer.hear(|message| message["type"] == "log_end").await;
        assert!(end["length"].as_u64().unwrap() > 100_000);
    }
}

#[tokio::test]
async fn case_32_a_page_has_bounded_topics_and_messages() {
    let server = Setup::server().start().await;
    let mut page = Live::open(&server.url, &[]).await.unwrap();
    for i in 0..512 {
        assert_eq!(
            page.subscribe(&format!("owner:o{i}")).await["type"],
            "subscribed"
        );
    }
    let over = page.subscribe("owner:one-more").await;
    assert_eq!(over["type"], "refused");
    assert!(over["reason"].as_str().unwrap().contains("512"));
    page.say(&json!({"type": "nonsense"})).await;
    assert_eq!(
        page.hear(|message| message["type"] == "refused").await["topic"],
        ""
    );
    // A message past the limit ends this channel and no other.
    let mut other = Live::open(&server.url, &[]).await.unwrap();
    page.say(&json!({"type": "subscribe", "topics": ["x".repeat(100 << 10)]}))
        .await;
    page.closed().await;
    other.say(&json!({"type": "ping"})).await;
    other.hear(|message| message["type"] == "pong").await;
}

#[tokio::test]
async fn many_requests_at_once_become_as_many_builds() {
    let server = Setup::up().start().await;
    server.quick("acme/busy", "script: 'true'\n").await;
    let calls = (0..30).map(|_| {
        let api = server.api.clone();
        tokio::spawn(async move {
            api.post("/v3/repo/acme%2Fbusy/requests", &json!({}))
                .await
                .expect(202);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let builds = until("30 green builds", SOON + SOON, || async {
        let path = "/v3/repo/acme%2Fbusy/builds?limit=100&build.state=passed";
        let builds = server.api.get(path).await.expect(200);
        (builds["@pagination"]["count"] == 30).then_some(builds)
    })
    .await;
    let mut numbers: Vec<u32> = builds["builds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|build| build["number"].as_str().unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
}
