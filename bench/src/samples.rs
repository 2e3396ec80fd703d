//! Numbers of many samples.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds, sorted.
#[derive(Debug, Clone)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Of values in milliseconds.
    #[must_use]
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The value below which this share of the samples lies (nearest rank); 0 of no samples.
    #[must_use]
    pub fn percentile(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0
            .get(rank.clamp(1, self.0.len().max(1)) - 1)
            .copied()
            .unwrap_or_default()
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// The clock that bash reads, in milliseconds.
#[must_use]
pub fn wall_clock() -> f64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    since.as_secs_f64() * 1000.0
}

/// `$EPOCHREALTIME` in milliseconds.
#[must_use]
pub fn bash_time(text: &str) -> Option<f64> {
    // Some locales write a comma.
    let seconds: f64 = text.trim().replace(',', ".").parse().ok()?;
    Some(seconds * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let samples = Samples::new((1..=100).rev().map(f64::from).collect());
        assert_eq!(samples.percentile(0.5), 50.0);
        assert_eq!(samples.percentile(0.95), 95.0);
        assert_eq!(Samples::new(vec![7.0]).percentile(0.95), 7.0);
        assert_eq!(Samples::new(Vec::new()).percentile(0.5), 0.0);
    }

    #[test]
    fn bash_writes_seconds_with_a_point_or_a_comma() {
        assert_eq!(bash_time("12.500000\r"), Some(12_500.0));
        assert_eq!(bash_time("12,5"), Some(12_500.0));
        assert_eq!(bash_time("x"), None);
    }
}
