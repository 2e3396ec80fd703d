//! Processes of the binary under test.

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout};

/// How long a process may take to say that it is ready, or to leave.
const PATIENCE: Duration = Duration::from_secs(15);
/// Ticks of `/proc/PID/stat` in a second: part of Linux's interface, whatever the kernel uses.
const TICKS: f64 = 100.0;

/// A process that this benchmark started.
pub struct Process {
    child: Child,
    pid: Pid,
}

/// Processor time in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// Of the process itself.
    pub own: f64,
    /// Of its children that have ended.
    pub children: f64,
}

impl Process {
    /// Starts `travis` with these arguments; what it says goes to `place/NAME.err`.
    pub fn start(travis: &Path, name: &str, place: &Path, args: &[&str]) -> Result<Self> {
        let home = place.join("home");
        fs::create_dir_all(&home)?;
        let errors = fs::File::create(place.join(format!("{name}.err")))?;
        let child = Command::new(travis)
            .args(args)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .env_remove("RUST_LOG")
            .env_remove("TRAVIS_ENDPOINT")
            .env_remove("TRAVIS_TOKEN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} can't be started", travis.display()))?;
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .context("a process ended at once")?;
        Ok(Self { child, pid })
    }

    /// Waits for the line `ready: ADDRESS`.
    pub async fn ready(&mut self) -> Result<String> {
        let output = self
            .child
            .stdout
            .take()
            .context("it was waited for twice")?;
        let mut lines = BufReader::new(output).lines();
        let line = timeout(PATIENCE, lines.next_line())
            .await
            .context("it does not get ready")??
            .context("it ended before it was ready")?;
        match line.strip_prefix("ready: ") {
            Some(address) => Ok(address.to_owned()),
            None => bail!("it said {line:?} and not that it is ready"),
        }
    }

    /// A line of `/proc/PID/status` in bytes, such as `VmRSS`.
    pub fn memory(&self, key: &str) -> Result<u64> {
        self.bytes("status", key)
    }

    /// What it has in memory, shared pages counted in parts, in bytes.
    pub fn share_of_memory(&self) -> Result<u64> {
        self.bytes("smaps_rollup", "Pss")
    }

    fn bytes(&self, file: &str, key: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.pid.as_raw_nonzero()))?;
        let mut lines = text.lines();
        let kib = lines
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .and_then(|rest| rest.trim().strip_suffix(" kB"))
            .and_then(|number| number.trim().parse::<u64>().ok());
        Ok(kib.with_context(|| format!("the kernel does not say {key}"))? * 1024)
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> Result<Cpu> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid.as_raw_nonzero()))?;
        // The name in parentheses may hold anything; fields are counted after it.
        let rest = stat.rsplit_once(") ").context("an odd stat file")?.1;
        let fields: Vec<f64> = rest
            .split_whitespace()
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        let ticks = |from: usize| {
            fields
                .get(from..from + 2)
                .map_or(0.0, |pair| pair.iter().sum::<f64>())
                * 1000.0
                / TICKS
        };
        Ok(Cpu {
            own: ticks(11),
            children: ticks(13),
        })
    }

    /// Ends it as a crash would.
    pub async fn crash(mut self) -> Result<()> {
        kill_process(self.pid, Signal::KILL)?;
        self.child.wait().await?;
        Ok(())
    }

    /// Asks it to leave, and makes it leave.
    pub async fn stop(mut self) -> Result<()> {
        // It may have ended by itself.
        let _ = kill_process(self.pid, Signal::TERM);
        let began = Instant::now();
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            eprintln!(
                "a process did not leave within {:?}; killed",
                began.elapsed()
            );
            self.child.kill().await?;
        }
        Ok(())
    }
}
