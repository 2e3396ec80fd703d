//! One run of the binary.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The binary with a home of its own and none of the tester's settings.
pub fn travis(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_travis"));
    for name in [
        "TRAVIS_ENDPOINT",
        "TRAVIS_TOKEN",
        "TRAVIS_DATA",
        "TRAVIS_BIND",
        "TRAVIS_DATABASE",
        "TRAVIS_PUBLIC_URL",
        "TRAVIS_ENROLMENT_TOKEN",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "RUST_LOG",
        "CI",
    ] {
        command.env_remove(name);
    }
    command
        .env("HOME", home)
        .env("NO_COLOR", "1")
        .current_dir(home);
    command
}

/// A process that is killed at the end of the test.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    stderr: PathBuf,
}

impl Process {
    /// Starts a command; its standard error goes to a file.
    pub fn start(mut command: Command, stderr: PathBuf) -> Self {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&stderr)
            .unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the process's output.
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            stderr,
        }
    }

    /// The rest of the first line of standard output that begins so.
    #[track_caller]
    pub fn line(&self, prefix: &str, deadline: Duration) -> String {
        let end = Instant::now() + deadline;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    if let Some(rest) = line.strip_prefix(prefix) {
                        return rest.to_owned();
                    }
                }
                Err(error) => panic!("no line {prefix:?}: {error}; it said:\n{}", self.stderr()),
            }
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it said on standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.stderr).unwrap_or_default()).into_owned()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    pub async fn ended(&mut self, deadline: Duration) -> ExitStatus {
        let said = self.stderr.clone();
        let child = &mut self.child;
        super::until(
            &format!("the end of the process ({})", said.display()),
            deadline,
            move || {
                let status = child.try_wait().unwrap();
                async move { status }
            },
        )
        .await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- {} ---\n{}", self.stderr.display(), self.stderr());
        }
    }
}
