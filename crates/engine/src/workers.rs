//! Workers: registering, sessions, what their owners decide.

use crate::{Engine, EngineError, Secret, Vault, Viewer, changes::Changes};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use std::time::Duration;
use travis_bus::Wake;
use travis_model::{Timestamp, User, Worker, WorkerId};
use travis_store::NewWorker;

const ENROLMENT: Duration = Duration::from_secs(3600);
const CHALLENGE: Duration = Duration::from_secs(60);
const SESSION: Duration = Duration::from_secs(3600);
const KEY_LENGTH: usize = 32;
/// More slots than any machine should lend.
const SLOTS: u32 = 256;

/// A machine in its worker's words.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// What was measured, kept as it is.
    pub facts: serde_json::Value,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Name of its executor.
    pub executor: String,
    /// Jobs side by side.
    pub slots: u32,
}

/// A worker that registers.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The name wanted.
    pub name: String,
    /// The public half of its key.
    pub public_key: Vec<u8>,
    /// Its machine.
    pub machine: Introduction,
}

/// Whether a worker's key made this signature.
pub(crate) fn signed_by(public_key: &[u8], text: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(text, signature)
        .is_ok()
}

impl Engine {
    /// Makes a token with which a worker registers once within an hour.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_enrolment_token(
        &self,
        user: &User,
    ) -> Result<(Secret, Timestamp), EngineError> {
        let token = Vault::new_token("enrol")?;
        let expires_at = self.now().plus(ENROLMENT);
        let mut tx = self.store.begin().await?;
        tx.insert_enrolment_token(user.id, &Vault::hash(token.reveal()), expires_at)
            .await?;
        tx.commit().await?;
        Ok((token, expires_at))
    }

    /// Registers a worker.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] when the token is unknown, used or too old.
    pub async fn enrol(&self, token: &str, new: Enrolment) -> Result<Worker, EngineError> {
        if new.public_key.len() != KEY_LENGTH {
            return Err(EngineError::invalid(
                "public_key",
                "an Ed25519 public key has 32 bytes",
            ));
        }
        let name: String = new
            .name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .take(60)
            .collect();
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let owner_id = tx
            .take_enrolment_token(&Vault::hash(token), now)
            .await?
            .ok_or(EngineError::Unauthorized)?;
        let worker = tx
            .insert_worker(&NewWorker {
                owner_id,
                name: if name.is_empty() {
                    "worker".to_owned()
                } else {
                    name
                },
                public_key: new.public_key,
                facts: new.machine.facts,
                os: new.machine.os,
                arch: new.machine.arch,
                executor: new.machine.executor,
                slots: new.machine.slots.clamp(1, SLOTS),
                at: now,
            })
            .await?;
        tx.commit().await?;
        self.tell_worker(worker.id);
        Ok(worker)
    }

    /// Something for a worker to sign. Good for a minute, and nothing is stored for it.
    #[must_use]
    pub fn challenge(&self, worker: WorkerId) -> String {
        let text = format!("{worker}.{}", self.now().plus(CHALLENGE).0);
        format!("{text}.{}", self.vault.sign(&text))
    }

    /// Opens a session of a worker that signed its challenge. `signed` is the text it signed.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`].
    pub async fn open_worker_session(
        &self,
        worker: WorkerId,
        challenge: &str,
        signed: &[u8],
        signature: &[u8],
        machine: Introduction,
    ) -> Result<(Secret, Duration), EngineError> {
        let now = self.now();
        let (text, tag) = challenge
            .rsplit_once('.')
            .ok_or(EngineError::Unauthorized)?;
        let (id, until) = text.split_once('.').ok_or(EngineError::Unauthorized)?;
        let fresh = until
            .parse::<i64>()
            .is_ok_and(|until| now <= Timestamp(until));
        if !self.vault.signed(text, tag) || id != worker.to_string() || !fresh {
            return Err(EngineError::Unauthorized);
        }
        let token = Vault::new_token("worker")?;
        let mut tx = self.store.begin().await?;
        let mut row = tx.worker(worker).await?.ok_or(EngineError::Unauthorized)?;
        if row.banned || !signed_by(&row.public_key, signed, signature) {
            return Err(EngineError::Unauthorized);
        }
        row.facts = machine.facts;
        row.os = machine.os;
        row.arch = machine.arch;
        row.executor = machine.executor;
        row.slots = machine.slots.clamp(1, SLOTS);
        row.draining = false;
        row.last_seen_at = Some(now);
        tx.update_worker(&row).await?;
        tx.insert_worker_session(worker, &Vault::hash(token.reveal()), now.plus(SESSION))
            .await?;
        tx.commit().await?;
        self.tell_worker(worker);
        Ok((token, SESSION))
    }

    /// Whose session this is.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] when it is unknown or has ended.
    pub async fn worker_by_session(&self, token: &str) -> Result<WorkerId, EngineError> {
        self.store
            .reader()
            .await?
            .worker_session(&Vault::hash(token), self.now())
            .await?
            .ok_or(EngineError::Unauthorized)
    }

    /// Lends nothing for now, or lends again.
    ///
    /// # Errors
    /// When the viewer may not.
    pub async fn pause_worker(
        &self,
        viewer: &Viewer,
        id: WorkerId,
        paused: bool,
    ) -> Result<Worker, EngineError> {
        self.change_worker(
            viewer,
            id,
            if paused {
                "worker.pause"
            } else {
                "worker.resume"
            },
            |worker| {
                worker.paused = paused;
                worker.draining &= paused;
            },
        )
        .await
    }

    /// Lets a worker finish what it has and leave.
    ///
    /// # Errors
    /// When the viewer may not.
    pub async fn drain_worker(&self, viewer: &Viewer, id: WorkerId) -> Result<Worker, EngineError> {
        self.change_worker(viewer, id, "worker.drain", |worker| worker.draining = true)
            .await
    }

    /// Removes a worker. What it runs is lost and runs elsewhere.
    ///
    /// # Errors
    /// When the viewer may not.
    pub async fn remove_worker(&self, viewer: &Viewer, id: WorkerId) -> Result<(), EngineError> {
        self.change_worker(viewer, id, "worker.remove", |worker| worker.banned = true)
            .await?;
        let running = self.store.reader().await?.live_attempts(id).await?;
        for attempt in running {
            self.give_up(
                attempt.id,
                travis_model::AttemptEvent::Refuse,
                "its worker was removed",
            )
            .await?;
        }
        let mut tx = self.store.begin().await?;
        tx.remove_worker(id).await?;
        tx.commit().await?;
        self.tell_worker(id);
        Ok(())
    }

    async fn change_worker(
        &self,
        viewer: &Viewer,
        id: WorkerId,
        action: &str,
        change: impl FnOnce(&mut Worker) + Send,
    ) -> Result<Worker, EngineError> {
        let mut tx = self.store.begin().await?;
        let mut worker = tx
            .worker(id)
            .await?
            .ok_or(EngineError::NotFound("worker"))?;
        viewer.signed_in()?;
        if !viewer.commands(&worker) {
            return Err(EngineError::Forbidden(
                "only its owner may command a worker",
            ));
        }
        change(&mut worker);
        tx.update_worker(&worker).await?;
        tx.append_audit(&self.deed(viewer, action, format!("worker:{id}"), worker.name.clone()))
            .await?;
        tx.commit().await?;
        self.tell_worker(id);
        Ok(worker)
    }

    pub(crate) fn tell_worker(&self, id: WorkerId) {
        let mut changes = Changes::default();
        changes.worker(id);
        changes.wake(Wake::Worker(id.get()));
        changes.wake(Wake::Queue);
        changes.send(self.bus.as_ref());
    }
}
