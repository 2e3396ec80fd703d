//! One page's websocket.

use crate::{App, access, live::hub::Numbered};
use axum::{
    extract::ws::{Message, WebSocket},
    http::HeaderMap,
};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::{broadcast::error::RecvError, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use travis_api::live::{ClientMessage, ServerMessage};
use travis_engine::Viewer;
use travis_model::{AttemptId, JobId, KnownAnswerId, RepositoryId};

/// Topics that one page may hear.
const TOPICS: usize = 512;
/// Logs that one page may follow.
const LOGS: usize = 8;
/// Bytes of log in one frame.
const PIECE: usize = 64 << 10;
/// Frames of log that wait for a slow page, over all its logs.
const FRAMES: usize = 16;
/// How often it is checked that the viewer may still see what they hear.
const RECHECK: Duration = Duration::from_secs(30);
/// A page that takes nothing for so long is gone.
const SEND: Duration = Duration::from_secs(30);

struct Connection {
    app: App,
    headers: HeaderMap,
    viewer: Viewer,
    out: SplitSink<WebSocket, Message>,
    topics: HashMap<String, ()>,
    logs: HashMap<i64, AbortHandle>,
    tasks: JoinSet<()>,
    frames: mpsc::Sender<Message>,
}

/// Why a connection ends.
struct Gone;

impl From<axum::Error> for Gone {
    fn from(_: axum::Error) -> Self {
        Self
    }
}

/// Serves a page until it leaves.
pub(super) async fn run(app: App, headers: HeaderMap, viewer: Viewer, socket: WebSocket) {
    let (out, mut from_page) = socket.split();
    let (frames, mut waiting) = mpsc::channel(FRAMES);
    let mut events = app.hub.events();
    let mut recheck = tokio::time::interval(RECHECK);
    let epoch = app.hub.epoch().to_owned();
    let mut connection = Connection {
        app,
        headers,
        viewer,
        out,
        topics: HashMap::new(),
        logs: HashMap::new(),
        tasks: JoinSet::new(),
        frames,
    };
    if connection
        .say(&ServerMessage::Hello { epoch })
        .await
        .is_ok()
    {
        loop {
            let step = tokio::select! {
                message = from_page.next() => match message {
                    Some(Ok(Message::Text(text))) => connection.hear(text.as_str()).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
                    Some(Ok(_)) => Ok(()),
                },
                Some(frame) = waiting.recv() => connection.send(frame).await,
                event = events.recv() => match event {
                    Ok(event) => connection.tell(&event).await,
                    Err(RecvError::Lagged(_)) => connection.tell_gap().await,
                    Err(RecvError::Closed) => Err(Gone),
                },
                _ = recheck.tick() => connection.recheck().await,
                Some(_) = connection.tasks.join_next(), if !connection.tasks.is_empty() => Ok(()),
            };
            if step.is_err() {
                break;
            }
        }
    }
    for topic in connection.topics.keys() {
        connection.app.hub.leave(topic);
    }
}

impl Connection {
    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        tokio::time::timeout(SEND, self.out.send(message))
            .await
            .map_err(|_| Gone)??;
        Ok(())
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), Gone> {
        let text = serde_json::to_string(message).map_err(|_| Gone)?;
        self.send(Message::Text(text.into())).await
    }

    async fn hear(&mut self, text: &str) -> Result<(), Gone> {
        match serde_json::from_str::<ClientMessage>(text) {
            Ok(ClientMessage::Ping) => self.say(&ServerMessage::Pong).await,
            Ok(ClientMessage::Subscribe { topics }) => {
                for topic in topics {
                    self.subscribe(topic).await?;
                }
                Ok(())
            }
            Ok(ClientMessage::Unsubscribe { topics }) => {
                for topic in topics {
                    if let Some(attempt) = log_topic(&topic).map(|(attempt, _)| attempt) {
                        self.stop_log(attempt);
                    } else if self.topics.remove(&topic).is_some() {
                        self.app.hub.leave(&topic);
                    }
                }
                Ok(())
            }
            Err(error) => {
                self.refuse(String::new(), format!("the message can't be read: {error}"))
                    .await
            }
        }
    }

    async fn refuse(&mut self, topic: String, reason: String) -> Result<(), Gone> {
        self.say(&ServerMessage::Refused { topic, reason }).await
    }

    async fn subscribe(&mut self, topic: String) -> Result<(), Gone> {
        if topic.starts_with("log:") {
            return match log_topic(&topic) {
                Some((attempt, offset)) => self.follow(topic, attempt, offset).await,
                None => {
                    self.refuse(topic, "write log:ATTEMPT@OFFSET".to_owned())
                        .await
                }
            };
        }
        if self.topics.contains_key(&topic) {
            let seq = self.app.hub.seq(&topic);
            return self.say(&ServerMessage::Subscribed { topic, seq }).await;
        }
        if self.topics.len() >= TOPICS {
            return self
                .refuse(topic, format!("one page may hear {TOPICS} topics at most"))
                .await;
        }
        match self.may_hear(&topic).await {
            Ok(true) => {
                let seq = self.app.hub.join(&topic);
                self.topics.insert(topic.clone(), ());
                self.say(&ServerMessage::Subscribed { topic, seq }).await
            }
            Ok(false) => {
                self.refuse(topic, "not found (or insufficient access)".to_owned())
                    .await
            }
            Err(_) => {
                self.refuse(
                    topic,
                    "the server can't look it up now; try again".to_owned(),
                )
                .await
            }
        }
    }

    async fn may_hear(&self, topic: &str) -> Result<bool, travis_engine::EngineError> {
        if matches!(topic, "repos" | "workers") {
            return Ok(true);
        }
        let (kind, id) = topic.split_once(':').unwrap_or((topic, ""));
        let mut reader = self.app.engine.store().reader().await?;
        let repository = match (kind, id.parse::<i64>()) {
            ("repo", Ok(id)) => Some(RepositoryId(id)),
            ("job", Ok(id)) => reader.job(JobId(id)).await?.map(|job| job.repository_id),
            // How somebody's synchronization goes on is their own business.
            ("user", Ok(id)) => {
                return Ok(self
                    .viewer
                    .user
                    .as_ref()
                    .is_some_and(|user| user.id.get() == id));
            }
            ("worker", Ok(_)) => return Ok(true),
            ("owner", _) => return Ok(!id.is_empty() && id.len() <= 100),
            _ => None,
        };
        let Some(id) = repository else {
            return Ok(false);
        };
        Ok(reader
            .repository(id)
            .await?
            .is_some_and(|row| self.viewer.sees(&row)))
    }

    /// Follows a log from a byte on. A second time moves to the new place.
    async fn follow(&mut self, topic: String, attempt: i64, offset: u64) -> Result<(), Gone> {
        self.stop_log(attempt);
        if self.logs.len() >= LOGS {
            return self
                .refuse(topic, format!("one page may follow {LOGS} logs at most"))
                .await;
        }
        match self.may_follow(AttemptId(attempt)).await {
            Ok(true) => {
                let task = follow(self.app.clone(), attempt, offset, self.frames.clone());
                let handle = self.tasks.spawn(task);
                self.logs.insert(attempt, handle);
                self.say(&ServerMessage::Subscribed { topic, seq: offset })
                    .await
            }
            Ok(false) => {
                self.refuse(topic, "not found (or insufficient access)".to_owned())
                    .await
            }
            Err(_) => {
                self.refuse(
                    topic,
                    "the server can't look it up now; try again".to_owned(),
                )
                .await
            }
        }
    }

    /// A job's log is for whoever sees its repository; a known-answer job's for whoever commands its
    /// worker.
    async fn may_follow(&self, attempt: AttemptId) -> Result<bool, travis_engine::EngineError> {
        let mut reader = self.app.engine.store().reader().await?;
        if let Some(known) = KnownAnswerId::of_attempt(attempt) {
            let Some(row) = reader.known_answer(known).await? else {
                return Ok(false);
            };
            let worker = reader.worker(row.worker_id).await?;
            return Ok(worker.is_some_and(|row| self.viewer.commands(&row)));
        }
        let Some(row) = reader.attempt(attempt).await? else {
            return Ok(false);
        };
        let Some(job) = reader.job(row.job_id).await? else {
            return Ok(false);
        };
        let repository = reader.repository(job.repository_id).await?;
        Ok(repository.is_some_and(|row| self.viewer.sees(&row)))
    }

    fn stop_log(&mut self, attempt: i64) {
        if let Some(handle) = self.logs.remove(&attempt) {
            handle.abort();
        }
    }

    async fn tell(&mut self, event: &Numbered) -> Result<(), Gone> {
        let mine: Vec<&(String, u64)> = event
            .topics
            .iter()
            .filter(|(topic, _)| self.topics.contains_key(topic))
            .collect();
        let admin = self.viewer.is_admin();
        let member = event
            .repository
            .is_some_and(|id| self.viewer.rights.contains_key(&id));
        let own = |topic: &str| topic.starts_with("user:");
        let touched = mine
            .iter()
            .any(|(topic, _)| topic != "repos" && !own(topic));
        for (topic, seq) in mine {
            let (data, name) = match (admin, event.hidden) {
                (true, _) => (event.full.clone(), event.name),
                (false, false) => (event.public.clone(), event.name),
                // Who may see it fetches it in their own name.
                (false, true) if member || own(topic) => (None, event.name),
                // The number is told, so that no gap is seen; what happened is not.
                (false, true) => (None, "hidden"),
            };
            let message = ServerMessage::Event {
                topic: topic.clone(),
                seq: *seq,
                event: name.to_owned(),
                data,
            };
            self.say(&message).await?;
        }
        let user = self.viewer.user.as_ref().map(|user| user.id);
        if (event.hidden && !admin && touched) || (event.ended.is_some() && event.ended == user) {
            self.recheck().await?;
        }
        Ok(())
    }

    async fn tell_gap(&mut self) -> Result<(), Gone> {
        let topics: Vec<String> = self.topics.keys().cloned().collect();
        for topic in topics {
            let seq = self.app.hub.seq(&topic);
            self.say(&ServerMessage::Gap { topic, seq }).await?;
        }
        Ok(())
    }

    /// Whether the viewer is still who they were, and may still see what they hear.
    async fn recheck(&mut self) -> Result<(), Gone> {
        let Ok(viewer) = access::viewer(&self.app, &self.headers).await else {
            // A token that ended ends the connection; a database that is away does not.
            return if self.app.engine.store().check().await.is_ok() {
                Err(Gone)
            } else {
                Ok(())
            };
        };
        if viewer.user.as_ref().map(|user| user.id) != self.viewer.user.as_ref().map(|user| user.id)
        {
            return Err(Gone);
        }
        self.viewer = viewer;
        let topics: Vec<String> = self.topics.keys().cloned().collect();
        for topic in topics {
            if matches!(self.may_hear(&topic).await, Ok(false)) {
                self.topics.remove(&topic);
                self.app.hub.leave(&topic);
                self.refuse(topic, "not found (or insufficient access)".to_owned())
                    .await?;
            }
        }
        let attempts: Vec<i64> = self.logs.keys().copied().collect();
        for attempt in attempts {
            if matches!(self.may_follow(AttemptId(attempt)).await, Ok(false)) {
                self.stop_log(attempt);
                self.refuse(
                    format!("log:{attempt}"),
                    "not found (or insufficient access)".to_owned(),
                )
                .await?;
            }
        }
        Ok(())
    }
}

/// `log:ATTEMPT` or `log:ATTEMPT@OFFSET`.
fn log_topic(topic: &str) -> Option<(i64, u64)> {
    let rest = topic.strip_prefix("log:")?;
    let (attempt, offset) = rest.split_once('@').unwrap_or((rest, "0"));
    Some((attempt.parse().ok()?, offset.parse().ok()?))
}

/// A piece of log as the page gets it.
fn frame(attempt: i64, offset: u64, bytes: &Bytes) -> Message {
    let mut frame = BytesMut::with_capacity(16 + bytes.len());
    frame.put_i64(attempt);
    frame.put_u64(offset);
    frame.extend_from_slice(bytes);
    Message::Binary(frame.freeze())
}

/// Sends a log from a byte on, as fast as the page takes it, until it is sealed. Pulled from the
/// log by offset: a slow page lags and loses nothing.
async fn follow(app: App, attempt: i64, mut offset: u64, frames: mpsc::Sender<Message>) {
    let mut tip = app.engine.logs().watch(attempt);
    loop {
        // Marks the tip as seen before reading, so that growth in between wakes again.
        let sealed = tip.borrow_and_update().sealed;
        match app.engine.logs().read(attempt, offset, PIECE).await {
            Ok(bytes) if !bytes.is_empty() => {
                let message = frame(attempt, offset, &bytes);
                offset += bytes.len() as u64;
                if frames.send(message).await.is_err() {
                    return;
                }
            }
            Ok(_) if sealed => {
                let end = ServerMessage::LogEnd {
                    attempt,
                    length: offset,
                };
                if let Ok(text) = serde_json::to_string(&end) {
                    drop(frames.send(Message::Text(text.into())).await);
                }
                return;
            }
            Ok(_) => {
                if tip.changed().await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(attempt, %error, "a log could not be read for a page");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_topics_name_attempt_and_offset() {
        assert_eq!(log_topic("log:7@120"), Some((7, 120)));
        assert_eq!(log_topic("log:7"), Some((7, 0)));
        assert_eq!(log_topic("log:x@1"), None);
        assert_eq!(log_topic("job:7"), None);
    }

    #[test]
    fn frames_carry_where_their_bytes_belong() {
        let Message::Binary(bytes) = frame(7, 120, &Bytes::from_static(b"ok")) else {
            panic!("not binary")
        };
        assert_eq!(bytes[..8], 7i64.to_be_bytes());
        assert_eq!(bytes[8..16], 120u64.to_be_bytes());
        assert_eq!(&bytes[16..], b"ok");
    }
}
