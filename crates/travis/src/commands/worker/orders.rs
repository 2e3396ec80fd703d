//! Orders by the worker's control socket.

use crate::cli::worker::PlaceArgs;
use crate::failure::{Failure, Status};
use crate::session::Session;
use std::path::{Path, PathBuf};
use travis_worker::{AskError, Order, Standing};

/// Where the service of `travis worker install` keeps its data.
pub const SERVICE_DATA: &str = "/var/lib/travis-worker";

/// Gives an order and shows how the worker stands.
pub fn give(place: &PlaceArgs, order: Order, session: &mut Session) -> Result<Status, Failure> {
    let standing = ask(place, order)?;
    if order != Order::Status && !session.is_json() {
        session.screen.line(&match order {
            Order::Quit => "It leaves now; what ran is handed back.".to_owned(),
            Order::Drain => "It finishes what runs, then leaves.".to_owned(),
            _ => crate::output::plain(&standing.presence.text),
        })?;
        return Ok(Status::Passed);
    }
    show(&standing, session)
}

/// Shows how the worker stands.
pub fn show(standing: &Standing, session: &mut Session) -> Result<Status, Failure> {
    if session.is_json() {
        session.screen.json(standing)?;
        return Ok(Status::Passed);
    }
    for line in super::status::lines(&session.screen, standing) {
        session.screen.line(&line)?;
    }
    Ok(Status::Passed)
}

/// Asks the worker that is meant.
pub fn ask(place: &PlaceArgs, order: Order) -> Result<Standing, Failure> {
    let places = candidates(place.data.as_deref());
    let mut first = None;
    for place in &places {
        match travis_worker::ask(place, order) {
            Ok(standing) => return Ok(standing),
            Err(error) => {
                // The one that is somebody else's is worth more words than those that are nowhere.
                if first.is_none() || matches!(error, AskError::Denied(_)) {
                    first = Some(error);
                }
            }
        }
    }
    let Some(error) = first else {
        return Err(Failure::usage(
            "there is neither HOME nor XDG_DATA_HOME: say where the worker is with --data DIR",
        ));
    };
    Err(match &error {
        AskError::Absent(_) => Failure::new(Status::Unreachable, error.to_string()).remedy(
            "Start one with: travis worker --server URL --token T, or say where it is with --data DIR",
        ),
        AskError::Denied(_) => Failure::new(Status::NotAllowed, error.to_string()),
        _ => Failure::new(Status::Server, error.to_string()),
    })
}

/// Data directories in which a worker may run.
fn candidates(named: Option<&Path>) -> Vec<PathBuf> {
    if let Some(named) = named {
        return vec![named.to_owned()];
    }
    let own = crate::serve::worker_data().ok();
    own.into_iter().chain([SERVICE_DATA.into()]).collect()
}
