use super::*;

async fn all(bytes: &[u8]) -> (Vec<Frame>, Option<io::Error>) {
    let mut from = bytes;
    let mut frames = Vec::new();
    loop {
        match read(&mut from).await {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(error) => return (frames, Some(error)),
        }
    }
}

#[tokio::test]
async fn what_is_written_is_read() {
    let mut bytes = Vec::new();
    let large = vec![7; LARGEST];
    write_now(&mut bytes, Kind::Hello, b"1").unwrap();
    write(&mut bytes, Kind::Output, &large).await.unwrap();
    write_now(&mut bytes, Kind::Done, b"").unwrap();
    let (frames, error) = all(&bytes).await;
    assert!(error.is_none());
    let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [Kind::Hello, Kind::Output, Kind::Done]);
    assert_eq!(frames[1].content, large);
    let mut from = bytes.as_slice();
    for frame in frames {
        assert_eq!(read_now(&mut from).unwrap(), frame);
    }
    assert!(write_now(&mut bytes, Kind::Data, &vec![0; LARGEST + 1]).is_err());
}

#[tokio::test]
async fn lengths_are_bounded_before_memory_is_taken() {
    for length in [LARGEST as u32 + 1, u32::MAX] {
        let mut bytes = vec![Kind::Output as u8];
        bytes.extend_from_slice(&length.to_be_bytes());
        let (frames, error) = all(&bytes).await;
        assert!(frames.is_empty());
        assert_eq!(error.unwrap().kind(), io::ErrorKind::InvalidData);
        assert!(read_now(&mut bytes.as_slice()).is_err());
    }
    let (_, error) = all(&[0, 0, 0, 0, 0]).await;
    assert!(error.unwrap().to_string().contains("unknown frame"));
    let (_, error) = all(&[99, 0, 0, 0, 0]).await;
    assert!(error.unwrap().to_string().contains("unknown frame"));
}

/// Any bytes at all: frames of bounded size, then an end or an error, never a panic.
#[tokio::test]
async fn odd_bytes_do_no_harm() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = Vec::new();
        // Half of them begin as frames do.
        if random() % 2 == 0 {
            let length = (random() % 40) as u8;
            bytes.extend_from_slice(&[(random() % 14) as u8, 0, 0, 0, length]);
        }
        for _ in 0..random() % 60 {
            bytes.push(random() as u8);
        }
        let (frames, _) = all(&bytes).await;
        let taken: usize = frames.iter().map(|frame| frame.content.len() + 5).sum();
        assert!(taken <= bytes.len());
    }
}

#[test]
fn names_are_no_paths() {
    for good in ["new.tgz", "a", "A-b_c.1"] {
        assert_eq!(file_name(good.as_bytes()), Some(good));
    }
    let long = "a".repeat(65);
    for bad in [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc/passwd",
        ".hidden",
        "a\0b",
        "a b",
        "ä",
        "a\n",
        &long,
    ] {
        assert_eq!(file_name(bad.as_bytes()), None, "{bad:?}");
    }
    assert_eq!(file_name(&[0xff, 0xfe]), None);
}
