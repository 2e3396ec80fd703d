//! What the sender remembers about one commit from one message to the next.

use super::verdict::{check_name, context};
use super::{Reported, ReportedState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use travis_model::Timestamp;
use travis_store::OutboxEntry;

/// The memo of an outbox row of kind `commit_status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memo {
    /// The forge's number of the check.
    pub check_id: Option<String>,
    /// The version of the row that was dealt with last.
    pub version: i64,
    /// A digest of what was told last; none while nothing was, or while nobody knows what the
    /// forge took.
    pub told: Option<String>,
    /// When that was.
    pub told_at: Option<i64>,
    /// What it said, or is to say.
    pub description: String,
    /// It was told as a check.
    pub as_check: bool,
    /// The forge may have taken something late: look then whether it says what is true.
    pub verify_at: Option<i64>,
    /// Nothing could be told since then.
    pub failing_since: Option<i64>,
    /// When it is tried again.
    pub next_at: Option<i64>,
    /// Why it was given up.
    pub given_up: Option<String>,
}

impl Memo {
    /// One that can't be read is none: what it held is found out again.
    pub fn read(memo: Option<&Value>) -> Self {
        memo.and_then(|memo| serde_json::from_value(memo.clone()).ok())
            .unwrap_or_default()
    }

    pub fn write(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

/// What people see of a row.
pub(super) fn reported(entry: Option<&OutboxEntry>, side: &str) -> Reported {
    let memo = Memo::read(entry.and_then(|entry| entry.memo.as_ref()));
    let state = match entry {
        None => ReportedState::None,
        Some(entry) if memo.version < entry.version => ReportedState::Waiting,
        Some(_) if memo.given_up.is_some() => ReportedState::Failed,
        Some(_) if memo.failing_since.is_some() || memo.told.is_none() => ReportedState::Waiting,
        Some(_) => ReportedState::Told,
    };
    Reported {
        state,
        context: match memo.as_check {
            true => check_name(side).to_owned(),
            false => context(side),
        },
        error: match state {
            ReportedState::Failed => memo.given_up.clone(),
            ReportedState::Waiting => entry.and_then(|entry| entry.error.clone()),
            _ => None,
        },
        description: memo.description,
        told_at: memo.told_at.map(Timestamp),
        next_try_at: memo
            .next_at
            .filter(|_| state == ReportedState::Waiting)
            .map(Timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(version: i64, memo: &Memo, error: Option<&str>) -> OutboxEntry {
        OutboxEntry {
            id: 1,
            kind: "commit_status".to_owned(),
            key: "1/a/push".to_owned(),
            payload: json!({}),
            memo: Some(memo.write()),
            version,
            tries: 0,
            error: error.map(str::to_owned),
        }
    }

    #[test]
    fn people_see_how_far_it_is() {
        use ReportedState::{Failed, None as Nothing, Told, Waiting};
        let told = Memo {
            version: 3,
            told: Some("x".to_owned()),
            ..Memo::default()
        };
        let late = Memo {
            failing_since: Some(5),
            next_at: Some(9),
            ..told.clone()
        };
        let over = Memo {
            given_up: Some("no".to_owned()),
            ..late.clone()
        };
        assert_eq!(reported(None, "pr").state, Nothing);
        assert_eq!(reported(Some(&entry(3, &told, None)), "pr").state, Told);
        assert_eq!(reported(Some(&entry(4, &told, None)), "pr").state, Waiting);
        let waits = reported(Some(&entry(3, &late, Some("down"))), "pr");
        assert_eq!(
            (waits.state, waits.next_try_at),
            (Waiting, Some(Timestamp(9)))
        );
        assert_eq!(waits.error.as_deref(), Some("down"));
        let failed = reported(Some(&entry(3, &over, Some("down"))), "pr");
        assert_eq!(
            (failed.state, failed.error.as_deref()),
            (Failed, Some("no"))
        );
        assert_eq!(failed.context, "continuous-integration/travis-ci/pr");
    }

    #[test]
    fn a_memo_that_can_t_be_read_is_none() {
        assert_eq!(Memo::read(Some(&json!([1]))), Memo::default());
        assert_eq!(
            Memo::read(Some(&json!({"version": 2, "new": 1}))).version,
            2
        );
    }
}
