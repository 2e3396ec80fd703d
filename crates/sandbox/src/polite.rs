//! Jobs that get what nobody else wants: the idle classes of processors and disks, and the lowest
//! priority where there are no such classes.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, setpriority_process};

/// Idle classes are kept by all that a program starts.
const PROCESSORS: [&str; 3] = ["/usr/bin/chrt", "--idle", "0"];
const DISKS: [&str; 3] = ["/usr/bin/ionice", "-c", "3"];
/// The lowest priority.
const NICE: i32 = 19;
/// Kernels that group processes by session weigh the groups, not the processes: so the session
/// gets the lowest priority, too. Plain users may say so ten times a second, all together.
const SESSION: [&str; 4] = [
    "/bin/sh",
    "-c",
    "for i in 1 2 3 4 5; do { echo 19 >/proc/self/autogroup; } 2>/dev/null && break; sleep 0.1; done; exec \"$@\"",
    "travis-session",
];

/// The words before the command of a job that is polite.
pub(crate) fn words() -> &'static [&'static str] {
    static WORDS: OnceLock<Vec<&str>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut all = Vec::new();
        for words in [PROCESSORS, DISKS] {
            // Tried once: a container may forbid it.
            if works(&words) {
                all.extend(words);
            }
        }
        all
    })
}

/// The words between a session's making and its command, where sessions are weighed.
pub(crate) fn session_words() -> &'static [&'static str] {
    static WEIGHED: OnceLock<bool> = OnceLock::new();
    let weighed = WEIGHED.get_or_init(|| {
        fs::read_to_string("/proc/sys/kernel/sched_autogroup_enabled")
            .is_ok_and(|text| text.trim() == "1")
    });
    if *weighed { &SESSION } else { &[] }
}

/// Gives a process that was started a moment ago the lowest priority, and with it all that it will
/// start.
pub(crate) fn make_nice(process: Pid) {
    if let Err(error) = setpriority_process(Some(process), NICE) {
        tracing::debug!(%error, "a job's priority stays as it is");
    }
}

fn works(words: &[&str]) -> bool {
    words.split_first().is_some_and(|(program, rest)| {
        Command::new(program)
            .args(rest)
            .arg("/bin/true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}
