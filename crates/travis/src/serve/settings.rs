//! `travis.toml`, overridden by the environment, overridden by flags.

use super::{
    files,
    forge_settings::{Access, ForgeSettings},
};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;
use travis_api::worker::{HEARTBEAT_SECONDS, LEASE_SECONDS};
use travis_engine::{CachePolicy, JobLimits, WorkerPolicy};
use travis_model::scheduling::ExecutorKind;
use travis_server::Proxies;

/// Where a server listens when nothing is said.
pub const DEFAULT_BIND: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8080));
const SHORTEST_LEASE: Duration = Duration::from_secs(3);

/// What the file may say. Unknown keys are errors that name their line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where rows and logs are kept.
    pub data: Option<PathBuf>,
    /// Address to listen at.
    pub bind: Option<SocketAddr>,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: Option<String>,
    /// Where browsers and workers find the server.
    pub public_url: Option<String>,
    /// Proxies that are believed whom they call for: addresses and networks.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// Local paths and loopback addresses may be clone URLs.
    pub allow_local_git: Option<bool>,
    /// What jobs may use at most.
    #[serde(default)]
    pub limits: Limits,
    /// For how long workers hold their jobs.
    #[serde(default)]
    pub leases: Leases,
    /// How often repositories are compared with their forges.
    #[serde(default)]
    pub comparing: Comparing,
    /// What caches of jobs may use.
    #[serde(default)]
    pub caches: Caches,
    /// What is asked of workers.
    #[serde(default)]
    pub workers: Workers,
    /// What the owner of this machine says for its worker.
    #[serde(default)]
    pub worker: Worker,
    /// Forges to sign in with.
    #[serde(default)]
    pub forge: Vec<ForgeSettings>,
    /// Who may sign in, and whose repositories are worked on.
    #[serde(default)]
    pub access: Access,
}

/// For how long workers hold their jobs without being heard of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leases {
    seconds: Option<u64>,
}

impl Leases {
    /// After this a job runs elsewhere.
    pub fn lease(self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(LEASE_SECONDS))
    }

    /// How often a busy worker is heard of: three times in a lease at least.
    pub fn heartbeat(self) -> Duration {
        Duration::from_secs(HEARTBEAT_SECONDS).min(self.lease() / 3)
    }
}

/// How often branches and pull requests are compared with their forge, to find what no hook told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparing {
    seconds: Option<u64>,
}

impl Comparing {
    /// From one comparison of a repository to the next.
    pub fn every(self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(300))
    }
}

/// What caches of jobs may use; the defaults of `CachePolicy` for what is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caches {
    cache_bytes: Option<u64>,
    repository_bytes: Option<u64>,
    unused_days: Option<u32>,
}

impl Caches {
    /// With the defaults for what is not said.
    pub fn policy(self) -> CachePolicy {
        let default = CachePolicy::default();
        let day = Duration::from_secs(24 * 3600);
        CachePolicy {
            cache_bytes: self.cache_bytes.unwrap_or(default.cache_bytes),
            repository_bytes: self.repository_bytes.unwrap_or(default.repository_bytes),
            unused: self.unused_days.map_or(default.unused, |days| day * days),
        }
    }
}

/// What a server asks of its workers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// The oldest version that gets work: `0.3.0`.
    pub minimum_version: Option<String>,
    /// The weakest executor for jobs on machines of strangers: `namespace` (which is asked of them
    /// anyhow), `container`, `vm`.
    pub min_executor: Option<String>,
    /// Of 100 results of trusted machines so many are checked by another; none when left out.
    pub check_trusted_percent: Option<u8>,
}

impl Workers {
    fn check(&self) -> Result<()> {
        if let Some(word) = &self.min_executor
            && !matches!(word.as_str(), "namespace" | "container" | "vm")
        {
            bail!("workers.min_executor: {word:?} is none; write namespace, container or vm");
        }
        if self
            .check_trusted_percent
            .is_some_and(|percent| percent > 100)
        {
            bail!("workers.check_trusted_percent: write a number from 0 to 100");
        }
        Ok(())
    }

    /// What workers may run.
    pub fn policy(&self) -> WorkerPolicy {
        WorkerPolicy {
            least_executor: self.min_executor.as_deref().and_then(ExecutorKind::parse),
            check_trusted: f64::from(self.check_trusted_percent.unwrap_or(0)) / 100.0,
            ..WorkerPolicy::default()
        }
    }
}

/// What the owner of a machine says for its worker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Variables that every job here starts with: registries, proxies and certificates of the
    /// owner's network. Every job can read and print them, so never a secret.
    #[serde(default)]
    pub job_env: BTreeMap<String, String>,
    /// Where images for jobs' virtual machines lie: the files of one, or directories by name.
    #[serde(default)]
    pub vm_images: Option<PathBuf>,
}

/// Variables that the sandbox and the job's script set themselves, by their beginnings.
const TAKEN: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TRAVIS",
    "GIT_CONFIG_",
    "LD_",
    "BASH",
];

impl Worker {
    /// Adds what another file says.
    ///
    /// # Errors
    /// When a name can't be a variable's.
    pub fn add(&mut self, more: &BTreeMap<String, String>) -> Result<()> {
        self.job_env.extend(
            more.iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        self.check()
    }

    fn check(&self) -> Result<()> {
        for (name, value) in &self.job_env {
            let mut letters = name.bytes();
            let named = letters
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
            if !named || value.contains('\0') {
                bail!("worker.job_env: {name:?} can't be a variable; use letters, digits and _");
            }
            if TAKEN.iter().any(|taken| name.starts_with(taken)) {
                bail!("worker.job_env: {name} is set by the sandbox; leave it out");
            }
        }
        Ok(())
    }
}

/// What jobs may use at most; the defaults of `JobLimits` for what is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    total_seconds: Option<u64>,
    silence_seconds: Option<u64>,
    log_bytes: Option<u64>,
    memory_bytes: Option<u64>,
    processes: Option<u64>,
    network: Option<bool>,
}

impl Limits {
    /// With the defaults for what is not said.
    pub fn job_limits(self) -> JobLimits {
        let default = JobLimits::default();
        JobLimits {
            total: self
                .total_seconds
                .map_or(default.total, Duration::from_secs),
            silence: self
                .silence_seconds
                .map_or(default.silence, Duration::from_secs),
            log_bytes: self.log_bytes.unwrap_or(default.log_bytes),
            memory_bytes: self.memory_bytes.or(default.memory_bytes),
            processes: self.processes.or(default.processes),
            network: self.network.unwrap_or(default.network),
        }
    }
}

impl Settings {
    /// Reads the file that was named, which must be there, or `travis.toml` in the data
    /// directory, which need not.
    pub fn read(named: Option<&Path>, data: Option<&Path>) -> Result<Self> {
        let (path, text) = match (named, data) {
            (Some(path), _) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("{} can't be read", path.display()))?;
                (path.to_owned(), text)
            }
            (None, Some(data)) => {
                let path = data.join("travis.toml");
                match std::fs::read_to_string(&path) {
                    Ok(text) => (path, text),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        return Ok(Self::default());
                    }
                    Err(error) => {
                        return Err(error)
                            .with_context(|| format!("{} can't be read", path.display()));
                    }
                }
            }
            (None, None) => return Ok(Self::default()),
        };
        Self::parse(&text).with_context(|| format!("{}: mend it or leave it out", path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let settings: Self = toml::from_str(text)?;
        let limits = settings.limits;
        if limits.total_seconds == Some(0)
            || limits.silence_seconds == Some(0)
            || limits.log_bytes == Some(0)
        {
            bail!("limits: 0 would stop every job at once; leave the key out for the default");
        }
        if settings.leases.lease() < SHORTEST_LEASE {
            bail!(
                "leases: with less than 3 seconds a short hiccup would lose every job; leave the key out for the default"
            );
        }
        if settings.comparing.seconds == Some(0) {
            bail!(
                "comparing: 0 seconds would ask forges without end; leave the key out for the default"
            );
        }
        if settings.caches.unused_days == Some(0) {
            bail!("caches: 0 days would keep no cache; leave the key out for the default");
        }
        settings.proxies()?;
        settings.worker.check()?;
        settings.workers.check()?;
        settings.access.check()?;
        for forge in &settings.forge {
            forge.check(&settings.forge)?;
        }
        Ok(settings)
    }

    /// The settings of a command with its data directory, which is made when it is not there.
    pub fn for_command(named: Option<&Path>, flag: Option<&Path>) -> Result<(PathBuf, Self)> {
        let mut settings = Self::read(named, flag)?.with_environment()?;
        let data = match flag.map(Path::to_owned).or_else(|| settings.data.clone()) {
            Some(data) => data,
            None => files::default_data("travis")?,
        };
        let data = files::private_dir(&data)?;
        if named.is_none() && flag.is_none() {
            // The file lies where the environment or the default says.
            settings = Self::read(None, Some(&data))?.with_environment()?;
        }
        Ok((data, settings))
    }

    /// Who is believed whom they call for.
    pub fn proxies(&self) -> Result<Proxies> {
        Proxies::parse(&self.trusted_proxies)
            .map_err(|problem| anyhow::anyhow!("trusted_proxies: {problem}"))
    }

    /// What the environment says comes before the file.
    pub fn with_environment(mut self) -> Result<Self> {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(data) = read("TRAVIS_DATA") {
            self.data = Some(data.into());
        }
        if let Some(bind) = read("TRAVIS_BIND") {
            self.bind = Some(
                bind.parse()
                    .context("TRAVIS_BIND: write ADDR:PORT, as in 127.0.0.1:8080")?,
            );
        }
        self.database = read("TRAVIS_DATABASE").or(self.database);
        self.public_url = read("TRAVIS_PUBLIC_URL").or(self.public_url);
        Ok(self)
    }
}

/// A server's public address: what was said, else where it listens.
pub fn public_url(said: Option<&str>, listens: SocketAddr) -> Result<String> {
    match said {
        None => Ok(format!("http://{listens}")),
        Some(url) => {
            let url = url.trim_end_matches('/');
            if !(url.starts_with("http://") || url.starts_with("https://")) {
                bail!("public_url: write it whole, as in https://ci.example.org");
            }
            Ok(url.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = Settings::parse("bind = \"127.0.0.1:1\"\nbinnd = 1\n")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 2") && error.contains("binnd"),
            "{error}"
        );
    }

    #[test]
    fn limits_have_defaults() {
        let settings = Settings::parse("[limits]\nsilence_seconds = 5\n").unwrap();
        let limits = settings.limits.job_limits();
        assert_eq!(limits.silence, Duration::from_secs(5));
        assert_eq!(limits.total, JobLimits::default().total);
        assert!(Settings::parse("[limits]\ntotal_seconds = 0\n").is_err());
    }

    #[test]
    fn strangers_machines_can_be_asked_for_more() {
        let text = "[workers]\nmin_executor = \"vm\"\ncheck_trusted_percent = 1\n";
        let policy = Settings::parse(text).unwrap().workers.policy();
        assert_eq!(policy.least_executor, Some(ExecutorKind::Vm));
        assert!((policy.check_trusted - 0.01).abs() < 1e-9);
        for wrong in ["min_executor = \"host\"", "check_trusted_percent = 101"] {
            assert!(Settings::parse(&format!("[workers]\n{wrong}\n")).is_err());
        }
    }

    #[test]
    fn caches_have_quotas() {
        let settings = Settings::parse("[caches]\ncache_bytes = 7\nunused_days = 2\n").unwrap();
        let policy = settings.caches.policy();
        assert_eq!(policy.cache_bytes, 7);
        assert_eq!(policy.unused, Duration::from_secs(2 * 86_400));
        let usual = CachePolicy::default();
        assert_eq!(policy.repository_bytes, usual.repository_bytes);
        assert!(Settings::parse("[caches]\nunused_days = 0\n").is_err());
        assert!(Settings::parse("[caches]\nsize = 0\n").is_err());
    }

    #[test]
    fn leases_have_room_for_three_heartbeats() {
        let usual = Settings::default().leases;
        assert_eq!(usual.lease(), Duration::from_secs(15));
        assert_eq!(usual.heartbeat(), Duration::from_secs(5));
        let short = Settings::parse("[leases]\nseconds = 3\n").unwrap().leases;
        assert_eq!(short.heartbeat(), Duration::from_secs(1));
        assert!(Settings::parse("[leases]\nseconds = 2\n").is_err());
    }

    #[test]
    fn jobs_get_what_the_owner_gives_them() {
        let settings =
            Settings::parse("[worker.job_env]\nPIP_INDEX_URL = \"https://pip.example/\"\n")
                .unwrap();
        assert_eq!(
            settings.worker.job_env.get("PIP_INDEX_URL").unwrap(),
            "https://pip.example/"
        );
        for name in ["PATH", "TRAVIS_TOKEN", "GIT_CONFIG_COUNT", "1A", "A-B", ""] {
            let text = format!("[worker.job_env]\n{name:?} = \"x\"\n");
            assert!(Settings::parse(&text).is_err(), "{name}");
        }
    }

    #[test]
    fn the_public_address_is_whole() {
        let at = "127.0.0.1:8080".parse().unwrap();
        assert_eq!(public_url(None, at).unwrap(), "http://127.0.0.1:8080");
        assert_eq!(
            public_url(Some("https://ci.example/"), at).unwrap(),
            "https://ci.example"
        );
        assert!(public_url(Some("ci.example"), at).is_err());
    }
}
