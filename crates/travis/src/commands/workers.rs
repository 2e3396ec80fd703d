//! `travis workers`

use crate::failure::{Failure, Status};
use crate::output::views;
use crate::session::Session;

/// Shows who builds, and what.
pub async fn run(session: &mut Session) -> Result<Status, Failure> {
    let list = session.client()?.workers().await?;
    if session.is_json() {
        session.screen.json(&list)?;
        return Ok(Status::Passed);
    }
    for line in views::workers(&session.screen, &list) {
        session.screen.line(&line)?;
    }
    if list.workers.is_empty() {
        session
            .screen
            .remark("Lend a machine: travis token enrol shows how")?;
    }
    Ok(Status::Passed)
}
