//! `travis encrypt` and `travis pubkey`

mod edit;

use super::target;
use crate::cli::client::{EncryptArgs, PubkeyArgs};
use crate::failure::{Failure, Status};
use crate::session::Session;
use serde_json::json;
use travis_engine::keys::{KeyError, encrypt};

const FILE: &str = ".travis.yml";

/// Encrypts values, and prints them or writes them into `.travis.yml`.
pub async fn run(args: EncryptArgs, session: &mut Session) -> Result<Status, Failure> {
    let EncryptArgs {
        mut values,
        mut add,
        slug,
    } = args;
    // `--add NAME=value`: the path was left out.
    if let Some(value) = add.take_if(|path| path.contains('=')) {
        values.insert(0, value);
        add = Some("env.global".to_owned());
    }
    let place = add
        .as_deref()
        .map(edit::Place::read)
        .transpose()
        .map_err(Failure::usage)?;
    let client = session.client()?;
    let slug = target::slug(session, &client, slug).await?;
    if values.is_empty() {
        values.push("-".to_owned());
    }
    let asked = values.iter().filter(|value| asks(value)).count();
    if asked > 1 {
        return Err(Failure::usage(
            "one value can be asked for at a time; encrypt the others with a call of their own",
        ));
    }
    let mut plain = Vec::new();
    for value in values {
        let text = match value.strip_suffix('-') {
            Some(name) if asks(&value) => {
                let question = match name.strip_suffix('=') {
                    Some(name) => format!("Value of {name}"),
                    None if place.as_ref().is_some_and(edit::Place::is_env) => {
                        "NAME=value".to_owned()
                    }
                    None => "Value".to_owned(),
                };
                format!("{name}{}", session.secret(&question).await?)
            }
            _ => value,
        };
        plain.push(prepared(text, place.as_ref())?);
    }
    let key = client.public_key(&slug).await?;
    let ciphers = plain
        .iter()
        .map(|text| encrypt(&key.public_key, text))
        .collect::<Result<Vec<String>, KeyError>>()
        .map_err(|error| Failure::usage(error.to_string()))?;
    if let Some(place) = &place {
        let path = session.around.directory.join(FILE);
        let mut text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        for cipher in &ciphers {
            text = edit::add(&text, place, cipher)
                .and_then(|after| edit::checked(&text, after, place))
                .map_err(|why| {
                    Failure::usage(format!("{FILE} is left as it is: {why}"))
                        .remedy("Without --add the line is printed, to be pasted where it belongs.")
                })?;
        }
        std::fs::write(&path, text)?;
    }
    if session.is_json() {
        let all: Vec<_> = ciphers.iter().map(|text| json!({"secure": text})).collect();
        session.screen.json(&all)?;
    } else if let Some(place) = &place {
        let many = if ciphers.len() == 1 {
            "value"
        } else {
            "values"
        };
        session.screen.line(&format!(
            "{} encrypted {many} for {slug} added to {FILE} at {place}",
            ciphers.len()
        ))?;
    } else {
        for cipher in &ciphers {
            session.screen.line(&format!("secure: \"{cipher}\""))?;
        }
    }
    Ok(Status::Passed)
}

/// Prints a repository's public key.
pub async fn pubkey(args: PubkeyArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let slug = target::slug(session, &client, args.slug).await?;
    let key = client.public_key(&slug).await?;
    if session.is_json() {
        session.screen.json(&key)?;
    } else {
        for line in key.public_key.lines() {
            session.screen.line(line)?;
        }
        if session.screen.terminal {
            let note = format!("fingerprint: {}", key.fingerprint);
            writeln!(session.screen.err, "{note}")?;
        }
    }
    Ok(Status::Passed)
}

/// Whether a value is to be asked for: `-` and `NAME=-`.
fn asks(value: &str) -> bool {
    value == "-" || value.strip_suffix("=-").is_some_and(is_name)
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The text that is encrypted. A job reads a variable's line as the shell does, so a value that
/// holds anything special is put in quotes.
fn prepared(text: String, place: Option<&edit::Place>) -> Result<String, Failure> {
    let env = place.is_none_or(edit::Place::is_env);
    match text.split_once('=').filter(|(name, _)| is_name(name)) {
        Some((name, value)) if env => {
            let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
            if value.chars().all(plain) {
                Ok(text)
            } else {
                Ok(format!("{name}='{}'", value.replace('\'', "'\\''")))
            }
        }
        None if place.is_some_and(edit::Place::is_env) => Err(Failure::usage(
            "a variable's value needs its name before it: NAME=value, or NAME=- to be asked",
        )),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests;
