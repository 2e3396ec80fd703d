//! `travis repos`

use crate::cli::client::ReposArgs;
use crate::client::calls::RepositoryFilter;
use crate::failure::{Failure, Status};
use crate::output::views;
use crate::session::Session;

/// Lists repositories.
pub async fn run(args: ReposArgs, session: &mut Session) -> Result<Status, Failure> {
    let filter = RepositoryFilter {
        search: args.search,
        active: args.active,
        mine: args.mine,
        starred: args.starred,
        limit: args.limit,
        offset: args.offset,
    };
    let list = session.client()?.repositories(&filter).await?;
    if session.is_json() {
        session.screen.json(&list)?;
    } else if list.repositories.is_empty() {
        session
            .screen
            .line("No repositories. Add one: travis enable --git URL --name owner/name")?;
    } else {
        let table = views::repositories(&session.screen, &list);
        table.print(&mut session.screen)?;
        if let Some(line) = views::more(&list.pagination, list.repositories.len(), "repositories") {
            session.screen.remark(&line)?;
        }
    }
    Ok(Status::Passed)
}
