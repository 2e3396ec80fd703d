//! A terminal of the machine: says how it stands, a line at each change, and asks for server and
//! token when the machine knows none.

use super::changes::Changes;
use super::offer::Offer;
use super::state::{State, printable, system_news, words};
use anyhow::Result;
use std::io::{BufRead as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;
use travis_worker::Order;

/// How often it looks how the machine stands: what the worker does is asked of it, which tells
/// nobody by itself. What other processes of the machine write is told at once.
const LOOK: Duration = Duration::from_secs(1);
/// How long a server may take to say that it is one.
const PATIENCE: Duration = Duration::from_secs(10);
/// A longer line is no answer.
const LONGEST_LINE: usize = 4096;

const WELCOME: &str = "
Travis worker
This machine builds and tests other people's code in sandboxes. Nobody logs in here.
";

/// What stands before the first question.
const QUESTION: &str = "
To which server is this machine lent? In its web app choose \"Contribute a worker\", then \"VM
image\": the page shows the server's address and a token, which works once and for an hour.
";

/// Shows and asks until the process is told to leave.
///
/// # Errors
/// When the terminal can't be written to.
pub async fn console(run: &Path, state: &Path) -> Result<ExitCode> {
    let (leave, _) = crate::serve::stops()?;
    let mut lines = typed_lines();
    say(WELCOME)?;
    let mut shown = String::new();
    let mut changes = Changes::of(run);
    while !leave.is_cancelled() {
        let now = State::read(run);
        if let State::Asking { server, reason } = &now {
            let mut dialogue = Dialogue {
                lines: &mut lines,
                changes: &mut changes,
                run,
                asked: &now,
                leave: &leave,
            };
            dialogue.ask(server.as_deref(), reason.as_deref()).await?;
            shown.clear();
            continue;
        }
        let standing = travis_worker::ask(state, Order::Status).ok();
        let text = words(&now, standing.as_ref(), system_news().as_deref());
        if text != shown {
            say(&format!("{text}\n"))?;
            shown = text;
        }
        tokio::select! {
            () = leave.cancelled() => {}
            () = changes.next(LOOK) => {}
            // Whoever presses Enter wants to know.
            line = lines.recv() => {
                if line.is_none() {
                    return Ok(ExitCode::SUCCESS);
                }
                shown.clear();
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// What is typed, line by line. The thread ends with the terminal.
fn typed_lines() -> Receiver<String> {
    let (sender, lines) = channel(4);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(mut line) = line else { return };
            line.truncate(line.floor_char_boundary(LONGEST_LINE));
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// What came of a question.
enum Said {
    Line(String),
    /// The machine goes on without this answer.
    Over,
}

struct Dialogue<'a> {
    lines: &'a mut Receiver<String>,
    changes: &'a mut Changes,
    run: &'a Path,
    asked: &'a State,
    leave: &'a CancellationToken,
}

impl Dialogue<'_> {
    /// Asks until there is an answer, here or on another terminal.
    async fn ask(&mut self, server: Option<&str>, reason: Option<&str>) -> Result<()> {
        if let Some(reason) = reason {
            say(&format!("\nThat did not work: {}.\n", printable(reason)))?;
        }
        say(QUESTION)?;
        let Some(server) = self.server(server).await? else {
            return Ok(());
        };
        let Some(token) = self.token().await? else {
            return Ok(());
        };
        let typed = Offer {
            server: Some(server),
            token: Some(token),
            ..Offer::default()
        };
        typed.write(&self.run.join("typed.json"))?;
        say("Thank you. The machine introduces itself to the server.\n")?;
        // Until it is read, the same question would be asked again.
        let waits =
            |asked: &State| self.run.join("typed.json").exists() || State::read(self.run) == *asked;
        while waits(self.asked) && !self.leave.is_cancelled() {
            tokio::select! {
                () = self.leave.cancelled() => {}
                () = self.changes.next(LOOK) => {}
            }
        }
        Ok(())
    }

    async fn server(&mut self, usual: Option<&str>) -> Result<Option<String>> {
        loop {
            let prompt = match usual {
                Some(usual) => format!("\nServer address [{}]: ", printable(usual)),
                None => "\nServer address (https://ci.example.org): ".to_owned(),
            };
            let Said::Line(line) = self.line(&prompt).await? else {
                return Ok(None);
            };
            let line = match (line.trim(), usual) {
                ("", Some(usual)) => usual.to_owned(),
                ("", None) => continue,
                (line, _) => line.to_owned(),
            };
            match address(&line) {
                Err(error) => say(&format!("{error}\n"))?,
                Ok(server) => {
                    say(&format!("Asking {server} ...\n"))?;
                    match greet(&server).await {
                        Ok(version) => {
                            say(&format!("Travis {} answers.\n", printable(&version)))?;
                            return Ok(Some(server));
                        }
                        Err(error) => say(&format!("{error}\n"))?,
                    }
                }
            }
        }
    }

    async fn token(&mut self) -> Result<Option<String>> {
        loop {
            let Said::Line(line) = self.line("\nToken: ").await? else {
                return Ok(None);
            };
            let token = line.trim();
            if token.is_empty() {
                continue;
            }
            if token.chars().all(|c| c.is_ascii_graphic()) && token.len() >= 8 {
                return Ok(Some(token.to_owned()));
            }
            say("That is no token: it is one word of letters and digits, as the page shows it.\n")?;
        }
    }

    /// A line, unless the machine got its answer elsewhere meanwhile.
    async fn line(&mut self, prompt: &str) -> Result<Said> {
        say(prompt)?;
        loop {
            tokio::select! {
                () = self.leave.cancelled() => return Ok(Said::Over),
                line = self.lines.recv() => return Ok(line.map_or(Said::Over, Said::Line)),
                () = self.changes.next(LOOK) => {
                    if State::read(self.run) != *self.asked {
                        say("\nIt was answered elsewhere.\n")?;
                        return Ok(Said::Over);
                    }
                }
            }
        }
    }
}

/// The address as it is used, or what is wrong with it.
fn address(typed: &str) -> Result<String, String> {
    let full = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let wrong = |what: &str| Err(format!("{what}; write it like https://ci.example.org"));
    let Ok(url) = reqwest::Url::parse(&full) else {
        return wrong("That is no address");
    };
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return wrong("That is no address of a web server");
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return wrong("That says more than an address");
    }
    Ok(full.trim_end_matches('/').to_owned())
}

/// Whether a Travis server answers there: its version, or what is wrong in plain words.
async fn greet(server: &str) -> Result<String, String> {
    let failed = |error: reqwest::Error| {
        if error.is_timeout() {
            "It does not answer. Is the address right, and does this machine's network work?"
                .to_owned()
        } else if error.is_connect() {
            format!(
                "It can't be reached: {}. Check the address, and that this machine may connect to the outside.",
                innermost(&error)
            )
        } else {
            format!("That did not work: {}.", innermost(&error))
        }
    };
    let client = reqwest::Client::builder()
        .timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let answer = client
        .get(format!("{server}/health"))
        .send()
        .await
        .map_err(failed)?;
    let body: serde_json::Value = answer.json().await.unwrap_or_default();
    match (body["status"].as_str(), body["version"].as_str()) {
        (Some("ok"), Some(version)) => Ok(version.to_owned()),
        _ => Err(
            "Something answers there, but it is no Travis server. Is the address right?".to_owned(),
        ),
    }
}

/// What the system said.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    printable(&last.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_or_explained() {
        for (typed, used) in [
            ("ci.example.org", "https://ci.example.org"),
            ("http://10.0.2.2:8080/", "http://10.0.2.2:8080"),
            ("https://example.org/ci", "https://example.org/ci"),
        ] {
            assert_eq!(address(typed).unwrap(), used);
        }
        for typed in [
            "ftp://x",
            "https://",
            "https://me:pw@x",
            "https://x/?token=1",
            "a b",
        ] {
            assert!(
                address(typed)
                    .unwrap_err()
                    .contains("https://ci.example.org")
            );
        }
    }

    #[tokio::test]
    async fn a_server_that_is_none_is_told_in_words() {
        let error = greet("http://127.0.0.1:9").await.unwrap_err();
        assert!(error.starts_with("It can't be reached"), "{error}");
    }
}
