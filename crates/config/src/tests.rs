use proptest::prelude::*;
use serde_json::json;

use crate::{ConfigError, Level, PlanContext, plan};

fn context() -> PlanContext {
    PlanContext::default()
}

#[test]
fn a_minimal_file() {
    let plan = plan("script: true\n", &context()).unwrap();
    assert_eq!(plan.jobs.len(), 1);
    assert!(plan.stages.is_empty());
    let job = &plan.jobs[0];
    assert_eq!((job.stage.as_str(), job.name.as_deref()), ("test", None));
    assert_eq!(job.config["script"], json!(["true"]));
    assert_eq!(job.config["os"], "linux");
    assert_eq!(job.config["language"], "ruby");
}

#[test]
fn sections_are_cast() {
    let plan = plan(
        "git: {depth: false, submodules: no, submodules_depth: 3, clone: false, quiet: on}\n\
         cache: [pip, {directories: x}]\nservices: postgres\nsudo: required\nbranches: master\n\
         env:\n  global:\n    - secure: abc\n    - X: {secure: d}\n",
        &context(),
    )
    .unwrap();
    let config = &plan.config;
    assert_eq!(
        config["git"],
        json!({"depth": false, "submodules": false, "submodules_depth": 3, "clone": false,
            "quiet": true})
    );
    assert_eq!(config["cache"], json!({"pip": true, "directories": ["x"]}));
    assert_eq!(config["services"], json!(["postgresql"]));
    assert_eq!(config["sudo"], json!(true));
    assert_eq!(config["branches"], json!({"only": ["master"]}));
    assert_eq!(
        config["env"]["global"],
        json!([{"secure": "abc"}, {"X": {"secure": "d"}}])
    );
}

#[test]
fn messages_have_codes_places_and_texts() {
    let source = "language: nodejs\nmatrix:\n  include:\n  - scirpt: x\nunknown_thing_here: 1\n\
                  script: {a: b}\nbefore-install: x\nscript: y\n";
    let plan = plan(source, &context()).unwrap();
    let got: Vec<String> = plan
        .messages
        .iter()
        .map(|m| {
            let (line, level) = (m.line.unwrap_or(0), m.level.as_str());
            format!("{line} [{level}] on {}: {} ({})", m.key, m.text, m.code)
        })
        .collect();
    assert_eq!(
        got,
        [
            "8 [error] on root: duplicate key: script (duplicate_key)",
            "2 [info] on root: the key matrix is an alias for jobs, using jobs (alias_key)",
            "7 [info] on root: key before-install is not underscored, using before_install (underscore_key)",
            "1 [warn] on language: value nodejs is not known, but node_js is, using node_js (find_value)",
            "4 [warn] on jobs.include: key scirpt is not known, but script is, using script (find_key)",
            "0 [info] on root: missing os, using the default \"linux\" (default)",
            "0 [info] on root: missing dist, using the default \"focal\" (default)",
            "5 [warn] on root: unknown key \"unknown_thing_here\" (1) (unknown_key)",
        ]
    );
    assert!(Level::Warn > Level::Info);
}

#[test]
fn errors_explain_themselves_with_a_caret() {
    let source = "language: ruby\nscript:\n\t- rake\n";
    let error = plan(source, &context()).unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { .. }));
    assert_eq!(error.line(), Some(3));
    let text = error.explain(source);
    assert!(text.contains("    3 | \t- rake\n"), "{text}");
    assert!(text.contains('^'), "{text}");
    assert!(text.contains("tabs"), "{text}");
    let error = plan("- a\n", &context()).unwrap_err();
    assert!(matches!(
        error,
        ConfigError::NotAMap {
            found: "a list",
            ..
        }
    ));
    let error = plan(&"#".repeat(2 << 20), &context()).unwrap_err();
    assert!(matches!(error, ConfigError::TooLarge { .. }));
}

#[test]
fn large_odd_files_take_bounded_time() {
    let keys: String = (0..40_000).map(|i| format!("k{i}: 1\n")).collect();
    plan(&keys, &context()).unwrap();
    let long = format!(
        "language: {}\n{}: 1\n",
        "x".repeat(400_000),
        "y".repeat(400_000)
    );
    let _ = plan(&long, &context());
}

fn word_list() -> impl Strategy<Value = Vec<String>> {
    prop::collection::hash_set("[a-z][a-z0-9]{0,5}q", 1..6)
        .prop_map(|set| set.into_iter().collect())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(source in "\\PC*") {
        let _ = plan(&source, &context()).map_err(|error| error.explain(&source));
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(
        lines in prop::collection::vec(
            "( {0,4})(- )?(language|os|env|jobs|matrix|include|stages|script|if|name|<<|a)?(: )?(&a|\\*a|\\[|\\]|\\{|\\}|\"|'|true|A=1 B='x'|ruby|\t|\\||>|é)?",
            0..20,
        )
    ) {
        let source = lines.join("\n");
        let _ = plan(&source, &context()).map_err(|error| error.explain(&source));
    }

    #[test]
    fn the_matrix_is_the_product(go in word_list(), env in word_list(), two in any::<bool>()) {
        let os = if two { "[linux, osx]" } else { "linux" };
        let env_list: Vec<String> = env.iter().map(|value| format!("E={value}")).collect();
        let source = format!(
            "language: go\nos: {os}\ngo: [{}]\nenv: [{}]\n", go.join(", "), env_list.join(", "));
        let jobs = plan(&source, &context()).unwrap().jobs;
        prop_assert_eq!(jobs.len(), go.len() * env.len() * if two { 2 } else { 1 });
    }

    #[test]
    fn exclude_removes_what_it_names_and_nothing_else(go in word_list(), pick in 0_usize..6) {
        let gone = go.get(pick).cloned().unwrap_or_else(|| "absent".to_owned());
        let source = format!(
            "language: go\ngo: [{}]\nenv: [A=1, A=2]\njobs:\n  exclude:\n  - go: {gone}\n",
            go.join(", "));
        let jobs = plan(&source, &context()).unwrap().jobs;
        let kept: Vec<&String> = go.iter().filter(|version| **version != gone).collect();
        prop_assert_eq!(jobs.len(), kept.len() * 2);
        prop_assert!(jobs.iter().all(|job| job.config["go"] != gone.as_str()));
    }

    #[test]
    fn never_more_than_the_limit(a in 1_usize..40, b in 1_usize..40) {
        let list = |n: usize, prefix: &str| {
            (0..n).map(|i| format!("'{prefix}{i}'")).collect::<Vec<_>>().join(",")
        };
        let source = format!("language: go\ngo: [{}]\nenv: [{}]\n", list(a, "g"), list(b, "E="));
        match plan(&source, &context()) {
            Ok(plan) => prop_assert!(plan.jobs.len() <= crate::MAX_JOBS),
            Err(error) => {
                let too_many = matches!(error, ConfigError::TooManyJobs { .. });
                prop_assert!(too_many && a * b > crate::MAX_JOBS);
            }
        }
    }

    #[test]
    fn the_same_file_always_gives_the_same_jobs(go in word_list(), env in word_list(), last in any::<bool>()) {
        let source = format!(
            "language: go\ngo: [{}]\nenv: [{}]\njobs:\n  include:\n  - stage: one\n    env: X=1\n  - name: two\n  allow_failures:\n  - go: {}\n  fast_finish: {last}\n",
            go.join(", "),
            env.iter().map(|value| format!("E={value}")).collect::<Vec<_>>().join(", "),
            go[0]);
        let configs = || {
            let plan = plan(&source, &context()).unwrap();
            let jobs = plan.jobs.into_iter().map(|job| (job.stage, job.allow_failure, job.config));
            (plan.stages, jobs.collect::<Vec<_>>())
        };
        prop_assert_eq!(configs(), configs());
    }

    #[test]
    fn exclude_never_adds(go in word_list(), env in word_list(), rules in prop::collection::vec((0_usize..6, 0_usize..6), 0..4)) {
        let env_list: Vec<String> = env.iter().map(|value| format!("E={value}")).collect();
        let matrix = format!("language: go\ngo: [{}]\nenv: [{}]\n", go.join(", "), env_list.join(", "));
        let mut excludes = String::from("jobs:\n  exclude:\n");
        for (g, e) in &rules {
            let (g, e) = (&go[g % go.len()], &env_list[e % env_list.len()]);
            excludes.push_str(&format!("  - go: {g}\n    env: {e}\n"));
        }
        let all: Vec<_> = plan(&matrix, &context()).unwrap().jobs.into_iter().map(|job| job.config).collect();
        let kept = plan(&format!("{matrix}{excludes}"), &context()).unwrap().jobs;
        let distinct: std::collections::HashSet<_> =
            rules.iter().map(|(g, e)| (g % go.len(), e % env_list.len())).collect();
        prop_assert_eq!(kept.len() + distinct.len(), all.len());
        prop_assert!(kept.iter().all(|job| all.contains(&job.config)));
    }

    #[test]
    fn includes_are_appended(go in word_list(), names in word_list()) {
        prop_assume!(go.len() > 1);
        let mut source = format!("language: go\ngo: [{}]\njobs:\n  include:\n", go.join(", "));
        for name in &names {
            source.push_str(&format!("  - name: {name}\n"));
        }
        let jobs = plan(&source, &context()).unwrap().jobs;
        prop_assert_eq!(jobs.len(), go.len() + names.len());
        let named: Vec<_> = jobs.iter().filter_map(|job| job.name.clone()).collect();
        prop_assert_eq!(named, names);
        prop_assert!(jobs[..go.len()].iter().all(|job| job.name.is_none()));
    }
}

#[test]
fn builds_keep_all_letters_and_the_originals_form_has_ascii_alone() {
    let source = "name: Prüfung\nscript: echo Füße\n";
    let job = &plan(source, &context()).unwrap().jobs[0];
    assert_eq!(job.config["script"], json!(["echo Füße"]));
    let answer = crate::lint_json(source, &crate::lint_context());
    assert_eq!(answer["jobs"][0]["script"], json!(["echo Fe"]));
}
