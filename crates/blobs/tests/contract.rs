//! Every adapter runs the suite.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use travis_blobs::{Blobs as _, ObjectBlobs, contract};
use travis_model::Timestamp;

#[tokio::test]
async fn memory() {
    contract::run(&ObjectBlobs::memory()).await;
}

#[tokio::test]
async fn local() {
    let directory = tempfile::tempdir().unwrap();
    contract::run(&ObjectBlobs::local(directory.path()).unwrap()).await;
}

#[tokio::test]
async fn what_a_killed_server_left_is_swept() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::local(&directory.path().join("made")).unwrap();
    let upload = blobs.begin("caches/1/a").await.unwrap();
    // As if the process ended here: nobody cleans up.
    std::mem::forget(upload);
    let left = directory.path().join("made/caches/1");
    assert_eq!(std::fs::read_dir(&left).unwrap().count(), 1);
    assert_eq!(blobs.sweep(Timestamp(1)).await.unwrap(), 0, "it is young");
    assert_eq!(blobs.sweep(Timestamp(i64::MAX)).await.unwrap(), 1);
    assert_eq!(std::fs::read_dir(&left).unwrap().count(), 0);
}
