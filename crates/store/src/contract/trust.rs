use super::{Database, build, new_attempt, new_worker, repository, user};
use crate::{NewKnownAnswer, StoreError};
use travis_model::{
    AttemptState, JobState, KnownAnswerId, Outcome, Purpose, Timestamp, Verification, WorkerId,
    trust::{Standing, StandingEvent, Tier},
};

fn standing() -> Standing {
    Standing {
        earned: Tier::Probation,
        fixed: Some(Tier::Attested),
        known_passed: 3,
        known_failed: 1,
        known_problem: Some("no git".to_owned()),
        known_at: Some(Timestamp(5)),
        streak: 12,
        agreed: 13,
        checked: 14,
        doubts: u64::MAX,
        proven_false: 1,
        proven_false_at: Some(Timestamp(6)),
        kept: 20,
        yielded: 21,
        broken: 22,
        since: Some(Timestamp(7)),
    }
}

pub async fn standings_are_kept(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let owner = user(&mut *tx, "ada").await;
    let one = tx
        .insert_worker(&new_worker(owner, "one"))
        .await
        .unwrap()
        .id;
    let two = tx
        .insert_worker(&new_worker(owner, "two"))
        .await
        .unwrap()
        .id;
    assert_eq!(tx.standing(one).await.unwrap(), Standing::default());
    assert_eq!(tx.standings().await.unwrap(), []);
    assert_eq!(tx.lock_standing(one).await.unwrap(), Standing::default());
    tx.save_standing(two, &standing()).await.unwrap();
    tx.save_standing(two, &Standing::default()).await.unwrap();
    tx.save_standing(two, &standing()).await.unwrap();
    assert_eq!(tx.lock_standing(two).await.unwrap(), standing());
    let all = tx.standings().await.unwrap();
    assert_eq!(all, [(one, Standing::default()), (two, standing())]);
    tx.commit().await.unwrap();
}

pub async fn standings_lose_no_count(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let owner = user(&mut *tx, "ada").await;
    let worker = tx
        .insert_worker(&new_worker(owner, "one"))
        .await
        .unwrap()
        .id;
    tx.commit().await.unwrap();
    let note = async |store: std::sync::Arc<dyn crate::Store>| {
        for _ in 0..10 {
            let mut tx = store.begin().await.unwrap();
            let before = tx.lock_standing(worker).await.unwrap();
            let after = before.after(StandingEvent::Kept, Timestamp(1));
            tx.save_standing(worker, &after).await.unwrap();
            tx.commit().await.unwrap();
        }
    };
    tokio::join!(
        note(store.clone()),
        note(store.clone()),
        note(store.clone())
    );
    let mut reader = store.reader().await.unwrap();
    assert_eq!(reader.standing(worker).await.unwrap().kept, 30);
}

pub async fn opinions_are_found_in_order(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    let owner = user(&mut *tx, "ada").await;
    let worker = tx
        .insert_worker(&new_worker(owner, "one"))
        .await
        .unwrap()
        .id;
    let mut jobs = tx.jobs(&[key.id]).await.unwrap();
    for (job, provisional) in jobs.iter_mut().zip([false, true, true]) {
        job.state = JobState::Passed;
        job.verification = Verification::Second;
        job.provisional = provisional;
        job.os = "linux".into();
        tx.save_job(job).await.unwrap();
    }
    let (os, arch) = (jobs[0].os.clone(), jobs[0].arch.clone());
    let wanting = tx.jobs_wanting_opinions(&os, &arch, 9).await.unwrap();
    let ids: Vec<_> = wanting.iter().map(|job| job.id).collect();
    assert_eq!(
        ids,
        [jobs[1].id, jobs[2].id, jobs[0].id],
        "what is held up comes first"
    );
    assert_eq!(
        tx.jobs_wanting_opinions(&os, &arch, 1).await.unwrap().len(),
        1
    );
    assert_eq!(tx.jobs_wanting_opinions("osx", &arch, 9).await.unwrap(), []);

    // One that somebody gives now, and one that is settled, want none.
    let mut new = new_attempt(jobs[1].id, worker, 100);
    (new.purpose, new.tier) = (Purpose::Opinion, Some(Tier::Volunteer));
    new.network = Some("2001:db8::/48".to_owned());
    let mut attempt = tx.insert_attempt(&new).await.unwrap();
    let stored = tx.attempt(attempt.id).await.unwrap().unwrap();
    assert_eq!(stored, attempt);
    let mut second = wanting[0].clone();
    second.opinion_id = Some(attempt.id);
    tx.save_job(&second).await.unwrap();
    let mut third = wanting[1].clone();
    (third.verification, third.provisional, third.flaky) = (Verification::Settled, false, true);
    third.yielded_at = Some(Timestamp(3));
    tx.save_job(&third).await.unwrap();
    third.version += 1;
    assert_eq!(tx.job(third.id).await.unwrap().as_ref(), Some(&third));
    let wanting = tx.jobs_wanting_opinions(&os, &arch, 9).await.unwrap();
    assert_eq!(
        wanting.iter().map(|job| job.id).collect::<Vec<_>>(),
        [jobs[0].id]
    );
    let progress = tx.job_progress(key.id).await.unwrap();
    let provisional: Vec<_> = progress.iter().map(|job| job.provisional).collect();
    assert_eq!(provisional, [false, true, false]);

    attempt.yielded = true;
    attempt.state = AttemptState::Refused;
    tx.save_attempt(&attempt, AttemptState::Leased)
        .await
        .unwrap();
    assert_eq!(tx.attempt(attempt.id).await.unwrap(), Some(attempt));

    let mut row = tx.lock_build(key.id).await.unwrap().unwrap();
    row.provisional = Some(JobState::Passed);
    tx.update_build(&row).await.unwrap();
    let stored = tx.build(key.id).await.unwrap().unwrap();
    assert_eq!(stored.provisional, Some(JobState::Passed));
    tx.commit().await.unwrap();
}

pub async fn what_stands_by_one_word_is_found(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    let owner = user(&mut *tx, "ada").await;
    let worker = tx
        .insert_worker(&new_worker(owner, "one"))
        .await
        .unwrap()
        .id;
    let mut jobs = tx.jobs(&[key.id]).await.unwrap();
    for (job, at) in jobs.iter_mut().zip([50, 60, 70]) {
        let new = new_attempt(job.id, worker, 100);
        let mut attempt = tx.insert_attempt(&new).await.unwrap();
        attempt.state = AttemptState::Finished;
        attempt.outcome = Some(Outcome::Passed);
        attempt.finished_at = Some(Timestamp(at));
        tx.save_attempt(&attempt, AttemptState::Leased)
            .await
            .unwrap();
        (job.state, job.attempt_id) = (JobState::Passed, Some(attempt.id));
        if at == 70 {
            job.verification = Verification::Agreed;
        }
        tx.save_job(job).await.unwrap();
    }
    let found = tx.unchecked_jobs(worker, Timestamp(60), 9).await.unwrap();
    assert_eq!(
        found.iter().map(|job| job.id).collect::<Vec<_>>(),
        [jobs[1].id]
    );
    let found = tx.unchecked_jobs(worker, Timestamp(0), 9).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        tx.unchecked_jobs(WorkerId(999), Timestamp(0), 9)
            .await
            .unwrap(),
        []
    );
    tx.commit().await.unwrap();
}

pub async fn known_answers_live_and_end(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let owner = user(&mut *tx, "ada").await;
    let worker = tx
        .insert_worker(&new_worker(owner, "one"))
        .await
        .unwrap()
        .id;
    let other = tx
        .insert_worker(&new_worker(owner, "two"))
        .await
        .unwrap()
        .id;
    let new = NewKnownAnswer {
        worker_id: worker,
        nonce: "7f".to_owned(),
        token_hash: vec![1; 32],
        lease_until: Timestamp(100),
        executor: "namespace".to_owned(),
        at: Timestamp(10),
    };
    let mut known = tx.insert_known_answer(&new).await.unwrap();
    assert_eq!((known.state, known.passed), (AttemptState::Leased, None));
    assert_eq!(
        tx.known_answer(known.id).await.unwrap(),
        Some(known.clone())
    );
    let renew = [known.id, KnownAnswerId(999)];
    assert_eq!(
        tx.renew_known_answers(other, &renew, Timestamp(300))
            .await
            .unwrap(),
        []
    );
    let renewed = tx
        .renew_known_answers(worker, &renew, Timestamp(200))
        .await
        .unwrap();
    assert_eq!(renewed, [known.id]);
    assert_eq!(
        tx.expired_known_answers(Timestamp(200), 9).await.unwrap(),
        []
    );
    assert_eq!(
        tx.expired_known_answers(Timestamp(201), 9)
            .await
            .unwrap()
            .len(),
        1
    );
    known.lease_until = Timestamp(200);
    known.state = AttemptState::Finished;
    (known.passed, known.problem) = (Some(false), Some("wrong digest".to_owned()));
    (known.started_at, known.finished_at) = (Some(Timestamp(20)), Some(Timestamp(30)));
    tx.save_known_answer(&known, AttemptState::Leased)
        .await
        .unwrap();
    let again = tx.save_known_answer(&known, AttemptState::Leased).await;
    assert!(
        matches!(again, Err(StoreError::Conflict("known answer"))),
        "{again:?}"
    );
    assert_eq!(tx.known_answers(worker, 9).await.unwrap(), [known.clone()]);
    assert_eq!(
        tx.expired_known_answers(Timestamp(999), 9).await.unwrap(),
        []
    );
    let renewed = tx
        .renew_known_answers(worker, &[known.id], Timestamp(900))
        .await
        .unwrap();
    assert_eq!(renewed, [], "what has ended has no lease");

    let live = tx.insert_known_answer(&new).await.unwrap();
    let mut third = tx.insert_known_answer(&new).await.unwrap();
    third.state = AttemptState::Lost;
    tx.save_known_answer(&third, AttemptState::Leased)
        .await
        .unwrap();
    assert_eq!(tx.drop_known_answers(other, 0).await.unwrap(), []);
    assert_eq!(tx.drop_known_answers(worker, 2).await.unwrap(), [known.id]);
    assert_eq!(tx.drop_known_answers(worker, 0).await.unwrap(), [third.id]);
    assert_eq!(tx.known_answers(worker, 9).await.unwrap(), [live]);
    tx.commit().await.unwrap();
}
