//! How fast one core is, so that a server can weigh what a machine gives.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::identity::{read_private, write_private};

/// The measurement's name in the data directory.
const FILE: &str = "speed.json";
/// Rounds that a reference core does in a millisecond: one of a server of 2020 (3 GHz).
const REFERENCE: f64 = 190_000.0;
/// How long one try takes.
const TRY: Duration = Duration::from_millis(8);
/// The best of so many counts: whatever disturbs a try only makes it slower.
const TRIES: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    percent: u32,
    /// Of which processor, by which version of the program.
    of: String,
}

/// Speed of one core in hundredths of a reference core. Measured once and kept in the data
/// directory, since a machine that is busy just now is no slower for it. Takes some tens of
/// milliseconds the first time. Blocks.
pub(crate) fn measured(data: &Path) -> Option<u32> {
    let path = data.join(FILE);
    let of = format!("{} {}", env!("CARGO_PKG_VERSION"), processor());
    if let Some(kept) = read_private::<Kept>(&path).filter(|kept| kept.of == of) {
        return Some(kept.percent);
    }
    let percent = measure();
    if let Err(error) = write_private(&path, &Kept { percent, of }) {
        tracing::debug!(%error, "the speed of this machine is measured again at the next start");
    }
    Some(percent)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "hundredths, bounded"
)]
fn measure() -> u32 {
    let best = (0..TRIES).map(|_| rounds_in(TRY)).fold(0.0, f64::max);
    ((best * 100.0 / REFERENCE).round() as u32).clamp(1, 10_000)
}

/// Rounds in a millisecond.
#[expect(clippy::cast_precision_loss, reason = "some millions")]
fn rounds_in(time: Duration) -> f64 {
    let begin = Instant::now();
    let mut rounds = 0_u64;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    loop {
        for _ in 0..10_000 {
            // A chain in which each step needs the one before, of what integer code does most.
            state ^= state >> 12;
            state ^= state << 25;
            state = state
                .wrapping_mul(0x2545_F491_4F6C_DD1D)
                .rotate_left((state & 31) as u32);
        }
        black_box(state);
        rounds += 10_000;
        let taken = begin.elapsed();
        if taken >= time {
            return rounds as f64 / (taken.as_secs_f64() * 1000.0);
        }
    }
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    name.and_then(|line| line.split_once(':')).map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |(_, name)| name.trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_measured_once() {
        let data = tempfile::tempdir().unwrap();
        let first = measured(data.path()).unwrap();
        assert!((1..=10_000).contains(&first), "{first}");
        assert_eq!(measured(data.path()), Some(first));
    }
}
