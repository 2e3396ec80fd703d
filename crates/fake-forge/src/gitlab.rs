//! GitLab: not written yet; a fake of this kind refuses to start.

pub mod payload;

use crate::forge::Forge;
use crate::http::{Call, Reply};

/// Answers 404 to everything: never reached, see `FakeForge::start`.
pub async fn answer(_forge: &Forge, _call: &Call) -> Reply {
    Reply::not_found()
}
