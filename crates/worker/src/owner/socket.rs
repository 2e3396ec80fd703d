//! The control socket: whoever may enter the data directory may ask and give orders.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Order;
use super::ask::short;
use super::desk::Desk;

/// An order is a word.
const LONGEST: u64 = 64;
/// Callers at once.
const CALLERS: usize = 16;
/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an order may take to show.
const EFFECT: Duration = Duration::from_millis(1500);

/// The socket; gone with this.
pub(crate) struct Socket {
    listener: UnixListener,
    /// Kept open: the socket's name is below it.
    directory: File,
}

impl Socket {
    /// Makes it. The data directory's lock is held, so what lies there is of a worker that is gone.
    pub(crate) fn open(desk: &Desk) -> io::Result<Self> {
        let directory = File::open(desk.data_dir())?;
        let path = short(&directory);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        // The directory is closed to others already; this says it once more.
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            directory,
        })
    }

    /// Answers callers for ever.
    pub(crate) async fn serve(self, desk: Arc<Desk>) {
        let room = Arc::new(Semaphore::new(CALLERS));
        let mut calls = JoinSet::new();
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            while calls.try_join_next().is_some() {}
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let desk = Arc::clone(&desk);
                    calls.spawn(async move {
                        let answered = timeout(PATIENCE, answer(stream, &desk)).await;
                        if let Ok(Err(error)) = answered {
                            tracing::debug!(%error, "a caller of the control socket left early");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket takes no callers now");
                    tokio::time::sleep(EFFECT).await;
                }
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(short(&self.directory));
    }
}

async fn answer(mut stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    BufReader::new(read.take(LONGEST))
        .read_line(&mut line)
        .await?;
    let Some(order) = Order::of(line.trim()) else {
        let known: Vec<&str> = Order::ALL.iter().map(|order| order.word()).collect();
        return write
            .write_all(format!("unknown order; known are {}\n", known.join(", ")).as_bytes())
            .await;
    };
    let mut stands = desk.stands();
    stands.mark_unchanged();
    desk.obey(order);
    if matches!(order, Order::Pause | Order::Resume) {
        // What is answered is how it stands afterwards; it may stand like that already.
        let _ = timeout(EFFECT, stands.changed()).await;
    }
    let mut text = serde_json::to_vec(&desk.standing())?;
    text.push(b'\n');
    write.write_all(&text).await
}
