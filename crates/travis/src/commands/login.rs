//! `travis login`

use crate::cli::client::LoginArgs;
use crate::client::{Client, ClientError};
use crate::config::{self, ConfigError, Server};
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;

/// Tries a token and remembers it with its server.
pub async fn run(args: LoginArgs, session: &mut Session) -> Result<Status, Failure> {
    let endpoint = config::normalize(&args.endpoint, "--endpoint")
        .map_err(|error| Failure::usage(error.to_string()))?;
    let path = session.around.config.clone().ok_or(ConfigError::NoHome)?;
    let token = session.secret(&format!("API token for {endpoint}")).await?;
    let token = token.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::usage("this is not an API token")
            .remedy("A server started by `travis up` keeps one in DATA/admin-token; others are made with: travis token create NAME"));
    }
    let client = Client::new(Server {
        endpoint: endpoint.clone(),
        token: Some(token.to_owned()),
        source: "--endpoint".to_owned(),
    })?;
    // Once a token was asked for, Ctrl-C does not end the program by itself any more.
    let user = tokio::select! {
        user = client.user() => user,
        () = &mut session.around.interrupt => {
            return Err(Failure::new(Status::Interrupted, "stopped; nothing was changed"));
        }
    };
    let user = user.map_err(|error| match error {
        ClientError::LoginRequired { .. } => Failure::new(
            Status::NotAllowed,
            format!("{endpoint} does not know this token; nothing was changed"),
        )
        .remedy("Copy it whole. If it has ended, make another on the server."),
        error => error.into(),
    })?;
    config::write_to(&path, &endpoint, token)?;
    if session.is_json() {
        session.screen.json(&user)?;
    } else {
        let sign = session.screen.paint.text(Color::Green, "✓");
        session.screen.line(&format!(
            "{sign} signed in at {endpoint} as {}; kept in {}",
            plain(&user.user.login),
            path.display()
        ))?;
    }
    if session.around.endpoint.is_some() || session.around.token.is_some() {
        session.screen.remark(
            "note: TRAVIS_ENDPOINT or TRAVIS_TOKEN is set and comes before what was kept",
        )?;
    }
    Ok(Status::Passed)
}
