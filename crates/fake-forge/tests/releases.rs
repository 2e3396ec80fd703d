//! The script's deployment to GitHub's releases, run by a real bash and curl against the fake.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Call, start};
use reqwest::StatusCode;
use serde_json::{Value, json};
use travis_fake_forge::FakeForge;
use travis_script::{JobInput, compile};

/// A job of the tag v1 that passes and deploys so.
fn job(forge: &FakeForge, deploy: Value) -> JobInput {
    JobInput {
        config: json!({"language": "shell", "git": {"clone": false}, "script": ["true"], "deploy": [deploy]}),
        job_number: "1.1".into(),
        event_type: "push".into(),
        branch: "v1".into(),
        tag: Some("v1".into()),
        commit: "0123456789abcdef0123456789abcdef01234567".into(),
        repo_slug: "ada/engine".into(),
        clone_url: "https://example.test/ada/engine.git".into(),
        secure_env: true,
        forge_api_url: format!("{}/api/v3", forge.url()),
        ..JobInput::default()
    }
}

fn run(home: &Path, job: &JobInput) -> (i32, String) {
    let file = home.join("job.sh");
    std::fs::write(&file, compile(job).unwrap().text).unwrap();
    let output = Command::new("/bin/bash")
        .arg(&file)
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var("PATH").unwrap())
        .output()
        .unwrap();
    let log = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&log).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_made_filled_and_filled_again() {
    let forge = start().await;
    let control = forge.control();
    control
        .repo("ada/engine", &[("README", "hello\n")])
        .await
        .unwrap();
    let token = control.token("ada").await.unwrap();
    let call = Call::new(&forge, &token);
    let home = tempfile::tempdir().unwrap();
    let work = home.path().join("build/ada/engine");
    std::fs::create_dir_all(work.join("out")).unwrap();
    std::fs::write(work.join("out/a b&ü.zip"), "one").unwrap();
    std::fs::write(work.join("out/c.zip"), "two").unwrap();
    std::fs::write(work.join("d.txt"), "three").unwrap();
    let body = "It's \"new\" \\ and $(touch pwned)\n\tsecond line é";
    let deploy = json!({"provider": "releases", "token": {"decrypted": token}, "file_glob": true,
        "file": ["out/*.zip", "$TRAVIS_BUILD_DIR/d.txt"], "name": "Version $TRAVIS_TAG", "body": body,
        "prerelease": true, "on": {"tags": true}});

    let (code, log) = run(home.path(), &job(&forge, deploy.clone()));
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("travis_fold:start:dpl_0"), "{log}");
    assert!(!log.contains(&token), "{log}");
    assert!(!work.join("pwned").exists());
    let (status, release) = call
        .send("GET", "/repos/ada/engine/releases/tags/v1", Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK, "{release}\n{log}");
    assert_eq!(release["name"], "Version v1");
    assert_eq!(release["body"], body);
    assert_eq!(release["prerelease"], true);
    let names = |release: &Value| -> Vec<String> {
        let assets = release["assets"].as_array().unwrap();
        let mut names: Vec<String> = assets
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&release), ["a b&ü.zip", "c.zip", "d.txt"], "{log}");

    // Again: what is there stays, or is replaced where the configuration says so.
    std::fs::write(work.join("d.txt"), "longer than before").unwrap();
    let (code, log) = run(home.path(), &job(&forge, deploy.clone()));
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("d.txt already exists, skipping."), "{log}");
    let mut replacing = deploy.clone();
    replacing["overwrite"] = json!(true);
    let (code, log) = run(home.path(), &job(&forge, replacing));
    assert_eq!(code, 0, "{log}");
    let (_, list) = call
        .send("GET", "/repos/ada/engine/releases", Value::Null)
        .await;
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    let assets = list[0]["assets"].as_array().unwrap();
    let text = assets.iter().find(|one| one["name"] == "d.txt").unwrap();
    assert_eq!(text["size"], 18, "{log}");
    assert_eq!(names(&list[0]).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_are_found_again_and_refusals_stop_the_job() {
    let forge = start().await;
    let control = forge.control();
    control
        .repo("ada/engine", &[("README", "hello\n")])
        .await
        .unwrap();
    let token = control.token("ada").await.unwrap();
    let call = Call::new(&forge, &token);
    let home = tempfile::tempdir().unwrap();
    let work = home.path().join("build/ada/engine");
    std::fs::create_dir_all(&work).unwrap();
    std::fs::write(work.join("x"), "x").unwrap();
    let deploy = json!({"provider": "releases", "token": {"decrypted": token}, "draft": true, "file": "x",
        "on": {"tags": true}});
    for _ in 0..2 {
        let (code, log) = run(home.path(), &job(&forge, deploy.clone()));
        assert_eq!(code, 0, "{log}");
    }
    let (_, list) = call
        .send("GET", "/repos/ada/engine/releases", Value::Null)
        .await;
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list[0]["draft"], true);

    for (key, value, part) in [
        (
            "token",
            json!("wrong"),
            "GitHub answered 401: Bad credentials",
        ),
        ("token", json!({"secure": "x"}), "needs a token"),
        ("repo", json!("ada/nothing"), "GitHub answered 404"),
    ] {
        let mut deploy = deploy.clone();
        deploy[key] = value;
        let (code, log) = run(home.path(), &job(&forge, deploy));
        assert_eq!(code, 2, "{log}");
        assert!(log.contains(part), "{log}");
        assert!(log.contains("Your build has been stopped."), "{log}");
    }
}
