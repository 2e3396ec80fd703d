//! The program itself: exit codes and streams.

use std::process::{Command, Output};

#[expect(
    clippy::unwrap_used,
    reason = "a test that can't start the program has failed"
)]
fn travis(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_travis"))
        .args(arguments)
        .env_clear()
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .envs(environment.iter().copied())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn help_is_no_error_and_names_the_exit_codes() {
    let output = travis(&["--help"], &[]);
    assert_eq!(code(&output), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "EXIT CODES:",
        "   69  the server can't be reached",
        "TRAVIS_ENDPOINT",
    ] {
        assert!(text.contains(line), "{line} is missing:\n{text}");
    }
}

#[test]
fn a_wrong_command_line_is_64_and_prints_no_result() {
    for arguments in [
        &["frob"][..],
        &[],
        &["trigger", "no-slug"],
        &["logs", "--format", "xml"],
    ] {
        let output = travis(arguments, &[]);
        assert_eq!(code(&output), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn without_a_server_it_says_how_to_get_one() {
    let output = travis(&["repos"], &[]);
    assert_eq!(code(&output), Some(78));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("travis login --endpoint URL"), "{text}");
}

#[test]
fn an_unreachable_server_is_69() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let endpoint = format!("http://127.0.0.1:{port}");
    let output = travis(&["repos"], &[("TRAVIS_ENDPOINT", &endpoint)]);
    assert_eq!(code(&output), Some(69));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("connection refused"), "{text}");
}

#[test]
fn completions_and_manual_pages_are_printed() {
    for arguments in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["man"],
        &["man", "trigger"],
    ] {
        let output = travis(arguments, &[]);
        assert_eq!(code(&output), Some(0), "{arguments:?}");
        assert!(output.stdout.len() > 200, "{arguments:?}");
    }
    assert_eq!(code(&travis(&["man", "frob"], &[])), Some(64));
}
