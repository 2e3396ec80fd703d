//! From a script's end to a job's outcome.

use travis_api::worker::Limits;
use travis_sandbox::{DEFAULT_PROCESSES, Exit};

/// What is reported of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: &'static str,
    pub(crate) exit_code: Option<i32>,
    pub(crate) reason: Option<String>,
    /// Put at the end of the log.
    pub(crate) last_words: String,
}

/// Why a script was stopped from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stopped {
    Canceled(String),
    TotalTime,
    Silence,
    LogFull,
}

impl Verdict {
    /// The script ended.
    pub(crate) fn of(exit: Exit, stopped: Option<&Stopped>, limits: &Limits) -> Self {
        let mut verdict = Self::of_end(exit, stopped, limits);
        if exit.process_limit && !matches!(verdict.outcome, "passed" | "canceled") {
            let most = limits.processes.unwrap_or(DEFAULT_PROCESSES);
            let text = format!("The job reached its limit of {most} processes and threads.");
            let words = format!("\n\n\x1b[31;1m{text}\x1b[0m\n");
            verdict.last_words.insert_str(0, &words);
            verdict.reason.get_or_insert(text);
        }
        verdict
    }

    fn of_end(exit: Exit, stopped: Option<&Stopped>, limits: &Limits) -> Self {
        if let Some(stopped) = stopped {
            return Self::stopped(stopped, limits);
        }
        if exit.oom && exit.code != Some(0) {
            let most = limits.memory_bytes.unwrap_or(0) >> 20;
            return Self::errored(format!(
                "The job used more than its {most} MB of memory and was stopped."
            ));
        }
        if let Some(signal) = exit.signal {
            let name = signal_name(signal);
            let mut verdict = Self::errored(format!("The job was ended by signal {signal}{name}."));
            verdict.exit_code = exit.code;
            return verdict;
        }
        let (outcome, reason) = match exit.code {
            Some(0) => ("passed", None),
            Some(1) => ("failed", None),
            Some(code) => (
                "errored",
                Some(format!("The script ended with code {code}.")),
            ),
            None => (
                "errored",
                Some("The job ended without an exit code.".to_owned()),
            ),
        };
        Self {
            outcome,
            exit_code: exit.code,
            reason,
            last_words: String::new(),
        }
    }

    fn stopped(stopped: &Stopped, limits: &Limits) -> Self {
        match stopped {
            Stopped::Canceled(reason) => Self {
                outcome: "canceled",
                exit_code: None,
                reason: Some(reason.clone()),
                last_words: format!("\n\nDone: the job was canceled.\n\n{reason}\n"),
            },
            Stopped::TotalTime => Self::errored(format!(
                "The job ran longer than the {} that a job may take in all and was stopped.",
                span(limits.total_seconds)
            )),
            Stopped::Silence => Self::errored(format!(
                "The job printed nothing for {}, the longest silence allowed, and was stopped. It may be stuck; let long steps print something now and then.",
                span(limits.silence_seconds)
            )),
            Stopped::LogFull => Self::errored(format!(
                "The job printed more than the {} bytes that a log may hold and was stopped.",
                limits.log_bytes
            )),
        }
    }

    /// The job could not be run, or not to its end.
    pub(crate) fn errored(reason: String) -> Self {
        Self {
            outcome: "errored",
            exit_code: None,
            last_words: format!("\n\n\x1b[31;1m{reason}\x1b[0m\n"),
            reason: Some(reason),
        }
    }
}

fn span(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (1, 0) => "1 minute".to_owned(),
        (minutes, 0) if minutes > 0 => format!("{minutes} minutes"),
        (0, 1) => "1 second".to_owned(),
        _ => format!("{seconds} seconds"),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        14 => " (SIGALRM)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU)",
        25 => " (SIGXFSZ)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        total_seconds: 3000,
        silence_seconds: 600,
        log_bytes: 4_500_000,
        memory_bytes: Some(512 << 20),
        processes: None,
    };

    fn of(code: Option<i32>, signal: Option<i32>, oom: bool) -> Verdict {
        let exit = Exit {
            code,
            signal,
            oom,
            ..Exit::default()
        };
        Verdict::of(exit, None, &LIMITS)
    }

    #[test]
    fn codes_signals_and_limits() {
        assert_eq!(of(Some(0), None, false).outcome, "passed");
        assert_eq!(of(Some(1), None, false).outcome, "failed");
        assert_eq!(of(Some(2), None, false).outcome, "errored");
        let signal = of(Some(139), Some(11), false);
        assert_eq!(signal.outcome, "errored");
        assert!(signal.reason.unwrap().contains("11 (SIGSEGV)"));
        let memory = of(Some(137), Some(9), true).reason.unwrap();
        assert_eq!(
            memory,
            "The job used more than its 512 MB of memory and was stopped."
        );
        // A job that survives the end of one of its processes decides for itself.
        assert_eq!(of(Some(0), None, true).outcome, "passed");

        let bomb = Exit {
            code: Some(1),
            process_limit: true,
            ..Exit::default()
        };
        let bomb = Verdict::of(bomb, None, &LIMITS);
        assert_eq!(bomb.outcome, "failed");
        assert!(bomb.last_words.contains("limit of 4096 processes"));

        let told = |stopped| Verdict::of(Exit::default(), Some(&stopped), &LIMITS);
        assert!(told(Stopped::TotalTime).last_words.contains("50 minutes"));
        assert!(told(Stopped::Silence).last_words.contains("10 minutes"));
        assert!(told(Stopped::LogFull).last_words.contains("4500000 bytes"));
        let canceled = told(Stopped::Canceled("By joe.".to_owned()));
        assert_eq!(canceled.outcome, "canceled");
        assert!(canceled.last_words.ends_with("\n\nBy joe.\n"));
    }
}
