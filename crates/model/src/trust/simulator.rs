//! A fleet of 1,000 workers, some of which lie, against the rules of this module: the numbers that
//! the rules have to reach. The seed is fixed, so each run is the same.

use super::{
    Judgement, KNOWN_ANSWERS, Relation, Said, Standing, StandingEvent, Tier, Verdict, Word, binds,
    judge, may_opine, needs_verification, tier_towards,
};
use crate::{Outcome, Timestamp, UserId, WorkerId};

const WORKERS: usize = 1000;
/// The operator's own, the last ones.
const TRUSTED: usize = 20;
/// Of 100 jobs so many have a test that fails now and then …
const FLAKY_PERCENT: u64 = 2;
/// … in so many of 100 runs.
const FAILS_PERCENT: u64 = 10;
/// Of 100 jobs so many fail.
const BAD_PERCENT: u64 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    Honest,
    /// Its machine fails one job of fifty.
    Shaky,
    /// Says "passed" without running, once it has passed the known-answer jobs.
    Lazy,
    /// Says the opposite now and then, once it is a volunteer or at once.
    Hostile {
        patient: bool,
    },
    /// Hostile, and vouches for others of its kind.
    Colluding,
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

struct Worker {
    nature: Nature,
    owner: i64,
    standing: Standing,
    out: bool,
}

struct Job {
    passes: bool,
    flaky: bool,
}

#[derive(Debug, Default)]
struct Tally {
    jobs: u64,
    runs: u64,
    /// Binding results that are not the truth, by the tier of the first word.
    false_from_new: u64,
    false_from_volunteers: u64,
    honest_jobs: u64,
    honest_demoted: u64,
    liars_caught: u64,
}

struct Fleet {
    workers: Vec<Worker>,
    dice: Dice,
    now: Timestamp,
    tally: Tally,
}

fn said(passed: bool) -> Said {
    Said {
        outcome: if passed {
            Outcome::Passed
        } else {
            Outcome::Failed
        },
        exit_code: Some(i32::from(!passed)),
    }
}

impl Fleet {
    fn new(seed: u64, natures: impl Fn(usize) -> Nature) -> Self {
        let workers = (0..WORKERS).map(|at| Worker {
            nature: if at >= WORKERS - TRUSTED {
                Nature::Honest
            } else {
                natures(at)
            },
            // Two workers each.
            owner: i64::try_from(at / 2).unwrap(),
            standing: Standing {
                known_passed: KNOWN_ANSWERS,
                since: Some(Timestamp(0)),
                ..Standing::default()
            },
            out: false,
        });
        Self {
            workers: workers.collect(),
            dice: Dice(seed),
            now: Timestamp(0),
            tally: Tally::default(),
        }
    }

    fn tier(&self, at: usize) -> Tier {
        let relation = if at >= WORKERS - TRUSTED {
            Relation::Operator
        } else {
            Relation::Stranger
        };
        tier_towards(&self.workers[at].standing, relation)
    }

    /// What a worker says of a job; `vouch` is what one of its kind said before.
    fn say(&mut self, at: usize, job: &Job, vouch: Option<(Nature, Said)>) -> Said {
        self.tally.runs += 1;
        let fails = job.flaky && self.dice.percent(FAILS_PERCENT);
        let truth = job.passes && !fails;
        let volunteer = self.tier(at) >= Tier::Volunteer;
        match self.workers[at].nature {
            Nature::Honest => said(truth),
            Nature::Shaky if self.dice.percent(2) => Said {
                outcome: Outcome::Errored,
                exit_code: None,
            },
            Nature::Shaky => said(truth),
            Nature::Lazy => said(true),
            Nature::Hostile { patient } if (volunteer || !patient) && self.dice.percent(20) => {
                said(!truth)
            }
            Nature::Hostile { .. } => said(truth),
            Nature::Colluding => match vouch {
                Some((Nature::Colluding, lie)) => lie,
                _ if volunteer || self.dice.percent(20) => said(!truth),
                _ => said(truth),
            },
        }
    }

    fn word(&self, at: usize, said: Said) -> Word {
        Word {
            worker: WorkerId(i64::try_from(at).unwrap()),
            owner: UserId(self.workers[at].owner),
            network: None,
            tier: self.tier(at),
            said,
        }
    }

    fn any(&mut self, fits: impl Fn(&Self, usize) -> bool) -> usize {
        loop {
            let at = usize::try_from(self.dice.below(WORKERS as u64)).unwrap();
            if !self.workers[at].out && fits(self, at) {
                return at;
            }
        }
    }

    /// One job from its first word to what stands.
    fn job(&mut self) {
        let job = Job {
            passes: !self.dice.percent(BAD_PERCENT),
            flaky: self.dice.percent(FLAKY_PERCENT),
        };
        let first = self.any(|_, _| true);
        let word = self.say(first, &job, None);
        let mut speakers = vec![first];
        let mut words = vec![self.word(first, word)];
        self.tally.jobs += 1;
        let seed = self.dice.next();
        let streak = self.workers[first].standing.streak;
        let mut judgement = Judgement {
            stands: Some(0),
            ..Judgement::default()
        };
        if needs_verification(words[0].tier, streak, 0.0, seed) {
            judgement = judge(&words);
            while let Some(trusted_only) = judgement.wanted {
                let next = self.any(|fleet, at| {
                    let silent = fleet.word(at, said(true));
                    may_opine(&silent, &words, trusted_only, true).is_ok()
                });
                let before = (self.workers[first].nature, words[0].said);
                let opinion = self.say(next, &job, Some(before));
                speakers.push(next);
                words.push(self.word(next, opinion));
                judgement = judge(&words);
            }
        }
        self.settle(&job, &speakers, &words, &judgement);
    }

    fn settle(&mut self, job: &Job, speakers: &[usize], words: &[Word], judgement: &Judgement) {
        let stands = &words[judgement.stands.unwrap()];
        // A flaky job has no truth to be falsified, unless it never passes.
        let is_false = if job.flaky && job.passes {
            false
        } else {
            stands.said.outcome != said(job.passes).outcome
                && stands.said.outcome != Outcome::Errored
        };
        if is_false && binds(words[0].tier) {
            self.tally.false_from_volunteers += 1;
        } else if is_false {
            self.tally.false_from_new += 1;
        }
        for (word, verdict) in &judgement.verdicts {
            let event = match verdict {
                Verdict::Agreed => StandingEvent::Agreed,
                Verdict::Doubted => StandingEvent::Doubted,
                Verdict::False => StandingEvent::ProvenFalse,
            };
            let at = speakers[*word];
            let before = self.workers[at].standing.clone();
            let after = before.clone().after(event, self.now);
            let caught = after.proven_false > before.proven_false;
            let honest = matches!(self.workers[at].nature, Nature::Honest | Nature::Shaky);
            if caught && honest {
                self.tally.honest_demoted += 1;
            } else if caught {
                self.tally.liars_caught += 1;
            }
            self.workers[at].out = after.is_out();
            self.workers[at].standing = after;
        }
        for at in speakers {
            let standing = std::mem::take(&mut self.workers[*at].standing);
            self.workers[*at].standing = standing.after(StandingEvent::Kept, self.now);
            let honest = matches!(self.workers[*at].nature, Nature::Honest | Nature::Shaky);
            self.tally.honest_jobs += u64::from(honest);
        }
    }

    /// So many jobs, a minute of which pass for each hundred.
    fn run(&mut self, jobs: u64) -> &Tally {
        for n in 0..jobs {
            self.job();
            self.now = Timestamp(self.now.0 + if n % 100 == 0 { 60_000 } else { 0 });
        }
        &self.tally
    }
}

const MANY: u64 = 300_000;

#[test]
fn without_collusion_no_false_result_of_a_beginner_counts() {
    let mut fleet = Fleet::new(1, |at| match at % 10 {
        0 => Nature::Hostile { patient: false },
        1 => Nature::Lazy,
        2 => Nature::Shaky,
        _ => Nature::Honest,
    });
    fleet.now = Timestamp(9 * 24 * 3600 * 1000);
    let tally = fleet.run(MANY);
    println!("{tally:?}");
    assert_eq!(tally.false_from_new, 0, "{tally:?}");
    assert!(tally.liars_caught > 190, "{tally:?}");
    assert!(
        tally.honest_demoted * 10_000 <= tally.honest_jobs,
        "{tally:?}"
    );
    let free = fleet.workers.iter().filter(|worker| {
        !worker.out
            && matches!(
                worker.nature,
                Nature::Hostile { patient: false } | Nature::Lazy
            )
    });
    assert!(free.count() < 20, "nearly all of them are shut out");
}

#[test]
fn a_tenth_that_colludes_gets_one_false_result_of_ten_thousand_through() {
    let mut fleet = Fleet::new(2, |at| match at % 10 {
        0 => Nature::Colluding,
        _ => Nature::Honest,
    });
    fleet.now = Timestamp(9 * 24 * 3600 * 1000);
    let tally = fleet.run(MANY);
    println!("{tally:?}");
    assert!(tally.false_from_new * 10_000 <= tally.jobs, "{tally:?}");
    assert!(
        tally.honest_demoted * 10_000 <= tally.honest_jobs,
        "{tally:?}"
    );
}

#[test]
fn a_volunteer_that_turns_is_found_within_ninety_false_results() {
    let mut found = Vec::new();
    let mut dice = Dice(3);
    for _ in 0..10_000 {
        let mut draws = std::iter::repeat_with(|| dice.next());
        let unseen = draws.position(|seed| needs_verification(Tier::Volunteer, 1000, 0.0, seed));
        found.push(unseen.unwrap_or(usize::MAX));
    }
    found.sort_unstable();
    let most = found[9_900];
    println!("99 of 100 are found within {most} false results");
    assert!(most <= 90, "{most}");
}

#[test]
fn a_steady_fleet_runs_six_of_a_hundred_jobs_twice_at_most() {
    let mut fleet = Fleet::new(4, |_| Nature::Honest);
    fleet.now = Timestamp(9 * 24 * 3600 * 1000);
    for worker in &mut fleet.workers {
        worker.standing.earned = Tier::Volunteer;
        (worker.standing.streak, worker.standing.agreed) = (1000, 1000);
    }
    let tally = fleet.run(MANY);
    // A known-answer job a day takes a second; a job that counts takes 60 at least.
    let known = MANY as f64 / 100.0 / 60.0 / 24.0 * WORKERS as f64 / 60.0;
    let extra = (tally.runs - tally.jobs) as f64 + known;
    println!("{tally:?}: {:.2} % more", extra / tally.jobs as f64 * 100.0);
    assert!(extra <= 0.06 * tally.jobs as f64, "{tally:?} {known}");
    assert!(
        tally.honest_demoted * 10_000 <= tally.honest_jobs,
        "{tally:?}"
    );
}
