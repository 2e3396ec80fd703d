//! What a worker has shown so far, and the tier that follows from it.

use super::Tier;
use crate::Timestamp;
use std::time::Duration;

/// Known-answer jobs that a machine of unknown owner passes before it gets anything else.
pub const KNOWN_ANSWERS: u32 = 3;
/// Agreements in a row that lead to probation; BOINC's figure for work without a replica.
const ON_PROBATION: u32 = 10;
/// Agreements that lead to volunteer.
const VOLUNTEER: u32 = 100;
/// For how long a volunteer has to be known.
const VOLUNTEER_AGE: Duration = Duration::from_secs(8 * 24 * 3600);
/// Hundredths of its leases that a volunteer finished or properly handed back.
const VOLUNTEER_KEPT: u64 = 98;
/// So many contradicted words among the last 64 checked ones are no accident: a test that fails
/// now and then explains one or two.
const DOUBTS: u32 = 4;

/// What a worker has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The tier that it earned; relations to a repository come on top ([`tier_towards`]).
    pub earned: Tier,
    /// The operator's word, in place of what it earned.
    pub fixed: Option<Tier>,
    /// Known-answer jobs passed in a row.
    pub known_passed: u32,
    /// Known-answer jobs failed since the last one passed.
    pub known_failed: u32,
    /// What went wrong with the last one.
    pub known_problem: Option<String>,
    /// When the last known-answer job ended.
    pub known_at: Option<Timestamp>,
    /// Words confirmed in a row; the N of check rates.
    pub streak: u32,
    /// Words confirmed since it was last set back.
    pub agreed: u32,
    /// Words checked in all.
    pub checked: u32,
    /// The last 64 checked words, the newest in the lowest bit; 1: contradicted.
    pub doubts: u64,
    /// Results proven false.
    pub proven_false: u32,
    /// When the last of them was.
    pub proven_false_at: Option<Timestamp>,
    /// Leases that it finished.
    pub kept: u32,
    /// Leases that it handed back because its owner wanted the machine.
    pub yielded: u32,
    /// Leases that it let end, or gave back because something was broken.
    pub broken: u32,
    /// When it was first seen.
    pub since: Option<Timestamp>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandingEvent {
    /// It passed a known-answer job.
    KnownPassed,
    /// It failed one, with the reason.
    KnownFailed(String),
    /// An independent or trusted worker confirmed its word.
    Agreed,
    /// Trusted ones contradict its word, which may be an accident.
    Doubted,
    /// Its word was false, and no accident explains it.
    ProvenFalse,
    /// It finished a lease.
    Kept,
    /// It handed one back because its owner wanted the machine.
    Yielded,
    /// It let one end, or gave it back because something was broken.
    Broken,
    /// Another worker of its owner was shut out.
    OwnerDistrusted,
}

impl Standing {
    /// Whether it passed what comes before anything else.
    #[must_use]
    pub const fn is_tested(&self) -> bool {
        self.known_passed >= KNOWN_ANSWERS
    }

    /// Two proven false results: it is to be shut out.
    #[must_use]
    pub const fn is_out(&self) -> bool {
        self.proven_false >= 2
    }

    /// Hundredths of its leases that it finished or properly handed back; 100 before the first.
    #[must_use]
    pub fn kept_percent(&self) -> u64 {
        let kept = u64::from(self.kept) + u64::from(self.yielded);
        let all = kept + u64::from(self.broken);
        (kept * 100).checked_div(all).unwrap_or(100)
    }

    /// Notes what happened and what follows from it.
    #[must_use]
    pub fn after(mut self, event: StandingEvent, now: Timestamp) -> Self {
        let mut is_proof = false;
        match event {
            StandingEvent::KnownPassed => {
                self.known_passed = self.known_passed.saturating_add(1);
                self.known_failed = 0;
                self.known_problem = None;
                self.known_at = Some(now);
            }
            StandingEvent::KnownFailed(problem) => {
                self.known_passed = 0;
                self.known_failed = self.known_failed.saturating_add(1);
                self.known_problem = Some(problem);
                self.known_at = Some(now);
                // Nothing that it says can be believed until it passes them again.
                self.earned = Tier::Quarantined;
                self.streak = 0;
            }
            StandingEvent::Agreed => {
                self.streak = self.streak.saturating_add(1);
                self.agreed = self.agreed.saturating_add(1);
                self.checked = self.checked.saturating_add(1);
                self.doubts <<= 1;
            }
            StandingEvent::Doubted => {
                // It keeps its tier, but its next words are checked as a beginner's.
                self.streak = 0;
                self.checked = self.checked.saturating_add(1);
                self.doubts = (self.doubts << 1) | 1;
                is_proof = self.doubts.count_ones() >= DOUBTS;
            }
            StandingEvent::ProvenFalse => {
                self.checked = self.checked.saturating_add(1);
                is_proof = true;
            }
            StandingEvent::Kept => self.kept = self.kept.saturating_add(1),
            StandingEvent::Yielded => self.yielded = self.yielded.saturating_add(1),
            StandingEvent::Broken => self.broken = self.broken.saturating_add(1),
            StandingEvent::OwnerDistrusted => {
                self.earned = self.earned.lower();
                (self.streak, self.agreed) = (0, 0);
            }
        }
        if is_proof {
            self.earned = Tier::Quarantined;
            (self.streak, self.agreed, self.doubts) = (0, 0, 0);
            self.proven_false = self.proven_false.saturating_add(1);
            self.proven_false_at = Some(now);
        }
        self.earned = next_tier(&self, now);
        self
    }
}

/// The tier that a worker has earned by now: one step at a time, never down; what leads down is an
/// event of its own ([`Standing::after`]).
#[must_use]
pub fn next_tier(standing: &Standing, now: Timestamp) -> Tier {
    let known_for = standing
        .since
        .map_or(Duration::ZERO, |since| now.since(since));
    match standing.earned {
        Tier::Quarantined if standing.is_tested() && standing.streak >= ON_PROBATION => {
            Tier::Probation
        }
        Tier::Probation
            if standing.agreed >= VOLUNTEER
                && known_for >= VOLUNTEER_AGE
                && standing.kept_percent() >= VOLUNTEER_KEPT =>
        {
            Tier::Volunteer
        }
        tier => tier,
    }
}

/// What a worker's owner is to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Nothing, or somebody without the right to administer it.
    Stranger,
    /// They administer it.
    Owner,
    /// They run this installation.
    Operator,
}

/// How far a worker's word counts for a repository.
#[must_use]
pub fn tier_towards(standing: &Standing, relation: Relation) -> Tier {
    let by_relation = match relation {
        Relation::Stranger => Tier::Quarantined,
        Relation::Owner => Tier::Bound,
        Relation::Operator => Tier::Attested,
    };
    match standing.fixed {
        // The operator wants it to count for nothing, wherever.
        Some(Tier::Quarantined) => Tier::Quarantined,
        // Of a machine of their own they say exactly how far it counts.
        Some(fixed) if relation == Relation::Operator => fixed,
        Some(fixed) => fixed.max(by_relation),
        None => standing.earned.min(Tier::Volunteer).max(by_relation),
    }
}

#[cfg(test)]
mod tests;
