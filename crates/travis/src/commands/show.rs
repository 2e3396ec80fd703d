//! `travis show`

use super::target::{self, Target, What};
use crate::cli::client::TargetArgs;
use crate::failure::{Failure, Status};
use crate::output::views;
use crate::session::Session;

/// Shows a build or a job.
pub async fn run(args: &TargetArgs, session: &mut Session) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let build = match wanted.what {
        What::Job(number) => {
            let job = target::job(&client, &slug, &number).await?;
            if session.is_json() {
                session.screen.json(&job)?;
            } else {
                let address = target::page(&client, &slug, Some(("jobs", job.id)));
                for line in views::job(&session.screen, &job, &address) {
                    session.screen.line(&line)?;
                }
            }
            return Ok(Status::Passed);
        }
        What::Build(number) => target::build(&client, &slug, &number).await?,
        What::Current => target::current_build(&client, &slug).await?,
    };
    if session.is_json() {
        session.screen.json(&build)?;
    } else {
        let address = target::page(&client, &slug, Some(("builds", build.id)));
        for line in views::build(&session.screen, &build, &address) {
            session.screen.line(&line)?;
        }
    }
    Ok(Status::Passed)
}
