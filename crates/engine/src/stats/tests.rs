use super::*;
use travis_model::BuildId;

#[test]
fn a_span_has_a_hundred_slices_or_so_and_ends_now() {
    for hours in HOURS {
        let now = Timestamp(1_795_478_400_000 + 59_999);
        let slices = Slices::new(hours, now).unwrap();
        assert!(
            (11..=120).contains(&slices.count),
            "{hours}: {}",
            slices.count
        );
        let step = slices.minutes * MINUTE_MS;
        let end = slices.since().0 + i64::try_from(slices.count).unwrap() * step;
        assert!(slices.since().0 % step == 0 && end > now.0 && end - step <= now.0);
        assert_eq!(slices.place(slices.first - 1), None);
        assert_eq!(slices.place(now.0 / step), Some(slices.count - 1));
        assert_eq!(slices.place(now.0 / step + 1), None);
    }
    assert!(Slices::new(0, Timestamp(0)).is_err());
    assert!(Slices::new(721, Timestamp(0)).is_err());
}

#[test]
fn only_builds_that_ran_to_their_end_have_a_duration() {
    let end = |state, took, waits: &[i64]| BuildEnd {
        id: BuildId(1),
        number: 1,
        state,
        at: Timestamp(0),
        took,
        waits: waits.to_vec(),
    };
    let counts = BuildCounts::of(
        3,
        &[
            end(JobState::Passed, Some(10), &[1, 2]),
            end(JobState::Failed, Some(30), &[3]),
            end(JobState::Errored, Some(500), &[]),
            end(JobState::Canceled, Some(900), &[40]),
            end(JobState::Errored, None, &[]),
        ],
    );
    assert_eq!((counts.passed, counts.failed), (1, 1));
    assert_eq!((counts.errored, counts.canceled), (2, 1));
    assert_eq!(counts.duration, Spread::of(vec![10, 30]));
    assert_eq!(counts.waiting, Spread::of(vec![1, 2, 3, 40]));
}
