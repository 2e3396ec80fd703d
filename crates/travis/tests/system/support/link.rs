//! A wire between worker and server that can be cut and listened to.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub struct Link {
    pub url: String,
    open: watch::Sender<bool>,
    heard: Arc<Mutex<Vec<u8>>>,
    /// Ends with the link, and with it every connection.
    _tasks: JoinSet<()>,
}

impl Link {
    pub async fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (open, opened) = watch::channel(true);
        let heard: Arc<Mutex<Vec<u8>>> = Arc::default();
        let mut tasks = JoinSet::new();
        let (address, ear) = (address.to_owned(), heard.clone());
        tasks.spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&address).await else {
                    continue;
                };
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                carried.spawn(carry(near_in, far_out, opened.clone(), None));
                carried.spawn(carry(far_in, near_out, opened.clone(), Some(ear.clone())));
            }
        });
        Self {
            url,
            open,
            heard,
            _tasks: tasks,
        }
    }

    /// From here on nothing gets through, in neither direction. What is sent meanwhile waits, as
    /// it does in the buffers of a real connection.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    pub fn mend(&self) {
        self.open.send_replace(true);
    }

    /// Everything that the server answered so far.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).into_owned()
    }

    /// The token of an attempt, overheard.
    pub fn token_of(&self, attempt: i64) -> String {
        let heard = self.heard();
        let mark = format!("\"attempt\":{attempt},\"token\":\"");
        let from = heard.find(&mark).expect("the assignment was heard") + mark.len();
        heard[from..].split('"').next().unwrap().to_owned()
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut open: watch::Receiver<bool>,
    ear: Option<Arc<Mutex<Vec<u8>>>>,
) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if open.wait_for(|open| *open).await.is_err() {
            return;
        }
        if let Some(ear) = &ear {
            ear.lock().unwrap().extend_from_slice(&buffer[..length]);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
