//! How the machine stands, for whoever looks at a console.

use super::offer::{read_bounded, write_private};
use super::{SYSTEM_NEWS, plan::Kept};
use serde::{Deserialize, Serialize};
use std::path::Path;
use travis_api::lend::PresenceState;
use travis_worker::Standing;

/// What `work` says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum State {
    /// It has not said anything yet.
    #[default]
    Starting,
    /// It can't go on without server or token.
    Asking {
        /// The server, when only the token is missing.
        server: Option<String>,
        /// Why it asks, when something went wrong before.
        reason: Option<String>,
    },
    /// The worker runs.
    Running(Lent),
    /// The worker ended, and is started again in a while.
    Troubled {
        /// Why.
        reason: String,
    },
}

/// To whom the machine is lent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    /// The server.
    pub server: String,
    /// This machine's name.
    pub name: String,
}

impl State {
    /// Reads what [`Self::write`] wrote.
    pub fn read(run: &Path) -> Self {
        read_bounded(&run.join("state.json"))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Says it to the consoles.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, run: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string(self).map_err(std::io::Error::other)?;
        write_private(&run.join("state.json"), text.as_bytes())
    }
}

/// What is kept between starts.
pub fn read_kept(state: &Path) -> Option<Kept> {
    let text = read_bounded(&state.join("lent.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// What an update of the system says, while there is something to say.
pub fn system_news() -> Option<String> {
    let text = read_bounded(Path::new(SYSTEM_NEWS)).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// One line in plain words. Control characters of a server's names don't reach the terminal.
pub fn words(state: &State, standing: Option<&Standing>, news: Option<&str>) -> String {
    if let Some(news) = news {
        return printable(news);
    }
    match state {
        State::Starting => "Starting.".to_owned(),
        State::Asking { .. } => "Waits for a server's address and a token.".to_owned(),
        State::Troubled { reason } => printable(&format!(
            "The worker can't run: {reason}. It is tried again."
        )),
        State::Running(lent) => {
            let to = format!("This machine is lent to {} as {}.", lent.server, lent.name);
            let now = standing.map_or_else(|| "The worker starts.".to_owned(), doing);
            printable(&format!("{to} {now}"))
        }
    }
}

fn doing(standing: &Standing) -> String {
    if !standing.connected {
        return "The server does not answer; it is tried again and again.".to_owned();
    }
    let jobs: Vec<String> = standing
        .jobs
        .iter()
        .map(|job| format!("{} {}", job.repository, job.job))
        .collect();
    let lends = standing.presence.state == PresenceState::Lending;
    let why = &standing.presence.text;
    match (jobs.is_empty(), lends) {
        (true, true) => "Waits for work.".to_owned(),
        (true, false) => format!("Takes no jobs: {why}"),
        (false, true) => format!("Building {}.", jobs.join(", ")),
        (false, false) => format!("Has {}: {why}", jobs.join(", ")),
    }
}

/// Without what would steer a terminal.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_state_is_told_in_plain_words() {
        let state = State::Running(Lent {
            server: "https://ci.example.org".to_owned(),
            name: "attic".to_owned(),
        });
        let say = |standing: serde_json::Value| {
            let standing = serde_json::from_value(standing).unwrap();
            words(&state, Some(&standing), None)
        };
        let lent = "This machine is lent to https://ci.example.org as attic.";
        assert_eq!(
            say(
                json!({"connected": true, "presence": {"state": "lending", "text": "x", "since_seconds": 0},
                "jobs": [{"repository": "acme/rocket", "job": "12.3"}]})
            ),
            format!("{lent} Building acme/rocket 12.3.")
        );
        assert_eq!(
            say(
                json!({"connected": true, "presence": {"state": "lending", "text": "x", "since_seconds": 0}, "jobs": []})
            ),
            format!("{lent} Waits for work.")
        );
        assert_eq!(
            say(json!({"connected": true, "jobs": [],
                "presence": {"state": "paused", "since_seconds": 0, "text": "Paused\u{1b}[2J."}})),
            format!("{lent} Takes no jobs: Paused [2J.")
        );
        assert_eq!(
            say(json!({"connected": false})),
            format!("{lent} The server does not answer; it is tried again and again.")
        );
        assert_eq!(
            words(&state, None, None),
            format!("{lent} The worker starts.")
        );
        assert_eq!(words(&state, None, Some("Updating.")), "Updating.");
    }

    #[test]
    fn consoles_read_what_work_writes() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(State::read(place.path()), State::Starting);
        let state = State::Asking {
            server: Some("a".to_owned()),
            reason: Some("b".to_owned()),
        };
        state.write(place.path()).unwrap();
        assert_eq!(State::read(place.path()), state);
    }
}
