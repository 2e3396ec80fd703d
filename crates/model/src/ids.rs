//! Typed identifiers. Each is a positive integer, as in the original's API, so that existing
//! clients can read them; the types keep one kind from standing in for another.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// The bare number, for rows and wires.
            #[must_use]
            pub const fn get(self) -> i64 { self.0 }
        }
        impl From<i64> for $name {
            fn from(value: i64) -> Self { Self(value) }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
    )+};
}

ids! {
    /// A person who can sign in.
    UserId,
    /// A source tree.
    RepositoryId,
    /// A demand for a build.
    RequestId,
    /// A commit that was built or asked for.
    CommitId,
    /// A build: one commit under one configuration.
    BuildId,
    /// An ordered group of a build's jobs.
    StageId,
    /// One cell of a build's matrix.
    JobId,
    /// One run of a job on one worker.
    AttemptId,
    /// An agent on somebody's machine.
    WorkerId,
    /// A signed-in browser.
    SessionId,
    /// A token of the API.
    TokenId,
    /// A variable of a repository's settings.
    EnvVarId,
    /// A forge that this installation works with.
    ForgeId,
    /// Who a person is on a forge.
    IdentityId,
    /// A user or organisation of a forge.
    AccountId,
    /// A hook's message.
    DeliveryId,
    /// A maintainer's word for one commit.
    ApprovalId,
    /// What jobs kept for later ones.
    CacheId,
    /// A build that is asked for again and again.
    CronId,
    /// A job whose answer the server knows.
    KnownAnswerId,
    /// A token with which a machine joins.
    EnrolmentId,
}

/// Workers and logs know known-answer jobs by the numbers of attempts; theirs begin here, far above
/// any attempt's and still exact in JavaScript.
const KNOWN_ANSWERS: i64 = 1 << 52;

impl KnownAnswerId {
    /// The number under which its worker and its log know it.
    #[must_use]
    pub const fn attempt(self) -> AttemptId {
        AttemptId(KNOWN_ANSWERS + self.0)
    }

    /// Reads it back; `None` for the number of an attempt.
    #[must_use]
    pub const fn of_attempt(id: AttemptId) -> Option<Self> {
        if id.0 > KNOWN_ANSWERS {
            Some(Self(id.0 - KNOWN_ANSWERS))
        } else {
            None
        }
    }
}
