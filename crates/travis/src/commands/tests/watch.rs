use super::Call;
use super::data;
use super::fake::{Fake, Say};
use crate::failure::Status;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::join;

const TRIGGER: &[&str] = &["trigger", "acme/rocket", "--watch"];
const REQUEST: &str = "GET /v3/repo/acme%2Frocket/request/5";

fn build(state: &str, version: i64, jobs: [&str; 2]) -> Value {
    let jobs = [
        data::job(13, 1, jobs[0], version),
        data::job(13, 2, jobs[1], version),
    ];
    data::build(13, state, version, &jobs)
}

/// The request becomes build 13.
fn accept(fake: &Fake, state: &str, version: i64, jobs: [&str; 2]) {
    let minimal = data::build_minimal(113, "13", state, version);
    let request = data::request("accepted", None, &[minimal]);
    fake.set(REQUEST, request.clone());
    fake.set("GET /v3/build/113", build(state, version, jobs));
    fake.event("repo:1", 1, "request:changed", request);
}

#[tokio::test]
async fn live_events_lead_to_the_end() {
    let fake = Fake::start().await;
    let call = Call::new(&fake);
    let out = call.out.clone();
    let (status, ()) = join!(call.run(TRIGGER), async {
        fake.saw(REQUEST).await;
        accept(&fake, "created", 1, ["queued", "queued"]);
        out.wait_for("#13").await;
        fake.event("repo:1", 2, "job:started", data::job(13, 1, "started", 2));
        out.wait_for("13.1 Rust stable: running").await;
        // Older than what is shown: passed over.
        fake.event("repo:1", 3, "job:queued", data::job(13, 1, "queued", 1));
        fake.event("repo:1", 4, "job:finished", data::job(13, 2, "failed", 3));
        out.wait_for("13.2 Rust stable: failed").await;
        fake.set(
            "GET /v3/build/113",
            build("failed", 9, ["passed", "failed"]),
        );
        fake.event(
            "repo:1",
            5,
            "build:finished",
            build("failed", 9, ["passed", "failed"]),
        );
    });
    assert_eq!(status, Status::Failed);
    insta::assert_snapshot!(out.text().replace(&fake.endpoint, "http://server"));
}

#[tokio::test]
async fn a_gap_or_a_hole_in_the_numbers_makes_it_look_again() {
    for (hole, state, expected) in [
        (
            json!({"type": "gap", "topic": "repo:1", "seq": 40}),
            "errored",
            Status::Errored,
        ),
        (
            json!({"type": "event", "topic": "repo:1", "seq": 7, "event": "repository:changed"}),
            "canceled",
            Status::Canceled,
        ),
        (
            json!({"type": "event", "topic": "repo:1", "seq": 2, "event": "build:finished"}),
            "passed",
            Status::Passed,
        ),
    ] {
        let fake = Fake::start().await;
        let call = Call::new(&fake);
        let out = call.out.clone();
        let (status, ()) = join!(call.run(TRIGGER), async {
            fake.saw(REQUEST).await;
            accept(&fake, "created", 1, ["queued", "queued"]);
            out.wait_for("#13").await;
            fake.set("GET /v3/build/113", build(state, 9, [state, state]));
            fake.say(Say::Text(hole));
        });
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn a_cut_connection_is_made_again() {
    let fake = Fake::start().await;
    let call = Call::new(&fake);
    let (out, err) = (call.out.clone(), call.err.clone());
    let (status, ()) = join!(call.run(TRIGGER), async {
        fake.saw(REQUEST).await;
        accept(&fake, "started", 1, ["started", "queued"]);
        out.wait_for("#13").await;
        fake.set(
            "GET /v3/build/113",
            build("passed", 9, ["passed", "passed"]),
        );
        fake.say(Say::Close);
    });
    assert_eq!(status, Status::Passed);
    assert!(err.text().contains("connection lost"), "{}", err.text());
    assert!(err.text().contains("trying again"));
}

#[tokio::test]
async fn ctrl_c_leaves_the_build_running() {
    let fake = Fake::start().await;
    let (press, pressed) = tokio::sync::oneshot::channel::<()>();
    let mut call = Call::new(&fake);
    call.interrupt = pressed.map(drop).boxed();
    let (out, err) = (call.out.clone(), call.err.clone());
    let (status, ()) = join!(call.run(TRIGGER), async {
        fake.saw(REQUEST).await;
        accept(&fake, "started", 1, ["started", "queued"]);
        out.wait_for("running").await;
        press.send(()).unwrap();
    });
    assert_eq!(status, Status::Interrupted);
    insta::assert_snapshot!(err.text());
    assert!(fake.sent("POST /v3/build/113/cancel").is_empty());
}

#[tokio::test]
async fn no_build_is_no_success() {
    let fake = Fake::start().await;
    let call = Call::new(&fake);
    let err = call.err.clone();
    fake.set(
        REQUEST,
        data::request(
            "rejected",
            Some("branch excluded by the configuration"),
            &[],
        ),
    );
    assert_eq!(call.run(TRIGGER).await, Status::Refused);
    assert_eq!(
        err.text(),
        "error: no build of acme/rocket: branch excluded by the configuration\n"
    );
}

#[tokio::test]
async fn a_terminal_is_drawn_in_place_and_json_is_only_the_build() {
    let fake = Fake::start().await;
    accept(&fake, "failed", 3, ["passed", "failed"]);
    let call = Call::new(&fake);
    let out = call.out.clone();
    assert_eq!(
        call.run(&[TRIGGER, &["--format", "json"]].concat()).await,
        Status::Failed
    );
    assert_eq!(
        serde_json::from_str::<Value>(&out.text()).unwrap(),
        fake.body("GET /v3/build/113")
    );

    let fake = Fake::start().await;
    let mut call = Call::new(&fake);
    call.terminal = true;
    let out = call.out.clone();
    let (status, ()) = join!(call.run(TRIGGER), async {
        out.wait_for("being prepared").await;
        accept(&fake, "passed", 3, ["passed", "passed"]);
    });
    assert_eq!(status, Status::Passed);
    insta::assert_snapshot!(
        out.text()
            .replace(&fake.endpoint, "http://server")
            .replace('\x1b', "␛")
    );
}
