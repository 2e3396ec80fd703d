use super::*;
use std::os::unix::fs::symlink;

const MOST: u64 = 1000;

#[test]
fn only_a_plain_file_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NEW);
    assert!(open(&path, MOST).unwrap().is_none());

    let secret = directory.path().join("secret");
    std::fs::write(&secret, "of this machine").unwrap();
    symlink(&secret, &path).unwrap();
    let why = open(&path, MOST).unwrap_err().to_string();
    assert!(why.contains("no plain file"), "{why}");
    std::fs::remove_file(&path).unwrap();

    symlink(directory.path().join("nowhere"), &path).unwrap();
    assert!(open(&path, MOST).is_err());
    std::fs::remove_file(&path).unwrap();

    // Nobody writes into this pipe, and nobody waits for it.
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert!(open(&path, MOST).is_err());
    std::fs::remove_file(&path).unwrap();

    std::fs::create_dir(&path).unwrap();
    assert!(open(&path, MOST).is_err());
}

#[test]
fn a_file_is_measured() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NEW);
    std::fs::write(&path, "abc").unwrap();
    let new = open(&path, MOST).unwrap().unwrap();
    assert_eq!(new.length, 3);
    assert!(new.sha256.starts_with("ba7816bf"), "{}", new.sha256);
    for _ in 0..2 {
        let mut text = String::new();
        new.again().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
    }
    std::fs::write(&path, vec![0; 1001]).unwrap();
    let why = open(&path, MOST).unwrap_err().to_string();
    assert!(why.contains("1.0 kB"), "{why}");
}

#[test]
fn sizes_for_people() {
    assert_eq!(size(999), "999 bytes");
    assert_eq!(size(1234), "1.2 kB");
    assert_eq!(size(999_999), "1.0 MB");
    assert_eq!(size(524_288_000), "524.3 MB");
    assert_eq!(size(5_000_000_000_000), "5000.0 GB");
}
