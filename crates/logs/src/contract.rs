//! The suite that every [`LogStore`] passes. Each function takes a fresh store.

use bytes::Bytes;

use crate::{LogError, LogStore, LogTip, Query, SealOutcome};

const TEXT: &[u8] = b"travis_fold:start:install.1\r\x1b[0Ktravis_time:start:0a\r\x1b[0K$ make\r\n\
one\rtwo\n\x1b[31mred\x1b[0m\n\
travis_time:end:0a:start=5,finish=12,duration=7,event=install\r\x1b[0K\
travis_fold:end:install.1\r\x1b[0Klast";

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

fn query(text: &str) -> Query {
    Query {
        text: text.to_owned(),
        case_sensitive: false,
        regex: false,
    }
}

/// Runs the whole suite.
///
/// # Panics
/// When the store breaks the contract.
pub async fn check(store: &dyn LogStore) {
    appends_by_offset(store, 1).await;
    reads_alike_before_and_after_the_seal(store, 2).await;
    seals_what_agrees(store, 3).await;
    wakes_watchers(store, 4).await;
    removes(store, 5).await;
    empty_log(store, 6).await;
}

async fn appends_by_offset(store: &dyn LogStore, id: i64) {
    let append = |offset, bytes: &'static [u8]| store.append(id, offset, Bytes::from_static(bytes));
    assert_eq!(append(0, b"hello ").await.ok(), Some(6));
    assert_eq!(append(0, b"hello ").await.ok(), Some(6), "sent again");
    assert_eq!(
        append(3, b"XXXworld\n").await.ok(),
        Some(12),
        "held part is skipped"
    );
    assert_eq!(append(12, b"").await.ok(), Some(12));
    let gap = append(13, b"x").await;
    assert!(matches!(gap, Err(LogError::Gap { held: 12 })), "{gap:?}");
    assert_eq!(
        &store.read(id, 0, 100).await.ok().unwrap_or_default()[..],
        b"hello world\n"
    );
    assert_eq!(
        &store.read(id, 6, 3).await.ok().unwrap_or_default()[..],
        b"wor"
    );
    assert!(
        store
            .read(id, 99, 3)
            .await
            .ok()
            .is_some_and(|b| b.is_empty())
    );
}

async fn reads_alike_before_and_after_the_seal(store: &dyn LogStore, id: i64) {
    for (offset, byte) in TEXT.iter().enumerate() {
        let byte = Bytes::copy_from_slice(&[*byte]);
        assert_eq!(
            store.append(id, offset as u64, byte).await.ok(),
            Some(offset as u64 + 1)
        );
    }
    for sealed in [false, true] {
        if sealed {
            let outcome = store.seal(id, TEXT.len() as u64, &sha256(TEXT)).await;
            assert_eq!(outcome.ok(), Some(SealOutcome::Sealed));
        }
        let block = store.lines(id, 0, 10).await.ok();
        let block = block.unwrap_or_else(|| panic!("lines can be read"));
        assert_eq!(
            block.lines,
            ["$ make", "two", "\u{1b}[31mred\u{1b}[0m", "last"]
        );
        assert_eq!((block.total, block.sealed), (4, sealed));
        assert_eq!(block.next_offset, TEXT.len() as u64);
        let block = store.lines(id, 1, 1).await.ok();
        let block = block.unwrap_or_else(|| panic!("a line can be read"));
        assert_eq!((block.first, block.lines), (1, vec!["two".to_owned()]));
        let after: Vec<u8> = store
            .read(id, block.next_offset, 8)
            .await
            .ok()
            .unwrap_or_default()
            .to_vec();
        assert!(after.starts_with(b"\x1b[31mred"), "{after:?}");
        let index = store.index(id).await.ok();
        let index = index.unwrap_or_else(|| panic!("the index can be read"));
        assert_eq!(
            (index.lines, index.first_red, index.sealed),
            (4, Some(2), sealed)
        );
        assert_eq!(index.folds.len(), 1);
        assert_eq!((index.folds[0].first, index.folds[0].last), (0, Some(2)));
        assert_eq!(index.folds[0].duration_ns, Some(7));
        assert_eq!((index.times[0].line, index.times[0].start_ns), (0, Some(5)));
        let found = store.find(id, &query("RED"), 5).await.ok();
        let found = found.unwrap_or_else(|| panic!("text can be searched"));
        assert_eq!(
            (found.total, found.hits[0].line, found.truncated),
            (1, 2, false)
        );
        let regex = Query {
            regex: true,
            ..query("^(two|last)$")
        };
        let found = store.find(id, &regex, 1).await.ok();
        assert!(found.is_some_and(|f| f.total == 2 && f.hits.len() == 1 && f.truncated));
        let bad = Query {
            regex: true,
            ..query("(")
        };
        assert!(matches!(
            store.find(id, &bad, 1).await,
            Err(LogError::BadQuery(_))
        ));
        let beyond = store.lines(id, 9, 10).await.ok();
        assert!(beyond.is_some_and(|b| b.lines.is_empty() && b.total == 4));
    }
}

async fn seals_what_agrees(store: &dyn LogStore, id: i64) {
    let _ = store.append(id, 0, Bytes::from_static(b"abc")).await;
    let digest = sha256(b"abcd");
    let seal = store.seal(id, 4, &digest).await;
    assert_eq!(seal.ok(), Some(SealOutcome::Missing { held: 3 }));
    let _ = store.append(id, 3, Bytes::from_static(b"X")).await;
    assert_eq!(
        store.seal(id, 4, &digest).await.ok(),
        Some(SealOutcome::Mismatch)
    );
    assert!(
        store.info(id).await.ok().is_some_and(|i| i.length == 0),
        "emptied"
    );
    let _ = store.append(id, 0, Bytes::from_static(b"abcd")).await;
    assert_eq!(
        store.seal(id, 4, &digest).await.ok(),
        Some(SealOutcome::Sealed)
    );
    assert_eq!(
        store.seal(id, 4, &digest).await.ok(),
        Some(SealOutcome::Sealed)
    );
    assert!(matches!(
        store.seal(id, 4, &sha256(b"")).await,
        Err(LogError::Sealed)
    ));
    let again = store.append(id, 2, Bytes::from_static(b"cd")).await;
    assert_eq!(again.ok(), Some(4), "a late copy of held bytes is harmless");
    let more = store.append(id, 4, Bytes::from_static(b"e")).await;
    assert!(matches!(more, Err(LogError::Sealed)), "{more:?}");
    let info = store.info(id).await.ok();
    assert!(info.is_some_and(|i| i.sealed.is_some_and(|s| s.sha256_hex == digest)));
}

async fn wakes_watchers(store: &dyn LogStore, id: i64) {
    let mut tip = store.watch(id);
    assert_eq!(*tip.borrow_and_update(), LogTip::default());
    let _ = store.append(id, 0, Bytes::from_static(b"abc")).await;
    assert!(tip.has_changed().is_ok_and(|changed| changed));
    assert_eq!(tip.borrow_and_update().length, 3);
    let _ = store.append(id, 0, Bytes::from_static(b"abc")).await;
    assert!(
        tip.has_changed().is_ok_and(|changed| !changed),
        "nothing new"
    );
    let _ = store.seal(id, 3, &sha256(b"abc")).await;
    let sealed = LogTip {
        length: 3,
        sealed: true,
    };
    assert_eq!(*tip.borrow_and_update(), sealed);
    assert_eq!(
        *store.watch(id).borrow(),
        sealed,
        "a late watcher sees it too"
    );
}

async fn removes(store: &dyn LogStore, id: i64) {
    let _ = store.append(id, 0, Bytes::from_static(b"abc")).await;
    let _ = store.seal(id, 3, &sha256(b"abc")).await;
    assert!(store.remove(id).await.is_ok());
    assert!(store.remove(id).await.is_ok());
    let info = store.info(id).await.ok();
    assert!(info.is_some_and(|i| i.length == 0 && i.sealed.is_none()));
}

async fn empty_log(store: &dyn LogStore, id: i64) {
    assert_eq!(
        store.seal(id, 0, &sha256(b"")).await.ok(),
        Some(SealOutcome::Sealed)
    );
    let block = store.lines(id, 0, 10).await.ok();
    assert!(block.is_some_and(|b| b.lines.is_empty() && b.total == 0 && b.sealed));
}
