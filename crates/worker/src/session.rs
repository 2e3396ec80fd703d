//! Enrolment and sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use travis_api::worker::{
    EnrolRequest, Facts, PollRequest, PollResponse, SESSION_CONTEXT, SessionRequest,
};

use crate::client::{CallError, Client};
use crate::identity::{Enrolment, Identity};
use crate::images;
use crate::owner::SharedDesk;
use crate::{WorkerConfig, WorkerError, facts};

/// This worker as the server knows it.
pub(crate) struct Session {
    client: Client,
    identity: Arc<Identity>,
    config: WorkerConfig,
    desk: SharedDesk,
    /// Speed of one core, where it could be measured.
    speed: Option<u32>,
    /// The version of what is lent that the server was told.
    told: AtomicU64,
    /// Names of images that the server was told.
    told_images: Mutex<Option<Vec<String>>>,
    /// The operator's table of images.
    table: images::Heard,
    state: Mutex<State>,
}

struct State {
    enrolment: Option<Enrolment>,
    token: Option<String>,
    /// Works once, so it is spent on the first answer.
    enrolment_token: Option<String>,
}

/// Why a session brought nothing.
pub(crate) enum SessionError {
    /// Worth another try.
    Again(String),
    /// It will not get better by itself.
    Final(WorkerError),
}

impl Session {
    pub(crate) fn new(
        config: WorkerConfig,
        client: Client,
        identity: Arc<Identity>,
        desk: SharedDesk,
        speed: Option<u32>,
    ) -> Self {
        let state = Mutex::new(State {
            enrolment: identity.enrolment(),
            token: None,
            enrolment_token: config.enrolment_token.clone(),
        });
        Self {
            table: images::Heard::open(&config),
            told_images: Mutex::default(),
            client,
            identity,
            config,
            desk,
            speed,
            told: AtomicU64::new(u64::MAX),
            state,
        }
    }

    /// Enrols if that is to be done and opens a session if there is none. Gives the name under
    /// which the server knows this worker.
    pub(crate) async fn open(&self) -> Result<String, SessionError> {
        let mut state = self.state.lock().await;
        self.ensure(&mut state).await?;
        Ok(state
            .enrolment
            .as_ref()
            .map_or_else(|| self.config.name.clone(), |known| known.name.clone()))
    }

    /// One poll, with a new session when the old one ended.
    pub(crate) async fn poll(
        &self,
        request: &mut PollRequest,
    ) -> Result<PollResponse, SessionError> {
        let mut renewed = false;
        loop {
            let token = {
                let mut state = self.state.lock().await;
                self.ensure(&mut state).await?
            };
            // Said in this session already unless it has changed since.
            let (lending, version) = self.desk.lending();
            let news = self.told.load(Ordering::Relaxed) != version;
            request.lending = news.then_some(lending);
            // Images come and go: by their owner's hand, by pulls, to make room.
            let images = self.config.images().await;
            let new = self.told_images.lock().await.as_ref() != Some(&images);
            request.images = new.then(|| images.clone());
            request.image_table = Some(self.table.mark());
            match self.client.poll(&token, request).await {
                Ok(response) => {
                    self.told.store(version, Ordering::Relaxed);
                    *self.told_images.lock().await = Some(images);
                    // Before the assignments that came with it.
                    if let Some(news) = &response.image_table {
                        self.table.take(&self.config, news);
                    }
                    return Ok(response);
                }
                Err(CallError::Refused { status: 401, .. }) if !renewed => {
                    renewed = true;
                    self.state.lock().await.token = None;
                }
                Err(error) if error.is_denial() => {
                    return Err(SessionError::Final(WorkerError::Denied(error.to_string())));
                }
                Err(error) => return Err(SessionError::Again(error.to_string())),
            }
        }
    }

    async fn ensure(&self, state: &mut State) -> Result<String, SessionError> {
        if let Some(token) = &state.token {
            return Ok(token.clone());
        }
        if let Some(known) = &state.enrolment {
            match self.sign_in(known.worker_id).await {
                Ok(token) => {
                    state.token = Some(token.clone());
                    return Ok(token);
                }
                Err(error) if !error.is_denial() => {
                    return Err(SessionError::Again(error.to_string()));
                }
                // The server forgot this worker, or another one answers at its address; a token
                // makes it known again.
                Err(error) if state.enrolment_token.is_none() => {
                    return Err(SessionError::Final(WorkerError::Denied(error.to_string())));
                }
                Err(_) => {}
            }
        }
        let worker_id = self.enrol(state).await?;
        let token = self
            .sign_in(worker_id)
            .await
            .map_err(|error| SessionError::Again(error.to_string()))?;
        state.token = Some(token.clone());
        Ok(token)
    }

    async fn enrol(&self, state: &mut State) -> Result<i64, SessionError> {
        let Some(token) = state.enrolment_token.clone() else {
            return Err(SessionError::Final(WorkerError::NotEnrolled));
        };
        let request = EnrolRequest {
            token,
            name: self.config.name.clone(),
            public_key: self.identity.public_key(),
            facts: self.facts().await,
            slots: self.desk.rules().slots,
        };
        let answer = match self.client.enrol(&request).await {
            Ok(answer) => answer,
            Err(CallError::Again(reason)) => return Err(SessionError::Again(reason)),
            Err(error) => {
                return Err(SessionError::Final(WorkerError::EnrolmentRefused(
                    error.to_string(),
                )));
            }
        };
        let enrolment = Enrolment {
            worker_id: answer.worker_id,
            name: answer.name,
            server: Some(self.config.server.clone()),
        };
        self.desk.hear_page(false, answer.lending.as_ref());
        self.identity
            .keep(&enrolment)
            .map_err(SessionError::Final)?;
        state.enrolment_token = None;
        state.enrolment = Some(enrolment);
        Ok(answer.worker_id)
    }

    async fn sign_in(&self, worker_id: i64) -> Result<String, CallError> {
        let challenge = self.client.challenge(worker_id).await?.challenge;
        let signature = self.identity.sign(&format!("{SESSION_CONTEXT}{challenge}"));
        let (lending, version) = self.desk.lending();
        let facts = self.facts().await;
        let images = facts.images.clone();
        let request = SessionRequest {
            worker_id,
            challenge,
            signature,
            facts,
            slots: self.desk.rules().slots,
            lending: Some(lending),
        };
        let token = self.client.session(&request).await?.session_token;
        self.told.store(version, Ordering::Relaxed);
        *self.told_images.lock().await = Some(images);
        Ok(token)
    }

    async fn facts(&self) -> Facts {
        facts::of_worker(&self.config, &self.desk, self.speed).await
    }
}
