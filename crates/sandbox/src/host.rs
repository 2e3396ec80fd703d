//! The host executor: a plain process. No isolation: the job can read whatever the worker's user
//! can. Only for owners who ask for it by name, and only for their own repositories.

use std::path::PathBuf;

use async_trait::async_trait;
use rustix::process::Signal;

use crate::cap::Cap;
use crate::environment::{self, text};
use crate::home::{self, Home, SCRIPT};
use crate::launch::{Launch, ProcessSandbox};
use crate::{
    Cgroups, Executor, Finding, Network, Sandbox, SandboxError, Spec, ToolDirs, processes,
};

/// The variable by which a job's processes are found.
const MARKER: &str = "TRAVIS_SANDBOX";

/// Runs jobs as plain processes, each in a fresh home.
pub struct Host {
    root: PathBuf,
    tools: ToolDirs,
    cgroups: Cgroups,
}

impl Host {
    /// Keeps homes below `root`, a directory for this alone.
    #[must_use]
    pub fn new(root: PathBuf, tools: ToolDirs) -> Self {
        let cgroups = Cgroups::detect(&root);
        Self::with_cgroups(root, tools, cgroups)
    }

    /// The same with groups that were detected already, or [`Cgroups::none`].
    #[must_use]
    pub fn with_cgroups(root: PathBuf, tools: ToolDirs, cgroups: Cgroups) -> Self {
        Self {
            root,
            tools,
            cgroups,
        }
    }

    fn homes(&self) -> PathBuf {
        self.root.join("jobs")
    }
}

#[async_trait]
impl Executor for Host {
    fn kind(&self) -> &'static str {
        "host"
    }

    fn limits(&self) -> Vec<&'static str> {
        self.cgroups.lent().names()
    }

    fn cpu_cap(&self) -> &'static str {
        self.cgroups.cpu_cap()
    }

    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError> {
        let homes = self.homes();
        if matches!(spec.network, Network::Guarded(_)) {
            return Err(SandboxError::NoNetwork(
                "plain processes of this machine have its network; choose an executor that isolates jobs, or let them have the machine's network".to_owned(),
            ));
        }
        let home = Home::create(&homes, &spec.id)?.lend(spec.lends())?;
        let group = match self.cgroups.create(&spec.id, spec.limits, spec.polite) {
            Ok(group) => group,
            Err(error) => {
                home.remove();
                return Err(error);
            }
        };
        let path = text(home.path());
        let mirror = spec.mirror.as_deref().map(text);
        let lent = home.lent().map(text);
        let user = std::env::var("USER").unwrap_or_else(|_| "travis".to_owned());
        let launch = Launch {
            command: vec!["/bin/bash".to_owned(), format!("{path}/{SCRIPT}")],
            environment: environment::variables(
                spec,
                &self.tools,
                &path,
                &user,
                mirror.as_deref(),
                lent.as_deref(),
            ),
            directory: Some(home.path().to_owned()),
            terminal: spec.terminal,
            marker: Some((MARKER, format!("{}/{}", text(&homes), spec.id))),
            launcher: None,
            polite: spec.polite,
            cap: Cap::of(spec.limits, self.cgroups.lent().cpu),
            network: None,
        };
        Ok(Box::new(ProcessSandbox::new(&spec.id, launch, home, group)))
    }

    async fn sweep(&self) {
        let cgroups = self.cgroups.clone();
        let homes = self.homes();
        let swept = tokio::task::spawn_blocking(move || {
            cgroups.sweep();
            // Homes name the jobs whose processes may be left.
            for entry in std::fs::read_dir(&homes).into_iter().flatten().flatten() {
                let left = processes::marked(MARKER, &text(&entry.path()));
                processes::signal(&left, Signal::KILL);
            }
            home::sweep(&homes);
        });
        if let Err(error) = swept.await {
            tracing::error!(%error, "sweeping sandboxes ended early");
        }
    }

    async fn check(&self) -> Vec<Finding> {
        vec![
            Finding::good(
                "isolation",
                "none: jobs run as plain processes of the worker's user",
            ),
            self.cgroups.finding(),
        ]
    }
}
