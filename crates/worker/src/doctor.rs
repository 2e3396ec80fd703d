//! What `travis doctor` says of a worker.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use travis_sandbox::{Executor, Finding};

use crate::WorkerConfig;
use crate::client::Client;
use crate::facts::measure;
use crate::identity::Identity;

/// Less free disk than this and jobs are likely to fail for it.
const LITTLE_DISK: u64 = 1 << 30;
const GIT: Duration = Duration::from_secs(5);

/// Examines the machine, the data directory and the way to the server; changes nothing but that it
/// makes the worker's key if there is none.
pub async fn doctor(config: &WorkerConfig) -> Vec<Finding> {
    let mut found = machine(&*config.executor, &config.data_dir).await;
    found.push(data(config));
    found.push(server(config).await);
    found
}

/// Examines the machine alone: whether jobs can be isolated, git, and the disk below `place`.
/// Changes nothing.
pub async fn machine(executor: &dyn Executor, place: &Path) -> Vec<Finding> {
    let mut found = executor.check().await;
    found.push(git().await);
    let facts = measure(executor, place);
    let free = format!("{} MB free for jobs", facts.disk_free_bytes >> 20);
    found.push(if facts.disk_free_bytes < LITTLE_DISK {
        Finding::bad(
            "disk",
            free,
            "make room, or move the data directory to a larger disk",
        )
    } else {
        Finding::good("disk", free)
    });
    found
}

async fn git() -> Finding {
    let mut command = Command::new("git");
    command.arg("--version").kill_on_drop(true);
    match tokio::time::timeout(GIT, command.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            Finding::good("git", String::from_utf8_lossy(&output.stdout).trim())
        }
        _ => Finding::bad("git", "git does not start", "install the package git"),
    }
}

fn data(config: &WorkerConfig) -> Finding {
    let place = config.data_dir.display().to_string();
    let identity = std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| error.to_string())
        .and_then(|()| Identity::open(&config.data_dir).map_err(|error| error.to_string()));
    match identity {
        Err(error) => Finding::bad(
            "data directory",
            error,
            "choose a directory that the worker may write to",
        ),
        Ok(identity) => match identity.enrolment() {
            Some(known) => Finding::good(
                "data directory",
                format!(
                    "{place}; enrolled as {} (worker {})",
                    known.name, known.worker_id
                ),
            ),
            None if config.enrolment_token.is_some() => {
                Finding::good("data directory", format!("{place}; enrols at its start"))
            }
            None => Finding::bad(
                "data directory",
                format!("{place}; this worker is not enrolled"),
                "make an enrolment token on the web page or with `travis token enrol`",
            ),
        },
    }
}

async fn server(config: &WorkerConfig) -> Finding {
    let checked = match Client::new(&config.server, &config.authorities) {
        Ok(client) => client.health().await.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match checked {
        Ok(()) => Finding::good("server", format!("{} answers", config.server)),
        Err(error) => Finding::bad(
            "server",
            format!("{} does not answer: {error}", config.server),
            "check the address, the network and that the server runs",
        ),
    }
}
