//! The port: what an executor promises. `tests/contract.rs` holds every executor to it.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use travis_images::{ImageTable, ImageWish};

use crate::{Finding, Network, Use};

/// Where a job's output goes, in the order in which it was printed. Bounded: a reader that is
/// slower than the job slows the job down, nothing piles up.
pub type Sink = mpsc::Sender<Bytes>;

/// What to prepare.
#[derive(Debug, Clone, Default)]
pub struct Spec {
    /// Names the sandbox, its directory and its control group; letters, digits and `-`. The
    /// attempt's number.
    pub id: String,
    /// A bare git repository that the job may read, a mirror of `clone_url`.
    pub mirror: Option<PathBuf>,
    /// The address whose clones are served from `mirror`, as it stands in the script.
    pub clone_url: Option<String>,
    /// Its network.
    pub network: Network,
    /// What it may use at most.
    pub limits: ResourceLimits,
    /// Its terminal.
    pub terminal: TerminalSize,
    /// A directory is lent to the job, see [`Sandbox::lent`]; the job finds its path in
    /// `TRAVIS_CACHE_DIR`.
    pub lend: bool,
    /// The same directory takes what the job leaves, see [`Sandbox::lent`]; the job finds its path in
    /// `TRAVIS_RESULTS_DIR`.
    pub results: bool,
    /// The image that the job asks for; executors without images run it on what they have, unless
    /// it names one.
    pub image: Option<ImageWish>,
    /// Services that the job asks for, by their names in `.travis.yml`. Executors that bring
    /// services start them; the script starts the others.
    pub services: Vec<String>,
    /// Hears, line by line, what takes long while the sandbox is prepared: images that are pulled,
    /// services that begin. Lines that it has no room for are dropped.
    pub progress: Option<Sink>,
    /// The job gets what nobody else wants of processors and disks: the idle classes of both.
    pub polite: bool,
}

/// What a job may use at most; enforced where the kernel lends the means, see
/// [`crate::Cgroups::lent`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResourceLimits {
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Processes and threads; a default that stops fork bombs applies when `None`.
    pub processes: Option<u64>,
    /// Hundredths of one core: 150 is one and a half.
    pub cpu_percent: Option<u32>,
    /// Bytes that it may write to its disk.
    pub disk_bytes: Option<u64>,
}

/// Size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
}

impl Default for TerminalSize {
    fn default() -> Self {
        Self {
            rows: 30,
            columns: 120,
        }
    }
}

/// How a script ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code. Present beside `signal` when the executor only learns `128 + signal`.
    pub code: Option<i32>,
    /// The signal that ended it, as far as that is known.
    pub signal: Option<i32>,
    /// It was ended from here: by the stop token or by [`Sandbox::kill`].
    pub killed: bool,
    /// The kernel killed a process of the job because the memory limit was reached.
    pub oom: bool,
    /// The kernel refused the job a process because the limit of processes was reached.
    pub process_limit: bool,
}

/// What can go wrong with a sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A directory or file of the sandbox.
    #[error(
        "can't {action} {path}: {source}; check the disk and the rights of the worker's data directory"
    )]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The process did not start.
    #[error("can't start {program}: {source}; `travis doctor` says what is missing")]
    Start {
        /// What was started.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// No terminal.
    #[error("can't make a terminal for the job: {0}; check that /dev/ptmx exists and is free")]
    Terminal(std::io::Error),
    /// No network of the job's own.
    #[error(
        "can't make a network for the job: {0}; check that /dev/net/tun is there and may be opened, and that user namespaces are allowed"
    )]
    Network(std::io::Error),
    /// A limit that was asked for by value and that the kernel does not take.
    #[error("can't set the limit {limit} of control group {group}: {source}")]
    Limit {
        /// Which.
        limit: &'static str,
        /// Where.
        group: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A sandbox of this name exists.
    #[error("sandbox {0} exists already; an attempt is prepared only once")]
    Exists(String),
    /// The name is not one.
    #[error("{0:?} can't name a sandbox; use letters, digits and '-'")]
    Name(String),
    /// Freezing is not to be had here.
    #[error("can't freeze sandbox {0}: it has no process")]
    NotRunning(String),
    /// The job's machine.
    #[error("the job's machine {what}: {reason}")]
    Machine {
        /// What happened to it: "did not start", "ended early".
        what: &'static str,
        /// Why, as far as that is known.
        reason: String,
    },
    /// There is no image of this name here.
    #[error(
        "this worker has no image {0:?} for virtual machines; its owner can add one below images/vm in the worker's data directory"
    )]
    NoImage(String),
    /// The engine of containers refused something.
    #[error("{program} {task}: {reason}; `travis doctor` says what is missing")]
    Engine {
        /// The engine's program.
        program: String,
        /// What was asked of it.
        task: String,
        /// What it said.
        reason: String,
    },
    /// An image can't be had, or a job can't run in it.
    #[error("the image {image} can't be used: {reason}")]
    Image {
        /// Its name.
        image: String,
        /// Why.
        reason: String,
    },
    /// A service did not begin.
    #[error("the service {service} ({image}) did not start: {reason}")]
    Service {
        /// Its name in `.travis.yml`.
        service: String,
        /// Its image.
        image: String,
        /// Why.
        reason: String,
    },
    /// A network that this executor can't give.
    #[error("a job can't have its network: {0}")]
    NoNetwork(String),
    /// The thread that watches the process is gone.
    #[error("the watch over sandbox {0} ended early; see the worker's log")]
    WatchEnded(String),
}

/// A way to isolate jobs.
///
/// Order of calls: [`sweep`](Self::sweep) once after the start, before the first `prepare`;
/// `prepare` any number of times, also side by side with different ids.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Its name in the words of the design: `container`, `namespace`, `host`, `dummy`.
    fn kind(&self) -> &'static str;

    /// Names of the limits that it enforces here: `memory`, `processes`.
    fn limits(&self) -> Vec<&'static str>;

    /// What keeps [`ResourceLimits::cpu_percent`] here, for people; empty when nothing does.
    fn cpu_cap(&self) -> &'static str {
        ""
    }

    /// Of what it is made here, for people; empty when its kind says all.
    fn detail(&self) -> String {
        String::new()
    }

    /// Names of the images that are here now: they come and go while the worker runs.
    async fn images(&self) -> Vec<String> {
        Vec::new()
    }

    /// The table of images of the server's operator, each time it changes. Its rows come after the
    /// owner's and before those of the program.
    fn hear_images(&self, _table: ImageTable) {}

    /// Throws away images that were pulled here until they fit into so many bytes of disk, and
    /// pulls none that would not; `None` is the owner's own limit alone. Images that jobs run on
    /// stay until those end. Gives the bytes that are taken beside the worker's data directory.
    async fn keep_images_within(&self, _bytes: Option<u64>) -> u64 {
        0
    }

    /// Makes a fresh place for one job. Nothing of the job runs yet.
    ///
    /// Not idempotent: a second call with the same id is [`SandboxError::Exists`]. When it fails
    /// or is dropped, whatever it made is removed by it or by the next `sweep`.
    ///
    /// # Errors
    /// When the place can't be made.
    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError>;

    /// Removes what earlier processes of this worker left: processes, directories, groups.
    /// Idempotent. Must not be called while sandboxes of this executor live.
    async fn sweep(&self);

    /// Examines the machine; takes at most a few seconds, changes nothing.
    async fn check(&self) -> Vec<Finding>;
}

/// One job's place.
///
/// Order of calls: `run` once, `destroy` last. `kill`, `freeze`, `thaw` and `leave_cores` at any time, also
/// during `run`.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Runs the script with bash on a terminal and returns when it ended and every byte that it
    /// printed is in the sink. Bytes arrive as printed: `\n` stays `\n`. Whatever the script left
    /// running is gone when this returns.
    ///
    /// Canceling `stop` kills the whole sandbox at once; `run` then returns soon with
    /// [`Exit::killed`]. The sink has to be drained until then; a closed sink is like `stop`.
    /// Dropping the future kills the sandbox, too.
    ///
    /// # Errors
    /// When the script could not be started.
    async fn run(
        &self,
        script: &str,
        sink: Sink,
        stop: CancellationToken,
    ) -> Result<Exit, SandboxError>;

    /// The directory lent to the job, where this executor lends one and [`Spec::lend`] asked for
    /// it: files pass through it before and after [`run`](Self::run). Goes with the sandbox. What
    /// lies there after `run` is the job's work, links to anywhere among it.
    fn lent(&self) -> Option<&Path> {
        None
    }

    /// Stops every process without ending it. Idempotent.
    ///
    /// # Errors
    /// When nothing runs.
    async fn freeze(&self) -> Result<(), SandboxError>;

    /// Lets frozen processes go on. Idempotent.
    ///
    /// # Errors
    /// When nothing runs.
    async fn thaw(&self) -> Result<(), SandboxError>;

    /// Has the job leave the first so many cores of those that the worker may use to other programs,
    /// and gives them back with `0`; one core at least stays to it. Idempotent. While cores are left
    /// it is called again and again, so that what began meanwhile follows; what a process of the job
    /// starts follows by itself. Does nothing before the job runs, and where the job's processes are
    /// out of reach.
    async fn leave_cores(&self, _left: u32) {}

    /// What it uses of the machine now; `None` where that can't be known, or before it runs.
    async fn usage(&self) -> Option<Use> {
        None
    }

    /// Ends every process, frozen ones and those that ignore SIGTERM included. Idempotent; a
    /// sandbox that was killed before `run` never runs.
    async fn kill(&self);

    /// Kills what runs and removes every trace: processes, files, groups. Idempotent with
    /// [`Executor::sweep`]; never fails, but logs what it could not remove.
    async fn destroy(self: Box<Self>);
}

impl Spec {
    /// A directory is lent to the job.
    #[must_use]
    pub const fn lends(&self) -> bool {
        self.lend || self.results
    }
}
