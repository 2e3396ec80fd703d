//! One job's container while it runs.

use std::fs;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::Pid;
use tokio::sync::{Mutex, OnceCell};
use tokio_util::sync::CancellationToken;

use crate::aside::Aside;
use crate::cap::Cap;
use crate::container::engine::{self, Engine};
use crate::container::job::JobFiles;
use crate::home::Home;
use crate::launch::{Launch, ProcessSandbox};
use crate::network::JobNetwork;
use crate::{Exit, Sandbox, SandboxError, Sink, Spec, Use, usage};

/// Starts the container with its output on this terminal. When the worker dies the terminal goes;
/// the engine's client takes no notice of that, so the container is ended from here. A container
/// whose start the engine has not yet written down can't be killed, though its job runs.
const CLIENT: &str = r#"end() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    "$1" kill "$2" >/dev/null 2>&1 </dev/null && return
    sleep 0.2
  done
  "$1" rm --force "$2" >/dev/null 2>&1 </dev/null
}
trap 'end "$1" "$2"' HUP
"$1" start --attach $4 "$2" 2>"$3" &
wait "$!"
exit "$?""#;
/// How long the client may take to notice that its container is gone.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a container may take to begin before freezing it is given up.
const BEGIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
/// Most bytes of the client's complaint that are passed on.
const COMPLAINT: usize = 2000;

/// A job in its container, with its services.
pub(crate) struct ContainerSandbox {
    id: String,
    client: ProcessSandbox,
    parts: Arc<Parts>,
    aside: Arc<Aside>,
}

/// What is removed in the end.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    /// The job's container.
    pub(crate) job: String,
    /// Containers of its services.
    pub(crate) services: Vec<String>,
    pub(crate) image: String,
    pub(crate) files: JobFiles,
    pub(crate) started: AtomicBool,
    pub(crate) killed: AtomicBool,
    /// Held while it is being frozen or thawed.
    pub(crate) frozen: Mutex<bool>,
    /// First processes of the containers, once they run.
    pub(crate) processes: OnceCell<Vec<Pid>>,
}

impl Parts {
    /// In the order in which they were made.
    fn all(&self) -> Vec<String> {
        let mut all = self.services.clone();
        all.push(self.job.clone());
        all
    }

    async fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
        self.engine.remove(&self.all()).await;
    }

    async fn first_processes(&self) -> Result<Vec<Pid>, SandboxError> {
        let mut arguments = ["inspect", "--format", "{{.State.Pid}}"]
            .map(str::to_owned)
            .to_vec();
        arguments.extend(self.all());
        let pids = self.engine.run(&arguments, engine::SHORT).await?;
        let pids = pids.split_whitespace().filter_map(|pid| pid.parse().ok());
        Ok(pids.filter_map(Pid::from_raw).collect())
    }

    fn begun(&self) -> bool {
        self.files.was_told("began")
    }

    async fn set_frozen(&self, freeze: bool) -> Result<(), SandboxError> {
        let mut frozen = self.frozen.lock().await;
        if *frozen == freeze {
            return Ok(());
        }
        let task = if freeze { "pause" } else { "unpause" };
        let mut arguments = vec![task.to_owned()];
        arguments.extend(self.all());
        if let Err(error) = self.engine.run(&arguments, engine::SHORT).await {
            if error.to_string().contains("not running") {
                return Err(SandboxError::NotRunning(self.job.clone()));
            }
            // Podman of plain users has nothing to pause with on control groups of version 1.
            let signal = if freeze {
                "kill -STOP -1"
            } else {
                "kill -CONT -1"
            };
            for name in self.all() {
                let within = ["exec", &name, "/bin/sh", "-c", signal];
                if let Err(second) = self.engine.order(&within).await {
                    tracing::warn!(container = %name, %second, "a container can't be frozen by signals either");
                    return Err(error);
                }
            }
        }
        *frozen = freeze;
        Ok(())
    }

    /// What became of the script, from how the client ended.
    async fn judge(&self, exit: Exit) -> Result<Exit, SandboxError> {
        if self.killed.load(Ordering::SeqCst) {
            return Ok(Exit {
                killed: true,
                ..exit
            });
        }
        let lacks = |program: &str| {
            Err(SandboxError::Image {
                image: self.image.clone(),
                reason: format!(
                    "it has no {program}, which jobs need; choose another in images.toml, or one that has it by the key of the repository's image"
                ),
            })
        };
        if exit.code == Some(127) && self.files.was_told("no-bash") {
            return lacks("bash");
        }
        if exit.code == Some(127) && self.files.was_told("no-git") {
            return lacks("git");
        }
        if !self.begun() {
            let path = self.files.complaints();
            let text = tokio::task::spawn_blocking(move || complaint(&path)).await;
            return Err(SandboxError::Start {
                program: format!("{} start", self.engine.program),
                source: io::Error::other(text.unwrap_or_default()),
            });
        }
        let mut exit = exit;
        exit.signal = exit
            .code
            .filter(|code| (129..=192).contains(code))
            .map(|code| code - 128);
        exit.process_limit = self.files.was_told("process-limit");
        exit.oom = self.files.was_told("oom");
        if exit.code == Some(137) && !exit.oom {
            // The first process may have been the one.
            let state = ["inspect", "--format", "{{.State.OOMKilled}}", &self.job];
            let state = self.engine.order(&state).await;
            exit.oom = state.is_ok_and(|text| text.trim() == "true");
        }
        Ok(exit)
    }
}

fn complaint(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = text.get(..COMPLAINT.min(text.len())).unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    match text.strip_prefix("Error: ").unwrap_or(text) {
        "" => {
            "its first process did not begin; what the engine says is in the job's log".to_owned()
        }
        text => text.to_owned(),
    }
}

/// Ends the container when the future that runs it is dropped.
struct EndOnDrop(Option<Arc<Parts>>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(parts) = self.0.take() {
            parts.killed.store(true, Ordering::SeqCst);
            parts.engine.kill_detached(&parts.all());
        }
    }
}

impl ContainerSandbox {
    pub(crate) fn new(
        spec: &Spec,
        parts: Parts,
        home: Home,
        network: Option<JobNetwork>,
        cap: Option<Cap>,
    ) -> Self {
        let proxies = if parts.engine.is_podman() {
            "--sig-proxy=false"
        } else {
            ""
        };
        let command = [
            "/bin/sh",
            "-c",
            CLIENT,
            "travis-container",
            &parts.engine.program,
            &parts.job,
            &parts.files.complaints().display().to_string(),
            proxies,
        ];
        let aside = Arc::new(Aside::new(cap.as_ref()));
        let launch = Launch {
            command: command.map(str::to_owned).into(),
            environment: engine::environment(),
            directory: None,
            terminal: spec.terminal,
            marker: None,
            launcher: None,
            // Podman's containers descend from this client and inherit its classes and cores; what
            // Docker's daemon starts has its share alone.
            polite: spec.polite,
            cap,
            network,
        };
        Self {
            id: spec.id.clone(),
            client: ProcessSandbox::new(&spec.id, launch, home, None),
            parts: Arc::new(parts),
            aside,
        }
    }

    /// First processes of its containers, once the job's has begun.
    async fn processes(&self) -> Option<Vec<Pid>> {
        if !self.parts.begun() {
            return None;
        }
        let found = self
            .parts
            .processes
            .get_or_try_init(|| self.parts.first_processes());
        found.await.ok().cloned()
    }

    async fn change(&self, freeze: bool) -> Result<(), SandboxError> {
        let not_running = || Err(SandboxError::NotRunning(self.id.clone()));
        if !self.parts.started.load(Ordering::SeqCst) {
            return not_running();
        }
        let begun = async {
            while !self.parts.begun() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        if tokio::time::timeout(BEGIN, begun).await.is_err() {
            return not_running();
        }
        self.parts.set_frozen(freeze).await
    }
}

#[async_trait]
impl Sandbox for ContainerSandbox {
    async fn run(
        &self,
        script: &str,
        sink: Sink,
        stop: CancellationToken,
    ) -> Result<Exit, SandboxError> {
        if self.parts.killed.load(Ordering::SeqCst) {
            return Ok(Exit {
                killed: true,
                ..Exit::default()
            });
        }
        self.parts.files.give_lent();
        self.parts.started.store(true, Ordering::SeqCst);
        let mut guard = EndOnDrop(Some(Arc::clone(&self.parts)));
        let leave = CancellationToken::new();
        let mut running = pin!(self.client.run(script, sink, leave.clone()));
        let result = tokio::select! {
            biased;
            result = &mut running => result,
            () = stop.cancelled() => {
                self.parts.kill().await;
                match tokio::time::timeout(FAREWELL, &mut running).await {
                    Ok(result) => result,
                    Err(_) => {
                        leave.cancel();
                        running.await
                    }
                }
            }
        };
        guard.0 = None;
        let exit = result?;
        if exit.killed {
            // Nobody reads its output any more.
            self.parts.kill().await;
        }
        self.parts.judge(exit).await
    }

    fn lent(&self) -> Option<&Path> {
        self.client.lent()
    }

    async fn freeze(&self) -> Result<(), SandboxError> {
        self.change(true).await
    }

    async fn thaw(&self) -> Result<(), SandboxError> {
        self.change(false).await
    }

    async fn leave_cores(&self, left: u32) {
        let Some(processes) = self.processes().await else {
            return;
        };
        let aside = Arc::clone(&self.aside);
        let told = tokio::task::spawn_blocking(move || {
            aside.leave(left, |_| {
                let families = processes.iter().copied();
                families.flat_map(usage::pids).collect()
            });
        });
        if let Err(error) = told.await {
            tracing::error!(sandbox = %self.id, %error, "a container was not told which cores to leave");
        }
    }

    async fn usage(&self) -> Option<Use> {
        let processes = self.processes().await?;
        let sum = tokio::task::spawn_blocking(move || {
            processes
                .into_iter()
                .map(usage::family)
                .fold(Use::default(), |sum, one| Use {
                    cpu: sum.cpu + one.cpu,
                    memory_bytes: sum.memory_bytes + one.memory_bytes,
                })
        });
        sum.await.ok()
    }

    async fn kill(&self) {
        self.parts.kill().await;
    }

    async fn destroy(self: Box<Self>) {
        let Self { client, parts, .. } = *self;
        parts.kill().await;
        if parts.engine.rootless
            && parts.engine.is_podman()
            && let Err(error) = parts.engine.remove_files(parts.files.base()).await
        {
            tracing::warn!(%error, "files of a job could not be removed");
        }
        Box::new(client).destroy().await;
    }
}
