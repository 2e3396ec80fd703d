use super::*;

const HOUR: i64 = 3_600_000;
/// 2026-01-31T10:00:00Z
const JANUARY: Timestamp = Timestamp(1_769_853_600_000);

fn days(count: i64) -> Timestamp {
    Timestamp(JANUARY.0 + count * DAY_MS)
}

#[test]
fn words_are_the_original_s() {
    for word in ["daily", "weekly", "monthly"] {
        assert_eq!(CronInterval::parse(word).unwrap().as_str(), word);
    }
    assert_eq!(CronInterval::parse("hourly"), None);
}

#[test]
fn days_and_weeks_are_counted_from_the_beginning() {
    let daily = CronInterval::Daily;
    assert_eq!(daily.next_after(JANUARY, JANUARY), days(1));
    assert_eq!(daily.next_after(JANUARY, Timestamp(days(1).0 - 1)), days(1));
    assert_eq!(daily.next_after(JANUARY, days(1)), days(2));
    // A server that was away for ten days runs once and goes on in the rhythm.
    assert_eq!(
        daily.next_after(JANUARY, Timestamp(days(10).0 + HOUR)),
        days(11)
    );
    assert_eq!(CronInterval::Weekly.next_after(JANUARY, days(8)), days(14));
    // A clock that was set back asks for nothing early.
    assert_eq!(daily.next_after(JANUARY, Timestamp(0)), days(1));
}

#[test]
fn months_end_where_they_end() {
    let next = |now| CronInterval::Monthly.next_after(JANUARY, now);
    // 28 February, 31 March, 30 April.
    assert_eq!(next(JANUARY), days(28));
    assert_eq!(next(days(28)), days(59));
    assert_eq!(next(days(59)), days(89));
    // 29 February 2028, a leap year.
    assert_eq!(next(days(730)), days(759));
    assert_eq!(next(Timestamp(0)), days(28));
}

#[test]
fn every_day_of_four_centuries_is_in_its_month() {
    let mut before = month_of(-1);
    for day in 0..146_097 {
        let (month, place) = month_of(day);
        if place == 0 {
            assert_eq!(month, before.0 + 1, "day {day}");
        } else {
            assert_eq!((month, place), (before.0, before.1 + 1), "day {day}");
        }
        assert!(place < 31);
        before = (month, place);
    }
}
