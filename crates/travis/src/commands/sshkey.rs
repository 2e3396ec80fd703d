//! `travis sshkey`

use super::target;
use crate::cli::settings::SshKeyArgs;
use crate::client::ClientError;
use crate::failure::{Failure, Status};
use crate::output::plain;
use crate::session::Session;
use std::path::Path;
use travis_api::v3::{KeyPair, NewKeyPair};

/// Shows, keeps or removes the SSH key of a repository's jobs.
pub async fn run(args: SshKeyArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, args.slug).await?;
    if let Some(path) = &args.upload {
        let new = NewKeyPair {
            description: args.description,
            value: Some(key(path, session).await?),
        };
        let first = found(client.ssh_key(&slug).await)?.is_none();
        let kept = client.keep_ssh_key(&slug, &new, first).await?;
        if session.is_json() {
            session.screen.json(&kept)?;
        } else {
            session.screen.line(&format!(
                "The jobs of {slug} have the key {}",
                kept.fingerprint
            ))?;
        }
        return Ok(Status::Passed);
    }
    if args.delete {
        client.remove_ssh_key(&slug).await?;
        if !session.is_json() {
            session
                .screen
                .line(&format!("{slug} has no key any more"))?;
        }
        return Ok(Status::Passed);
    }
    match found(client.ssh_key(&slug).await)? {
        Some(kept) if session.is_json() => session.screen.json(&kept)?,
        Some(kept) => {
            let name = plain(&kept.description);
            session
                .screen
                .line(&format!("{name}: {}", kept.fingerprint))?;
            session.screen.line(&kept.public_key)?;
        }
        None => {
            return Err(
                Failure::new(Status::NotFound, format!("{slug} has no SSH key")).remedy(format!(
                    "Keep one: travis sshkey {slug} --upload travis_key"
                )),
            );
        }
    }
    Ok(Status::Passed)
}

async fn key(path: &Path, session: &mut Session) -> Result<String, Failure> {
    if path == Path::new("-") {
        return session.secret("The private key").await;
    }
    std::fs::read_to_string(session.around.directory.join(path)).map_err(|error| {
        Failure::usage(format!("{} can't be read: {error}", path.display()))
            .remedy("Make a key: ssh-keygen -t ed25519 -N '' -f travis_key".to_owned())
    })
}

/// None when the repository has no key.
fn found(answer: Result<KeyPair, ClientError>) -> Result<Option<KeyPair>, ClientError> {
    match answer {
        Ok(kept) => Ok(Some(kept)),
        Err(error) if error.is_missing("key_pair") => Ok(None),
        Err(error) => Err(error),
    }
}
