//! How far a worker's word counts for a repository, and whether it fits a job: the facts for the
//! rules of [`travis_model::trust`], found in one place for giving out, explaining and judging.

use crate::{Engine, EngineError, Viewer};
use std::collections::HashMap;
use travis_model::{
    Level, Repository, UserId, Worker, WorkerId,
    scheduling::{ExecutorKind, Mismatch, Platform, Requirements},
    trust::{self, Machine, Relation, Standing, Tier, Wanted, tier_towards},
};
use travis_store::{Reader, WorkerNow};

/// What the operator decided about workers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkerPolicy {
    /// The weakest executor for jobs on machines of strangers; `namespace` when it says less.
    pub least_executor: Option<ExecutorKind>,
    /// The share of results of trusted machines that is checked, from 0 to 1.
    pub check_trusted: f64,
    /// Workers run known-answer jobs.
    pub known_answers: bool,
}

impl Default for WorkerPolicy {
    fn default() -> Self {
        Self {
            least_executor: None,
            check_trusted: 0.0,
            known_answers: true,
        }
    }
}

/// A worker with what matters of it for every repository.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub worker: Worker,
    pub standing: Standing,
    /// Its owner runs this installation.
    pub operator: bool,
    /// Where it comes from, as far as that is known.
    pub network: Option<String>,
    platform: Platform,
    /// Its owner lends it for these alone; for all when empty.
    pub only: Vec<String>,
    /// Its owner never lends it for these.
    pub never: Vec<String>,
}

impl Candidate {
    /// Puts together what is known of a worker.
    pub fn new(
        worker: Worker,
        standing: Standing,
        operator: bool,
        now: Option<&WorkerNow>,
    ) -> Self {
        let list = |name: &str| -> Vec<String> {
            now.and_then(|now| now.lending.as_ref()?.get(name).cloned())
                .and_then(|list| serde_json::from_value(list).ok())
                .unwrap_or_default()
        };
        Self {
            platform: platform(&worker),
            only: list("only_repositories"),
            never: list("never_repositories"),
            network: now.and_then(|now| now.network.clone()),
            worker,
            standing,
            operator,
        }
    }

    /// Reads what is known of a worker.
    pub async fn read(reader: &mut dyn Reader, worker: &Worker) -> Result<Self, EngineError> {
        let standing = reader.standing(worker.id).await?;
        let operator = is_operator(reader, worker.owner_id).await?;
        let now = reader.workers_now(&[worker.id]).await?.pop();
        Ok(Self::new(worker.clone(), standing, operator, now.as_ref()))
    }

    /// Nothing holds it back in general: the operator's own, or trusted by the operator's word.
    pub fn is_unbounded(&self) -> bool {
        tier_towards(&self.standing, self.relation(None)).is_trusted()
    }

    fn relation(&self, level: Option<Level>) -> Relation {
        if self.operator {
            Relation::Operator
        } else if level.is_some_and(|level| level >= Level::Admin) {
            Relation::Owner
        } else {
            Relation::Stranger
        }
    }

    /// How far its word counts for a repository.
    pub fn tier(&self, home: &Home) -> Tier {
        let level = home.rights.get(&self.worker.owner_id).copied();
        tier_towards(&self.standing, self.relation(level))
    }

    /// Whether it may run jobs of a repository.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn fits(
        &self,
        home: &Home,
        os: &str,
        arch: &str,
        policy: &WorkerPolicy,
    ) -> Result<(), Mismatch> {
        let tier = self.tier(home);
        let needs = Requirements {
            os: os.to_owned(),
            arch: arch.to_owned(),
            least_executor: home.least_executor,
        };
        let job = Wanted {
            needs: &needs,
            repository: &home.slug,
            private: home.private,
        };
        let machine = Machine {
            platform: &self.platform,
            tier,
            // The operator's word for a machine stands for what it would have shown.
            tested: self.standing.is_tested()
                || self.standing.fixed > Some(Tier::Quarantined)
                || !policy.known_answers,
            sees: self.operator || home.rights.contains_key(&self.worker.owner_id),
            lends: !self.worker.paused && !self.worker.draining,
            banned: self.worker.banned,
            only: &self.only,
            never: &self.never,
        };
        trust::may_run(job, machine, server_least(tier, policy))
    }
}

/// The weakest executor that the operator wants for a tier.
pub(crate) fn server_least(tier: Tier, policy: &WorkerPolicy) -> Option<ExecutorKind> {
    policy.least_executor.filter(|_| !tier.is_trusted())
}

/// What matters of a repository for who may run its jobs.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    slug: String,
    private: bool,
    least_executor: Option<ExecutorKind>,
    rights: HashMap<UserId, Level>,
}

impl Home {
    /// Towards everybody.
    pub async fn read(
        reader: &mut dyn Reader,
        repository: &Repository,
    ) -> Result<Self, EngineError> {
        let rights = reader.rights_on(repository.id).await?;
        Ok(Self::with(
            repository,
            rights
                .into_iter()
                .map(|right| (right.user_id, right.level))
                .collect(),
        ))
    }

    /// Towards one person alone.
    pub async fn towards(
        reader: &mut dyn Reader,
        repository: &Repository,
        owner: UserId,
    ) -> Result<Self, EngineError> {
        let right = reader.right(owner, repository.id).await?;
        Ok(Self::with(
            repository,
            right
                .map(|right| (owner, right.level))
                .into_iter()
                .collect(),
        ))
    }

    fn with(repository: &Repository, rights: HashMap<UserId, Level>) -> Self {
        Self {
            slug: repository.slug.to_string(),
            private: repository.private,
            least_executor: repository.settings.min_executor,
            rights,
        }
    }
}

/// A worker's platform in its own words.
fn platform(worker: &Worker) -> Platform {
    let executor = ExecutorKind::parse(&worker.executor).unwrap_or(ExecutorKind::Host);
    let works = worker
        .facts
        .get("executors")
        .and_then(serde_json::Value::as_array);
    let strongest = works
        .into_iter()
        .flatten()
        .filter_map(|name| ExecutorKind::parse(name.as_str()?))
        .max();
    Platform {
        os: worker.os.clone(),
        arch: worker.arch.clone(),
        executor,
        strongest: strongest.unwrap_or(executor).max(executor),
    }
}

/// Cores of a machine in its own words; one at least.
pub(crate) fn cores(worker: &Worker) -> u32 {
    let said = worker
        .facts
        .get("cores")
        .and_then(serde_json::Value::as_u64);
    u32::try_from(said.unwrap_or(1)).unwrap_or(1).max(1)
}

/// Whether somebody runs this installation.
pub(crate) async fn is_operator(
    reader: &mut dyn Reader,
    owner: UserId,
) -> Result<bool, EngineError> {
    Ok(reader.user(owner).await?.is_some_and(|user| user.admin))
}

/// How far a worker's word counts for a repository.
pub(crate) async fn tier(
    reader: &mut dyn Reader,
    worker: &Worker,
    repository: &Repository,
) -> Result<Tier, EngineError> {
    let candidate = Candidate::read(reader, worker).await?;
    let home = Home::towards(reader, repository, worker.owner_id).await?;
    Ok(candidate.tier(&home))
}

impl Engine {
    /// The tier that workers have where no repository is looked at, and whether the operator set
    /// it by hand, in the order given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn standings_of(
        &self,
        reader: &mut dyn Reader,
        workers: &[Worker],
    ) -> Result<Vec<(Standing, Tier)>, EngineError> {
        let known: HashMap<WorkerId, Standing> = reader.standings().await?.into_iter().collect();
        let mut owners: Vec<UserId> = workers.iter().map(|worker| worker.owner_id).collect();
        owners.sort_unstable();
        owners.dedup();
        let operators: Vec<UserId> = reader
            .users(&owners)
            .await?
            .into_iter()
            .filter(|user| user.admin)
            .map(|user| user.id)
            .collect();
        let mut found = Vec::with_capacity(workers.len());
        for worker in workers {
            let standing = known.get(&worker.id).cloned().unwrap_or_default();
            let operator = operators.contains(&worker.owner_id);
            let relation = if operator {
                Relation::Operator
            } else {
                Relation::Stranger
            };
            let tier = tier_towards(&standing, relation);
            found.push((standing, tier));
        }
        Ok(found)
    }

    /// Sets how far a worker's word counts, whatever it earned; `None` lets it find its tier again.
    ///
    /// # Errors
    /// [`EngineError::Forbidden`] for everybody but the operator.
    pub async fn set_tier(
        &self,
        viewer: &Viewer,
        id: WorkerId,
        tier: Option<Tier>,
        reason: &str,
    ) -> Result<Worker, EngineError> {
        viewer.operator()?;
        let mut tx = self.store.begin().await?;
        let worker = tx
            .worker(id)
            .await?
            .ok_or(EngineError::NotFound("worker"))?;
        let mut standing = tx.lock_standing(id).await?;
        standing.fixed = tier;
        standing.since = standing.since.or(Some(worker.created_at));
        tx.save_standing(id, &standing).await?;
        let word = tier.map_or("by what it does", Tier::as_str);
        let detail = format!("{}: {word}. {}", worker.name, reason.trim());
        let deed = self.deed(viewer, "worker.tier", format!("worker:{id}"), detail);
        tx.append_audit(&deed).await?;
        tx.commit().await?;
        self.tell_worker(id);
        Ok(worker)
    }
}
