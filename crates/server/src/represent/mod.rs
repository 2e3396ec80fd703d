//! Domain values to API v3. Lists are represented together, so that each kind of row is read
//! once for the whole page.

mod builds;
mod fleet;
mod forges;
mod jobs;
mod misc;
mod repositories;
mod requests;
pub(crate) mod results;
pub(crate) mod statement;
mod workers;

pub(crate) use fleet::{first_day, month_of, months};
pub(crate) use forges::*;
pub(crate) use misc::*;
pub(crate) use requests::*;
pub(crate) use workers::thanks;

use crate::error::ApiError;
use std::collections::{HashMap, HashSet};
use travis_engine::{Engine, Viewer};
use travis_model::{ForgeSite, RepositoryId, Timestamp, User, UserId};
use travis_store::Reader;

/// Represents for one viewer, at one moment.
pub(crate) struct Represent<'a> {
    pub engine: &'a Engine,
    pub viewer: &'a Viewer,
    pub reader: Box<dyn Reader>,
    pub now: Timestamp,
    /// Jobs carry their configuration everywhere (`include=job.config`).
    pub with_config: bool,
    usual: HashMap<RepositoryId, Option<i64>>,
    people: HashMap<UserId, User>,
    forges: Option<Vec<ForgeSite>>,
    stars: Option<HashSet<RepositoryId>>,
    /// Whether a repository has secrets at all.
    secrets: HashMap<RepositoryId, bool>,
}

/// Passed builds and jobs that the usual time is the median of.
pub(crate) const USUAL_OF: u64 = 20;

impl<'a> Represent<'a> {
    pub async fn new(engine: &'a Engine, viewer: &'a Viewer) -> Result<Self, ApiError> {
        Ok(Self {
            engine,
            viewer,
            reader: engine.store().reader().await?,
            now: engine.now(),
            with_config: false,
            usual: HashMap::new(),
            people: HashMap::new(),
            forges: None,
            stars: None,
            secrets: HashMap::new(),
        })
    }

    async fn usual_seconds(&mut self, id: RepositoryId) -> Result<Option<i64>, ApiError> {
        if let Some(known) = self.usual.get(&id) {
            return Ok(*known);
        }
        let usual = crate::wire::median(self.reader.passed_build_seconds(id, USUAL_OF).await?);
        self.usual.insert(id, usual);
        Ok(usual)
    }

    /// The forge with this identifier.
    async fn forge(&mut self, id: travis_model::ForgeId) -> Result<Option<&ForgeSite>, ApiError> {
        if self.forges.is_none() {
            self.forges = Some(self.reader.forges().await?);
        }
        let known = self.forges.iter().flatten();
        Ok(known.into_iter().find(|site| site.id == id))
    }

    /// Whether the viewer starred a repository.
    async fn starred(&mut self, id: RepositoryId) -> Result<bool, ApiError> {
        let Some(user) = &self.viewer.user else {
            return Ok(false);
        };
        if self.stars.is_none() {
            self.stars = Some(self.reader.stars(user.id).await?.into_iter().collect());
        }
        Ok(self.stars.as_ref().is_some_and(|stars| stars.contains(&id)))
    }

    async fn know_people(&mut self, ids: impl IntoIterator<Item = UserId>) -> Result<(), ApiError> {
        let mut missing: Vec<UserId> = ids
            .into_iter()
            .filter(|id| !self.people.contains_key(id))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            for user in self.reader.users(&missing).await? {
                self.people.insert(user.id, user);
            }
        }
        Ok(())
    }
}
