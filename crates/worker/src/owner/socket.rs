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

use travis_api::lend::PresenceState;

use super::Order;
use super::ask::short;
use super::desk::Desk;
use super::judge::Stand;

/// An order is a word.
const LONGEST: u64 = 64;
/// Callers at once.
const CALLERS: usize = 16;
/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an order may take to show. The keeper looks at once, unless it just adds up the disk.
const EFFECT: Duration = Duration::from_millis(1500);
/// How long no callers are taken after the system refused to.
const RECOVERY: Duration = Duration::from_secs(1);

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
                    tokio::time::sleep(RECOVERY).await;
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
    desk.obey(order);
    let paused = |stand: &Stand| stand.state == PresenceState::Paused;
    let effect = async {
        // What is answered is how it stands afterwards. A worker that the page pauses, too, stays
        // paused.
        match order {
            Order::Pause => stands.wait_for(paused).await.map(drop),
            Order::Resume if !desk.word().paused_by_page => {
                stands.wait_for(|stand| !paused(stand)).await.map(drop)
            }
            _ => Ok(()),
        }
    };
    if timeout(EFFECT, effect).await.is_err() {
        tracing::debug!("an order takes longer to show than its caller waits");
    }
    let mut text = serde_json::to_vec(&desk.standing())?;
    text.push(b'\n');
    write.write_all(&text).await
}
