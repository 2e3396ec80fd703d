//! Results of strangers' machines: provisional until somebody else agrees, replaced when trusted
//! machines say otherwise, and safe against every order in which that may happen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::time::Duration;
use support::{Agent, LEASE, World, until};
use travis_engine::{GivenBack, Offer, PollCall};
use travis_model::{
    Build, Job, JobState, Outcome, Purpose, Repository, User, Verification,
    trust::{Standing, Tier},
};

const STAGES: &str = "language: generic\njobs:\n  include:\n  - {stage: one, script: 'true'}\n  - {stage: two, script: 'true'}\n";
const ONE: &str = "language: generic\nscript: 'true'\n";

struct Scene {
    world: World,
    repository: Repository,
}

impl Scene {
    async fn new(yaml: &str) -> Self {
        let world = World::new().await;
        let repository = world.repository(yaml).await;
        Self { world, repository }
    }

    async fn person(&self, login: &str) -> User {
        let person = self.world.hub.add_person(login);
        self.world.sign_in(&person).await
    }

    async fn stranger(&self, login: &str) -> Agent {
        let owner = self.person(login).await;
        self.world.worker_of(&owner, 1, "amd64").await
    }

    async fn build(&self) -> Build {
        self.world.build(&self.repository).await
    }

    async fn first(&self, build: &Build) -> Job {
        self.world.jobs(build.id).await.remove(0)
    }

    async fn now(&self, build: &Build) -> (JobState, Option<JobState>) {
        let build = self.world.build_now(build.id).await;
        (build.state, build.provisional)
    }

    async fn standing(&self, agent: &Agent) -> Standing {
        let mut reader = self.world.engine.store().reader().await.unwrap();
        reader.standing(agent.id).await.unwrap()
    }

    async fn earned(&self, agent: &Agent, tier: Tier) {
        let mut tx = self.world.engine.store().begin().await.unwrap();
        let mut standing = tx.lock_standing(agent.id).await.unwrap();
        standing.earned = tier;
        standing.streak = 1000;
        tx.save_standing(agent.id, &standing).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Takes what there is and says how it ended.
async fn says(agent: &Agent, outcome: Outcome) -> Offer {
    let offer = agent.begin().await;
    agent.done(&offer, outcome).await;
    offer
}

async fn gets_nothing(agent: &Agent) {
    assert!(agent.look(&[]).await.offers.is_empty());
}

#[tokio::test]
async fn a_strangers_result_counts_when_another_owner_agrees() {
    let scene = Scene::new(STAGES).await;
    let build = scene.build().await;
    let ann = scene.person("ann").await;
    let first = scene.world.worker_of(&ann, 1, "amd64").await;
    let word = says(&first, Outcome::Passed).await;
    let job = scene.first(&build).await;
    assert_eq!((job.state, job.provisional), (JobState::Passed, true));
    assert_eq!(job.verification, Verification::Second);
    assert_eq!(
        scene.now(&build).await,
        (JobState::Started, Some(JobState::Passed))
    );
    assert_eq!(scene.world.states(build.id).await, ["passed", "created"]);

    let mut reader = scene.world.engine.store().reader().await.unwrap();
    let engine = &scene.world.engine;
    let wait = engine.opinion_wait(reader.as_mut(), &job).await.unwrap();
    assert_eq!(wait.code, "no_second_opinion");
    assert_eq!(
        wait.text,
        "Needs a second opinion from a worker of another owner; none is online."
    );
    drop(reader);
    gets_nothing(&first).await;
    let sibling = scene.world.worker_of(&ann, 1, "amd64").await;
    gets_nothing(&sibling).await;

    let second = scene.stranger("ben").await;
    let opinion = second.begin().await;
    assert_eq!(opinion.job.id, word.job.id);
    assert!(opinion.cache.is_none() && opinion.secrets.is_empty());
    // Only one at a time gives it.
    let third = scene.stranger("cleo").await;
    gets_nothing(&third).await;
    second.done(&opinion, Outcome::Passed).await;
    let job = scene.first(&build).await;
    assert_eq!(
        (job.verification, job.provisional),
        (Verification::Agreed, false)
    );
    assert_eq!(job.attempt_id, Some(word.attempt), "the first log stays");
    assert_eq!(scene.world.states(build.id).await, ["passed", "queued"]);
    for agent in [&first, &second] {
        let standing = scene.standing(agent).await;
        assert_eq!((standing.agreed, standing.kept), (1, 1));
    }
    // The operator's word needs nobody else's.
    let own = scene.world.worker(1).await;
    says(&own, Outcome::Passed).await;
    assert_eq!(scene.now(&build).await, (JobState::Passed, None));
    let attempts = scene.world.attempts(&job).await;
    let purposes: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.purpose, attempt.tier))
        .collect();
    let quarantined = Some(Tier::Quarantined);
    assert_eq!(
        purposes,
        [(Purpose::Job, quarantined), (Purpose::Opinion, quarantined)]
    );
}

#[tokio::test]
async fn beginners_do_not_vouch_for_each_other_while_somebody_better_is_there() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let first = scene.stranger("ann").await;
    says(&first, Outcome::Passed).await;
    let known = scene.stranger("cleo").await;
    scene.earned(&known, Tier::Volunteer).await;
    let opinion = known.poll(&[], Duration::ZERO).await.offers.pop();
    let beginner = scene.stranger("ben").await;
    gets_nothing(&beginner).await;
    let opinion = opinion.expect("the opinion for who has earned trust");
    known.start(&opinion).await.unwrap();
    known.done(&opinion, Outcome::Errored).await;
    assert_eq!(scene.first(&build).await.verification, Verification::Third);
    gets_nothing(&beginner).await;
}

#[tokio::test]
async fn a_forged_success_is_replaced_and_its_worker_found_out() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let liar = scene.stranger("mallory").await;
    let lie = says(&liar, Outcome::Passed).await;
    let honest = scene.stranger("ann").await;
    says(&honest, Outcome::Failed).await;
    let job = scene.first(&build).await;
    assert_eq!(
        (job.verification, job.provisional),
        (Verification::Third, true)
    );
    let other = scene.stranger("ben").await;
    gets_nothing(&other).await;
    // A trusted one decides: from here on nobody waits.
    let own = scene.world.worker(1).await;
    let truth = says(&own, Outcome::Failed).await;
    let job = scene.first(&build).await;
    assert_eq!((job.state, job.provisional), (JobState::Failed, false));
    assert_eq!(
        job.attempt_id,
        Some(truth.attempt),
        "its log is the one that is shown"
    );
    assert!(job.reason.is_some());
    assert_eq!(scene.now(&build).await, (JobState::Failed, None));
    assert_eq!(
        scene.standing(&liar).await.proven_false,
        0,
        "one more look before anybody is blamed"
    );
    says(&own, Outcome::Failed).await;
    let job = scene.first(&build).await;
    assert_eq!(
        (job.verification, job.flaky),
        (Verification::Settled, false)
    );
    let standing = scene.standing(&liar).await;
    assert_eq!(
        (standing.proven_false, standing.earned),
        (1, Tier::Quarantined)
    );
    assert_eq!(scene.standing(&honest).await.agreed, 1);
    gets_nothing(&own).await;
    let mut reader = scene.world.engine.store().reader().await.unwrap();
    let attempt = reader.attempt(lie.attempt).await.unwrap().unwrap();
    assert_eq!(
        attempt.outcome,
        Some(Outcome::Passed),
        "what it said stays to be seen"
    );
}

#[tokio::test]
async fn trusted_workers_that_disagree_make_a_job_flaky_and_blame_nobody() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let first = scene.stranger("ann").await;
    says(&first, Outcome::Passed).await;
    let own = scene.world.worker(1).await;
    says(&own, Outcome::Failed).await;
    says(&own, Outcome::Passed).await;
    let job = scene.first(&build).await;
    assert!(job.flaky && !job.provisional);
    assert_eq!(job.state, JobState::Passed);
    let standing = scene.standing(&first).await;
    assert_eq!((standing.proven_false, standing.doubts), (0, 0));
}

#[tokio::test]
async fn a_volunteers_false_result_leads_to_a_look_at_all_it_said_lately() {
    let scene = Scene::new(ONE).await;
    let worker = scene.stranger("mallory").await;
    scene.earned(&worker, Tier::Volunteer).await;
    let mut builds = Vec::new();
    let mut unchecked = Vec::new();
    // One of twenty is checked: until one is, its word alone counts.
    loop {
        let build = scene.build().await;
        says(&worker, Outcome::Passed).await;
        let job = scene.first(&build).await;
        assert!(!job.provisional);
        assert_eq!(scene.now(&build).await, (JobState::Passed, None));
        builds.push(build);
        if job.verification == Verification::Second && unchecked.len() > 1 {
            break;
        }
        if job.verification == Verification::None {
            unchecked.push(job.id);
        }
        assert!(builds.len() < 500, "no result was checked");
    }
    let own = scene.world.worker(1).await;
    // Checks of results that count already wait for everything else, and are done then.
    until("the worker found out", async || {
        let orders = own.look(&[]).await;
        for offer in orders.offers {
            own.start(&offer).await.unwrap();
            own.done(&offer, Outcome::Failed).await;
        }
        (scene.standing(&worker).await.proven_false > 0).then_some(())
    })
    .await;
    // Whoever found out looks at the others after the commit.
    until("all that it said lately is looked at", async || {
        let mut reader = scene.world.engine.store().reader().await.unwrap();
        let jobs = reader.jobs_by_id(&unchecked).await.unwrap();
        let again = |job: &travis_model::Job| job.verification != Verification::None;
        jobs.iter().all(again).then_some(())
    })
    .await;
    assert_eq!(scene.standing(&worker).await.earned, Tier::Quarantined);
}

#[tokio::test]
async fn cancel_and_restart_end_what_is_asked() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let (first, second) = (scene.stranger("ann").await, scene.stranger("ben").await);
    says(&first, Outcome::Passed).await;
    let opinion = second.begin().await;
    let (engine, viewer) = (&scene.world.engine, &scene.world.viewer);
    engine.cancel_build(viewer, build.id).await.unwrap();
    let job = scene.first(&build).await;
    assert_eq!((job.state, job.provisional), (JobState::Canceled, false));
    assert_eq!(scene.now(&build).await.0, JobState::Canceled);
    let orders = second.look(&[opinion.attempt]).await;
    assert_eq!(
        orders.cancel.first().map(|(id, _)| *id),
        Some(opinion.attempt)
    );
    second.done(&opinion, Outcome::Canceled).await;
    assert_eq!(scene.first(&build).await.state, JobState::Canceled);

    engine.restart_build(viewer, build.id).await.unwrap();
    says(&first, Outcome::Passed).await;
    let opinion = second.begin().await;
    engine.restart_job(viewer, job.id).await.unwrap();
    let job = scene.first(&build).await;
    assert_eq!(
        (job.state, job.verification),
        (JobState::Queued, Verification::None)
    );
    // Too late: it was asked about what is no more.
    second.done(&opinion, Outcome::Failed).await;
    assert_eq!(scene.first(&build).await.state, JobState::Queued);
    assert_eq!(scene.standing(&first).await.checked, 0);
}

#[tokio::test]
async fn an_opinion_that_is_lost_is_asked_for_again() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let (first, second) = (scene.stranger("ann").await, scene.stranger("ben").await);
    says(&first, Outcome::Passed).await;
    for lost in 1..=2 {
        second.begin().await;
        scene.world.pass(LEASE * 2);
        until("the opinion lost", async || {
            let job = scene.first(&build).await;
            (job.opinion_id.is_none() && job.lost == lost).then_some(())
        })
        .await;
    }
    assert_eq!(scene.standing(&second).await.broken, 2);
    assert_eq!(
        scene.standing(&second).await.doubts,
        0,
        "reliability, not trust"
    );
    says(&second, Outcome::Passed).await;
    let job = scene.first(&build).await;
    assert_eq!((job.verification, job.lost), (Verification::Agreed, 0));
}

#[tokio::test]
async fn what_an_owner_wants_back_runs_elsewhere_at_once_and_costs_nothing() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let (first, second) = (scene.stranger("ann").await, scene.stranger("ben").await);
    let offer = first.begin().await;
    let call = PollCall {
        slots: 1,
        running: Vec::new(),
        refused: vec![GivenBack {
            attempt: offer.attempt,
            reason: "The owner uses the machine.".to_owned(),
            yielded: true,
        }],
        draining: false,
        hold: Some(Duration::ZERO),
    };
    let orders = scene.world.engine.poll(first.id, call).await.unwrap();
    assert!(orders.offers.is_empty(), "not to the same machine again");
    let job = scene.first(&build).await;
    assert_eq!((job.state, job.lost), (JobState::Queued, 0));
    let again = second.begin().await;
    assert_eq!(again.job.id, job.id);
    let standing = scene.standing(&first).await;
    assert_eq!(
        (standing.yielded, standing.broken, standing.kept_percent()),
        (1, 0, 100)
    );
}

#[tokio::test]
async fn a_strangers_machine_cancels_nothing() {
    let scene = Scene::new(ONE).await;
    let build = scene.build().await;
    let first = scene.stranger("mallory").await;
    says(&first, Outcome::Canceled).await;
    let job = scene.first(&build).await;
    assert_eq!((job.state, job.lost), (JobState::Queued, 1));
}

#[tokio::test]
async fn leases_are_bounded_by_cores_and_by_owner() {
    let yaml = "language: generic\nscript: 'true'\nenv: [A=1, A=2, A=3, A=4, A=5, A=6, A=7, A=8, A=9, A=10, A=11, A=12]\n";
    let scene = Scene::new(yaml).await;
    scene.build().await;
    let hoarder = scene.person("hoarder").await;
    let mut held = 0;
    // Each says that it has one core.
    for _ in 0..6 {
        let agent = scene.world.worker_of(&hoarder, 100, "amd64").await;
        let taken = agent.look(&[]).await.offers.len();
        assert!(taken <= 2, "{taken}");
        held += taken;
    }
    assert_eq!(held, 8, "all workers of an owner together");
    let own = scene.world.worker(100).await;
    assert_eq!(own.look(&[]).await.offers.len(), 4);
}

#[tokio::test]
async fn repositories_and_owners_say_what_isolation_is_needed() {
    let scene = Scene::new(ONE).await;
    let (engine, viewer) = (&scene.world.engine, &scene.world.viewer);
    let key = scene.repository.id.to_string();
    let vm = serde_json::json!("vm");
    engine
        .change_setting(viewer, &key, "min_executor", &vm)
        .await
        .unwrap();
    let build = scene.build().await;
    let own = scene.world.worker(1).await;
    gets_nothing(&own).await;
    let job = scene.first(&build).await;
    let mut reader = engine.store().reader().await.unwrap();
    let waits = engine.waits(reader.as_mut()).await.unwrap();
    let wait = waits.of(reader.as_mut(), &job, &[]).await.unwrap().unwrap();
    assert_eq!(wait.code, "no_fitting_worker");
    assert!(wait.text.contains("virtual machines"), "{}", wait.text);
    drop(reader);
    let any = serde_json::json!("any");
    engine
        .change_setting(viewer, &key, "min_executor", &any)
        .await
        .unwrap();
    let offer = own.begin().await;
    assert_eq!(offer.least_executor, None);
    assert_eq!(offer.image.language, "generic");
}
