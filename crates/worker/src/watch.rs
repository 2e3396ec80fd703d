//! The clocks over a running script.

use std::time::Duration;

use tokio::time::Instant;
use travis_api::worker::Limits;

use crate::verdict::Stopped;

/// How long held-back output waits for its continuation.
const HELD_BACK: Duration = Duration::from_millis(500);
/// Limits beyond this are as good as none; keeps the sums of times in range.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// When what is due.
#[derive(Debug)]
pub(crate) struct Watch {
    total: Instant,
    silence: Duration,
    last_output: Instant,
    let_go: Option<Instant>,
    frozen: Option<Instant>,
}

/// What is due now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Stop the script.
    Stop(Stopped),
    /// Show what was held back.
    LetGo,
    Nothing,
}

impl Watch {
    /// Starts the clocks.
    pub(crate) fn start(limits: &Limits, now: Instant) -> Self {
        let span = |seconds| Duration::from_secs(seconds).min(LONGEST);
        Self {
            total: now + span(limits.total_seconds),
            silence: span(limits.silence_seconds),
            last_output: now,
            let_go: None,
            frozen: None,
        }
    }

    /// The script stands still, and its clocks with it.
    pub(crate) fn freeze(&mut self, now: Instant) {
        self.frozen.get_or_insert(now);
    }

    /// It goes on, and its clocks from where they were.
    pub(crate) fn thaw(&mut self, now: Instant) {
        if let Some(since) = self.frozen.take() {
            let still = now.saturating_duration_since(since);
            self.total += still;
            self.last_output += still;
        }
    }

    /// Output came; part of it may be held back.
    pub(crate) fn output(&mut self, now: Instant, held_back: bool) {
        self.last_output = now;
        self.let_go = held_back.then(|| now + HELD_BACK);
    }

    /// When to look again.
    pub(crate) fn next(&self) -> Instant {
        if let Some(since) = self.frozen {
            return self.let_go.unwrap_or(since + LONGEST);
        }
        let end = self.total.min(self.last_output + self.silence);
        self.let_go.map_or(end, |at| at.min(end))
    }

    /// What is due.
    pub(crate) fn due(&mut self, now: Instant) -> Due {
        let runs = self.frozen.is_none();
        if runs && now >= self.total {
            Due::Stop(Stopped::TotalTime)
        } else if runs && now >= self.last_output + self.silence {
            Due::Stop(Stopped::Silence)
        } else if self.let_go.is_some_and(|at| now >= at) {
            self.let_go = None;
            Due::LetGo
        } else {
            Due::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_total_and_held_back_output() {
        let limits = Limits {
            total_seconds: 100,
            silence_seconds: 30,
            log_bytes: 0,
            memory_bytes: None,
            processes: None,
        };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watch = Watch::start(&limits, start);
        assert_eq!(watch.next(), at(30));
        watch.output(at(20), true);
        assert_eq!(watch.next(), at(20) + HELD_BACK);
        assert_eq!(watch.due(at(21)), Due::LetGo);
        assert_eq!(watch.due(at(49)), Due::Nothing);
        assert_eq!(watch.due(at(50)), Due::Stop(Stopped::Silence));
        watch.output(at(90), false);
        assert_eq!(watch.next(), at(100));
        assert_eq!(watch.due(at(100)), Due::Stop(Stopped::TotalTime));
    }

    #[tokio::test(start_paused = true)]
    async fn frozen_time_counts_for_nothing() {
        let limits = Limits {
            total_seconds: 100,
            silence_seconds: 30,
            log_bytes: 0,
            memory_bytes: None,
            processes: None,
        };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watch = Watch::start(&limits, start);
        watch.freeze(at(10));
        assert!(watch.next() > at(100_000));
        assert_eq!(watch.due(at(200)), Due::Nothing);
        watch.freeze(at(20));
        watch.thaw(at(210));
        assert_eq!(watch.due(at(229)), Due::Nothing);
        assert_eq!(watch.due(at(230)), Due::Stop(Stopped::Silence));
        watch.output(at(299), false);
        assert_eq!(watch.due(at(300)), Due::Stop(Stopped::TotalTime));
    }
}
