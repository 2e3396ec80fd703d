use super::edit::{Place, add};
use super::{asks, prepared};

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
            "env:\n  global:\n    A: 1\n    secure: \"C==\"\n",
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
fn what_would_change_more_is_refused() {
    for (text, path, line) in [
        ("env: A=1\n", "env.global", "line 1"),
        ("env: {global: [A=1]}\n", "env.global", "line 1"),
        ("script: x\nenv:\n  - A=1\n", "env.global", "line 3"),
        (
            "deploy:\n  api_key:\n    secure: old\n",
            "deploy.api_key",
            "line 3",
        ),
        ("{language: c}\n", "env.global", "line 1"),
        ("env:\n\tglobal:\n", "env.global", "line 2"),
    ] {
        let refused = added(text, path).unwrap_err();
        assert!(refused.starts_with(line), "{text}: {refused}");
    }
    assert!(Place::read("env..global").is_err());
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
