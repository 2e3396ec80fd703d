use bytes::Bytes;
use proptest::prelude::*;
use serde::Deserialize;

use super::{clean_line, plain_line};
use crate::{Fold, LogStore, MemoryLogs, Time};

#[derive(Deserialize)]
struct Case {
    name: String,
    raw: String,
    lines: Vec<String>,
    folds: Vec<Fold>,
    times: Vec<Time>,
}

#[tokio::test]
async fn fixtures_hold() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../fixtures/clean-lines.json")).unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let logs = MemoryLogs::new();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, case.raw.as_bytes());
        let length = case.raw.len() as u64;
        logs.append(1, 0, Bytes::from(case.raw)).await.unwrap();
        logs.seal(1, length, &hex::encode(digest)).await.unwrap();
        let block = logs.lines(1, 0, 100).await.unwrap();
        assert_eq!(block.lines, case.lines, "{}", case.name);
        let index = logs.index(1).await.unwrap();
        assert_eq!(index.folds, case.folds, "{}", case.name);
        assert_eq!(index.times, case.times, "{}", case.name);
    }
}

#[test]
fn invalid_utf8_is_replaced() {
    assert_eq!(clean_line(b"a\xFFb\xC3"), "a\u{FFFD}b\u{FFFD}");
    assert_eq!(clean_line(b"\x1b[31m\xE2\x82"), "\x1b[31m\u{FFFD}");
}

#[test]
fn plain_text_has_no_colors() {
    assert_eq!(plain_line(b"\x1b[31mr\x1b[1med\x1b[0m"), "red");
    assert_eq!(plain_line(b"\x1b[31mabc\rX"), "Xbc");
}

/// Security case 18: what has made parsers of escapes slow. Quadratic work on these would take hours.
#[tokio::test]
async fn adversarial_escapes_take_linear_time() {
    const TOTAL: usize = 4 << 20;
    for unit in [
        "\x1b",
        "\x1b[",
        "\x1b]",
        "\x1bP",
        "\r",
        "a\r",
        "\x1b[2K",
        "a\x1b[2K",
        "\x1b[31m",
        "\x1b[38;5;1mx\r",
        "\u{85}",
        "\x1b[1;1;1;1",
        "travis_",
        "travis_fold:start:",
        "travis_fold:start:a\r",
        "travis_fold:end:b\r",
        "travis_time:end:a\r",
        "\x1b]8;;x\x1b",
    ] {
        for line in [64 << 10, TOTAL] {
            let mut text = unit.repeat(line / unit.len()) + "\n";
            text = text.repeat(TOTAL / text.len());
            let logs = MemoryLogs::new();
            logs.append(1, 0, Bytes::from(text)).await.unwrap();
            let query = crate::Query {
                text: "q".into(),
                case_sensitive: true,
                regex: false,
            };
            assert_eq!(logs.find(1, &query, 1).await.unwrap().total, 0, "{unit:?}");
            let index = logs.index(1).await.unwrap();
            assert!(index.folds.len() <= crate::index::MAX_FOLDS);
            assert!(index.times.len() <= crate::index::MAX_TIMES);
        }
    }
    for bytes in [b"\xFF".as_slice(), b"\xC2", b"\xE2\x82", b"\xFF\x1b"] {
        assert!(!clean_line(&bytes.repeat(30_000)).is_empty());
    }
}

proptest! {
    #[test]
    fn only_color_sequences_are_left(raw in prop::collection::vec(
        prop_oneof![any::<u8>(), Just(0x1B), Just(b'['), Just(b'm'), Just(b'\r'), Just(b'K')], 0..200,
    )) {
        let raw: Vec<u8> = raw.into_iter().filter(|b| *b != b'\n').collect();
        let mut text = clean_line(&raw);
        while let Some(at) = text.find('\x1b') {
            let rest = &text[at + 1..];
            let end = rest.find('m').unwrap();
            prop_assert!(rest[..end].starts_with('['));
            prop_assert!(rest[1..end].bytes().all(|b| matches!(b, b'0'..=b';')));
            text.replace_range(at..at + end + 2, "");
        }
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\t'), "{:?}", text);
        prop_assert!(!plain_line(&raw).contains('\x1b'));
    }
}
