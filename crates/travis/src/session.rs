//! What a client command works with: the screen, the server, and the world around the program as
//! values, so that tests can lend another.

use crate::cli::Format;
use crate::client::Client;
use crate::commands::doctor::Finding;
use crate::config;
use crate::failure::{Failure, Status};
use crate::output::Screen;
use futures_util::future::BoxFuture;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use std::io::{self, BufRead as _, Read, Write as _};
use std::path::PathBuf;

/// A value from standard input is not longer.
const LONGEST_INPUT: u64 = 1 << 20;

/// The world around the program.
pub struct Surroundings {
    /// `TRAVIS_ENDPOINT`.
    pub endpoint: Option<String>,
    /// `TRAVIS_TOKEN`.
    pub token: Option<String>,
    /// Where the configuration file lies, if there is a place for it.
    pub config: Option<PathBuf>,
    /// Where the command was called.
    pub directory: PathBuf,
    /// Standard input.
    pub input: Input,
    /// A variable of the environment, for `travis env copy`.
    pub variable: fn(&str) -> Option<String>,
    /// Shows a page in the browser.
    pub browse: fn(&str) -> io::Result<()>,
    /// Looks at this machine, for `travis doctor`.
    pub examine: fn(Option<PathBuf>) -> BoxFuture<'static, Vec<Finding>>,
    /// Ends when somebody presses Ctrl-C. Waited for only where that means something else than
    /// ending at once.
    pub interrupt: BoxFuture<'static, ()>,
}

/// Where secrets are read from.
pub enum Input {
    /// A person at a terminal, who is asked.
    Terminal,
    /// A file or a pipe.
    Stream(Box<dyn Read + Send>),
}

/// One run of one command.
pub struct Session {
    /// Where output goes.
    pub screen: Screen,
    /// Its form.
    pub format: Format,
    /// The world.
    pub around: Surroundings,
}

impl Session {
    /// A client of the server that the environment or the file names.
    ///
    /// # Errors
    /// When no server is named or the file is wrong.
    pub fn client(&self) -> Result<Client, Failure> {
        let server = config::find(
            self.around.endpoint.as_deref(),
            self.around.token.as_deref(),
            self.around.config.as_deref(),
        )?;
        Ok(Client::new(server)?)
    }

    /// Whether results are for programs.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Reads a secret: asks for it without showing it, or takes standard input whole. One line
    /// end at its end is taken off.
    ///
    /// # Errors
    /// When nothing was given, it is no text, or Ctrl-C was pressed.
    pub async fn secret(&mut self, question: &str) -> Result<String, Failure> {
        let text = match &mut self.around.input {
            Input::Stream(stream) => {
                let mut text = String::new();
                stream.take(LONGEST_INPUT).read_to_string(&mut text)?;
                text
            }
            Input::Terminal => {
                write!(self.screen.err, "{question}: ")?;
                self.screen.err.flush()?;
                let hidden = Hidden::new()?;
                let reading = tokio::task::spawn_blocking(|| {
                    let mut line = String::new();
                    io::stdin().lock().read_line(&mut line).map(|_| line)
                });
                let line = tokio::select! {
                    line = reading => Some(line.map_err(io::Error::other)??),
                    () = &mut self.around.interrupt => None,
                };
                drop(hidden);
                writeln!(self.screen.err)?;
                line.ok_or_else(|| {
                    Failure::new(Status::Interrupted, "stopped; nothing was changed")
                })?
            }
        };
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
    }
}

/// While it lives, the terminal does not show what is typed.
struct Hidden(Termios);

impl Hidden {
    fn new() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        modes.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(io::stdin(), OptionalActions::Flush, &modes)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that is gone.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
