//! `travis open`

use super::target::{self, Target, What};
use crate::cli::client::OpenArgs;
use crate::failure::{Failure, Status};
use crate::session::Session;

/// Opens a page in the browser.
pub async fn run(args: &OpenArgs, session: &mut Session) -> Result<Status, Failure> {
    let wanted = Target::read(&args.target.target)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, wanted.slug).await?;
    let address = match wanted.what {
        What::Current => target::page(&client, &slug, None),
        What::Build(number) => {
            let build = target::build(&client, &slug, &number).await?;
            target::page(&client, &slug, Some(("builds", build.id)))
        }
        What::Job(number) => {
            let job = target::job(&client, &slug, &number).await?;
            target::page(&client, &slug, Some(("jobs", job.id)))
        }
    };
    if session.is_json() {
        session
            .screen
            .json(&serde_json::json!({ "url": address }))?;
    } else {
        session.screen.line(&address)?;
    }
    if !args.print
        && let Err(error) = (session.around.browse)(&address)
    {
        return Err(
            Failure::new(Status::Io, format!("can't start a browser: {error}"))
                .remedy("Open the address above by hand."),
        );
    }
    Ok(Status::Passed)
}

/// Starts the desktop's browser and doesn't wait for it.
///
/// # Errors
/// When there is no `xdg-open`.
pub fn browse(address: &str) -> std::io::Result<()> {
    std::process::Command::new("xdg-open")
        .arg(address)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .map(drop)
}
