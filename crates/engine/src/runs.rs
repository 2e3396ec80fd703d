//! The one way in which jobs change: load, decide (pure), save; then the build is computed again.
//! Everybody who changes a job holds its build's lock.

use crate::{Engine, EngineError, Viewer, changes::Changes, report};
use travis_bus::Wake;
use travis_model::{
    Build, BuildId, Job, JobEffect, JobEvent, JobId, JobState, Level, Rejected, Scope, Timestamp,
    UserId, Verification, job_transition,
    progress::{self, JobView},
};
use travis_store::{AuditEntry, Tx};

/// Why a job of a later stage never ran.
const EARLIER_STAGE: &str = "An earlier stage did not pass.";

/// What makes a change: shared by everything in one transaction.
pub(crate) struct Run<'a> {
    pub tx: &'a mut dyn Tx,
    pub changes: &'a mut Changes,
    pub now: Timestamp,
}

impl Run<'_> {
    /// Lets an event happen to a job and saves it. The build is not computed yet.
    pub async fn apply(
        &mut self,
        job: &mut Job,
        event: JobEvent,
    ) -> Result<Result<(), Rejected>, EngineError> {
        let decision = match job_transition(job.state, event) {
            Ok(decision) => decision,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let now = Some(self.now);
        job.state = decision.next;
        job.updated_at = self.now;
        match event {
            JobEvent::Restart => {
                job.run += 1;
                job.lost = 0;
                job.reason = None;
                job.attempt_id = None;
                job.queued_at = None;
                job.restarted_at = now;
                (job.verification, job.provisional) = (Verification::None, false);
                (job.opinion_id, job.flaky, job.yielded_at) = (None, false, None);
            }
            JobEvent::Withdraw => {
                (job.verification, job.provisional) = (Verification::None, false);
                job.opinion_id = None;
            }
            JobEvent::Lose { lost } => job.lost = lost,
            _ => {}
        }
        for effect in &decision.effects {
            match effect {
                JobEffect::ForgetRun => {
                    (job.received_at, job.started_at, job.finished_at) = (None, None, None);
                }
                JobEffect::ExplainLost => {
                    job.reason = Some(format!(
                        "{} workers in a row were lost while they ran this job; restart it to try again.",
                        job.lost
                    ));
                }
                JobEffect::WakeWorkers => self.changes.wake(Wake::Queue),
                // The attempt stays live until its worker has stopped it; polls see that the job
                // is canceled.
                JobEffect::StopAttempt | JobEffect::RecomputeBuild => {}
            }
        }
        match job.state {
            JobState::Queued => job.queued_at = now,
            JobState::Received => job.received_at = now,
            JobState::Started => job.started_at = job.started_at.or(now),
            state if state.is_finished() => job.finished_at = now,
            _ => {}
        }
        self.tx.save_job(job).await?;
        job.version += 1;
        self.changes.job(job);
        Ok(Ok(()))
    }

    /// Saves what is known of a job whose state stays.
    pub async fn keep(&mut self, job: &mut Job) -> Result<(), EngineError> {
        job.updated_at = self.now;
        self.tx.save_job(job).await?;
        job.version += 1;
        self.changes.job(job);
        Ok(())
    }

    /// A result that had stopped later stages turned out to be false: they may run after all.
    pub async fn reopen_later(&mut self, build: &Build, job: &Job) -> Result<(), EngineError> {
        for mut other in self.tx.jobs(&[build.id]).await? {
            if other.stage_number > job.stage_number
                && other.reason.as_deref() == Some(EARLIER_STAGE)
            {
                let _stays = self.apply(&mut other, JobEvent::Restart).await?;
            }
        }
        Ok(())
    }

    /// After a job was received or started: computes the build, unless it and the job's stage run
    /// already, which such an event can't change.
    pub async fn follow(&mut self, build: &mut Build, job: &Job) -> Result<(), EngineError> {
        if job.state.is_held() && build.state == JobState::Started {
            let stages = self.tx.stages(&[build.id]).await?;
            let runs = |stage: &travis_model::Stage| {
                stage.id == job.stage_id && stage.state == JobState::Started
            };
            if stages.iter().any(runs) {
                return Ok(());
            }
        }
        self.recompute(build).await
    }

    /// Computes a build from its jobs: lets stages begin or never begin, and saves the states of
    /// stages and build.
    pub async fn recompute(&mut self, build: &mut Build) -> Result<(), EngineError> {
        let jobs = self.tx.job_progress(build.id).await?;
        let mut views: Vec<JobView> = jobs
            .iter()
            .map(|job| JobView {
                stage: u32::try_from(job.stage_number).unwrap_or(u32::MAX),
                state: job.state,
                allow_failure: job.allow_failure,
                provisional: job.provisional,
            })
            .collect();
        let todo = progress::advance(&views);
        for (indexes, event) in [
            (todo.enqueue, JobEvent::Enqueue),
            (todo.cancel, JobEvent::Cancel),
        ] {
            for index in indexes {
                let Some(mut job) = self.tx.job(jobs[index].id).await? else {
                    continue;
                };
                if event == JobEvent::Cancel {
                    job.reason = Some(EARLIER_STAGE.to_owned());
                }
                if self.apply(&mut job, event).await?.is_ok() {
                    (views[index].state, views[index].provisional) = (job.state, job.provisional);
                }
            }
        }
        for mut stage in self.tx.stages(&[build.id]).await? {
            let number = u32::try_from(stage.number).unwrap_or(u32::MAX);
            let members: Vec<JobView> = views
                .iter()
                .filter(|view| view.stage == number)
                .copied()
                .collect();
            let state = progress::group_state(&members, false);
            if state != stage.state {
                stamp(
                    state,
                    self.now,
                    &mut stage.started_at,
                    &mut stage.finished_at,
                );
                stage.state = state;
                self.tx.update_stage(&stage).await?;
            }
        }
        let state = progress::build_state(&views, build.fast_finish);
        let provisional = progress::provisional_state(&views, build.fast_finish);
        if state != build.state || provisional != build.provisional {
            build.provisional = provisional;
            if state != build.state {
                stamp(
                    state,
                    self.now,
                    &mut build.started_at,
                    &mut build.finished_at,
                );
            }
            build.state = state;
            build.updated_at = self.now;
            self.tx.update_build(build).await?;
            self.changes.build(build);
            if report::note_build(self.tx, build, self.now).await? {
                self.changes.wake(Wake::Outbox);
            }
        }
        Ok(())
    }
}

/// Notes when something began and ended; forgets it when it begins again.
fn stamp(
    state: JobState,
    now: Timestamp,
    started: &mut Option<Timestamp>,
    finished: &mut Option<Timestamp>,
) {
    match state {
        JobState::Created | JobState::Queued | JobState::Received => {
            (*started, *finished) = (None, None)
        }
        JobState::Started => {
            *started = if finished.is_some() {
                Some(now)
            } else {
                started.or(Some(now))
            };
            *finished = None;
        }
        _ => *finished = Some(now),
    }
}

/// What a person wants of a build or job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Cancel,
    Restart,
}

impl Wish {
    const fn word(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Restart => "restart",
        }
    }
}

impl Engine {
    /// Cancels every open job of a build.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when it has finished.
    pub async fn cancel_build(&self, viewer: &Viewer, id: BuildId) -> Result<Build, EngineError> {
        self.change_build(viewer, id, Wish::Cancel).await
    }

    /// Runs every job of a build again.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when it has not finished.
    pub async fn restart_build(&self, viewer: &Viewer, id: BuildId) -> Result<Build, EngineError> {
        self.change_build(viewer, id, Wish::Restart).await
    }

    /// Cancels a job.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when it has finished.
    pub async fn cancel_job(&self, viewer: &Viewer, id: JobId) -> Result<Job, EngineError> {
        self.change_job(viewer, id, Wish::Cancel).await
    }

    /// Runs a job again, and with it what never ran because it had failed.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when it has not finished.
    pub async fn restart_job(&self, viewer: &Viewer, id: JobId) -> Result<Job, EngineError> {
        self.change_job(viewer, id, Wish::Restart).await
    }

    async fn change_build(
        &self,
        viewer: &Viewer,
        id: BuildId,
        wish: Wish,
    ) -> Result<Build, EngineError> {
        self.may_change(viewer, id, "build").await?;
        let mut tx = self.store.begin().await?;
        let mut build = self.lock_for(viewer, tx.as_mut(), id, "build").await?;
        let finished = build.state.is_finished();
        match wish {
            Wish::Cancel if finished => {
                return Err(EngineError::NotNow {
                    code: "build_not_cancelable",
                    message: "the build has already finished".to_owned(),
                });
            }
            Wish::Restart if !finished => {
                return Err(EngineError::NotNow {
                    code: "build_already_running",
                    message: "the build has not finished yet; cancel it first".to_owned(),
                });
            }
            _ => {}
        }
        let ids: Vec<JobId> = tx
            .job_progress(id)
            .await?
            .iter()
            .map(|job| job.id)
            .collect();
        self.carry_out(viewer, tx, &mut build, &ids, wish, format!("build:{id}"))
            .await?;
        Ok(build)
    }

    async fn change_job(&self, viewer: &Viewer, id: JobId, wish: Wish) -> Result<Job, EngineError> {
        let found = self.store.reader().await?.job(id).await?;
        let build = found.ok_or(EngineError::NotFound("job"))?.build_id;
        self.may_change(viewer, build, "job").await?;
        let mut tx = self.store.begin().await?;
        let job = tx.job(id).await?.ok_or(EngineError::NotFound("job"))?;
        let mut build = self
            .lock_for(viewer, tx.as_mut(), job.build_id, "job")
            .await?;
        let job = tx.job(id).await?.ok_or(EngineError::NotFound("job"))?;
        let mut ids = vec![id];
        match wish {
            Wish::Cancel if job.state.is_finished() && !job.provisional => {
                return Err(EngineError::rejected(
                    Rejected::Finished,
                    "job_not_cancelable",
                ));
            }
            Wish::Restart if !job.state.is_finished() => {
                return Err(EngineError::rejected(
                    Rejected::NotFinished,
                    "job_already_running",
                ));
            }
            Wish::Restart => {
                let later = tx.jobs(&[build.id]).await?.into_iter().filter(|other| {
                    other.stage_number > job.stage_number
                        && other.reason.as_deref() == Some(EARLIER_STAGE)
                });
                ids.extend(later.map(|other| other.id));
            }
            Wish::Cancel => {}
        }
        self.carry_out(viewer, tx, &mut build, &ids, wish, format!("job:{id}"))
            .await?;
        self.store
            .reader()
            .await?
            .job(id)
            .await?
            .ok_or(EngineError::NotFound("job"))
    }

    /// Asks whether the viewer may change a build, before anything is locked.
    async fn may_change(
        &self,
        viewer: &Viewer,
        id: BuildId,
        what: &'static str,
    ) -> Result<(), EngineError> {
        let mut reader = self.store.reader().await?;
        let build = reader.build(id).await?.ok_or(EngineError::NotFound(what))?;
        let repository = reader
            .repository(build.repository_id)
            .await?
            .filter(|repository| viewer.sees(repository))
            .ok_or(EngineError::NotFound(what))?;
        drop(reader);
        self.must_build(viewer, &repository).await
    }

    async fn lock_for(
        &self,
        viewer: &Viewer,
        tx: &mut dyn Tx,
        id: BuildId,
        what: &'static str,
    ) -> Result<Build, EngineError> {
        let build = tx
            .lock_build(id)
            .await?
            .ok_or(EngineError::NotFound(what))?;
        let repository = tx
            .repository(build.repository_id)
            .await?
            .ok_or(EngineError::NotFound(what))?;
        if !viewer.sees(&repository) {
            return Err(EngineError::NotFound(what));
        }
        viewer.must_be(&repository, Scope::Build, Level::Write)?;
        Ok(build)
    }

    async fn carry_out(
        &self,
        viewer: &Viewer,
        mut tx: Box<dyn Tx>,
        build: &mut Build,
        jobs: &[JobId],
        wish: Wish,
        subject: String,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let by: Option<UserId> = viewer.user.as_ref().map(|user| user.id);
        let mut changes = Changes::default();
        let mut holders = Vec::new();
        let mut run = Run {
            tx: tx.as_mut(),
            changes: &mut changes,
            now,
        };
        for id in jobs {
            let Some(mut job) = run.tx.job(*id).await? else {
                continue;
            };
            let event = match wish {
                // Nobody waits any more for the word that it lacks.
                Wish::Cancel if job.provisional => JobEvent::Withdraw,
                Wish::Cancel => JobEvent::Cancel,
                Wish::Restart => {
                    job.restarted_by = by;
                    JobEvent::Restart
                }
            };
            if wish == Wish::Cancel && (job.reason.is_none() || job.provisional) {
                job.reason = Some(format!(
                    "Canceled by {}.",
                    viewer.actor().trim_start_matches("user:")
                ));
            }
            holders.extend(job.attempt_id.filter(|_| job.state.is_held()));
            holders.extend(job.opinion_id);
            // Within a build some jobs have finished already; they stay as they are.
            let _stays = run.apply(&mut job, event).await?;
        }
        run.recompute(build).await?;
        for attempt in tx.attempts_by_id(&holders).await? {
            changes.wake(Wake::Worker(attempt.worker_id.get()));
        }
        tx.append_audit(&AuditEntry {
            actor: viewer.actor(),
            action: format!(
                "{}.{}",
                subject.split(':').next().unwrap_or("build"),
                wish.word()
            ),
            subject,
            detail: format!("build #{}", build.number),
            at: now,
        })
        .await?;
        tx.commit().await?;
        changes.send(self.bus.as_ref());
        Ok(())
    }
}
