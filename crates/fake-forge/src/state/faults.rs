//! What is made to go wrong.

use super::{State, epoch};
use serde::{Deserialize, Serialize};

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMode {
    /// All is well again.
    None,
    /// Answers 500.
    Status500,
    /// Answers that the secondary rate limit is reached.
    RateLimit,
    /// Does not answer.
    Hang,
    /// Deliveries get lost.
    DropDeliveries,
}

/// A trouble in force.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// Which.
    pub mode: FaultMode,
    /// Every n-th call is hit; 1 hits all.
    pub every: u64,
    /// Seconds since 1970 when it ends.
    pub until: Option<i64>,
    /// Only paths with this in them.
    pub matching: Option<String>,
    /// Seconds that the answer tells to wait.
    pub retry_after: Option<u64>,
    /// Calls seen.
    pub seen: u64,
}

/// What a token may still ask within the hour.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Budget {
    /// Calls an hour.
    pub limit: u64,
    /// Calls left.
    pub remaining: u64,
    /// Seconds since 1970 when the hour ends.
    pub reset: i64,
}

impl State {
    /// The trouble that hits a call of this path, which is counted.
    pub fn trouble(&mut self, path: &str, deliveries: bool) -> Option<Fault> {
        let time = epoch();
        self.faults
            .retain(|fault| fault.until.is_none_or(|end| end > time));
        for fault in &mut self.faults {
            let for_deliveries = fault.mode == FaultMode::DropDeliveries;
            let matches = fault
                .matching
                .as_deref()
                .is_none_or(|part| path.contains(part));
            if for_deliveries != deliveries || !matches {
                continue;
            }
            fault.seen += 1;
            if fault.seen.is_multiple_of(fault.every.max(1)) {
                return Some(fault.clone());
            }
        }
        None
    }

    /// The budget of a token, filled again when its hour is over.
    pub fn budget(&mut self, token: &str) -> &mut Budget {
        let limit = self.hourly.unwrap_or(5000);
        let fresh = Budget {
            limit,
            remaining: limit,
            reset: epoch() + 3600,
        };
        let budget = self.budgets.entry(token.to_owned()).or_insert(fresh);
        if budget.reset <= epoch() {
            *budget = fresh;
        }
        budget
    }
}
