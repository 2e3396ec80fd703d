//! A job's container: its files on the machine and the arguments that make it.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use crate::container::engine::Engine;
use crate::environment::{self, text};
use crate::files::FileContext as _;
use crate::home::{Home, SCRIPT};
use crate::rootfs::{HOSTNAME, USER};
use crate::{DEFAULT_PROCESSES, ResourceLimits, SandboxError, Spec, ToolDirs};

/// The job's home, inside.
pub(crate) const HOME: &str = "/home/travis";
const MIRROR: &str = "/var/cache/travis/mirror.git";
const LENT: &str = "/var/cache/travis/lent";
/// The directory with the script, inside.
const SCRIPTS: &str = "/var/lib/travis/script";
/// The directory in which the first process says what it learned, inside.
const TOLD: &str = "/var/lib/travis/told";
/// The file at which a network is shown.
pub(crate) const NETWORK: &str = "network";
/// User and group of jobs where the engine runs as root: a number that no account of the machine
/// has, neither a person's nor one of systemd's.
const JOB_ID: u32 = 60_999;

/// The container's first process. It takes in orphans, keeps the kernel's special rules for first
/// processes away from the script, and says what can't be learned from outside afterwards: that
/// it began, what the image lacks, and which limits were reached.
const FIRST: &str = r#"told=/var/lib/travis/told
: >"$told/began"
command -v bash >/dev/null 2>&1 || { : >"$told/no-bash"; exit 127; }
[ -z "$TRAVIS_NEEDS_GIT" ] || command -v git >/dev/null 2>&1 || { : >"$told/no-git"; exit 127; }
[ -z "$TRAVIS_POLITE" ] || { echo 19 >/proc/self/autogroup; } 2>/dev/null
unset TRAVIS_NEEDS_GIT TRAVIS_POLITE
stty -opost -echo rows "$2" cols "$3" 2>/dev/null
bash "$1"
code=$?
learn() {
  [ -r "$1" ] || return 0
  while read -r word count; do
    case "$word" in "$2") [ "$count" = 0 ] || : >"$told/$3" ;; esac
  done <"$1"
}
for group in /sys/fs/cgroup /sys/fs/cgroup/pids /sys/fs/cgroup/memory; do
  learn "$group/pids.events" max process-limit
  learn "$group/memory.events" oom_kill oom
  learn "$group/memory.oom_control" oom_kill oom
done
exit $code"#;

/// Who the job is on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A number of its own; files are given to it.
    Number(u32),
    /// A subordinate number of the worker's user, who can't give files away, only open them.
    Subordinate(u32),
    /// The worker's own user: an engine that runs as root, a worker that does not.
    Worker(u32, u32),
}

impl Owner {
    pub(crate) fn of(engine: &Engine) -> Self {
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        if engine.rootless {
            Self::Subordinate(JOB_ID)
        } else if uid.is_root() {
            Self::Number(JOB_ID)
        } else {
            Self::Worker(uid.as_raw(), gid.as_raw())
        }
    }

    /// Whether it is the worker's own user, who can read what the worker reads.
    pub(crate) fn is_worker(self) -> bool {
        matches!(self, Self::Worker(..))
    }

    fn ids(self) -> (u32, u32) {
        match self {
            Self::Number(id) | Self::Subordinate(id) => (id, id),
            Self::Worker(uid, gid) => (uid, gid),
        }
    }

    /// Lets the job write here. The directory above stays private to the worker.
    fn give(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Number(id) => chown(path, Some(id), Some(id)),
            Self::Subordinate(_) if path.is_dir() => {
                fs::set_permissions(path, Permissions::from_mode(0o777))
            }
            Self::Subordinate(_) => fs::set_permissions(path, Permissions::from_mode(0o644)),
            Self::Worker(..) => Ok(()),
        }
    }
}

/// The files of a job on the machine.
#[derive(Debug)]
pub(crate) struct JobFiles {
    base: PathBuf,
    home: PathBuf,
    told: PathBuf,
    lent: Option<PathBuf>,
    owner: Owner,
}

impl JobFiles {
    /// Makes them below the home of the sandbox, whose own directory holds the script.
    pub(crate) fn make(home: &Home, owner: Owner) -> Result<Self, SandboxError> {
        let scripts = home.path();
        let open = Permissions::from_mode(0o755);
        fs::set_permissions(scripts, open).on("open", scripts)?;
        let script = home.write_script("")?;
        fs::set_permissions(&script, Permissions::from_mode(0o644)).on("open", &script)?;
        let base = scripts.parent().unwrap_or(scripts).to_owned();
        let files = Self {
            home: base.join("job"),
            told: base.join("told"),
            lent: home.lent().map(Path::to_owned),
            base,
            owner,
        };
        for directory in [&files.home, &files.told] {
            let made = DirBuilder::new().mode(0o700).create(directory);
            made.on("create", directory)?;
        }
        // The mirror is another user's, and what git is told by the environment does not reach the
        // process that it starts on the mirror.
        let settings = files.home.join(".gitconfig");
        fs::write(&settings, "[safe]\n\tdirectory = *\n").on("write", &settings)?;
        owner.give(&settings).on("give away", &settings)?;
        for directory in [&files.home, &files.told].into_iter().chain(&files.lent) {
            owner.give(directory).on("give away", directory)?;
        }
        Ok(files)
    }

    /// What the engine's client complained about.
    pub(crate) fn complaints(&self) -> PathBuf {
        self.base.join("engine.log")
    }

    /// Where a network is shown to the engine.
    pub(crate) fn network(&self) -> PathBuf {
        self.base.join(NETWORK)
    }

    /// All of it.
    pub(crate) fn base(&self) -> &Path {
        &self.base
    }

    /// A file for one of the containers.
    pub(crate) fn extra(&self, name: &str, content: &str) -> Result<PathBuf, SandboxError> {
        let path = self.base.join(name);
        fs::write(&path, content).on("write", &path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o644)).on("open", &path)?;
        Ok(path)
    }

    /// Whether the first process told this. The job may have, too; it would deceive only itself.
    pub(crate) fn was_told(&self, what: &str) -> bool {
        fs::symlink_metadata(self.told.join(what)).is_ok()
    }

    /// Lets the job have what the worker put into the lent directory.
    pub(crate) fn give_lent(&self) {
        let Some(lent) = &self.lent else { return };
        for entry in fs::read_dir(lent).into_iter().flatten().flatten() {
            if let Err(error) = self.owner.give(&entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "a job can't read what is lent to it");
            }
        }
    }
}

/// How the job's container gets its network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Net {
    None,
    /// The engine's usual one.
    Usual,
    /// That of another container.
    Of(String),
    /// A namespace by its path.
    At(PathBuf),
}

impl Net {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let value = match self {
            Self::Usual => return Vec::new(),
            Self::None => "none".to_owned(),
            Self::Of(container) => format!("container:{container}"),
            Self::At(path) => format!("ns:{}", text(path)),
        };
        vec!["--network".to_owned(), value]
    }
}

/// Everything that is decided for one job.
pub(crate) struct Plan<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) image: &'a str,
    pub(crate) net: &'a Net,
    pub(crate) spec: &'a Spec,
    pub(crate) job_env: &'a [(String, String)],
    /// Files of the machine that it sees: `(here, inside)`, read-only.
    pub(crate) shown: &'a [(PathBuf, &'static str)],
    pub(crate) files: &'a JobFiles,
}

impl Plan<'_> {
    /// The engine's arguments that make the container.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let (uid, gid) = self.files.owner.ids();
        let mut all = vec!["create".to_owned()];
        let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
        add(&["--tty", "--log-driver", "none", "--shm-size", "512m"]);
        add(&["--user", &format!("{uid}:{gid}"), "--workdir", HOME]);
        // Docker refuses a name beside another container's network.
        if self.engine.is_podman() || !matches!(self.net, Net::Of(_)) {
            add(&["--hostname", HOSTNAME]);
        }
        if self.engine.is_podman() {
            let entry = format!("{USER}:*:{uid}:{gid}:Travis:{HOME}:/bin/bash");
            add(&[
                "--passwd-entry",
                &entry,
                "--http-proxy=false",
                "--systemd=false",
            ]);
        }
        all.extend(confinement(
            self.engine,
            self.name,
            self.label,
            self.spec.limits,
            self.spec.polite,
        ));
        all.extend(self.net.arguments());
        let mut mount = |from: &Path, to: &str, how: &str| {
            all.extend(["--volume".to_owned(), format!("{}:{to}:{how}", text(from))]);
        };
        let own_files =
            matches!(self.files.owner, Owner::Subordinate(_)) && self.engine.is_podman();
        mount(
            &self.files.home,
            HOME,
            if own_files { "rw,Z,U" } else { "rw,Z" },
        );
        mount(&self.files.told, TOLD, "rw,Z");
        mount(&self.files.base.join("home"), SCRIPTS, "ro,Z");
        if let Some(lent) = &self.files.lent {
            mount(lent, LENT, "rw,Z");
        }
        if let Some(mirror) = &self.spec.mirror {
            mount(mirror, MIRROR, "ro,z");
        }
        for (from, to) in self.shown {
            mount(from, to, "ro,Z");
        }
        for (name, value) in self.environment() {
            all.extend(["--env".to_owned(), format!("{name}={value}")]);
        }
        let size = self.spec.terminal;
        all.extend(
            [
                "--entrypoint",
                "/bin/sh",
                self.image,
                "-c",
                FIRST,
                "travis-job",
            ]
            .map(str::to_owned),
        );
        all.push(format!("{SCRIPTS}/{SCRIPT}"));
        all.extend([size.rows.to_string(), size.columns.to_string()]);
        all
    }

    /// The job's variables beside the image's own, which keep their search path.
    fn environment(&self) -> Vec<(String, String)> {
        let mirror = self.spec.mirror.as_ref().map(|_| MIRROR);
        let lent = self.files.lent.as_ref().map(|_| LENT);
        let tools = ToolDirs {
            environment: self.job_env.to_vec(),
            ..ToolDirs::default()
        };
        let mut all = environment::variables(self.spec, &tools, HOME, USER, mirror, lent);
        all.retain(|(name, _)| name != "PATH");
        if self.spec.clone_url.is_some() {
            all.push(("TRAVIS_NEEDS_GIT".to_owned(), "1".to_owned()));
        }
        if self.spec.polite {
            // Its session is a new one, and the kernel may weigh sessions.
            all.push(("TRAVIS_POLITE".to_owned(), "1".to_owned()));
        }
        all
    }
}

/// What confines every container here, jobs and services alike.
pub(crate) fn confinement(
    engine: &Engine,
    name: &str,
    label: &str,
    limits: ResourceLimits,
    polite: bool,
) -> Vec<String> {
    let mut all: Vec<String> = [
        "--name",
        name,
        "--label",
        label,
        "--pull",
        "never",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        // Nobody is asked to end: what is removed ends at once.
        "--stop-timeout",
        "0",
    ]
    .map(str::to_owned)
    .into();
    let mut limit = |what: &str, flag: &str, value: Option<String>| {
        if let Some(value) = value.filter(|_| engine.limits.contains(&what)) {
            all.extend([flag.to_owned(), value]);
        }
    };
    let processes = limits.processes.unwrap_or(DEFAULT_PROCESSES);
    limit("processes", "--pids-limit", Some(processes.to_string()));
    let memory = limits.memory_bytes.map(|bytes| bytes.to_string());
    limit("memory", "--memory", memory.clone());
    // The same number: no swap beside it.
    limit("memory", "--memory-swap", memory);
    let cores = limits
        .cpu_percent
        .map(|percent| format!("{}.{:02}", percent / 100, percent % 100));
    limit("cpu", "--cpus", cores);
    if polite {
        // The least there is: everybody else goes before it.
        limit("cpu", "--cpu-shares", Some("2".to_owned()));
    }
    all
}

/// Lets others read a mirror: jobs are other users, and a worker may make its files for itself
/// alone. The directory above keeps the machine's other users out.
pub(crate) fn open_for_reading(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() {
        return Ok(());
    }
    let mode = found.permissions().mode();
    let wanted = if found.is_dir() { 0o055 } else { 0o044 };
    if mode & wanted != wanted {
        fs::set_permissions(path, Permissions::from_mode(mode | wanted))?;
    }
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            match open_for_reading(&entry?.path()) {
                // git replaces its files while it fetches.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
        }
    }
    Ok(())
}

/// Adds the job's user to the container's list of users. Podman does so by itself.
pub(crate) async fn name_the_user(
    engine: &Engine,
    container: &str,
    files: &JobFiles,
) -> Result<(), SandboxError> {
    let (uid, gid) = files.owner.ids();
    let list = files.base.join("passwd");
    let inside = format!("{container}:/etc/passwd");
    let before = match engine.order(&["cp", &inside, &text(&list)]).await {
        Ok(_) => fs::read_to_string(&list).unwrap_or_default(),
        // An image without users.
        Err(_) => String::new(),
    };
    let entry = format!("{USER}:*:{uid}:{gid}:Travis:{HOME}:/bin/bash");
    files.extra("passwd", &format!("{}\n{entry}\n", before.trim_end()))?;
    engine.order(&["cp", &text(&list), &inside]).await.map(drop)
}
