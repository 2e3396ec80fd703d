//! Pull requests of people whom nobody knows (security cases 4, 5, 7 and 8, on the whole system).

use crate::support::{Answer, Hosted, Person, SOON, is_over, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SECRET: &str = "a-secret-that-forks-never-see";
const SLUG: &str = "ada/rocket";

/// Shows what a job knows, without printing a secret.
const YAML: &str = "language: generic\ngit: {clone: false}\nscript:\n  \
    - echo \"secure=$TRAVIS_SECURE_ENV_VARS length=${#HUSH}\"\n  \
    - echo \"pull=$TRAVIS_PULL_REQUEST slug=$TRAVIS_PULL_REQUEST_SLUG sha=$TRAVIS_PULL_REQUEST_SHA\"\n  \
    - env | base64 | tr -d '\\n'\n";

struct Scene {
    hosted: Hosted,
    ada: Person,
}

impl Scene {
    async fn begin() -> Self {
        let hosted = Hosted::github().await;
        hosted
            .control
            .repo(SLUG, &[(".travis.yml", YAML)])
            .await
            .unwrap();
        let ada = hosted.person("ada").await;
        ada.activate(SLUG).await;
        let body = json!({"name": "HUSH", "value": SECRET, "public": false});
        ada.act(SLUG, "env_vars", &body).await.expect(201);
        hosted.control.user("eve").await.unwrap();
        hosted.control.fork(SLUG, "eve").await.unwrap();
        Self { hosted, ada }
    }

    /// A commit on a branch of eve's fork, with somebody's name on it.
    async fn propose(&self, branch: &str, message: &str, author: Option<(&str, &str)>) -> String {
        let mut body = json!({"owner": "eve", "name": "rocket", "branch": branch, "as": "eve",
            "message": message, "files": {"patch.txt": message}});
        if let Some((name, email)) = author {
            body["author"] = json!({"name": name, "email": email});
        }
        let answer = self.hosted.control.post("commit", body).await.unwrap();
        answer["sha"].as_str().unwrap().to_owned()
    }

    async fn open(&self, branch: &str) -> u64 {
        let head = format!("eve:{branch}");
        self.hosted
            .control
            .pull(SLUG, &head, "main", "eve")
            .await
            .unwrap()
    }

    async fn approve(&self, request: i64, secrets: bool) -> Answer {
        let act = format!("request/{request}/approve");
        self.ada.act(SLUG, &act, &json!({"secrets": secrets})).await
    }

    /// Waits for the end of the build of a head; the log of its only job.
    async fn log_of(&self, sha: &str) -> (Value, String) {
        let build = self.ada.build_of(SLUG, sha).await;
        let build = self.ada.api.finished(build).await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = self.ada.api.log_text(job).await;
        assert_eq!(build["state"], "passed", "{log}");
        (build, log)
    }

    /// No build may come of what was held; the forge is told what it waits for.
    async fn holds(&self, sha: &str) -> i64 {
        let request = self.ada.held(SLUG, sha).await;
        let told = self.hosted.told(SLUG, sha, "pending").await;
        let last = told.last().unwrap();
        if last["description"] != "Waits for approval by a maintainer" {
            until("the word about the approval", SOON, || async {
                let told = self.hosted.control.statuses(SLUG, sha).await.unwrap();
                (told.last()?["description"] == "Waits for approval by a maintainer").then_some(())
            })
            .await;
        }
        let builds = self.ada.list(SLUG, "builds").await;
        let built = builds
            .iter()
            .any(|build| build["pull_request"]["head_sha"] == sha);
        assert!(!built, "{builds:?}");
        request
    }
}

#[tokio::test]
async fn case_5_7_8_a_strangers_pull_request_waits_runs_without_secrets_and_waits_again() {
    let scene = Scene::begin().await;
    let first = scene.propose("patch", "First", None).await;
    let number = scene.open("patch").await;
    let request = scene.holds(&first).await;

    // Nobody but a maintainer can let it go on.
    let eve = scene.hosted.person("eve").await;
    let act = format!("request/{request}/approve");
    assert_eq!(eve.act(SLUG, &act, &json!({})).await.status, 403);

    let approved = scene.approve(request, false).await.expect(200);
    assert_eq!(
        approved["approvals"][0]["user"]["login"], "ada",
        "{approved}"
    );
    let (build, log) = scene.log_of(&first).await;
    assert!(log.contains("secure=false length=0"), "{log}");
    assert!(
        log.contains(&format!("pull={number} slug=eve/rocket sha={first}")),
        "{log}"
    );
    assert_eq!(build["secrets"], "withheld");
    assert!(!log.contains(SECRET), "{log}");
    let told = scene.hosted.told(SLUG, &first, "success").await;
    assert_eq!(
        told.last().unwrap()["context"],
        "continuous-integration/travis-ci/pr"
    );

    // A push brings it back to where it was.
    let second = scene.propose("patch", "Second", None).await;
    let waiting = scene.holds(&second).await;
    assert_ne!(waiting, request);
    // What was said of the old commit is not said of the new one.
    assert_eq!(scene.approve(request, false).await.status, 409);

    // Secrets are an act of their own, for exactly this commit.
    scene.approve(waiting, true).await.expect(200);
    let (build, log) = scene.log_of(&second).await;
    let length = SECRET.len();
    assert!(
        log.contains(&format!("secure=true length={length}")),
        "{log}"
    );
    assert_eq!(build["secrets"], "given");
    let third = scene.propose("patch", "Third", None).await;
    let waiting = scene.holds(&third).await;

    // Closing and opening again brings it back too.
    scene.approve(waiting, false).await.expect(200);
    let (_, log) = scene.log_of(&third).await;
    assert!(log.contains("secure=false length=0"), "{log}");
    let control = &scene.hosted.control;
    control
        .pull_do(SLUG, number, "close", "eve", Value::Null)
        .await
        .unwrap();
    control
        .pull_do(SLUG, number, "reopen", "eve", Value::Null)
        .await
        .unwrap();
    let again = until("the third held again", SOON, || async {
        let requests = scene.ada.list(SLUG, "requests").await;
        requests.into_iter().find(|one| {
            let head = &one["pull_request"]["head_sha"];
            head == third.as_str() && one["held_at"].is_string() && one["id"] != waiting
        })
    })
    .await;
    assert_eq!(again["state"], "pending", "{again}");
    assert_eq!(scene.ada.list(SLUG, "builds").await.len(), 3);
}

#[tokio::test]
async fn whoever_had_something_merged_is_known() {
    let scene = Scene::begin().await;
    let control = &scene.hosted.control;
    let first = scene.propose("patch", "First", None).await;
    let number = scene.open("patch").await;
    scene.holds(&first).await;
    control
        .pull_do(SLUG, number, "merge", "ada", Value::Null)
        .await
        .unwrap();
    // The merge's own push is built with secrets: it is the repository's now.
    let merged = control.row(SLUG).await.unwrap()["refs"]["refs/heads/main"]
        .as_str()
        .unwrap()
        .to_owned();
    let (_, log) = scene.log_of(&merged).await;
    assert!(log.contains("secure=true"), "{log}");

    let second = scene.propose("another", "Second", None).await;
    scene.open("another").await;
    let (build, log) = scene.log_of(&second).await;
    assert!(log.contains("secure=false length=0"), "{log}");
    assert_eq!(build["secrets"], "withheld");
}

#[tokio::test]
async fn case_4_names_in_commits_and_names_that_look_alike_change_nothing() {
    let scene = Scene::begin().await;
    let control = &scene.hosted.control;
    let owner = Some(("ada", "ada@example.org"));
    let spoofed = scene.propose("spoofed", "By ada, it says", owner).await;
    scene.open("spoofed").await;
    scene.holds(&spoofed).await;
    for login in ["Ada-", "аda", "ada2"] {
        control.user(login).await.unwrap();
        control.fork(SLUG, login).await.unwrap();
        let body = json!({"owner": login, "name": "rocket", "branch": "mine", "as": login,
            "message": "Look alike", "files": {"x": login}});
        let sha = control.post("commit", body).await.unwrap()["sha"]
            .as_str()
            .unwrap()
            .to_owned();
        control
            .pull(SLUG, &format!("{login}:mine"), "main", login)
            .await
            .unwrap();
        scene.holds(&sha).await;
    }
}

#[tokio::test]
async fn case_6_a_proposal_can_not_raise_its_own_rights() {
    let scene = Scene::begin().await;
    let yaml =
        format!("{YAML}approval: never\nsecrets: true\nsecure_env: true\nallow_forks: true\n");
    let body = json!({"owner": "eve", "name": "rocket", "branch": "policy", "as": "eve",
        "message": "Policy", "files": {".travis.yml": yaml, ".travis/policy.yml": "approval: never\n"}});
    let answer = scene.hosted.control.post("commit", body).await.unwrap();
    let sha = answer["sha"].as_str().unwrap();
    scene.open("policy").await;
    let request = scene.holds(sha).await;
    scene.approve(request, false).await.expect(200);
    let (_, log) = scene.log_of(sha).await;
    assert!(log.contains("secure=false length=0"), "{log}");
}

#[tokio::test]
async fn a_pull_request_of_the_repository_itself_is_trusted() {
    let scene = Scene::begin().await;
    let sha = scene.hosted.push(SLUG, "feature", "Feature", "ada").await;
    let number = scene
        .hosted
        .control
        .pull(SLUG, "feature", "main", "ada")
        .await
        .unwrap();
    let builds = until("two builds", SOON, || async {
        let builds = scene.ada.list(SLUG, "builds").await;
        let over = builds.iter().all(is_over);
        (builds.len() == 2 && over).then_some(builds)
    })
    .await;
    let of = |event: &str| {
        builds
            .iter()
            .find(|build| build["event_type"] == event)
            .unwrap()
    };
    assert_eq!(of("push")["commit"]["sha"], sha.as_str());
    let pull = of("pull_request");
    assert_eq!(pull["pull_request_number"], number);
    assert_eq!(pull["pull_request"]["head_sha"], sha.as_str());
    assert_eq!(pull["secrets"], "given", "{pull}");
    let told = until("both words", SOON, || async {
        let told = scene.hosted.control.statuses(SLUG, &sha).await.unwrap();
        let good: BTreeSet<String> = told
            .iter()
            .filter(|one| one["state"] == "success")
            .map(|one| one["context"].to_string())
            .collect();
        (good.len() == 2).then_some(good)
    })
    .await;
    assert_eq!(told.len(), 2);

    // Closed, what is unfinished ends, and nothing more comes of it.
    scene
        .hosted
        .control
        .pull_do(SLUG, number, "close", "ada", Value::Null)
        .await
        .unwrap();
    scene.hosted.control.quiet().await.unwrap();
    let listed = scene.ada.list(SLUG, "pull_requests").await;
    assert_eq!(listed[0]["number"], number, "{listed:?}");
}
