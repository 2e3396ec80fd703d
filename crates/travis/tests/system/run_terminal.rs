//! `travis run` in a terminal, into pipes, and when it is stopped.

use crate::support::{SOON, Working, can_isolate, ran};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const HEAD: &str = "language: generic\nos: linux\ndist: focal\n";

/// The command in a terminal of so many columns.
fn in_terminal(working: &Working, columns: u16, words: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_travis");
    let line = format!("stty cols {columns} rows 24; exec {program} {words}");
    let mut command = Command::new("script");
    command
        .args(["-qec", &line, "/dev/null"])
        .current_dir(working.path())
        .env("HOME", working.home())
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .env_remove("NO_COLOR")
        .env_remove("XDG_CACHE_HOME")
        .stdin(Stdio::null());
    command
}

fn has_script(test: &str) -> bool {
    let there = Command::new("script").arg("--version").output().is_ok();
    if !there {
        println!("skipped: {test}: there is no program `script` here");
    }
    there && can_isolate(test)
}

#[test]
fn a_pipe_gets_plain_lines_with_folds_as_headings() {
    if !can_isolate("a_pipe_gets_plain_lines_with_folds_as_headings") {
        return;
    }
    let config =
        format!("{HEAD}install: echo installing\nscript: printf '\\033[31mred\\033[0m\\n'\n");
    let ran = Working::new(&config).run(&[]).expect(0);
    assert!(!ran.out.contains(['\x1b', '\r']), "{:?}", ran.out);
    for line in ["▾ git.checkout", "▾ install", "installing", "red"] {
        assert!(
            ran.out.lines().any(|one| one == line),
            "{line}:\n{}",
            ran.out
        );
    }
    assert!(!ran.out.contains("travis_fold"), "{}", ran.out);
}

#[test]
fn a_terminal_gets_a_line_a_step() {
    if !has_script("a_terminal_gets_a_line_a_step") {
        return;
    }
    let config = format!(
        "{HEAD}install: echo quiet-setup\nscript:\n- echo fine\n- echo broken-words; exit 1\n"
    );
    let working = Working::new(&config);
    let seen = ran(in_terminal(&working, 60, "run").output().unwrap()).expect(1);
    let lasting = seen.out.replace("\x1b[2K", "\n");
    assert!(lasting.contains("\x1b[32m✓\x1b[0m"), "{lasting:?}");
    assert!(lasting.contains("\x1b[31m✗\x1b[0m"), "{lasting:?}");
    assert!(seen.out.contains("broken-words\r\n"), "{:?}", seen.out);
    let mut command = in_terminal(&working, 60, "run");
    let seen = ran(command.env("NO_COLOR", "1").output().unwrap()).expect(1);
    assert!(!seen.out.contains("\x1b[31m"), "{:?}", seen.out);
    let opened = ran(in_terminal(&working, 60, "run --open").output().unwrap()).expect(1);
    assert!(opened.out.contains("quiet-setup\r\n"), "{:?}", opened.out);
}

#[test]
fn a_narrow_terminal_is_not_overrun() {
    if !has_script("a_narrow_terminal_is_not_overrun") {
        return;
    }
    let long = "x".repeat(200);
    let config = format!("{HEAD}env: [LONG={long}, A=2]\nscript: echo {long}\n");
    let working = Working::new(&config);
    for words in ["run --list", "expand"] {
        let seen = ran(in_terminal(&working, 40, words).output().unwrap()).expect(0);
        for line in seen.out.lines() {
            assert!(visible(line) <= 40, "{words}: {line:?}");
        }
    }
    let seen = ran(in_terminal(&working, 40, "run --job 2").output().unwrap()).expect(0);
    for line in seen.out.lines().filter(|line| line.contains('✓')) {
        let last = line.rsplit("\x1b[2K").next().unwrap();
        assert!(visible(last) <= 40, "{line:?}");
    }
}

/// Columns of a line without its control sequences.
fn visible(line: &str) -> usize {
    let mut count = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => drop(chars.by_ref().find(char::is_ascii_alphabetic)),
            c if c.is_control() => {}
            _ => count += 1,
        }
    }
    count
}

#[test]
fn a_million_lines_pass_in_bounded_memory() {
    if !has_script("a_million_lines_pass_in_bounded_memory") {
        return;
    }
    let config = format!("{HEAD}script: seq 1 1000000\n");
    let working = Working::new(&config);
    let began = Instant::now();
    let seen = ran(in_terminal(&working, 80, "run").output().unwrap()).expect(0);
    assert!(
        seen.out.contains("999994 lines before"),
        "{:?}",
        &seen.out[seen.out.len() - 500..]
    );
    assert!(
        seen.out.len() < 4_000_000,
        "{} bytes were drawn",
        seen.out.len()
    );
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
}

/// Processes that have this word among their arguments.
fn processes(word: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.len() == 3 && words.contains(&word.as_bytes())
    })
    .count()
}

#[tokio::test]
async fn ctrl_c_ends_it_at_once_and_leaves_nothing() {
    if !can_isolate("ctrl_c_ends_it_at_once_and_leaves_nothing") {
        return;
    }
    // A number that no other process sleeps for.
    let seconds = format!("{}7654", std::process::id());
    let config = format!("{HEAD}script: echo begun; sleep {seconds}\n");
    let working = Working::new(&config);
    let temporary = working.beside("tmp");
    std::fs::create_dir(&temporary).unwrap();
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let mut child = working
            .command(&["run"])
            .env("TMPDIR", &temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        let mut seen = Vec::new();
        let end = Instant::now() + SOON;
        while !String::from_utf8_lossy(&seen).contains("\nbegun") {
            let mut piece = [0; 4096];
            let length = out.read(&mut piece).unwrap();
            assert!(length > 0 && Instant::now() < end, "it said no word");
            seen.extend_from_slice(&piece[..length]);
        }
        let pid = rustix::process::Pid::from_child(&child);
        let began = Instant::now();
        rustix::process::kill_process(pid, signal).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let status = child.wait().unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(status.code(), Some(130), "{rest}");
        assert!(rest.contains("canceled"), "{rest}");
        crate::support::until("the job's processes to be gone", SOON, || async {
            (processes(&seconds) == 0).then_some(())
        })
        .await;
        let left = std::fs::read_dir(&temporary).unwrap().count();
        assert_eq!(left, 0, "something was left in {}", temporary.display());
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    if !can_isolate("a_reader_that_has_seen_enough_ends_it") {
        return;
    }
    let config = format!("{HEAD}script: seq 1 100000\n");
    let working = Working::new(&config);
    let mut child = working
        .command(&["run"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let ended = ran(child.wait_with_output().unwrap());
    assert!(!ended.err.contains("error"), "{}", ended.err);
    assert_eq!(ended.code, 0);
}
