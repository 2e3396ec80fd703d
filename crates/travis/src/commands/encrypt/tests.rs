use super::edit::{Place, add};
use super::{asks, edit, prepared};

fn added(text: &str, path: &str) -> Result<String, String> {
    add(text, &Place::read(path).unwrap(), "C==")
}

#[test]
fn values_are_added_and_all_else_stays() {
    for (before, path, after) in [
        ("", "env.global", "env:\n  global:\n    - secure: \"C==\"\n"),
        (
            "# mine\nlanguage: c   # yes\n\n# the end\n",
            "env.global",
            "# mine\nlanguage: c   # yes\nenv:\n  global:\n    - secure: \"C==\"\n\n# the end\n",
        ),
        (
            "env:\n  global:\n    # first\n    - A=1\n\n  jobs:\n    - B=2\nscript: x\n",
            "env.global",
            "env:\n  global:\n    # first\n    - A=1\n    - secure: \"C==\"\n\n  jobs:\n    - B=2\nscript: x\n",
        ),
        (
            "env:\n  global:\n  - A=1\n  matrix:\n  - B=2\n",
            "env.global",
            "env:\n  global:\n  - A=1\n  - secure: \"C==\"\n  matrix:\n  - B=2\n",
        ),
        (
            "env:\n- A=1\nscript: x",
            "env",
            "env:\n- A=1\n- secure: \"C==\"\nscript: x",
        ),
        (
            "env:\n    jobs:\n        - B=2",
            "env.global",
            "env:\n    jobs:\n        - B=2\n    global:\n        - secure: \"C==\"\n",
        ),
        (
            "env:\n  global:\n    A: 1\n",
            "env.global",
            "env:\n  global:\n    - A: 1\n    - secure: \"C==\"\n",
        ),
        (
            "---\ndeploy:\r\n  provider: npm\r\n".trim_start_matches("---\n"),
            "deploy.api_key",
            "deploy:\r\n  provider: npm\r\n  api_key:\r\n    secure: \"C==\"\r\n",
        ),
        (
            "script: |\n  env:\n    global: 1\n",
            "env.global",
            "script: |\n  env:\n    global: 1\nenv:\n  global:\n    - secure: \"C==\"\n",
        ),
        (
            "---\n\"env\": # none yet\nscript: x\n",
            "env.global",
            "---\n\"env\": # none yet\n  global:\n    - secure: \"C==\"\nscript: x\n",
        ),
    ] {
        assert_eq!(added(before, path).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn values_in_brackets_and_on_the_line_of_their_key_are_joined() {
    for (before, path, after) in [
        (
            "env: {global: [A=1]} # mine\nscript: x\n",
            "env.global",
            "env: {global: [A=1, {secure: \"C==\"}]} # mine\nscript: x\n",
        ),
        (
            "env:\n  global: [ A=1, \"B=x, y\", ]\n",
            "env.global",
            "env:\n  global: [ A=1, \"B=x, y\", {secure: \"C==\"} ]\n",
        ),
        (
            "env:\n  global:\n    # two\n    A: 1\n\n    B: |-\n      x\n  jobs: C=3\n",
            "env.global",
            "env:\n  global:\n    # two\n    - A: 1\n\n      B: |-\n        x\n    - secure: \"C==\"\n  jobs: C=3\n",
        ),
        (
            "env:\n  global: []\n",
            "env.global",
            "env:\n  global: [{secure: \"C==\"}]\n",
        ),
        (
            "env: { global: { A: 1 } }\n",
            "env.global",
            "env: { global: [{ A: 1 }, {secure: \"C==\"}] }\n",
        ),
        (
            "env: {global: A=1, jobs: [B=2]}\n",
            "env.global",
            "env: {global: [A=1, {secure: \"C==\"}], jobs: [B=2]}\n",
        ),
        (
            "env: {jobs: [B=2, B=3]}\n",
            "env.global",
            "env: {jobs: [B=2, B=3], global: [{secure: \"C==\"}]}\n",
        ),
        (
            "env: {}\n",
            "env.global",
            "env: {global: [{secure: \"C==\"}]}\n",
        ),
        (
            "env:\n  global: [\n    A=1, # one\n    B=2  # two ]\n  ]\nscript: x\n",
            "env.global",
            "env:\n  global: [\n    A=1, # one\n    B=2,  # two ]\n    {secure: \"C==\"}\n  ]\nscript: x\n",
        ),
        (
            "env: {\n  jobs: [\n    B=2,\n  ],\n}\n",
            "env.global",
            "env: {\n  jobs: [\n    B=2,\n  ],\n  global: [{secure: \"C==\"}],\n}\n",
        ),
        (
            "env:\n  global: A=1 B='x y'  # both\n  jobs:\n    - C=3\n",
            "env.global",
            "env:\n  global:\n    - A=1 B='x y'  # both\n    - secure: \"C==\"\n  jobs:\n    - C=3\n",
        ),
        (
            "{language: c, \"env\": {\"global\": \"A=1\"}}\n",
            "env.global",
            "{language: c, \"env\": {\"global\": [\"A=1\", {secure: \"C==\"}]}}\n",
        ),
        (
            "{language: c}\n",
            "env.global",
            "{language: c, env: {global: [{secure: \"C==\"}]}}\n",
        ),
        (
            "deploy: {provider: npm}\n",
            "deploy.api_key",
            "deploy: {provider: npm, api_key: {secure: \"C==\"}}\n",
        ),
        (
            "os: [\n  linux,\n]\nscript: x\n",
            "env.global",
            "os: [\n  linux,\n]\nscript: x\nenv:\n  global:\n    - secure: \"C==\"\n",
        ),
        (
            "script: x\nos: [linux,\n  osx]",
            "env.global",
            "script: x\nos: [linux,\n  osx]\nenv:\n  global:\n    - secure: \"C==\"\n",
        ),
    ] {
        assert_eq!(added(before, path).as_deref(), Ok(after), "{before}");
        if path.starts_with("env") {
            assert_eq!(jobs(before), jobs(after), "{before}");
        }
    }
}

#[test]
fn variables_right_below_env_stay_those_of_jobs() {
    for (before, after) in [
        (
            "env: A=1 # one\nscript: x\n",
            "env:\n  jobs: A=1 # one\n  global:\n    - secure: \"C==\"\nscript: x\n",
        ),
        (
            "env: [A=1, A=2]\n",
            "env:\n  jobs: [A=1, A=2]\n  global:\n    - secure: \"C==\"\n",
        ),
        (
            "env: [\n  A=1,\n  A=2\n]\nscript: x\n",
            "env: {jobs: [\n  A=1,\n  A=2\n], global: [{secure: \"C==\"}]}\nscript: x\n",
        ),
        (
            "script: x\nenv:\n  # two\n  - A=1\n\n  - A=2\n\nos: linux\n",
            "script: x\nenv:\n  jobs:\n    # two\n    - A=1\n\n    - A=2\n  global:\n    - secure: \"C==\"\n\nos: linux\n",
        ),
        (
            "env:\n- A=1\n- A=2",
            "env:\n  jobs:\n  - A=1\n  - A=2\n  global:\n    - secure: \"C==\"\n",
        ),
        (
            "env:\r\n  A: 1\r\n  B: 2\r\n",
            "env:\r\n  jobs:\r\n    A: 1\r\n    B: 2\r\n  global:\r\n    - secure: \"C==\"\r\n",
        ),
        (
            "env: {A: 1}\n",
            "env:\n  jobs: {A: 1}\n  global:\n    - secure: \"C==\"\n",
        ),
        (
            "{env: [A=1, A=2], os: linux}\n",
            "{env: {jobs: [A=1, A=2], global: [{secure: \"C==\"}]}, os: linux}\n",
        ),
    ] {
        assert_eq!(
            added(before, "env.global").as_deref(),
            Ok(after),
            "{before}"
        );
        assert_eq!(jobs(before), jobs(after), "{before}");
    }
}

/// What a file's jobs have as variables, without the encrypted one.
fn jobs(text: &str) -> Vec<String> {
    let plan = travis_config::plan(text, &travis_config::PlanContext::default()).unwrap();
    let shown = |job: &travis_config::PlannedJob| {
        let mut config = job.config.clone();
        let mut env: Vec<_> = config["env"].as_array().cloned().unwrap_or_default();
        env.retain(|one| one["secure"] != "C==");
        config["env"] = env.into();
        config.to_string()
    };
    plan.jobs.iter().map(shown).collect()
}

#[test]
fn what_would_change_more_is_refused() {
    for (text, path, line) in [
        ("env: &all [A=1]\n", "env.global", "line 1"),
        ("env:\n  global: *all\n", "env.global", "line 2"),
        ("env: A=1\n  B=2\n", "env.global", "line 1"),
        ("env: [A=1\n", "env.global", "line 1"),
        ("deploy: [a]\n", "deploy.api_key", "line 1"),
        ("deploy: npm\n", "deploy.api_key", "line 1"),
        ("deploy: {api_key: old}\n", "deploy.api_key", "line 1"),
        (
            "deploy:\n  api_key:\n    secure: old\n",
            "deploy.api_key",
            "line 3",
        ),
        ("[a]\n", "env.global", "line 1"),
        ("env:\n\tglobal:\n", "env.global", "line 2"),
    ] {
        let refused = added(text, path).unwrap_err();
        assert!(refused.starts_with(line), "{text}: {refused}");
    }
    assert!(Place::read("env..global").is_err());
}

#[test]
fn a_change_that_is_read_otherwise_is_refused() {
    let global = Place::read("env.global").unwrap();
    let jobs = Place::read("env.jobs").unwrap();
    let before = "language: c\nenv: [A=1]\n";
    let two = "language: c\nenv: [A=1, {secure: x}]\n".to_owned();
    let refused = edit::checked(before, two.clone(), &global).unwrap_err();
    assert!(refused.contains("2 jobs instead of 1"), "{refused}");
    assert!(edit::checked(before, two, &jobs).is_ok());
    assert!(edit::checked(before, "env: [".to_owned(), &global).is_err());
    assert!(edit::checked("env: [", "env: [[".to_owned(), &global).is_ok());
}

#[test]
fn values_with_special_letters_are_quoted_for_the_job() {
    let env = Place::read("env.global").unwrap();
    let deploy = Place::read("deploy.api_key").unwrap();
    for (text, place, want) in [
        ("A=b", Some(&env), "A=b"),
        ("A=b c's $d", None, "A='b c'\\''s $d'"),
        ("A=b c", Some(&deploy), "A=b c"),
        ("just a value", None, "just a value"),
    ] {
        assert_eq!(prepared(text.to_owned(), place).unwrap(), want);
    }
    assert!(prepared("value".to_owned(), Some(&env)).is_err());
    assert!(asks("-") && asks("KEY=-") && !asks("KEY=a-") && !asks("a b=-"));
}
