use super::{
    ALL, Database, build, new_attempt, new_build, new_pull, new_repository, new_worker, repository,
    user,
};
use crate::{BuildFilter, Page, QueueDepth, SeenBy, StoreError};
use serde_json::json;
use travis_model::{
    AttemptId, AttemptState, BuildId, JobId, JobState, Outcome, RequestId, Sender, Timestamp,
};

pub async fn builds_are_stored_whole(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let first = build(&mut *tx, id, "main").await;
    let key = build(&mut *tx, id, "main").await;
    assert_eq!((first.number, key.number), (1, 2));
    let row = tx.build(key.id).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.number, row.fast_finish),
        (JobState::Created, 2, true)
    );
    assert_eq!(row.config, json!({"script": ["make"]}));
    assert_eq!(
        (row.created_at, row.updated_at),
        (Timestamp(10), Timestamp(10))
    );
    assert_eq!(
        tx.repository(id).await.unwrap().unwrap().current_build_id,
        Some(key.id)
    );
    let stages = tx.stages(&[key.id, first.id]).await.unwrap();
    let names: Vec<_> = stages
        .iter()
        .map(|s| (s.build_id, s.number, s.name.as_str()))
        .collect();
    assert_eq!(names[..2], [(key.id, 1, "test"), (key.id, 2, "deploy")]);
    assert_eq!(names[2..], [(first.id, 1, "test"), (first.id, 2, "deploy")]);
    let jobs = tx.jobs(&[key.id, first.id]).await.unwrap();
    let numbers: Vec<_> = jobs.iter().map(|j| j.number.as_str()).collect();
    assert_eq!(numbers, ["2.1", "2.2", "2.3", "1.1", "1.2", "1.3"]);
    let last = &jobs[2];
    assert_eq!(
        (last.stage_id, last.stage_number, last.position),
        (stages[1].id, 2, 3)
    );
    assert_eq!((last.state, last.allow_failure), (JobState::Created, true));
    assert_eq!(last.config, json!({"z": 1, "a": ["é"]}));
    assert_eq!(
        last.config.to_string(),
        r#"{"z":1,"a":["é"]}"#,
        "keys keep their order"
    );
    assert_eq!(tx.job(last.id).await.unwrap().as_ref(), Some(last));
    let some = tx
        .jobs_by_id(&[last.id, JobId(999), jobs[0].id])
        .await
        .unwrap();
    assert_eq!(some, [last.clone(), jobs[0].clone()]);
    let of_request = tx
        .builds_of_requests(&[row.request_id, RequestId(999)])
        .await
        .unwrap();
    assert_eq!(of_request, [row]);
    tx.commit().await.unwrap();
}

pub async fn builds_are_listed(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let open = repository(&mut *tx, "a/open").await;
    let mut hidden = new_repository("a/hidden");
    hidden.private = true;
    let hidden = tx.insert_repository(&hidden).await.unwrap();
    let one = build(&mut *tx, open, "main").await.id;
    let secret = build(&mut *tx, hidden, "main").await.id;
    let two = build(&mut *tx, open, "topic").await.id;
    let three = build(&mut *tx, open, "main").await.id;
    let mut row = tx.build(two).await.unwrap().unwrap();
    row.state = JobState::Failed;
    tx.update_build(&row).await.unwrap();
    let mut ids = async |filter: BuildFilter, page| {
        let listing = tx.builds(&filter, page).await.unwrap();
        (
            listing.items.iter().map(|b| b.id).collect::<Vec<_>>(),
            listing.count,
        )
    };
    let all = BuildFilter {
        seen_by: SeenBy::Operator,
        ..Default::default()
    };
    assert_eq!(
        ids(all.clone(), ALL).await,
        (vec![three, two, secret, one], 4)
    );
    assert_eq!(
        ids(BuildFilter::default(), ALL).await,
        (vec![three, two, one], 3)
    );
    assert_eq!(
        ids(
            all.clone(),
            Page {
                offset: 1,
                limit: 1
            }
        )
        .await,
        (vec![two], 4)
    );
    let mine = BuildFilter {
        repository: Some(open),
        ..Default::default()
    };
    assert_eq!(
        ids(
            mine.clone(),
            Page {
                offset: 2,
                limit: 9
            }
        )
        .await,
        (vec![one], 3)
    );
    let on_main = BuildFilter {
        branch: Some("main".into()),
        ..mine.clone()
    };
    assert_eq!(ids(on_main, ALL).await, (vec![three, one], 2));
    let failed = BuildFilter {
        states: vec![JobState::Failed, JobState::Errored],
        ..Default::default()
    };
    assert_eq!(ids(failed, ALL).await, (vec![two], 1));
    let pushed = BuildFilter {
        event_types: vec!["cron".into(), "push".into()],
        number: Some(2),
        ..mine
    };
    assert_eq!(ids(pushed, ALL).await, (vec![two], 1));
    let of_hidden = BuildFilter {
        repository: Some(hidden),
        ..Default::default()
    };
    assert_eq!(ids(of_hidden, ALL).await, (vec![], 0));
    let some = tx.builds_by_id(&[two, BuildId(999), one]).await.unwrap();
    assert_eq!(some.iter().map(|b| b.id).collect::<Vec<_>>(), [two, one]);
    tx.commit().await.unwrap();
}

pub async fn builds_of_pull_requests(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    build(&mut *tx, id, "main").await;
    let mut new = new_build(&mut *tx, id, "main").await;
    new.pull_request = Some(new_pull(5, "head"));
    new.sender = Some(Sender {
        remote_id: "7".into(),
        login: "kestrel".into(),
        avatar_url: Some("https://pictures.example/7".into()),
    });
    new.before_sha = Some("before".into());
    new.compare_url = Some("https://git.example/compare".into());
    let key = tx.insert_build(&new).await.unwrap();
    let row = tx.build(key.id).await.unwrap().unwrap();
    assert_eq!(
        (&row.pull_request, &row.sender),
        (&new.pull_request, &new.sender)
    );
    assert_eq!(
        (&row.before_sha, &row.compare_url),
        (&new.before_sha, &new.compare_url)
    );
    let locked = tx.lock_build(key.id).await.unwrap().unwrap();
    assert_eq!(locked.pull_request, new.pull_request);
    let filter = |number| BuildFilter {
        repository: Some(id),
        pull_request_number: Some(number),
        ..Default::default()
    };
    let listing = tx.builds(&filter(5), ALL).await.unwrap();
    assert_eq!((listing.items, listing.count), (vec![row], 1));
    assert_eq!(tx.builds(&filter(6), ALL).await.unwrap().count, 0);
    tx.commit().await.unwrap();
}

pub async fn saves_are_guarded(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    let mut locked = tx.lock_build(key.id).await.unwrap().unwrap();
    locked.state = JobState::Started;
    locked.started_at = Some(Timestamp(30));
    locked.updated_at = Timestamp(31);
    tx.update_build(&locked).await.unwrap();
    let saved = tx.build(key.id).await.unwrap().unwrap();
    assert!(locked.raw_config.is_none() && saved.raw_config.is_some());
    locked.raw_config.clone_from(&saved.raw_config);
    assert!(locked.imports.is_empty() && !saved.imports.is_empty());
    locked.imports.clone_from(&saved.imports);
    locked.config.clone_from(&saved.config);
    locked.messages.clone_from(&saved.messages);
    assert_eq!(saved, locked);
    let mut stage = tx.stages(&[key.id]).await.unwrap().remove(0);
    stage.state = JobState::Passed;
    stage.finished_at = Some(Timestamp(40));
    tx.update_stage(&stage).await.unwrap();
    assert_eq!(tx.stages(&[key.id]).await.unwrap()[0], stage);
    let mut job = tx.jobs(&[key.id]).await.unwrap().remove(0);
    job.state = JobState::Errored;
    job.reason = Some("why".into());
    job.lost = 2;
    job.run = 3;
    job.queued_at = Some(Timestamp(1));
    job.received_at = Some(Timestamp(2));
    job.started_at = Some(Timestamp(3));
    job.finished_at = Some(Timestamp(4));
    job.restarted_at = Some(Timestamp(5));
    job.updated_at = Timestamp(6);
    job.attempt_id = Some(AttemptId(12));
    tx.save_job(&job).await.unwrap();
    assert!(matches!(
        tx.save_job(&job).await,
        Err(StoreError::Conflict(_))
    ));
    job.version += 1;
    assert_eq!(tx.job(job.id).await.unwrap().as_ref(), Some(&job));
    tx.save_job(&job).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn queue_order(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    assert_eq!(tx.queue_depth().await.unwrap(), QueueDepth::default());
    let jobs = tx.jobs(&[key.id]).await.unwrap();
    for at in [2, 0, 1] {
        let mut job = jobs[at].clone();
        job.state = JobState::Queued;
        tx.save_job(&job).await.unwrap();
    }
    let queue = tx.queued_jobs("linux", "amd64", 9).await.unwrap();
    let ids: Vec<_> = queue.iter().map(|j| j.id).collect();
    assert_eq!(ids, jobs.iter().map(|j| j.id).collect::<Vec<_>>());
    assert_eq!(tx.queued_jobs("linux", "amd64", 2).await.unwrap().len(), 2);
    assert_eq!(tx.queued_jobs("linux", "arm64", 9).await.unwrap(), []);
    assert_eq!(tx.jobs_ahead(&queue[2]).await.unwrap(), 2);
    assert_eq!(tx.jobs_ahead(&queue[0]).await.unwrap(), 0);
    let mut held = queue[0].clone();
    held.state = JobState::Received;
    tx.save_job(&held).await.unwrap();
    assert_eq!(
        tx.queue_depth().await.unwrap(),
        QueueDepth { queued: 2, held: 1 }
    );
    assert_eq!(tx.jobs_ahead(&queue[2]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

pub async fn attempts_and_leases(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    let owner = user(&mut *tx, "a").await;
    let w = tx.insert_worker(&new_worker(owner, "w")).await.unwrap().id;
    let v = tx.insert_worker(&new_worker(owner, "v")).await.unwrap().id;
    let jobs = tx.jobs(&[key.id]).await.unwrap();
    let one = tx
        .insert_attempt(&new_attempt(jobs[0].id, w, 100))
        .await
        .unwrap();
    let two = tx
        .insert_attempt(&new_attempt(jobs[0].id, w, 90))
        .await
        .unwrap();
    let other = tx
        .insert_attempt(&new_attempt(jobs[1].id, v, 80))
        .await
        .unwrap();
    assert_eq!((one.number, two.number, other.number), (1, 2, 1));
    assert_eq!(one.state, AttemptState::Leased);
    assert_eq!(tx.attempt(one.id).await.unwrap().as_ref(), Some(&one));
    assert_eq!(
        tx.attempts(jobs[0].id).await.unwrap(),
        [one.clone(), two.clone()]
    );
    assert_eq!(
        tx.live_attempts(w).await.unwrap(),
        [one.clone(), two.clone()]
    );
    assert_eq!(tx.all_live_attempts().await.unwrap().len(), 3);
    let expired = tx.expired_attempts(Timestamp(100), 9).await.unwrap();
    assert_eq!(expired, [other.clone(), two.clone()]);
    assert_eq!(
        tx.expired_attempts(Timestamp(100), 1).await.unwrap().len(),
        1
    );
    let asked = [two.id, other.id, AttemptId(999), one.id];
    let live = tx.renew_leases(w, &asked, Timestamp(200)).await.unwrap();
    assert_eq!(live, [two.id, one.id], "another worker's are left out");
    let key = tx.attempt_key(one.id).await.unwrap();
    assert_eq!(key, Some((w, AttemptState::Leased, vec![9; 32])));

    let mut done = tx.attempt(one.id).await.unwrap().unwrap();
    assert_eq!(done.lease_until, Timestamp(200));
    done.state = AttemptState::Finished;
    done.outcome = Some(Outcome::Failed);
    done.exit_code = Some(-1);
    done.reason = Some("r".into());
    done.started_at = Some(Timestamp(21));
    done.finished_at = Some(Timestamp(22));
    done.log_length = Some(1 << 40);
    done.log_sha256 = Some("ab".into());
    done.signature = Some(vec![1, 2]);
    let wrong = tx.save_attempt(&done, AttemptState::Running).await;
    assert!(matches!(wrong, Err(StoreError::Conflict(_))));
    tx.save_attempt(&done, AttemptState::Leased).await.unwrap();
    tx.mark_log_sealed(done.id).await.unwrap();
    done.log_sealed = true;
    assert_eq!(tx.attempts_by_id(&[done.id]).await.unwrap(), [done.clone()]);
    assert_eq!(tx.finished_attempts(w).await.unwrap(), 1);
    let live = tx.renew_leases(w, &asked, Timestamp(300)).await.unwrap();
    assert_eq!(live, [two.id]);
    tx.commit().await.unwrap();
}

pub async fn usual_times(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    for (seconds, state) in [
        (3, JobState::Passed),
        (9, JobState::Failed),
        (5, JobState::Passed),
        (7, JobState::Passed),
    ] {
        let key = build(&mut *tx, id, "main").await;
        let mut row = tx.build(key.id).await.unwrap().unwrap();
        row.state = state;
        row.started_at = Some(Timestamp(1_000));
        row.finished_at = Some(Timestamp(1_000 + seconds * 1_000));
        tx.update_build(&row).await.unwrap();
        let mut job = tx.jobs(&[key.id]).await.unwrap().remove(0);
        job.state = state;
        job.started_at = row.started_at;
        job.finished_at = row.finished_at;
        tx.save_job(&job).await.unwrap();
    }
    assert_eq!(tx.passed_build_seconds(id, 2).await.unwrap(), [7, 5]);
    assert_eq!(
        tx.passed_job_seconds(id, "cell", 9).await.unwrap(),
        [7, 5, 3]
    );
    assert_eq!(
        tx.passed_job_seconds(id, "other", 9).await.unwrap(),
        Vec::<i64>::new()
    );
    tx.commit().await.unwrap();
}

pub async fn unknown_ids(database: &dyn Database) {
    let store = database.open().await;
    store.check().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.build(BuildId(9)).await.unwrap(), None);
    assert_eq!(tx.lock_build(BuildId(9)).await.unwrap(), None);
    assert_eq!(tx.job(JobId(9)).await.unwrap(), None);
    assert_eq!(tx.attempt(AttemptId(9)).await.unwrap(), None);
    assert_eq!(tx.attempt_key(AttemptId(9)).await.unwrap(), None);
    assert_eq!(tx.request(RequestId(9)).await.unwrap(), None);
    let missing = tx.mark_log_sealed(AttemptId(9)).await;
    assert!(matches!(missing, Err(StoreError::NotFound(_))));
    tx.commit().await.unwrap();
    // A child without its parent is refused, and nothing of the transaction stays.
    let mut tx = store.begin().await.unwrap();
    let owner = user(&mut *tx, "a").await;
    let w = tx.insert_worker(&new_worker(owner, "w")).await.unwrap().id;
    let orphan = tx.insert_attempt(&new_attempt(JobId(9), w, 1)).await;
    assert!(matches!(orphan, Err(StoreError::NotFound(_))));
    assert!(tx.commit().await.is_err());
    assert_eq!(database.rows("users").await, 0);
}
