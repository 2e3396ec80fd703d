use super::*;
use proptest::prelude::*;

fn events() -> Vec<(&'static str, JobEvent)> {
    vec![
        ("enqueue", JobEvent::Enqueue),
        ("receive", JobEvent::Receive),
        ("start", JobEvent::Start),
        ("finish", JobEvent::Finish(Outcome::Passed)),
        ("lose1", JobEvent::Lose { lost: 1 }),
        ("lose3", JobEvent::Lose { lost: LOST_LIMIT }),
        ("cancel", JobEvent::Cancel),
        ("restart", JobEvent::Restart),
        ("settle", JobEvent::Settle(Outcome::Failed)),
        ("withdraw", JobEvent::Withdraw),
    ]
}

#[test]
fn the_whole_table_of_jobs() {
    let mut table = String::new();
    for state in JobState::ALL {
        for (name, event) in events() {
            let cell = match job_transition(state, event) {
                Ok(decision) => format!("{} {:?}", decision.next.as_str(), decision.effects),
                Err(rejected) => format!("- {rejected:?}"),
            };
            table.push_str(&format!("{:<9} {name:<8} {cell}\n", state.as_str()));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn an_ended_attempt_takes_nothing_more() {
    for state in [
        AttemptState::Finished,
        AttemptState::Lost,
        AttemptState::Refused,
    ] {
        for event in [
            AttemptEvent::Run,
            AttemptEvent::Finish(Outcome::Passed),
            AttemptEvent::Expire,
            AttemptEvent::Refuse,
        ] {
            assert_eq!(attempt_transition(state, event), Err(Rejected::Finished));
        }
    }
}

#[test]
fn exit_codes_mean_what_they_meant() {
    assert_eq!(
        [0, 1, 2, 86, 137].map(Outcome::of_exit_code),
        [
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Errored,
            Outcome::Errored,
            Outcome::Errored
        ]
    );
}

#[test]
fn words_are_read_back() {
    assert!(
        JobState::ALL
            .iter()
            .all(|state| JobState::parse(state.as_str()) == Some(*state))
    );
    assert!(
        AttemptState::ALL
            .iter()
            .all(|state| AttemptState::parse(state.as_str()) == Some(*state))
    );
}

proptest! {
    #[test]
    fn only_a_restart_or_the_word_of_others_leads_out_of_a_finished_state(steps in proptest::collection::vec(0usize..10, 0..40)) {
        let events = events();
        let mut state = JobState::Created;
        for step in steps {
            let (_, event) = events[step];
            if let Ok(decision) = job_transition(state, event) {
                // Others' words come after the end of a result that did not count.
                let late = matches!(event, JobEvent::Restart | JobEvent::Settle(_) | JobEvent::Withdraw);
                prop_assert!(!state.is_finished() || late);
                prop_assert!(decision.effects.contains(&JobEffect::RecomputeBuild));
                state = decision.next;
            }
        }
    }
}
