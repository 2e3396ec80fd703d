//! Tells of conditions that are none.

use super::Walk;
use crate::PlanContext;
use crate::conditions::{Condition, ConditionError, Patterns, data_of};
use crate::message::Level;
use crate::table::Map;
use crate::yaml::{Node, Value};

impl Walk<'_> {
    /// Tells of a condition that cannot be read, or that cannot be judged by anything.
    pub(super) fn condition(&mut self, map: &'static Map, node: Node) -> Node {
        if map.get("if").is_none() {
            return node;
        }
        let Some(condition) = node.get("if") else {
            return node;
        };
        let Some(text) = condition.text() else {
            return node;
        };
        if self.version_0 {
            // What breaks the grammar of both is told only under `v1`: it may be right here.
            if Condition::parse(text).is_ok_and(|condition| !condition.is_of_first_form()) {
                let (text, condition) = (text.to_owned(), condition.clone());
                self.invalid_condition(&condition, &text, serde_json::Value::Null);
                if self.options.drop {
                    return node.with(Value::Map(Vec::new()));
                }
            }
            return node;
        }
        if let Err(error) = judge(text, &mut self.patterns) {
            // The original names the reason only where it is not the grammar.
            let reason = error.to_string();
            let told =
                reason.starts_with("Strings cannot") || reason.starts_with("Invalid regular");
            let reason = if told {
                reason.into()
            } else {
                serde_json::Value::Null
            };
            let (text, condition) = (text.to_owned(), condition.clone());
            self.invalid_condition(&condition, &text, reason);
            if self.options.drop {
                return node.with(Value::Map(Vec::new()));
            }
        }
        node
    }

    fn invalid_condition(&mut self, condition: &Node, text: &str, reason: serde_json::Value) {
        self.path.push("if", condition.line);
        self.tell(
            Level::Error,
            "invalid_condition",
            condition,
            [("condition", text.into()), ("message", reason)],
        );
        self.path.pop();
    }
}

/// Reads a condition and judges it with nothing known, which finds invalid patterns as well.
fn judge(text: &str, patterns: &mut Patterns) -> Result<(), ConditionError> {
    let data = data_of(&PlanContext::default(), &serde_json::Map::new());
    let condition = Condition::parse(text)?;
    condition.holds_within(&data, patterns).map(|_| ())
}
