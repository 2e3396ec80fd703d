//! `travis run`: which jobs run, how they come out, and what is said of it.

use crate::support::{Working, can_isolate};
use serde_json::Value;

const HEAD: &str = "language: generic\ndist: focal\n";

fn working(rest: &str) -> Working {
    Working::new(&format!("{HEAD}{rest}"))
}

#[test]
fn the_code_says_how_the_job_came_out() {
    if !can_isolate("the_code_says_how_the_job_came_out") {
        return;
    }
    working("script: echo hello $TRAVIS_BRANCH\n")
        .run(&[])
        .expect(0)
        .says("hello main\n")
        .says("✓ passed in ")
        .lacks("RESULT");
    working("script: 'false'\n")
        .run(&[])
        .expect(1)
        .says("The command \"false\" exited with 1.")
        .says("✗ failed after ");
    working("install: exit 7\nscript: 'true'\n")
        .run(&[])
        .expect(2)
        .says("✗ errored after ");
}

#[test]
fn several_jobs_end_in_a_table() {
    if !can_isolate("several_jobs_end_in_a_table") {
        return;
    }
    let working = working(
        "env: [A=1, A=2, A=3]\nscript: test $A != 2\njobs: {allow_failures: [{env: A=3}]}\n",
    );
    working
        .run(&[])
        .expect(1)
        .says("JOB")
        .says("  1  generic · A=1  passed")
        .says("  2  generic · A=2  failed");
    working.run(&["--job", "1"]).expect(0).lacks("A=2");
    working.run(&["--job", "2"]).expect(1);
    working.run(&["--job", "1", "--job", "3"]).expect(0);
    let ran = working.run(&["--job", "4"]).expect(4);
    ran.remarks("the file has no job \"4\"")
        .remarks("travis run --list");
}

#[test]
fn a_failure_that_is_allowed_does_not_count() {
    if !can_isolate("a_failure_that_is_allowed_does_not_count") {
        return;
    }
    let config = "jobs:\n  include:\n  - {name: good, script: 'true'}\n  - {name: bad, script: 'false'}\n  allow_failures:\n  - name: bad\n";
    working(config)
        .run(&[])
        .expect(0)
        .says("which it is allowed to")
        .says("allowed to fail");
}

const STAGES: &str = "\
stages: [one, two, three]
jobs:
  include:
  - {stage: three, name: last, script: echo third}
  - {stage: one, name: good, script: echo first}
  - {stage: two, name: bad, script: exit 3}
  - {stage: two, name: beside, script: echo beside}
";

#[test]
fn stages_follow_each_other_until_one_breaks() {
    if !can_isolate("stages_follow_each_other_until_one_breaks") {
        return;
    }
    let working = working(STAGES);
    let ran = working.run(&[]).expect(2);
    let place = |text: &str| {
        let found = ran.out.find(text);
        found.unwrap_or_else(|| panic!("no {text:?} in:\n{}", ran.out))
    };
    assert!(place("Stage one") < place("\nfirst\n"));
    assert!(place("\nfirst\n") < place("Stage two"));
    assert!(place("Stage two") < place("\nbeside\n"));
    assert!(!ran.out.contains("\nthird\n"), "{}", ran.out);
    place("not run");
    place("a job of an earlier stage broke");
    working.run(&["--keep-going"]).expect(2).says("\nthird\n");
    working.run(&["--stage", "three"]).expect(0);
    let ran = working.run(&["--stage", "four"]).expect(4);
    ran.remarks("Its stages: one, two, three.");
}

const CONDITIONS: &str = "\
jobs:
  include:
  - {name: everywhere, script: 'true'}
  - {name: on main, script: 'true', if: branch = main}
  - {name: on dev, script: 'true', if: branch = dev}
  - {name: tagged, script: 'true', if: tag IS present}
  - {name: said, script: 'true', if: commit_message =~ first}
  - {name: pull, script: 'true', if: type = pull_request}
";

fn names(working: &Working, words: &[&str]) -> Vec<String> {
    let mut all = vec!["--list", "--format", "json"];
    all.extend(words);
    let ran = working.run(&all).expect(0);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let jobs = value["jobs"].as_array().unwrap().iter();
    jobs.map(|job| job["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn conditions_see_the_working_tree() {
    let working = working(CONDITIONS);
    assert_eq!(names(&working, &[]), ["everywhere", "on main", "said"]);
    assert_eq!(
        names(&working, &["--event", "pull_request"]),
        ["everywhere", "on main", "said", "pull"]
    );
    working.git(&["checkout", "--quiet", "-b", "dev"]);
    working.commit("Another one");
    assert_eq!(names(&working, &[]), ["everywhere", "on dev"]);
    assert_eq!(names(&working, &["--tag", "v1"]), ["everywhere", "tagged"]);
    working.git(&["tag", "v2"]);
    working.git(&["checkout", "--quiet", "v2"]);
    assert_eq!(names(&working, &[]), ["everywhere", "tagged"]);
    working
        .run(&["--list"])
        .expect(0)
        .says("LEFT OUT")
        .says("its if is false: branch = main");
}

#[test]
fn a_tag_is_what_the_job_sees() {
    if !can_isolate("a_tag_is_what_the_job_sees") {
        return;
    }
    let working =
        working("script: echo tag=$TRAVIS_TAG branch=$TRAVIS_BRANCH type=$TRAVIS_EVENT_TYPE\n");
    working
        .run(&["--tag", "v1.0"])
        .expect(0)
        .says("tag=v1.0 branch=v1.0 type=push");
    working
        .run(&["--branch", "release/2", "--event", "api"])
        .expect(0)
        .says("tag= branch=release/2 type=api");
    working
        .run(&["--branch", "no such..branch"])
        .expect(64)
        .remarks("git allows no branch or tag the name");
}

#[test]
fn there_is_nothing_to_run() {
    let never = "script: 'true'\nif: branch = nowhere\n";
    working(never)
        .run(&[])
        .expect(0)
        .says("No job of the file is left to run.")
        .says("branch = nowhere");
    let working = Working::bare("x");
    std::fs::remove_file(working.path().join(".travis.yml")).unwrap();
    working
        .run(&[])
        .expect(2)
        .remarks(".travis.yml: there is no such file; name one");
}

#[test]
fn a_broken_file_is_shown_with_the_place() {
    working("script: [make\n")
        .run(&[])
        .expect(2)
        .remarks("error: .travis.yml:4:1: ")
        .remarks("^")
        .remarks("  Check ");
}

#[test]
fn encrypted_values_are_left_out_and_told() {
    if !can_isolate("encrypted_values_are_left_out_and_told") {
        return;
    }
    let working = working(
        "env:\n  global:\n  - secure: AbCdEf0123456789\n  - PUBLIC=1\nscript: echo \"p=$PUBLIC t=$TOKEN o=$OTHER\"\n",
    );
    working
        .run(&["--env", "OTHER=x"])
        .expect(0)
        .says("p=1 t= o=x")
        .remarks("1 encrypted value of .travis.yml can't be read here")
        .remarks("--secret NAME");
    let mut command = working.command(&["run", "--secret", "TOKEN"]);
    let ran = crate::support::ran(command.env("TOKEN", "hush-hush").output().unwrap());
    ran.expect(0).says("t=[secure]").lacks("hush-hush");
    working
        .run(&["--secret", "NOWHERE"])
        .expect(64)
        .remarks("read -rs NOWHERE && export NOWHERE");
}

#[test]
fn the_script_is_shown_and_not_run() {
    let working = working("script: touch made\n");
    let ran = working.run(&["--script"]).expect(0);
    assert!(ran.out.starts_with("#!/bin/bash\n"), "{}", ran.out);
    assert!(ran.out.contains("'touch made'"), "{}", ran.out);
    let ran = working.run(&["--script", "--format", "json"]).expect(0);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["jobs"][0]["number"], 1);
}

#[test]
fn results_for_programs_are_one_object() {
    if !can_isolate("results_for_programs_are_one_object") {
        return;
    }
    let working = working("os: [linux, osx]\nscript: echo noise; exit 1\n");
    let ran = working.run(&["--format", "json"]).expect(1);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["jobs"][0]["state"], "failed");
    assert_eq!(value["jobs"][1]["state"], "skipped");
    assert_eq!(value["jobs"][1]["reason"], "needs osx");
    working
        .run(&["--job", "2"])
        .expect(2)
        .says("needs osx")
        .remarks("none of these jobs can run on this machine");
}
