//! Payloads of GitLab: not written yet.

use crate::events::{Event, Notice};
use crate::state::State;

/// No event has a payload so far.
pub fn build(
    _url: &str,
    _state: &State,
    _id: u64,
    _sender: &str,
    _event: &Event,
) -> Option<Notice> {
    None
}
