//! The commands that read a `.travis.yml` and ask no server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

fn command(arguments: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_travis"));
    command
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("XDG_CONFIG_HOME", "/nonexistent");
    command
}

/// Runs the program; exit code, standard output, standard error.
fn run(arguments: &[&str], directory: &Path, input: &str) -> (i32, String, String) {
    let mut child = command(arguments, directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Written beside the reading: answers may fill their pipe before all questions are asked.
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    // A program that ends early does not read to the end.
    let _ = writing.join().unwrap();
    (
        status.code().unwrap(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

const MATRIX: &str = "\
language: ruby
os: linux
dist: focal
rvm: [2.7, '3.0']
env:
  - DB=postgres
  - secure: abc
stages: [lint, test]
jobs:
  include:
    - stage: lint
      name: Style
      script: rubocop
      if: branch = main
  allow_failures:
    - rvm: 2.7
script: rake
";

#[test]
fn lint_tells_by_its_code_whether_there_is_something_to_mend() {
    let folder = tree(&[
        (
            ".travis.yml",
            "os: linux\ndist: focal\nlanguage: shell\nscript: make\n",
        ),
        (
            "odd.yml",
            "os: linux\ndist: focal\nlanguage: shell\nscrpit: make\nbefore-install: true\n",
        ),
        ("broken.yml", "language: shell\nscript: [make\n"),
        ("list.yml", "- a\n"),
    ]);
    let lint = |arguments: &[&str], input: &str| {
        let mut all = vec!["lint"];
        all.extend(arguments);
        run(&all, folder.path(), input)
    };
    let (code, out, err) = lint(&[], "");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("✓ .travis.yml: nothing to say; 1 job"),
        "{out}"
    );

    let (code, out, _) = lint(&["odd.yml"], "");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("odd.yml:4:1: warn:"), "{out}");
    assert!(
        out.contains("   4 | scrpit: make\n     | ^^^^^^\n"),
        "{out}"
    );

    let (code, out, _) = lint(&["broken.yml"], "");
    assert_eq!(code, 2, "{out}");
    assert!(out.contains("broken.yml:3:1: refused:"), "{out}");
    let place = "   2 | script: [make\n     |              ^\n";
    assert!(out.contains(place), "{out}");
    assert!(out.contains("  help: "), "{out}");

    let (code, out, _) = lint(&["nowhere.yml", "odd.yml", ".travis.yml"], "");
    assert_eq!(code, 2, "{out}");
    assert!(
        out.contains("nowhere.yml: refused: there is no such file"),
        "{out}"
    );
    assert!(out.contains("✓ .travis.yml"), "{out}");

    let (code, out, _) = lint(&["-"], "- a\n");
    assert_eq!(code, 2, "{out}");
    assert!(out.starts_with("(standard input):1:1: refused:"), "{out}");

    let (code, out, _) = lint(&["--format", "json", "odd.yml", "list.yml"], "");
    assert_eq!(code, 2);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["files"][0]["messages"][0]["level"], "warn");
    assert_eq!(value["files"][0]["messages"][0]["line"], 4);
    assert_eq!(value["files"][1]["line"], 1);
}

#[test]
fn a_stranger_s_file_can_not_move_the_cursor() {
    let folder = tree(&[(
        ".travis.yml",
        "language: shell\n\"a\\e[2Jb\": \"\\e]0;x\\a\"\n",
    )]);
    let (_, out, err) = run(&["lint", "--color", "never"], folder.path(), "");
    assert!(!out.contains('\x1b') && !err.contains('\x1b'), "{out:?}");
}

const MESSY: &str = "\
# why\r
sudo: required\r
langauge: Ruby # note\r
matrix:\r
  include:\r
  - sudo: true\r
    os: [Linux]\r
env:\r
- A=1\r
env:\r
- B=1\r
";

#[test]
fn lint_mends_a_messy_file_and_keeps_its_layout() {
    let folder = tree(&[(".travis.yml", MESSY)]);
    let lint = |arguments: &[&str], input: &str| {
        let mut all = vec!["lint", "--color", "never"];
        all.extend(arguments);
        run(&all, folder.path(), input)
    };
    let (code, out, _) = lint(&[], "");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("help: remove line 2"), "{out}");
    assert!(out.contains("only the last `env` counts"), "{out}");
    assert!(
        out.contains("messages are mended by `travis lint --fix`"),
        "{out}"
    );

    let (code, shown, _) = lint(&["--fix", "--dry-run"], "");
    assert_eq!(code, 1, "{shown}");
    let path = folder.path().join(".travis.yml");
    assert_eq!(fs::read_to_string(&path).unwrap(), MESSY);

    let (code, out, _) = lint(&["--fix"], "");
    // What a person has to decide is still told.
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains("- sudo: required") && out.contains("+ language: ruby # note"),
        "{out}"
    );
    let mended = "# why\r\nlanguage: ruby # note\r\njobs:\r\n  include:\r\n  - os: linux\r\n\
                  env:\r\n- A=1\r\nenv:\r\n- B=1\r\n";
    assert_eq!(fs::read_to_string(&path).unwrap(), mended);

    let (code, again, _) = lint(&["--fix", "-"], mended);
    assert_eq!((code, again.as_str()), (1, mended));
}

#[test]
fn lint_takes_many_files_folders_and_what_is_none() {
    let folder = tree(&[
        ("good.yml", "os: linux\ndist: focal\nlanguage: shell\n"),
        (
            "long.yml",
            &format!("script: [{}]\n", "'echo', ".repeat(60)),
        ),
        ("tab.yml", "script:\n\t- make\n"),
    ]);
    fs::write(folder.path().join("binary"), [0xff, 0, 1]).unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let sub = folder.path().join("sub/.travis.yml");
    fs::write(
        sub,
        "lang\u{fc}age: x\nname: '\u{65e5}\u{672c}' \nOs: linux\n",
    )
    .unwrap();
    let files = ["lint", "good.yml", "sub", "tab.yml", "binary", "none.yml"];
    let (code, out, _) = run(&files, folder.path(), "");
    assert_eq!(code, 2, "{out}");
    for line in [
        "\u{2713} good.yml: nothing to say",
        "sub/.travis.yml:3:1: info:",
        "tab.yml:2:",
        "binary: refused: it is no UTF-8 text",
        "none.yml: refused: there is no such file",
        "5 files: 1 without complaint, 1 with something to mend, 3 refused",
    ] {
        assert!(out.contains(line), "{line} in\n{out}");
    }
    let (_, out, _) = run(&["lint", "long.yml"], folder.path(), "");
    assert!(out.lines().all(|line| line.chars().count() < 200), "{out}");
}

#[test]
fn lint_answers_each_line_of_jsonl_in_order() {
    let folder = tree(&[]);
    let mut input = String::new();
    for number in 0..2000 {
        let yaml = format!("language: shell\nos: linux\ndist: focal\nscript: echo {number}\n");
        input.push_str(&json!({ "yaml": yaml }).to_string());
        input.push('\n');
    }
    input.push_str(
        "{\"yaml\": \"a: [\"}\nnonsense\n{\"yaml\": 1}\n\n{\"yaml\": \"script: [a, b]\"}",
    );
    let (code, out, err) = run(&["lint", "--jsonl"], folder.path(), &input);
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2005);
    for (number, line) in lines.iter().take(2000).enumerate() {
        assert_eq!(line["jobs"][0]["script"], json!([format!("echo {number}")]));
    }
    for line in &lines[2000..2004] {
        assert!(line["error"].is_string(), "{line}");
    }
    let last = &lines[2004];
    assert_eq!(last["jobs"][0]["script"], json!(["a", "b"]));
    assert_eq!(last["messages"][0]["type"], "config");
    assert!(
        last["config"].is_object() && last["stages"].is_array(),
        "{last}"
    );
}

#[test]
fn an_answer_comes_before_the_next_line_is_written() {
    let folder = tree(&[]);
    for (name, line) in [
        ("lint", json!({ "yaml": "script: make" })),
        ("condition", json!({ "cond": "branch = a", "data": {} })),
    ] {
        let mut child = command(&[name, "--jsonl"], folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut to = child.stdin.take().unwrap();
        let mut from = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..3 {
            writeln!(to, "{line}").unwrap();
            to.flush().unwrap();
            let mut answer = String::new();
            from.read_line(&mut answer).unwrap();
            assert!(
                answer.starts_with('{') && answer.ends_with("}\n"),
                "{answer}"
            );
        }
        drop(to);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn expand_shows_the_jobs() {
    let folder = tree(&[(".travis.yml", MATRIX)]);
    let (code, out, _) = run(&["expand"], folder.path(), "");
    assert_eq!(code, 0);
    insta::assert_snapshot!("expand", out);

    let (_, out, _) = run(&["expand", "--branch", "dev"], folder.path(), "");
    insta::assert_snapshot!("expand_judged", out);
    let (_, out, _) = run(&["expand", "--data", "branch=main"], folder.path(), "");
    assert!(out.contains("Style"), "{out}");

    let (code, out, _) = run(&["expand", "--format", "json", "-"], folder.path(), MATRIX);
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["jobs"][0]["number"], 1);
    assert_eq!(value["jobs"][0]["name"], "Style");
    assert_eq!(value["jobs"][0]["config"]["script"], json!(["rubocop"]));

    let (code, _, err) = run(&["expand", "no.yml"], folder.path(), "");
    assert_eq!(code, 2);
    assert!(err.contains("no.yml: there is no such file"), "{err}");
    let (code, _, err) = run(&["expand", "--data", "nope=1"], folder.path(), "");
    assert_eq!(code, 64);
    assert!(err.contains("conditions know no \"nope\""), "{err}");
}

#[test]
fn condition_is_true_false_or_wrong() {
    let folder = tree(&[]);
    let judge = |arguments: &[&str]| {
        let mut all = vec!["condition"];
        all.extend(arguments);
        run(&all, folder.path(), "")
    };
    let (code, out, _) = judge(&[
        "branch = main AND env(A) = 'x y'",
        "--branch",
        "main",
        "--env",
        "A=x y",
    ]);
    assert_eq!((code, out.as_str()), (0, "true\n"));
    let (code, out, _) = judge(&["fork", "--data", "fork=false"]);
    assert_eq!((code, out.as_str()), (1, "false\n"));
    let (code, out, err) = judge(&["branch = main AND\\\n type IS push"]);
    assert_eq!((code, out.as_str()), (2, ""));
    let lines = [
        "error: Could not parse \"branch = main AND  type IS push\"",
        "  branch = main AND  type IS push",
        "                             ^",
        "  After IS stands one of: present, blank, true, false.",
    ];
    assert_eq!(err.lines().collect::<Vec<_>>(), lines);
    let (code, out, err) = judge(&["brnch = main AND DEPLOY = yes", "--branch", "main"]);
    assert_eq!((code, out.as_str()), (1, "false\n"));
    let lines = [
        "hint: brnch is taken as a text, since no fact has this name; did you mean branch?",
        "hint: DEPLOY is taken as a text; did you mean the variable, env(DEPLOY)?",
    ];
    assert_eq!(err.lines().collect::<Vec<_>>(), lines);
    for (condition, help) in [
        ("branch in [a, b]", "Write a list as (a, b)."),
        ("branch is main", "After IS stands one of: present"),
        ("if branch = main", "Leave the `if` out"),
        ("branch = main type = push", "Join two conditions by AND"),
    ] {
        let (code, _, err) = judge(&[condition]);
        assert_eq!(code, 2);
        assert!(err.contains(help), "{err}");
    }
    let (code, _, err) = judge(&["fork", "--data", "frok=true"]);
    assert_eq!(code, 64);
    assert!(err.contains("did you mean fork"), "{err}");
    let (code, out, _) = judge(&["branch =~ [z-a]", "--format", "json"]);
    assert_eq!(code, 2);
    assert!(out.contains("Invalid regular expression: /[z-a]/"), "{out}");
}

#[test]
fn condition_answers_each_line_of_jsonl() {
    let folder = tree(&[]);
    let input = "\
{\"cond\": \"env(A) = b\", \"data\": {\"env\": [\"A=b\"]}}\n\
{\"cond\": \"fork\", \"data\": {\"fork\": false}}\n\
{\"cond\": \"branch = $A\"}\n\
{\"cond\": 1}\n\
[\n";
    let (code, out, _) = run(&["condition", "--jsonl"], folder.path(), input);
    assert_eq!(code, 0);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0], json!({ "result": true }));
    assert_eq!(lines[1], json!({ "result": false }));
    let text = lines[2]["error"].as_str().unwrap();
    assert!(
        text.starts_with("Strings cannot start with a dollar"),
        "{text}"
    );
    assert!(lines[3]["error"].is_string() && lines[4]["error"].is_string());
}
