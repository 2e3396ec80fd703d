//! Every command against a server in this process, with fixed data and a fixed clock.

mod data;
mod fake;
mod follow;
mod print;
mod watch;

use crate::cli::Cli;
use crate::failure::Status;
use crate::output::{Clock, Paint, Screen};
use crate::session::{Input, Session, Surroundings};
use clap::Parser as _;
use fake::Fake;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// What was printed, and a way to wait for it.
#[derive(Clone, Default)]
struct Paper {
    bytes: Arc<Mutex<Vec<u8>>>,
    grown: Arc<Notify>,
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// Waits until a text is printed.
    async fn wait_for(&self, text: &str) {
        loop {
            let grown = self.grown.notified();
            if self.text().contains(text) {
                return;
            }
            grown.await;
        }
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        self.grown.notify_one();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A call of the program.
struct Call {
    out: Paper,
    err: Paper,
    endpoint: Option<String>,
    terminal: bool,
    stdin: String,
    config: PathBuf,
    directory: PathBuf,
    interrupt: BoxFuture<'static, ()>,
}

impl Call {
    fn new(fake: &Fake) -> Self {
        Self {
            out: Paper::default(),
            err: Paper::default(),
            endpoint: Some(fake.endpoint.clone()),
            terminal: false,
            stdin: String::new(),
            config: PathBuf::from("/nonexistent/config.toml"),
            directory: PathBuf::from("/"),
            interrupt: std::future::pending().boxed(),
        }
    }

    /// Runs it; what it printed is in `out` and `err`.
    async fn run(self, arguments: &[&str]) -> Status {
        let cli = Cli::try_parse_from(std::iter::once(&"travis").chain(arguments)).unwrap();
        let mut session = Session {
            screen: Screen {
                out: Box::new(self.out),
                err: Box::new(self.err.clone()),
                terminal: self.terminal,
                paint: Paint {
                    colors: self.terminal,
                },
                width: 60,
                height: 24,
                clock: Clock {
                    now: Box::new(|| data::NOW.parse().unwrap()),
                    zone: TimeZone::UTC,
                },
            },
            format: cli.format,
            around: Surroundings {
                endpoint: self.endpoint,
                token: Some("secret-token".to_owned()),
                config: Some(self.config),
                directory: self.directory,
                input: Input::Stream(Box::new(io::Cursor::new(self.stdin))),
                variable: |name| (name == "API_KEY").then(|| "from here".to_owned()),
                browse: |_| Err(io::Error::other("there is no screen")),
                examine: |_| futures_util::future::ready(Vec::new()).boxed(),
                interrupt: self.interrupt,
            },
        };
        match super::run(cli.command, &mut session).await {
            Ok(status) => status,
            Err(failure) => {
                let mut err = self.err;
                err.write_all(failure.text().as_bytes()).unwrap();
                failure.status
            }
        }
    }
}

/// Runs a command and gives back exit code, standard output and standard error.
async fn ran(fake: &Fake, arguments: &[&str]) -> (Status, String, String) {
    let call = Call::new(fake);
    let (out, err) = (call.out.clone(), call.err.clone());
    let status = call.run(arguments).await;
    let clean = |paper: &Paper| paper.text().replace(&fake.endpoint, "http://server");
    (status, clean(&out), clean(&err))
}
