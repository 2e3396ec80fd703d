//! Workers: registering, sessions, what their owners decide.

use crate::{Engine, EngineError, Secret, Vault, Viewer, changes::Changes};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use std::time::Duration;
use travis_bus::Wake;
use travis_model::{AttemptEvent, Timestamp, Worker, WorkerId};
use travis_store::{NewWorker, StoreError, WorkerNow, WorkerWish};

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

/// What is to be changed of a worker; parts that are `None` stay as they are.
#[derive(Debug, Clone, Default)]
pub struct WorkerEdit {
    /// Its name.
    pub name: Option<String>,
    /// What it may lend at most.
    pub lending: Option<serde_json::Value>,
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
#[must_use]
pub fn signed_by(public_key: &[u8], text: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(text, signature)
        .is_ok()
}

/// The worker, when the viewer may command it.
fn commanded(viewer: &Viewer, worker: Option<Worker>) -> Result<Worker, EngineError> {
    let worker = worker.ok_or(EngineError::NotFound("worker"))?;
    viewer.signed_in()?;
    if viewer.commands(&worker) {
        Ok(worker)
    } else {
        Err(EngineError::Forbidden(
            "only its owner may command a worker",
        ))
    }
}

const fn fits_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Letters that names of workers have at most.
const NAME: usize = 60;

/// What can be a name of what a machine calls itself.
fn name_of(said: &str) -> String {
    let name: String = said
        .chars()
        .filter(|c| fits_a_name(*c))
        .take(NAME)
        .collect();
    // Addresses have `NAME.svg`, and `.` and `..` are no names of anything.
    if name.chars().all(|c| c == '.') {
        "worker".to_owned()
    } else {
        name
    }
}

/// A name that a person chose.
pub(crate) fn checked_name(name: &str) -> Result<String, EngineError> {
    if name.is_empty() || name.len() > NAME || name_of(name) != name {
        return Err(EngineError::invalid(
            "name",
            format!("name: use 1 to {NAME} letters, digits, '-', '_' and '.'"),
        ));
    }
    Ok(name.to_owned())
}

impl Engine {
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
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let enrolment = tx
            .take_enrolment(&Vault::hash(token), now)
            .await?
            .ok_or(EngineError::Unauthorized)?;
        let owner_id = enrolment.user_id;
        let name = name_of(enrolment.name.as_deref().unwrap_or(&new.name));
        let worker = tx
            .insert_worker(&NewWorker {
                owner_id,
                name,
                public_key: new.public_key,
                facts: new.machine.facts,
                os: new.machine.os,
                arch: new.machine.arch,
                executor: new.machine.executor,
                slots: new.machine.slots.clamp(1, SLOTS),
                at: now,
            })
            .await?;
        tx.note_enrolled(enrolment.id, worker.id).await?;
        if let Some(lending) = enrolment.lending {
            tx.put_worker_wish(&WorkerWish {
                worker_id: worker.id,
                lending,
                updated_at: now,
            })
            .await?;
        }
        tx.commit().await?;
        self.tell_worker(worker.id);
        let mut changes = Changes::default();
        changes.user(owner_id);
        changes.send(self.bus.as_ref());
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
        if let Err(too_old) = self.must_be_new_enough(&row) {
            // Its page says why it is not there.
            tx.update_worker(&row).await?;
            tx.commit().await?;
            self.tell_worker(worker);
            return Err(too_old);
        }
        row.os = machine.os;
        row.arch = machine.arch;
        row.executor = machine.executor;
        row.slots = machine.slots.clamp(1, SLOTS);
        row.draining = false;
        let gap = row
            .last_seen_at
            .is_none_or(|seen| now.since(seen) > self.silence());
        // What it said before it was away says nothing of now.
        if gap && let Some(said) = tx.workers_now(&[worker]).await?.pop() {
            tx.put_worker_now(&WorkerNow {
                online_since: now,
                presence: None,
                presence_since: None,
                usage: None,
                frozen: Vec::new(),
                ..said
            })
            .await?;
        }
        row.last_seen_at = Some(now);
        tx.update_worker(&row).await?;
        tx.insert_worker_session(worker, &Vault::hash(token.reveal()), now.plus(SESSION))
            .await?;
        tx.commit().await?;
        self.said.forget(worker);
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

    /// Changes its name and what it may lend, or neither: both in one transaction.
    ///
    /// # Errors
    /// When the viewer may not, and when the name can't be had.
    pub async fn edit_worker(
        &self,
        viewer: &Viewer,
        id: WorkerId,
        edit: WorkerEdit,
    ) -> Result<Worker, EngineError> {
        let name = edit.name.as_deref().map(checked_name).transpose()?;
        let mut tx = self.store.begin().await?;
        let mut worker = commanded(viewer, tx.worker(id).await?)?;
        let mut deeds = Vec::new();
        if let Some(lending) = edit.lending {
            tx.put_worker_wish(&WorkerWish {
                worker_id: id,
                lending,
                updated_at: self.now(),
            })
            .await?;
            deeds.push("worker.lend");
        }
        if let Some(name) = name {
            worker.name = name;
            tx.update_worker(&worker)
                .await
                .map_err(|error| match error {
                    StoreError::Exists(_) => EngineError::NotNow {
                        code: "name_taken",
                        message: "another worker of this owner has this name: choose another"
                            .to_owned(),
                    },
                    other => other.into(),
                })?;
            deeds.push("worker.rename");
        }
        if deeds.is_empty() {
            return Ok(worker);
        }
        for deed in deeds {
            let deed = self.deed(viewer, deed, format!("worker:{id}"), worker.name.clone());
            tx.append_audit(&deed).await?;
        }
        tx.commit().await?;
        self.tell_worker(id);
        Ok(worker)
    }

    /// Shuts a worker out, or lets it in again. What it runs is lost and runs elsewhere.
    ///
    /// # Errors
    /// [`EngineError::Forbidden`] for everybody but the operator.
    pub async fn ban_worker(
        &self,
        viewer: &Viewer,
        id: WorkerId,
        banned: bool,
    ) -> Result<Worker, EngineError> {
        viewer.operator()?;
        let action = if banned { "worker.ban" } else { "worker.unban" };
        let worker = self
            .change_worker(viewer, id, action, |worker| worker.banned = banned)
            .await?;
        if banned {
            self.take_all_from(id, "its worker was shut out").await?;
            self.tell_worker(id);
        }
        Ok(worker)
    }

    /// Removes a worker. What it runs is lost and runs elsewhere.
    ///
    /// # Errors
    /// When the viewer may not.
    pub async fn remove_worker(&self, viewer: &Viewer, id: WorkerId) -> Result<(), EngineError> {
        self.change_worker(viewer, id, "worker.remove", |worker| worker.banned = true)
            .await?;
        self.take_all_from(id, "its worker was removed").await?;
        let mut tx = self.store.begin().await?;
        tx.remove_worker(id).await?;
        tx.commit().await?;
        self.said.forget(id);
        self.tell_worker(id);
        Ok(())
    }

    pub(crate) async fn take_all_from(
        &self,
        id: WorkerId,
        reason: &str,
    ) -> Result<(), EngineError> {
        let running = self.store.reader().await?.live_attempts(id).await?;
        for attempt in running {
            self.give_up(attempt.id, AttemptEvent::Refuse, reason)
                .await?;
        }
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
        let mut worker = commanded(viewer, tx.worker(id).await?)?;
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
