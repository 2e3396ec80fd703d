//! What is usual and what is bad among many values.

/// The middle of values and what all but a twentieth stay under.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many values there are.
    pub count: u64,
    /// Half of them are at most this.
    pub p50: Option<i64>,
    /// 95 of 100 are at most this.
    pub p95: Option<i64>,
}

impl Spread {
    /// Of these values; by nearest rank, so that each answer is one of them.
    #[must_use]
    pub fn of(mut values: Vec<i64>) -> Self {
        values.sort_unstable();
        Self {
            count: values.len() as u64,
            p50: at_rank(&values, 50),
            p95: at_rank(&values, 95),
        }
    }
}

fn at_rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_values_by_nearest_rank() {
        let of = |values: &[i64]| {
            let spread = Spread::of(values.to_vec());
            (spread.count, spread.p50, spread.p95)
        };
        assert_eq!(of(&[]), (0, None, None));
        assert_eq!(of(&[7]), (1, Some(7), Some(7)));
        assert_eq!(of(&[9, 1]), (2, Some(1), Some(9)));
        assert_eq!(of(&[3, 1, 2]), (3, Some(2), Some(3)));
        let hundred: Vec<i64> = (1..=100).rev().collect();
        assert_eq!(of(&hundred), (100, Some(50), Some(95)));
    }
}
