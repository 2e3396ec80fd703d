//! Services beside a job: containers in the same network namespace, so that the job finds them on
//! its own loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::ServiceRow;
use crate::container::engine::Engine;
use crate::container::job::{Net, confinement};
use crate::container::store::{Image, Say};
use crate::{ResourceLimits, SandboxError};

/// How often a service is looked at until it has begun.
const PAUSE: Duration = Duration::from_millis(100);
/// Lines of a service's own log that are shown when it does not begin.
const TAIL: &str = "20";

/// One service to start.
pub(crate) struct Service<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) row: &'a ServiceRow,
    pub(crate) image: &'a Image,
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) net: &'a Net,
    pub(crate) limits: ResourceLimits,
    pub(crate) polite: bool,
}

impl Service<'_> {
    /// Starts it by a command that begins with `words`.
    pub(crate) async fn start(&self, words: &[String]) -> Result<(), SandboxError> {
        self.engine
            .run_after(words, &self.arguments(), super::engine::SHORT)
            .await
            .map(drop)
            .map_err(|error| self.error(error.to_string()))
    }

    /// Waits until it takes connections, and sets it up.
    pub(crate) async fn make_ready(&self, say: Say<'_>) -> Result<(), SandboxError> {
        let since = Instant::now();
        let deadline = self.row.deadline();
        let pid = ["inspect", "--format", "{{.State.Pid}}", self.name];
        let pid = self.engine.order(&pid).await?;
        let process = PathBuf::from("/proc").join(pid.trim());
        while !listens(&process, self.row.port) {
            let gone = pid.trim() == "0" || !process.is_dir();
            if gone || since.elapsed() > deadline {
                let what = if gone {
                    "it ended".to_owned()
                } else {
                    let (port, seconds) = (self.row.port, deadline.as_secs());
                    format!("nothing listens on port {port} after {seconds} seconds")
                };
                return Err(self.error(format!(
                    "{what}; its last words:\n{}",
                    self.engine.last_words(self.name, TAIL).await
                )));
            }
            tokio::time::sleep(PAUSE).await;
        }
        for command in &self.row.setup {
            self.set_up(command, since + deadline).await?;
        }
        let took = since.elapsed().as_secs_f64();
        let (name, image) = (&self.row.name, self.image);
        say(format!(
            "Service {name} is ready after {took:.1} s: {} ({})",
            image.name, image.digest
        ));
        Ok(())
    }

    /// Runs a command in it, again while it is refused: some listen before they know their users.
    async fn set_up(&self, command: &[String], until: Instant) -> Result<(), SandboxError> {
        let mut arguments = vec!["exec".to_owned(), self.name.to_owned()];
        arguments.extend_from_slice(command);
        loop {
            match self.engine.run(&arguments, super::engine::SHORT).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > until => return Err(self.error(error.to_string())),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn arguments(&self) -> Vec<String> {
        let (driver, size) = if self.engine.is_podman() {
            ("k8s-file", "max-size=10mb")
        } else {
            ("json-file", "max-size=10m")
        };
        let mut all = vec!["run".to_owned(), "--detach".to_owned()];
        all.extend(["--log-driver", driver, "--log-opt", size].map(str::to_owned));
        all.extend(confinement(
            self.engine,
            self.name,
            self.label,
            self.limits,
            self.polite,
        ));
        all.extend(self.net.arguments());
        if self.engine.is_podman() {
            all.push("--http-proxy=false".to_owned());
        }
        if let Some(user) = &self.row.user {
            all.extend(["--user".to_owned(), user.clone()]);
        }
        for (name, value) in &self.row.environment {
            all.extend(["--env".to_owned(), format!("{name}={value}")]);
        }
        all.push(self.image.id.clone());
        all.extend(self.row.arguments.iter().cloned());
        all
    }

    fn error(&self, reason: String) -> SandboxError {
        SandboxError::Service {
            service: self.row.name.clone(),
            image: self.image.name.clone(),
            reason,
        }
    }
}

/// Whether something in a process's network namespace listens on a port. Needs no program in the
/// image, unlike a probe from inside.
fn listens(process: &Path, port: u16) -> bool {
    ["net/tcp", "net/tcp6"].iter().any(|file| {
        fs::read_to_string(process.join(file)).is_ok_and(|text| has_listener(&text, port))
    })
}

/// `sl local_address rem_address st …`, numbers in hex; state 0A listens.
fn has_listener(text: &str, port: u16) -> bool {
    let port = format!(":{port:04X}");
    text.lines().any(|line| {
        let mut words = line.split_whitespace().skip(1);
        let local = words.next().is_some_and(|local| local.ends_with(&port));
        local && words.nth(1) == Some("0A")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_found_in_the_kernels_list() {
        let text = "  sl  local_address rem_address   st tx_queue\n   0: 0100007F:18EB 00000000:0000 0A 0:0\n   1: 0100007F:1538 0100007F:18EB 01 0:0\n";
        assert!(has_listener(text, 6379));
        assert!(!has_listener(text, 5432));
        assert!(!has_listener(text, 22));
    }
}
