//! Runs the worker: with what was handed in, kept or typed, again and again until it is told to
//! leave.

use super::changes::Changes;
use super::offer::{Offer, write_private};
use super::plan::{Kept, Known, Plan, plan};
use super::state::{Lent, State, read_kept};
use crate::cli::worker::{JoinArgs, RunArgs};
use crate::serve;
use anyhow::{Context as _, Result};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use travis_worker::WorkerError;

/// How often it is looked whether somebody typed something where the kernel does not tell.
const LOOK: Duration = Duration::from_secs(1);
/// Before a worker that could not run is started again.
const PAUSE: Duration = Duration::from_secs(10);

/// Runs workers until the process is told to leave.
///
/// # Errors
/// When files of the machine can't be written.
pub async fn work(run: &Path, state: &Path) -> Result<ExitCode> {
    serve::start_log("info");
    let (leave, _) = serve::stops()?;
    let offer = Offer::read(&run.join("offer.json"));
    let mut typed: Option<Offer> = None;
    let mut refused: Vec<String> = Vec::new();
    let mut reason = offer.trouble.clone();
    set_up(&offer, state)?;
    while !leave.is_cancelled() {
        let kept = read_kept(state);
        let next = plan(&Known {
            kept: kept.as_ref(),
            enrolled: travis_worker::is_enrolled(state),
            offer: &offer,
            typed: typed.as_ref(),
            refused: &refused,
        });
        match next {
            Plan::Ask { server } => {
                let reason = reason.take();
                tracing::info!(reason = reason.as_deref(), "asks on the console");
                State::Asking { server, reason }.write(run)?;
                typed = answer(run, &leave).await;
            }
            Plan::Start {
                server,
                name,
                token,
            } => {
                let name = match name {
                    Some(name) => name,
                    None => new_name()?,
                };
                let lent = Lent { server, name };
                State::Running(lent.clone()).write(run)?;
                let Err(error) = start(&lent, token.clone(), state).await else {
                    return Ok(ExitCode::SUCCESS);
                };
                tracing::error!(error = format!("{error:#}"), "the worker ended");
                let said = format!("{error:#}");
                if wants_another_answer(&error) {
                    refused.extend(token);
                    // A server that was typed stays; a token that was refused is gone.
                    typed = typed.map(|typed| Offer {
                        token: None,
                        ..typed
                    });
                    reason = Some(said);
                    let asked = State::Asking {
                        server: Some(lent.server.clone()),
                        reason: reason.clone(),
                    };
                    asked.write(run)?;
                    if let Some(answer) = answer(run, &leave).await {
                        typed = Some(answer);
                        reason = None;
                    }
                } else {
                    State::Troubled { reason: said }.write(run)?;
                    tokio::select! {
                        () = leave.cancelled() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts what was handed in where the worker looks for it.
fn set_up(offer: &Offer, state: &Path) -> Result<()> {
    if let Some(certificates) = &offer.ca {
        write_private(&state.join("ca.pem"), certificates.as_bytes())
            .context("the certificates that were handed in can't be kept")?;
    }
    if offer.settings.is_some() || offer.ca.is_some() {
        let mut text =
            String::from("# Handed in when the machine started; written anew each time.\n");
        if offer.ca.is_some() {
            text.push_str(&format!(
                "ca = {:?}\n",
                state.join("ca.pem").display().to_string()
            ));
        }
        text.push_str(offer.settings.as_deref().unwrap_or_default());
        write_private(&state.join("worker.toml"), text.as_bytes())
            .context("the settings that were handed in can't be kept")?;
    }
    Ok(())
}

async fn start(lent: &Lent, token: Option<String>, state: &Path) -> Result<()> {
    let kept = Kept {
        server: lent.server.clone(),
        name: lent.name.clone(),
    };
    let enrolled_elsewhere = travis_worker::is_enrolled(state)
        && read_kept(state).is_some_and(|old| old.server != kept.server);
    if enrolled_elsewhere {
        // The new server would not know this number; the key stays.
        std::fs::remove_file(state.join("worker.json")).context("worker.json can't be removed")?;
    }
    let text = serde_json::to_string(&kept)?;
    write_private(&state.join("lent.json"), text.as_bytes())
        .context("what this machine is lent to can't be kept")?;
    serve::worker(RunArgs {
        join: JoinArgs {
            server: Some(kept.server),
            token,
            name: Some(kept.name),
            ..JoinArgs::default()
        },
        data: Some(state.to_owned()),
        ..RunArgs::default()
    })
    .await?;
    Ok(())
}

/// Whether another address or token would mend it.
fn wants_another_answer(error: &anyhow::Error) -> bool {
    let known = error.downcast_ref::<WorkerError>();
    matches!(
        known,
        Some(
            WorkerError::NotEnrolled
                | WorkerError::EnrolmentRefused(_)
                | WorkerError::Denied(_)
                | WorkerError::Server(..)
        )
    )
}

/// Waits until somebody typed something on a console; `None` when told to leave.
async fn answer(run: &Path, leave: &CancellationToken) -> Option<Offer> {
    let path = run.join("typed.json");
    let mut changes = Changes::of(run);
    loop {
        if path.exists() {
            let typed = Offer::read(&path);
            let _ = std::fs::remove_file(&path);
            return Some(typed);
        }
        tokio::select! {
            () = leave.cancelled() => return None,
            () = changes.next(LOOK) => {}
        }
    }
}

/// A name that other machines made of the same image don't have.
fn new_name() -> Result<String> {
    let random = std::fs::read_to_string("/proc/sys/kernel/random/uuid")
        .context("the kernel has no random numbers")?;
    let short: String = random.chars().take(6).collect();
    Ok(format!("vm-{short}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_would_mend_is_asked_for() {
        let asks = |error: WorkerError| wants_another_answer(&anyhow::Error::from(error));
        assert!(asks(WorkerError::EnrolmentRefused("used".to_owned())));
        assert!(asks(WorkerError::Denied("unknown".to_owned())));
        assert!(!asks(WorkerError::Key("/x".into())));
    }

    #[tokio::test]
    async fn an_answer_is_taken_once() {
        let place = tempfile::tempdir().unwrap();
        let leave = CancellationToken::new();
        let said = Offer {
            server: Some("a".to_owned()),
            ..Offer::default()
        };
        said.write(&place.path().join("typed.json")).unwrap();
        assert!(answer(place.path(), &leave).await == Some(said));
        leave.cancel();
        assert!(answer(place.path(), &leave).await.is_none());
    }

    #[test]
    fn settings_are_put_where_the_worker_looks() {
        let place = tempfile::tempdir().unwrap();
        let offer = Offer {
            ca: Some("PEM".to_owned()),
            settings: Some("[lend]\nslots = 1\n".to_owned()),
            ..Offer::default()
        };
        set_up(&offer, place.path()).unwrap();
        let text = std::fs::read_to_string(place.path().join("worker.toml")).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(table["lend"]["slots"].as_integer(), Some(1));
        let ca = table["ca"].as_str().unwrap();
        assert_eq!(std::fs::read_to_string(ca).unwrap(), "PEM");
    }
}
