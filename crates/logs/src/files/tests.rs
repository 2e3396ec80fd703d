use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;

use crate::{FileLogs, Limits, LogError, LogStore, MemoryLogs, Query, SealOutcome, contract};

fn open(dir: &Path) -> FileLogs {
    FileLogs::open(dir, Limits::default()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

#[tokio::test]
async fn files_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    contract::check(&open(dir.path())).await;
}

#[tokio::test]
async fn files_keep_the_contract_when_none_stays_open() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        max_open: 0,
        ..Limits::default()
    };
    contract::check(&FileLogs::open(dir.path(), limits).unwrap()).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::check(&MemoryLogs::new()).await;
}

#[tokio::test]
async fn refuses_more_than_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        max_length: 5,
        ..Limits::default()
    };
    let logs = FileLogs::open(dir.path(), limits).unwrap();
    logs.append(1, 0, Bytes::from_static(b"1234"))
        .await
        .unwrap();
    let refused = logs.append(1, 4, Bytes::from_static(b"56")).await;
    assert!(matches!(refused, Err(LogError::TooLong { limit: 5 })));
    assert_eq!(
        logs.append(1, 4, Bytes::from_static(b"5")).await.unwrap(),
        5
    );
}

#[tokio::test]
async fn goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let text = b"travis_fold:start:a\r\x1b[0Kx\ny\n";
    open(dir.path())
        .append(1, 0, Bytes::from_static(text))
        .await
        .unwrap();
    let logs = open(dir.path());
    assert_eq!(logs.watch(1).borrow().length, text.len() as u64);
    assert_eq!(
        logs.append(1, text.len() as u64, Bytes::from_static(b"z"))
            .await
            .unwrap(),
        text.len() as u64 + 1
    );
    assert_eq!(logs.index(1).await.unwrap().folds.len(), 1);
    let whole = [text.as_slice(), b"z"].concat();
    let outcome = logs
        .seal(1, whole.len() as u64, &sha256(&whole))
        .await
        .unwrap();
    assert_eq!(outcome, SealOutcome::Sealed);
    let logs = open(dir.path());
    assert!(logs.watch(1).borrow().sealed);
    assert_eq!(logs.lines(1, 0, 9).await.unwrap().lines, ["x", "y", "z"]);
}

/// Each state in which a kill during sealing can leave the files.
#[tokio::test]
async fn recovers_from_a_kill_while_sealing() {
    let dir = tempfile::tempdir().unwrap();
    let text = b"one\ntwo\n";
    let digest = sha256(text);
    let (plain, sealed) = (dir.path().join("0/1.log"), dir.path().join("0/1.sealed"));
    let unfinished = dir.path().join("0/1.sealed.tmp");
    let logs = open(dir.path());
    logs.append(1, 0, Bytes::from_static(text)).await.unwrap();

    std::fs::write(&unfinished, b"half of it").unwrap();
    let logs = open(dir.path());
    assert_eq!(logs.info(1).await.unwrap().length, 8);
    assert!(!unfinished.exists(), "what was not finished is gone");
    assert_eq!(logs.seal(1, 8, &digest).await.unwrap(), SealOutcome::Sealed);
    assert!(!plain.exists() && sealed.exists());

    std::fs::write(&plain, text).unwrap();
    let logs = open(dir.path());
    assert!(logs.info(1).await.unwrap().sealed.is_some());
    assert!(!plain.exists(), "the packed one counts");

    std::fs::write(&plain, text).unwrap();
    let whole = std::fs::read(&sealed).unwrap();
    std::fs::write(&sealed, &whole[..whole.len() - 9]).unwrap();
    let logs = open(dir.path());
    assert_eq!(logs.seal(1, 8, &digest).await.unwrap(), SealOutcome::Sealed);

    std::fs::write(&sealed, &whole[..whole.len() - 9]).unwrap();
    let lost = open(dir.path()).info(1).await;
    assert!(
        matches!(lost, Err(LogError::Damaged { attempt: 1, .. })),
        "{lost:?}"
    );
}

#[tokio::test]
async fn reads_any_line_of_a_long_log() {
    let dir = tempfile::tempdir().unwrap();
    let logs = open(dir.path());
    let mut text = Vec::new();
    for n in 0..50_000 {
        text.extend_from_slice(format!("line {n} {}\n", "x".repeat(n % 90)).as_bytes());
    }
    let mut offset = 0;
    for chunk in text.chunks(70_001) {
        offset = logs
            .append(1, offset, Bytes::copy_from_slice(chunk))
            .await
            .unwrap();
    }
    for sealed in [false, true] {
        if sealed {
            let outcome = logs.seal(1, offset, &sha256(&text)).await.unwrap();
            assert_eq!(outcome, SealOutcome::Sealed);
        }
        for first in [0, 1, 255, 256, 257, 4_999, 31_234, 49_998, 49_999] {
            let block = logs.lines(1, first, 3).await.unwrap();
            for (n, line) in block.lines.iter().enumerate() {
                assert!(
                    line.starts_with(&format!("line {} ", first + n as u64)),
                    "{line}"
                );
            }
            assert_eq!(block.lines.len() as u64, (50_000 - first).min(3));
        }
        let mut back = Vec::new();
        loop {
            let bytes = logs.read(1, back.len() as u64, 300_000).await.unwrap();
            if bytes.is_empty() {
                break;
            }
            back.extend_from_slice(&bytes);
        }
        assert!(back == text);
        let query = Query {
            text: "LINE 49999".into(),
            case_sensitive: false,
            regex: false,
        };
        assert_eq!(logs.find(1, &query, 9).await.unwrap().hits[0].line, 49_999);
    }
}

#[tokio::test]
async fn one_enormous_line_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits {
        max_length: 1 << 30,
        ..Limits::default()
    };
    let logs = FileLogs::open(dir.path(), limits).unwrap();
    let chunk = Bytes::from("é".repeat(512 * 1024));
    let mut hasher = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for n in 0..100 {
        hasher.update(&chunk);
        logs.append(1, n << 20, chunk.clone()).await.unwrap();
    }
    let length = 100 << 20;
    for sealed in [false, true] {
        if sealed {
            let digest = hex::encode(hasher.clone().finish());
            assert_eq!(
                logs.seal(1, length, &digest).await.unwrap(),
                SealOutcome::Sealed
            );
        }
        let block = logs.lines(1, 0, 5).await.unwrap();
        assert_eq!(block.lines.len(), 1);
        let more = (100 << 19) - 32 * 1024;
        let line = &block.lines[0];
        assert!(
            line.ends_with(&format!("é … {more} more characters")),
            "{}",
            &line[65_530..]
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_cut_with_repeats_gives_the_same_log(
        parts in prop::collection::vec(prop_oneof![
            Just(b"travis_fold:start:a\r\x1b[0K".to_vec()),
            Just(b"travis_fold:end:a\r\x1b[0K".to_vec()),
            Just(b"travis_time:end:1:duration=5\r\x1b[0K".to_vec()),
            Just(b"travis_fold:start".to_vec()),
            Just(b"\x1b[31mtrav".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..30),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
    ) {
        let text = parts.concat();
        let dir = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let (cut, whole) = (open(dir.path()), MemoryLogs::new());
            let mut held = 0;
            for (from, to) in cuts {
                // From anywhere that is held to anywhere after.
                let from = from.index(held + 1);
                let to = from + to.index(text.len() - from + 1);
                held = held.max(to);
                let chunk = Bytes::copy_from_slice(&text[from..to]);
                assert_eq!(cut.append(1, from as u64, chunk).await.unwrap(), held as u64);
            }
            cut.append(1, held as u64, Bytes::copy_from_slice(&text[held..])).await.unwrap();
            whole.append(1, 0, Bytes::copy_from_slice(&text)).await.unwrap();
            for seal in [false, true] {
                if seal {
                    let digest = sha256(&text);
                    for logs in [&cut as &dyn LogStore, &whole] {
                        let outcome = logs.seal(1, text.len() as u64, &digest).await.unwrap();
                        assert_eq!(outcome, SealOutcome::Sealed);
                    }
                }
                assert_eq!(cut.index(1).await.unwrap(), whole.index(1).await.unwrap());
                let lines = cut.lines(1, 0, 2_000).await.unwrap();
                assert_eq!(lines.lines.len() as u64, lines.total);
                assert_eq!(lines, whole.lines(1, 0, 2_000).await.unwrap());
                let bytes = cut.read(1, 0, text.len()).await.unwrap();
                assert_eq!(&bytes[..], &text[..]);
            }
        });
    }
}
