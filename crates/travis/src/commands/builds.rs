//! `travis builds`

use super::target;
use crate::cli::client::BuildsArgs;
use crate::client::calls::BuildFilter;
use crate::failure::{Failure, Status};
use crate::output::views;
use crate::session::Session;

/// Lists builds.
pub async fn run(args: BuildsArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, args.slug).await?;
    let filter = BuildFilter {
        branch: args.branch,
        state: args.state,
        limit: args.limit,
        offset: args.offset,
        ..BuildFilter::default()
    };
    let list = client.builds(&slug, &filter).await?;
    if session.is_json() {
        session.screen.json(&list)?;
    } else if list.builds.is_empty() {
        session.screen.line(&format!(
            "No such builds. Ask for one: travis trigger {slug} --watch"
        ))?;
    } else {
        let table = views::builds(&session.screen, &list);
        table.print(&mut session.screen)?;
        if let Some(line) = views::more(&list.pagination, list.builds.len(), "builds") {
            session.screen.remark(&line)?;
        }
    }
    Ok(Status::Passed)
}
