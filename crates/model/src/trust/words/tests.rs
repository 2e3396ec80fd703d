use super::*;
use proptest::prelude::*;

fn word(worker: i64, owner: i64, tier: Tier, passed: bool) -> Word {
    Word {
        worker: WorkerId(worker),
        owner: UserId(owner),
        network: None,
        tier,
        said: Said {
            outcome: if passed {
                Outcome::Passed
            } else {
                Outcome::Failed
            },
            exit_code: Some(i32::from(!passed)),
        },
    }
}

use Tier::{Attested as A, Bound as B, Probation as P, Quarantined as Q, Volunteer as V};

#[test]
fn what_follows_from_the_words() {
    let judged = |words: &[(Tier, bool)]| {
        let words: Vec<Word> = words
            .iter()
            .zip(1..)
            .map(|((tier, passed), n)| word(n, n, *tier, *passed))
            .collect();
        let judgement = judge(&words);
        let verdicts: String = judgement
            .verdicts
            .iter()
            .map(|(at, verdict)| format!(" {at}:{verdict:?}"))
            .collect();
        format!(
            "{}{}{}{verdicts}",
            judgement
                .stands
                .map_or("provisional".to_owned(), |at| format!("{at} stands")),
            match judgement.wanted {
                None => "",
                Some(false) => ", second wanted",
                Some(true) => ", trusted wanted",
            },
            if judgement.flaky { ", flaky" } else { "" },
        )
    };
    for (words, result) in [
        (&[(Q, true)][..], "provisional, second wanted"),
        (&[(P, true)], "provisional, second wanted"),
        (&[(V, true)], "0 stands, second wanted"),
        (&[(Q, true), (Q, true)], "0 stands 0:Agreed 1:Agreed"),
        (&[(Q, true), (B, true)], "0 stands 0:Agreed"),
        (&[(Q, true), (V, false)], "provisional, trusted wanted"),
        (&[(Q, true), (B, false)], "provisional, trusted wanted"),
        (&[(V, true), (B, false)], "0 stands, trusted wanted"),
        // The third decides; a forged success is looked at once more before anybody is blamed.
        (
            &[(Q, true), (V, false), (B, false)],
            "2 stands, trusted wanted",
        ),
        (
            &[(Q, true), (B, false), (B, false)],
            "1 stands, trusted wanted",
        ),
        (
            &[(Q, true), (B, false), (B, false), (A, false)],
            "1 stands 0:False",
        ),
        (
            &[(Q, true), (V, false), (B, false), (A, false)],
            "2 stands 0:False 1:Agreed",
        ),
        (
            &[(Q, true), (V, false), (B, true)],
            "2 stands 0:Agreed 1:Doubted",
        ),
        (
            &[(Q, false), (V, true), (B, true)],
            "2 stands 0:Doubted 1:Agreed",
        ),
        // Trusted ones that disagree: nobody is blamed.
        (
            &[(Q, true), (B, false), (A, true)],
            "2 stands, flaky 0:Agreed",
        ),
        (
            &[(Q, true), (B, false), (B, false), (A, true)],
            "1 stands, flaky",
        ),
    ] {
        assert_eq!(judged(words), result, "{words:?}");
    }
}

#[test]
fn opinions_come_from_elsewhere() {
    let first = Word {
        network: Some("203.0.113.0/24".to_owned()),
        ..word(1, 1, Q, true)
    };
    let words = [first];
    let may = |candidate: &Word, trusted_only, better| {
        may_opine(candidate, &words, trusted_only, better).is_ok()
    };
    assert!(!may(&word(1, 1, Q, true), false, false), "itself");
    assert!(!may(&word(2, 1, V, true), false, false), "the same owner");
    let neighbor = Word {
        network: words[0].network.clone(),
        ..word(2, 2, V, true)
    };
    assert!(!may(&neighbor, false, false), "the same network");
    assert!(may(&word(2, 2, V, true), false, true));
    assert!(
        may(&word(2, 2, Q, true), false, false),
        "when there is nobody better"
    );
    assert!(!may(&word(2, 2, Q, true), false, true));
    assert!(!may(&word(2, 2, V, true), true, false), "words disagree");
    assert!(
        may(&word(2, 1, B, true), true, true),
        "trusted, whoever lends it"
    );
    assert!(
        !may(&word(1, 1, B, true), true, true),
        "never the first again"
    );
    let two = [words[0].clone(), word(2, 2, A, false)];
    assert!(may_opine(&word(2, 2, A, true), &two, true, true).is_ok());
}

#[test]
fn rates_have_a_floor() {
    let rate = |tier, streak| check_rate(tier, streak, 0.01);
    for (tier, streak, expected) in [
        (Q, 1000, 1.0),
        (P, 0, 1.0),
        (P, 2, 0.5),
        (P, 1000, 0.2),
        (V, 4, 0.25),
        (V, 1000, 0.05),
        (B, 1000, 0.01),
        (A, 0, 0.01),
    ] {
        assert!(
            (rate(tier, streak) - expected).abs() < 1e-9,
            "{tier:?} {streak}"
        );
    }
    for seed in [0, u64::MAX, 7] {
        assert!(needs_verification(Q, 1000, 0.0, seed));
        assert!(needs_verification(P, 1000, 0.0, seed));
        assert!(!needs_verification(B, 0, 0.0, seed));
    }
}

fn any_word() -> impl Strategy<Value = (usize, bool, i64)> {
    (0_usize..5, any::<bool>(), 1_i64..6)
}

proptest! {
    #[test]
    fn judgements_are_sound(
        raw in proptest::collection::vec(any_word(), 1..7)
    ) {
        let words: Vec<Word> = raw
            .iter()
            .zip(1..)
            .map(|((tier, passed, owner), n)| word(n, *owner, Tier::ALL[*tier], *passed))
            .collect();
        let judgement = judge(&words);
        let alone = words.len() == 1;
        // A word that does not bind stands only beside another that says the same, or is replaced
        // by a trusted one.
        if let Some(at) = judgement.stands {
            let supported = words.iter().filter(|word| agree(&word.said, &words[at].said)).count();
            prop_assert!(binds(words[at].tier) || supported > 1);
        } else {
            prop_assert!(judgement.wanted.is_some());
        }
        prop_assert!(!alone || judgement.wanted.is_some());
        // Nobody is blamed while something is open, for a flaky job, or when trusted.
        if judgement.wanted.is_some() {
            prop_assert!(judgement.verdicts.is_empty());
        }
        for (at, verdict) in &judgement.verdicts {
            prop_assert!(!words[*at].tier.is_trusted());
            prop_assert!(!judgement.flaky || *verdict == Verdict::Agreed);
            if *verdict == Verdict::False {
                let against = words.iter().filter(|word| !agree(&word.said, &words[*at].said));
                prop_assert!(against.clone().any(|word| word.tier.is_trusted()));
                prop_assert!(against.count() >= PROOF || words.len() >= MOST_WORDS);
            }
        }
        // Asking goes on only so long.
        prop_assert!(words.len() < MOST_WORDS || judgement.wanted.is_none() || !words.iter().any(|word| word.tier.is_trusted()));
    }
}
