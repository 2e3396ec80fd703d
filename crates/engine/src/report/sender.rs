//! Tells forges how commits stand. One sender has one commit at a time (the claim of its row), and
//! says how things stand when it speaks; so no older state is ever said after a newer one. What a
//! forge may have taken after we stopped waiting is looked at again a while later.

use super::COMMIT_STATUS;
use super::look::{Key, Sight};
use super::memo::Memo;
use super::verdict::{Verdict, context, verdict};
use super::voices::is_about_the_voice;
use crate::{Engine, EngineError, Hosted, Vault};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use travis_bus::{Event, Subject, Wake};
use travis_forge::ForgeError;
use travis_forge::hosting::{Check, CommitStatus};
use travis_model::{RequestId, Timestamp};
use travis_store::OutboxEntry;

/// Commits told side by side.
const SIDE_BY_SIDE: usize = 16;
/// For how long nobody else gets a commit.
const LEASE: Duration = Duration::from_secs(60);
/// One commit's turn ends before its lease does.
const TURN: Duration = Duration::from_secs(45);
/// How often the sender looks without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How soon it looks again at most.
const LOOK_SOONEST: Duration = Duration::from_millis(100);
/// How long after doubt the forge is looked at.
const VERIFY_AFTER: Duration = Duration::from_secs(60);
/// The first pause after a failure; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A forge that took nothing for so long is not told any more.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

/// What came of a turn.
enum Turn {
    /// Told, or there was nothing to tell.
    Done,
    /// It may succeed later.
    Later(EngineError),
    /// It can't succeed.
    GivenUp(String),
}

impl Engine {
    pub(crate) async fn report_for_ever(self: Arc<Self>) {
        let mut wakes = self.bus.wakes();
        let mut turns = JoinSet::new();
        loop {
            let pause = match self.clone().report_due(&mut turns).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "results to be told could not be looked for");
                    LOOK_EVERY
                }
            };
            let woken = async {
                // A lag means that something was missed: look.
                while let Ok(wake) = wakes.recv().await {
                    if wake == Wake::Outbox {
                        break;
                    }
                }
            };
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(pause) => {}
                Some(ended) = turns.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "telling a result ended unexpectedly");
                    }
                }
            }
        }
    }

    /// Begins the turns of what is due; when to look again.
    async fn report_due(self: Arc<Self>, turns: &mut JoinSet<()>) -> Result<Duration, EngineError> {
        let free = SIDE_BY_SIDE.saturating_sub(turns.len());
        if free == 0 {
            return Ok(LOOK_EVERY);
        }
        let now = self.now();
        let next = self.store.reader().await?.outbox_next().await?;
        if next.is_none_or(|next| next > now) {
            return Ok(pause_until(next, now));
        }
        let mut tx = self.store.begin().await?;
        let claimed = tx
            .claim_outbox(COMMIT_STATUS, now, now.plus(LEASE), free as u64)
            .await?;
        tx.commit().await?;
        let some = !claimed.is_empty();
        for entry in claimed {
            let engine = self.clone();
            turns.spawn(async move { engine.take_turn(entry).await });
        }
        // What is due and was not got is of another kind, or somebody else's.
        Ok(if some { LOOK_SOONEST } else { LOOK_EVERY })
    }

    async fn take_turn(&self, entry: OutboxEntry) {
        let mut memo = Memo::read(entry.memo.as_ref());
        let turn = match tokio::time::timeout(TURN, self.tell(&entry, &mut memo)).await {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => Turn::Later(error),
            Err(_) => {
                // Whether the last call arrived is not known.
                memo.told = None;
                memo.verify_at = Some(0);
                Turn::Later(ForgeError::Timeout { after: TURN }.into())
            }
        };
        if let Err(error) = self.settle(&entry, memo, turn).await {
            // The lease ends by itself, and then it is told again.
            tracing::warn!(key = %entry.key, %error, "what was told could not be noted");
            return;
        }
        let build = entry.payload.get("build").and_then(|id| id.as_i64());
        if let (Some(key), Some(build)) = (Key::read(&entry.key), build) {
            // Whoever looks at the build sees what was told of it.
            self.bus.publish(Event {
                topics: vec![format!("repo:{}", key.repository)],
                name: "build:reported",
                subject: Subject::Build(build),
            });
        }
    }

    async fn settle(
        &self,
        entry: &OutboxEntry,
        mut memo: Memo,
        turn: Turn,
    ) -> Result<(), EngineError> {
        let now = self.now();
        memo.version = entry.version;
        let turn = match turn {
            Turn::Later(error) if self.waited_enough(&memo) => {
                Turn::GivenUp(format!("given up after three days: {error}"))
            }
            other => other,
        };
        let mut tx = self.store.begin().await?;
        match turn {
            Turn::Done => {
                (memo.failing_since, memo.next_at, memo.given_up) = (None, None, None);
                let again = memo.verify_at.map(Timestamp);
                tx.outbox_done(entry.id, entry.version, Some(&memo.write()), again)
                    .await?;
            }
            Turn::Later(error) => {
                let next = now.plus(pause_after(&error, entry));
                memo.failing_since = memo.failing_since.or(Some(now.0));
                memo.next_at = Some(next.0);
                memo.given_up = None;
                tracing::info!(key = %entry.key, %error, tries = entry.tries, "a result could not be told; it is tried again");
                let why = error.to_string();
                tx.outbox_retry(
                    entry.id,
                    entry.version,
                    Some(next),
                    &why,
                    Some(&memo.write()),
                )
                .await?;
            }
            Turn::GivenUp(why) => {
                tracing::warn!(key = %entry.key, reason = %why, "a result can't be told");
                (memo.failing_since, memo.next_at, memo.verify_at) = (None, None, None);
                memo.given_up = Some(why.clone());
                tx.outbox_retry(entry.id, entry.version, None, &why, Some(&memo.write()))
                    .await?;
            }
        }
        Ok(tx.commit().await?)
    }

    fn waited_enough(&self, memo: &Memo) -> bool {
        memo.failing_since
            .is_some_and(|since| self.now().since(Timestamp(since)) >= GIVEN_UP_AFTER)
    }

    /// Says how a commit stands, in the name of the first who may.
    async fn tell(&self, entry: &OutboxEntry, memo: &mut Memo) -> Result<Turn, EngineError> {
        let Some(key) = Key::read(&entry.key) else {
            return Ok(Turn::GivenUp("its key can't be read".to_owned()));
        };
        let hint = entry.payload.get("request").and_then(|id| id.as_i64());
        let Some(sight) = self.sight(&key, hint.map(RequestId)).await? else {
            memo.verify_at = None;
            return Ok(Turn::Done);
        };
        let mut verdict = verdict(&sight.standing());
        verdict.add_tests(sight.tests);
        memo.description.clone_from(&verdict.description);
        let mut refused: Option<String> = None;
        for voice in self.voices(&sight.repository).await? {
            let Some(there) = self.raise(&sight.repository, &voice).await? else {
                continue;
            };
            match self
                .speak(&there, &key, &sight, &verdict, entry, memo)
                .await
            {
                Ok(()) => return Ok(Turn::Done),
                Err(EngineError::Forge(error)) if is_about_the_voice(&error) => {
                    if matches!(error, ForgeError::Denied) {
                        self.token_refused(&sight.repository, &voice, &there.access)
                            .await?;
                    }
                    refused.get_or_insert(error.to_string());
                }
                Err(EngineError::Forge(error)) if !error.may_pass() => {
                    return Ok(Turn::GivenUp(error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Turn::GivenUp(refused.unwrap_or_else(|| {
            "nobody who may push to the repository has given access that still works: sign in \
             with the forge again, or install the App there; the next change is told then"
                .to_owned()
        })))
    }

    async fn speak(
        &self,
        there: &Hosted,
        key: &Key,
        sight: &Sight,
        verdict: &Verdict,
        entry: &OutboxEntry,
        memo: &mut Memo,
    ) -> Result<(), EngineError> {
        let now = self.now();
        if there.by_app {
            let check = self.check(sight, verdict, &key.side).await?;
            match self.say_check(there, key, &check, entry, memo).await {
                Err(EngineError::Forge(ForgeError::NotSetUp { .. })) => {}
                other => return other,
            }
        }
        let pull = sight.request.pull_request.as_ref();
        let status = CommitStatus {
            state: verdict.state,
            context: context(&key.side),
            description: verdict.description.clone(),
            target_url: self.details_url(sight),
            branch: pull.map(|pull| pull.head_branch.clone()),
        };
        let print = fingerprint(&format!("{status:?}"));
        let to_verify = memo.verify_at.is_some_and(|at| at <= now.0);
        if to_verify && memo.told.as_deref() == Some(&print) {
            let said = there
                .api
                .status(&there.access, &there.at, &key.sha, &status.context);
            if said.await? == Some(status.state) {
                memo.verify_at = None;
                return Ok(());
            }
            // A late arrival stands there: it is said again, and looked at again.
            memo.told = None;
            memo.verify_at = Some(0);
        }
        if is_told(memo, &print, entry) {
            return Ok(());
        }
        let sent = there
            .api
            .put_status(&there.access, &there.at, &key.sha, &status);
        let sent = sent.await;
        self.note_sent(memo, sent.as_ref().err(), print, &status.description, false);
        Ok(sent?)
    }

    async fn say_check(
        &self,
        there: &Hosted,
        key: &Key,
        check: &Check,
        entry: &OutboxEntry,
        memo: &mut Memo,
    ) -> Result<(), EngineError> {
        let print = fingerprint(&format!("{check:?}"));
        // A check can't be read back, but saying the same again of the same check changes nothing.
        if memo.verify_at.is_some_and(|at| at <= self.now().0) && memo.told.is_some() {
            memo.told = None;
            memo.verify_at = None;
        }
        if is_told(memo, &print, entry) {
            return Ok(());
        }
        let put = async |id: Option<&str>| {
            let (access, at) = (&there.access, &there.at);
            there.api.put_check(access, at, &key.sha, id, check).await
        };
        let mut sent = put(memo.check_id.as_deref()).await;
        if memo.check_id.is_some() && matches!(sent, Err(ForgeError::NotFound { .. })) {
            memo.check_id = None;
            sent = put(None).await;
        }
        self.note_sent(memo, sent.as_ref().err(), print, &check.title, true);
        memo.check_id = Some(sent?);
        Ok(())
    }

    fn note_sent(
        &self,
        memo: &mut Memo,
        error: Option<&ForgeError>,
        print: String,
        description: &str,
        as_check: bool,
    ) {
        let now = self.now();
        description.clone_into(&mut memo.description);
        memo.as_check = as_check;
        match error {
            None => {
                memo.told = Some(print);
                memo.told_at = Some(now.0);
                // Doubt is about what was sent before this.
                if memo.verify_at.is_some_and(|at| at <= now.0) {
                    memo.verify_at = Some(now.plus(VERIFY_AFTER).0);
                }
            }
            Some(error) if may_have_arrived(error) => {
                memo.told = None;
                memo.verify_at = Some(0);
            }
            Some(_) => {}
        }
    }
}

/// Whether the forge was told just this before. A version in between that is not noted here was
/// somebody's who did not live to say what was sent.
fn is_told(memo: &Memo, print: &str, entry: &OutboxEntry) -> bool {
    memo.told.as_deref() == Some(print) && entry.version <= memo.version + 1
}

/// Whether the forge may have done, or may yet do, what it gave no good answer to.
const fn may_have_arrived(error: &ForgeError) -> bool {
    matches!(
        error,
        ForgeError::Timeout { .. } | ForgeError::Unreachable { .. } | ForgeError::Upstream { .. }
    )
}

fn fingerprint(text: &str) -> String {
    hex::encode(Vault::hash(text))
}

fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    next.map_or(LOOK_EVERY, |next| {
        next.since(now).clamp(LOOK_SOONEST, LOOK_EVERY)
    })
}

/// How long to wait after a failure: as the forge says, else twice as long each time, a half of it
/// by chance, so that what failed together is not tried together.
fn pause_after(error: &EngineError, entry: &OutboxEntry) -> Duration {
    let chance = Vault::hash(&format!("{}/{}/{}", entry.key, entry.version, entry.tries));
    let part = f64::from(chance.first().copied().unwrap_or_default()) / 255.0;
    if let EngineError::Forge(ForgeError::RateLimited { retry_after_s }) = error {
        return Duration::from_secs(*retry_after_s).max(Duration::from_secs(1))
            + Duration::from_secs(5).mul_f64(part);
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << entry.tries.min(10));
    doubled.min(LONGEST_PAUSE).mul_f64(0.5 + part / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(tries: u32) -> OutboxEntry {
        OutboxEntry {
            id: 1,
            kind: COMMIT_STATUS.to_owned(),
            key: "1/a/push".to_owned(),
            payload: json!({}),
            memo: None,
            version: 4,
            tries,
            error: None,
        }
    }

    #[test]
    fn pauses_grow_to_five_minutes_and_follow_the_forge() {
        let down = EngineError::Forge(ForgeError::Upstream {
            detail: String::new(),
        });
        for tries in 0..40 {
            let whole = FIRST_PAUSE
                .saturating_mul(1 << tries.min(10))
                .min(LONGEST_PAUSE);
            let pause = pause_after(&down, &entry(tries));
            assert!(pause >= whole / 2 && pause <= whole, "{tries}: {pause:?}");
        }
        let limited = EngineError::Forge(ForgeError::RateLimited {
            retry_after_s: 1000,
        });
        let pause = pause_after(&limited, &entry(0)).as_secs();
        assert!((1000..=1005).contains(&pause));
    }

    #[test]
    fn a_version_that_nobody_spoke_for_is_said_again() {
        let mut memo = Memo {
            told: Some("x".to_owned()),
            version: 3,
            ..Memo::default()
        };
        assert!(is_told(&memo, "x", &entry(0)));
        assert!(!is_told(&memo, "y", &entry(0)));
        memo.version = 2;
        assert!(!is_told(&memo, "x", &entry(0)));
    }

    #[test]
    fn the_sender_sleeps_until_something_is_due() {
        let now = Timestamp(10_000);
        assert_eq!(pause_until(None, now), LOOK_EVERY);
        assert_eq!(pause_until(Some(Timestamp(11_000)), now).as_secs(), 1);
        assert_eq!(pause_until(Some(Timestamp(9_000)), now), LOOK_SOONEST);
        assert_eq!(pause_until(Some(Timestamp(99_000)), now), LOOK_EVERY);
    }
}
