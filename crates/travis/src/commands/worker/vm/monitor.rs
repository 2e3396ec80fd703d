//! QEMU's monitor (QMP): just enough to press the power button.

use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until QEMU answers; then it has read all files that it was started with.
pub async fn wait(socket: &Path, deadline: Duration) -> std::io::Result<()> {
    let answered = async {
        loop {
            if connect(socket).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(deadline, answered)
        .await
        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// Gives an order, such as `system_powerdown`.
pub async fn order(socket: &Path, word: &str) -> std::io::Result<()> {
    let said = async {
        let mut stream = connect(socket).await?;
        let line = format!("{{\"execute\":\"{word}\"}}\n");
        stream.write_all(line.as_bytes()).await?;
        answer(&mut stream).await
    };
    tokio::time::timeout(PATIENCE, said).await?
}

async fn connect(socket: &Path) -> std::io::Result<BufReader<UnixStream>> {
    let mut stream = BufReader::new(UnixStream::connect(socket).await?);
    // The greeting.
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream
        .write_all(b"{\"execute\":\"qmp_capabilities\"}\n")
        .await?;
    answer(&mut stream).await?;
    Ok(stream)
}

/// Skips events up to the answer of the last order.
async fn answer(stream: &mut BufReader<UnixStream>) -> std::io::Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.contains("\"return\"") {
            return Ok(());
        }
        if line.contains("\"error\"") {
            return Err(std::io::Error::other(line.trim().to_owned()));
        }
    }
}
