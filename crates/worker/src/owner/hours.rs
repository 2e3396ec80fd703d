//! Windows of time in which a machine is lent. Pure.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use travis_api::lend::Hours;

/// The words for days, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_OF_DAY: u16 = 24 * 60;

/// A window of every week, by the clock on the wall: when clocks are put back its hours come
/// twice, when they are put forward some don't come at all, and its borders stay where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Days on which it begins, Monday first.
    days: [bool; 7],
    /// Minutes after midnight.
    from: u16,
    to: u16,
    zone: TimeZone,
}

impl Window {
    /// Reads one; the error says what is wrong.
    pub(crate) fn of(hours: &Hours) -> Result<Self, String> {
        let mut days = [hours.days.is_empty(); 7];
        for word in &hours.days {
            let known = DAYS.iter().position(|day| day.eq_ignore_ascii_case(word));
            let day = known.and_then(|at| days.get_mut(at)).ok_or_else(|| {
                format!("{word:?} is no day; write mon, tue, wed, thu, fri, sat or sun")
            })?;
            *day = true;
        }
        let zone = match &hours.zone {
            None => TimeZone::system(),
            Some(name) => TimeZone::get(name).map_err(|_| {
                format!("{name:?} is no time zone known here; write it like Europe/Berlin")
            })?,
        };
        Ok(Self {
            days,
            from: minutes(&hours.from)?,
            // Midnight at the end of a day may be written either way.
            to: minutes(&hours.to)? % MINUTES_OF_DAY,
            zone,
        })
    }

    /// Whether it is open now.
    pub(crate) fn contains(&self, now: Timestamp) -> bool {
        let here = now.to_zoned(self.zone.clone());
        let minute =
            u16::from(here.hour().unsigned_abs()) * 60 + u16::from(here.minute().unsigned_abs());
        let today = self.begins_on(here.date());
        if self.from < self.to {
            return today && (self.from..self.to).contains(&minute);
        }
        let yesterday = here
            .date()
            .yesterday()
            .is_ok_and(|date| self.begins_on(date));
        (today && minute >= self.from) || (yesterday && minute < self.to)
    }

    /// When it opens next, after now.
    pub(crate) fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let from = Time::new(
            i8::try_from(self.from / 60).ok()?,
            i8::try_from(self.from % 60).ok()?,
            0,
            0,
        )
        .ok()?;
        (0..=7)
            .filter_map(|ahead| today.checked_add(ahead.days()).ok())
            .filter(|date| self.begins_on(*date))
            .filter_map(|date| {
                let opening = date.to_datetime(from).to_zoned(self.zone.clone()).ok()?;
                Some(opening.timestamp())
            })
            .find(|opening| *opening > now)
    }

    /// Its zone, to tell people of times in it.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn begins_on(&self, date: Date) -> bool {
        let day = match date.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        self.days.get(day).copied().unwrap_or(false)
    }
}

/// `22:00` in minutes after midnight, to `24:00`.
fn minutes(text: &str) -> Result<u16, String> {
    let wrong = || format!("{text:?} is no time of day; write it like 22:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |text: &str| {
        let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<u16>().ok()).flatten()
    };
    match (digits(hour), digits(minute)) {
        (Some(hour), Some(minute)) if minute < 60 && minute_of(hour, minute) <= MINUTES_OF_DAY => {
            Ok(minute_of(hour, minute))
        }
        _ => Err(wrong()),
    }
}

fn minute_of(hour: u16, minute: u16) -> u16 {
    hour * 60 + minute
}

/// Whether all sets of windows are open; a set is open when it is empty or one of its windows is.
pub(crate) fn all_open(sets: &[Vec<Window>], now: Timestamp) -> bool {
    sets.iter()
        .all(|set| set.is_empty() || set.iter().any(|window| window.contains(now)))
}

/// The next time at which a closed set opens, as people read it: `Mon 22:00 (Europe/Berlin)`.
pub(crate) fn next_opening(sets: &[Vec<Window>], now: Timestamp) -> Option<String> {
    let closed = sets
        .iter()
        .filter(|set| !set.is_empty() && !set.iter().any(|window| window.contains(now)));
    // The last of them to open decides.
    let opens = |set: &Vec<Window>| {
        set.iter()
            .filter_map(|window| Some((window.opens(now)?, window.zone().clone())))
            .min_by_key(|(at, _)| *at)
    };
    let (at, zone) = closed.filter_map(opens).max_by_key(|(at, _)| *at)?;
    Some(at.to_zoned(zone).strftime("%a %H:%M (%Q)").to_string())
}

#[cfg(test)]
mod tests;
