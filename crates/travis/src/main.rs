//! `travis`: everything in one program. Here the process is set up; the client commands live in
//! `commands`, the long-running ones in `serve`.

mod appliance;
mod cli;
mod client;
mod commands;
mod config;
mod failure;
mod output;
mod serve;
mod session;

use clap::Parser as _;
use cli::worker::WorkerArgs;
use cli::{Cli, ColorChoice, Command};
use failure::{Failure, Status};
use futures_util::FutureExt as _;
use output::{Clock, Paint, Screen};
use session::{Input, Session, Surroundings};
use std::io::{self, IsTerminal as _};
use std::pin::Pin;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Starts before anything else, so that it has one thread only.
    if std::env::args_os().nth(1).as_deref() == Some(travis_sandbox::MAKE_NETWORK.as_ref()) {
        return travis_sandbox::make_network();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors and go to standard output.
            let status = if error.use_stderr() {
                Status::Usage
            } else {
                Status::Passed
            };
            let _ = error.print();
            return code(status);
        }
    };
    match cli.command {
        Command::Up(args) => serve(serve::up(args)),
        Command::Server(args) => serve(serve::server(args)),
        Command::Worker(WorkerArgs { action: None, run }) => serve(serve::worker(run)),
        Command::Appliance(args) => serve(appliance::run(args)),
        Command::Guest => match travis_sandbox::guest() {
            Ok(()) => code(Status::Passed),
            Err(error) => {
                eprintln!("error: {error}");
                code(Status::Server)
            }
        },
        command => client(command, cli.format, cli.color),
    }
}

fn code(status: Status) -> ExitCode {
    ExitCode::from(status as u8)
}

/// Runs a long-running command on every processor.
fn serve(work: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(&error.into()),
    };
    // Boxed, since the runtime is made anew for each type of work, with all of the work in it.
    let work: Pin<Box<dyn Future<Output = anyhow::Result<ExitCode>>>> = Box::pin(work);
    match runtime.block_on(work) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            code(Status::Server)
        }
    }
}

/// Runs a client command; one thread is enough and starts sooner.
fn client(command: Command, format: cli::Format, color: ColorChoice) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(&error.into()),
    };
    let mut session = Session {
        screen: screen(color),
        format,
        around: surroundings(),
    };
    let work: Pin<Box<dyn Future<Output = Result<Status, Failure>> + '_>> =
        Box::pin(commands::run(command, &mut session));
    let result = runtime.block_on(work);
    // A thread may still wait for a line from the terminal; nobody waits for it.
    runtime.shutdown_background();
    match result {
        Ok(status) => code(status),
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    eprint!("{}", failure.text());
    code(failure.status)
}

fn screen(color: ColorChoice) -> Screen {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let terminal = io::stdout().is_terminal() && !dumb;
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let side = |number: Option<u16>, usual: usize| match number {
        None | Some(0) => usual,
        Some(number) => usize::from(number),
    };
    Screen {
        out: Box::new(io::stdout()),
        err: Box::new(io::stderr()),
        terminal,
        paint: Paint {
            colors: match color {
                ColorChoice::Auto => terminal && !is_set("NO_COLOR"),
                ColorChoice::Always => true,
                ColorChoice::Never => false,
            },
        },
        width: side(size.map(|size| size.ws_col), 80),
        height: side(size.map(|size| size.ws_row), 24),
        clock: Clock::system(),
    }
}

fn surroundings() -> Surroundings {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Surroundings {
        endpoint: set("TRAVIS_ENDPOINT"),
        token: set("TRAVIS_TOKEN"),
        config: config::path(),
        directory: std::env::current_dir().unwrap_or_else(|_| ".".into()),
        input: if io::stdin().is_terminal() {
            Input::Terminal
        } else {
            Input::Stream(Box::new(io::stdin()))
        },
        variable: |name| std::env::var(name).ok(),
        browse: commands::open::browse,
        examine: |data| {
            async {
                let found = serve::examine(data).await;
                found.into_iter().map(Into::into).collect()
            }
            .boxed()
        },
        interrupt: tokio::signal::ctrl_c().map(drop).boxed(),
    }
}
