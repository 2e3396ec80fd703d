//! The dialect of API v3: forms, pages, errors, the document.

use crate::support::{Server, Setup, Worker};
use serde_json::{Value, json};

/// Takes out what differs from run to run.
fn calm(server: &Server, value: &Value) -> Value {
    fn walk(value: &mut Value, hide: &dyn Fn(&str, &mut Value), key: &str) {
        hide(key, value);
        match value {
            Value::Object(map) => map
                .iter_mut()
                .for_each(|(key, value)| walk(value, hide, key)),
            Value::Array(all) => all.iter_mut().for_each(|value| walk(value, hide, key)),
            _ => {}
        }
    }
    let place = server.place().display().to_string();
    let mut value = value.clone();
    let hide = |key: &str, value: &mut Value| match value {
        Value::String(text) if key.ends_with("_at") => {
            assert!(text.ends_with('Z') && text.len() == 24, "{key}: {text}");
            *value = json!("[time]");
        }
        Value::String(_) if key == "sha" || key == "log_sha256" => *value = json!("[sha]"),
        Value::String(_) if key == "arch" || key == "distribution" => *value = json!("[machine]"),
        Value::Number(_)
            if ["duration", "log_length", "version", "usual_seconds"].contains(&key) =>
        {
            *value = json!("[number]");
        }
        Value::String(text) => {
            *text = text
                .replace(&place, "[place]")
                .replace(&server.url, "[url]");
        }
        _ => {}
    };
    walk(&mut value, &hide, "");
    value
}

#[tokio::test]
async fn representations_are_those_of_the_third_version() {
    let server = Setup::server().start().await;
    let _worker = Worker::start(&server, "builder", &[]).await;
    server
        .quick("acme/form", "env: [A=1, A=2]\nscript: echo $A\n")
        .await;
    let build = server.api.run("acme/form").await;
    let (id, job) = (&build["id"], &build["jobs"][0]["id"]);
    let shown = |path: String| {
        let server = &server;
        async move { calm(server, &server.api.get(&path).await.expect(200)) }
    };
    insta::assert_json_snapshot!("repository", shown("/v3/repo/acme%2Fform".into()).await);
    insta::assert_json_snapshot!("build", shown(format!("/v3/build/{id}")).await);
    insta::assert_json_snapshot!("job", shown(format!("/v3/job/{job}")).await);
    insta::assert_json_snapshot!("stages", shown(format!("/v3/build/{id}/stages")).await);
    insta::assert_json_snapshot!(
        "requests",
        shown("/v3/repo/acme%2Fform/requests".into()).await
    );
    insta::assert_json_snapshot!(
        "branch",
        shown("/v3/repo/acme%2Fform/branch/main".into()).await
    );
    insta::assert_json_snapshot!("user", shown("/v3/user".into()).await);
    insta::assert_json_snapshot!("home", shown("/v3/".into()).await);
    insta::assert_json_snapshot!("config", shown(format!("/v3/build/{id}/config")).await);
}

#[tokio::test]
async fn errors_have_one_form_and_say_what_to_do() {
    let server = Setup::up().start().await;
    server.quick("acme/form", "script: 'true'\n").await;
    let mut seen = Vec::new();
    for (name, answer) in [
        ("missing", server.api.get("/v3/repo/acme%2Fnothing").await),
        ("no address", server.api.get("/v3/nonsense").await),
        ("limit", server.api.get("/v3/repos?limit=1000").await),
        ("limit 0", server.api.get("/v3/repos?limit=0").await),
        ("offset", server.api.get("/v3/repos?offset=x").await),
        (
            "state",
            server
                .api
                .get("/v3/repo/acme%2Fform/builds?build.state=odd")
                .await,
        ),
        (
            "number",
            server
                .api
                .get("/v3/repo/acme%2Fform/builds?build.number=x")
                .await,
        ),
        ("active", server.api.get("/v3/repos?active=maybe").await),
        ("nobody", server.anonymous().get("/v3/user").await),
        (
            "taken",
            server
                .api
                .post(
                    "/v3/repos",
                    &json!({"slug": "acme/form", "clone_url": server.dir("repos/acme/form")}),
                )
                .await,
        ),
        (
            "unknown field",
            server
                .api
                .post(
                    "/v3/repos",
                    &json!({"slug": "a/b", "clone_url": "x", "odd": 1}),
                )
                .await,
        ),
        ("unreadable", server.api.post("/v3/repos", &json!([])).await),
        (
            "env name",
            server
                .api
                .post(
                    "/v3/repo/acme%2Fform/env_vars",
                    &json!({"name": "1 x", "value": "y"}),
                )
                .await,
        ),
        ("search", server.api.get("/v3/job/1/log/search").await),
    ] {
        assert_eq!(answer.body["@type"], "error", "{name}: {answer:?}");
        let mut body = answer.body;
        body["status"] = json!(answer.status);
        seen.push(json!({ name: calm(&server, &body) }));
    }
    insta::assert_json_snapshot!("errors", seen);
    // Not JSON, and not even a method that is there.
    let call = server.api.call(reqwest::Method::POST, "/v3/repos");
    let answer = call
        .header("content-type", "text/plain")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    let answer = server
        .api
        .call(reqwest::Method::PUT, "/v3/repos")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 405);
}

#[tokio::test]
async fn include_adds_jobs_and_their_configurations() {
    let server = Setup::up().start().await;
    server.quick("acme/more", "script: echo more\n").await;
    let id = server.api.run("acme/more").await["id"].as_i64().unwrap();
    let job = async |path: String| {
        let found = server.api.get(&path).await.expect(200);
        let build = found
            .get("builds")
            .map_or(&found, |builds| &builds[0])
            .clone();
        build.get("jobs").map(|jobs| jobs[0].clone())
    };
    let list = "/v3/repo/acme%2Fmore/builds";
    assert_eq!(job(list.to_owned()).await, None);
    let bare = job(format!("{list}?include=build.commit,build.jobs"))
        .await
        .unwrap();
    assert!(bare.get("config").is_none(), "{bare}");
    for path in [
        format!("{list}?include=job.config"),
        format!("/v3/build/{id}?include=job.config"),
        format!("/v3/build/{id}/jobs?include=job.config"),
    ] {
        let whole = job(path.clone()).await.unwrap();
        assert_eq!(whole["config"]["script"], json!(["echo more"]), "{path}");
    }
}

#[tokio::test]
async fn lists_come_in_pages_that_point_to_each_other() {
    let server = Setup::up().start().await;
    server.quick("acme/pages", "script: 'true'\n").await;
    for _ in 0..5 {
        server.api.run("acme/pages").await;
    }
    let builds = "/v3/repo/acme%2Fpages/builds";
    let first = server
        .api
        .get(&format!("{builds}?limit=2"))
        .await
        .expect(200);
    let page = &first["@pagination"];
    assert_eq!(
        (&page["count"], &page["is_first"], &page["is_last"]),
        (&json!(5), &json!(true), &json!(false))
    );
    let mut seen = Vec::new();
    let mut next = json!(format!("{builds}?limit=2"));
    while let Some(href) = next.as_str() {
        let page = server.api.get(href).await.expect(200);
        for build in page["builds"].as_array().unwrap() {
            assert!(
                build.get("jobs").is_none(),
                "jobs are included when asked for"
            );
            seen.push(build["number"].as_str().unwrap().to_owned());
        }
        next = page["@pagination"]["next"]["@href"].clone();
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
    let last = server
        .api
        .get(first["@pagination"]["last"]["@href"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(last["@pagination"]["is_last"], true);

    let with_jobs = server
        .api
        .get(&format!("{builds}?limit=1&include=build.jobs"))
        .await
        .expect(200);
    assert_eq!(with_jobs["builds"][0]["jobs"][0]["number"], "5.1");
    for (query, count) in [
        ("build.state=passed", 5),
        ("build.state=failed,errored", 0),
        ("branch.name=main", 5),
        ("branch.name=other", 0),
        ("build.event_type=api", 5),
        ("build.event_type=push", 0),
        ("build.number=3", 1),
    ] {
        let found = server
            .api
            .get(&format!("{builds}?{query}"))
            .await
            .expect(200);
        assert_eq!(found["@pagination"]["count"], count, "{query}");
    }
    let all = server.api.get("/v3/builds").await.expect(200);
    assert_eq!(all["@pagination"]["count"], 5);
    let found = server.api.get("/v3/repos?search=AGE").await.expect(200);
    assert_eq!(found["@pagination"]["count"], 1);
    let by_number = first["builds"][0]["repository"]["id"].as_i64().unwrap();
    let repo = server
        .api
        .get(&format!("/v3/repo/{by_number}"))
        .await
        .expect(200);
    assert_eq!(repo["slug"], "acme/pages");
    assert_eq!(repo["current_build"]["number"], "5");
}

/// Every `$ref` leads somewhere, every operation says its answers, and every documented address
/// that needs no number answers as documented.
#[tokio::test]
async fn the_document_is_whole_and_true() {
    let server = Setup::server().start().await;
    let document = server.anonymous().get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    fn refs(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(text)) = map.get("$ref") {
                    found.push(text.clone());
                }
                map.values().for_each(|value| refs(value, found));
            }
            Value::Array(all) => all.iter().for_each(|value| refs(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    refs(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(
                operation["responses"]
                    .as_object()
                    .is_some_and(|all| !all.is_empty()),
                "{method} {path}"
            );
            let named = path.matches('{').count();
            let parameters = operation["parameters"].as_array().map_or(0, |all| {
                all.iter()
                    .filter(|parameter| parameter["in"] == "path")
                    .count()
            });
            assert_eq!(named, parameters, "{method} {path}: parameters in the path");
            if method == "get" && named == 0 {
                let answer = server.api.get(path).await;
                let said = &operation["responses"][answer.status.to_string()];
                assert!(
                    said.is_object(),
                    "{path} answered {} undocumented",
                    answer.status
                );
            }
        }
    }
}

#[tokio::test]
async fn badges_show_the_last_finished_build_of_a_branch() {
    let server = Setup::up().start().await;
    let repo = server.quick("acme/badge", "script: 'true'\n").await;
    let nobody = server.anonymous();
    let word = |path: &'static str| {
        let nobody = nobody.clone();
        async move {
            let answer = nobody.get(path).await;
            assert_eq!(answer.header("content-type"), "image/svg+xml");
            let svg = answer.body.as_str().unwrap().to_owned();
            let from = svg.find("<title>build: ").unwrap() + "<title>build: ".len();
            svg[from..].split('<').next().unwrap().to_owned()
        }
    };
    assert_eq!(word("/acme/badge.svg").await, "unknown");
    server.api.run("acme/badge").await;
    assert_eq!(word("/acme/badge.svg").await, "passing");
    repo.branch("broken");
    repo.configure("script: 'false'\n");
    let id = server
        .api
        .trigger_with("acme/badge", &json!({"branch": "broken"}))
        .await;
    server.api.finished(id).await;
    assert_eq!(word("/acme/badge.svg?branch=broken").await, "failing");
    assert_eq!(word("/acme/badge.svg").await, "passing");
}

#[tokio::test]
async fn parts_of_a_log_are_served_by_line_by_byte_and_by_search() {
    let server = Setup::up().start().await;
    server
        .quick("acme/lines", "script: seq -f 'number %g' 1 3000\n")
        .await;
    let build = server.api.run("acme/lines").await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let whole = server.api.log(job).await;
    let tail = server
        .api
        .bytes(&format!("/v3/job/{job}/log.txt?from={}", whole.len() - 10))
        .await;
    assert_eq!(tail, whole[whole.len() - 10..]);
    let found = server
        .api
        .get(&format!("/v3/job/{job}/log/search?q=NUMBER%202999"))
        .await
        .expect(200);
    assert_eq!(found["total"], 1);
    let line = found["lines"][0].as_u64().unwrap();
    let lines = server
        .api
        .get(&format!("/v3/job/{job}/log/lines?first={line}&count=1"))
        .await
        .expect(200);
    assert!(
        lines["lines"][0].to_string().contains("number 2999"),
        "{lines}"
    );
    assert_eq!(lines["complete"], true);
    let index = server
        .api
        .get(&format!("/v3/job/{job}/log/index"))
        .await
        .expect(200);
    assert_eq!(index["length"], whole.len());
    assert!(
        index["folds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|fold| fold["name"] == "worker_info")
    );
    let most = server
        .api
        .get(&format!("/v3/job/{job}/log/lines?count=99999"))
        .await
        .expect(200);
    assert_eq!(most["lines"].as_array().unwrap().len(), 2000);
    let past = server
        .api
        .get(&format!("/v3/job/{job}/log/lines?first=999999"))
        .await
        .expect(200);
    assert_eq!(past["lines"], json!([]));
}
