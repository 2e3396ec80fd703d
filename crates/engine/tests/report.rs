//! What forges are told of commits, also when they answer badly.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::collections::HashMap;
use std::time::Duration;
use support::*;
use travis_bus::Wake;
use travis_engine::{Reported, ReportedState, reported};
use travis_forge::ForgeError;
use travis_forge::hosting::{
    CheckState, CommitStatus, Conclusion, Features, ForgeApi as _, RemotePerson, RemoteRef,
    StatusState,
};
use travis_model::{Build, BuildId, JobState, Outcome, Repository};

const YAML: &str = "script: make\n";
const PUSH: &str = "continuous-integration/travis-ci/push";

struct Scene {
    world: World,
    at: RemoteRef,
    owner: RemotePerson,
    repository: Repository,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.hub.add_person("kestrel");
        let at = world.hub.add_repository(&owner, "rocket", false);
        let user = world.sign_in(&owner).await;
        let repository = world.hosted(&at, &user).await;
        Self {
            world,
            at,
            owner,
            repository,
        }
    }

    async fn push(&self, message: &str) -> (String, Build) {
        let files = [(".travis.yml", YAML), ("note", message)];
        let sha = self
            .world
            .hub
            .push(&self.at, "main", &files, message, &self.owner);
        let request = self.world.one_request().await;
        (sha, self.world.build_of(&request).await)
    }

    fn said(&self, sha: &str) -> Vec<CommitStatus> {
        let all = self.world.hub.statuses(&self.at);
        let of = all.into_iter().filter(|(of, _)| of == sha);
        of.map(|(_, status)| status).collect()
    }

    fn wake(&self) {
        self.world.engine.bus().wake(Wake::Outbox);
    }

    async fn told(&self, sha: &str, state: StatusState, description: &str) -> CommitStatus {
        until(&format!("{sha} is {description}"), async || {
            self.wake();
            self.said(sha)
                .pop()
                .filter(|last| last.state == state && last.description.starts_with(description))
        })
        .await
    }

    async fn reported(&self, build: &Build, sha: &str) -> Reported {
        let mut reader = self.world.engine.store().reader().await.unwrap();
        reported(reader.as_mut(), build, sha).await.unwrap()
    }

    async fn reported_as(&self, build: &Build, sha: &str, state: ReportedState) -> Reported {
        until(&format!("{state:?}"), async || {
            self.wake();
            let found = self.reported(build, sha).await;
            (found.state == state).then_some(found)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_told_from_the_start_to_the_end() {
    let scene = Scene::new().await;
    let (sha, build) = scene.push("Second").await;
    let waits = scene
        .told(&sha, StatusState::Pending, "Build #1 waits for a worker")
        .await;
    assert_eq!(waits.context, PUSH);
    assert_eq!(
        waits.target_url,
        format!("http://ci.example/kestrel/rocket/builds/{}", build.id)
    );
    let agent = scene.world.worker(1).await;
    let offer = agent.begin().await;
    scene
        .told(&sha, StatusState::Pending, "Build #1 runs")
        .await;
    agent.done(&offer, Outcome::Failed).await;
    let failed = scene
        .told(&sha, StatusState::Failure, "Build #1 failed")
        .await;
    assert!(failed.description.ends_with(": the job failed"));
    // One job failed: the link leads to the line at which it did.
    assert_eq!(
        failed.target_url,
        format!(
            "http://ci.example/kestrel/rocket/jobs/{}#first-failure",
            offer.job.id
        )
    );
    let found = scene.reported_as(&build, &sha, ReportedState::Told).await;
    assert_eq!((found.context.as_str(), found.error), (PUSH, None));
    assert!(found.told_at.is_some() && found.description == failed.description);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_several_jobs_failed_the_link_leads_to_their_build() {
    let scene = Scene::new().await;
    let yaml = "env: [A=1, A=2]\nscript: make\n";
    let files = [(".travis.yml", yaml)];
    let hub = &scene.world.hub;
    let sha = hub.push(&scene.at, "main", &files, "Second", &scene.owner);
    let request = scene.world.one_request().await;
    let build = scene.world.build_of(&request).await;
    let agent = scene.world.worker(2).await;
    for _ in 0..2 {
        let offer = agent.begin().await;
        agent.done(&offer, Outcome::Failed).await;
    }
    let failed = scene
        .told(&sha, StatusState::Failure, "Build #1 failed")
        .await;
    assert_eq!(
        failed.target_url,
        format!("http://ci.example/kestrel/rocket/builds/{}", build.id)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_build_is_told_too() {
    let scene = Scene::new().await;
    let files = [(".travis.yml", "branches: {only: [release]}\nscript: make\n")];
    let hub = &scene.world.hub;
    let sha = hub.push(&scene.at, "main", &files, "Second", &scene.owner);
    scene.world.one_request().await;
    scene
        .told(
            &sha,
            StatusState::Success,
            "No build: Branch not included per configuration",
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forge_that_is_down_is_told_when_it_is_back() {
    let scene = Scene::new().await;
    let hub = &scene.world.hub;
    hub.fail(Some("put_status"), None, || ForgeError::Upstream {
        detail: "status 500".to_owned(),
    });
    let (sha, build) = scene.push("Second").await;
    let waits = scene
        .reported_as(&build, &sha, ReportedState::Waiting)
        .await;
    let error = until("an error to show", async || {
        scene.wake();
        scene.reported(&build, &sha).await.error
    })
    .await;
    assert!(error.contains("status 500"), "{error} {waits:?}");
    hub.recover();
    scene.world.pass(Duration::from_secs(600));
    scene
        .told(&sha, StatusState::Pending, "Build #1 waits")
        .await;
    // What the forge took late stands over what is true, until it is looked at again.
    scene.reported_as(&build, &sha, ReportedState::Told).await;
    let user = hub.token_for(&scene.owner);
    let late = CommitStatus {
        state: StatusState::Error,
        context: PUSH.to_owned(),
        description: "late".to_owned(),
        target_url: String::new(),
        branch: None,
    };
    hub.put_status(&user, &scene.at, &sha, &late).await.unwrap();
    scene.world.pass(Duration::from_secs(61));
    scene
        .told(&sha, StatusState::Pending, "Build #1 waits")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_the_forge_is_waited_for() {
    let scene = Scene::new().await;
    scene
        .world
        .hub
        .fail(Some("put_status"), Some(1), || ForgeError::RateLimited {
            retry_after_s: 1_000,
        });
    let (sha, build) = scene.push("Second").await;
    let next = until("when it is tried again", async || {
        scene.reported(&build, &sha).await.next_try_at
    })
    .await;
    let wait = next.since(scene.world.engine.now()).as_secs();
    assert!((1_000..=1_005).contains(&wait), "{wait}");
    scene.world.pass(Duration::from_secs(999));
    scene.wake();
    assert!(scene.said(&sha).is_empty());
    scene.world.pass(Duration::from_secs(7));
    scene
        .told(&sha, StatusState::Pending, "Build #1 waits")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_speaks_when_one_may_not_and_nobody_is_said_so() {
    let scene = Scene::new().await;
    let hub = &scene.world.hub;
    let other = hub.add_person("wren");
    let user = scene.world.sign_in(&other).await;
    scene
        .world
        .grant(&user, &scene.repository, Some(travis_model::Level::Write))
        .await;
    // The first who is asked is whoever switched it on.
    hub.fail(Some("put_status"), Some(1), || ForgeError::Forbidden {
        detail: "no".to_owned(),
    });
    hub.allow(&scene.at, &other, travis_forge::hosting::Permission::Write);
    let (sha, _) = scene.push("Second").await;
    scene
        .told(&sha, StatusState::Pending, "Build #1 waits")
        .await;
    hub.fail(Some("put_status"), None, || ForgeError::Denied);
    let (sha, build) = scene.push("Third").await;
    let failed = scene.reported_as(&build, &sha, ReportedState::Failed).await;
    assert!(failed.error.unwrap().contains("sign in with it again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_says_it_as_a_check_with_lines() {
    let scene = Scene::new().await;
    let hub = &scene.world.hub;
    hub.set_features(Features {
        app: true,
        manifest: false,
    });
    hub.describe(&scene.at, |about| about.installation_id = Some(5));
    let mut row = scene.repository.clone();
    row.hosting.as_mut().unwrap().installation_id = Some(5);
    let mut tx = scene.world.engine.store().begin().await.unwrap();
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    let (sha, build) = scene.push("Second").await;
    let agent = scene.world.worker(1).await;
    let offer = agent.begin().await;
    let log = "src/a.c:3:1: error: ``` expected\n";
    agent.end(&offer, Outcome::Failed, log, log).await.unwrap();
    let said = until("a completed check", async || {
        scene.wake();
        let mut checks = hub.checks(&scene.at);
        let one = checks.pop().filter(|check| check.sha == sha)?;
        assert!(checks.is_empty(), "one check a commit");
        let last = one.said.last()?.clone();
        (last.state == CheckState::Completed(Conclusion::Failure)).then_some(last)
    })
    .await;
    assert_eq!(said.name, "Travis CI - Branch");
    assert_eq!(said.external_id, format!("build:{}", build.id));
    let [line] = said.annotations.as_slice() else {
        panic!("{:?}", said.annotations);
    };
    assert_eq!((line.path.as_str(), line.line), ("src/a.c", 3));
    assert!(
        said.summary
            .contains("````text\nsrc/a.c:3: ``` expected\n````")
    );
    assert!(said.started_at.is_some() && said.completed_at.is_some());
    // Run again: the same check goes back to waiting.
    let engine = &scene.world.engine;
    engine
        .restart_build(&scene.world.viewer, build.id)
        .await
        .unwrap();
    until("the same check waits", async || {
        scene.wake();
        let checks = hub.checks(&scene.at);
        assert_eq!(checks.len(), 1);
        (checks[0].said.last()?.state == CheckState::Queued).then_some(())
    })
    .await;
    assert!(scene.said(&sha).is_empty());
}

/// Numbers that look random, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }
}

fn truth(state: JobState) -> StatusState {
    match state {
        JobState::Passed => StatusState::Success,
        JobState::Failed => StatusState::Failure,
        JobState::Errored | JobState::Canceled => StatusState::Error,
        _ => StatusState::Pending,
    }
}

/// Whatever happens to builds and to the forge, in any order: no older state is said after a newer
/// one, and in the end every commit's status is its build's.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_end_every_status_is_its_builds() {
    for seed in 1..=6 {
        interleave(seed).await;
    }
}

async fn interleave(seed: u64) {
    let scene = Scene::new().await;
    let (world, hub) = (&scene.world, &scene.world.hub);
    let agent = world.worker(1).await;
    let mut chance = Chance(seed);
    // What each commit's build went through.
    let mut history: HashMap<String, (BuildId, Vec<StatusState>)> = HashMap::new();
    for step in 0..40 {
        let builds: Vec<(String, BuildId)> = history
            .iter()
            .map(|(sha, (id, _))| (sha.clone(), *id))
            .collect();
        match chance.below(8) {
            0 if builds.len() < 4 => {
                let (sha, build) = scene.push(&format!("Step {step}")).await;
                history.insert(sha, (build.id, vec![StatusState::Pending]));
            }
            1 | 2 => {
                let mut orders = agent.look(&[]).await;
                if let Some(offer) = orders.offers.pop() {
                    agent.start(&offer).await.unwrap();
                    let passed = chance.below(2) == 0;
                    let outcome = if passed {
                        Outcome::Passed
                    } else {
                        Outcome::Failed
                    };
                    agent.done(&offer, outcome).await;
                }
            }
            3 => {
                for (_, id) in &builds {
                    let _ = world.engine.restart_build(&world.viewer, *id).await;
                }
            }
            4 => {
                for (_, id) in builds.iter().take(1) {
                    let _ = world.engine.cancel_build(&world.viewer, *id).await;
                }
            }
            5 => {
                let kind = chance.below(3);
                let times = 1 + chance.below(4) as usize;
                hub.fail(Some("put_status"), Some(times), move || match kind {
                    0 => ForgeError::Upstream {
                        detail: "500".to_owned(),
                    },
                    1 => ForgeError::RateLimited { retry_after_s: 30 },
                    _ => ForgeError::Timeout {
                        after: Duration::from_secs(10),
                    },
                });
            }
            6 => {
                hub.hang();
                tokio::task::yield_now().await;
                hub.recover();
            }
            _ => world.pass(Duration::from_secs(chance.below(90))),
        }
        scene.wake();
        for (sha, id) in &builds {
            let now = truth(world.build_now(*id).await.state);
            let (_, states) = history.get_mut(sha).unwrap();
            if states.last() != Some(&now) {
                states.push(now);
            }
        }
    }
    hub.recover();
    for (sha, (id, states)) in &history {
        let now = truth(world.build_now(*id).await.state);
        until(&format!("seed {seed}: {sha} is {now:?}"), async || {
            world.pass(Duration::from_secs(60));
            scene.wake();
            (scene.said(sha).last()?.state == now).then_some(())
        })
        .await;
        let mut at = 0;
        let mut states = states.clone();
        states.push(now);
        for said in scene.said(sha) {
            while states.get(at).is_some_and(|state| *state != said.state) {
                at += 1;
            }
            assert!(
                at < states.len(),
                "seed {seed}: {:?} was said late, of {states:?}",
                said.state
            );
        }
    }
}
