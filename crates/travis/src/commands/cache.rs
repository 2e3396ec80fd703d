//! `travis cache`

use super::target;
use crate::cli::client::CacheArgs;
use crate::client::calls::CacheFilter;
use crate::failure::{Failure, Status};
use crate::output::table::{Cell, Table};
use crate::output::words;
use crate::session::Session;
use travis_api::v3::Caches;

/// Lists or removes caches.
pub async fn run(args: CacheArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, args.slug).await?;
    let filter = CacheFilter {
        branch: args.branch,
        contains: args.contains,
    };
    let list = if args.delete {
        client.delete_caches(&slug, &filter).await?
    } else {
        client.caches(&slug, &filter).await?
    };
    if session.is_json() {
        session.screen.json(&list)?;
        return Ok(Status::Passed);
    }
    if list.caches.is_empty() {
        let line = match (args.delete, filter == CacheFilter::default()) {
            (true, _) => format!("There was no such cache of {slug}"),
            (false, true) => format!("{slug} has no caches"),
            (false, false) => format!("{slug} has no such caches"),
        };
        session.screen.line(&line)?;
        return Ok(Status::Passed);
    }
    table(&list).print(&mut session.screen)?;
    let count = words::count(list.caches.len(), "cache");
    let size = words::bytes(list.caches.iter().map(|cache| cache.size).sum());
    let removed = if args.delete { " removed" } else { "" };
    session
        .screen
        .remark(&format!("{count}{removed}, {size}"))?;
    Ok(Status::Passed)
}

fn table(list: &Caches) -> Table {
    let mut table = Table::with_head(&["BRANCH", "SIZE", "CHANGED", "NAME"]);
    for cache in &list.caches {
        // To the second: what lies behind the point says nothing to people.
        let changed = cache.last_modified.split('.').next().unwrap_or_default();
        table.row(vec![
            Cell::new(&cache.branch),
            Cell::new(&words::bytes(cache.size)).right(),
            Cell::new(&changed.replace('T', " ")),
            Cell::new(&cache.name),
        ]);
    }
    table
}
