use super::*;
use crate::output::{Clock, Paint};
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn screen(width: usize) -> (Screen, Paper) {
    let paper = Paper::default();
    let screen = Screen {
        out: Box::new(paper.clone()),
        err: Box::new(io::sink()),
        terminal: true,
        paint: Paint { colors: false },
        width,
        height: 24,
        clock: Clock::system(),
    };
    (screen, paper)
}

/// What stands on a terminal's screen in the end, of what is used here.
fn stands(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let mut lines = vec![String::new()];
    let mut row = 0;
    let mut rest = text.as_str();
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\n' => {
                row += 1;
                if row == lines.len() {
                    lines.push(String::new());
                }
            }
            '\r' => {}
            '\x1b' => {
                let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                match rest.split_at(end) {
                    (up, tail) if tail.starts_with('A') => {
                        row -= up[1..].parse::<usize>().unwrap();
                    }
                    (_, tail) if tail.starts_with('K') => lines[row].clear(),
                    (_, tail) if tail.starts_with('J') => {
                        lines.truncate(row + 1);
                        lines[row].clear();
                    }
                    _ => {}
                }
                rest = &rest[end + 1..];
            }
            c => lines[row].push(c),
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn fold(name: &str, inner: &str) -> String {
    format!("travis_fold:start:{name}\r\x1b[0K{inner}travis_fold:end:{name}\r\x1b[0K")
}

fn timed(command: &str, printed: &str) -> String {
    format!(
        "travis_time:start:1\r\x1b[0K$ {command}\n{printed}\
         travis_time:end:1:start=0,finish=1,duration=1200000000,event=script\r\x1b[0K"
    )
}

fn shown(log: &str, outcome: &str, width: usize) -> Vec<String> {
    let mut all = Vec::new();
    for cut in [7, 1000] {
        let (mut screen, paper) = screen(width);
        let mut steps = Steps::new();
        for piece in log.as_bytes().chunks(cut) {
            steps.push(piece, &mut screen).unwrap();
            steps.tick(&mut screen).unwrap();
        }
        steps.finish(outcome, &mut screen).unwrap();
        let bytes = paper.0.lock().unwrap().clone();
        all.push(stands(&bytes));
    }
    assert_eq!(all[0], all[1], "it depends on how the log is cut");
    all.remove(0)
}

#[test]
fn a_job_that_passes_is_a_line_a_step() {
    let numbers: String = (1..=20).map(|n| format!("line {n}\n")).collect();
    let log = [
        "\x1b[33mA notice\x1b[0m\n",
        "travis_time:start:9\r\x1b[0K\x1b[33;1mSetting environment variables\x1b[0m\n$ export A=1\n\n\
         travis_time:end:9:start=0,finish=1,duration=1,event=env\r\x1b[0K",
        &fold("git.checkout", &timed("git clone x", "Cloning\n")),
        &fold("install.1", &timed("bundle install", "many\ngems\n")),
        &timed("make test", &numbers),
        "\x1b[32;1mThe command \"make test\" exited with 0.\x1b[0m\n\n",
        &fold("after_script", &timed("true", "")),
        "\nDone. Your build exited with 0.\n",
    ]
    .concat();
    assert_eq!(
        shown(&log, "passed", 80),
        [
            "A notice",
            "·     0.0 s  env            $ export A=1",
            "✓     1.2 s  git.checkout   $ git clone x",
            "✓     1.2 s  install.1      $ bundle install",
            "✓     1.2 s  script         $ make test",
            "  … 14 lines before; all of it: --open",
            "  line 15",
            "  line 16",
            "  line 17",
            "  line 18",
            "  line 19",
            "  line 20",
            "·     1.2 s  after_script   $ true",
        ]
    );
}

#[test]
fn what_broke_is_unfolded() {
    let log = [
        &fold("before_install", &timed("true", "")),
        &fold("install", &timed("npm ci", "no such\npackage\n")),
        "\x1b[31;1mThe command \"npm ci\" failed and exited with 7 during install.\x1b[0m\n\n\
         Your build has been stopped.\n",
    ]
    .concat();
    assert_eq!(
        shown(&log, "errored", 60),
        [
            "✓     1.2 s  before_install $ true",
            "✗     1.2 s  install        $ npm ci  exited with 7",
            "$ npm ci",
            "no such",
            "package",
        ]
    );
    let multiline = "set -x\nfalse";
    let log = [
        &timed(multiline, "+ false\n"),
        "\x1b[31;1mThe command \"set -x\nfalse\" exited with 1.\x1b[0m\n",
        "\nDone. Your build exited with 1.\n",
    ]
    .concat();
    assert_eq!(
        shown(&log, "failed", 60),
        [
            "✗     1.2 s  script         $ set -x  exited with 1",
            "$ set -x",
            "false",
            "+ false",
        ]
    );
}

#[test]
fn a_reason_in_red_breaks_the_step_before_it() {
    let log = [
        &fold("rvm", &timed("rvm use 1.8", "")),
        "\x1b[31;1mThere is no ruby 1.8 here.\x1b[0m Take another.\n\nYour build has been stopped.\n",
    ]
    .concat();
    let lines = shown(&log, "errored", 60);
    assert!(lines[0].starts_with('✗'), "{lines:?}");
    assert_eq!(lines[2], "There is no ruby 1.8 here. Take another.");
}

#[test]
fn a_command_that_ends_the_shell_is_what_broke() {
    let log = timed("exit 1", "");
    assert_eq!(
        shown(&log, "failed", 60),
        ["✗     1.2 s  script         $ exit 1", "$ exit 1"]
    );
    let log = [&log, "\nThe job was ended.\n", &fold("after_script", "x\n")].concat();
    let lines = shown(&log, "errored", 60);
    assert!(lines[0].starts_with('✓'), "{lines:?}");
    assert!(lines[2].starts_with('·'), "{lines:?}");
}

#[test]
fn what_is_stopped_keeps_its_last_lines() {
    let log = "travis_time:start:1\r\x1b[0K$ make\none\n10 %\r20 %\r30 %";
    let lines = shown(log, "canceled", 60);
    assert!(lines[0].starts_with('■'), "{lines:?}");
    assert_eq!(lines[1..], ["  one", "  30 %"]);
}

#[test]
fn nothing_is_wider_than_the_terminal_and_memory_is_bounded() {
    let (mut screen, paper) = screen(20);
    let mut steps = Steps::new();
    let begin = format!("travis_time:start:1\r\x1b[0K$ make {}\n", "x".repeat(300));
    steps.push(begin.as_bytes(), &mut screen).unwrap();
    let line = format!("{}\n", "wide ".repeat(40));
    for _ in 0..20_000 {
        steps.push(line.as_bytes(), &mut screen).unwrap();
    }
    steps.tick(&mut screen).unwrap();
    assert!(steps.open.as_ref().unwrap().kept().len() < 600_000);
    let lines = stands(&paper.0.lock().unwrap());
    assert!(lines.len() > 2);
    for line in &lines {
        assert!(crate::output::width(line) <= 20, "{line:?}");
    }
}
