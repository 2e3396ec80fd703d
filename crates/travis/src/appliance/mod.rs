//! What the machine image runs besides the worker (hidden: `travis appliance …`): it finds out to
//! which server the machine is lent, starts the worker, and speaks with whoever sits at the console.
//!
//! Three processes that share files in [`RUN`]:
//! - `setup`, as root, once: reads what the owner handed in, and writes it as the [`offer::Offer`];
//! - `work`, as the unprivileged user: decides with what to start ([`plan`]), and runs the worker;
//! - `console`, one for each terminal: shows the [`state::State`], asks, and writes what was typed.

mod changes;
mod console;
mod nocloud;
mod offer;
mod plan;
mod setup;
mod state;
mod work;

use crate::cli::appliance::{ApplianceAction, ApplianceArgs};
use anyhow::Result;
use std::path::Path;
use std::process::ExitCode;

/// Files of this start of the machine; the unprivileged user's.
const RUN: &str = "/run/travis-worker";
/// What an update of the system says of itself, in one line.
const SYSTEM_NEWS: &str = "/run/travis/system";
/// What outlives a start.
const STATE: &str = "/var/lib/travis-worker";

/// Does one of the three.
///
/// # Errors
/// When it can't go on.
pub async fn run(args: ApplianceArgs) -> Result<ExitCode> {
    match args.action {
        ApplianceAction::Setup => setup::setup(Path::new(RUN)).await,
        ApplianceAction::Work => work::work(Path::new(RUN), Path::new(STATE)).await,
        ApplianceAction::Console => console::console(Path::new(RUN), Path::new(STATE)).await,
    }
}
