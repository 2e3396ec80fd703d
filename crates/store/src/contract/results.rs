use super::{Database, build, new_attempt, new_worker, repository, user};
use crate::{NewArtifact, TestReport, TestSums, TestsBefore, Tx};
use travis_model::{ArtifactId, AttemptId, BuildId, JobId, RepositoryId, Timestamp};

/// A repository with three attempts of one job.
async fn attempts(tx: &mut dyn Tx) -> (RepositoryId, BuildId, JobId, Vec<AttemptId>) {
    let id = repository(tx, "a/a").await;
    let key = build(tx, id, "main").await;
    let owner = user(tx, "u").await;
    let worker = tx.insert_worker(&new_worker(owner, "w")).await.unwrap().id;
    let job = tx.jobs(&[key.id]).await.unwrap()[0].id;
    let mut all = Vec::new();
    for _ in 0..3 {
        let attempt = tx.insert_attempt(&new_attempt(job, worker, 50)).await;
        all.push(attempt.unwrap().id);
    }
    (id, key.id, job, all)
}

pub(super) fn report(
    repository_id: RepositoryId,
    build_id: BuildId,
    job_id: JobId,
    attempt_id: AttemptId,
) -> TestReport {
    TestReport {
        sums: TestSums {
            attempt_id,
            job_id,
            passed: 212,
            failed: 2,
            skipped: 1,
            micros: 1 << 40,
        },
        build_id,
        repository_id,
        cell: "cell".into(),
        branch: "main".into(),
        on_branch: true,
        sha: "c0ffee".into(),
        body: vec![0, 255, 7],
        marks: vec![1; 9],
        at: Timestamp(70),
    }
}

pub(super) fn new_artifact(repository_id: RepositoryId, attempt_id: AttemptId) -> NewArtifact {
    NewArtifact {
        attempt_id,
        repository_id,
        kind: "artifact".into(),
        path: "out/é.txt".into(),
        size: 1 << 40,
        sha256: "ab".repeat(32),
        at: Timestamp(8),
    }
}

pub async fn tests_are_kept_and_found_again(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let (repository, build, job, ids) = attempts(tx).await;
    assert_eq!(tx.test_report(ids[0]).await.unwrap(), None);
    assert_eq!(tx.test_sums(&[]).await.unwrap(), []);
    let first = report(repository, build, job, ids[0]);
    tx.put_test_report(&first).await.unwrap();
    assert_eq!(tx.test_report(ids[0]).await.unwrap().unwrap(), first);
    // Another one takes its place.
    let mut again = first.clone();
    again.sums.failed = 3;
    again.body = vec![1];
    tx.put_test_report(&again).await.unwrap();
    assert_eq!(tx.test_report(ids[0]).await.unwrap().unwrap(), again);
    let pull = TestReport {
        on_branch: false,
        sha: "beef".into(),
        ..report(repository, build, job, ids[1])
    };
    tx.put_test_report(&pull).await.unwrap();
    tx.put_test_report(&report(repository, build, job, ids[2]))
        .await
        .unwrap();
    let sums = tx
        .test_sums(&[ids[2], ids[0], AttemptId(999)])
        .await
        .unwrap();
    assert_eq!(sums.len(), 2);
    assert!(sums.contains(&again.sums));

    let mut wanted = TestsBefore {
        repository_id: repository,
        cell: "cell".into(),
        branch: "main".into(),
        sha: "beef".into(),
        before: ids[2],
        limit: 9,
    };
    let past = tx.tests_before(&wanted).await.unwrap();
    let found: Vec<_> = past
        .iter()
        .map(|run| (run.attempt_id, run.on_branch))
        .collect();
    assert_eq!(found, [(ids[0], true), (ids[1], false)]);
    assert_eq!(past[0].marks, again.marks);
    // The other commit's runs of the branch, and none after this one; of its own all.
    wanted.sha = "c0ffee".into();
    wanted.before = ids[0];
    let past = tx.tests_before(&wanted).await.unwrap();
    assert_eq!(
        past.iter().map(|run| run.attempt_id).collect::<Vec<_>>(),
        [ids[2]]
    );
    wanted.cell = "other".into();
    assert_eq!(tx.tests_before(&wanted).await.unwrap(), []);
    let branch = tx.tests_of_branch(repository, "main", 9).await.unwrap();
    let found: Vec<_> = branch.iter().map(|run| run.attempt_id).collect();
    assert_eq!(found, [ids[2], ids[0]]);
    assert_eq!(
        tx.tests_of_branch(repository, "main", 1)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(tx.tests_of_branch(repository, "x", 9).await.unwrap(), []);
}

pub async fn files_come_after_their_rows(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let (repository, _, _, ids) = attempts(tx).await;
    let new = new_artifact(repository, ids[0]);
    tx.put_artifact(&new).await.unwrap();
    // Said again, with other words: the first one stays.
    let other = NewArtifact {
        size: 1,
        ..new.clone()
    };
    tx.put_artifact(&other).await.unwrap();
    let report = NewArtifact {
        kind: "report".into(),
        ..new.clone()
    };
    tx.put_artifact(&report).await.unwrap();
    let files = tx.artifacts(ids[0]).await.unwrap();
    assert_eq!(files.len(), 2);
    assert_eq!((&files[0].file, &files[0].object_key), (&new, &None));
    let id = files[0].id;
    assert!(tx.store_artifact(id, "artifacts/1/a").await.unwrap());
    // Whoever is second removes what it brought.
    assert!(!tx.store_artifact(id, "artifacts/1/b").await.unwrap());
    assert!(tx.is_artifact_object("artifacts/1/a").await.unwrap());
    assert!(!tx.is_artifact_object("artifacts/1/b").await.unwrap());
    let found = tx.artifact(id).await.unwrap().unwrap();
    assert_eq!(found.object_key.as_deref(), Some("artifacts/1/a"));
    assert_eq!(tx.artifact(ArtifactId(999)).await.unwrap(), None);
    assert_eq!(
        tx.delete_artifacts(ids[0], "report").await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        tx.delete_artifacts(ids[0], "artifact").await.unwrap(),
        ["artifacts/1/a"]
    );
    assert_eq!(tx.artifacts(ids[0]).await.unwrap(), []);
}
