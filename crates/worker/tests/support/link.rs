//! A connection between worker and server that can be cut.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub struct Link {
    to: SocketAddr,
    pub address: SocketAddr,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Link {
    pub async fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = Self {
            to,
            address: listener.local_addr().unwrap(),
            tasks: Arc::default(),
        };
        link.carry(listener);
        link
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn carry(&self, listener: TcpListener) {
        let to = self.to;
        self.tasks.lock().unwrap().spawn(async move {
            // Ends with this task, and with it every connection.
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                connections.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
    }

    /// Breaks every connection and refuses new ones.
    pub async fn cut(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        tasks.shutdown().await;
    }

    pub async fn restore(&self) {
        self.carry(TcpListener::bind(self.address).await.unwrap());
    }
}
