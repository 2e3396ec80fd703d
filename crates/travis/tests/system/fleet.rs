//! The fleet: how machines join, who commands them, what they are told and what is told of them.

use crate::support::{
    Api, FakeWorker, Hosted, Process, SOON, Server, Setup, facts, send, sha256, until,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Duration;

const PASSING: &str = "script: echo hello\n";

/// A token as the page makes it.
async fn enrolment(api: &Api, body: &Value) -> Value {
    api.post("/v3/workers/enrolment_token", body)
        .await
        .expect(201)
}

async fn patch(api: &Api, path: &str, body: &Value) -> crate::support::Answer {
    send(api.call(Method::PATCH, path).json(body)).await
}

/// `sh` with a home of its own and nothing of the tester's.
fn shell(server: &Server, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(arguments)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("TRAVIS_TOKEN")
        .env("HOME", server.dir("joiner"))
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(server.dir("joiner"));
    command
}

/// The same in a session of its own.
fn in_a_session(shell: Command, arguments: &[&str]) -> Command {
    let mut command = Command::new("setsid");
    command
        .arg("--wait")
        .arg(shell.get_program())
        .args(arguments);
    for (name, value) in shell.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if let Some(place) = shell.get_current_dir() {
        command.current_dir(place);
    }
    command.stdin(Stdio::null());
    command
}

#[tokio::test]
async fn the_script_joins_a_machine_that_passes_a_job() {
    let server = Setup::server().start().await;
    let home = server.dir("joiner");
    std::fs::create_dir_all(&home).unwrap();
    let answer = server.anonymous().get("/join").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let script = server.anonymous().bytes("/join").await;
    let file = home.join("join.sh");
    std::fs::write(&file, &script).unwrap();
    let path = file.to_str().unwrap();
    let bin = home.join("bin");

    // Nobody at a terminal, and nobody said yes: it says what it would do, and does nothing.
    let run = |arguments: &[&str]| {
        let mut all = vec![path];
        all.extend(arguments);
        // A session of its own has no terminal to ask at.
        let mut command = shell(&server, &[]);
        command = in_a_session(command, &all);
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        (done.status.success(), said)
    };
    let to = bin.to_str().unwrap();
    let (fine, said) = run(&["--token", "T", "--to", to]);
    assert!(!fine && said.contains("This lends this machine"), "{said}");
    assert!(said.contains("--yes"), "{said}");
    let (fine, said) = run(&[]);
    assert!(!fine && said.contains("--token"), "{said}");
    assert!(!bin.exists(), "nothing was done");
    // A download that was cut anywhere does nothing.
    for part in [1, 3, 7] {
        std::fs::write(home.join("cut.sh"), &script[..script.len() * part / 8]).unwrap();
        let cut = shell(&server, &["cut.sh", "--token", "T", "--yes", "--to", to])
            .output()
            .unwrap();
        assert!(!bin.exists(), "{part}: {cut:?}");
    }

    let token = enrolment(&server.api, &json!({"name": "attic"})).await;
    let id = token["id"].as_i64().unwrap();
    let find = format!("/v3/enrolment/{id}");
    assert_eq!(server.api.get(&find).await.body["state"], "waiting");
    let mut command = shell(&server, &[path, "--yes", "--to", to]);
    command.args(["--token", token["token"].as_str().unwrap()]);
    command.args([
        "--",
        "--executor",
        "host",
        "--slots",
        "1",
        "--allow-local-git",
    ]);
    let worker = Process::start(command, home.join("worker.err"));
    until("the worker", Duration::from_secs(60), || async {
        let now = server.api.get(&find).await.body;
        (now["worker"]["state"] == "online").then_some(())
    })
    .await;
    let found = server.api.get(&find).await.body;
    assert_eq!(
        (&found["state"], &found["worker"]["name"]),
        (&json!("used"), &json!("attic"))
    );

    server.quick("acme/rocket", PASSING).await;
    let build = server.api.run("acme/rocket").await;
    assert_eq!(build["state"], "passed", "{}", worker.stderr());
    let job = server.api.first_job(build["id"].as_i64().unwrap()).await;
    let shown = server.api.job(job).await;
    let thanks = &shown["attempt"]["worker"]["thanks"];
    let login = found["worker"]["owner"]["login"].as_str().unwrap();
    assert_eq!(
        *thanks,
        format!("Built on attic, provided by {login}. Thank you!")
    );
    let log = server.api.log_text(job).await;
    assert!(log.contains(thanks.as_str().unwrap()), "{log}");
    // The program that arrived is the server's own.
    let own = std::fs::read(env!("CARGO_BIN_EXE_travis")).unwrap();
    assert!(own == std::fs::read(bin.join("travis")).unwrap());
}

#[tokio::test]
async fn downloads_are_checked_resumed_and_stay_in_their_directory() {
    let server = Setup::server().start().await;
    let place = server.data.join("downloads");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("disk.qcow2"), b"0123456789").unwrap();
    std::os::unix::fs::symlink(server.data.join("secret-key"), place.join("key.raw")).unwrap();
    let nobody = server.anonymous();
    let list = nobody.get("/v3/downloads").await.expect(200);
    let list = list["downloads"].as_array().unwrap();
    let names: Vec<&str> = list.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(list[0]["kind"], "disk");
    assert_eq!(list[0]["sha256"], sha256(b"0123456789"));
    assert_eq!(list[1]["kind"], "program");

    let whole = nobody.get("/download/disk.qcow2").await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert!(
        whole
            .header("content-disposition")
            .starts_with("attachment")
    );
    let part = |range: &'static str, tag: Option<String>| {
        let mut call = nobody
            .call(Method::GET, "/download/disk.qcow2")
            .header("range", range);
        if let Some(tag) = tag {
            call = call.header("if-range", tag);
        }
        async move {
            let answer = call.send().await.unwrap();
            let status = answer.status().as_u16();
            (status, answer.bytes().await.unwrap().to_vec())
        }
    };
    assert_eq!(part("bytes=4-6", None).await, (206, b"456".to_vec()));
    assert_eq!(part("bytes=8-", None).await, (206, b"89".to_vec()));
    assert_eq!(part("bytes=99-", None).await.0, 416);
    let tag = Some(whole.header("etag").to_owned());
    assert_eq!(part("bytes=8-", tag).await.0, 206);
    let old = Some("\"another\"".to_owned());
    assert_eq!(part("bytes=8-", old).await.0, 200);
    let digest = nobody.bytes("/download/disk.qcow2.sha256").await;
    let line = format!("{}  disk.qcow2\n", sha256(b"0123456789"));
    assert_eq!(digest, line.into_bytes());
    // Security case 16.
    for odd in [
        "key.raw",
        "..%2fsecret-key",
        "%2e%2e%2ftravis.db",
        "..%5ctravis.db",
        "%2fetc%2fpasswd",
        "disk.qcow2%00",
        ".travis.toml",
        "missing",
    ] {
        let answer = nobody.get(&format!("/download/{odd}")).await;
        assert!(
            [400, 404].contains(&answer.status),
            "{odd}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn only_its_owner_and_the_operator_command_a_worker() {
    let hosted = Hosted::github().await;
    let server = &hosted.server;
    let kestrel = hosted.person("kestrel").await;
    let marrow = hosted.person("marrow").await;
    let lending = json!({"cores_percent": 50, "only_repositories": ["kestrel/*"]});
    let wish = json!({"way": "service", "name": "attic", "lending": lending});
    let token = enrolment(&kestrel.api, &wish).await;
    let id = token["id"].as_i64().unwrap();
    assert!(
        token["lines"]["service"][0]
            .as_str()
            .unwrap()
            .contains("--service")
    );
    // What became of a token is its maker's business.
    let find = format!("/v3/enrolment/{id}");
    assert_eq!(marrow.api.get(&find).await.status, 404);
    assert_eq!(server.anonymous().get(&find).await.status, 403);
    assert_eq!(marrow.api.delete(&find).await.status, 404);

    let key = BASE64_STANDARD.encode([7; 32]);
    let body = json!({
        "token": token["token"], "name": "ignored", "facts": facts(), "slots": 2,
        "public_key": key,
    });
    let nobody = server.anonymous();
    let enrolled = nobody.post("/worker/v1/enrol", &body).await.expect(200);
    assert_eq!(enrolled["name"], "attic");
    assert_eq!(enrolled["lending"]["cores_percent"], 50);
    let path = format!("/v3/worker/{}", enrolled["worker_id"]);
    assert_eq!(kestrel.api.get(&find).await.body["worker"]["name"], "attic");

    // What it lends and to whom is shown to those who may change it.
    let mine = kestrel.api.get(&path).await.expect(200);
    assert_eq!(mine["wanted_lending"]["only_repositories"][0], "kestrel/*");
    assert_eq!(
        mine["@permissions"],
        json!({"admin": true, "operate": false})
    );
    for api in [&marrow.api, &nobody] {
        let seen = api.get(&path).await.expect(200);
        assert!(seen["wanted_lending"].is_null() && seen["lending"].is_null());
        assert_eq!(seen["@permissions"]["admin"], false);
    }
    let change = json!({"name": "mine-now", "lending": {}});
    for api in [&marrow.api, &nobody] {
        assert_eq!(patch(api, &path, &change).await.status, 403);
        for act in ["pause", "resume", "drain", "ban", "unban", "tier"] {
            let answer = api.post(&format!("{path}/{act}"), &json!({})).await;
            assert_eq!(answer.status, 403, "{act}");
        }
        assert_eq!(api.delete(&path).await.status, 403);
    }
    // Its owner does not say how far its word counts.
    for act in ["ban", "unban", "tier"] {
        let answer = kestrel.api.post(&format!("{path}/{act}"), &json!({})).await;
        assert_eq!(answer.status, 403, "{act}");
    }
    let odd = json!({"lending": {"cores_percent": 400}});
    assert_eq!(patch(&kestrel.api, &path, &odd).await.status, 400);
    for name in ["", "../x", "a b", "é"] {
        let answer = patch(&kestrel.api, &path, &json!({"name": name})).await;
        assert_eq!(answer.status, 400, "{name:?}");
    }
    let change = json!({"name": "cellar", "lending": {"slots": 1}});
    let changed = patch(&kestrel.api, &path, &change).await.expect(200);
    assert_eq!(changed["name"], "cellar");
    assert_eq!(changed["wanted_lending"]["slots"], 1);
    let tier = json!({"tier": "volunteer", "reason": "known for years"});
    let set = server
        .api
        .post(&format!("{path}/tier"), &tier)
        .await
        .expect(200);
    assert_eq!(
        (&set["tier"], &set["tier_fixed"]),
        (&json!("volunteer"), &json!(true))
    );
    let odd = json!({"tier": "emperor"});
    let answer = server.api.post(&format!("{path}/tier"), &odd).await;
    assert_eq!(answer.status, 400);
    let banned = server
        .api
        .post(&format!("{path}/ban"), &json!({}))
        .await
        .expect(200);
    assert_eq!(banned["state"], "banned");
    // Nobody shut out has a badge of thanks.
    let badge = format!("/workers/{}.svg", enrolled["worker_id"]);
    assert_eq!(nobody.get(&badge).await.status, 404);
    server
        .api
        .post(&format!("{path}/unban"), &json!({}))
        .await
        .expect(200);
    let svg = nobody.get(&badge).await;
    assert_eq!(
        (svg.status, svg.header("content-type")),
        (200, "image/svg+xml")
    );
    assert_eq!(nobody.get("/workers/kestrel/cellar.svg").await.status, 200);
    assert_eq!(nobody.get("/people/kestrel.svg").await.status, 200);
    assert_eq!(nobody.get("/people/nobody.svg").await.status, 404);
    let page = nobody.get("/v3/owner/kestrel/workers").await.expect(200);
    assert_eq!(page["workers"][0]["name"], "cellar");
    assert_eq!(nobody.get("/v3/owner/ghost/workers").await.status, 404);

    // A token that was revoked lets nobody in.
    let token = enrolment(&kestrel.api, &json!({})).await;
    let find = format!("/v3/enrolment/{}", token["id"]);
    assert_eq!(kestrel.api.delete(&find).await.status, 204);
    assert_eq!(kestrel.api.get(&find).await.body["state"], "revoked");
    let body = json!({
        "token": token["token"], "name": "x", "facts": facts(), "slots": 1, "public_key": key,
    });
    assert_eq!(nobody.post("/worker/v1/enrol", &body).await.status, 401);
}

#[tokio::test]
async fn a_page_reaches_its_worker_at_once() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "attic").await;
    let first = worker.poll(&[], 0).await.expect(200);
    assert_eq!(
        (&first["pause"], &first["lending"]),
        (&json!(false), &Value::Null)
    );
    let path = format!("/v3/worker/{}", worker.id);
    let change = json!({"lending": {"slots": 3}});
    let held = async { worker.poll(&[], 20_000).await.expect(200) };
    let said = async { patch(&server.api, &path, &change).await.expect(200) };
    let (held, _) = tokio::time::timeout(SOON, async { tokio::join!(held, said) })
        .await
        .expect("the poll is answered before its time");
    assert_eq!(held["lending"]["slots"], 3);
    let pause = format!("{path}/pause");
    let held = async { worker.poll(&[], 20_000).await.expect(200) };
    let said = async { server.api.post(&pause, &json!({})).await.expect(200) };
    let (held, _) = tokio::time::timeout(SOON, async { tokio::join!(held, said) })
        .await
        .expect("the poll is answered before its time");
    assert_eq!(held["pause"], true);
    let now = server.api.get(&path).await.expect(200);
    // One is the known-answer job's.
    assert_eq!(now["slot_use"], json!({"busy": 0, "free": 0, "unlent": 2}));
}

/// Security case 26: what a worker does for a private repository is told to nobody else, nowhere.
#[tokio::test]
async fn private_work_is_counted_and_not_named() {
    let server = Setup::server().start().await;
    let yaml = format!("language: generic\ngit: {{clone: false}}\n{PASSING}");
    let files = [(".travis.yml", yaml.as_str())];
    let repo = crate::support::Repo::new(&server.dir("repos").join("secret"), &files);
    server
        .enable("acme/secret", &repo, json!({"private": true}))
        .await;
    server.api.trigger("acme/secret").await;
    let nobody = server.anonymous();
    let all = ["/v3/fleet", "/v3/workers"];
    until("the job in the queue", SOON, || async {
        let fleet = nobody.get("/v3/fleet").await.expect(200);
        (fleet["waiting"] == 1).then_some(())
    })
    .await;
    for path in all {
        let seen = nobody.get(path).await.expect(200);
        assert!(!seen.to_string().contains("secret"), "{path}: {seen}");
    }
    let mine = server.api.get("/v3/fleet").await.expect(200);
    assert_eq!(
        mine["waits"][0]["next"][0]["repository"]["slug"],
        "acme/secret"
    );
    assert_eq!(mine["waits"][0]["code"], "no_worker");
    assert_eq!(mine["waits"][0]["remedy"], "lend");

    let worker = FakeWorker::enrol(&server, "attic").await;
    let held = worker.take().await;
    assert_eq!(worker.running(&held).await.status, 204);
    let path = format!("/v3/worker/{}", worker.id);
    let seen = nobody.get(&path).await.expect(200);
    assert_eq!(seen["slot_use"]["busy"], 1);
    assert_eq!(seen["running"], json!([]));
    let history = format!("{path}/history");
    let seen = nobody.get(&history).await.expect(200);
    assert!(!seen.to_string().contains("secret"), "{seen}");
    let mine = server.api.get(&history).await.expect(200);
    assert_eq!(mine["deeds"][0]["repository"]["slug"], "acme/secret");
    let hours = nobody.get(&format!("{path}/hours")).await.expect(200);
    assert_eq!(hours["days"].as_array().map(Vec::len), Some(14));
    assert_eq!(nobody.get("/v3/worker/999/history").await.status, 404);
}
