//! `travis enable` and `travis disable`

use super::target;
use crate::cli::client::{DisableArgs, EnableArgs};
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use travis_api::v3::NewRepository;

/// Adds a repository, or switches one on.
pub async fn enable(args: EnableArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let (repository, verb) = match (args.git, args.name) {
        (Some(url), Some(name)) => {
            let new = NewRepository {
                slug: name.to_string(),
                clone_url: url,
                description: args.description,
                private: args.private,
                poll_seconds: args.poll,
            };
            let added = client.add_repository(&new).await?;
            let on = if added.active {
                added
            } else {
                client.set_active(&name, true).await?
            };
            (on, "added")
        }
        _ => {
            let slug = target::slug(session, &client, args.slug).await?;
            (client.set_active(&slug, true).await?, "on")
        }
    };
    if session.is_json() {
        session.screen.json(&repository)?;
        return Ok(Status::Passed);
    }
    let slug = plain(&repository.slug);
    let sign = session.screen.paint.text(Color::Green, "✓");
    session.screen.line(&format!("{sign} {slug} is {verb}"))?;
    session
        .screen
        .line(&format!("  Build it: travis trigger {slug} --watch"))?;
    Ok(Status::Passed)
}

/// Switches a repository off.
pub async fn disable(args: DisableArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, args.slug).await?;
    let repository = client.set_active(&slug, false).await?;
    if session.is_json() {
        session.screen.json(&repository)?;
        return Ok(Status::Passed);
    }
    let slug = plain(&repository.slug);
    session.screen.line(&format!(
        "{slug} is off: its pings make no builds; what was built stays"
    ))?;
    session
        .screen
        .line(&format!("  On again: travis enable {slug}"))?;
    Ok(Status::Passed)
}
