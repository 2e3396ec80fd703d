use super::*;
use proptest::prelude::*;

const DAY: i64 = 24 * 3600 * 1000;

fn tested() -> Standing {
    Standing {
        known_passed: KNOWN_ANSWERS,
        since: Some(Timestamp(0)),
        ..Standing::default()
    }
}

fn times(mut standing: Standing, event: &StandingEvent, n: u32, now: Timestamp) -> Standing {
    for _ in 0..n {
        standing = standing.after(event.clone(), now);
    }
    standing
}

#[test]
fn each_step_has_its_condition() {
    let now = Timestamp(9 * DAY);
    let fresh = Standing {
        since: Some(Timestamp(0)),
        ..Standing::default()
    };
    let untested = times(fresh.clone(), &StandingEvent::Agreed, 500, now);
    assert_eq!(untested.earned, Tier::Quarantined);
    let two = times(fresh, &StandingEvent::KnownPassed, 2, now);
    assert!(!two.is_tested());
    let three = two.after(StandingEvent::KnownPassed, now);
    assert!(three.is_tested());
    let nine = times(three, &StandingEvent::Agreed, 9, now);
    assert_eq!(nine.earned, Tier::Quarantined);
    let ten = nine.after(StandingEvent::Agreed, now);
    assert_eq!(ten.earned, Tier::Probation);
    let ninety_nine = times(ten, &StandingEvent::Agreed, 89, now);
    assert_eq!(ninety_nine.earned, Tier::Probation);
    let young = ninety_nine
        .clone()
        .after(StandingEvent::Agreed, Timestamp(7 * DAY));
    assert_eq!(young.earned, Tier::Probation);
    let mut unreliable = ninety_nine.clone();
    (unreliable.kept, unreliable.broken) = (97, 3);
    assert_eq!(
        unreliable.clone().after(StandingEvent::Agreed, now).earned,
        Tier::Probation
    );
    // What was handed back properly counts as kept.
    (unreliable.kept, unreliable.yielded, unreliable.broken) = (10, 88, 2);
    for standing in [ninety_nine, unreliable] {
        assert_eq!(
            standing.after(StandingEvent::Agreed, now).earned,
            Tier::Volunteer
        );
    }
}

#[test]
fn one_false_result_leads_to_quarantine_and_two_out() {
    let now = Timestamp(9 * DAY);
    let volunteer = Standing {
        earned: Tier::Volunteer,
        streak: 1000,
        agreed: 1000,
        ..tested()
    };
    let caught = volunteer.clone().after(StandingEvent::ProvenFalse, now);
    assert_eq!(
        (caught.earned, caught.streak, caught.is_out()),
        (Tier::Quarantined, 0, false)
    );
    assert!(caught.after(StandingEvent::ProvenFalse, now).is_out());
    // One that is contradicted keeps its tier; a row of them is no accident.
    let doubted = volunteer.after(StandingEvent::Doubted, now);
    assert_eq!((doubted.earned, doubted.streak), (Tier::Volunteer, 0));
    let again = times(doubted, &StandingEvent::Doubted, DOUBTS - 1, now);
    assert_eq!((again.earned, again.proven_false), (Tier::Quarantined, 1));
}

#[test]
fn the_operators_word_and_relations_come_on_top() {
    let plain = tested();
    assert_eq!(tier_towards(&plain, Relation::Stranger), Tier::Quarantined);
    assert_eq!(tier_towards(&plain, Relation::Owner), Tier::Bound);
    assert_eq!(tier_towards(&plain, Relation::Operator), Tier::Attested);
    let fixed = |tier| Standing {
        fixed: Some(tier),
        ..tested()
    };
    assert_eq!(
        tier_towards(&fixed(Tier::Attested), Relation::Stranger),
        Tier::Attested
    );
    assert_eq!(
        tier_towards(&fixed(Tier::Volunteer), Relation::Owner),
        Tier::Bound
    );
    assert_eq!(
        tier_towards(&fixed(Tier::Volunteer), Relation::Operator),
        Tier::Volunteer
    );
    for relation in [Relation::Stranger, Relation::Owner, Relation::Operator] {
        let shunned = tier_towards(&fixed(Tier::Quarantined), relation);
        assert_eq!(shunned, Tier::Quarantined);
    }
}

fn event() -> impl Strategy<Value = StandingEvent> {
    prop_oneof![
        Just(StandingEvent::KnownPassed),
        Just(StandingEvent::KnownFailed("broken".to_owned())),
        Just(StandingEvent::Agreed),
        Just(StandingEvent::Doubted),
        Just(StandingEvent::ProvenFalse),
        Just(StandingEvent::Kept),
        Just(StandingEvent::Yielded),
        Just(StandingEvent::Broken),
        Just(StandingEvent::OwnerDistrusted),
    ]
}

proptest! {
    #[test]
    fn nothing_that_is_earned_is_trusted_and_no_step_is_skipped(
        events in proptest::collection::vec((event(), 0_i64..DAY), 0..300)
    ) {
        let mut standing = Standing { since: Some(Timestamp(0)), ..Standing::default() };
        let mut now = Timestamp(0);
        for (event, later) in events {
            now = Timestamp(now.0 + later);
            let before = standing.clone();
            standing = standing.after(event.clone(), now);
            prop_assert!(standing.earned <= Tier::Volunteer);
            prop_assert!(tier_towards(&standing, Relation::Stranger) <= Tier::Volunteer);
            if standing.earned > before.earned {
                prop_assert!(standing.is_tested() && standing.streak >= ON_PROBATION || standing.agreed >= VOLUNTEER);
                prop_assert!(standing.earned as u8 == before.earned as u8 + 1);
            }
            if event == StandingEvent::ProvenFalse {
                prop_assert_eq!(standing.earned, Tier::Quarantined);
            }
            // Time-outs and crashes cost reliability, not trust.
            if matches!(event, StandingEvent::Broken | StandingEvent::Yielded | StandingEvent::Kept) {
                prop_assert!(standing.earned >= before.earned);
                prop_assert_eq!(standing.streak, before.streak);
            }
        }
    }
}
