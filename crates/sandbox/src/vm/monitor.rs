//! QEMU's monitor protocol, as far as it is needed: stopping and continuing a machine, and reading
//! its console when it does not start.

use std::io;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest line taken from QEMU, which a guest may have taken over.
const LONGEST: u64 = 256 * 1024;

/// A connection to a machine's monitor.
pub(crate) struct Monitor {
    stream: BufReader<UnixStream>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "return")]
    returned: Option<Value>,
    error: Option<Value>,
}

impl Monitor {
    /// Begins to speak.
    pub(crate) async fn greet(stream: UnixStream) -> io::Result<Self> {
        let mut monitor = Self {
            stream: BufReader::new(stream),
        };
        // QEMU greets first; what it says of itself is known.
        monitor.line().await?;
        monitor.order("{\"execute\":\"qmp_capabilities\"}").await?;
        Ok(monitor)
    }

    /// Halts every processor of the machine.
    pub(crate) async fn stop(&mut self) -> io::Result<()> {
        self.order("{\"execute\":\"stop\"}").await.map(|_| ())
    }

    /// Lets them go on.
    pub(crate) async fn go_on(&mut self) -> io::Result<()> {
        self.order("{\"execute\":\"cont\"}").await.map(|_| ())
    }

    /// The last lines of its console.
    pub(crate) async fn console(&mut self) -> io::Result<String> {
        let order =
            "{\"execute\":\"ringbuf-read\",\"arguments\":{\"device\":\"console\",\"size\":16384}}";
        let answer = self.order(order).await?;
        Ok(answer.as_str().unwrap_or_default().to_owned())
    }

    /// Gives an order and waits for the answer.
    async fn order(&mut self, order: &str) -> io::Result<Value> {
        let work = async {
            self.stream.get_mut().write_all(order.as_bytes()).await?;
            self.stream.get_mut().write_all(b"\n").await?;
            loop {
                let line = self.line().await?;
                let answer: Answer = serde_json::from_str(&line)?;
                match (answer.returned, answer.error) {
                    (Some(returned), _) => return Ok(returned),
                    (None, Some(error)) => return Err(io::Error::other(error.to_string())),
                    // An event.
                    (None, None) => {}
                }
            }
        };
        timeout(PATIENCE, work)
            .await
            .unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        let mut bounded = (&mut self.stream).take(LONGEST);
        let read = timeout(PATIENCE, bounded.read_line(&mut line));
        match read.await {
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) if !line.ends_with('\n') => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(_)) => Ok(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A monitor that was told what to answer.
    async fn answers(lines: &'static [&'static str]) -> (io::Result<Monitor>, Vec<String>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (reading, mut writing) = theirs.into_split();
        let serving = async move {
            for line in lines {
                writing.write_all(line.as_bytes()).await.unwrap();
            }
            drop(writing);
            let mut said = Vec::new();
            let mut lines = BufReader::new(reading).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                said.push(line);
            }
            said
        };
        let speaking = async {
            let mut monitor = Monitor::greet(ours).await?;
            monitor.stop().await?;
            Ok(monitor)
        };
        tokio::join!(async { speaking.await.inspect_err(|_| ()) }, async {
            timeout(Duration::from_millis(500), serving)
                .await
                .unwrap_or_default()
        })
    }

    #[tokio::test]
    async fn events_are_passed_over_and_refusals_told() {
        let (greeted, _) = answers(&[
            "{\"QMP\": {}}\n",
            "{\"return\": {}}\n",
            "{\"timestamp\": 1, \"event\": \"STOP\"}\n",
            "{\"return\": {}}\n",
        ])
        .await;
        assert!(greeted.is_ok());
        let (greeted, _) = answers(&[
            "{\"QMP\": {}}\n",
            "{\"return\": {}}\n",
            "{\"error\": {\"class\": \"GenericError\"}}\n",
        ])
        .await;
        let error = greeted.err().unwrap().to_string();
        assert!(error.contains("GenericError"), "{error}");
        let (greeted, _) = answers(&["{\"QMP\": {}}\n", "nonsense\n"]).await;
        assert!(greeted.is_err());
        let (greeted, _) = answers(&["{\"QMP\": {}"]).await;
        assert!(greeted.is_err());
    }
}
