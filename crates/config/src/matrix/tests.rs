use serde_json::json;

use crate::{ConfigError, Plan, PlanContext, plan};

fn planned(source: &str) -> Plan {
    plan(source, &PlanContext::default()).unwrap()
}

fn column(plan: &Plan, key: &str) -> Vec<serde_json::Value> {
    plan.jobs
        .iter()
        .map(|job| job.config.get(key).cloned().unwrap_or_default())
        .collect()
}

#[test]
fn the_product_nests_by_the_tables_order() {
    let plan =
        planned("language: python\nenv: [A=1, A=2]\npython: ['2.7', 3.10]\nos: [linux, osx]\n");
    assert_eq!(plan.jobs.len(), 8);
    assert_eq!(plan.jobs[0].config["os"], "linux");
    assert_eq!(plan.jobs[0].config["python"], "2.7");
    assert_eq!(plan.jobs[1].config["env"], json!([{"A": "2"}]));
    assert_eq!(plan.jobs[2].config["python"], "3.10");
    assert_eq!(plan.jobs[4].config["os"], "osx");
}

#[test]
fn one_cell_beside_includes_is_only_what_they_share() {
    let plan = planned(
        "language: node_js\nnode_js: 10\nscript: npm test\njobs:\n  include:\n  - env: A=1\n  - node_js: 12\n",
    );
    assert_eq!(column(&plan, "node_js"), ["10", "12"]);
    assert_eq!(plan.jobs[1].config["script"], json!(["npm test"]));
}

#[test]
fn excludes_compare_env_without_the_global_part() {
    let plan = planned(
        "language: go\ngo: [1.x, 2.x]\nenv:\n  global: G=1\n  jobs: [A=1, A=2]\njobs:\n  exclude:\n  - go: 1.x\n    env: A=1\n",
    );
    assert_eq!(plan.jobs.len(), 3);
    assert_eq!(plan.jobs[0].config["env"], json!([{"G": "1"}, {"A": "2"}]));
}

#[test]
fn allowed_failures_come_last_in_their_stage() {
    let plan = planned(
        "language: rust\nrust: [nightly, stable]\njobs:\n  allow_failures:\n  - rust: nightly\n",
    );
    assert_eq!(column(&plan, "rust"), ["stable", "nightly"]);
    assert!(plan.jobs[1].allow_failure && !plan.jobs[0].allow_failure);
}

#[test]
fn stages_are_inherited_and_ordered() {
    let plan = planned(
        "stages: [lint, Test, deploy]\njobs:\n  include:\n  - stage: deploy\n    script: d\n  - script: e\n  - stage: Lint\n    script: l\n  - stage: test\n    script: t\n",
    );
    assert_eq!(plan.stages, ["lint", "Test", "deploy"]);
    let stages: Vec<&str> = plan.jobs.iter().map(|job| job.stage.as_str()).collect();
    assert_eq!(stages, ["lint", "Test", "deploy", "deploy"]);
}

#[test]
fn keys_of_other_languages_and_systems_are_removed() {
    let plan =
        planned("language: go\nrust: [a, b]\nos: [linux, osx]\nosx_image: xcode12\ngo: 1.x\n");
    assert_eq!(plan.jobs.len(), 2);
    assert!(plan.jobs[0].config.get("rust").is_none());
    assert!(plan.jobs[0].config.get("osx_image").is_none());
    assert_eq!(plan.jobs[1].config["osx_image"], "xcode12");
    assert!(plan.jobs[1].config.get("dist").is_none());
}

#[test]
fn more_than_two_hundred_jobs_are_refused() {
    let list = |n: usize| {
        (0..n)
            .map(|i| format!("'{i}'"))
            .collect::<Vec<_>>()
            .join(",")
    };
    let source = format!("language: go\ngo: [{}]\n", list(200));
    assert_eq!(planned(&source).jobs.len(), 200);
    for n in [201, 3_000] {
        let source = format!("language: go\ngo: [{}]\n", list(n));
        let error = plan(&source, &PlanContext::default()).unwrap_err();
        assert!(matches!(error, ConfigError::TooManyJobs { count } if count >= 201));
    }
}
