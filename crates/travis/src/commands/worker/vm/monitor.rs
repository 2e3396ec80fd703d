//! QEMU's monitor (QMP): just enough to press the power button.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::machine::MONITOR;

const PATIENCE: Duration = Duration::from_secs(10);
/// Longest line taken from QEMU, which a guest may have taken over.
const LONGEST: u64 = 256 * 1024;

/// The place where QEMU calls. It calls by itself: nobody has to look whether it is there yet.
pub struct Listening {
    listener: UnixListener,
    path: PathBuf,
    /// Names of sockets have 107 bytes at most, those of directories may have more.
    _directory: File,
}

impl Listening {
    /// Listens in the machine's directory.
    pub fn open(place: &Path) -> io::Result<Self> {
        let directory = File::open(place)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{MONITOR}", directory.as_raw_fd()));
        let _ = fs::remove_file(&path);
        Ok(Self {
            listener: UnixListener::bind(&path)?,
            path,
            _directory: directory,
        })
    }

    /// Waits until QEMU answers; then it has read all files that it was started with.
    pub async fn greeted(self, deadline: Duration) -> io::Result<Monitor> {
        let greeting = async {
            let (stream, _) = self.listener.accept().await?;
            // It calls once.
            let _ = fs::remove_file(&self.path);
            Monitor::greet(stream).await
        };
        tokio::time::timeout(deadline, greeting).await?
    }
}

/// A connection to the monitor.
pub struct Monitor(BufReader<UnixStream>);

impl Monitor {
    async fn greet(stream: UnixStream) -> io::Result<Self> {
        let mut monitor = Self(BufReader::new(stream));
        // What QEMU says of itself is known.
        monitor.line().await?;
        monitor.order("qmp_capabilities").await?;
        Ok(monitor)
    }

    /// Gives an order, such as `system_powerdown`, and waits for the answer.
    pub async fn order(&mut self, word: &str) -> io::Result<()> {
        let said = async {
            let line = format!("{{\"execute\":\"{word}\"}}\n");
            self.0.write_all(line.as_bytes()).await?;
            loop {
                // Events come in between.
                let line = self.line().await?;
                if line.contains("\"return\"") {
                    return Ok(());
                }
                if line.contains("\"error\"") {
                    return Err(io::Error::other(line.trim().to_owned()));
                }
            }
        };
        tokio::time::timeout(PATIENCE, said).await?
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        (&mut self.0).take(LONGEST).read_line(&mut line).await?;
        if line.ends_with('\n') {
            Ok(line)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn qemu_calls_and_is_given_orders() {
        let place = tempfile::tempdir().unwrap();
        let listening = Listening::open(place.path()).unwrap();
        let socket = place.path().join(MONITOR);
        let qemu = async {
            let stream = UnixStream::connect(&socket).await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut heard = String::new();
            stream.write_all(b"{\"QMP\": {}}\n").await.unwrap();
            stream.read_line(&mut heard).await.unwrap();
            stream
                .write_all(b"{\"event\": \"RESUME\"}\n{\"return\": {}}\n")
                .await
                .unwrap();
            stream.read_line(&mut heard).await.unwrap();
            stream
                .write_all(b"{\"error\": {\"desc\": \"no\"}}\n")
                .await
                .unwrap();
            heard
        };
        let us = async {
            let mut monitor = listening.greeted(PATIENCE).await.unwrap();
            monitor.order("system_powerdown").await.unwrap_err()
        };
        let (heard, error) = tokio::join!(qemu, us);
        assert_eq!(
            heard,
            "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"system_powerdown\"}\n"
        );
        assert!(error.to_string().contains("no"));
        assert!(!socket.exists());
        // One that never calls is not waited for without end.
        let listening = Listening::open(place.path()).unwrap();
        let waited = listening.greeted(Duration::from_millis(10)).await;
        assert!(waited.is_err());
    }
}
