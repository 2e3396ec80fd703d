//! `travis doctor`

use crate::client::{Client, ClientError};
use crate::config;
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use serde::Serialize;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked: `server`, `git`, `namespace executor`.
    pub name: String,
    /// It is as it should be.
    pub ok: bool,
    /// What was found, in a few words.
    pub detail: String,
    /// What to do about it, as a whole sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(name: &str, detail: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: true,
            detail: detail.into(),
            remedy: None,
        }
    }

    /// Something is wrong, and this mends it.
    pub fn bad(name: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            ok: false,
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }
}

impl From<travis_sandbox::Finding> for Finding {
    fn from(found: travis_sandbox::Finding) -> Self {
        Self {
            name: found.name,
            ok: found.ok,
            detail: found.detail,
            remedy: found.remedy,
        }
    }
}

/// Checks the server, and prints that after what was found on this machine.
pub async fn run(session: &mut Session, machine: Vec<Finding>) -> Result<Status, Failure> {
    let mut findings = machine;
    findings.extend(check_client(session).await);
    tell(session, &findings)
}

/// Prints what was found.
pub fn tell(session: &mut Session, findings: &[Finding]) -> Result<Status, Failure> {
    let good = findings.iter().all(|finding| finding.ok);
    if session.is_json() {
        session.screen.json(&findings)?;
    } else {
        print(session, findings)?;
    }
    Ok(if good { Status::Passed } else { Status::Failed })
}

fn print(session: &mut Session, findings: &[Finding]) -> Result<(), Failure> {
    let paint = session.screen.paint;
    let columns = findings
        .iter()
        .map(|finding| crate::output::width(&finding.name))
        .max()
        .unwrap_or(0);
    for finding in findings {
        let (color, sign) = if finding.ok {
            (Color::Green, "✓")
        } else {
            (Color::Red, "✗")
        };
        session.screen.line(&format!(
            "{} {:columns$}  {}",
            paint.text(color, sign),
            finding.name,
            plain(&finding.detail)
        ))?;
        if let Some(remedy) = &finding.remedy {
            for line in remedy.lines() {
                session
                    .screen
                    .line(&format!("  {:columns$}  {}", "", plain(line)))?;
            }
        }
    }
    let wrong = findings.iter().filter(|finding| !finding.ok).count();
    let text = match wrong {
        0 => "Everything is as it should be.".to_owned(),
        1 => "One thing needs mending.".to_owned(),
        number => format!("{number} things need mending."),
    };
    session.screen.line("")?;
    session.screen.line(&text)?;
    Ok(())
}

/// The checks of a client: configuration, server, token, versions.
async fn check_client(session: &Session) -> Vec<Finding> {
    let around = &session.around;
    let server = match config::find(
        around.endpoint.as_deref(),
        around.token.as_deref(),
        around.config.as_deref(),
    ) {
        Ok(server) => server,
        Err(error) => {
            let failure = Failure::from(error);
            let remedy = failure
                .remedy
                .clone()
                .unwrap_or_else(|| "Set TRAVIS_ENDPOINT and TRAVIS_TOKEN.".to_owned());
            return vec![Finding::bad("configuration", failure.message, remedy)];
        }
    };
    let mut findings = vec![match around.config.as_deref() {
        Some(path) if config::is_exposed(path) => Finding::bad(
            "configuration",
            format!("others can read the token in {}", path.display()),
            format!("Run: chmod 600 {}", path.display()),
        ),
        _ => Finding::good("configuration", format!("from {}", server.source)),
    }];
    let client = match Client::new(server) {
        Ok(client) => client,
        Err(error) => {
            findings.push(failed("server", error));
            return findings;
        }
    };
    let health = match client.health().await {
        Ok(health) => health,
        Err(error) => {
            findings.push(failed("server", error));
            return findings;
        }
    };
    findings.push(Finding::good(
        "server",
        format!("{} answers", client.endpoint()),
    ));
    findings.push(check_token(&client).await);
    let own = env!("CARGO_PKG_VERSION");
    findings.push(match health.version {
        None => Finding::good(
            "version",
            format!("{own} here; the server does not tell its own"),
        ),
        Some(version) if version == own => Finding::good("version", format!("{own} on both sides")),
        Some(version) => Finding::bad(
            "version",
            format!("{own} here, {version} on the server"),
            "Install the same version on both sides.",
        ),
    });
    findings
}

async fn check_token(client: &Client) -> Finding {
    let advice = format!(
        "Sign in with: travis login --endpoint {}",
        client.endpoint()
    );
    if !client.has_token() {
        return Finding::bad(
            "token",
            "there is none; only public things can be read",
            advice,
        );
    }
    match client.user().await {
        Ok(user) => {
            let role = if user.user.admin {
                ", administrator"
            } else {
                ""
            };
            Finding::good("token", format!("belongs to {}{role}", user.user.login))
        }
        Err(ClientError::LoginRequired { .. }) => {
            Finding::bad("token", "the server does not know it", advice)
        }
        Err(error) => failed("token", error),
    }
}

fn failed(name: &str, error: ClientError) -> Finding {
    let failure = Failure::from(error);
    let remedy = failure
        .remedy
        .clone()
        .unwrap_or_else(|| "Look at the server's log.".to_owned());
    Finding::bad(name, failure.message, remedy)
}
