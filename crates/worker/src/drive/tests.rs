use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use travis_sandbox::Sink;

use super::*;

/// Runs until it is let go, and says how many cores it was told to leave.
#[derive(Default)]
struct Noting {
    end: Notify,
    told: watch::Sender<Vec<u32>>,
}

#[async_trait]
impl Sandbox for Noting {
    async fn run(&self, _: &str, _: Sink, _: CancellationToken) -> Result<Exit, SandboxError> {
        self.end.notified().await;
        Ok(Exit {
            code: Some(0),
            ..Exit::default()
        })
    }

    async fn freeze(&self) -> Result<(), SandboxError> {
        Ok(())
    }

    async fn thaw(&self) -> Result<(), SandboxError> {
        Ok(())
    }

    async fn leave_cores(&self, left: u32) {
        self.told.send_modify(|told| told.push(left));
    }

    async fn kill(&self) {}

    async fn destroy(self: Box<Self>) {}
}

fn limits() -> Limits {
    Limits {
        total_seconds: 3600,
        silence_seconds: 3600,
        log_bytes: 1 << 20,
        memory_bytes: None,
        processes: None,
    }
}

struct Nowhere;

impl Take for Nowhere {
    fn write(&mut self, _: &[u8]) -> io::Result<bool> {
        Ok(true)
    }

    fn holds_back(&self) -> bool {
        false
    }

    fn let_go(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn cores_are_left_again_and_again_and_given_back_once() {
    let (sandbox, leave, still) = (
        Noting::default(),
        watch::channel(0).0,
        watch::channel(false).0,
    );
    let ear = Ear {
        canceled: std::future::pending(),
        over: std::future::pending(),
        frozen: still.subscribe(),
        leave: leave.subscribe(),
        stands: &(),
        gauge: |_| {},
    };
    let limits = limits();
    let mut nowhere = Nowhere;
    let driving = drive(&sandbox, "", &limits, &mut nowhere, ear);
    let owner = async {
        let mut told = sandbox.told.subscribe();
        tokio::time::sleep(GAUGE * 4).await;
        assert!(told.borrow().is_empty(), "nothing is left unasked");
        leave.send_replace(1);
        let begun = Instant::now();
        let often = told.wait_for(|told| told.len() == 12).await.unwrap();
        assert!(often.iter().all(|left| *left == 1));
        drop(often);
        // Closely at first, then at every gauge.
        let took = begun.elapsed();
        assert!(took > GAUGE * 6 && took < GAUGE * 12, "{took:?}");
        leave.send_replace(0);
        told.wait_for(|told| told.ends_with(&[1, 0])).await.unwrap();
        let count = told.borrow().len();
        tokio::time::sleep(GAUGE * 8).await;
        assert_eq!(told.borrow().len(), count, "nothing more to say");
        sandbox.end.notify_one();
    };
    let (verdict, ()) = tokio::join!(driving, owner);
    assert_eq!(verdict.map(|it| it.exit_code).ok(), Some(Some(0)));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_begins_beside_the_owner_leaves_cores_at_once() {
    let (sandbox, leave, still) = (
        Noting::default(),
        watch::channel(2).0,
        watch::channel(false).0,
    );
    let ear = Ear {
        canceled: std::future::pending(),
        over: std::future::pending(),
        frozen: still.subscribe(),
        leave: leave.subscribe(),
        stands: &(),
        gauge: |_| {},
    };
    let limits = limits();
    let mut nowhere = Nowhere;
    let driving = drive(&sandbox, "", &limits, &mut nowhere, ear);
    let owner = async {
        let mut told = sandbox.told.subscribe();
        let begun = Instant::now();
        told.wait_for(|told| *told == [2, 2]).await.unwrap();
        assert!(begun.elapsed() < GAUGE);
        sandbox.end.notify_one();
    };
    let (verdict, ()) = tokio::join!(driving, owner);
    assert!(verdict.is_ok());
}
