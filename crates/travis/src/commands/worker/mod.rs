//! `travis worker …`: what an owner says to the worker of this machine, and does about it.

mod download;
mod images;
mod install;
mod orders;
mod status;
mod top;
mod unit;
mod vm;

use crate::cli::worker::{WorkerAction, WorkerArgs};
use crate::commands::doctor;
use crate::failure::{Failure, Status};
use crate::session::Session;
use travis_worker::Order;

/// Does what stands after `travis worker`.
///
/// # Errors
/// When it can't; the failure says what to do next.
pub async fn run(args: WorkerArgs, session: &mut Session) -> Result<Status, Failure> {
    match args.action {
        None => Err(Failure::usage("this command does not run as a client")),
        Some(WorkerAction::Status(place)) => orders::give(&place, Order::Status, session),
        Some(WorkerAction::Top(place)) => top::run(&place, session),
        Some(WorkerAction::Doctor(place)) => {
            let found = (session.around.examine)(place.data).await;
            doctor::tell(session, &found)
        }
        Some(WorkerAction::Install(args)) => install::install(&args, session),
        Some(WorkerAction::Uninstall(args)) => install::uninstall(&args, session),
        Some(WorkerAction::Pause(place)) => orders::give(&place, Order::Pause, session),
        Some(WorkerAction::Resume(place)) => orders::give(&place, Order::Resume, session),
        Some(WorkerAction::Drain(place)) => orders::give(&place, Order::Drain, session),
        Some(WorkerAction::Image(action)) => images::run(action, session).await,
        Some(WorkerAction::Quit(place)) => orders::give(&place, Order::Quit, session),
        Some(WorkerAction::Vm(args)) => vm::run(args, session).await,
    }
}
