//! `travis completions` and `travis man`

use crate::cli::{Cli, Shell};
use crate::failure::{Failure, Status};
use crate::session::Session;
use clap::CommandFactory as _;

/// Prints the completions for a shell.
pub fn completions(shell: Shell, session: &mut Session) -> Result<Status, Failure> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "travis", &mut text);
    session.screen.out.write_all(&text)?;
    session.screen.out.flush()?;
    Ok(Status::Passed)
}

/// Prints a manual page.
pub fn man(command: Option<&str>, session: &mut Session) -> Result<Status, Failure> {
    let mut all = Cli::command();
    all.build();
    let page = match command {
        None => all,
        Some(name) => all.find_subcommand(name).cloned().ok_or_else(|| {
            Failure::usage(format!("there is no command {name}"))
                .remedy("The commands: travis --help")
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    session.screen.out.write_all(&text)?;
    session.screen.out.flush()?;
    Ok(Status::Passed)
}
