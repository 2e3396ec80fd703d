//! Times as people say them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A whole number of seconds: `41 s`, `2 min 8 s`, `1 h 4 min`.
#[must_use]
pub fn duration(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// A measured time: `0.4 s`, else as [`duration`].
#[must_use]
pub fn measured(nanoseconds: u64) -> String {
    let tenths = (nanoseconds + 50_000_000) / 100_000_000;
    if tenths < 100 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    duration(i64::try_from((nanoseconds + 500_000_000) / 1_000_000_000).unwrap_or(i64::MAX))
}

/// How long ago: `just now`, `41 s ago`, `2 min ago`, `3 h ago`, `yesterday`, `6 days ago`, then
/// the date. A time to come, by a clock that runs ahead, is `just now` as well.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let seconds = now.duration_since(then).as_secs();
    match seconds {
        ..5 => return "just now".to_owned(),
        5..60 => return format!("{seconds} s ago"),
        60..3600 => return format!("{} min ago", seconds / 60),
        3600..86_400 => return format!("{} h ago", seconds / 3600),
        _ => {}
    }
    let date = then.to_zoned(zone.clone()).date();
    let today = now.to_zoned(zone.clone()).date();
    match today.duration_since(date).as_hours() / 24 {
        ..=1 => "yesterday".to_owned(),
        days @ 2..=6 => format!("{days} days ago"),
        _ => date.strftime("%-d %b %Y").to_string(),
    }
}

/// How long until: `in 41 s`, `in 2 min`, `in 3 h`, `in 6 days`.
#[must_use]
pub fn ahead(then: Timestamp, now: Timestamp) -> String {
    match then.duration_since(now).as_secs() {
        ..=0 => "over".to_owned(),
        seconds @ ..60 => format!("in {seconds} s"),
        seconds @ ..3600 => format!("in {} min", seconds / 60),
        seconds @ ..86_400 => format!("in {} h", seconds / 3600),
        seconds => format!("in {} days", seconds / 86_400),
    }
}

/// `1 job`, `2 jobs`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// Bytes in powers of 1000: `84 kB`, `1.2 MB`.
#[must_use]
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut unit = 0;
    let mut scale = 1_u64;
    while number / scale >= 1000 && unit + 1 < UNITS.len() {
        scale *= 1000;
        unit += 1;
    }
    let tenths = number / (scale / 10).max(1);
    if unit == 0 || tenths >= 100 {
        format!("{} {}", number / scale, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (seconds, text) in [
            (-3, "0 s"),
            (41, "41 s"),
            (120, "2 min"),
            (128, "2 min 8 s"),
            (3600, "1 h"),
            (3840, "1 h 4 min"),
        ] {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(measured(412_000_000), "0.4 s");
        assert_eq!(measured(9_960_000_000), "10 s");
        assert_eq!(measured(48_400_000_000), "48 s");
    }

    #[test]
    fn times_past() {
        let now: Timestamp = "2026-11-23T04:00:00Z".parse().unwrap();
        for (then, text) in [
            ("2026-11-23T04:00:09Z", "just now"),
            ("2026-11-23T03:59:57Z", "just now"),
            ("2026-11-23T03:59:19Z", "41 s ago"),
            ("2026-11-23T03:57:40Z", "2 min ago"),
            ("2026-11-23T00:30:00Z", "3 h ago"),
            ("2026-11-22T03:00:00Z", "yesterday"),
            ("2026-11-21T23:00:00Z", "2 days ago"),
            ("2026-11-17T23:00:00Z", "6 days ago"),
            ("2026-02-12T10:00:00Z", "12 Feb 2026"),
        ] {
            assert_eq!(ago(then.parse().unwrap(), now, &TimeZone::UTC), text);
        }
    }

    #[test]
    fn sizes() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1200, "1.2 kB"),
            (84_000, "84 kB"),
            (1_250_000, "1.2 MB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}
