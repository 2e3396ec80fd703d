//! When builds that are asked for again and again are due. Pure.

use crate::Timestamp;
use std::time::Duration;

/// How long after it was made a cron runs first.
pub const FIRST_AFTER: Duration = Duration::from_secs(60);
/// What counts as a recent build.
pub const RECENT: Duration = Duration::from_secs(24 * 3600);

const DAY_MS: i64 = 24 * 3600 * 1000;

/// How often a cron runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CronInterval {
    /// Every 24 hours.
    Daily,
    /// Every seven days.
    Weekly,
    /// On the same day of each month; on its last day where it has no such day.
    Monthly,
}

impl CronInterval {
    /// The word in the API and in rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Daily, Self::Weekly, Self::Monthly]
            .into_iter()
            .find(|interval| interval.as_str() == word)
    }

    /// The first time after `now` at which a cron made at `created` runs again. What was missed in
    /// between is not made up for: it ran once, late.
    #[must_use]
    pub fn next_after(self, created: Timestamp, now: Timestamp) -> Timestamp {
        match self {
            Self::Daily => steps(created, now, DAY_MS),
            Self::Weekly => steps(created, now, 7 * DAY_MS),
            Self::Monthly => {
                let (mut months, day) = month_of(created.0.div_euclid(DAY_MS));
                let time = created.0.rem_euclid(DAY_MS);
                let (this, _) = month_of(now.0.div_euclid(DAY_MS));
                months = months.max(this - 1);
                loop {
                    let last = first_day(months + 1) - first_day(months);
                    let at = Timestamp((first_day(months) + day.min(last - 1)) * DAY_MS + time);
                    if at > now && at > created {
                        return at;
                    }
                    months += 1;
                }
            }
        }
    }
}

fn steps(created: Timestamp, now: Timestamp, step: i64) -> Timestamp {
    let gone = now.0.saturating_sub(created.0).max(0) / step;
    Timestamp(created.0.saturating_add((gone + 1).saturating_mul(step)))
}

/// Months since March of the year 0, and the day in that month from 0, of a day since 1970.
/// Counted from March on, a year's leap day is its last: <https://howardhinnant.github.io/date_algorithms.html>.
fn month_of(day: i64) -> (i64, i64) {
    // Days since 0000-03-01; a month is 30.436875 days long on average.
    let mut months = (day + 719_468)
        .saturating_mul(1_000_000)
        .div_euclid(30_436_875);
    while first_day(months) > day {
        months -= 1;
    }
    while first_day(months + 1) <= day {
        months += 1;
    }
    (months, day - first_day(months))
}

/// The first day, since 1970, of a month counted as in [`month_of`].
const fn first_day(months: i64) -> i64 {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leaps + (153 * month + 2) / 5 - 719_468
}

#[cfg(test)]
mod tests;
