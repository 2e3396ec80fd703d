//! `travis whoami` and `travis sync`

use crate::client::live::{Channel, Heard};
use crate::failure::{Failure, Status};
use crate::output::plain;
use crate::session::Session;
use std::time::Duration;
use travis_api::live::ServerMessage;
use travis_api::v3::{CurrentUser, Identity};

/// How long it is waited for news before the server is asked.
const QUIET: Duration = Duration::from_secs(5);

/// Shows whose token this is.
pub async fn whoami(session: &mut Session) -> Result<Status, Failure> {
    let user = session.client()?.user().await?;
    if session.is_json() {
        session.screen.json(&user)?;
        return Ok(Status::Passed);
    }
    let role = if user.user.admin {
        ", administrator"
    } else {
        ""
    };
    let login = plain(&user.user.login);
    session.screen.line(&format!("{login}{role}"))?;
    for identity in &user.identities {
        session.screen.line(&format!("  {}", standing(identity)))?;
    }
    if user.identities.is_empty() {
        session
            .screen
            .remark("On no forge yet: sign in with one in the browser (travis open)")?;
    }
    Ok(Status::Passed)
}

/// Who somebody is on a forge and how their list stands, in a line.
fn standing(identity: &Identity) -> String {
    let name = plain(&identity.forge.name);
    let login = plain(&identity.login);
    let how = if !identity.access {
        "no access any more: sign in with it again".to_owned()
    } else if identity.is_syncing {
        counted(identity)
    } else {
        format!("{} repositories", identity.sync_done)
    };
    let trouble = identity
        .sync_error
        .as_deref()
        .map(|error| format!(" ({})", plain(error)))
        .unwrap_or_default();
    format!("{login} on {name}: {how}{trouble}")
}

fn counted(identity: &Identity) -> String {
    match identity.sync_total {
        Some(total) => format!("{} of {total} repositories", identity.sync_done),
        None => format!("{} repositories so far", identity.sync_done),
    }
}

/// Reads the list of repositories again and waits for its end.
pub async fn sync(session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let before = client.user().await?;
    // One that runs already is watched.
    let mut user = if before.is_syncing {
        before
    } else {
        client.sync().await?
    };
    let topic = format!("user:{}", user.user.id);
    let mut channel = Channel::open(&client).await?;
    let mut shown = String::new();
    while user.is_syncing {
        if !session.is_json() {
            progress(session, &user, &mut shown)?;
        }
        match tokio::time::timeout(QUIET, channel.next()).await {
            Ok(Heard::Opened) => channel.subscribe(topic.clone()).await,
            Ok(Heard::Message(ServerMessage::Pong | ServerMessage::Hello { .. })) => continue,
            Ok(Heard::Lost(error)) => return Err(error.into()),
            // Something changed, or nothing was heard for a while.
            Ok(_) | Err(_) => {}
        }
        user = client.user().await?;
    }
    if session.is_json() {
        session.screen.json(&user)?;
    } else {
        for identity in &user.identities {
            session.screen.line(&standing(identity))?;
        }
    }
    let failed = |one: &Identity| !one.access || one.sync_error.is_some();
    Ok(if user.identities.iter().any(failed) {
        Status::Failed
    } else {
        Status::Passed
    })
}

/// Says how far it is, when that changed.
fn progress(session: &mut Session, user: &CurrentUser, shown: &mut String) -> Result<(), Failure> {
    let going = user.identities.iter().filter(|one| one.is_syncing);
    let lines: Vec<String> = going.map(standing).collect();
    let now = lines.join("; ");
    if now != *shown {
        session.screen.remark(&now)?;
        *shown = now;
    }
    Ok(())
}
