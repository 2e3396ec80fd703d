//! `travis worker install` and `uninstall`: first a plan, which is shown, then its steps.

mod plan;
mod steps;

use crate::cli::worker::{InstallArgs, UninstallArgs};
use crate::failure::{Failure, Status};
use crate::session::{Input, Session};
use plan::Places;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use steps::Step;

/// It is there where systemd is the first process.
const SYSTEMD: &str = "/run/systemd/system";

/// Makes the service.
pub fn install(args: &InstallArgs, session: &mut Session) -> Result<Status, Failure> {
    let places = Places::of(args.service.user, args.service.root.as_deref())?;
    if !args.service.dry_run {
        places.check_rights(args.service.user)?;
        // Before anything is written: half of a service would stay behind.
        if !args.service.user && args.service.root.is_none() && !Path::new(SYSTEMD).is_dir() {
            let text = "this machine was not started by systemd, so no service can be made";
            return Err(Failure::new(Status::Refused, text).remedy(
                "Run the worker by hand, or by what starts things here: travis worker --server URL --token T",
            ));
        }
    }
    let plan = plan::install(args, &places)?;
    if !agreed(
        &plan,
        "This will be done:",
        args.service.dry_run,
        args.service.yes,
        session,
    )? {
        return Ok(Status::Passed);
    }
    carry_out(&plan)?;
    if args.service.root.is_none() {
        session.screen.remark(
            "The worker runs. Watch it with: travis worker top; its log: journalctl -u travis-worker",
        )?;
    }
    Ok(Status::Passed)
}

/// Removes the service.
pub fn uninstall(args: &UninstallArgs, session: &mut Session) -> Result<Status, Failure> {
    let places = Places::of(args.service.user, args.service.root.as_deref())?;
    if !args.service.dry_run {
        places.check_rights(args.service.user)?;
    }
    let plan = plan::uninstall(args, &places);
    if plan.is_empty() {
        session.screen.line("Nothing is installed.")?;
        return Ok(Status::Passed);
    }
    if !agreed(
        &plan,
        "This will be done:",
        args.service.dry_run,
        args.service.yes,
        session,
    )? {
        return Ok(Status::Passed);
    }
    carry_out(&plan)?;
    session.screen.line("Nothing is left of the worker here.")?;
    Ok(Status::Passed)
}

/// Shows the plan and asks.
fn agreed(
    plan: &[Step],
    heading: &str,
    dry_run: bool,
    yes: bool,
    session: &mut Session,
) -> Result<bool, Failure> {
    session.screen.line(heading)?;
    for step in plan {
        session.screen.line(&format!("  {}", step.title()))?;
        if dry_run && let Some(text) = step.text() {
            for line in text.lines() {
                session.screen.line(&format!("    {line}"))?;
            }
        }
    }
    if dry_run {
        return Ok(false);
    }
    if yes {
        return Ok(true);
    }
    if !matches!(session.around.input, Input::Terminal) || !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is nobody to ask; say --yes to do it"));
    }
    session.screen.remark("Go on? [y/N]")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn carry_out(plan: &[Step]) -> Result<(), Failure> {
    for step in plan {
        step.carry_out()
            .map_err(|error| Failure::new(Status::Io, format!("{}: {error}", step.title())))?;
    }
    Ok(())
}
