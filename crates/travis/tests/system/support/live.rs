//! The live channel as a page hears it.

use super::SOON;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message, client::IntoClientRequest as _};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub struct Live(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Live {
    /// Opens the channel with these headers; the status of a refusal otherwise.
    pub async fn open(url: &str, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        let url = format!("{}/live", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio::time::timeout(SOON, connect_async(request))
            .await
            .unwrap()
        {
            Ok((socket, _)) => {
                let mut live = Self(socket);
                let hello = live.next().await.expect("a greeting");
                assert_eq!(hello["type"], "hello");
                Ok(live)
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Asks for a topic; says what came of it.
    pub async fn subscribe(&mut self, topic: &str) -> Value {
        self.say(&json!({"type": "subscribe", "topics": [topic]}))
            .await;
        self.hear(|message| {
            ["subscribed", "refused"]
                .iter()
                .any(|kind| message["type"] == *kind)
                && message["topic"] == topic
        })
        .await
    }

    pub async fn say(&mut self, message: &Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    /// Waits for a message.
    pub async fn hear(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("the channel was closed");
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Reads until the channel is closed.
    pub async fn closed(&mut self) {
        while self.next().await.is_some() {}
    }

    /// The next message; a piece of log as its bytes. `None` when the channel is closed.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(SOON + SOON, self.0.next());
            match next.await.expect("the channel is silent")? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Binary(bytes)) => {
                    let text = String::from_utf8_lossy(&bytes[16..]).into_owned();
                    return Some(json!({"type": "log", "text": text}));
                }
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
