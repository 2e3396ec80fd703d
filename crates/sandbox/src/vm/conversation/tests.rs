use super::*;
use tokio::sync::mpsc;

fn frames(all: &[(Kind, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, content) in all {
        frame::write_now(&mut bytes, *kind, content).unwrap();
    }
    bytes
}

async fn heard(bytes: &[u8], lent: Option<&Path>) -> io::Result<Heard> {
    let (sink, mut output) = mpsc::channel(4);
    let mut from = bytes;
    let hearing = async {
        let heard = hear(&mut from, &sink, lent, 100).await;
        drop(sink);
        heard
    };
    let draining = async { while output.recv().await.is_some() {} };
    tokio::join!(hearing, draining).0
}

#[tokio::test]
async fn an_end_is_heard() {
    let end = br#"{"code":3,"signal":null,"oom":true,"process_limit":false}"#;
    let bytes = frames(&[
        (Kind::Output, b"x"),
        (Kind::Output, b""),
        (Kind::Ended, end),
    ]);
    let ended = Ended {
        code: Some(3),
        oom: true,
        ..Ended::default()
    };
    assert_eq!(heard(&bytes, None).await.unwrap(), Heard::Ended(ended));
    let bytes = frames(&[(Kind::Failed, b"no \x1b[31mbash\n")]);
    let failed = Heard::Failed("no [31mbash".to_owned());
    assert_eq!(heard(&bytes, None).await.unwrap(), failed);
    assert_eq!(heard(b"", None).await.unwrap(), Heard::Gone);
}

#[tokio::test]
async fn nothing_out_of_turn_is_taken() {
    for kind in [
        Kind::Hello,
        Kind::Job,
        Kind::File,
        Kind::Data,
        Kind::Run,
        Kind::Done,
    ] {
        let bytes = frames(&[(kind, b"x")]);
        let error = heard(&bytes, None).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{kind:?}");
    }
    let bytes = frames(&[(Kind::Ended, b"[[[[")]);
    assert!(heard(&bytes, None).await.is_err());
}

#[tokio::test]
async fn files_come_back_by_harmless_names_only_and_bounded() {
    let base = tempfile::tempdir().unwrap();
    let lent = base.path().join("lent");
    std::fs::create_dir(&lent).unwrap();
    let end: (Kind, &[u8]) = (Kind::Ended, br#"{"oom":false,"process_limit":false}"#);
    std::fs::write(lent.join("fetched.tgz"), "before").unwrap();
    let good = frames(&[
        end,
        (Kind::File, b"new.tgz"),
        (Kind::Data, b"ab"),
        (Kind::Data, b"c"),
        (Kind::Done, b""),
    ]);
    heard(&good, Some(&lent)).await.unwrap();
    assert_eq!(std::fs::read(lent.join("new.tgz")).unwrap(), b"abc");
    assert!(!lent.join("fetched.tgz").exists(), "replaced as a whole");

    for name in [&b"../escaped"[..], b"/tmp/escaped", b"a/b", b".", b""] {
        let bad = frames(&[
            end,
            (Kind::File, name),
            (Kind::Data, b"x"),
            (Kind::Done, b""),
        ]);
        assert!(heard(&bad, Some(&lent)).await.is_err(), "{name:?}");
    }
    assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 1);
    let bad = [
        frames(&[end, (Kind::Data, b"x")]),
        frames(&[
            end,
            (Kind::File, b"a"),
            (Kind::File, b"a"),
            (Kind::Done, b""),
        ]),
        frames(&[end, (Kind::File, b"a"), (Kind::Data, &[0; 101])]),
        frames(&[end, (Kind::File, b"a"), (Kind::Output, b"x")]),
        frames(&[end, (Kind::File, b"a")]),
    ];
    for bytes in bad {
        assert!(heard(&bytes, Some(&lent)).await.is_err());
    }
    let names: Vec<String> = (0..=MOST_FILES).map(|number| format!("f{number}")).collect();
    let mut many = vec![end];
    many.extend(names.iter().map(|name| (Kind::File, name.as_bytes())));
    many.push((Kind::Done, b""));
    assert!(
        heard(&frames(&many), Some(&lent)).await.is_err(),
        "too many"
    );
}

/// Whatever a guest sends is heard without a panic, and nothing lands outside of its directory.
#[tokio::test]
async fn odd_conversations_do_no_harm() {
    let base = tempfile::tempdir().unwrap();
    let lent = base.path().join("lent");
    std::fs::create_dir(&lent).unwrap();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let contents: [&[u8]; 8] = [
        b"",
        b"a",
        b"../a",
        b"{}",
        br#"{"oom":false,"process_limit":true,"code":-1}"#,
        b"\xff\xfe",
        b"null",
        b"/etc/passwd",
    ];
    let kinds = [
        Kind::Output,
        Kind::Ended,
        Kind::File,
        Kind::Data,
        Kind::Done,
        Kind::Failed,
        Kind::Hello,
    ];
    for _ in 0..2000 {
        let mut all: Vec<(Kind, &[u8])> = vec![(Kind::Ended, contents[4])];
        for _ in 0..random(8) {
            let (kind, content) = (random(7) as usize, random(8) as usize);
            all.push((kinds[kind], contents[content]));
        }
        let skip = random(2) as usize;
        let mut bytes = frames(&all[skip.min(all.len())..]);
        let cut = random(bytes.len() as u64 + 1) as usize;
        bytes.truncate(bytes.len() - if random(3) == 0 { cut } else { 0 });
        let _ = heard(&bytes, Some(&lent)).await;
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn what_is_told_is_complete() {
    let base = tempfile::tempdir().unwrap();
    let mirror = base.path().join("mirror");
    std::fs::create_dir(&mirror).unwrap();
    std::fs::write(mirror.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    let lent = base.path().join("lent");
    std::fs::create_dir(&lent).unwrap();
    std::fs::write(lent.join("fetched.tgz"), vec![1; LARGEST + 1]).unwrap();
    let script = "x".repeat(2 * LARGEST + 1);
    let parts = Parts {
        job: &Job::default(),
        script: &script,
        mirror: Some(&mirror),
        lent: Some(&lent),
    };
    let mut bytes = Vec::new();
    tell(&mut bytes, &parts).await.unwrap();
    let mut from = bytes.as_slice();
    let (mut script, mut data, mut kinds) = (0, 0, Vec::new());
    while let Some(frame) = frame::read(&mut from).await.unwrap() {
        match frame.kind {
            Kind::Script => script += frame.content.len(),
            Kind::Data => data += frame.content.len(),
            _ => {}
        }
        if kinds.last() != Some(&frame.kind) {
            kinds.push(frame.kind);
        }
    }
    assert_eq!((script, data), (2 * LARGEST + 1, LARGEST + 1));
    let order = [
        Kind::Job,
        Kind::Script,
        Kind::Mirror,
        Kind::File,
        Kind::Data,
        Kind::Run,
    ];
    assert_eq!(kinds, order);
    let gone = Parts {
        mirror: Some(Path::new("/nonexistent")),
        ..parts
    };
    let error = tell(&mut Vec::new(), &gone).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent"), "{error}");
}
