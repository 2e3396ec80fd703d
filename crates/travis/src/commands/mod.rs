//! The client commands: one file a command.

mod account;
mod builds;
mod cache;
mod change;
mod condition;
mod cron;
pub mod doctor;
mod enable;
mod encrypt;
mod env;
mod expand;
mod jsonl;
mod lint;
mod login;
mod logs;
pub mod open;
mod repos;
mod results;
mod run;
mod shell;
mod show;
mod source;
mod sources;
mod sshkey;
mod target;
mod token;
mod trigger;
mod verify;
mod watch;
mod worker;
mod workers;

#[cfg(test)]
mod tests;

use crate::cli::Command;
use crate::client::calls::Change;
use crate::failure::{Failure, Status};
use crate::session::Session;

/// Does what a client command says.
///
/// # Errors
/// When it can't; the failure says what to do next and names the exit code.
pub async fn run(command: Command, session: &mut Session) -> Result<Status, Failure> {
    match command {
        Command::Up(_) | Command::Server(_) | Command::Appliance(_) | Command::Guest => {
            Err(Failure::usage("this command does not run as a client"))
        }
        Command::Worker(args) => worker::run(args, session).await,
        Command::Login(args) => login::run(args, session).await,
        Command::Enable(args) => enable::enable(args, session).await,
        Command::Disable(args) => enable::disable(args, session).await,
        Command::Repos(args) => repos::run(args, session).await,
        Command::Sync => account::sync(session).await,
        Command::Whoami => account::whoami(session).await,
        Command::Trigger(args) => trigger::run(args, session).await,
        Command::Builds(args) => builds::run(args, session).await,
        Command::Show(args) => show::run(&args, session).await,
        Command::Logs(args) => logs::run(&args, session).await,
        Command::Verify(args) => verify::run(&args, session).await,
        Command::Cancel(args) => change::run(&args, Change::Cancel, session).await,
        Command::Restart(args) => change::run(&args, Change::Restart, session).await,
        Command::Workers(args) => workers::run(args, session).await,
        Command::Token(args) => token::run(args.action, session).await,
        Command::Tests(args) => results::tests(&args, session).await,
        Command::Artifacts(args) => results::artifacts(&args, session).await,
        Command::Cache(args) => cache::run(args, session).await,
        Command::Env(args) => env::run(args.action, session).await,
        Command::Cron(args) => cron::run(args.action, session).await,
        Command::SshKey(args) => sshkey::run(args, session).await,
        Command::Encrypt(args) => encrypt::run(args, session).await,
        Command::Pubkey(args) => encrypt::pubkey(args, session).await,
        Command::Lint(args) => lint::run(&args, session).await,
        Command::Run(args) => run::run(args, session).await,
        Command::Expand(args) => expand::run(&args, session).await,
        Command::Condition(args) => condition::run(&args, session),
        Command::Doctor => {
            let machine = (session.around.examine)(None).await;
            doctor::run(session, machine).await
        }
        Command::Open(args) => open::run(&args, session).await,
        Command::Completions { shell } => shell::completions(shell, session),
        Command::Man { command } => shell::man(command.as_deref(), session),
    }
}
