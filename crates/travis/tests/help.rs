//! What the program says of itself: the help of every command, and completions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

use std::process::Command;

fn said(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_travis"))
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    listed
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_help_is_as_it_was() {
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    let mut count = 0;
    while let Some(path) = open.pop() {
        let mut words: Vec<&str> = path.iter().map(String::as_str).collect();
        words.push("--help");
        let help = said(&words);
        for name in commands(&help) {
            let mut below = path.clone();
            below.push(name);
            open.push(below);
        }
        for line in help.lines() {
            assert!(line.chars().count() <= 105, "{path:?}: {line}");
        }
        let name = if path.is_empty() {
            "travis".to_owned()
        } else {
            path.join("_")
        };
        insta::assert_snapshot!(name, help);
        count += 1;
    }
    assert!(count > 30, "only {count} commands were found");
}

#[test]
fn completions_know_options_files_and_values() {
    for (shell, wanted) in [
        (
            "bash",
            &["--executor", "namespace host", "compgen -f", "--no-cache"][..],
        ),
        ("zsh", &["--executor", "namespace", "_files", "--no-cache"]),
        (
            "fish",
            &["-l executor", "namespace", "-r -F", "-l no-cache"],
        ),
    ] {
        let text = said(&["completions", shell]);
        for word in wanted {
            assert!(text.contains(word), "{shell} has no {word:?}");
        }
    }
}
