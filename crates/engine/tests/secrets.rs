//! Which secrets are on the wire: every event, from the repository itself, from a fork, from an
//! approved fork and from one approved with secrets, on workers of everybody. Security cases 7, 8.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::fmt::Write as _;
use std::sync::OnceLock;
use support::World;
use travis_engine::keys::{self, KeyLength, KeyPair};
use travis_engine::{BuildDemand, Offer, Secret, Viewer};
use travis_forge::hosting::{RemotePerson, RemoteRef};
use travis_model::{
    Build, Repository, RepositoryKey, Timestamp,
    trust::{Origin, Tier, may_have_secrets},
};

const SECRET: &str = "hush-hush-hush";
/// Stands encrypted in `.travis.yml`.
const SECURE: &str = "quiet-quiet-quiet";
const HIDDEN: &str = "a token of a deployment";

/// One pair for all scenes: making one takes a while.
fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| keys::generate(KeyLength::Bits2048).unwrap())
}

fn yaml() -> &'static str {
    static YAML: OnceLock<String> = OnceLock::new();
    YAML.get_or_init(|| {
        let pem = keys::pem(&pair().public);
        let of_env = keys::encrypt(&pem, &format!("QUIET={SECURE}")).unwrap();
        let of_deploy = keys::encrypt(&pem, HIDDEN).unwrap();
        format!(
            "language: generic\nscript: 'true'\nenv:\n  global:\n  - secure: {of_env}\n\
             deploy:\n  provider: heroku\n  api_key:\n    secure: {of_deploy}\n"
        )
    })
}

/// Whether this holds one of the cipher texts.
fn holds_cipher(text: &str) -> bool {
    let starts = yaml()
        .match_indices("secure: ")
        .map(|(at, word)| at + word.len());
    starts
        .into_iter()
        .any(|at| text.contains(&yaml()[at..at + 60]))
}

#[test]
fn the_rule_for_every_tier() {
    let fork = |secrets_approved| Origin::Fork { secrets_approved };
    let mut table = String::new();
    for (origin, word) in [
        (Origin::Own, "own"),
        (fork(false), "fork"),
        (fork(true), "fork with secrets"),
    ] {
        for tier in Tier::ALL {
            let given = may_have_secrets(origin, tier);
            writeln!(table, "{word} on {tier:?}: {given}").unwrap();
        }
    }
    assert_eq!(
        table,
        "own on Quarantined: false\n\
         own on Probation: false\n\
         own on Volunteer: false\n\
         own on Bound: true\n\
         own on Attested: true\n\
         fork on Quarantined: false\n\
         fork on Probation: false\n\
         fork on Volunteer: false\n\
         fork on Bound: false\n\
         fork on Attested: false\n\
         fork with secrets on Quarantined: false\n\
         fork with secrets on Probation: false\n\
         fork with secrets on Volunteer: false\n\
         fork with secrets on Bound: true\n\
         fork with secrets on Attested: true\n"
    );
}

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
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.hub.add_person("kestrel");
        let stranger = world.hub.add_person("stranger");
        let at = world.hub.add_repository(&owner, "rocket", false);
        let fork = world.hub.add_repository(&stranger, "rocket", false);
        world
            .hub
            .push(&at, "main", &[(".travis.yml", yaml())], "First", &owner);
        let user = world.sign_in(&owner).await;
        let repository = world.hosted(&at, &user).await;
        let admin = world.viewer_of(&user).await;
        let key = repository.id.to_string();
        let value = Secret::new(SECRET);
        world
            .engine
            .set_env_var(&world.viewer, &key, "HUSH", &value, false, None)
            .await
            .unwrap();
        let vault = world.vault();
        let mut tx = world.engine.store().begin().await.unwrap();
        tx.put_repository_key(&RepositoryKey {
            repository_id: repository.id,
            public_key: pair().public.clone(),
            private_key: vault.seal(pair().private.reveal().as_bytes()).unwrap(),
            created_at: Timestamp(1),
        })
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let open = Secret::new("for everybody");
        world
            .engine
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

    async fn push(&self) -> Build {
        let files = [("a", "1")];
        self.world
            .hub
            .push(&self.at, "main", &files, "Second", &self.owner);
        self.world.build_of(&self.world.one_request().await).await
    }

    async fn tag(&self) -> Build {
        let sha = self
            .world
            .hub
            .push(&self.at, "main", &[("a", "2")], "Third", &self.owner);
        self.world.one_request().await;
        self.world.hub.push_tag(&self.at, "v1", &sha, &self.owner);
        self.world.build_of(&self.world.one_request().await).await
    }

    async fn pull(&self, head: &RemoteRef, by: &RemotePerson, secrets: Option<bool>) -> Build {
        let files = [("b", "1")];
        self.world
            .hub
            .open_pull(&self.at, head, "topic", &files, "Topic", by);
        let mut request = self.world.one_request().await;
        if let Some(secrets) = secrets {
            let engine = &self.world.engine;
            request = engine
                .approve(&self.admin, &self.repository, request.id, secrets)
                .await
                .unwrap();
            request = self.world.settled(&request).await;
        }
        self.world.build_of(&request).await
    }

    async fn api(&self, demand: BuildDemand) -> Build {
        let request = self.world.demand(&self.repository, demand).await;
        self.world.build_of(&request).await
    }

    /// What a worker of this owner gets of the only build that waits.
    async fn wire(&self, of: &str, build: &Build) -> &'static str {
        let owner = match of {
            "operator" => self.world.viewer.user.clone().unwrap(),
            "owner" => self.admin.user.clone().unwrap(),
            _ => {
                let reader = self.world.engine.store().reader().await;
                let known = reader.unwrap().user_by_login("lender").await.unwrap();
                match known {
                    Some(user) => user,
                    None => {
                        let lender = self.world.hub.add_person("lender");
                        self.world.sign_in(&lender).await
                    }
                }
            }
        };
        let worker = self.world.worker_of(&owner, 1, "amd64").await;
        let offer: Offer = worker.look(&[]).await.offers.pop().unwrap();
        assert_eq!(offer.job.build_id, build.id);
        assert!(offer.script.contains("for everybody"));
        let told = offer.script.contains(SECRET);
        assert_eq!(told, offer.secrets.iter().any(|secret| secret == SECRET));
        let flag = ["true", "'true'"].iter().any(|value| {
            let set = format!("TRAVIS_SECURE_ENV_VARS={value}");
            offer.script.contains(&set)
        });
        assert_eq!(told, flag, "the script is told what it has");
        for plain in [SECURE, HIDDEN] {
            let known = offer.secrets.iter().any(|secret| secret == plain);
            assert_eq!(told, known, "{plain}: one rule for every kind of secret");
        }
        assert_eq!(told, offer.script.contains(SECURE));
        assert!(told || !offer.script.contains(HIDDEN));
        assert!(!holds_cipher(&offer.script));
        // What is kept and shown stays encrypted.
        let mut reader = self.world.engine.store().reader().await.unwrap();
        let row = reader.job(offer.job.id).await.unwrap().unwrap();
        let kept = row.config.to_string() + &offer.job.config.to_string();
        assert!(kept.contains("\"secure\"") && !kept.contains("decrypted"));
        if told { "HUSH, QUIET" } else { "nothing" }
    }
}

#[tokio::test]
async fn what_is_on_the_wire() {
    let mut table = String::new();
    for of in ["lender", "owner", "operator"] {
        for case in [
            "push",
            "tag",
            "pull request, own",
            "pull request, fork of a person with rights",
            "pull request, fork approved",
            "pull request, fork approved with secrets",
            "api, branch",
            "api, pushed commit",
            "api, ref of a fork's pull request",
            "api, commit of a fork",
        ] {
            let scene = Scene::new().await;
            let build = match case {
                "push" => scene.push().await,
                "tag" => {
                    // The branch's own build is out of the way first.
                    let build = scene.tag().await;
                    let worker = scene.world.worker(1).await;
                    let first = worker.look(&[]).await.offers.pop().unwrap();
                    assert_ne!(first.job.build_id, build.id);
                    build
                }
                "pull request, own" => scene.pull(&scene.at, &scene.owner, None).await,
                "pull request, fork of a person with rights" => {
                    scene.pull(&scene.fork, &scene.owner, None).await
                }
                "pull request, fork approved" => {
                    scene.pull(&scene.fork, &scene.stranger, Some(false)).await
                }
                "pull request, fork approved with secrets" => {
                    scene.pull(&scene.fork, &scene.stranger, Some(true)).await
                }
                "api, branch" => scene.api(BuildDemand::default()).await,
                "api, pushed commit" => {
                    let pushed = scene.push().await;
                    let mut reader = scene.world.engine.store().reader().await.unwrap();
                    let commit = reader.commits(&[pushed.commit_id]).await.unwrap();
                    let worker = scene.world.worker(1).await;
                    worker.look(&[]).await.offers.pop().unwrap();
                    let sha = Some(commit[0].sha.clone());
                    let demand = BuildDemand {
                        sha,
                        ..BuildDemand::default()
                    };
                    scene.api(demand).await
                }
                _ => {
                    let files = [("b", "1")];
                    let number = scene.world.hub.open_pull(
                        &scene.at,
                        &scene.fork,
                        "topic",
                        &files,
                        "Topic",
                        &scene.stranger,
                    );
                    let head = scene.world.hub.pull(&scene.at, number).head_sha;
                    let by_ref = case.ends_with("pull request");
                    let demand = BuildDemand {
                        branch: by_ref.then(|| format!("refs/pull/{number}/merge")),
                        sha: (!by_ref).then_some(head),
                        ..BuildDemand::default()
                    };
                    scene.api(demand).await
                }
            };
            let wire = scene.wire(of, &build).await;
            writeln!(table, "{of}: {case}: {wire}").unwrap();
        }
    }
    assert_eq!(
        table,
        "lender: push: nothing\n\
         lender: tag: nothing\n\
         lender: pull request, own: nothing\n\
         lender: pull request, fork of a person with rights: nothing\n\
         lender: pull request, fork approved: nothing\n\
         lender: pull request, fork approved with secrets: nothing\n\
         lender: api, branch: nothing\n\
         lender: api, pushed commit: nothing\n\
         lender: api, ref of a fork's pull request: nothing\n\
         lender: api, commit of a fork: nothing\n\
         owner: push: HUSH, QUIET\n\
         owner: tag: HUSH, QUIET\n\
         owner: pull request, own: HUSH, QUIET\n\
         owner: pull request, fork of a person with rights: nothing\n\
         owner: pull request, fork approved: nothing\n\
         owner: pull request, fork approved with secrets: HUSH, QUIET\n\
         owner: api, branch: HUSH, QUIET\n\
         owner: api, pushed commit: HUSH, QUIET\n\
         owner: api, ref of a fork's pull request: nothing\n\
         owner: api, commit of a fork: nothing\n\
         operator: push: HUSH, QUIET\n\
         operator: tag: HUSH, QUIET\n\
         operator: pull request, own: HUSH, QUIET\n\
         operator: pull request, fork of a person with rights: nothing\n\
         operator: pull request, fork approved: nothing\n\
         operator: pull request, fork approved with secrets: HUSH, QUIET\n\
         operator: api, branch: HUSH, QUIET\n\
         operator: api, pushed commit: HUSH, QUIET\n\
         operator: api, ref of a fork's pull request: nothing\n\
         operator: api, commit of a fork: nothing\n"
    );
}
