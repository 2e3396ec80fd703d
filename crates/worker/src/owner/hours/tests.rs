use super::*;

fn window(days: &[&str], from: &str, to: &str, zone: &str) -> Window {
    Window::of(&Hours {
        days: days.iter().map(|day| (*day).to_owned()).collect(),
        from: from.to_owned(),
        to: to.to_owned(),
        zone: Some(zone.to_owned()),
    })
    .unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_on_which_it_begins() {
    // 2026-11-20 is a Friday.
    let nights = window(&["fri"], "22:00", "07:30", "UTC");
    for (time, open) in [
        ("2026-11-20T21:59:59Z", false),
        ("2026-11-20T22:00:00Z", true),
        ("2026-11-21T07:29:59Z", true),
        ("2026-11-21T07:30:00Z", false),
        ("2026-11-21T23:00:00Z", false),
        ("2026-11-20T03:00:00Z", false),
    ] {
        assert_eq!(nights.contains(at(time)), open, "{time}");
    }
}

#[test]
fn zones_and_their_changes_are_those_of_the_clock_on_the_wall() {
    let office = window(&[], "09:00", "17:00", "Europe/Berlin");
    assert!(office.contains(at("2026-07-01T07:00:00Z")));
    assert!(!office.contains(at("2026-12-01T07:00:00Z")));
    assert!(office.contains(at("2026-12-01T08:00:00Z")));
    // On 2026-10-25 at 03:00 clocks go back to 02:00: the hour comes twice.
    let night = window(&[], "02:00", "03:00", "Europe/Berlin");
    assert!(night.contains(at("2026-10-25T00:30:00Z")));
    assert!(night.contains(at("2026-10-25T01:30:00Z")));
    assert!(!night.contains(at("2026-10-25T02:00:00Z")));
    // On 2026-03-29 at 02:00 they go forward to 03:00: it does not come at all.
    for minutes in 0..24 * 60 {
        let now = at("2026-03-28T23:00:00Z") + minutes.minutes();
        assert!(!night.contains(now), "{now}");
    }
}

#[test]
fn the_whole_day_and_its_end() {
    let all = window(&["sat"], "00:00", "24:00", "UTC");
    assert!(all.contains(at("2026-11-21T00:00:00Z")));
    assert!(all.contains(at("2026-11-21T23:59:59Z")));
    assert!(!all.contains(at("2026-11-22T00:00:00Z")));
    let round = window(&["sat"], "06:00", "06:00", "UTC");
    assert!(round.contains(at("2026-11-22T05:59:00Z")));
    assert!(!round.contains(at("2026-11-22T06:00:00Z")));
}

#[test]
fn the_next_opening_is_told() {
    let nights = vec![vec![window(
        &["mon", "thu"],
        "22:00",
        "06:00",
        "Europe/Berlin",
    )]];
    let now = at("2026-11-20T12:00:00Z");
    assert!(!all_open(&nights, now));
    assert_eq!(
        next_opening(&nights, now).unwrap(),
        "Mon 22:00 (Europe/Berlin)"
    );
    assert!(all_open(&[Vec::new()], now));
    assert_eq!(next_opening(&[Vec::new()], now), None);
}

#[test]
fn nonsense_is_named() {
    let hours = |days: &[&str], from: &str, zone: Option<&str>| Hours {
        days: days.iter().map(|day| (*day).to_owned()).collect(),
        from: from.to_owned(),
        to: "07:00".to_owned(),
        zone: zone.map(str::to_owned),
    };
    for (wrong, word) in [
        (hours(&["someday"], "22:00", None), "someday"),
        (hours(&[], "25:00", None), "25:00"),
        (hours(&[], "24:01", None), "24:01"),
        (hours(&[], "22", None), "22"),
        (hours(&[], "-1:00", None), "-1:00"),
        (hours(&[], "22:00", Some("Moon/Base")), "Moon/Base"),
    ] {
        assert!(Window::of(&wrong).unwrap_err().contains(word), "{wrong:?}");
    }
}
