use proptest::prelude::*;

use super::*;

fn patterns() -> impl Strategy<Value = Vec<String>> {
    let pattern = prop_oneof![
        Just("acme/rocket".to_owned()),
        Just("Acme/*".to_owned()),
        Just("acme/lander".to_owned()),
        Just("other/*".to_owned()),
        Just("*".to_owned()),
    ];
    proptest::collection::vec(pattern, 0..4)
}

fn lending() -> impl Strategy<Value = Lending> {
    let numbers = (
        proptest::option::of(1..8_u32),
        proptest::option::of(1..=100_u32),
        proptest::option::of(0..1000_u64),
    );
    let egress = proptest::option::of(prop_oneof![
        Just(Egress::None),
        Just(Egress::Registries),
        Just(Egress::Internet)
    ]);
    (numbers, any::<[bool; 3]>(), patterns(), patterns(), egress).prop_map(
        |((slots, percent, bytes), flags, only, never, egress)| Lending {
            slots,
            cores_percent: percent,
            memory_percent: percent,
            disk_bytes: bytes,
            bytes_per_second: bytes,
            bytes_per_month: bytes,
            only_when_idle: flags[0],
            only_on_mains: flags[1],
            only_unmetered: flags[2],
            hours: Vec::new(),
            only_repositories: only,
            never_repositories: never,
            egress,
        },
    )
}

/// Whether one gives nothing that the other withholds.
fn within(one: &Lending, other: &Lending) -> bool {
    fn at_most<T: PartialOrd>(one: Option<T>, other: Option<T>) -> bool {
        match (one, other) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(one), Some(other)) => one <= other,
        }
    }
    at_most(one.slots, other.slots)
        && at_most(one.cores_percent, other.cores_percent)
        && at_most(one.disk_bytes, other.disk_bytes)
        && at_most(one.bytes_per_month, other.bytes_per_month)
        && at_most(one.egress, other.egress)
        && one.only_when_idle >= other.only_when_idle
        && one.only_on_mains >= other.only_on_mains
        && one.only_unmetered >= other.only_unmetered
        && ["acme/rocket", "ACME/lander", "other/thing", "third/one"]
            .iter()
            .all(|repository| may_run(other, repository) || !may_run(one, repository))
}

proptest! {
    #[test]
    fn neither_place_gives_what_the_other_withholds(file in lending(), page in lending()) {
        let both = stricter(&file, &page);
        prop_assert!(within(&both, &file), "{both:?} gives more than {file:?}");
        prop_assert!(within(&both, &page), "{both:?} gives more than {page:?}");
    }

    #[test]
    fn saying_nothing_takes_nothing(file in lending()) {
        let nothing = Lending::default();
        let mut once = file.clone();
        once.never_repositories = stricter(&file, &nothing).never_repositories;
        prop_assert_eq!(stricter(&file, &nothing), once);
    }
}

#[test]
fn patterns_name_repositories_and_owners() {
    let lending = Lending {
        only_repositories: vec!["acme/*".to_owned(), "me/tool".to_owned()],
        never_repositories: vec!["acme/miner".to_owned()],
        ..Lending::default()
    };
    assert!(may_run(&lending, "Acme/rocket"));
    assert!(may_run(&lending, "me/tool"));
    assert!(!may_run(&lending, "acme/miner"));
    assert!(!may_run(&lending, "acmes/rocket"));
    assert!(!may_run(&lending, "me/other"));
}
