//! Not GitHub.

pub mod payload;

use crate::forge::Forge;
use crate::http::{Call, Reply};

/// Answers pages and API.
pub async fn answer(_forge: &Forge, _call: &Call) -> Reply {
    Reply::not_found()
}
