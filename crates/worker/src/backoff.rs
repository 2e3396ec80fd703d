//! How long to wait before trying again.

use std::time::Duration;

use aws_lc_rs::rand;

/// Doubling pauses with jitter, so that a server that comes back is not met by all workers at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            next: first,
            first,
            longest,
        }
    }

    /// For calls that belong to a running attempt: the lease lasts seconds.
    pub(crate) fn brisk() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(1))
    }

    /// Waits, longer each time.
    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.draw()).await;
    }

    /// The next pause: between half and all of a span that doubles.
    pub(crate) fn draw(&mut self) -> Duration {
        let mut byte = [0_u8; 1];
        // Without randomness there is no jitter, which only costs politeness.
        let _ = rand::fill(&mut byte);
        let whole = self.next;
        self.next = (self.next * 2).min(self.longest);
        whole / 2 + whole.mul_f64(f64::from(byte[0]) / 512.0)
    }

    /// It worked: start over with short pauses.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_its_limit_and_starts_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(400));
        for whole in [100, 200, 400, 400] {
            let drawn = backoff.draw().as_millis();
            assert!((whole / 2..=whole).contains(&drawn), "{drawn} of {whole}");
        }
        backoff.reset();
        assert!(backoff.draw() <= Duration::from_millis(100));
    }
}
