//! What did not apply since its condition did not hold.

use serde_json::{Map, Value};

use super::Matrix;
use crate::PlanContext;
use crate::conditions::{Judge, Subject};
use crate::message::{Level, Messages};

/// A part of the configuration whose condition did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The section that it stands in.
    pub key: String,
    /// The code of the message, such as `skip_job`.
    pub code: &'static str,
    /// The kind of notification, for those.
    pub kind: Option<String>,
    /// Its place in the section, from 1.
    pub number: usize,
    /// The condition.
    pub condition: String,
}

/// More are not told: the file is then understood already.
const MAX_NOTICES: usize = 200;

/// Collects notices, each once.
#[derive(Debug, Default)]
pub(super) struct Notices(Vec<Notice>);

impl Notices {
    pub(super) fn add(
        &mut self,
        key: &str,
        code: &'static str,
        kind: Option<&str>,
        number: usize,
        condition: &str,
    ) {
        let notice = Notice {
            key: key.to_owned(),
            code,
            kind: kind.map(str::to_owned),
            number,
            condition: condition.to_owned(),
        };
        if self.0.len() < MAX_NOTICES && !self.0.contains(&notice) {
            self.0.push(notice);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Notice> {
        self.0
    }
}

/// Removes the notifications whose condition does not hold.
pub(crate) fn filter_notifications(
    config: &mut Map<String, Value>,
    context: &PlanContext,
    judge: &dyn Judge,
) -> Vec<Notice> {
    let mut notices = Notices::default();
    if !config.get("notifications").is_some_and(Value::is_object) {
        return Vec::new();
    }
    let whole = Matrix::new(config).whole();
    let Some(Value::Object(sections)) = config.get_mut("notifications") else {
        return Vec::new();
    };
    for (kind, section) in sections {
        let Value::Array(entries) = section else {
            continue;
        };
        let mut number = 0;
        entries.retain(|entry| {
            number += 1;
            let Some(condition) = entry.get("if").and_then(Value::as_str) else {
                return true;
            };
            let kept =
                judge.holds(Subject::Notification, condition, context, &whole) != Some(false);
            if !kept {
                let key = format!("notifications.{kind}");
                notices.add(&key, "skip_notification", Some(kind), number, condition);
            }
            kept
        });
    }
    notices.into_vec()
}

impl Notice {
    /// Adds it to the messages on the file.
    pub(crate) fn tell(&self, messages: &mut Messages) {
        let (number, condition) = (self.number.into(), self.condition.as_str().into());
        let number = ("number", number);
        let condition = ("condition", condition);
        let (key, code) = (self.key.as_str(), self.code);
        match &self.kind {
            Some(kind) => {
                let kind = ("type", kind.as_str().into());
                messages.add(Level::Info, key, code, [kind, number, condition], None);
            }
            None => messages.add(Level::Info, key, code, [number, condition], None),
        }
    }
}
