//! Which versions of workers get work.

use crate::{Engine, EngineError};
use std::cmp::Ordering;
use travis_model::Worker;

/// Compares versions such as `0.12.3`: number by number; what follows `-` or `+` is left out, and
/// what is no number counts as 0.
fn compare(a: &str, b: &str) -> Ordering {
    let numbers = |version: &str| -> Vec<u64> {
        version
            .trim_start_matches('v')
            .split(['-', '+'])
            .next()
            .unwrap_or_default()
            .split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    let (mut a, mut b) = (numbers(a), numbers(b));
    let longest = a.len().max(b.len());
    a.resize(longest, 0);
    b.resize(longest, 0);
    a.cmp(&b)
}

/// The version that a worker says it has; empty when it says none.
fn version_of(worker: &Worker) -> &str {
    worker
        .facts
        .get("version")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
}

impl Engine {
    /// The version that a worker says it has; empty when it says none.
    #[must_use]
    pub fn worker_version(worker: &Worker) -> &str {
        version_of(worker)
    }

    /// Whether a worker is older than the operator allows. One that says no version is.
    #[must_use]
    pub fn is_too_old(&self, worker: &Worker) -> bool {
        self.policy
            .minimum_worker_version
            .as_ref()
            .is_some_and(|minimum| compare(version_of(worker), minimum) == Ordering::Less)
    }

    pub(crate) fn must_be_new_enough(&self, worker: &Worker) -> Result<(), EngineError> {
        match &self.policy.minimum_worker_version {
            Some(minimum) if self.is_too_old(worker) => Err(EngineError::WorkerTooOld {
                found: match version_of(worker) {
                    "" => "unknown".to_owned(),
                    known => known.chars().take(40).collect(),
                },
                minimum: minimum.clone(),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn versions_are_compared_by_number() {
        for (a, b, order) in [
            ("0.9.0", "0.10.0", Less),
            ("1.0", "1.0.0", Equal),
            ("v1.2.3", "1.2.3", Equal),
            ("1.2.3-rc.1", "1.2.3", Equal),
            ("2", "1.99.99", Greater),
            ("", "0.0.1", Less),
            ("what", "0.0.1", Less),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
        }
    }
}
