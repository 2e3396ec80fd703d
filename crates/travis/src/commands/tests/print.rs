use super::fake::Fake;
use super::{Call, data, ran};
use crate::config;
use crate::failure::Status;
use serde_json::{Value, json};

/// Name, arguments, and the call whose answer `--format json` prints.
const COMMANDS: &[(&str, &[&str], &str)] = &[
    ("repos", &["repos"], "GET /v3/repos"),
    (
        "builds",
        &["builds", "acme/rocket"],
        "GET /v3/repo/acme%2Frocket/builds",
    ),
    (
        "show_current",
        &["show", "acme/rocket"],
        "GET /v3/build/112",
    ),
    (
        "show_build",
        &["show", "acme/rocket#12"],
        "GET /v3/build/112",
    ),
    (
        "show_job",
        &["show", "acme/rocket", "12.2"],
        "GET /v3/job/12002",
    ),
    (
        "enable",
        &["enable", "acme/rocket"],
        "POST /v3/repo/acme%2Frocket/activate",
    ),
    (
        "enable_git",
        &[
            "enable",
            "--git",
            "https://example.org/acme/rocket.git",
            "--name",
            "acme/rocket",
        ],
        "POST /v3/repos",
    ),
    (
        "disable",
        &["disable", "acme/rocket"],
        "POST /v3/repo/acme%2Frocket/deactivate",
    ),
    (
        "trigger",
        &["trigger", "acme/rocket", "--branch", "main"],
        "POST /v3/repo/acme%2Frocket/requests",
    ),
    (
        "cancel",
        &["cancel", "acme/rocket"],
        "POST /v3/build/112/cancel",
    ),
    (
        "restart",
        &["restart", "acme/rocket", "12.2"],
        "POST /v3/job/12002/restart",
    ),
    ("workers", &["workers"], "GET /v3/workers"),
    ("token_list", &["token", "list"], "GET /v3/tokens"),
    (
        "token_create",
        &["token", "create", "laptop"],
        "POST /v3/tokens",
    ),
    (
        "token_enrol",
        &["token", "enrol"],
        "POST /v3/workers/enrolment_token",
    ),
    (
        "env_list",
        &["env", "list", "acme/rocket"],
        "GET /v3/repo/acme%2Frocket/env_vars",
    ),
    (
        "env_set",
        &["env", "set", "acme/rocket", "API_KEY"],
        "POST /v3/repo/acme%2Frocket/env_vars",
    ),
    (
        "pubkey",
        &["pubkey", "acme/rocket"],
        "GET /v3/repo/acme%2Frocket/key_pair/generated",
    ),
    ("logs", &["logs", "acme/rocket"], "GET /v3/job/12002/log"),
];

#[tokio::test]
async fn people_read_this() {
    let fake = Fake::start().await;
    let mut all = String::new();
    let no_body: &[(&str, &[&str])] = &[
        ("token_revoke", &["token", "revoke", "3"]),
        ("env_unset", &["env", "unset", "acme/rocket", "API_KEY"]),
        ("env_copy", &["env", "copy", "acme/rocket", "API_KEY"]),
        ("env_clear", &["env", "clear", "acme/rocket", "--force"]),
        ("doctor", &["doctor"]),
        ("open", &["open", "acme/rocket", "12.2", "--print"]),
    ];
    let calls = COMMANDS
        .iter()
        .map(|(name, arguments, _)| (*name, *arguments));
    for (_, arguments) in calls.chain(no_body.iter().copied()) {
        let (status, out, err) = ran(&fake, arguments).await;
        assert_eq!(status, Status::Passed, "{arguments:?}: {err}");
        all.push_str(&format!("$ travis {}\n{out}", arguments.join(" ")));
        for line in err.lines() {
            all.push_str(&format!("[stderr] {line}\n"));
        }
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn programs_read_the_object_of_the_api_and_nothing_else() {
    let fake = Fake::start().await;
    for (_, arguments, call) in COMMANDS {
        let arguments = [arguments, &["--format", "json"][..]].concat();
        let (status, out, err) = ran(&fake, &arguments).await;
        assert_eq!(status, Status::Passed, "{arguments:?}: {err}");
        let printed: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(printed, fake.body(call), "{arguments:?}");
    }
    for arguments in [
        &["token", "revoke", "3", "--format", "json"][..],
        &["env", "unset", "acme/rocket", "API_KEY", "--format", "json"],
    ] {
        assert_eq!(ran(&fake, arguments).await.1, "");
    }
    let (_, out, _) = ran(&fake, &["token", "list", "--format", "json"]).await;
    insta::assert_snapshot!("token_list_json", out);
    let (_, out, _) = ran(&fake, &["doctor", "--format", "json"]).await;
    insta::assert_snapshot!("doctor_json", out);
}

#[tokio::test]
async fn failures_say_what_to_do_and_have_their_codes() {
    let fake = Fake::start().await;
    fake.fail(
        "GET /v3/workers",
        403,
        "insufficient_access",
        "Only members see this.",
    );
    fake.fail("GET /v3/tokens", 403, "login_required", "Sign in first.");
    fake.fail("POST /v3/tokens", 422, "wrong_params", "The name is taken.");
    fake.fail("GET /v3/repos", 500, "server_error", "Something broke.");
    fake.set_text("GET /v3/repo/acme%2Frocket/env_vars", 200, "<html>");
    let cases: &[(&[&str], Status)] = &[
        (&["show", "acme/none"], Status::NotFound),
        (&["show", "acme/rocket", "99"], Status::NotFound),
        (&["show", "acme/rocket", "12.9"], Status::NotFound),
        (&["show", "acme/rocket", "x.y"], Status::Usage),
        (&["show", "12"], Status::Usage),
        (&["env", "list", "acme/rocket"], Status::Server),
        (&["workers"], Status::NotAllowed),
        (&["token", "list"], Status::NotAllowed),
        (&["token", "create", "a"], Status::Refused),
        (&["repos"], Status::Server),
        (&["open", "acme/rocket"], Status::Io),
    ];
    let mut all = String::new();
    for (arguments, expected) in cases {
        let (status, _, err) = ran(&fake, arguments).await;
        assert_eq!(status, *expected, "{arguments:?}: {err}");
        all.push_str(&format!(
            "$ travis {} → {}\n{err}\n",
            arguments.join(" "),
            status as u8
        ));
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let fake = Fake::start().await;
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut call = Call::new(&fake);
    let endpoint = format!("http://127.0.0.1:{port}");
    call.endpoint = Some(endpoint.clone());
    let err = call.err.clone();
    assert_eq!(call.run(&["repos"]).await, Status::Unreachable);
    assert_eq!(
        err.text(),
        format!(
            "error: can't reach {endpoint}: connection refused\n  Is the server running? Start one with: travis up\n"
        )
    );
}

#[tokio::test]
async fn login_tries_the_token_and_keeps_it() {
    let fake = Fake::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("travis/config.toml");
    let mut call = Call::new(&fake);
    call.stdin = "secret-token\n".to_owned();
    call.config = path.clone();
    let out = call.out.clone();
    let status = call
        .run(&["login", "--endpoint", &format!("{}/", fake.endpoint)])
        .await;
    assert_eq!(status, Status::Passed);
    assert!(out.text().contains("as ada"), "{}", out.text());
    let kept = config::read(&path).unwrap().unwrap();
    assert_eq!(kept.endpoint, fake.endpoint);
    assert_eq!(kept.token.as_deref(), Some("secret-token"));
    assert!(!config::is_exposed(&path));

    fake.fail("GET /v3/user", 403, "login_required", "Sign in.");
    let mut call = Call::new(&fake);
    call.stdin = "secret-token".to_owned();
    call.config = folder.path().join("other.toml");
    assert_eq!(
        call.run(&["login", "--endpoint", &fake.endpoint]).await,
        Status::NotAllowed
    );
    assert!(!folder.path().join("other.toml").exists());
}

#[tokio::test]
async fn what_is_sent() {
    let fake = Fake::start().await;
    let mut call = Call::new(&fake);
    call.stdin = "s3cret\r\n".to_owned();
    call.run(&["env", "set", "acme/rocket", "API_KEY"]).await;
    assert_eq!(
        fake.sent("POST /v3/repo/acme%2Frocket/env_vars"),
        [json!({"name": "API_KEY", "value": "s3cret", "public": false, "branch": null})]
    );
    ran(
        &fake,
        &[
            "trigger",
            "acme/rocket",
            "--commit",
            "1f2e3d4",
            "--message",
            "Try",
        ],
    )
    .await;
    assert_eq!(
        fake.sent("POST /v3/repo/acme%2Frocket/requests"),
        [json!({"sha": "1f2e3d4", "message": "Try"})]
    );
}

#[tokio::test]
async fn inside_a_working_tree_the_name_may_be_left_out() {
    let fake = Fake::start().await;
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        std::process::Command::new("git")
            .args(arguments)
            .current_dir(folder.path())
            .status()
            .is_ok_and(|status| status.success())
    };
    let origin = "git@example.org:acme/rocket";
    if !git(&["init", "-q"]) || !git(&["remote", "add", "origin", origin]) {
        println!("skipped: there is no git");
        return;
    }
    let mut call = Call::new(&fake);
    call.directory = folder.path().to_owned();
    let out = call.out.clone();
    assert_eq!(
        call.run(&["show", "12.2", "--format", "json"]).await,
        Status::Passed
    );
    assert_eq!(
        serde_json::from_str::<Value>(&out.text()).unwrap()["id"],
        12002
    );
    assert!(git(&[
        "remote",
        "set-url",
        "origin",
        "https://other.example/x.git"
    ]));
    fake.set("GET /v3/repos", {
        let mut list = fake.body("GET /v3/repos");
        list["@pagination"] = data::pagination(2);
        list
    });
    let mut call = Call::new(&fake);
    call.directory = folder.path().to_owned();
    assert_eq!(call.run(&["builds"]).await, Status::Usage);
}

#[tokio::test]
async fn values_are_encrypted_into_the_file_and_never_shown() {
    let fake = Fake::start().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(".travis.yml");
    std::fs::write(&file, "language: c # as ever\n").unwrap();
    let mut call = Call::new(&fake);
    call.directory = directory.path().to_owned();
    call.stdin = "two words\n".to_owned();
    let (out, err) = (call.out.clone(), call.err.clone());
    let arguments = [
        "encrypt",
        "-r",
        "acme/rocket",
        "--add",
        "env.global",
        "KEY=-",
    ];
    assert_eq!(call.run(&arguments).await, Status::Passed, "{}", err.text());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("language: c # as ever\nenv:\n  global:\n    - secure: \""));
    assert!(!text.contains("words") && !out.text().contains("words"));

    let mut call = Call::new(&fake);
    call.stdin = "x".repeat(300);
    let err = call.err.clone();
    let status = call.run(&["encrypt", "-r", "acme/rocket"]).await;
    assert_eq!(status, Status::Usage);
    assert!(err.text().contains("travis env set"), "{}", err.text());

    let (_, out, _) = ran(&fake, &["encrypt", "-r", "acme/rocket", "plain"]).await;
    assert!(
        out.starts_with("secure: \"") && out.ends_with("\"\n"),
        "{out}"
    );

    let (status, _, err) = ran(&fake, &["env", "clear", "acme/rocket"]).await;
    assert_eq!(status, Status::Usage);
    assert!(err.contains("--force"), "{err}");
    let (status, _, err) = ran(&fake, &["env", "copy", "acme/rocket", "NOT_HERE"]).await;
    assert_eq!(status, Status::Usage);
    assert!(err.contains("NOT_HERE is not set here"), "{err}");
}
