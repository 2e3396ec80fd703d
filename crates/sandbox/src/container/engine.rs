//! The engine: Podman or Docker, by the command line that they share.
//!
//! By the command line and not by the HTTP API: rootless Podman has no socket unless somebody
//! starts one, and the client shares its terminal handling with the other executors.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use crate::SandboxError;

/// How long a command may take that only touches what is there.
pub(crate) const SHORT: Duration = Duration::from_secs(60);
/// How long an examination may take.
pub(crate) const CHECK: Duration = Duration::from_secs(10);
/// Removes a job's files with what is mounted there, and those of several jobs.
const REMOVE: &str = r#"umount "$1/network" 2>/dev/null; rm -rf -- "$1""#;
/// Most of what an engine said that is passed on.
const MOST_WORDS: usize = 600;
/// What the engine's client gets of the worker's environment; jobs get none of it.
const PASSED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "CONTAINERS_REGISTRIES_CONF",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// Whose command line it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Podman,
    Docker,
}

/// An engine that answers.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) program: String,
    pub(crate) kind: Kind,
    /// `4.3.1`.
    pub(crate) version: String,
    /// It runs as the worker's user, with the user's subordinate numbers for what is inside.
    pub(crate) rootless: bool,
    /// Limits that it can set.
    pub(crate) limits: Vec<&'static str>,
}

impl Engine {
    /// The one that the owner names, or the first that answers: Podman, Docker.
    pub(crate) async fn detect(wanted: Option<&str>) -> Result<Self, String> {
        let candidates = match wanted {
            Some(program) => vec![program],
            None => vec!["podman", "docker"],
        };
        let mut reasons = Vec::new();
        for program in candidates {
            match Self::examine(program).await {
                Ok(engine) => return Ok(engine),
                Err(reason) => reasons.push(format!("{program}: {reason}")),
            }
        }
        if reasons.iter().all(|reason| reason.ends_with(MISSING)) {
            return Err(match wanted {
                Some(program) => format!(
                    "{program} is {MISSING}; install it, or name another engine in images.toml"
                ),
                None => {
                    format!("neither podman nor docker is installed; install the package podman")
                }
            });
        }
        Err(reasons.join("; "))
    }

    async fn examine(program: &str) -> Result<Self, String> {
        let said = ask(program, &["--version"]).await?;
        let (kind, format) = if said.to_ascii_lowercase().contains("podman") {
            (
                Kind::Podman,
                "{{.Version.Version}}|{{.Host.Security.Rootless}}|{{.Host.CgroupsVersion}}|{{.Host.CgroupControllers}}",
            )
        } else {
            (
                Kind::Docker,
                "{{.ServerVersion}}|{{.SecurityOptions}}|{{.CgroupVersion}}|{{.MemoryLimit}} {{.PidsLimit}} {{.CPUCfsQuota}}",
            )
        };
        let said = ask(program, &["info", "--format", format])
            .await
            .map_err(super::check::with_remedy)?;
        let mut words = said.trim().split('|');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (version, security, cgroups, controllers) = (word(), word(), word(), word());
        if version.is_empty() {
            return Err(format!("answers without a version: {said}"));
        }
        let rootless = match kind {
            Kind::Podman => security == "true",
            Kind::Docker => security.contains("rootless"),
        };
        let has = |name: &str| {
            controllers
                .trim_matches(['[', ']'])
                .split_whitespace()
                .any(|one| one == name)
        };
        let limits = match kind {
            // Version 1 has nothing to lend to plain users.
            Kind::Podman if rootless && cgroups == "v1" => Vec::new(),
            Kind::Podman => [("memory", "memory"), ("pids", "processes"), ("cpu", "cpu")]
                .into_iter()
                .filter(|(controller, _)| has(controller))
                .map(|(_, name)| name)
                .collect(),
            Kind::Docker => controllers
                .split_whitespace()
                .zip(["memory", "processes", "cpu"])
                .filter(|(can, _)| *can == "true")
                .map(|(_, name)| name)
                .collect(),
        };
        Ok(Self {
            program: program.to_owned(),
            kind,
            version,
            rootless,
            limits,
        })
    }

    /// For people: `Podman 4.3.1, rootless`.
    pub(crate) fn describe(&self) -> String {
        let name = match self.kind {
            Kind::Podman => "Podman",
            Kind::Docker => "Docker",
        };
        let who = if self.rootless { "rootless" } else { "as root" };
        format!("{name} {}, {who}", self.version)
    }

    pub(crate) fn is_podman(&self) -> bool {
        self.kind == Kind::Podman
    }

    /// Runs a command of the engine and gives what it printed.
    pub(crate) async fn run(
        &self,
        arguments: &[String],
        limit: Duration,
    ) -> Result<String, SandboxError> {
        self.run_after(&[], arguments, limit).await
    }

    /// The same with words before the command: classes and cores, which what it starts inherits.
    pub(crate) async fn run_after(
        &self,
        words: &[String],
        arguments: &[String],
        limit: Duration,
    ) -> Result<String, SandboxError> {
        let mut all = words.iter().chain([&self.program]);
        let mut command = command(all.next().unwrap_or(&self.program));
        command.args(all).args(arguments);
        let task = arguments.first().map_or("", String::as_str);
        finish(command, limit)
            .await
            .map_err(|reason| SandboxError::Engine {
                program: self.program.clone(),
                task: task.to_owned(),
                reason,
            })
    }

    /// The same for arguments that are fixed or made here.
    pub(crate) async fn order(&self, arguments: &[&str]) -> Result<String, SandboxError> {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        self.run(&arguments, SHORT).await
    }

    /// The last lines that a container printed.
    pub(crate) async fn last_words(&self, name: &str, lines: &str) -> String {
        let mut command = command(&self.program);
        command.args(["logs", "--tail", lines, name]);
        match tokio::time::timeout(SHORT, command.output()).await {
            Ok(Ok(output)) => {
                let both = [output.stdout, output.stderr].concat();
                String::from_utf8_lossy(&both).trim().to_owned()
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the engine does not answer".to_owned(),
        }
    }

    /// Ends containers from a thread that has no runtime, and forgets about them; the next sweep
    /// removes what this leaves.
    pub(crate) fn kill_detached(&self, names: &[String]) {
        let mut command = std::process::Command::new(&self.program);
        command.env_clear().envs(environment());
        command.arg("kill").args(names);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        std::thread::spawn(move || {
            if let Err(error) = command.status() {
                tracing::warn!(%error, "a container could not be ended");
            }
        });
    }

    /// Removes containers in whatever state they are, with their volumes. The first one's network
    /// may be that of the others, so it goes last.
    pub(crate) async fn remove(&self, names: &[String]) {
        if let Some((first, others)) = names.split_first() {
            self.remove_all(others).await;
            self.remove_all(std::slice::from_ref(first)).await;
        }
    }

    async fn remove_all(&self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let mut arguments = vec![
            "rm".to_owned(),
            "--force".to_owned(),
            "--volumes".to_owned(),
        ];
        arguments.extend_from_slice(names);
        if let Err(error) = self.run(&arguments, SHORT).await {
            let text = error.to_string().to_ascii_lowercase();
            if !text.contains("no such container") && !text.contains("no container with") {
                tracing::warn!(%error, "a container could not be removed");
            }
        }
    }

    /// Removes files of users that exist only inside.
    pub(crate) async fn remove_files(&self, path: &Path) -> Result<(), SandboxError> {
        let path = path.display().to_string();
        self.order(&["unshare", "sh", "-c", REMOVE, "remove", &path])
            .await
            .map(drop)
    }
}

/// The environment of the engine's client.
pub(crate) fn environment() -> Vec<(String, String)> {
    PASSED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect()
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(environment())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What is said of a program that is nowhere.
const MISSING: &str = "not installed";

async fn ask(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = command(program);
    command.args(arguments);
    finish(command, CHECK).await
}

/// Waits for the end of a command, at most so long.
pub(crate) async fn finish(mut command: Command, limit: Duration) -> Result<String, String> {
    let output = tokio::time::timeout(limit, command.output())
        .await
        .map_err(|_| format!("no answer within {} seconds", limit.as_secs()))?
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => MISSING.to_owned(),
            _ => error.to_string(),
        })?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(complaint(&output))
    }
}

/// The end of what a command complained about.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim();
    let from = text
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| text.len() - at <= MOST_WORDS)
        .unwrap_or(0);
    let text = text.get(from..).unwrap_or_default();
    if text.is_empty() {
        format!("it ended with {}", output.status)
    } else {
        text.strip_prefix("Error: ").unwrap_or(text).to_owned()
    }
}
