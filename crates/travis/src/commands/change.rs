//! `travis cancel` and `travis restart`

use super::target::{self, Target, What};
use crate::cli::client::TargetArgs;
use crate::client::calls::{Change, Run};
use crate::failure::{Failure, Status};
use crate::session::Session;

/// Cancels or restarts a build or a job.
pub async fn run(
    args: &TargetArgs,
    change: Change,
    session: &mut Session,
) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let (run, name) = match &wanted.what {
        What::Job(number) => {
            let job = target::job(&client, &slug, number).await?;
            (Run::Job(job.id), format!("{slug} {}", job.number))
        }
        What::Build(number) => {
            let build = target::build(&client, &slug, number).await?;
            (Run::Build(build.id), format!("{slug}#{}", build.number))
        }
        What::Current => {
            let build = target::current_build(&client, &slug).await?;
            (Run::Build(build.id), format!("{slug}#{}", build.number))
        }
    };
    let pending = client.change(run, change).await?;
    if session.is_json() {
        session.screen.json(&pending)?;
        return Ok(Status::Passed);
    }
    match change {
        Change::Cancel => session
            .screen
            .line(&format!("⊘ {name} is being canceled"))?,
        Change::Restart => {
            session.screen.line(&format!("◌ {name} runs again"))?;
            session.screen.line(&match run {
                Run::Job(_) => format!("  Follow it: travis logs {name} -f"),
                Run::Build(_) => format!("  Look at it: travis show {name}"),
            })?;
        }
    }
    Ok(Status::Passed)
}
