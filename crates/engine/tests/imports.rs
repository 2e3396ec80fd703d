//! Configurations made of several files: from the same commit, from other repositories, and what
//! may not be had.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use serde_json::json;
use support::World;
use travis_engine::{BuildDemand, NewRepository};
use travis_model::{Build, Repository};

const CI: &str = "language: generic\nscript: from elsewhere\n";

/// A second repository of this name with `ci.yml` and `broken.yml`.
async fn other(world: &World, slug: &str, private: bool) -> Repository {
    let files = [("ci.yml", CI), ("broken.yml", "a: [\n")];
    // Their numbers are given out one after the other.
    for id in 0..6 {
        if id != 1 {
            world.forge.add_commit(id, "main", &files, "Shared");
        }
    }
    let new = NewRepository {
        slug: slug.parse().unwrap(),
        clone_url: format!("https://example.org/{slug}.git"),
        description: None,
        private,
        poll_seconds: None,
    };
    world
        .engine
        .add_repository(&world.viewer, new)
        .await
        .unwrap()
}

async fn built(world: &World, repository: &Repository, files: &[(&str, &str)]) -> Build {
    world.forge.add_commit(1, "main", files, "Next");
    let demand = BuildDemand {
        branch: Some("main".to_owned()),
        ..BuildDemand::default()
    };
    world.demand(repository, demand).await;
    world.newest().await.unwrap()
}

fn codes(build: &Build) -> Vec<String> {
    let all = build.messages.as_array().unwrap();
    let grave = all.iter().filter(|one| one["level"] == "error");
    grave
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_file_of_the_same_commit_is_merged_and_kept() {
    let world = World::new().await;
    let repository = world.repository(CI).await;
    let one = "language: generic\nscript: echo shared\nbefore-install: x\n";
    let own = "import: ci/one.yml\nenv: A=1\n";
    let build = built(
        &world,
        &repository,
        &[(".travis.yml", own), ("ci/one.yml", one)],
    )
    .await;
    assert_eq!(build.config["script"], json!(["echo shared"]));
    assert_eq!(build.raw_config.as_deref(), Some(own));
    let [import] = build.imports.as_slice() else {
        panic!("{:?}", build.imports);
    };
    assert_eq!(
        (import.source.as_str(), import.config.as_str()),
        ("ci/one.yml", one)
    );
    let messages = build.messages.as_array().unwrap();
    let odd = messages
        .iter()
        .find(|message| message["line"] == 3)
        .unwrap();
    assert_eq!(odd["src"], "ci/one.yml");
}

#[tokio::test]
async fn a_public_repository_gives_to_all_and_a_private_one_to_its_owners_private_ones() {
    let world = World::new().await;
    let repository = world.repository(CI).await;
    other(&world, "stranger/open", false).await;
    other(&world, "stranger/closed", true).await;
    let closed = other(&world, "acme/closed", true).await;
    let import = async |source: &str| {
        let text = format!("import: {source}\nlanguage: generic\n");
        let build = built(&world, &repository, &[(".travis.yml", text.as_str())]).await;
        (build.config["script"].clone(), codes(&build))
    };
    let shared = (json!(["from elsewhere"]), Vec::<String>::new());
    assert_eq!(import("stranger/open:ci.yml@main").await, shared);
    assert_eq!(import("stranger/open:ci.yml").await, shared);
    for (source, code) in [
        ("stranger/open:none.yml", "unknown_import"),
        ("stranger/open:ci.yml@nowhere", "unknown_import"),
        ("stranger/closed:ci.yml", "unknown_import"),
        ("stranger/gone:ci.yml", "unknown_import"),
        ("acme/closed:ci.yml", "invalid_visibility"),
    ] {
        let (script, codes) = import(source).await;
        assert_eq!(
            (script, codes),
            (json!(null), vec![code.to_owned()]),
            "{source}"
        );
    }
    let mut tx = world.engine.store().begin().await.unwrap();
    let mut row = tx.repository(repository.id).await.unwrap().unwrap();
    row.private = true;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    let (_, codes) = import("acme/closed:ci.yml").await;
    assert_eq!(codes, ["import_not_allowed"]);
    let id = closed.id.to_string();
    world
        .engine
        .change_setting(&world.viewer, &id, "allow_config_imports", &json!(true))
        .await
        .unwrap();
    assert_eq!(import("acme/closed:ci.yml").await, shared);
}

#[tokio::test]
async fn a_broken_import_names_its_file() {
    let world = World::new().await;
    let repository = world.repository(CI).await;
    other(&world, "stranger/open", false).await;
    let own = "import: stranger/open:broken.yml\nscript: make\n";
    let build = built(&world, &repository, &[(".travis.yml", own)]).await;
    assert_eq!(build.messages[0]["fatal"], true);
    assert_eq!(build.messages[0]["src"], "stranger/open:broken.yml");
    assert_eq!(build.imports[0].config, "a: [\n");
}
