//! How fast bytes may pass.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A burst holds what passes in this time.
const BURST: Duration = Duration::from_millis(100);
/// A burst holds a packet of the largest size at least.
const SMALLEST_BURST: f64 = 65_536.0;
/// What is taken at once, so that connections share what there is.
const PORTION: usize = 32 * 1024;

/// A token bucket that all jobs share.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    tokens: f64,
    since: Instant,
}

/// An answer of the bucket.
#[derive(Debug, PartialEq)]
pub(crate) enum Share {
    /// So many bytes may pass now.
    Bytes(usize),
    /// None for so long.
    Wait(Duration),
}

impl Bucket {
    /// Takes up to `wanted` bytes at `rate` bytes a second.
    pub(crate) fn take(&self, wanted: usize, rate: Option<u64>) -> Share {
        let Some(rate) = rate else {
            return Share::Bytes(wanted);
        };
        #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^52")]
        let rate = (rate.max(1)) as f64;
        let burst = (rate * BURST.as_secs_f64()).max(SMALLEST_BURST);
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = state.get_or_insert(State {
            tokens: burst,
            since: now,
        });
        let earned = now.duration_since(state.since).as_secs_f64() * rate;
        state.tokens = (state.tokens + earned).min(burst);
        state.since = now;
        if state.tokens < 1.0 {
            // Not for a few bytes: each portion costs work.
            let enough = 4096.0_f64.min(rate);
            return Share::Wait(Duration::from_secs_f64((enough - state.tokens) / rate));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the burst"
        )]
        let there_is = state.tokens as usize;
        let taken = wanted.min(PORTION).min(there_is);
        #[expect(clippy::cast_precision_loss, reason = "at most a portion")]
        let cost = taken as f64;
        state.tokens -= cost;
        Share::Bytes(taken)
    }

    /// Gives back what was taken and did not pass.
    pub(crate) fn give_back(&self, bytes: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = &mut *state {
            #[expect(clippy::cast_precision_loss, reason = "at most a portion")]
            let bytes = bytes as f64;
            state.tokens += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn over_a_second_the_rate_passes() {
        let bucket = Bucket::default();
        let rate = Some(1_000_000);
        let begin = Instant::now();
        let mut passed = 0;
        while passed < 5_000_000 {
            match bucket.take(1 << 20, rate) {
                Share::Bytes(bytes) => passed += bytes,
                Share::Wait(time) => tokio::time::sleep(time).await,
            }
        }
        let took = begin.elapsed().as_secs_f64();
        assert!((4.8..5.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_everything_passes_and_what_did_not_pass_is_given_back() {
        let bucket = Bucket::default();
        assert_eq!(bucket.take(1 << 30, None), Share::Bytes(1 << 30));
        let Share::Bytes(first) = bucket.take(PORTION, Some(10)) else {
            panic!("a burst passes");
        };
        bucket.give_back(first);
        assert_eq!(bucket.take(PORTION, Some(10)), Share::Bytes(PORTION));
        assert_eq!(bucket.take(PORTION, Some(10)), Share::Bytes(PORTION));
        assert!(matches!(bucket.take(1, Some(10)), Share::Wait(_)));
    }
}
