//! Scripts run by a real bash: exit codes and log bytes.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;

use serde_json::json;
use support::{check_marks, plain, run, run_in, steady};
use travis_script::{EnvVar, compile, config_error, secrets};

fn variable(name: &str, value: &str, public: bool) -> EnvVar {
    EnvVar {
        name: name.into(),
        value: value.into(),
        public,
    }
}

#[test]
fn the_sample_log_has_the_originals_bytes() {
    let mut input = plain(json!({
        "env": [{"FOO": "1"}],
        "before_install": ["echo bi"],
        "script": ["echo Hello", "false"],
        "after_failure": ["echo af"],
        "after_success": ["echo as"],
    }));
    input.settings_env = vec![
        variable("REPO_VAR", "x", true),
        variable("BAR", "hidden!", false),
    ];
    let outcome = run(&input);
    check_marks(&outcome.log);
    assert_eq!(outcome.code, 1);
    let want = "travis_time:start:ID\r^[0K^[33;1mSetting environment variables from repository settings^[0m\n\
        $ export REPO_VAR=x\n$ export BAR=[secure]\n\n\
        ^[33;1mSetting environment variables from .travis.yml^[0m\n$ export FOO=1\n\n\
        travis_time:end:ID:event=env\r^[0K$ bash --version\nGNU bash, VERSION\ntravis_fold:start:before_install\r^[0Ktravis_time:start:ID\r^[0K$ echo bi\nbi\n\
        travis_time:end:ID:event=before_install\r^[0Ktravis_fold:end:before_install\r^[0Ktravis_time:start:ID\r^[0K$ echo Hello\nHello\n\
        travis_time:end:ID:event=script\r^[0K^[32;1mThe command \"echo Hello\" exited with 0.^[0m\n\
        travis_time:start:ID\r^[0K$ false\n\
        travis_time:end:ID:event=script\r^[0K^[31;1mThe command \"false\" exited with 1.^[0m\n\
        travis_fold:start:after_failure\r^[0Ktravis_time:start:ID\r^[0K$ echo af\naf\n\
        travis_time:end:ID:event=after_failure\r^[0Ktravis_fold:end:after_failure\r^[0K\n\
        Done. Your build exited with 1.\n";
    let mut log = steady(&outcome.log);
    let at = log.find("version 5.").or(log.find("version 4.")).unwrap();
    let end = at + log[at..].find('\n').unwrap();
    log.replace_range(at..end, "VERSION");
    assert_eq!(log, want.replace("^[", "\u{1b}["));
}

#[test]
fn a_shell_that_ends_after_the_script_does_not_change_the_result() {
    let outcome = run(&plain(json!({
        "before_install": ["set -e"], "script": ["true"],
        "after_success": ["(exit 7)", "echo never"],
    })));
    check_marks(&outcome.log);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    for part in [
        "A command of after_success ended the shell with 7 (set -e); nothing more is run.",
        "Done. Your build exited with 0.",
    ] {
        assert!(outcome.log.contains(part), "{part}: {}", outcome.log);
    }
    assert!(!outcome.log.contains("\nnever"));
}

#[test]
fn functions_work_in_shells_of_the_jobs_own() {
    let command = "export -f travis_fold travis_nanoseconds travis_time_start travis_time_finish travis_retry\n\
        bash -c 'travis_fold start x; travis_time_start; travis_retry echo in; travis_time_finish; travis_fold end x; echo -e \"${ANSI_YELLOW}y${ANSI_RESET}\"'";
    let outcome = run(&plain(json!({"script": [command]})));
    check_marks(&outcome.log);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        steady(&outcome.log).contains(
            "travis_fold:start:x\r\u{1b}[0Ktravis_time:start:ID\r\u{1b}[0Kin\ntravis_time:end:ID:event=script\r\u{1b}[0K\
             travis_fold:end:x\r\u{1b}[0K\u{1b}[33;1my\u{1b}[0m\n"
        ),
        "{}",
        outcome.log
    );
    assert!(!outcome.log.contains("not found"), "{}", outcome.log);
}

#[test]
fn functions_that_few_jobs_call_are_there_for_those_that_do() {
    for (command, functions) in [
        ("travis_setup_postgresql 9.6", "travis_start_postgresql() {"),
        ("travis_install_jdk openjdk11", "travis_setup_jdk() {"),
    ] {
        let text = |command: &str| compile(&plain(json!({"script": [command]}))).unwrap().text;
        assert!(text(command).contains(functions), "{command}");
        assert!(!text("make").contains(functions), "{command}");
        let outcome = run(&plain(json!({
            "script": [format!("declare -F {}", command.split(' ').next().unwrap())]
        })));
        assert_eq!(outcome.code, 0, "{}", outcome.log);
    }
}

#[test]
fn a_trap_of_the_jobs_own_ends_no_service_late() {
    let outcome = run(&plain(json!({
        "before_install": ["trap 'echo bye' EXIT", "sleep 600 & travis_services=($!)",
            // Until it is itself, it is a shell with the trap.
            "until [[ \"$(</proc/$!/comm)\" == sleep ]]; do :; done",
            "travis_stop_services() { kill \"${travis_services[@]}\"; echo stopped; }"],
        "script": ["true"],
    })));
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.log.ends_with("stopped\nbye\n"), "{}", outcome.log);
}

#[test]
fn exit_codes() {
    for (config, code, part) in [
        (
            json!({"script": ["true"]}),
            0,
            "Done. Your build exited with 0.",
        ),
        (json!({"script": ["false", "true"]}), 1, "exited with 1."),
        (json!({"script": []}), 86, "exited with 86."),
        (json!({}), 86, "exited with 86."),
        (json!({"script": ["skip"]}), 0, "Skipping the script step"),
        (
            json!({"install": ["exit 3"], "script": ["true"]}),
            3,
            "$ exit 3",
        ),
        (
            json!({"install": ["(exit 3)"], "script": ["true"]}),
            2,
            "exited with 3 during install.",
        ),
        (
            json!({"before_install": ["no_such_command_x"]}),
            2,
            "Your build has been stopped.",
        ),
        (
            json!({"before_script": ["return 4"]}),
            2,
            "exited with 4 during before_script.",
        ),
        (json!({"script": ["return 4"]}), 1, "exited with 4."),
        (
            json!({"script": ["travis_terminate 3"]}),
            3,
            "$ travis_terminate 3",
        ),
        (
            json!({"script": ["true"], "after_success": ["false"], "after_script": ["false"]}),
            0,
            "exited with 0.",
        ),
        (json!({"script": ["if [ x"]}), 1, "exited with"),
        (
            json!({"script": ["set -u", "echo ${nothing_here:-fine}", "true"]}),
            0,
            "fine",
        ),
        (json!({"script": ["set -e", "true"]}), 0, "exited with 0."),
        (
            json!({"script": ["set -e", "false", "echo no"]}),
            1,
            "$ false",
        ),
        (
            json!({"before_install": ["IFS=:; set -f"], "script": ["true"]}),
            0,
            "exited with 0.",
        ),
    ] {
        let outcome = run(&plain(config.clone()));
        assert_eq!(outcome.code, code, "{config}: {}", outcome.log);
        assert!(outcome.log.contains(part), "{config}: {}", outcome.log);
    }
}

#[test]
fn a_failing_install_stops_the_job_with_its_fold_closed() {
    let outcome = run(&plain(json!({
        "install": ["true", "false", "echo never"], "script": ["echo never"],
        "after_script": ["echo never"],
    })));
    assert_eq!(outcome.code, 2);
    check_marks(&outcome.log);
    assert!(!outcome.log.contains("never"));
    assert!(outcome.log.contains("travis_fold:end:install.2"));
    assert!(outcome.log.contains(
        "\u{1b}[31;1mThe command \"false\" failed and exited with 1 during install.\u{1b}[0m\n\nYour build has been stopped.\n"
    ));
}

#[test]
fn phases_share_one_shell() {
    let outcome = run(&plain(json!({
        "env": [{"GREETING": "\"hello world\"", "PLACE": "$HOME/x"}],
        "before_install": ["export A=1", "mkdir sub && cd sub", "f() { echo \"f: $1\"; }"],
        "script": ["echo \"A=$A ${PWD##*/}\"", "f $GREETING", "[[ $PLACE == \"$HOME/x\" ]]"],
        "after_success": ["echo good $TRAVIS_TEST_RESULT"],
        "after_failure": ["echo bad"],
    })));
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    for part in ["\nA=1 sub\n", "\nf: hello\n", "\ngood 0\n"] {
        assert!(outcome.log.contains(part), "{part}: {}", outcome.log);
    }
    assert!(!outcome.log.contains("bad"));
}

#[test]
fn commands_of_several_lines_are_shown_and_run_whole() {
    let command = "for i in 1 2; do\n  echo \"line $i\"\ndone\ncat <<'X'\nit's \"here\" `pwd`\nX\n";
    let outcome = run(&plain(json!({"script": [command]})));
    assert_eq!(outcome.code, 0);
    assert!(outcome.log.contains(&format!(
        "$ {command}\nline 1\nline 2\nit's \"here\" `pwd`\n"
    )));
}

#[test]
fn no_text_from_outside_is_run() {
    let evil = "x'; touch \"$HOME/pwned\"; $(touch \"$HOME/pwned\") `touch \"$HOME/pwned\"` \"\n\
                touch \"$HOME/pwned\" #\\";
    let home = tempfile::tempdir().unwrap();
    let mut input = plain(json!({
        "script": ["printf '%s' \"$TRAVIS_COMMIT_MESSAGE\" >\"$HOME/message\""],
    }));
    input.commit_message = evil.into();
    input.branch = evil.into();
    input.tag = Some(evil.into());
    input.job_name = Some(evil.into());
    input.job_number = evil.into();
    input.stage_name = Some(evil.into());
    input.event_type = evil.into();
    input.build_web_url = evil.into();
    input.pull_request = Some(travis_script::PullRequest {
        number: 3,
        head_branch: evil.into(),
        head_sha: evil.into(),
        head_slug: evil.into(),
        is_draft: false,
    });
    input.settings_env = vec![
        variable("PUBLIC", evil, true),
        variable("SECRET", evil, false),
        variable("A=1; touch pwned; B", "x", true),
    ];
    let outcome = run_in(home.path(), &input, &std::env::var("PATH").unwrap());
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(!home.path().join("pwned").exists());
    let message = std::fs::read_to_string(home.path().join("message")).unwrap();
    assert_eq!(message, evil);
}

#[test]
fn the_script_of_a_job_that_does_nothing_starts_no_process() {
    let mut input = plain(json!({"script": ["true"], "env": [{"A": "1"}]}));
    for language in ["shell", "ruby"] {
        input.config["language"] = json!(language);
        let home = tempfile::tempdir().unwrap();
        // With an empty PATH every external command would fail, and print that it does.
        let outcome = run_in(home.path(), &input, "");
        assert_eq!(outcome.code, 0, "{}", outcome.log);
        assert!(!outcome.log.contains("[stderr]"), "{}", outcome.log);
    }
}

#[test]
fn the_script_of_a_job_that_does_nothing_forks_nothing() {
    let home = tempfile::tempdir().unwrap();
    let text = compile(&plain(json!({"script": ["true"]}))).unwrap().text;
    // A user with a limit of one process cannot fork: bash would wait, print and fail. Root
    // knows no such limit, so that root's tests run as another user.
    let file = home.path().join("job.sh");
    std::fs::write(&file, format!("ulimit -u 1\n{text}")).unwrap();
    let mut command = std::process::Command::new("/bin/bash");
    command
        .arg(&file)
        .env_clear()
        .env("HOME", home.path())
        .current_dir("/");
    if std::fs::metadata(home.path()).unwrap().uid() == 0 {
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(home.path(), open).unwrap();
        command.uid(65_534);
    }
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn secrets_are_hidden_and_listed() {
    let mut input = plain(json!({"script": ["echo ${#TOKEN} ${PIN:-none}"]}));
    input.settings_env = vec![
        variable("TOKEN", "s3cret's\nsecond line", false),
        variable("PIN", "123", false),
        variable("OPEN", "public", true),
    ];
    assert_eq!(
        secrets(&input),
        ["s3cret's\nsecond line", "second line", "s3cret's"]
    );
    let outcome = run(&input);
    assert!(
        outcome
            .log
            .contains("$ export TOKEN=[secure]\n$ export PIN=[secure]\n$ export OPEN=public\n")
    );
    assert!(outcome.log.contains("\n20 123\n"), "{}", outcome.log);
    input.secure_env = false;
    let outcome = run(&input);
    assert!(outcome.log.contains("\n0 none\n"), "{}", outcome.log);
    assert!(!compile(&input).unwrap().text.contains("s3cret"));
}

#[test]
fn retry_tries_three_times() {
    let outcome = run(&plain(json!({
        // The pause between tries is not what is tested.
        "before_install": ["sleep() { :; }"],
        "script": [
            "try() { n=$((${n:-0} + 1)); echo \"try $n\"; (( n >= 3 )); }; travis_retry try",
            "travis_retry false",
        ],
    })));
    assert_eq!(outcome.code, 1);
    assert!(outcome.log.contains("try 3\n"));
    assert!(
        outcome
            .log
            .contains("The command \"try\" failed. Retrying, 3 of 3.")
    );
    assert!(
        outcome
            .log
            .contains("The command \"false\" failed 3 times.")
    );
}

#[test]
fn wait_shows_the_commands_output_and_status() {
    let outcome = run(&plain(
        json!({"script": ["travis_wait 2 echo quiet", "travis_wait false"]}),
    ));
    assert_eq!(outcome.code, 1, "{}", outcome.log);
    assert!(outcome.log.contains("Still running (1 of 2): echo quiet"));
    assert!(outcome.log.contains("\nquiet\n"));
}

#[test]
fn folds_and_times_of_the_user() {
    let outcome = run(&plain(json!({"script": [
        "travis_fold start mine; travis_time_start; echo in; travis_time_finish; travis_fold end mine"
    ]})));
    assert_eq!(outcome.code, 0);
    check_marks(&outcome.log);
    assert!(outcome.log.contains("travis_fold:end:mine\r\u{1b}[0K"));
}

#[test]
fn a_configuration_error_is_printed_and_errs() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("job.sh");
    std::fs::write(&file, config_error("line 3: 'oops'\n  ^ $(false)\n").text).unwrap();
    let output = std::process::Command::new("/bin/bash")
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(
        log.contains("\u{1b}[31;1mline 3: 'oops'\n  ^ $(false)\u{1b}[0m\n"),
        "{log}"
    );
}

#[test]
fn inputs_that_no_shell_carries_are_refused() {
    let mut input = plain(json!({"script": ["echo \0"]}));
    assert!(compile(&input).is_err());
    input.config["script"] = json!(["true"]);
    for slug in ["../x", "a", "a/..", "a/b c", "-a/b", "a/$(x)", "a//b"] {
        input.repo_slug = slug.into();
        assert!(compile(&input).is_err(), "{slug}");
    }
    input.repo_slug = "group/sub/.github".into();
    assert!(compile(&input).is_ok());
    input.config["git"] = json!({});
    for commit in ["--upload-pack=x", "HEAD", "abc"] {
        input.commit = commit.into();
        assert!(compile(&input).is_err(), "{commit}");
    }
}
