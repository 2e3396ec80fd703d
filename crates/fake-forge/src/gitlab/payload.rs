//! Payloads.

use crate::events::{Event, Notice};
use crate::state::State;

/// The payload of an event.
pub fn build(
    _url: &str,
    _state: &State,
    _id: u64,
    _sender: &str,
    _event: &Event,
) -> Option<Notice> {
    None
}
