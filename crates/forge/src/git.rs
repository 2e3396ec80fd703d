//! Running git: without the machine's configuration, with an allow-list of protocols, with a time
//! limit, and killed with all its children when nobody waits for it any more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::address::Pinned;
use crate::error::ForgeError;
use travis_model::Secret;

/// The most that is read of what git prints.
const MAX_OUTPUT: u64 = 32 * 1024 * 1024;
const MAX_STDERR: u64 = 64 * 1024;

/// How git is run.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    pub(crate) allow_local: bool,
}

/// A running git. Dropping it kills it and its children.
pub(crate) struct Running {
    pub(crate) child: Child,
    group: Option<Pid>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Once the child has been waited for its id may belong to someone else.
        if let (Some(group), Ok(None)) = (self.group, self.child.try_wait()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Git {
    /// A command in a repository's folder, or in none.
    pub(crate) fn command(&self, dir: Option<&Path>, pinned: &Pinned) -> Command {
        let mut command = Command::new("git");
        command.env_clear();
        for name in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let protocols = if self.allow_local {
            "https:http:ssh:file"
        } else {
            "https:http:ssh"
        };
        command
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_ALLOW_PROTOCOL", protocols)
            .env("GIT_SSH_VARIANT", "ssh")
            .env("GIT_SSH_COMMAND", ssh_command(pinned));
        if let Some(dir) = dir {
            // What is asked for is this repository, not one that it happens to lie in.
            let above: PathBuf = dir.parent().map_or_else(PathBuf::new, Path::to_owned);
            command.env("GIT_CEILING_DIRECTORIES", above);
            command.arg("-C").arg(dir);
        }
        for setting in [
            "safe.directory=*",
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "credential.helper=",
            "gc.auto=0",
            "maintenance.auto=false",
            "http.followRedirects=false",
            "protocol.version=2",
            // A mirror that lost its power knows what it names: one flush for a fetch.
            "core.fsync=all",
            "core.fsyncMethod=batch",
        ] {
            command.args(["-c", setting]);
        }
        if let Some(resolve) = &pinned.http {
            command
                .arg("-c")
                .arg(format!("http.curloptResolve={resolve}"));
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    pub(crate) fn start(mut command: Command) -> Result<Running, ForgeError> {
        let child = command.spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Running { child, group })
    }

    /// Runs git to its end and gives back what it printed.
    pub(crate) async fn run(
        &self,
        dir: Option<&Path>,
        pinned: &Pinned,
        args: &[OsString],
        after: Duration,
    ) -> Result<Vec<u8>, ForgeError> {
        let command = self.command(dir, pinned);
        Self::finish(command, args, after).await
    }

    /// As [`Self::run`], with a header for calls to addresses that begin with `url`. It goes by the
    /// environment: arguments are seen by everybody on the machine, and files stay behind.
    pub(crate) async fn run_with_header(
        &self,
        dir: &Path,
        url: &str,
        header: &Secret,
        args: &[OsString],
        after: Duration,
    ) -> Result<Vec<u8>, ForgeError> {
        let mut command = self.command(Some(dir), &Pinned::default());
        command
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", format!("http.{url}.extraHeader"))
            .env("GIT_CONFIG_VALUE_0", header.reveal());
        Self::finish(command, args, after).await
    }

    async fn finish(
        mut command: Command,
        args: &[OsString],
        after: Duration,
    ) -> Result<Vec<u8>, ForgeError> {
        command.args(args);
        let work = async move {
            let mut running = Self::start(command)?;
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let (stdout, stderr) = (running.child.stdout.take(), running.child.stderr.take());
            let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
                return Err(std::io::Error::other("git has no output").into());
            };
            let (mut stdout, mut stderr) = (stdout.take(MAX_OUTPUT), stderr.take(MAX_STDERR));
            tokio::try_join!(stdout.read_to_end(&mut out), stderr.read_to_end(&mut err))?;
            // Past the limits the pipes are closed, which ends git.
            drop((stdout, stderr));
            let status = running.child.wait().await?;
            if status.success() {
                Ok(out)
            } else {
                Err(ForgeError::from_stderr(&err))
            }
        };
        tokio::time::timeout(after, work)
            .await
            .unwrap_or(Err(ForgeError::Timeout { after }))
    }
}

fn ssh_command(pinned: &Pinned) -> String {
    let mut command = "ssh -o BatchMode=yes -o ConnectTimeout=15 \
                       -o StrictHostKeyChecking=accept-new -o ClearAllForwardings=yes"
        .to_owned();
    if let Some((host, address)) = &pinned.ssh {
        // The host's name was checked to be letters, digits, dots and dashes.
        command.push_str(&format!(" -o HostName={address} -o HostKeyAlias={host}"));
    }
    command
}

/// Arguments for git.
pub(crate) fn args<const N: usize>(list: [&str; N]) -> Vec<OsString> {
    list.iter().map(OsString::from).collect()
}
