//! The language setups against the tools that this machine has.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::{Value, json};
use support::{Outcome, check_marks, plain, programs, run_in};

fn run(config: Value, list: &[(&str, &str)]) -> Outcome {
    let home = tempfile::tempdir().unwrap();
    let path = programs(home.path(), list);
    let outcome = run_in(home.path(), &plain(config), &path);
    check_marks(&outcome.log);
    outcome
}

const NODE: (&str, &str) = ("node", "echo v20.20.2");
const NPM: (&str, &str) = ("npm", "echo npm $*");

#[test]
fn node_versions_that_the_machine_satisfies() {
    for wanted in [
        "20", "v20.20.2", "20.x", "lts/*", "node", "stable", "lts/iron", "20.20",
    ] {
        let outcome = run(
            json!({"language": "node_js", "node_js": wanted, "script": ["echo $TRAVIS_NODE_VERSION $NPM_CONFIG_PREFIX"]}),
            &[NODE, NPM],
        );
        assert_eq!(outcome.code, 0, "{}", outcome.log);
        assert!(
            !outcome.log.contains("This machine"),
            "{wanted}: {}",
            outcome.log
        );
        assert!(
            outcome.log.contains(&format!("\n{wanted} /")),
            "{}",
            outcome.log
        );
        assert!(outcome.log.contains("/.npm-global\n"));
    }
}

#[test]
fn other_versions_are_said_plainly() {
    let outcome = run(
        json!({"language": "node_js", "node_js": "0.8", "script": ["true"]}),
        &[NODE, NPM],
    );
    assert_eq!(outcome.code, 0);
    assert!(outcome.log.contains(
        "This machine has no Node.js 0.8 and no version manager that could install it; the job runs on Node.js v20.20.2."
    ), "{}", outcome.log);
    for (language, key, tools) in [
        (
            "rust",
            "rust",
            vec![
                ("rustc", "echo 'rustc 1.95.0 (abc 2026-01-01)'"),
                ("cargo", "echo cargo"),
            ],
        ),
        ("go", "go", vec![("go", "echo go1.22.3")]),
        (
            "java",
            "jdk",
            vec![("java", "echo 'openjdk version \"17.0.9\" 2023' >&2")],
        ),
        ("php", "php", vec![("php", "echo 8.2.1")]),
        ("perl", "perl", vec![("perl", "echo 5.36.0")]),
        ("ruby", "rvm", vec![("ruby", "echo 3.1.2")]),
    ] {
        for (wanted, plain) in [("0.1", true), ("none-such", language != "java")] {
            let mut config = json!({"language": language, "script": ["true"], "install": ["true"]});
            config[key] = json!(wanted);
            let outcome = run(config, &tools);
            assert_eq!(outcome.code, 0, "{language}: {}", outcome.log);
            assert_eq!(
                outcome.log.contains("; the job runs on "),
                plain,
                "{language}: {}",
                outcome.log
            );
        }
    }
    for (language, key, wanted, tools) in [
        (
            "rust",
            "rust",
            "stable",
            vec![
                ("rustc", "echo 'rustc 1.95.0 (abc 2026-01-01)'"),
                ("cargo", "echo cargo"),
            ],
        ),
        (
            "rust",
            "rust",
            "1.95.0",
            vec![
                ("rustc", "echo 'rustc 1.95.0 (abc 2026-01-01)'"),
                ("cargo", "echo cargo"),
            ],
        ),
        ("go", "go", "1.x", vec![("go", "echo go1.22.3")]),
        ("go", "go", "1.22.x", vec![("go", "echo go1.22.3")]),
        (
            "java",
            "jdk",
            "openjdk17",
            vec![("java", "echo 'openjdk version \"17.0.9\" 2023' >&2")],
        ),
        (
            "java",
            "jdk",
            "oraclejdk8",
            vec![("java", "echo 'java version \"1.8.0_21\"' >&2")],
        ),
    ] {
        let mut config = json!({"language": language, "script": ["true"], "install": ["true"]});
        config[key] = json!(wanted);
        let outcome = run(config, &tools);
        assert_eq!(outcome.code, 0, "{language}: {}", outcome.log);
        assert!(
            !outcome.log.contains("This machine"),
            "{language}: {}",
            outcome.log
        );
    }
}

#[test]
fn version_managers_are_used_where_the_machine_does_not_satisfy() {
    let outcome = run(
        json!({"language": "rust", "rust": "1.60.0", "script": ["echo $RUSTUP_TOOLCHAIN"]}),
        &[
            ("rustc", "echo 'rustc 1.95.0 (abc)'"),
            ("cargo", "echo cargo"),
            ("rustup", "echo rustup $*; [[ \"$1\" != run ]]"),
        ],
    );
    assert_eq!(outcome.code, 0);
    assert!(
        outcome
            .log
            .contains("rustup toolchain install --profile minimal 1.60.0\n")
    );
    assert!(outcome.log.contains("\n1.60.0\n"), "{}", outcome.log);
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".nvm")).unwrap();
    std::fs::write(
        home.path().join(".nvm/nvm.sh"),
        "nvm() { echo nvm $*; node() { echo v8.17.0; }; }\n",
    )
    .unwrap();
    let path = programs(home.path(), &[NODE, NPM]);
    let config = json!({"language": "node_js", "node_js": "lts/carbon", "script": ["node"]});
    let outcome = run_in(home.path(), &plain(config), &path);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        outcome.log.contains("$ nvm install 8\nnvm install 8\n"),
        "{}",
        outcome.log
    );
    assert!(outcome.log.contains("v8.17.0"));
}

#[test]
fn a_missing_tool_errs_and_says_how_to_get_it() {
    for language in [
        "node_js",
        "python",
        "rust",
        "go",
        "java",
        "groovy",
        "scala",
        "clojure",
        "android",
        "c",
        "cpp",
        "php",
        "hack",
        "perl",
        "perl6",
        "haskell",
        "erlang",
        "elixir",
        "crystal",
        "d",
        "dart",
        "csharp",
        "julia",
        "r",
        "elm",
        "haxe",
        "nix",
        "smalltalk",
        "matlab",
        "objective-c",
        "ruby",
    ] {
        let outcome = run(json!({"language": language}), &[]);
        assert_eq!(outcome.code, 2, "{language}: {}", outcome.log);
        assert!(
            outcome.log.contains("This machine has no "),
            "{language}: {}",
            outcome.log
        );
        assert!(
            outcome.log.contains("nstall "),
            "{language}: {}",
            outcome.log
        );
    }
}

#[test]
fn default_steps_follow_the_files() {
    let true_tools = |names: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        names
            .iter()
            .map(|name| (*name, "echo \"ran ${0##*/} $*\""))
            .collect()
    };
    for (language, files, tools, wanted) in [
        (
            "node_js",
            &["package.json"][..],
            &["node", "npm"][..],
            &["$ npm install\n", "$ npm test\n"][..],
        ),
        (
            "node_js",
            &["package.json", "package-lock.json"],
            &["node", "npm"],
            &["$ npm ci\n"],
        ),
        (
            "node_js",
            &["package.json", "yarn.lock"],
            &["node", "npm", "yarn"],
            &["$ yarn --frozen-lockfile\n", "$ yarn test\n"],
        ),
        ("node_js", &[], &["node", "make"], &["$ make test\n"]),
        (
            "rust",
            &[],
            &["rustc", "cargo"],
            &["$ cargo build --verbose\n", "$ cargo test --verbose\n"],
        ),
        (
            "go",
            &["Makefile"],
            &["go", "make"],
            &["Makefile detected", "$ make\n"],
        ),
        (
            "go",
            &[],
            &["go"],
            &["$ go get -v -t ./...\n", "$ go test -v ./...\n"],
        ),
        (
            "ruby",
            &["Gemfile", "Gemfile.lock"],
            &["ruby", "bundle"],
            &[
                "$ bundle install --jobs=3 --retry=3\n",
                "$ bundle exec rake\n",
            ],
        ),
        (
            "java",
            &["pom.xml"],
            &["java", "mvn"],
            &["$ mvn install -DskipTests=true", "$ mvn test -B\n"],
        ),
        (
            "perl",
            &["Makefile.PL"],
            &["perl", "make", "cpanm"],
            &["$ cpanm --quiet", "$ perl Makefile.PL && make test\n"],
        ),
        ("php", &[], &["php", "phpunit"], &["$ phpunit\n"]),
        (
            "elixir",
            &["mix.exs"],
            &["elixir", "mix"],
            &["$ mix deps.get\n", "$ mix test\n"],
        ),
        (
            "julia",
            &[],
            &["julia"],
            &["$ julia --project=. -e 'using Pkg; Pkg.build(verbose=true); Pkg.test()'\n"],
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(home.path().join(file), "").unwrap();
        }
        let path = programs(home.path(), &true_tools(tools));
        let outcome = run_in(home.path(), &plain(json!({"language": language})), &path);
        assert_eq!(outcome.code, 0, "{language}: {}", outcome.log);
        check_marks(&outcome.log);
        for part in wanted {
            assert!(
                outcome.log.contains(part),
                "{language} {part}: {}",
                outcome.log
            );
        }
    }
}

#[test]
fn python_without_a_script_fails_and_says_why() {
    let outcome = run(
        json!({"language": "python", "python": "3.11"}),
        &[
            (
                "python3",
                "if [[ $1 == -m && $2 == venv ]]; then /bin/mkdir -p \"$3/bin\"; echo : >\"$3/bin/activate\"; exit; fi; echo Python 3.11.2",
            ),
            ("python", "echo Python 3.11.2"),
        ],
    );
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    assert!(outcome.log.contains("Please override the script: key"));
    assert!(outcome.log.contains("travis_fold:end:virtualenv"));
    assert!(!outcome.log.contains("This machine"), "{}", outcome.log);
}

#[test]
fn an_installed_toolchain_is_used() {
    let outcome = run(
        json!({"language": "rust", "rust": "nightly", "script": ["echo on $RUSTUP_TOOLCHAIN"]}),
        &[
            ("rustc", "echo 'rustc 1.95.0 (abc 2026-01-01)'"),
            ("cargo", "echo cargo"),
            ("rustup", "[[ \"$1 $2\" == 'run nightly' ]]"),
        ],
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.log.contains("\non nightly\n"), "{}", outcome.log);
    assert!(!outcome.log.contains("This machine"), "{}", outcome.log);
}

#[test]
fn a_python_that_pyenv_has_is_used_without_its_shims() {
    let outcome = run(
        json!({"language": "python", "python": "3.6", "install": ["true"], "script": ["echo on $PYENV_VERSION; type -P python"]}),
        &[
            ("python3", "echo Python 3.11.2"),
            (
                "pyenv",
                "case \"$1\" in latest) echo 3.6.15 ;; prefix) echo /versions/$2 ;; esac",
            ),
            (
                "python",
                "[[ $2 != venv ]] && echo Python ${PYENV_VERSION:-3.11.2}",
            ),
        ],
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.log.contains("\non 3.6.15\n"), "{}", outcome.log);
    assert!(
        !outcome.log.contains("no version manager"),
        "{}",
        outcome.log
    );
}
