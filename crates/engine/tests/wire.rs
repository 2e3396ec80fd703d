//! What is on the wire: every event, from the repository itself and from forks, for machines of
//! every tier, as real polls get it from a real engine. The table is `golden/on_the_wire.txt`; after
//! a change that is meant: `TRAVIS_WRITE_GOLDEN=1 cargo test -p travis-engine --test wire`.
//! Security cases 7, 8, 15.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::fmt::Write as _;
use support::{Agent, World};
use travis_engine::{BuildDemand, Offer, Secret, Viewer};
use travis_forge::hosting::{RemotePerson, RemoteRef};
use travis_model::{JobState, Repository, User, trust::Tier};
use travis_store::NewRequest;

const SECRET: &str = "hush-hush-hush";
const SSH_KEY: &str = include_str!("../src/ssh_keys/fixtures/ed.key");
const YAML: &str = "language: generic\nscript: 'true'\ncache:\n  directories: [vendor]\n";

struct Scene {
    world: World,
    owner: RemotePerson,
    stranger: RemotePerson,
    at: RemoteRef,
    fork: RemoteRef,
    repository: Repository,
    admin: Viewer,
}

impl Scene {
    async fn new(private: bool) -> Self {
        let world = World::new().await;
        let owner = world.hub.add_person("kestrel");
        let stranger = world.hub.add_person("stranger");
        let at = world.hub.add_repository(&owner, "rocket", private);
        let fork = world.hub.add_repository(&stranger, "rocket", private);
        world
            .hub
            .push(&at, "main", &[(".travis.yml", YAML)], "First", &owner);
        let user = world.sign_in(&owner).await;
        let repository = world.hosted(&at, &user).await;
        let admin = world.viewer_of(&user).await;
        let key = repository.id.to_string();
        let value = Secret::new(SECRET);
        let engine = &world.engine;
        engine
            .set_env_var(&world.viewer, &key, "HUSH", &value, false, None)
            .await
            .unwrap();
        let own = Secret::new(SSH_KEY);
        engine
            .add_ssh_key(&world.viewer, &key, None, &own)
            .await
            .unwrap();
        let open = Secret::new("for everybody");
        engine
            .set_env_var(&world.viewer, &key, "OPEN", &open, true, None)
            .await
            .unwrap();
        Self {
            world,
            owner,
            stranger,
            at,
            fork,
            repository,
            admin,
        }
    }

    async fn pull(&self, head: &RemoteRef, by: &RemotePerson, secrets: Option<bool>) {
        self.world
            .hub
            .open_pull(&self.at, head, "topic", &[("b", "1")], "Topic", by);
        let request = self.world.one_request().await;
        if let Some(secrets) = secrets {
            let engine = &self.world.engine;
            let approved = engine.approve(&self.admin, &self.repository, request.id, secrets);
            self.world.settled(&approved.await.unwrap()).await;
        }
    }

    /// Makes the event happen.
    async fn happen(&self, event: &str) {
        let hub = &self.world.hub;
        match event {
            "push" => {
                hub.push(&self.at, "main", &[("a", "1")], "Second", &self.owner);
                self.world.one_request().await;
            }
            "tag" => {
                let sha = hub.push(&self.at, "main", &[("a", "2")], "Third", &self.owner);
                let of_branch = self.world.one_request().await;
                let build = self.world.build_of(&of_branch).await;
                // Out of the way, so that only the tag's waits.
                let engine = &self.world.engine;
                engine
                    .cancel_build(&self.world.viewer, build.id)
                    .await
                    .unwrap();
                hub.push_tag(&self.at, "v1", &sha, &self.owner);
                self.world.one_request().await;
            }
            "pull request, same repository" => self.pull(&self.at, &self.owner, None).await,
            "pull request, fork, not approved" => self.pull(&self.fork, &self.stranger, None).await,
            "pull request, fork, approved" => {
                self.pull(&self.fork, &self.stranger, Some(false)).await;
            }
            "pull request, fork, approved with secrets" => {
                self.pull(&self.fork, &self.stranger, Some(true)).await;
            }
            "api, branch" => {
                self.world
                    .demand(&self.repository, BuildDemand::default())
                    .await;
            }
            "api, commit of a fork" => {
                let files = [("b", "1")];
                let number =
                    hub.open_pull(&self.at, &self.fork, "topic", &files, "T", &self.stranger);
                let demand = BuildDemand {
                    sha: Some(hub.pull(&self.at, number).head_sha),
                    ..BuildDemand::default()
                };
                self.world.demand(&self.repository, demand).await;
            }
            "cron" => {
                let mut tx = self.world.engine.store().begin().await.unwrap();
                let new = NewRequest {
                    repository_id: self.repository.id,
                    event_type: "cron".to_owned(),
                    branch: Some("main".to_owned()),
                    sha: None,
                    tag: None,
                    message: None,
                    delivery: None,
                    pull_request: None,
                    sender: None,
                    before_sha: None,
                    compare_url: None,
                    delivery_id: None,
                    held: false,
                    config: None,
                    created_by: None,
                    at: self.world.engine.now(),
                };
                let (id, _) = tx.insert_request(&new).await.unwrap();
                let request = tx.request(id).await.unwrap().unwrap();
                tx.commit().await.unwrap();
                self.world.settled(&request).await;
            }
            other => panic!("{other}"),
        }
    }

    async fn machine(&self, tier: Tier) -> Agent {
        let owner: User = match tier {
            Tier::Attested => self.world.viewer.user.clone().unwrap(),
            Tier::Bound => self.admin.user.clone().unwrap(),
            _ => {
                let lender = self.world.hub.add_person("lender");
                self.world.sign_in(&lender).await
            }
        };
        let agent = self.world.worker_of(&owner, 1, "amd64").await;
        if tier < Tier::Bound {
            let mut tx = self.world.engine.store().begin().await.unwrap();
            let mut standing = tx.lock_standing(agent.id).await.unwrap();
            (standing.earned, standing.streak) = (tier, 1000);
            tx.save_standing(agent.id, &standing).await.unwrap();
            tx.commit().await.unwrap();
        }
        agent
    }

    async fn row(&self, agent: &Agent) -> String {
        let Some(offer) = agent.look(&[]).await.offers.pop() else {
            return "nothing is offered".to_owned();
        };
        let secrets = has_secrets(&offer);
        let cache = match &offer.cache {
            None => "no cache",
            Some(cache) if cache.store => "cache read and written",
            Some(_) => "cache read",
        };
        let source = if offer.repository.private {
            "private source"
        } else {
            "public source"
        };
        let least = offer
            .least_executor
            .map_or("any executor", |kind| kind.as_str());
        agent.start(&offer).await.unwrap();
        agent.done(&offer, travis_model::Outcome::Passed).await;
        let job = self.world.jobs(offer.job.build_id).await.remove(0);
        assert_eq!(job.state, JobState::Passed);
        let word = if job.provisional {
            "provisional"
        } else {
            "counts"
        };
        format!("{secrets}; {cache}; {source}; {least}; its word {word}")
    }
}

fn has_secrets(offer: &Offer) -> &'static str {
    assert!(offer.script.contains("for everybody"));
    let told = offer.script.contains(SECRET);
    assert_eq!(told, offer.secrets.iter().any(|secret| secret == SECRET));
    // The key goes by the same answer, and each of its lines is masked.
    for line in SSH_KEY.lines().filter(|line| !line.starts_with("-----")) {
        assert_eq!(told, offer.script.contains(line));
        assert_eq!(told, offer.secrets.iter().any(|secret| secret == line));
    }
    if told {
        "secrets, ssh key"
    } else {
        "no secrets, no ssh key"
    }
}

const EVENTS: [&str; 9] = [
    "push",
    "tag",
    "pull request, same repository",
    "pull request, fork, not approved",
    "pull request, fork, approved",
    "pull request, fork, approved with secrets",
    "api, branch",
    "api, commit of a fork",
    "cron",
];

#[tokio::test]
async fn what_is_on_the_wire() {
    let mut table = String::new();
    for private in [false, true] {
        let kind = if private { "private" } else { "public" };
        for event in EVENTS {
            writeln!(table, "{kind} repository: {event}").unwrap();
            for tier in Tier::ALL {
                let scene = Scene::new(private).await;
                scene.happen(event).await;
                let agent = scene.machine(tier).await;
                writeln!(
                    table,
                    "    {:<11}  {}",
                    tier.as_str(),
                    scene.row(&agent).await
                )
                .unwrap();
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/on_the_wire.txt");
    if std::env::var_os("TRAVIS_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert_eq!(table, golden, "see the head of this file");
    // Whatever the table says, these hold.
    for line in table.lines() {
        let low = ["quarantined", "probation", "volunteer"]
            .iter()
            .any(|tier| line.contains(tier));
        if low {
            assert!(
                !line.contains("  secrets,") && !line.contains("written"),
                "{line}"
            );
            assert!(!line.contains("private source"), "{line}");
        }
    }
}
