//! `travis trigger`

use super::{target, watch};
use crate::cli::client::TriggerArgs;
use crate::client::live::Channel;
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use travis_api::v3::NewRequest;

/// Asks for a build, and waits for its end if wanted.
pub async fn run(args: TriggerArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, args.slug).await?;
    let config = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(session.around.directory.join(path))
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            Some(serde_json::Value::String(text))
        }
        None => None,
    };
    let new = NewRequest {
        branch: args.branch,
        sha: args.commit,
        message: args.message,
        config,
        merge_mode: args.merge_mode,
    };
    if args.watch {
        // The channel is there before the request, so that nothing happens unheard.
        let repository = client.repository(&slug).await?;
        let mut channel = Channel::open(&client).await?;
        let topic = format!("repo:{}", repository.id);
        watch::listen(&mut channel, &topic).await?;
        let pending = client.trigger(&slug, &new).await?;
        return watch::run(session, &client, channel, &slug, topic, pending.request).await;
    }
    let pending = client.trigger(&slug, &new).await?;
    if session.is_json() {
        session.screen.json(&pending)?;
        return Ok(Status::Passed);
    }
    if pending.request.state == "rejected" {
        return Err(watch::rejected(&slug, &pending.request));
    }
    let what = match (&pending.request.branch_name, &pending.request.sha) {
        (_, Some(sha)) if new.sha.is_some() => crate::output::views::short_sha(sha),
        (Some(branch), _) => plain(branch),
        _ => "the default branch".to_owned(),
    };
    let sign = session.screen.paint.text(Color::Gray, "◌");
    session
        .screen
        .line(&format!("{sign} {slug}: a build of {what} is asked for"))?;
    session
        .screen
        .line(&format!("  Look at it: travis show {slug}"))?;
    Ok(Status::Passed)
}
