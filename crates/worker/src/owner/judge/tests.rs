use proptest::prelude::*;
use travis_api::lend::Hours;

use super::*;

const LOOK: Duration = Duration::from_millis(250);

fn idle_only() -> Rules {
    Rules {
        slots: 2,
        only_when_idle: true,
        ..Rules::default()
    }
}

fn seen(at: Duration, others: f64) -> Seen {
    Seen {
        at,
        others_percent: Some(others),
        ..Seen::default()
    }
}

/// Looks four times a second for so long; gives the last stand.
fn look_on(judge: &mut Judge, rules: &Rules, from: f64, to: f64, others: f64) -> Stand {
    let (mut at, to) = (Duration::from_secs_f64(from), Duration::from_secs_f64(to));
    loop {
        let stand = judge.look(rules, Word::default(), &seen(at, others));
        at += LOOK;
        if at > to {
            return stand;
        }
    }
}

#[test]
fn the_owner_comes_stays_and_leaves() {
    let (mut judge, rules) = (Judge::default(), idle_only());
    assert_eq!(look_on(&mut judge, &rules, 0.0, 30.0, 3.0).slots, 2);
    // Half of the machine: after two looks there is no doubt.
    let stand = look_on(&mut judge, &rules, 30.25, 30.5, 50.0);
    assert_eq!(
        (stand.state, stand.freeze, stand.hand_back),
        (PresenceState::OwnerActive, true, false)
    );
    let stand = look_on(&mut judge, &rules, 30.75, 90.25, 50.0);
    assert!(stand.freeze && !stand.hand_back, "{stand:?}");
    let stand = look_on(&mut judge, &rules, 90.5, 90.75, 50.0);
    assert!(stand.hand_back, "{stand:?}");
    // Gone: thawed after ten seconds, lent after three minutes.
    let stand = look_on(&mut judge, &rules, 91.0, 100.0, 1.0);
    assert!(stand.freeze);
    let stand = look_on(&mut judge, &rules, 100.25, 105.0, 1.0);
    assert_eq!(
        (stand.freeze, stand.slots, stand.state),
        (false, 0, PresenceState::OwnerActive)
    );
    assert_eq!(look_on(&mut judge, &rules, 105.25, 275.0, 1.0).slots, 2);
}

#[test]
fn the_first_sign_is_before_the_freeze() {
    let (mut judge, rules) = (Judge::default(), idle_only());
    look_on(&mut judge, &rules, 0.0, 30.0, 3.0);
    let stand = look_on(&mut judge, &rules, 30.25, 30.75, 50.0);
    assert!(stand.freeze);
    // They may have begun right after the last quiet look.
    assert_eq!(stand.sign, Duration::from_secs(30));
    // Typed between two looks.
    let (mut judge, typed) = (Judge::default(), Duration::from_millis(100));
    look_on(&mut judge, &rules, 0.0, 10.0, 0.0);
    let key = Seen {
        input_ago: Some(typed),
        ..seen(Duration::from_millis(10_250), 0.0)
    };
    let stand = judge.look(&rules, Word::default(), &key);
    assert_eq!(stand.sign, Duration::from_millis(10_150));
    // A word is its own sign.
    let word = Word {
        paused: true,
        ..Word::default()
    };
    let stand = Judge::default().look(&rules, word, &seen(LOOK * 8, 0.0));
    assert_eq!((stand.freeze, stand.sign), (true, LOOK * 8));
}

#[test]
fn a_short_visit_costs_nothing() {
    let (mut judge, rules) = (Judge::default(), idle_only());
    assert!(look_on(&mut judge, &rules, 0.0, 20.0, 90.0).freeze);
    let mut handed_back = false;
    for quarter in 81..200_u32 {
        handed_back |= judge
            .look(&rules, Word::default(), &seen(LOOK * quarter, 0.0))
            .hand_back;
    }
    assert!(!handed_back);
    assert!(!look_on(&mut judge, &rules, 50.0, 50.0, 0.0).freeze);
}

#[test]
fn one_loud_moment_is_nobody() {
    let (mut judge, rules) = (Judge::default(), idle_only());
    for quarter in 0..400_u32 {
        let others = if quarter % 4 == 0 { 70.0 } else { 0.5 };
        let stand = judge.look(&rules, Word::default(), &seen(LOOK * quarter, others));
        assert_eq!(stand.slots, 2, "{quarter}");
    }
}

#[test]
fn a_key_is_enough() {
    let (mut judge, rules) = (Judge::default(), idle_only());
    look_on(&mut judge, &rules, 0.0, 10.0, 0.0);
    let key = Seen {
        input_ago: Some(Duration::from_millis(100)),
        ..seen(Duration::from_secs(11), 0.0)
    };
    assert!(judge.look(&rules, Word::default(), &key).freeze);
    let machine_for_all = Rules {
        only_when_idle: false,
        ..rules
    };
    assert_eq!(judge.look(&machine_for_all, Word::default(), &key).slots, 2);
}

#[test]
fn each_rule_has_its_word() {
    use PresenceState as P;
    let night = Window::of(&Hours {
        from: "22:00".to_owned(),
        to: "06:00".to_owned(),
        zone: Some("UTC".to_owned()),
        ..Hours::default()
    })
    .unwrap();
    let rules = Rules {
        slots: 2,
        only_on_mains: true,
        only_unmetered: true,
        hours: vec![vec![night]],
        month_bytes: Some(100),
        disk_bytes: Some(1000),
        thresholds: Thresholds {
            hot_celsius: Some(80.0),
            ..Thresholds::default()
        },
        ..Rules::default()
    };
    let good = Seen {
        time: "2026-11-20T23:00:00Z".parse().unwrap(),
        celsius: Some(50.0),
        disk_free: Some(1 << 40),
        ..Seen::default()
    };
    let look = |seen: &Seen, word: Word| Judge::default().look(&rules, word, seen);
    let state = |seen: Seen| {
        let stand = look(&seen, Word::default());
        (stand.state, stand.freeze, stand.hand_back)
    };
    assert_eq!(state(good.clone()), (P::Lending, false, false));
    assert_eq!(
        state(Seen {
            time: "2026-11-20T12:00:00Z".parse().unwrap(),
            ..good.clone()
        }),
        (P::OutsideHours, true, true)
    );
    assert_eq!(
        state(Seen {
            on_battery: Some(true),
            ..good.clone()
        }),
        (P::OnBattery, true, false)
    );
    assert_eq!(
        state(Seen {
            celsius: Some(80.0),
            ..good.clone()
        }),
        (P::TooHot, true, false)
    );
    assert_eq!(
        state(Seen {
            metered: Some(true),
            ..good.clone()
        }),
        (P::Metered, true, false)
    );
    assert_eq!(
        state(Seen {
            month_bytes: 100,
            ..good.clone()
        }),
        (P::NetworkUsedUp, true, true)
    );
    assert_eq!(
        state(Seen {
            disk_free: Some(5),
            ..good.clone()
        }),
        (P::DiskFull, false, false)
    );
    assert_eq!(
        state(Seen {
            disk_used: Some(1000),
            ..good.clone()
        }),
        (P::DiskFull, false, false)
    );
    let paused = look(
        &good,
        Word {
            paused: true,
            ..Word::default()
        },
    );
    assert_eq!((paused.state, paused.freeze), (P::Paused, true));
    let draining = look(
        &good,
        Word {
            draining: true,
            ..Word::default()
        },
    );
    assert_eq!(
        (draining.state, draining.freeze, draining.slots),
        (P::Draining, false, 0)
    );
}

#[test]
fn what_is_hot_has_to_cool_down() {
    let rules = Rules {
        slots: 1,
        thresholds: Thresholds {
            hot_celsius: Some(80.0),
            ..Thresholds::default()
        },
        ..Rules::default()
    };
    let mut judge = Judge::default();
    let states: Vec<bool> = [79.0, 81.0, 78.0, 76.0, 75.0, 78.0]
        .into_iter()
        .map(|celsius| {
            let seen = Seen {
                celsius: Some(celsius),
                ..Seen::default()
            };
            judge.look(&rules, Word::default(), &seen).freeze
        })
        .collect();
    assert_eq!(states, [false, true, true, true, false, false]);
}

proptest! {
    #[test]
    fn what_is_decided_fits_together(
        looks in proptest::collection::vec((0.0..100.0_f64, proptest::option::of(0..300_u64), any::<[bool; 4]>()), 1..200),
        slots in 0..5_u32,
    ) {
        let rules = Rules { slots, only_on_mains: true, ..idle_only() };
        let mut judge = Judge::default();
        let mut frozen_since = None;
        for (number, (others, input, flags)) in looks.into_iter().enumerate() {
            let at = LOOK * u32::try_from(number).unwrap();
            let seen = Seen {
                input_ago: input.map(Duration::from_secs),
                on_battery: Some(flags[0]),
                ..seen(at, others)
            };
            let word = Word { paused: flags[1] && flags[2], draining: flags[3], ..Word::default() };
            let stand = judge.look(&rules, word, &seen);
            prop_assert!(stand.slots <= slots);
            prop_assert!(!stand.freeze || stand.slots == 0);
            prop_assert!(!stand.hand_back || stand.freeze);
            prop_assert_eq!(stand.slots > 0, stand.state == PresenceState::Lending && slots > 0);
            prop_assert!(!word.paused || stand.freeze);
            prop_assert!(stand.since <= at);
            prop_assert!(!stand.text.is_empty());
            if stand.freeze {
                let since = *frozen_since.get_or_insert(at);
                prop_assert_eq!(stand.hand_back, at - since >= rules.thresholds.yield_after);
            } else {
                frozen_since = None;
            }
        }
    }

    #[test]
    fn little_use_by_others_never_stops_a_job(looks in proptest::collection::vec(0.0..25.0_f64, 1..300)) {
        let mut judge = Judge::default();
        for (number, others) in looks.into_iter().enumerate() {
            let at = LOOK * u32::try_from(number).unwrap();
            prop_assert_eq!(judge.look(&idle_only(), Word::default(), &seen(at, others)).slots, 2);
        }
    }

    #[test]
    fn use_by_others_stops_jobs_within_a_second(before in 0..100_u32, others in 25.5..100.0_f64) {
        let (mut judge, rules) = (Judge::default(), idle_only());
        for look in 0..before {
            judge.look(&rules, Word::default(), &seen(LOOK * look, 0.0));
        }
        let frozen = (0..4_u32).any(|look| judge.look(&rules, Word::default(), &seen(LOOK * (before + look), others)).freeze);
        prop_assert!(frozen);
    }
}

#[test]
fn a_little_work_of_the_owners_has_a_core_of_its_own_while_jobs_run_on() {
    let (mut judge, rules) = (Judge::default(), idle_only());
    let mut look = |rules: &Rules, ms: u64, cores: f64| {
        let seen = Seen {
            others_cores: Some(cores),
            cores: 2,
            ..seen(Duration::from_millis(ms), cores * 50.0)
        };
        judge.look(rules, Word::default(), &seen)
    };
    assert_eq!(look(&rules, 0, 0.01).leave, 0);
    let stand = look(&rules, 250, 0.17);
    assert_eq!((stand.leave, stand.freeze), (1, false));
    assert_eq!(look(&rules, 2000, 0.0).leave, 1);
    assert_eq!(look(&rules, 2250, 0.0).leave, 0);
    // Lent also while somebody uses it: they share.
    assert_eq!(look(&Rules::default(), 4500, 0.5).leave, 0);
}
