//! Deployments: conditions, the provider script, and what is not supported.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::{Value, json};
use support::{Outcome, check_marks, plain, run};
use travis_script::{JobInput, PullRequest};

fn job(deploy: Value) -> JobInput {
    let mut job = plain(json!({"script": ["true"], "deploy": deploy, "rvm": "3.1"}));
    job.default_branch = "main".into();
    job
}

fn done(job: &JobInput) -> Outcome {
    let outcome = run(job);
    check_marks(&outcome.log);
    outcome
}

#[test]
fn conditions_decide_and_say_why_not() {
    let skipped = "Skipping a deployment with the script provider because ";
    for (on, reason) in [
        (json!(null), None),
        (json!({"branch": ["main"]}), None),
        (json!({"branch": ["dev", "ma*"]}), None),
        (json!({"branch": ["/^ma.n$/"]}), None),
        (json!({"branch": "$WANTED"}), None),
        (json!("main"), None),
        (
            json!({"branch": ["dev"]}),
            Some("this branch is not permitted: main"),
        ),
        (
            json!({"branch": ["/^v[0-9]/"]}),
            Some("this branch is not permitted: main"),
        ),
        (json!({"branch": ["dev"], "all_branches": true}), None),
        (json!({"repo": "owner/name"}), None),
        (
            json!({"repo": "other/name"}),
            Some(
                "this repo's name does not match one specified in .travis.yml's deploy.on.repo: other/name",
            ),
        ),
        (json!({"rvm": "3.1"}), None),
        (
            json!({"rvm": "2.7"}),
            Some("this is not on the required runtime (rvm: 2.7)"),
        ),
        (
            json!({"condition": ["$TRAVIS_OS_NAME = linux", "-n $WANTED"]}),
            None,
        ),
        (
            json!({"condition": ["$WANTED = x && 1 == 1"]}),
            Some("a custom condition was not met: $WANTED = x && 1 == 1"),
        ),
        (json!({"tags": true}), Some("this is not a tagged commit")),
        (json!({"tags": false}), None),
    ] {
        let mut job = job(json!([{"provider": "script", "script": "echo deployed", "on": on}]));
        job.config["env"] = json!([{"WANTED": "main"}]);
        let outcome = done(&job);
        assert_eq!(outcome.code, 0, "{}", outcome.log);
        match reason {
            None => assert!(
                outcome.log.contains("\ndeployed\n"),
                "{on}: {}",
                outcome.log
            ),
            Some(reason) => {
                assert!(
                    outcome.log.contains(&format!("{skipped}{reason}")),
                    "{on}: {}",
                    outcome.log
                );
                assert!(!outcome.log.contains("\ndeployed\n"), "{on}");
            }
        }
    }
}

#[test]
fn versions_have_two_names_and_other_keys_decide_nothing() {
    for (on, deploys) in [
        (json!({"node": "20"}), true),
        (json!({"node_js": "20"}), true),
        (json!({"node": "18"}), false),
        (json!({"ruby": "3.1"}), true),
        (json!({"rvm": "3.1", "jdk": "openjdk11"}), true),
        (json!({"ruby": "2.7"}), false),
        (json!({"jdk": "openjdk8"}), false),
        (json!({"python": "3.9"}), false),
        (json!({"os": "linux"}), true),
        (json!({"os": "osx"}), false),
        (json!({"distributions": "sdist bdist_wheel"}), true),
    ] {
        let mut on = on;
        on["all_branches"] = json!(true);
        let mut job = job(json!({"provider": "script", "script": "echo deployed", "on": on}));
        for (key, value) in [("node_js", "20"), ("rvm", "3.1"), ("jdk", "openjdk11")] {
            job.config[key] = json!(value);
        }
        let log = done(&job).log;
        assert_eq!(log.contains("\ndeployed\n"), deploys, "{on}: {log}");
        assert_eq!(
            log.contains("not on the required runtime"),
            !deploys,
            "{on}: {log}"
        );
    }
}

#[test]
fn tags_pull_requests_and_the_default_branch() {
    let mut tagged =
        job(json!([{"provider": "script", "script": "echo deployed", "on": {"tags": true}}]));
    tagged.tag = Some("v1".into());
    tagged.branch = "v1".into();
    assert!(done(&tagged).log.contains("\ndeployed\n"));
    let mut pull = job(
        json!([{"provider": "script", "script": "echo deployed", "on": {"all_branches": true}}]),
    );
    pull.pull_request = Some(PullRequest::default());
    let log = done(&pull).log;
    assert!(
        log.contains("because the current build is a pull request.") && !log.contains("\ndeployed"),
        "{log}"
    );
    let mut other = job(json!({"provider": "script", "script": "echo deployed"}));
    other.default_branch = "trunk".into();
    assert!(
        done(&other)
            .log
            .contains("this branch is not permitted: main")
    );
    other.default_branch = String::new();
    other.branch = "master".into();
    assert!(done(&other).log.contains("\ndeployed\n"));
}

#[test]
fn steps_run_in_order_and_apart() {
    let mut job = job(json!([
        {"provider": "script", "script": "cd /; X=2; echo one", "run": ["echo run"]},
        {"provider": "script", "script": {"decrypted": "echo $((40 + 2)) s3cret"}, "edge": true},
    ]));
    for phase in [
        "before_deploy",
        "after_deploy",
        "after_success",
        "after_script",
    ] {
        job.config[phase] = json!([format!("echo in-{phase} ${{PWD##*/}} ${{X:-unset}}")]);
    }
    let outcome = done(&job);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    let mut rest = outcome.log.as_str();
    for part in [
        "\nin-after_success",
        "\nin-before_deploy",
        "travis_fold:start:dpl_0",
        "\none\n",
        "\nrun\n",
        "travis_fold:end:dpl_0",
        "\nin-after_deploy",
        "unset",
        "\nin-before_deploy",
        "edge has no meaning",
        "travis_fold:start:dpl_1",
        "$ [secure]\n42 ",
        "\nin-after_deploy",
        "\nin-after_script",
        "exited with 0",
    ] {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part} in {}", outcome.log));
        rest = &rest[at + 1..];
    }
}

#[test]
fn failures_are_errored_and_a_failed_job_deploys_nothing() {
    for (deploy, code, part) in [
        (
            json!({"provider": "script", "script": "exit 3"}),
            2,
            "Script failed with status 3",
        ),
        (
            json!({"provider": "script", "script": ["false", "echo more"]}),
            2,
            "Script failed with status 1",
        ),
        (
            json!({"provider": "script", "script": "false", "allow_failure": true}),
            0,
            "allowed to fail",
        ),
        (json!({"provider": "script"}), 2, "needs the key script"),
        (
            json!("npm"),
            2,
            "The deployment provider npm is not supported by this worker. Supported are: script, releases.",
        ),
        (
            json!({"provider": "npm", "on": {"tags": true}}),
            0,
            "Skipping a deployment with the npm provider",
        ),
        (json!(false), 0, "exited with 0"),
    ] {
        let outcome = done(&job(deploy.clone()));
        assert_eq!(outcome.code, code, "{deploy}: {}", outcome.log);
        assert!(outcome.log.contains(part), "{deploy}: {}", outcome.log);
        assert!(!outcome.log.contains("\nmore\n"));
        assert_eq!(
            outcome.log.contains("Your build has been stopped."),
            code == 2
        );
    }
    let mut failing = job(json!({"provider": "script", "script": "echo deployed"}));
    failing.config["script"] = json!(["false"]);
    assert!(!done(&failing).log.contains("deployed"));
    let mut before = job(json!({"provider": "script", "script": "echo deployed"}));
    before.config["before_deploy"] = json!(["false"]);
    let outcome = done(&before);
    assert_eq!(outcome.code, 2);
    assert!(
        outcome
            .log
            .contains("failed and exited with 1 during before_deploy."),
        "{}",
        outcome.log
    );
}

#[test]
fn cleaning_up_puts_the_builds_files_away_and_back() {
    let mut job = job(json!([
        {"provider": "script", "script": "ls; test ! -e made", "cleanup": true},
        {"provider": "script", "script": "test -e made"},
    ]));
    job.config["before_install"] = json!([
        "git init -q . && git config user.email a@b.test && git config user.name a && touch kept && git add kept && git commit -qm x",
        "touch made"
    ]);
    let outcome = done(&job);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
}
