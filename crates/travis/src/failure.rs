//! How the program ends: every exit code, and failures with what to do next.

use crate::client::ClientError;
use crate::config::ConfigError;
use std::fmt::Write as _;
use std::io;

/// The exit codes. `travis --help` is made of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done; with `--watch`: the build passed.
    Passed = 0,
    /// With `--watch`: the build failed; with `doctor` and `lint`: a check failed; with
    /// `condition`: it does not hold.
    Failed = 1,
    /// With `--watch`: the build could not be run; with commands about a file or condition: it is
    /// refused.
    Errored = 2,
    /// With `--watch`: the build was canceled.
    Canceled = 3,
    /// There is no such repository, build, job, token or variable.
    NotFound = 4,
    /// The server understood and said no.
    Refused = 5,
    /// The command line is wrong.
    Usage = 64,
    /// The server can't be reached.
    Unreachable = 69,
    /// The server failed or answered with something unexpected.
    Server = 70,
    /// Reading or writing failed here.
    Io = 74,
    /// Not signed in, or without the right.
    NotAllowed = 77,
    /// The file with the server's address and the token is wrong.
    Config = 78,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Status {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Passed,
        Self::Failed,
        Self::Errored,
        Self::Canceled,
        Self::NotFound,
        Self::Refused,
        Self::Usage,
        Self::Unreachable,
        Self::Server,
        Self::Io,
        Self::NotAllowed,
        Self::Config,
        Self::Interrupted,
    ];

    /// What `travis --help` says of it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Passed => "done; with --watch, run: the build passed",
            Self::Failed => {
                "with --watch, run: the build failed; doctor, lint: a check failed; condition: false"
            }
            Self::Errored => {
                "with --watch, run: the build could not be run; lint, expand, condition: refused"
            }
            Self::Canceled => "with --watch: the build was canceled",
            Self::NotFound => "no such repository, build, job, token or variable",
            Self::Refused => "the server understood and said no",
            Self::Usage => "the command line is wrong",
            Self::Unreachable => "the server can't be reached",
            Self::Server => "the server failed or answered something unexpected",
            Self::Io => "reading or writing failed on this machine",
            Self::NotAllowed => "not signed in, or without the right",
            Self::Config => "the configuration file is wrong",
            Self::Interrupted => "stopped with Ctrl-C",
        }
    }

    /// The section EXIT CODES of the help.
    #[must_use]
    pub fn help() -> String {
        let mut text = String::from("EXIT CODES:\n");
        for status in Self::ALL {
            let _ = writeln!(text, "  {:>3}  {}", status as u8, status.meaning());
        }
        text
    }
}

/// A command could not do its work.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The exit code.
    pub status: Status,
    /// What happened and where.
    pub message: String,
    /// The place that it is about, as lines under each other.
    pub excerpt: Vec<String>,
    /// What to do next, as whole sentences.
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure with nothing to advise.
    pub fn new(status: Status, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            excerpt: Vec::new(),
            remedy: None,
        }
    }

    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Status::Usage, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Status::NotFound, message)
    }

    /// What is printed of it; nothing when there is nobody to tell.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if !self.message.is_empty() {
            let _ = writeln!(text, "error: {}", crate::output::plain(&self.message));
            for line in &self.excerpt {
                let _ = writeln!(text, "{}", crate::output::plain(line));
            }
            if let Some(remedy) = &self.remedy {
                let _ = writeln!(text, "  {}", crate::output::plain(remedy));
            }
        }
        text
    }

    /// Adds what to do next.
    #[must_use]
    pub fn remedy(mut self, text: impl Into<String>) -> Self {
        self.remedy = Some(text.into());
        self
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // The reader of our output has seen enough (`travis builds | head`): nobody is left
            // to tell, and nothing is wrong.
            return Self::new(Status::Passed, "");
        }
        Self::new(Status::Io, format!("can't read or write: {error}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let failure = Self::new(Status::Config, error.to_string());
        match error {
            ConfigError::Missing { .. } => failure.remedy(
                "Sign in with: travis login --endpoint URL, or start a server with: travis up",
            ),
            ConfigError::Parse { .. } | ConfigError::Endpoint { .. } => {
                failure.remedy("Mend the file, or write it anew with: travis login --endpoint URL")
            }
            ConfigError::NoHome | ConfigError::Io { .. } => failure,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        let (status, remedy) = match &error {
            ClientError::Unreachable { .. } => (
                Status::Unreachable,
                Some("Is the server running? Start one with: travis up".to_owned()),
            ),
            ClientError::NotFound { .. } => (Status::NotFound, None),
            ClientError::LoginRequired { endpoint, .. } => (
                Status::NotAllowed,
                Some(format!("Sign in with: travis login --endpoint {endpoint}")),
            ),
            ClientError::NotAllowed { .. } => (Status::NotAllowed, None),
            ClientError::Refused { .. } => (Status::Refused, None),
            ClientError::Server { .. } => (
                Status::Server,
                Some("The server's log says more.".to_owned()),
            ),
            ClientError::Unexpected { .. } => (
                Status::Server,
                Some("Is this the address of a Travis server of the same version? Check with: travis doctor".to_owned()),
            ),
        };
        Self {
            status,
            message,
            excerpt: Vec::new(),
            remedy,
        }
    }
}
