//! The namespace executor: bubblewrap.
//!
//! The job gets user, process, mount, IPC and host name namespaces of its own, and a network
//! namespace when the network is off. Its root is empty but for what is listed here: the
//! machine's programs read-only, a private `/etc`, its home and `/tmp` on the worker's disk. It
//! sees neither the worker's directories nor its processes.
//!
//! The job has a session and a terminal of its own, whose other end only the worker holds, so
//! pushing characters into it (`TIOCSTI`) reaches nobody else.

mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::cap::Cap;
use crate::environment::{self, text};
use crate::files::FileContext as _;
use crate::home::{self, Home, SCRIPT};
use crate::images::{Image, Images};
use crate::launch::{Launch, ProcessSandbox};
use crate::rootfs::{self, USER};
use crate::{Cgroups, Executor, Finding, Network, Networks, Sandbox, SandboxError, Spec, ToolDirs};

const PROGRAM: &str = "bwrap";
const HOME: &str = "/home/travis";
const MIRROR: &str = "/var/cache/travis/mirror.git";
/// A file of the worker that names the gateway's name server.
const RESOLVER: &str = "resolv.conf";
const LENT: &str = "/var/cache/travis/lent";
/// How long an examination may take.
const CHECK: Duration = Duration::from_secs(5);

/// Runs jobs in namespaces by bubblewrap.
pub struct Namespace {
    /// The worker's directory for sandboxes.
    root: PathBuf,
    hidden: Vec<PathBuf>,
    tools: ToolDirs,
    cgroups: Cgroups,
    /// Arguments that are the same for every job.
    fixed: OnceLock<Vec<String>>,
    networks: Networks,
    /// Root file systems besides the machine's own.
    images: Option<Images>,
    /// Held while `/etc` is made.
    making: Mutex<()>,
}

impl Namespace {
    /// Keeps sandboxes below `root`, a directory for this alone. `hidden` names directories that
    /// jobs must never see even if they lie below a tool directory: the worker's data.
    #[must_use]
    pub fn new(root: PathBuf, hidden: Vec<PathBuf>, tools: ToolDirs) -> Self {
        let cgroups = Cgroups::detect(&root);
        Self::with_cgroups(root, hidden, tools, cgroups)
    }

    /// The same with groups that were detected already, or [`Cgroups::none`].
    #[must_use]
    pub fn with_cgroups(
        root: PathBuf,
        hidden: Vec<PathBuf>,
        tools: ToolDirs,
        cgroups: Cgroups,
    ) -> Self {
        Self {
            root,
            hidden,
            tools,
            cgroups,
            networks: Networks::default(),
            images: None,
            fixed: OnceLock::new(),
            making: Mutex::new(()),
        }
    }

    /// Makes jobs' networks in another way than by the program that runs now.
    #[must_use]
    pub fn with_networks(mut self, networks: Networks) -> Self {
        self.networks = networks;
        self
    }

    /// Gives jobs that ask for them root file systems besides the machine's own.
    #[must_use]
    pub fn with_images(mut self, images: Images) -> Self {
        self.images = Some(images);
        self
    }

    /// What the kernel lends for limits.
    #[must_use]
    pub fn cgroups(&self) -> &Cgroups {
        &self.cgroups
    }

    fn homes(&self) -> PathBuf {
        self.root.join("jobs")
    }

    /// The arguments that all jobs share, made with the private `/etc` on first use.
    async fn fixed(&self) -> Result<&[String], SandboxError> {
        if self.fixed.get().is_none() {
            let _making = self.making.lock().await;
            if self.fixed.get().is_none() {
                let etc = self.root.join("etc");
                let place = etc.clone();
                let resolver = self.root.join(RESOLVER);
                let make = move || {
                    rootfs::make_etc(&place)?;
                    rootfs::make_resolver(&resolver)
                };
                tokio::task::spawn_blocking(make)
                    .await
                    .map_err(|_| SandboxError::WatchEnded("etc".to_owned()))??;
                let _ = self.fixed.set(self.arguments(&etc));
            }
        }
        Ok(self.fixed.get().map(Vec::as_slice).unwrap_or_default())
    }

    fn arguments(&self, etc: &Path) -> Vec<String> {
        let hidden: Vec<&Path> = self
            .hidden
            .iter()
            .chain([&self.root])
            .map(PathBuf::as_path)
            .collect();
        let mut all = words::isolation();
        all.extend(words::machine(etc, &self.tools, &hidden));
        all
    }

    /// The image that the job gets; `None` for the machine's own system.
    async fn image(&self, spec: &Spec) -> Result<Option<Image>, SandboxError> {
        let Some(wish) = spec.image.clone() else {
            return Ok(None);
        };
        let name = wish.name.clone().unwrap_or_default();
        let refused = |reason: String| SandboxError::Image {
            image: name,
            reason,
        };
        let Some(images) = self.images.clone() else {
            return match wish.name {
                Some(_) => Err(refused("this worker keeps no images".to_owned())),
                None => Ok(None),
            };
        };
        let chosen = tokio::task::spawn_blocking(move || images.choose(&wish)).await;
        let chosen = chosen.map_err(|_| SandboxError::WatchEnded("images".to_owned()))?;
        let image = chosen.map_err(|error| refused(error.to_string()))?;
        if let (Some(image), Some(progress)) = (&image, &spec.progress) {
            // A line that nobody has room for is lost.
            let line = format!("Image {} ({})\n", image.name, image.digest);
            let _ = progress.try_send(line.into());
        }
        Ok(image)
    }

    /// The environment of a job.
    fn environment(
        &self,
        spec: &Spec,
        image: Option<&Image>,
        home: &Home,
    ) -> Vec<(String, String)> {
        let own = self.tools.own_environment();
        let tools = if image.is_some() { &own } else { &self.tools };
        let mirror = spec.mirror.as_ref().map(|_| MIRROR);
        let lent = home.lent().map(|_| LENT);
        let mut all = environment::variables(spec, tools, HOME, USER, mirror, lent);
        if spec.network.is_own() {
            // Its ports are nobody else's.
            all.push(("TRAVIS_OWN_NETWORK".to_owned(), "1".to_owned()));
        }
        if let Some(image) = image {
            environment::adopt(&mut all, &image.environment);
        }
        all
    }

    fn command(
        &self,
        fixed: &[String],
        image: Option<&Image>,
        spec: &Spec,
        home: &Home,
        tmp: &Path,
    ) -> Vec<String> {
        let mut all = Vec::with_capacity(fixed.len() + 20);
        match image {
            None => all.extend_from_slice(fixed),
            Some(image) => {
                all.extend(words::isolation());
                all.extend(words::image(&image.root, tmp));
            }
        }
        let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
        match spec.network {
            Network::Off => add(&["--unshare-net"]),
            Network::Machine if image.is_some() => {
                let resolver = self.root.join("etc/resolv.conf");
                add(&["--ro-bind-try", &text(&resolver), "/etc/resolv.conf"]);
            }
            Network::Machine => {}
            Network::Guarded(_) => {
                let resolver = self.root.join(RESOLVER);
                add(&["--ro-bind", &text(&resolver), "/etc/resolv.conf"]);
            }
        }
        add(&["--bind", &text(tmp), "/tmp"]);
        add(&["--bind", &text(home.path()), HOME]);
        if let Some(mirror) = &spec.mirror {
            add(&["--ro-bind", &text(mirror), MIRROR]);
        }
        if let Some(lent) = home.lent() {
            add(&["--bind", &text(lent), LENT]);
        }
        let script = format!("{HOME}/{SCRIPT}");
        add(&["--chdir", HOME, "--", "/bin/bash", &script]);
        all
    }
}

#[async_trait]
impl Executor for Namespace {
    fn kind(&self) -> &'static str {
        "namespace"
    }

    fn limits(&self) -> Vec<&'static str> {
        self.cgroups.lent().names()
    }

    async fn images(&self) -> Vec<String> {
        let Some(images) = self.images.clone() else {
            return Vec::new();
        };
        let listed = tokio::task::spawn_blocking(move || images.list()).await;
        let listed = listed.unwrap_or_default();
        listed.into_iter().map(|image| image.name).collect()
    }

    fn cpu_cap(&self) -> &'static str {
        self.cgroups.cpu_cap()
    }

    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError> {
        let fixed = self.fixed().await?;
        let image = self.image(spec).await?;
        let network = match &spec.network {
            Network::Guarded(gateway) => Some(self.networks.make(gateway, &spec.id).await?),
            Network::Off | Network::Machine => None,
        };
        let home = Home::create(&self.homes(), &spec.id)?.lend(spec.lends())?;
        let tmp = home.path().with_file_name("tmp");
        let made = fs::create_dir(&tmp).on("create", &tmp);
        let group =
            match made.and_then(|()| self.cgroups.create(&spec.id, spec.limits, spec.polite)) {
                Ok(group) => group,
                Err(error) => {
                    home.remove();
                    return Err(error);
                }
            };
        let launch = Launch {
            command: self.command(fixed, image.as_ref(), spec, &home, &tmp),
            environment: self.environment(spec, image.as_ref(), &home),
            directory: None,
            terminal: spec.terminal,
            marker: None,
            launcher: Some("bwrap: "),
            polite: spec.polite,
            cap: Cap::of(spec.limits, self.cgroups.lent().cpu),
            network,
        };
        Ok(Box::new(ProcessSandbox::new(&spec.id, launch, home, group)))
    }

    async fn sweep(&self) {
        let cgroups = self.cgroups.clone();
        let homes = self.homes();
        let swept = tokio::task::spawn_blocking(move || {
            cgroups.sweep();
            home::sweep(&homes);
        });
        if let Err(error) = swept.await {
            tracing::error!(%error, "sweeping sandboxes ended early");
        }
    }

    async fn check(&self) -> Vec<Finding> {
        let mut version = Command::new(PROGRAM);
        version.arg("--version");
        let found = match output(version).await {
            Ok(version) => Finding::good("bubblewrap", version),
            Err(error) => {
                return vec![Finding::bad(
                    "bubblewrap",
                    format!("{PROGRAM} does not start: {error}"),
                    "install the package bubblewrap",
                )];
            }
        };
        vec![found, self.try_out().await, self.cgroups.finding()]
    }
}

impl Namespace {
    /// Runs an empty job by hand.
    async fn try_out(&self) -> Finding {
        // A worker may be using what is there, so nothing is made anew.
        let etc = self.root.join("etc");
        let fixed = if etc.is_dir() {
            Ok(self.arguments(&etc))
        } else {
            self.fixed().await.map(<[String]>::to_vec)
        };
        let fixed = match fixed {
            Ok(fixed) => fixed,
            Err(error) => {
                return Finding::bad(
                    "namespaces",
                    error.to_string(),
                    "give the worker a data directory that it may write to",
                );
            }
        };
        let mut trial = Command::new(PROGRAM);
        trial.args(fixed.iter().skip(1)).args(["--", "/bin/true"]);
        match output(trial).await {
            Ok(_) => Finding::good("namespaces", "a job starts in namespaces of its own"),
            Err(error) => Finding::bad(
                "namespaces",
                error,
                "allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or the AppArmor profile of bwrap), or run the worker outside of a container that masks /proc",
            ),
        }
    }
}

async fn output(mut command: Command) -> Result<String, String> {
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/local/bin")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(CHECK, command.output())
        .await
        .map_err(|_| "no answer within 5 seconds".to_owned())?
        .map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}
