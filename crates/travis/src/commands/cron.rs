//! `travis cron`

use super::target;
use crate::cli::settings::CronAction;
use crate::failure::{Failure, Status};
use crate::output::plain;
use crate::output::table::{Cell, Table};
use crate::session::Session;
use travis_api::v3::{Cron, NewCron};
use travis_model::Slug;

/// Lists, makes and removes crons.
pub async fn run(action: CronAction, session: &mut Session) -> Result<Status, Failure> {
    match action {
        CronAction::List { slug } => list(slug, session).await?,
        CronAction::Set {
            slug,
            branch,
            interval,
            unless_recent,
        } => {
            let client = session.client()?;
            let new = NewCron {
                interval: interval.as_str().to_owned(),
                dont_run_if_recent_build_exists: unless_recent,
            };
            let cron = client.set_cron(&slug, &branch, &new).await?;
            if session.is_json() {
                session.screen.json(&cron)?;
            } else {
                let line = format!(
                    "{} of {slug} is built {}, first at {}",
                    plain(&cron.branch.name),
                    cron.interval,
                    moment(&cron.next_run)
                );
                session.screen.line(&line)?;
            }
        }
        CronAction::Remove { slug, branch } => {
            let client = session.client()?;
            let crons = client.crons(&slug).await?.crons;
            let Some(cron) = crons.into_iter().find(|cron| cron.branch.name == branch) else {
                return Err(Failure::new(
                    Status::NotFound,
                    format!("the branch {branch} of {slug} has no cron"),
                )
                .remedy(format!("See them: travis cron list {slug}")));
            };
            client.remove_cron(cron.id).await?;
            if session.is_json() {
                session.screen.json(&cron)?;
            } else {
                let name = plain(&branch);
                session.screen.line(&format!(
                    "{name} of {slug} is not built by the clock any more"
                ))?;
            }
        }
    }
    Ok(Status::Passed)
}

async fn list(slug: Option<Slug>, session: &mut Session) -> Result<(), Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, slug).await?;
    let list = client.crons(&slug).await?;
    if session.is_json() {
        session.screen.json(&list)?;
        return Ok(());
    }
    if list.crons.is_empty() {
        session.screen.line(&format!(
            "No crons. Make one: travis cron set {slug} main daily"
        ))?;
        return Ok(());
    }
    let mut table = Table::with_head(&["BRANCH", "HOW OFTEN", "UNLESS", "NEXT", "LAST"]);
    for cron in &list.crons {
        table.row(vec![
            Cell::new(&cron.branch.name),
            Cell::new(&cron.interval),
            Cell::new(if cron.dont_run_if_recent_build_exists {
                "built within 24 h"
            } else {
                ""
            }),
            Cell::new(&if cron.active {
                moment(&cron.next_run)
            } else {
                "when switched on".to_owned()
            }),
            Cell::new(&last(cron)),
        ]);
    }
    table.print(&mut session.screen)?;
    Ok(())
}

/// What came of the last run.
fn last(cron: &Cron) -> String {
    let Some(request) = &cron.last_request else {
        return "not yet".to_owned();
    };
    match (request.builds.first(), request.state.as_str()) {
        (Some(build), _) => format!("#{} {}", build.number, build.state),
        (None, "rejected") => format!(
            "no build: {}",
            request.message.as_deref().unwrap_or("no reason was kept")
        ),
        (None, _) => "asked for".to_owned(),
    }
}

/// To the minute, in UTC.
fn moment(time: &str) -> String {
    time.get(..16)
        .map_or_else(|| time.to_owned(), |text| text.replace('T', " ") + " UTC")
}
