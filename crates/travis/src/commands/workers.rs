//! `travis workers`

use crate::cli::fleet::{WorkersAction, WorkersArgs};
use crate::client::Client;
use crate::failure::{Failure, Status};
use crate::output::{fleet, plain};
use crate::session::Session;
use travis_api::v3::{Worker, WorkerChange, WorkerTierChange};

/// Shows who builds, and what; commands workers.
pub async fn run(args: WorkersArgs, session: &mut Session) -> Result<Status, Failure> {
    let client = session.client()?;
    let (worker, done) = match args.action {
        None | Some(WorkersAction::List) => return list(&client, session).await,
        Some(WorkersAction::Images { set }) => return images(&client, set, session).await,
        Some(WorkersAction::Show(of)) => {
            let worker = find(&client, &of.worker).await?;
            if session.is_json() {
                session.screen.json(&worker)?;
                return Ok(Status::Passed);
            }
            for line in fleet::worker(&session.screen, &worker, client.endpoint()) {
                session.screen.line(&line)?;
            }
            return Ok(Status::Passed);
        }
        Some(WorkersAction::Pause(of)) => {
            let id = find(&client, &of.worker).await?.id;
            let worker = client.command_worker(id, "pause").await?;
            (worker, "is paused: what it runs is frozen")
        }
        Some(WorkersAction::Resume(of)) => {
            let id = find(&client, &of.worker).await?.id;
            (client.command_worker(id, "resume").await?, "lends again")
        }
        Some(WorkersAction::Drain(of)) => {
            let id = find(&client, &of.worker).await?.id;
            let worker = client.command_worker(id, "drain").await?;
            (worker, "finishes what it has, then leaves")
        }
        Some(WorkersAction::Ban(of)) => {
            let id = find(&client, &of.worker).await?.id;
            (client.command_worker(id, "ban").await?, "is shut out")
        }
        Some(WorkersAction::Unban(of)) => {
            let id = find(&client, &of.worker).await?.id;
            (client.command_worker(id, "unban").await?, "may come back")
        }
        Some(WorkersAction::Rename { worker, name }) => {
            let id = find(&client, &worker.worker).await?.id;
            let change = WorkerChange {
                name: Some(name),
                ..WorkerChange::default()
            };
            let worker = client.change_worker(id, &change).await?;
            (worker, "is its name now")
        }
        Some(WorkersAction::Tier {
            worker,
            tier,
            reason,
        }) => {
            let id = find(&client, &worker.worker).await?.id;
            let change = WorkerTierChange {
                tier: tier.word().map(str::to_owned),
                reason,
            };
            let worker = client.set_tier(id, &change).await?;
            (worker, "has its tier")
        }
        Some(WorkersAction::Remove(of)) => {
            let worker = find(&client, &of.worker).await?;
            client.remove_worker(worker.id).await?;
            (worker, "is removed")
        }
    };
    if session.is_json() {
        session.screen.json(&worker)?;
    } else {
        session.screen.line(&format!(
            "{} ({}) {done}.",
            plain(&worker.name),
            plain(&worker.tier)
        ))?;
    }
    Ok(Status::Passed)
}

async fn list(client: &Client, session: &mut Session) -> Result<Status, Failure> {
    let list = client.workers().await?;
    if session.is_json() {
        session.screen.json(&list)?;
        return Ok(Status::Passed);
    }
    for line in fleet::workers(&session.screen, &list) {
        session.screen.line(&line)?;
    }
    if list.workers.is_empty() {
        session
            .screen
            .remark("Lend a machine: travis token enrol shows how")?;
    }
    Ok(Status::Passed)
}

/// The worker that is meant: by number, by name, by owner and name.
async fn find(client: &Client, wanted: &str) -> Result<Worker, Failure> {
    let list = client.workers().await?.workers;
    let (owner, name) = match wanted.split_once('/') {
        Some((owner, name)) => (Some(owner), name),
        None => (None, wanted),
    };
    let mut fitting: Vec<Worker> = list
        .into_iter()
        .filter(|worker| {
            let named = worker.name.eq_ignore_ascii_case(name)
                || (owner.is_none() && worker.id.to_string() == name);
            named && owner.is_none_or(|owner| worker.owner.login.eq_ignore_ascii_case(owner))
        })
        .collect();
    match fitting.len() {
        1 => fitting.pop().ok_or_else(|| none(wanted)),
        0 => Err(none(wanted)),
        _ => {
            let names: Vec<String> = fitting
                .iter()
                .map(|worker| format!("{}/{}", worker.owner.login, worker.name))
                .collect();
            Err(Failure::usage(format!(
                "several workers are called {wanted}: say which: {}",
                names.join(", ")
            )))
        }
    }
}

fn none(wanted: &str) -> Failure {
    Failure::not_found(format!("there is no worker {wanted}"))
        .remedy("Look for it: travis workers list")
}

/// A table has fewer bytes; the server says by how much it is too long.
const LONGEST_TABLE: u64 = 1 << 20;

/// Shows the operator's table of images, or puts another in its place.
async fn images(
    client: &Client,
    set: Option<std::path::PathBuf>,
    session: &mut Session,
) -> Result<Status, Failure> {
    use std::io::Read as _;
    let Some(path) = set else {
        let table = client.images().await?;
        if session.is_json() {
            session.screen.json(&table)?;
        } else if table.text.is_empty() {
            session.screen.remark(
                "There are no rows of the operator's: workers use their owners' and the program's.",
            )?;
        } else {
            session.screen.line(&lines(table.text.trim_end()))?;
        }
        return Ok(Status::Passed);
    };
    let unreadable = |error: std::io::Error| {
        Failure::new(
            Status::Io,
            format!("{} can't be read: {error}", path.display()),
        )
    };
    let file: Box<dyn std::io::Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(&path).map_err(unreadable)?)
    };
    let mut text = String::new();
    file.take(LONGEST_TABLE)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    let table = client.set_images(text).await?;
    if session.is_json() {
        session.screen.json(&table)?;
    } else {
        session.screen.line(&format!(
            "Workers use these rows from their next job on: {} for jobs, {} for services.",
            table.images, table.services
        ))?;
    }
    Ok(Status::Passed)
}

/// Lines of text without what a terminal would obey.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n")
}
