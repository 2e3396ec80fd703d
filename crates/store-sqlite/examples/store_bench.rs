//! How many jobs a second are claimed, started and finished through the port, with simulated
//! workers: `store_bench [directory] [workers] [jobs]`. Prints numbers.

use serde_json::json;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Instant,
};
use travis_model::{AttemptState, BuildId, JobId, JobState, Outcome, Timestamp, WorkerId};
use travis_store::{
    NewAttempt, NewBuild, NewCommit, NewJob, NewRepository, NewRequest, NewWorker, Store,
    StoreError,
};
use travis_store_sqlite::{SqliteOptions, SqliteStore};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let workers: usize = arguments.next().map_or(Ok(16), |text| text.parse())?;
    let jobs: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let path = directory.join(format!("store-bench-{}.db", std::process::id()));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, SqliteOptions::default()).await?);

    let begun = Instant::now();
    let (worker, queue) = fill(&*store, jobs).await?;
    println!(
        "jobs stored one build each: {:.0} a second",
        rate(jobs, begun)
    );

    let queue = Arc::new(Mutex::new(queue));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..workers {
        let (store, queue) = (Arc::clone(&store), Arc::clone(&queue));
        tasks.push(tokio::spawn(async move {
            loop {
                let next = queue.lock().ok().and_then(|mut queue| queue.pop());
                let Some((build, job)) = next else {
                    return Ok::<(), StoreError>(());
                };
                run(&*store, worker, build, job).await?;
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    println!(
        "claimed, started and finished with {workers} workers: {:.0} jobs a second",
        rate(jobs, begun)
    );

    let mut times = Vec::new();
    for n in 0..1_000 {
        let begun = Instant::now();
        let mut tx = store.begin().await?;
        tx.put_setting("bench", &n.to_string()).await?;
        tx.touch_worker(worker, Timestamp(n)).await?;
        tx.commit().await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!(
        "a small transaction alone: p50 {:?}, p99 {:?}",
        times[500], times[990]
    );
    drop(store);
    for end in ["", "-wal", "-shm", ".lock"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        // What was never made needs no removal.
        let _ = std::fs::remove_file(name);
    }
    Ok(())
}

fn rate(count: usize, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}

async fn fill(
    store: &dyn Store,
    jobs: usize,
) -> Result<(WorkerId, Vec<(BuildId, JobId)>), StoreError> {
    let at = Timestamp(1);
    let mut tx = store.begin().await?;
    let owner_id = tx.insert_user("bench", None, true, at).await?;
    let repository_id = tx
        .insert_repository(&NewRepository {
            slug: "bench/bench"
                .parse()
                .map_err(|error| StoreError::Database(format!("{error}")))?,
            description: None,
            clone_url: "https://git.example/bench.git".into(),
            default_branch: "main".into(),
            private: false,
            active: true,
            ping_secret: vec![0; 32],
            hosting: None,
            poll_seconds: None,
            at,
        })
        .await?;
    let worker = tx
        .insert_worker(&NewWorker {
            owner_id,
            name: "bench".into(),
            public_key: vec![0; 32],
            facts: json!({}),
            os: "linux".into(),
            arch: "amd64".into(),
            executor: "dummy".into(),
            slots: 16,
            at,
        })
        .await?
        .id;
    let commit_id = tx
        .put_commit(&NewCommit {
            repository_id,
            sha: "0".repeat(40),
            reference: None,
            message: String::new(),
            author_name: String::new(),
            author_email: String::new(),
            committer_name: String::new(),
            committed_at: at,
        })
        .await?;
    tx.commit().await?;
    let mut queue = Vec::new();
    for _ in 0..jobs {
        let mut tx = store.begin().await?;
        let (request_id, _) = tx
            .insert_request(&NewRequest {
                repository_id,
                event_type: "api".into(),
                branch: None,
                sha: None,
                tag: None,
                message: None,
                delivery: None,
                pull_request: None,
                sender: None,
                before_sha: None,
                compare_url: None,
                delivery_id: None,
                held: false,
                config: None,
                created_by: None,
                at,
            })
            .await?;
        let key = tx
            .insert_build(&NewBuild {
                repository_id,
                request_id,
                commit_id,
                event_type: "api".into(),
                branch: "main".into(),
                tag: None,
                message: None,
                previous_state: None,
                raw_config: None,
                imports: Vec::new(),
                config: json!({"script": "true"}),
                messages: json!([]),
                fast_finish: false,
                pull_request: None,
                sender: None,
                before_sha: None,
                compare_url: None,
                created_by: None,
                stages: vec!["test".into()],
                jobs: vec![NewJob {
                    stage: 0,
                    name: None,
                    allow_failure: false,
                    config: json!({"script": "true"}),
                    cell: "cell".into(),
                    os: "linux".into(),
                    arch: "amd64".into(),
                }],
                at,
            })
            .await?;
        let mut stored = tx.jobs(&[key.id]).await?;
        for job in &mut stored {
            job.state = JobState::Queued;
            tx.save_job(job).await?;
            queue.push((key.id, job.id));
        }
        tx.commit().await?;
    }
    queue.reverse();
    Ok((worker, queue))
}

/// The three transactions of a job's life.
async fn run(
    store: &dyn Store,
    worker_id: WorkerId,
    build: BuildId,
    job: JobId,
) -> Result<(), StoreError> {
    let missing = || StoreError::NotFound("job");
    let mut tx = store.begin().await?;
    tx.lock_build(build).await?;
    let mut row = tx.job(job).await?.ok_or_else(missing)?;
    let mut attempt = tx
        .insert_attempt(&NewAttempt {
            purpose: travis_model::Purpose::Job,
            tier: None,
            network: None,
            job_id: job,
            run: row.run,
            worker_id,
            token_hash: vec![0; 32],
            lease_until: Timestamp(1_000),
            executor: "dummy".into(),
            at: Timestamp(2),
        })
        .await?;
    row.state = JobState::Received;
    row.attempt_id = Some(attempt.id);
    tx.save_job(&row).await?;
    tx.commit().await?;
    row.version += 1;

    let mut tx = store.begin().await?;
    let mut whole = tx.lock_build(build).await?.ok_or_else(missing)?;
    attempt.state = AttemptState::Running;
    tx.save_attempt(&attempt, AttemptState::Leased).await?;
    row.state = JobState::Started;
    tx.save_job(&row).await?;
    whole.state = JobState::Started;
    tx.update_build(&whole).await?;
    tx.commit().await?;
    row.version += 1;

    let mut tx = store.begin().await?;
    let mut whole = tx.lock_build(build).await?.ok_or_else(missing)?;
    attempt.state = AttemptState::Finished;
    attempt.outcome = Some(Outcome::Passed);
    tx.save_attempt(&attempt, AttemptState::Running).await?;
    row.state = JobState::Passed;
    tx.save_job(&row).await?;
    whole.state = JobState::Passed;
    tx.update_build(&whole).await?;
    let key = build.to_string();
    tx.append_outbox("status", &key, &json!({"build": build}), Timestamp(3))
        .await?;
    tx.commit().await
}
