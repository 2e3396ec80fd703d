//! Whose word counts how far: tiers of workers, who may run what, which results need a second
//! opinion, when two agree, who may have secrets, and which builds wait for a maintainer. Pure.

mod network;
mod offering;
#[cfg(test)]
mod simulator;
mod standing;
mod words;

pub use network::network_of;
pub use offering::{
    Machine, Wanted, is_lent_for, is_listed, lease_cap, least_executor, may_run, owner_cap,
};
pub use standing::{KNOWN_ANSWERS, Relation, Standing, StandingEvent, next_tier, tier_towards};
pub use words::{
    Judgement, Said, Verdict, Word, agree, binds, check_rate, judge, may_opine, needs_verification,
};

use crate::ApprovalPolicy;

/// How far a worker's word counts, from its owner's relation to the repository. Ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Nothing is known of it.
    #[default]
    Quarantined,
    /// It has done something right.
    Probation,
    /// It has done much right.
    Volunteer,
    /// It belongs to the repository's owners, or to those who run this installation.
    Bound,
    /// What it runs is proven.
    Attested,
}

impl Tier {
    /// All of them, the lowest first.
    pub const ALL: [Self; 5] = [
        Self::Quarantined,
        Self::Probation,
        Self::Volunteer,
        Self::Bound,
        Self::Attested,
    ];

    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::Probation => "probation",
            Self::Volunteer => "volunteer",
            Self::Bound => "bound",
            Self::Attested => "attested",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == word)
    }

    /// The repository's own people or the operator stand for it.
    #[must_use]
    pub const fn is_trusted(self) -> bool {
        matches!(self, Self::Bound | Self::Attested)
    }

    /// One step down; what is trusted by relation stays.
    #[must_use]
    pub const fn lower(self) -> Self {
        match self {
            Self::Quarantined | Self::Probation => Self::Quarantined,
            Self::Volunteer => Self::Probation,
            trusted => trusted,
        }
    }
}

/// Whose code a build runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The repository's own: somebody with the right to push put it there.
    Own,
    /// A pull request's from another repository.
    Fork {
        /// A maintainer gave secrets to this very commit, by an act of its own.
        secrets_approved: bool,
    },
}

/// Whether a job may have its repository's secrets (reference D.7, and sharper: the original's
/// switch that shares them with every fork does not exist here).
#[must_use]
pub const fn may_have_secrets(origin: Origin, tier: Tier) -> bool {
    let code = match origin {
        Origin::Own => true,
        Origin::Fork { secrets_approved } => secrets_approved,
    };
    code && matches!(tier, Tier::Bound | Tier::Attested)
}

/// What is known of whoever stands behind a pull request. Everything comes from the forge's own
/// numbers of people, never from what a commit says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contributor {
    /// The author may push to the repository.
    pub may_push: bool,
    /// A pull request of the author was merged before, or the forge vouches for it.
    pub known: bool,
}

/// Whether a pull request has to wait for a maintainer's word before anything of it runs.
#[must_use]
pub const fn needs_approval(
    policy: ApprovalPolicy,
    fork: bool,
    author: Contributor,
    approved: bool,
) -> bool {
    if !fork || approved {
        return false;
    }
    match policy {
        ApprovalPolicy::Never => false,
        ApprovalPolicy::Forks => !author.may_push,
        ApprovalPolicy::FirstTime => !author.may_push && !author.known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_need_both_the_code_and_the_machine() {
        for tier in Tier::ALL {
            let own = tier >= Tier::Bound;
            assert_eq!(may_have_secrets(Origin::Own, tier), own);
            let fork = |secrets_approved| Origin::Fork { secrets_approved };
            assert!(!may_have_secrets(fork(false), tier));
            assert_eq!(may_have_secrets(fork(true), tier), own);
        }
    }

    #[test]
    fn strangers_wait_and_people_with_rights_do_not() {
        let stranger = Contributor::default();
        let known = Contributor {
            known: true,
            ..stranger
        };
        let pusher = Contributor {
            may_push: true,
            ..stranger
        };
        use ApprovalPolicy::{FirstTime, Forks, Never};
        for (policy, author, waits) in [
            (FirstTime, stranger, true),
            (FirstTime, known, false),
            (FirstTime, pusher, false),
            (Forks, stranger, true),
            (Forks, known, true),
            (Forks, pusher, false),
            (Never, stranger, false),
        ] {
            assert_eq!(needs_approval(policy, true, author, false), waits);
            assert!(!needs_approval(policy, true, author, true));
            assert!(!needs_approval(policy, false, author, false));
        }
    }
}
