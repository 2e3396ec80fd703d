//! The live channel: one websocket that comes back by itself.

use super::{Client, ClientError};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode, header};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};
use tokio_tungstenite::tungstenite::protocol::{Message, Role};
use tokio_util::task::AbortOnDropHandle;
use travis_api::live::{ClientMessage, ServerMessage};

/// After so much silence the server is asked for a sign of life; after twice as much the
/// connection counts as broken.
const SILENCE: Duration = Duration::from_secs(20);
/// So long a broken connection is tried again.
const PATIENCE: Duration = Duration::from_secs(120);
/// Messages read ahead.
const AHEAD: usize = 256;

/// What came over the channel.
#[derive(Debug)]
pub enum Heard {
    /// A connection is there, the first or another one: say again what to hear, fetch again.
    Opened,
    /// A message.
    Message(ServerMessage),
    /// Bytes of a log.
    Log {
        /// Whose.
        attempt: i64,
        /// Place of the first byte.
        offset: u64,
        /// The bytes as printed.
        bytes: bytes::Bytes,
    },
    /// The connection broke; it is being made again.
    Broken {
        /// Why.
        reason: String,
    },
    /// It could not be made again. Nothing follows.
    Lost(ClientError),
}

/// A live channel. Dropping it ends the connection.
pub struct Channel {
    heard: mpsc::Receiver<Heard>,
    orders: mpsc::Sender<ClientMessage>,
    _task: AbortOnDropHandle<()>,
}

type Socket = WebSocketStream<reqwest::Upgraded>;

impl Channel {
    /// Connects. The first thing heard is [`Heard::Opened`].
    ///
    /// # Errors
    /// When the first connection can't be made.
    pub async fn open(client: &Client) -> Result<Self, ClientError> {
        let socket = connect(client).await?;
        let (heard_in, heard) = mpsc::channel(AHEAD);
        let (orders, orders_out) = mpsc::channel(16);
        let client = client.clone();
        let task = tokio::spawn(run(client, socket, heard_in, orders_out));
        Ok(Self {
            heard,
            orders,
            _task: AbortOnDropHandle::new(task),
        })
    }

    /// The next thing. Cancel safe.
    pub async fn next(&mut self) -> Heard {
        self.heard.recv().await.unwrap_or_else(|| {
            Heard::Lost(ClientError::Unreachable {
                endpoint: "the live channel".to_owned(),
                reason: "it is closed".to_owned(),
            })
        })
    }

    /// The next thing, if it is here already.
    pub fn next_now(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// Wants to hear of a topic. Lost when the connection breaks: [`Heard::Opened`] tells.
    pub async fn subscribe(&self, topic: String) {
        self.order(ClientMessage::Subscribe {
            topics: vec![topic],
        })
        .await;
    }

    /// Wants to hear no more of a topic.
    pub async fn unsubscribe(&self, topic: String) {
        self.order(ClientMessage::Unsubscribe {
            topics: vec![topic],
        })
        .await;
    }

    async fn order(&self, message: ClientMessage) {
        // A closed channel shows itself at the next `next`.
        let _ = self.orders.send(message).await;
    }
}

/// Opens the websocket on the same HTTP client as every other call, so that certificates, proxies
/// and the token are treated alike.
async fn connect(client: &Client) -> Result<Socket, ClientError> {
    let key = generate_key();
    let unexpected = |reason: String| ClientError::Unexpected {
        place: format!("{}/live", client.endpoint()),
        reason,
    };
    let request = client
        .request(Method::GET, "/live")
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, &key);
    let response = timeout(super::ANSWER, request.send())
        .await
        .map_err(|_| ClientError::Unreachable {
            endpoint: client.endpoint().to_owned(),
            reason: "no answer in time".to_owned(),
        })?
        .map_err(|error| ClientError::from_transport(client.endpoint(), &error))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        if response.status().is_success() {
            return Err(unexpected("it is not a websocket".to_owned()));
        }
        return Err(super::read_error(client.endpoint(), response).await);
    }
    let accepted = response
        .headers()
        .get(header::SEC_WEBSOCKET_ACCEPT)
        .is_some_and(|value| value.as_bytes() == derive_accept_key(key.as_bytes()).as_bytes());
    if !accepted {
        return Err(unexpected("the websocket was not accepted".to_owned()));
    }
    let stream = response
        .upgrade()
        .await
        .map_err(|error| ClientError::from_transport(client.endpoint(), &error))?;
    Ok(WebSocketStream::from_raw_socket(stream, Role::Client, None).await)
}

/// Why a connection ended.
enum End {
    /// Nobody listens any more.
    Unheard,
    /// It broke.
    Broken(String),
}

async fn run(
    client: Client,
    mut socket: Socket,
    heard: mpsc::Sender<Heard>,
    mut orders: mpsc::Receiver<ClientMessage>,
) {
    loop {
        // Orders for a connection that is gone; the listener repeats what still matters.
        while orders.try_recv().is_ok() {}
        if heard.send(Heard::Opened).await.is_err() {
            return;
        }
        let End::Broken(reason) = serve(&mut socket, &heard, &mut orders).await else {
            return;
        };
        if heard.send(Heard::Broken { reason }).await.is_err() {
            return;
        }
        let give_up = Instant::now() + PATIENCE;
        let mut wait = Duration::from_millis(100);
        socket = loop {
            match connect(&client).await {
                Ok(socket) => break socket,
                Err(error) if !error.is_passing() || Instant::now() >= give_up => {
                    let _ = heard.send(Heard::Lost(error)).await;
                    return;
                }
                Err(_) => {}
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = heard.closed() => return,
            }
            wait = (wait * 2).min(Duration::from_secs(5));
        };
    }
}

/// Carries messages both ways until the connection ends.
async fn serve(
    socket: &mut Socket,
    heard: &mpsc::Sender<Heard>,
    orders: &mut mpsc::Receiver<ClientMessage>,
) -> End {
    let mut asked = false;
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { return End::Unheard };
                if let Err(reason) = say(socket, &order).await {
                    return End::Broken(reason);
                }
            }
            message = timeout(SILENCE, socket.next()) => match message {
                Err(_) if asked => return End::Broken("no sign of life".to_owned()),
                Err(_) => {
                    asked = true;
                    if let Err(reason) = say(socket, &ClientMessage::Ping).await {
                        return End::Broken(reason);
                    }
                }
                Ok(None) => return End::Broken("the server closed the connection".to_owned()),
                Ok(Some(Err(error))) => return End::Broken(error.to_string()),
                Ok(Some(Ok(message))) => {
                    asked = false;
                    if let Message::Close(_) = message {
                        return End::Broken("the server closed the connection".to_owned());
                    }
                    if let Some(thing) = read(message)
                        && heard.send(thing).await.is_err()
                    {
                        return End::Unheard;
                    }
                }
            }
        }
    }
}

async fn say(socket: &mut Socket, message: &ClientMessage) -> Result<(), String> {
    let text = serde_json::to_string(message).map_err(|error| error.to_string())?;
    match timeout(SILENCE, socket.send(Message::text(text))).await {
        Ok(sent) => sent.map_err(|error| error.to_string()),
        Err(_) => Err("the server reads nothing".to_owned()),
    }
}

fn read(message: Message) -> Option<Heard> {
    match message {
        // Messages of a newer server that mean nothing here are passed over.
        Message::Text(text) => serde_json::from_str(text.as_str()).ok().map(Heard::Message),
        Message::Binary(frame) => {
            let attempt = i64::from_be_bytes(frame.get(..8)?.try_into().ok()?);
            let offset = u64::from_be_bytes(frame.get(8..16)?.try_into().ok()?);
            Some(Heard::Log {
                attempt,
                offset,
                bytes: frame.slice(16..),
            })
        }
        _ => None,
    }
}

/// Watches the numbers of events for holes.
#[derive(Debug, Default)]
pub struct Sequence {
    epoch: Option<String>,
    last: HashMap<String, u64>,
}

impl Sequence {
    /// Takes note of a message; `true` when something was missed and has to be fetched.
    pub fn missed(&mut self, message: &ServerMessage) -> bool {
        match message {
            ServerMessage::Hello { epoch } => {
                let other = self.epoch.as_ref().is_some_and(|known| known != epoch);
                if other {
                    self.last.clear();
                }
                self.epoch = Some(epoch.clone());
                other
            }
            ServerMessage::Subscribed { topic, seq } => self
                .last
                .insert(topic.clone(), *seq)
                .is_some_and(|known| known != *seq),
            ServerMessage::Event { topic, seq, .. } => self
                .last
                .insert(topic.clone(), *seq)
                .is_some_and(|known| *seq != known + 1),
            ServerMessage::Gap { topic, seq } => {
                self.last.insert(topic.clone(), *seq);
                true
            }
            ServerMessage::Refused { .. } | ServerMessage::LogEnd { .. } | ServerMessage::Pong => {
                false
            }
        }
    }
}
