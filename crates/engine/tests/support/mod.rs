//! An engine over a real database in a file, logs and repositories in memory, and a clock that
//! stands still until it is moved.
#![allow(dead_code, reason = "no suite uses all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod hosted;
mod people;

#[allow(unused_imports, reason = "no suite uses all of it")]
pub use hosted::*;
#[allow(unused_imports, reason = "no suite uses all of it")]
pub use people::*;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;
use travis_blobs::ObjectBlobs;
use travis_bus::MemoryBus;
use travis_engine::{
    Allowed, BuildDemand, CachePolicy, Clock, Engine, EngineError, Enrolment, Finished, Finishing,
    Introduction, JobLimits, NewRepository, Offer, Orders, Policy, PollCall, Ports, Secret, Vault,
    Viewer,
};
use travis_forge::MemoryForge;
use travis_forge::hosting::{MemoryForgeApi, RemotePerson, RemoteRef};
use travis_logs::MemoryLogs;
use travis_model::{
    Attempt, AttemptId, Build, BuildId, Delivery, DeliveryId, DeliveryState, ForgeId, Hosting, Job,
    Level, Outcome, Repository, Request, RequestState, Timestamp, User, WorkerId,
};
use travis_store::{HostedRepository, NewForge, NewIdentity, Page, SeenBy};
use travis_store_sqlite::SqliteStore;

/// How long anything may take.
const SOON: Duration = Duration::from_secs(20);
pub const LEASE: Duration = Duration::from_millis(400);
pub const COMPARE_EVERY: Duration = Duration::from_secs(300);

pub struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub engine: Arc<Engine>,
    pub forge: Arc<MemoryForge>,
    /// Every forge that has a row: there is one.
    pub hub: Arc<MemoryForgeApi>,
    pub viewer: Viewer,
    /// Bytes of caches.
    pub blobs: Arc<ObjectBlobs>,
    clock: Arc<FakeClock>,
    key: [u8; Vault::KEY_LENGTH],
    _loops: AbortOnDropHandle<()>,
    _dir: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with_access(Allowed::default()).await
    }

    /// With lists of who may sign in and whose repositories are worked on.
    pub async fn with_access(access: Allowed) -> Self {
        Self::with(access, CachePolicy::default()).await
    }

    /// With quotas for caches.
    pub async fn with_caches(caches: CachePolicy) -> Self {
        Self::with(Allowed::default(), caches).await
    }

    /// Where workers run known-answer jobs.
    pub async fn with_known_answers() -> Self {
        Self::made(Allowed::default(), CachePolicy::default(), true).await
    }

    async fn with(access: Allowed, caches: CachePolicy) -> Self {
        Self::made(access, caches, false).await
    }

    async fn made(access: Allowed, caches: CachePolicy, known_answers: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let store = SqliteStore::open(&path, Default::default()).await.unwrap();
        let forge = Arc::new(MemoryForge::new());
        let clock = Arc::new(FakeClock(AtomicI64::new(1_700_000_000_000)));
        let hub = Arc::new(MemoryForgeApi::new());
        let known = hub.clone();
        let blobs = Arc::new(ObjectBlobs::memory());
        let ports = Ports {
            connect: Arc::new(move |_| Ok(known.clone())),
            store: Arc::new(store),
            logs: Arc::new(MemoryLogs::new()),
            blobs: blobs.clone(),
            bus: Arc::new(MemoryBus::default()),
            forge: forge.clone(),
            clock: clock.clone(),
        };
        let policy = Policy {
            public_url: "http://ci.example".to_owned(),
            allow_local_git: false,
            sample_url: None,
            lease: LEASE,
            idle_poll: Duration::from_secs(10),
            heartbeat: Duration::from_secs(10),
            limits: JobLimits::default(),
            access,
            compare_every: COMPARE_EVERY,
            minimum_worker_version: None,
            key_length: travis_engine::keys::KeyLength::Bits2048,
            caches,
            results: travis_engine::ResultsPolicy::default(),
            workers: travis_engine::WorkerPolicy {
                known_answers,
                ..Default::default()
            },
        };
        let key = Vault::new_key().unwrap();
        let vault = Vault::open(&key).unwrap();
        let engine = Arc::new(Engine::new(ports, vault, policy));
        let admin = engine.administrator().await.unwrap();
        let token = Secret::new("admin-token");
        engine
            .ensure_api_token(admin, "test", &token)
            .await
            .unwrap();
        let viewer = engine.viewer_by_token("admin-token").await.unwrap();
        let loops = AbortOnDropHandle::new(tokio::spawn(engine.clone().run_loops()));
        Self {
            engine,
            forge,
            hub,
            viewer,
            blobs,
            clock,
            key,
            _loops: loops,
            _dir: dir,
        }
    }

    /// The installation's vault, for what a test puts into rows.
    pub fn vault(&self) -> Vault {
        Vault::open(&self.key).unwrap()
    }

    /// Lets time pass.
    pub fn pass(&self, span: Duration) {
        let span = i64::try_from(span.as_millis()).unwrap();
        self.clock.0.fetch_add(span, Ordering::SeqCst);
    }

    /// The first repository, with this configuration on `main`.
    pub async fn repository(&self, yaml: &str) -> Repository {
        // Number 0 is the look at a repository before it is added.
        for id in [0, 1] {
            self.forge
                .add_commit(id, "main", &[(".travis.yml", yaml)], "First");
        }
        let new = NewRepository {
            slug: "acme/rocket".parse().unwrap(),
            clone_url: "https://example.org/rocket.git".to_owned(),
            description: None,
            private: false,
            poll_seconds: None,
        };
        let added = self.engine.add_repository(&self.viewer, new).await.unwrap();
        assert_eq!(added.id.get(), 1);
        added
    }

    pub async fn demand(&self, repository: &Repository, demand: BuildDemand) -> Request {
        let request = self
            .engine
            .demand_build(&self.viewer, repository, demand)
            .await
            .unwrap();
        self.settled(&request).await
    }

    pub async fn settled(&self, request: &Request) -> Request {
        until("the request settled", async || {
            let mut reader = self.engine.store().reader().await.unwrap();
            let found = reader.request(request.id).await.unwrap().unwrap();
            (found.state != RequestState::Pending).then_some(found)
        })
        .await
    }

    /// Asks for a build and gives back the newest.
    pub async fn build(&self, repository: &Repository) -> Build {
        let request = self.demand(repository, BuildDemand::default()).await;
        assert_eq!(
            request.state,
            RequestState::Accepted,
            "{:?}",
            request.reason
        );
        self.newest().await.unwrap()
    }

    pub async fn newest(&self) -> Option<Build> {
        let mut reader = self.engine.store().reader().await.unwrap();
        let filter = travis_store::BuildFilter {
            seen_by: SeenBy::Operator,
            ..Default::default()
        };
        let page = travis_store::Page {
            offset: 0,
            limit: 1,
        };
        reader.builds(&filter, page).await.unwrap().items.pop()
    }

    pub async fn build_now(&self, id: BuildId) -> Build {
        let mut reader = self.engine.store().reader().await.unwrap();
        reader.build(id).await.unwrap().unwrap()
    }

    pub async fn jobs(&self, id: BuildId) -> Vec<Job> {
        let mut reader = self.engine.store().reader().await.unwrap();
        reader.jobs(&[id]).await.unwrap()
    }

    /// The states of a build's jobs, in order.
    pub async fn states(&self, id: BuildId) -> Vec<&'static str> {
        let jobs = self.jobs(id).await;
        jobs.iter().map(|job| job.state.as_str()).collect()
    }

    pub async fn attempts(&self, job: &Job) -> Vec<Attempt> {
        let mut reader = self.engine.store().reader().await.unwrap();
        reader.attempts(job.id).await.unwrap()
    }

    /// A worker of the administrator's.
    pub async fn worker(&self, slots: u32) -> Agent {
        let owner = self.viewer.user.clone().unwrap();
        self.worker_of(&owner, slots, "amd64").await
    }

    pub async fn worker_of(&self, owner: &User, slots: u32, arch: &str) -> Agent {
        let (token, _) = self.engine.new_enrolment_token(owner).await.unwrap();
        let key = Ed25519KeyPair::generate().unwrap();
        let new = Enrolment {
            name: "agent".to_owned(),
            public_key: key.public_key().as_ref().to_vec(),
            machine: Introduction {
                facts: serde_json::json!({}),
                os: "linux".to_owned(),
                arch: arch.to_owned(),
                executor: "namespace".to_owned(),
                slots,
            },
        };
        let worker = self.engine.enrol(token.reveal(), new).await.unwrap();
        Agent {
            id: worker.id,
            slots,
            engine: self.engine.clone(),
            key,
        }
    }
}

/// A worker's side.
pub struct Agent {
    pub id: WorkerId,
    slots: u32,
    engine: Arc<Engine>,
    key: Ed25519KeyPair,
}

impl Agent {
    /// A poll that is held for so long at most.
    pub async fn poll(&self, running: &[AttemptId], hold: Duration) -> Orders {
        let call = PollCall {
            slots: self.slots,
            running: running.to_vec(),
            refused: Vec::new(),
            draining: false,
            hold: Some(hold),
        };
        self.engine.poll(self.id, call).await.unwrap()
    }

    /// A poll that is answered at once.
    pub async fn look(&self, running: &[AttemptId]) -> Orders {
        self.poll(running, Duration::ZERO).await
    }

    /// Takes a job that has to be there soon, and begins it.
    pub async fn begin(&self) -> Offer {
        let offer = self.poll(&[], SOON).await.offers.pop().expect("a job");
        self.start(&offer).await.unwrap();
        offer
    }

    pub async fn start(&self, offer: &Offer) -> Result<(), EngineError> {
        let access = self
            .engine
            .attempt_access(offer.attempt, offer.token.reveal())
            .await?;
        let executor = offer.least_executor.map_or("host", |least| least.as_str());
        self.engine.attempt_running(access, executor).await
    }

    /// Sends a log, then says how it ended with this as the whole log.
    pub async fn end(
        &self,
        offer: &Offer,
        outcome: Outcome,
        sent: &str,
        whole: &str,
    ) -> Result<Finished, EngineError> {
        let access = self
            .engine
            .attempt_access(offer.attempt, offer.token.reveal())
            .await?;
        let bytes = Bytes::copy_from_slice(sent.as_bytes());
        self.engine.append_log(access, 0, bytes).await?;
        let statement = |attempt: i64, job: i64| format!("{attempt} of {job}");
        let text = statement(offer.attempt.get(), offer.job.id.get());
        let end = Finishing {
            outcome,
            exit_code: Some(0),
            reason: None,
            log_length: whole.len() as u64,
            log_sha256: hex::encode(digest(&SHA256, whole.as_bytes())),
            signature: self.key.sign(text.as_bytes()).as_ref().to_vec(),
        };
        self.engine.finish_attempt(access, end, &statement).await
    }

    /// Says what its owner lends.
    pub async fn says(&self, lending: serde_json::Value) {
        let heard = travis_engine::Heard {
            slots: self.slots,
            lending: Some(lending),
            ..Default::default()
        };
        self.engine.hear(self.id, heard).await.unwrap();
    }

    /// Says how a known-answer job ended, with this as its whole log.
    pub async fn end_known(
        &self,
        known: &travis_engine::KnownOffer,
        outcome: Outcome,
        log: &'static str,
    ) {
        let token = known.token.reveal();
        let access = self
            .engine
            .attempt_access(known.attempt, token)
            .await
            .unwrap();
        self.engine
            .attempt_running(access, "namespace")
            .await
            .unwrap();
        let bytes = Bytes::from_static(log.as_bytes());
        self.engine.append_log(access, 0, bytes).await.unwrap();
        let statement = |attempt: i64, job: i64| format!("{attempt} of {job}");
        let text = statement(known.attempt.get(), known.job_id);
        let end = Finishing {
            outcome,
            exit_code: Some(0),
            reason: None,
            log_length: log.len() as u64,
            log_sha256: hex::encode(digest(&SHA256, log.as_bytes())),
            signature: self.key.sign(text.as_bytes()).as_ref().to_vec(),
        };
        let ended = self
            .engine
            .finish_attempt(access, end, &statement)
            .await
            .unwrap();
        assert!(matches!(ended, Finished::Sealed { .. }));
    }

    pub async fn done(&self, offer: &Offer, outcome: Outcome) {
        let end = self.end(offer, outcome, "ok\n", "ok\n").await.unwrap();
        assert_eq!(end, Finished::Sealed { held: 3 });
    }
}

/// Looks again and again until there is something. The one place that sleeps.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < SOON, "not within {SOON:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
