use super::Call;
use super::data;
use super::fake::{Fake, Say};
use crate::failure::Status;
use serde_json::{Value, json};
use tokio::join;

const FOLLOW: &[&str] = &["logs", "acme/rocket", "12.2", "-f"];

fn job(state: &str, attempt: Value) -> Value {
    data::with(data::job(12, 2, state, 5), json!({"attempt": attempt}))
}

fn running(id: i64, number: i64) -> Value {
    data::attempt(id, number, "running", None)
}

fn end(fake: &Fake, attempt: i64, length: usize) {
    fake.say(Say::Text(
        json!({"type": "log_end", "attempt": attempt, "length": length}),
    ));
}

#[tokio::test]
async fn frames_join_whatever_their_borders() {
    let fake = Fake::start().await;
    fake.set("GET /v3/job/12002", job("started", running(7, 1)));
    let log = "$ echo grüße\r\ngrüße 🚀\r\ntravis_fold:end:x\r\x1b[0Kdone\r\n".as_bytes();
    let call = Call::new(&fake);
    let (out, err) = (call.out.clone(), call.err.clone());
    let (status, ()) = join!(call.run(FOLLOW), async {
        fake.saw("log:7@0").await;
        // In the middle of ü, in the middle of the rocket, overlapping, and of another attempt.
        fake.say(Say::Frame(7, 0, log[..10].to_vec()));
        fake.say(Say::Frame(7, 4, log[4..26].to_vec()));
        fake.say(Say::Frame(9, 26, b"not ours".to_vec()));
        // Bytes are missing: it asks for them.
        fake.say(Say::Frame(7, 40, log[40..].to_vec()));
        fake.saw("log:7@26").await;
        fake.say(Say::Frame(7, 26, log[26..].to_vec()));
        fake.set("GET /v3/job/12002", job("passed", running(7, 1)));
        end(&fake, 7, log.len());
    });
    assert_eq!(status, Status::Passed, "{}", err.text());
    assert_eq!(out.text(), "$ echo grüße\ngrüße 🚀\ndone\n");
    assert_eq!(err.text(), "");
}

#[tokio::test]
async fn raw_is_raw_and_a_cut_connection_goes_on_where_it_was() {
    let fake = Fake::start().await;
    fake.set("GET /v3/job/12002", job("started", running(7, 1)));
    let log = b"travis_fold:start:a\r\x1b[0Ka\xffb\n";
    let call = Call::new(&fake);
    let err = call.err.clone();
    let bytes = call.out.bytes.clone();
    let out = call.out.clone();
    let arguments = [FOLLOW, &["--raw"]].concat();
    let (status, ()) = join!(call.run(&arguments), async {
        fake.saw("log:7@0").await;
        fake.say(Say::Frame(7, 0, log[..12].to_vec()));
        out.wait_for("travis_fold:").await;
        fake.say(Say::Close);
        fake.saw("log:7@12").await;
        fake.set("GET /v3/job/12002", job("passed", running(7, 1)));
        fake.say(Say::Frame(7, 12, log[12..].to_vec()));
        end(&fake, 7, log.len());
    });
    assert_eq!(status, Status::Passed, "{}", err.text());
    assert_eq!(*bytes.lock().unwrap(), log);
}

#[tokio::test]
async fn it_waits_for_a_worker_and_follows_the_next_attempt() {
    let fake = Fake::start().await;
    let waiting = json!({"waiting": {"code": "busy", "text": "Both workers are busy."}});
    let queued = data::with(data::job(12, 2, "queued", 1), waiting);
    fake.set("GET /v3/job/12002", queued);
    let call = Call::new(&fake);
    let (out, err) = (call.out.clone(), call.err.clone());
    let (status, ()) = join!(call.run(FOLLOW), async {
        err.wait_for("busy").await;
        fake.set("GET /v3/job/12002", job("started", running(7, 1)));
        fake.event("job:12002", 1, "job:started", Value::Null);
        fake.saw("log:7@0").await;
        fake.say(Say::Frame(7, 0, b"one\n".to_vec()));
        out.wait_for("one").await;
        fake.set("GET /v3/job/12002", job("started", running(8, 2)));
        fake.event("job:12002", 2, "job:started", Value::Null);
        fake.saw("log:8@0").await;
        fake.set("GET /v3/job/12002", job("passed", running(8, 2)));
        fake.say(Say::Frame(8, 0, b"two\n".to_vec()));
        end(&fake, 8, 4);
    });
    assert_eq!(status, Status::Passed);
    assert_eq!(out.text(), "one\ntwo\n");
    assert_eq!(
        err.text(),
        "Both workers are busy.\nAttempt 1 is over; attempt 2 follows.\n"
    );
}

#[tokio::test]
async fn ctrl_c_leaves_the_job_running() {
    use futures_util::FutureExt as _;
    let fake = Fake::start().await;
    fake.set("GET /v3/job/12002", job("started", running(7, 1)));
    let (press, pressed) = tokio::sync::oneshot::channel::<()>();
    let mut call = Call::new(&fake);
    call.interrupt = pressed.map(drop).boxed();
    let (out, err) = (call.out.clone(), call.err.clone());
    let (status, ()) = join!(call.run(FOLLOW), async {
        fake.saw("log:7@0").await;
        fake.say(Say::Frame(7, 0, b"first\nhalf a line".to_vec()));
        out.wait_for("first").await;
        press.send(()).unwrap();
    });
    assert_eq!(status, Status::Interrupted);
    assert_eq!(out.text(), "first\nhalf a line\n");
    assert_eq!(err.text(), "No longer following; the job goes on.\n");
}
