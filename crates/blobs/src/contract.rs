//! What every adapter has to do, as code.
#![expect(
    clippy::unwrap_used,
    reason = "an answer that is not as promised is the finding"
)]

use crate::{BlobError, Blobs, Stored};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use travis_model::Timestamp;

/// A time after everything.
const LATER: Timestamp = Timestamp(i64::MAX);

async fn put(blobs: &dyn Blobs, key: &str, pieces: &[Bytes]) {
    let mut upload = blobs.begin(key).await.unwrap();
    for piece in pieces {
        upload.write(piece.clone()).await.unwrap();
    }
    upload.finish().await.unwrap();
}

async fn get(blobs: &dyn Blobs, key: &str) -> Option<Vec<u8>> {
    let blob = match blobs.read(key).await {
        Ok(blob) => blob,
        Err(BlobError::NotFound(_)) => return None,
        Err(error) => panic!("{error}"),
    };
    let pieces: Vec<Bytes> = blob.pieces.try_collect().await.unwrap();
    let bytes = pieces.concat();
    assert_eq!(bytes.len() as u64, blob.size);
    Some(bytes)
}

async fn keys(blobs: &dyn Blobs, before: Timestamp) -> Vec<String> {
    let found: Vec<Stored> = blobs.older_than(before).try_collect().await.unwrap();
    let mut keys: Vec<String> = found.into_iter().map(|stored| stored.key).collect();
    keys.sort_unstable();
    keys
}

/// Runs the suite on an empty store.
///
/// # Panics
/// When an adapter breaks the contract.
pub async fn run(blobs: &dyn Blobs) {
    assert_eq!(get(blobs, "caches/1/a").await, None);
    put(blobs, "caches/1/empty", &[]).await;
    assert_eq!(get(blobs, "caches/1/empty").await.unwrap(), b"");
    // Larger than the parts and pieces of the adapters, in uneven pieces.
    let piece = Bytes::from(
        (0..777_777_u32)
            .map(|n| (n % 251) as u8)
            .collect::<Vec<_>>(),
    );
    let pieces = vec![piece; 18];
    put(blobs, "caches/1/a", &pieces).await;
    assert!(get(blobs, "caches/1/a").await.unwrap() == pieces.concat());

    // Parts of it.
    for (from, length) in [(0, 1), (777_770, 1_000_000), (777_777 * 18 - 3, 99)] {
        let part = blobs.read_range("caches/1/a", from, length).await.unwrap();
        let (size, bytes): (u64, Vec<Bytes>) =
            (part.size, part.pieces.try_collect().await.unwrap());
        let whole = pieces.concat();
        let end = (from + length).min(whole.len() as u64);
        assert_eq!(size, end - from);
        assert!(bytes.concat() == whole[from as usize..end as usize]);
    }
    let beyond = blobs.read_range("caches/1/a", 777_777 * 18, 1).await;
    assert!(matches!(beyond, Err(BlobError::NotFound(_))));

    // What is not finished is not there.
    let mut open = blobs.begin("caches/2/b").await.unwrap();
    for piece in &pieces {
        open.write(piece.clone()).await.unwrap();
    }
    assert_eq!(get(blobs, "caches/2/b").await, None);
    let both = ["caches/1/a", "caches/1/empty"];
    assert_eq!(keys(blobs, LATER).await, both);
    open.abort().await;
    assert_eq!(get(blobs, "caches/2/b").await, None);
    let mut dropped = blobs.begin("caches/2/c").await.unwrap();
    dropped.write(Bytes::from_static(b"x")).await.unwrap();
    drop(dropped);
    assert_eq!(keys(blobs, LATER).await, both);
    blobs.sweep(LATER).await.unwrap();
    assert_eq!(blobs.sweep(LATER).await.unwrap(), 0);
    assert_eq!(
        keys(blobs, LATER).await,
        both,
        "only what is unfinished goes"
    );

    assert!(keys(blobs, Timestamp(1000)).await.is_empty());

    // A reader is not disturbed, or is told.
    let reading = blobs.read("caches/1/a").await.unwrap();
    blobs.remove("caches/1/a").await.unwrap();
    blobs.remove("caches/1/a").await.unwrap();
    if let Ok(rest) = reading.pieces.try_collect::<Vec<Bytes>>().await {
        assert!(rest.concat() == pieces.concat());
    }
    assert_eq!(keys(blobs, LATER).await, ["caches/1/empty"]);

    for bad in ["", "/a", "a//b", "../a", "a/..", "a b", "a#1", "ä", "a\0"] {
        assert!(
            matches!(blobs.begin(bad).await, Err(BlobError::Key(_))),
            "{bad:?}"
        );
        assert!(matches!(blobs.read(bad).await, Err(BlobError::Key(_))));
        assert!(matches!(blobs.remove(bad).await, Err(BlobError::Key(_))));
    }
}
