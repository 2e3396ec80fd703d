//! Events of the bus, numbered per topic and represented once for everybody who looks.

use crate::{error::ApiError, represent::Represent};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::broadcast;
use travis_bus::{Event, Subject};
use travis_engine::{Engine, Viewer};
use travis_model::{BuildId, DeliveryId, JobId, RepositoryId, RequestId, User, UserId, WorkerId};

/// Events that a slow connection may lag behind before it is told to fetch again.
const BOUND: usize = 1024;

/// An event as connections get it.
#[derive(Debug, Clone)]
pub(crate) struct Numbered {
    /// Topics with subscribers, with the event's number in each.
    pub topics: Vec<(String, u64)>,
    pub name: &'static str,
    /// For administrators; missing when the thing is gone.
    pub full: Option<Value>,
    /// For everybody else; `None` when they may not see it.
    pub public: Option<Value>,
    /// Everybody else may not see it.
    pub hidden: bool,
    /// Whoever has a right on this repository may see it all the same.
    pub repository: Option<RepositoryId>,
    /// A credential of this person ended: their connections look whether it was theirs.
    pub ended: Option<UserId>,
}

#[derive(Default)]
struct Topics(HashMap<String, Topic>);

#[derive(Default)]
struct Topic {
    seq: u64,
    listeners: usize,
}

struct Shared {
    topics: Mutex<Topics>,
    events: broadcast::Sender<Arc<Numbered>>,
    epoch: String,
}

/// Numbers events and hands them out.
#[derive(Clone)]
pub(crate) struct Hub(Arc<Shared>);

impl Hub {
    /// Starts numbering. The task ends with the last clone of the hub.
    pub fn start(engine: Arc<Engine>) -> Self {
        let epoch = travis_engine::Vault::new_token("epoch").map_or_else(
            |_| engine.now().0.to_string(),
            |token| token.reveal().chars().skip(6).take(12).collect(),
        );
        let shared = Arc::new(Shared {
            topics: Mutex::new(Topics::default()),
            events: broadcast::channel(BOUND).0,
            epoch,
        });
        let weak = Arc::downgrade(&shared);
        tokio::spawn(number_for_ever(engine, weak));
        Self(shared)
    }

    /// Changes when numbers start again.
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// Hears of a topic from now on; the number of its last event.
    pub fn join(&self, topic: &str) -> u64 {
        let mut topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = topics.0.entry(topic.to_owned()).or_default();
        entry.listeners += 1;
        entry.seq
    }

    /// Hears no more of it.
    pub fn leave(&self, topic: &str) {
        let mut topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = topics.0.get_mut(topic) {
            entry.listeners -= 1;
            if entry.listeners == 0 {
                topics.0.remove(topic);
            }
        }
    }

    /// The number of a topic's last event.
    pub fn seq(&self, topic: &str) -> u64 {
        let topics = self.0.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.0.get(topic).map_or(0, |entry| entry.seq)
    }

    /// A session or token of this person ended. Connections to other servers notice by themselves,
    /// a little later.
    pub fn credential_ended(&self, user: UserId) {
        let told = Numbered {
            topics: Vec::new(),
            name: "credential:ended",
            full: None,
            public: None,
            hidden: false,
            repository: None,
            ended: Some(user),
        };
        // Nobody connected is no failure.
        drop(self.0.events.send(Arc::new(told)));
    }

    pub fn events(&self) -> broadcast::Receiver<Arc<Numbered>> {
        self.0.events.subscribe()
    }
}

impl Shared {
    /// Numbers an event in those of its topics that somebody hears.
    fn number(&self, topics: &[String]) -> Vec<(String, u64)> {
        let mut known = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics
            .iter()
            .filter_map(|topic| {
                let entry = known.0.get_mut(topic)?;
                entry.seq += 1;
                Some((topic.clone(), entry.seq))
            })
            .collect()
    }

    fn heard(&self, topics: &[String]) -> bool {
        let known = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.iter().any(|topic| known.0.contains_key(topic))
    }
}

async fn number_for_ever(engine: Arc<Engine>, shared: Weak<Shared>) {
    let mut events = engine.bus().events();
    loop {
        let first = match events.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(_)) => {
                // Numbers without events make every page fetch again.
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                let mut topics = shared.topics.lock().unwrap_or_else(PoisonError::into_inner);
                topics.0.values_mut().for_each(|topic| topic.seq += 1);
                continue;
            }
            Err(broadcast::error::RecvError::Closed) => return,
        };
        // Several changes of one thing that wait together are one: only its newest state counts.
        let mut waiting = vec![first];
        while let Ok(event) = events.try_recv() {
            waiting.push(event);
        }
        let Some(shared) = shared.upgrade() else {
            return;
        };
        for (place, event) in waiting.iter().enumerate() {
            if waiting[place + 1..]
                .iter()
                .any(|later| later.subject == event.subject && covers(later, event))
                || !shared.heard(&event.topics)
            {
                continue;
            }
            match represent(&engine, event).await {
                Ok((full, public, home)) => {
                    let topics = shared.number(&event.topics);
                    let (name, full, public) = match removed(event.subject) {
                        Some((name, data)) if full.is_none() => {
                            (name, Some(data.clone()), Some(data))
                        }
                        _ => (event.name, full, public),
                    };
                    let numbered = Numbered {
                        topics,
                        name,
                        full,
                        public,
                        hidden: home.hidden,
                        repository: home.repository,
                        ended: None,
                    };
                    // Nobody connected is no failure.
                    drop(shared.events.send(Arc::new(numbered)));
                }
                Err(error) => {
                    tracing::warn!(
                        ?error,
                        "an event could not be represented; pages fetch again"
                    );
                    shared.number(&event.topics);
                }
            }
        }
    }
}

/// Whether whoever hears of an event hears of the later one, too.
fn covers(later: &Event, event: &Event) -> bool {
    event
        .topics
        .iter()
        .all(|topic| later.topics.contains(topic))
}

/// Somebody who may do everything, for the representation that administrators get.
fn administrator(engine: &Engine) -> Viewer {
    Viewer {
        user: Some(User {
            id: UserId(0),
            login: String::new(),
            name: None,
            admin: true,
            created_at: engine.now(),
            suspended_at: None,
        }),
        ..Viewer::default()
    }
}

async fn represent(
    engine: &Engine,
    event: &Event,
) -> Result<(Option<Value>, Option<Value>, Home), ApiError> {
    let home = home_of(engine, event.subject).await?;
    let full = subject(engine, &administrator(engine), event.subject).await?;
    let public = if home.hidden {
        None
    } else {
        subject(engine, &Viewer::default(), event.subject).await?
    };
    Ok((full, public, home))
}

/// What is told of a thing that is no more: its identifier alone.
fn removed(about: Subject) -> Option<(&'static str, Value)> {
    match about {
        Subject::Repository(id) => Some(("repository:removed", serde_json::json!({"id": id}))),
        Subject::Worker(id) => Some(("worker:removed", serde_json::json!({"id": id}))),
        Subject::Build(_)
        | Subject::Job(_)
        | Subject::Request(_)
        | Subject::Delivery(_)
        | Subject::Settings(_)
        | Subject::User(_) => None,
    }
}

/// Where an event belongs.
struct Home {
    /// The public may not see it.
    hidden: bool,
    /// To this repository.
    repository: Option<RepositoryId>,
}

/// Whether the public may see what the event is about, and who else may.
async fn home_of(engine: &Engine, about: Subject) -> Result<Home, ApiError> {
    let nowhere = |hidden| Home {
        hidden,
        repository: None,
    };
    let mut reader = engine.store().reader().await?;
    let repository = match about {
        Subject::Worker(_) => return Ok(nowhere(false)),
        // Nothing of these is told along: whoever hears of them fetches them.
        Subject::User(_) => return Ok(nowhere(true)),
        Subject::Delivery(id) => {
            let row = reader.delivery(DeliveryId(id)).await?;
            return Ok(Home {
                hidden: true,
                repository: row.and_then(|row| row.repository_id),
            });
        }
        Subject::Settings(id) => {
            return Ok(Home {
                hidden: true,
                repository: Some(RepositoryId(id)),
            });
        }
        Subject::Repository(id) => Some(RepositoryId(id)),
        Subject::Build(id) => reader
            .build(BuildId(id))
            .await?
            .map(|row| row.repository_id),
        Subject::Job(id) => reader.job(JobId(id)).await?.map(|row| row.repository_id),
        Subject::Request(id) => reader
            .request(RequestId(id))
            .await?
            .map(|row| row.repository_id),
    };
    let Some(id) = repository else {
        return Ok(nowhere(false));
    };
    let row = reader.repository(id).await?;
    Ok(Home {
        hidden: row.is_some_and(|row| !Viewer::default().sees(&row)),
        repository: Some(id),
    })
}

async fn subject(
    engine: &Engine,
    viewer: &Viewer,
    about: Subject,
) -> Result<Option<Value>, ApiError> {
    let mut represent = Represent::new(engine, viewer).await?;
    let value = match about {
        Subject::Repository(id) => {
            let rows = represent.reader.repository(RepositoryId(id)).await?;
            first(represent.repositories(rows.into_iter().collect()).await?)
        }
        Subject::Build(id) => {
            let rows = represent.reader.build(BuildId(id)).await?;
            first(represent.builds(rows.into_iter().collect(), false).await?)
        }
        Subject::Job(id) => {
            let rows = represent.reader.job(JobId(id)).await?;
            first(represent.jobs(rows.into_iter().collect(), false).await?)
        }
        Subject::Request(id) => {
            let row = represent.reader.request(RequestId(id)).await?;
            let home = match &row {
                Some(row) => represent.reader.repository(row.repository_id).await?,
                None => None,
            };
            match (row, home) {
                (Some(row), Some(home)) => first(represent.requests(&home, vec![row]).await?),
                _ => None,
            }
        }
        Subject::Worker(id) => {
            let rows = represent.reader.worker(WorkerId(id)).await?;
            first(represent.workers(rows.into_iter().collect()).await?)
        }
        Subject::Delivery(_) | Subject::Settings(_) | Subject::User(_) => None,
    };
    Ok(value)
}

fn first<T: serde::Serialize>(mut all: Vec<T>) -> Option<Value> {
    all.pop().and_then(|one| serde_json::to_value(one).ok())
}
