//! `if:` from the file to what is built, and what a file that can't be read leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use support::World;
use travis_engine::BuildDemand;
use travis_model::{RequestState, Timestamp};

fn on(branch: &str) -> BuildDemand {
    BuildDemand {
        branch: Some(branch.to_owned()),
        ..BuildDemand::default()
    }
}

#[tokio::test]
async fn a_condition_at_the_top_decides_about_the_build() {
    let world = World::new().await;
    let yaml = "language: generic\nif: branch != side\nscript: 'true'\n";
    let repository = world.repository(yaml).await;
    world
        .forge
        .add_commit(1, "side", &[(".travis.yml", yaml)], "Side");
    let refused = world.demand(&repository, on("side")).await;
    assert_eq!(refused.state, RequestState::Rejected);
    assert_eq!(
        refused.reason.as_deref(),
        Some("Condition not met: if: branch != side")
    );
    let taken = world.demand(&repository, on("main")).await;
    assert_eq!(taken.state, RequestState::Accepted);
}

#[tokio::test]
async fn jobs_and_stages_are_dropped_by_their_conditions() {
    let world = World::new().await;
    let yaml = "language: generic\nscript: 'true'\nstages:\n  - name: check\n  - name: ship\n    \
                if: branch = main\njobs:\n  include:\n    - stage: check\n      name: always\n    \
                - name: by message\n      if: commit_message =~ /full/\n    - stage: ship\n      \
                name: out\n";
    let repository = world.repository(yaml).await;
    let names = async |branch: &str, message: &str| {
        world
            .forge
            .add_commit(1, branch, &[(".travis.yml", yaml)], message);
        let request = world.demand(&repository, on(branch)).await;
        assert_eq!(
            request.state,
            RequestState::Accepted,
            "{:?}",
            request.reason
        );
        let build = world.newest().await.unwrap();
        let mut reader = world.engine.store().reader().await.unwrap();
        let jobs = reader.jobs(&[build.id]).await.unwrap();
        let names = jobs.into_iter().map(|job| job.name.unwrap_or_default());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("side", "Docs").await, ["always"]);
    assert_eq!(names("side", "A full run").await, ["always", "by message"]);
    assert_eq!(names("main", "Docs").await, ["always", "out"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_where() {
    let world = World::new().await;
    let repository = world
        .repository("language: generic\nscript:\n  - 'true\n")
        .await;
    let request = world.demand(&repository, on("main")).await;
    assert_eq!(request.state, RequestState::Accepted);
    let build = world.newest().await.unwrap();
    assert!(build.finished_at > Some(Timestamp(0)));
    let message = &build.messages[0];
    assert_eq!(message["fatal"], true, "{message}");
    assert_eq!(message["src"], ".travis.yml");
    assert!(message["line"].as_u64() >= Some(3));
    assert!(!message["remedy"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_given_with_a_demand_is_previewed_and_built() {
    let world = World::new().await;
    let repository = world
        .repository("language: generic\nscript: make\nenv:\n  jobs: [A=1, A=2]\n")
        .await;
    let demand = || BuildDemand {
        config: Some("env:\n  jobs: [A=3]\nlangauge: rust\n".to_owned()),
        merge_mode: Some("deep_merge_prepend".to_owned()),
        ..BuildDemand::default()
    };
    let (engine, who) = (&world.engine, &world.viewer);
    let shown = engine
        .preview_build(who, &repository, demand())
        .await
        .unwrap();
    assert_eq!((shown.branch.as_str(), shown.refused), ("main", None));
    assert_eq!(shown.linted.jobs.len(), 3);
    let given = |message: &&serde_json::Value| message["src"] == "api";
    assert_eq!(shown.linted.messages.iter().find(given).unwrap()["line"], 3);
    assert!(world.newest().await.is_none());
    let request = world.demand(&repository, demand()).await;
    let build = world.build_of(&world.settled(&request).await).await;
    assert_eq!(world.jobs(build.id).await.len(), 3);
    assert_eq!(build.imports[0].source, "api");
    // Instead of the file.
    let alone = BuildDemand {
        config: Some("script: other".to_owned()),
        merge_mode: Some("replace".to_owned()),
        ..BuildDemand::default()
    };
    let shown = engine.preview_build(who, &repository, alone).await.unwrap();
    assert_eq!(shown.linted.jobs.len(), 1);
    let wrong = BuildDemand {
        merge_mode: Some("sideways".to_owned()),
        ..BuildDemand::default()
    };
    assert!(engine.preview_build(who, &repository, wrong).await.is_err());
    // A text that can't be read is said to be so, with its name.
    let broken = BuildDemand {
        config: Some("a: [".to_owned()),
        ..BuildDemand::default()
    };
    let shown = engine
        .preview_build(who, &repository, broken)
        .await
        .unwrap();
    assert_eq!(shown.linted.jobs.len(), 0);
    assert_eq!(shown.linted.messages[0]["level"], "error");
}
