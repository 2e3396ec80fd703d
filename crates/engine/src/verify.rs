//! Second opinions: which results want one, what is made of it, and what follows for workers whose
//! words prove false. The rules are [`travis_model::trust`]'s; a word is a finished attempt.

use crate::{
    Engine, EngineError,
    runs::Run,
    standing::{Candidate, Home},
};
use std::collections::{BTreeMap, HashMap};
use travis_bus::Wake;
use travis_model::{
    Attempt, AttemptEvent, AttemptState, Build, Job, JobEvent, LOST_LIMIT, Outcome, Timestamp,
    Verification, Worker, WorkerId, WorkerState,
    trust::{
        Judgement, Said, StandingEvent, Tier, Verdict, Word, binds, judge, may_opine,
        needs_verification,
    },
    waiting::Wait,
    worker_state,
};
use travis_store::{Reader, Tx};

/// Who would speak, before anything is said.
pub(crate) fn silent(candidate: &Candidate, tier: Tier) -> Word {
    Word {
        worker: candidate.worker.id,
        owner: candidate.worker.owner_id,
        network: candidate.network.clone(),
        tier,
        said: Said {
            outcome: Outcome::Errored,
            exit_code: None,
        },
    }
}

/// A number that no worker can guess.
fn draw() -> Result<u64, EngineError> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| crate::VaultError::Crypto)?;
    Ok(u64::from_le_bytes(bytes))
}

impl Engine {
    /// The words on a job's present run, in the order in which they came.
    pub(crate) async fn words(
        &self,
        reader: &mut dyn Reader,
        job: &Job,
    ) -> Result<Vec<(Attempt, Word)>, EngineError> {
        let mut attempts = reader.attempts(job.id).await?;
        attempts.retain(|attempt| {
            attempt.run == job.run
                && attempt.state == AttemptState::Finished
                && !matches!(attempt.outcome, None | Some(Outcome::Canceled))
        });
        let ids: Vec<WorkerId> = attempts.iter().map(|attempt| attempt.worker_id).collect();
        let workers = reader.workers_by_id(&ids).await?;
        let Some(repository) = reader.repository(job.repository_id).await? else {
            return Ok(Vec::new());
        };
        let home = Home::read(reader, &repository).await?;
        let mut words = Vec::with_capacity(attempts.len());
        for attempt in attempts {
            let Some(worker) = workers.iter().find(|worker| worker.id == attempt.worker_id) else {
                continue;
            };
            let candidate = Candidate::read(reader, worker).await?;
            let tier = tier_then(&attempt, &candidate, &home);
            let word = Word {
                said: Said {
                    outcome: attempt.outcome.unwrap_or(Outcome::Errored),
                    exit_code: attempt.exit_code,
                },
                network: attempt.network.clone(),
                ..silent(&candidate, tier)
            };
            words.push((attempt, word));
        }
        // The first word is the one that began it, however many were rechecked since.
        words.sort_by_key(|(attempt, _)| attempt.number);
        Ok(words)
    }

    /// Decides whether the result that a job is about to get wants a second opinion, and notes it
    /// in the job.
    pub(crate) async fn note_doubt(
        &self,
        tx: &mut dyn Tx,
        job: &mut Job,
        attempt: &Attempt,
        outcome: Outcome,
    ) -> Result<(), EngineError> {
        (job.verification, job.provisional) = (Verification::None, false);
        job.opinion_id = None;
        let share = self.policy.workers.check_trusted;
        // Most of the work of most installations: nothing has to be looked up for it.
        if share <= 0.0 && attempt.tier.is_some_and(Tier::is_trusted) {
            return Ok(());
        }
        let worker = tx.workers_by_id(&[attempt.worker_id]).await?.pop();
        let repository = tx.repository(job.repository_id).await?;
        let (Some(worker), Some(repository)) = (worker, repository) else {
            return Ok(());
        };
        if outcome == Outcome::Canceled {
            return Ok(());
        }
        let candidate = Candidate::read(reader_of(tx), &worker).await?;
        let home = Home::towards(reader_of(tx), &repository, worker.owner_id).await?;
        let tier = tier_then(attempt, &candidate, &home);
        if needs_verification(tier, candidate.standing.streak, share, draw()?) {
            job.verification = Verification::Second;
            job.provisional = !binds(tier);
        }
        Ok(())
    }

    /// An attempt that gives an opinion has ended, and counts.
    pub(crate) async fn opinion_ended(
        &self,
        run: &mut Run<'_>,
        build: &mut Build,
        job: &mut Job,
        attempt: &Attempt,
        event: AttemptEvent,
    ) -> Result<Vec<WorkerId>, EngineError> {
        job.opinion_id = None;
        run.changes.wake(Wake::Queue);
        let spoke = matches!(event, AttemptEvent::Finish(outcome) if outcome != Outcome::Canceled);
        if !spoke {
            return self.opinion_lost(run, build, job, attempt).await;
        }
        let words = self.words(reader_of(run.tx), job).await?;
        let judgement = judge(
            &words
                .iter()
                .map(|(_, word)| word.clone())
                .collect::<Vec<_>>(),
        );
        let said = |at: usize| words.get(at).map(|(_, word)| word.said);
        let all_agree = words.iter().all(|(_, word)| Some(word.said) == said(0));
        job.verification = match judgement.wanted {
            Some(true) => Verification::Third,
            Some(false) => Verification::Second,
            None if all_agree => Verification::Agreed,
            None => Verification::Settled,
        };
        job.flaky |= judgement.flaky;
        let stands = judgement.stands.and_then(|at| words.get(at));
        let mut settled = None;
        if let Some((standing, word)) = stands {
            job.provisional = false;
            job.lost = 0;
            if job.state != word.said.outcome.into() {
                settled = Some(word.said.outcome);
                job.reason = Some(standing.reason.clone().unwrap_or_else(|| {
                    "Another worker's word stands: the first one was contradicted.".to_owned()
                }));
            }
            // The log that is shown is that of the word that stands.
            job.attempt_id = Some(standing.id);
        }
        match settled {
            Some(outcome) => {
                let _stays = run.apply(job, JobEvent::Settle(outcome)).await?;
                if outcome == Outcome::Passed {
                    run.reopen_later(build, job).await?;
                }
            }
            None => run.keep(job).await?,
        }
        run.recompute(build).await?;
        self.credit(run, &words, &judgement).await
    }

    /// An opinion that never came. A job that takes worker after worker with it is given up.
    async fn opinion_lost(
        &self,
        run: &mut Run<'_>,
        build: &mut Build,
        job: &mut Job,
        attempt: &Attempt,
    ) -> Result<Vec<WorkerId>, EngineError> {
        if attempt.yielded {
            job.yielded_at = Some(run.now);
        } else {
            job.lost += 1;
        }
        if job.lost < LOST_LIMIT {
            run.keep(job).await?;
            return Ok(Vec::new());
        }
        let was_open = job.provisional;
        (job.provisional, job.verification) = (false, Verification::None);
        if was_open {
            job.reason = Some(format!(
                "{} workers in a row were lost while they gave a second opinion; restart it to try again.",
                job.lost
            ));
            let _stays = run.apply(job, JobEvent::Settle(Outcome::Errored)).await?;
        } else {
            run.keep(job).await?;
        }
        run.recompute(build).await?;
        Ok(Vec::new())
    }

    /// Notes what became of words for those who gave them. Answers workers whose words proved
    /// false just now.
    async fn credit(
        &self,
        run: &mut Run<'_>,
        words: &[(Attempt, Word)],
        judgement: &Judgement,
    ) -> Result<Vec<WorkerId>, EngineError> {
        // One at a time in the order of their numbers, so that nobody waits for somebody who waits.
        let mut events: BTreeMap<WorkerId, Vec<(StandingEvent, &Attempt)>> = BTreeMap::new();
        for (at, verdict) in &judgement.verdicts {
            let Some((attempt, word)) = words.get(*at) else {
                continue;
            };
            let event = match verdict {
                Verdict::Agreed => StandingEvent::Agreed,
                Verdict::Doubted => StandingEvent::Doubted,
                Verdict::False => StandingEvent::ProvenFalse,
            };
            events
                .entry(word.worker)
                .or_default()
                .push((event, attempt));
        }
        let mut liars = Vec::new();
        for (worker, events) in events {
            let before = run.tx.lock_standing(worker).await?;
            let mut after = before.clone();
            for (event, attempt) in events {
                if event == StandingEvent::Agreed
                    && let Some(row) = run.tx.workers_by_id(&[worker]).await?.pop()
                {
                    let core_ms = crate::ledger::core_ms(attempt, &row);
                    run.tx.credit_work(worker, run.now, core_ms).await?;
                }
                after = after.after(event, run.now);
            }
            run.tx.save_standing(worker, &after).await?;
            run.changes.worker(worker);
            if after.proven_false > before.proven_false {
                liars.push(worker);
                self.note_liar(run, worker, after.is_out()).await?;
            }
        }
        Ok(liars)
    }

    /// Notes in a worker's standing how a lease of its ended.
    pub(crate) async fn note_lease_end(
        &self,
        tx: &mut dyn Tx,
        attempt: &Attempt,
        event: AttemptEvent,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        // Only what is done for others is counted here.
        if attempt.tier.is_none_or(Tier::is_trusted) {
            return Ok(());
        }
        let event = match event {
            AttemptEvent::Finish(_) => StandingEvent::Kept,
            _ if attempt.yielded => StandingEvent::Yielded,
            _ => StandingEvent::Broken,
        };
        let mut standing = tx.lock_standing(attempt.worker_id).await?;
        if standing.since.is_none() {
            let worker = tx.workers_by_id(&[attempt.worker_id]).await?.pop();
            standing.since = worker.map(|worker| worker.created_at);
        }
        let after = standing.after(event, now);
        Ok(tx.save_standing(attempt.worker_id, &after).await?)
    }

    /// Whether a worker whose word binds is there that may give the word a job waits for.
    pub(crate) async fn is_better_online(
        &self,
        reader: &mut dyn Reader,
        job: &Job,
        words: &[Word],
    ) -> Result<bool, EngineError> {
        let able = self.able(reader, job, words).await?;
        Ok(able.iter().any(|(_, tier)| binds(*tier)))
    }

    /// Workers online that may give the word a job waits for.
    async fn able(
        &self,
        reader: &mut dyn Reader,
        job: &Job,
        words: &[Word],
    ) -> Result<Vec<(WorkerId, Tier)>, EngineError> {
        let Some(repository) = reader.repository(job.repository_id).await? else {
            return Ok(Vec::new());
        };
        let home = Home::read(reader, &repository).await?;
        let third = job.verification == Verification::Third;
        let mut able = Vec::new();
        for candidate in self.candidates_online(reader).await? {
            let tier = candidate.tier(&home);
            let fits = candidate.fits(&home, &job.os, &job.arch, &self.policy.workers);
            if fits.is_ok() && may_opine(&silent(&candidate, tier), words, third, false).is_ok() {
                able.push((candidate.worker.id, tier));
            }
        }
        Ok(able)
    }

    /// Workers that are online, with what is known of them.
    pub(crate) async fn candidates_online(
        &self,
        reader: &mut dyn Reader,
    ) -> Result<Vec<Candidate>, EngineError> {
        let now = self.now();
        let is_online = |worker: &Worker| {
            let state = worker_state(
                worker.banned,
                worker.paused,
                worker.draining,
                worker.last_seen_at,
                now,
                self.silence(),
            );
            state == WorkerState::Online
        };
        let mut workers = reader.workers().await?;
        workers.retain(is_online);
        let owners: Vec<_> = workers.iter().map(|worker| worker.owner_id).collect();
        let owners = reader.users(&owners).await?;
        let ids: Vec<_> = workers.iter().map(|worker| worker.id).collect();
        let nows = reader.workers_now(&ids).await?;
        let standings: HashMap<_, _> = reader.standings().await?.into_iter().collect();
        let known = |worker: Worker| {
            let operator = owners
                .iter()
                .any(|user| user.id == worker.owner_id && user.admin);
            let standing = standings.get(&worker.id).cloned().unwrap_or_default();
            let now = nows.iter().find(|now| now.worker_id == worker.id);
            Candidate::new(worker, standing, operator, now)
        };
        Ok(workers.into_iter().map(known).collect())
    }

    /// Why the word that a job waits for has not been given.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn opinion_wait(
        &self,
        reader: &mut dyn Reader,
        job: &Job,
    ) -> Result<Wait, EngineError> {
        let words = self.words(reader, job).await?;
        let words: Vec<Word> = words.into_iter().map(|(_, word)| word).collect();
        let able = self.able(reader, job, &words).await?;
        let mut free = 0;
        for (worker, _) in &able {
            let row = reader.worker(*worker).await?;
            let busy = reader.live_attempts(*worker).await?.len();
            let slots = row.map_or(0, |row| row.slots as usize);
            free += usize::from(busy < slots);
        }
        let third = job.verification == Verification::Third;
        Ok(travis_model::waiting::why_no_opinion(
            third,
            able.len(),
            free,
        ))
    }
}

/// How far a word counted when it was given, and still does: what a worker said before its words
/// proved false is not believed for what it was.
fn tier_then(attempt: &Attempt, candidate: &Candidate, home: &Home) -> Tier {
    let now = candidate.tier(home);
    let then = attempt.tier.unwrap_or(now);
    let fell = candidate
        .standing
        .proven_false_at
        .is_some_and(|at| at >= attempt.leased_at);
    if fell { then.min(now) } else { then }
}

/// A transaction reads too.
fn reader_of(tx: &mut dyn Tx) -> &mut dyn Reader {
    tx
}
