use super::*;
use proptest::prelude::*;

fn platform(executor: ExecutorKind) -> Platform {
    Platform {
        os: "linux".into(),
        arch: "amd64".into(),
        executor,
        strongest: executor,
    }
}

fn needs() -> Requirements {
    Requirements::of_config(&serde_json::json!({}))
}

fn machine(platform: &Platform, tier: Tier) -> Machine<'_> {
    Machine {
        platform,
        tier,
        tested: true,
        sees: false,
        lends: true,
        banned: false,
        only: &[],
        never: &[],
    }
}

#[test]
fn code_of_others_needs_isolation() {
    let (needs, host, namespace) = (
        needs(),
        platform(ExecutorKind::Host),
        platform(ExecutorKind::Namespace),
    );
    let job = Wanted {
        needs: &needs,
        repository: "acme/rocket",
        private: false,
    };
    for tier in Tier::ALL {
        let on_host = may_run(job, machine(&host, tier), None);
        assert_eq!(on_host.is_ok(), tier.is_trusted(), "{tier:?}");
        assert_eq!(may_run(job, machine(&namespace, tier), None), Ok(()));
        let strict = may_run(job, machine(&namespace, tier), Some(ExecutorKind::Vm));
        assert_eq!(strict, Err(Mismatch::Executor));
    }
    let mut mixed = platform(ExecutorKind::Namespace);
    mixed.strongest = ExecutorKind::Vm;
    let strict = may_run(
        job,
        machine(&mixed, Tier::Volunteer),
        Some(ExecutorKind::Vm),
    );
    assert_eq!(strict, Ok(()), "the strongest that it has counts");
}

#[test]
fn owners_choose_for_whom_they_lend() {
    let (needs, namespace) = (needs(), platform(ExecutorKind::Namespace));
    let only = ["acme/*".to_owned(), "Other/One".to_owned()];
    let never = ["acme/secret".to_owned()];
    let choosy = Machine {
        only: &only,
        never: &never,
        ..machine(&namespace, Tier::Volunteer)
    };
    let may = |repository| {
        let job = Wanted {
            needs: &needs,
            repository,
            private: false,
        };
        may_run(job, choosy, None)
    };
    assert_eq!(may("acme/rocket"), Ok(()));
    assert_eq!(may("other/one"), Ok(()));
    for refused in ["acme/secret", "other/two", "acmeish/rocket"] {
        assert_eq!(may(refused), Err(Mismatch::NotWanted), "{refused}");
    }
}

#[test]
fn leases_are_bounded_by_cores_and_by_trust() {
    assert_eq!(lease_cap(Tier::Quarantined, false, 64), 4);
    assert_eq!(lease_cap(Tier::Quarantined, false, 0), 2);
    assert_eq!(lease_cap(Tier::Volunteer, false, 64), 128);
    assert_eq!(lease_cap(Tier::Quarantined, true, 1), u32::MAX);
    assert_eq!(owner_cap(Tier::Quarantined, false), 8);
}

proptest! {
    #[test]
    fn what_is_hidden_untested_shut_out_or_not_lent_is_never_offered(
        tier in 0_usize..5, tested: bool, sees: bool, lends: bool, banned: bool, private: bool,
        executor in 0_usize..4,
    ) {
        let kinds = [ExecutorKind::Host, ExecutorKind::Namespace, ExecutorKind::Container, ExecutorKind::Vm];
        let (needs, platform) = (needs(), platform(kinds[executor]));
        let tier = Tier::ALL[tier];
        let job = Wanted { needs: &needs, repository: "a/b", private };
        let machine = Machine { tested, sees, lends, banned, ..machine(&platform, tier) };
        if may_run(job, machine, None).is_ok() {
            prop_assert!(lends && !banned);
            prop_assert!(tested || tier.is_trusted());
            prop_assert!(!private || sees || tier == Tier::Attested);
            prop_assert!(executor > 0 || tier.is_trusted());
        }
    }
}
