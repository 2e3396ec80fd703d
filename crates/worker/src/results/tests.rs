use super::*;
use std::fs;
use std::os::unix::fs::symlink;

const SPEC: ResultsSpec = ResultsSpec {
    most_files: 3,
    file_bytes: 100,
    report_bytes: 10,
    most_bytes: 120,
    timeout_seconds: 5,
};

fn lay(records: &[&str]) -> tempfile::TempDir {
    let lent = tempfile::tempdir().unwrap();
    let list: String = records.iter().map(|record| format!("{record}\0")).collect();
    fs::write(lent.path().join(LIST), list).unwrap();
    lent
}

fn paths(found: &Found) -> Vec<&str> {
    let files = found.files.iter();
    files.map(|(file, _)| file.path.as_str()).collect()
}

#[test]
fn what_is_listed_is_opened() {
    let lent = lay(&["report a/./junit.xml", "artifact out//x y.txt"]);
    fs::write(lent.path().join("result.0"), "<a/>").unwrap();
    fs::write(lent.path().join("result.1"), "hello").unwrap();
    fs::write(lent.path().join("result.9"), "nobody named it").unwrap();
    let found = look(lent.path(), &SPEC).unwrap();
    assert_eq!(paths(&found), ["a/junit.xml", "out/x y.txt"]);
    assert_eq!(found.left_out, Vec::<String>::new());
    let (file, _) = &found.files[1];
    assert_eq!(file.size, 5);
    assert!(file.sha256.starts_with("2cf24dba5fb0a30e"));
    let nothing = tempfile::tempdir().unwrap();
    assert!(look(nothing.path(), &SPEC).unwrap().files.is_empty());
}

#[test]
fn nothing_leads_out() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "secret").unwrap();
    let lent = lay(&[
        "artifact link",
        "artifact ../../etc/passwd",
        "artifact pipe",
        "artifact directory",
        "other x",
        "artifact ok",
        "artifact a\nb",
    ]);
    let at = |number: u32| lent.path().join(format!("result.{number}"));
    symlink(outside.path(), at(0)).unwrap();
    fs::write(at(1), "x").unwrap();
    let mode = rustix::fs::Mode::RUSR;
    rustix::fs::mknodat(rustix::fs::CWD, at(2), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    fs::create_dir(at(3)).unwrap();
    fs::write(at(5), "fine").unwrap();
    fs::write(at(6), "x").unwrap();
    let found = look(lent.path(), &SPEC).unwrap();
    assert_eq!(paths(&found), ["ok"]);
    assert_eq!(found.left_out.len(), 3, "{:?}", found.left_out);
    // The list itself is no way out either.
    fs::remove_file(lent.path().join(LIST)).unwrap();
    symlink(outside.path(), lent.path().join(LIST)).unwrap();
    assert!(look(lent.path(), &SPEC).is_err());
}

#[test]
fn what_is_too_much_is_said() {
    let lent = lay(&[
        "report large.xml",
        "artifact large",
        "artifact a",
        "artifact b",
        "artifact c",
        "artifact d",
        "artifact e",
    ]);
    let at = |number: u32| lent.path().join(format!("result.{number}"));
    for (number, length) in [(0, 11), (1, 101), (2, 90), (3, 40), (4, 1), (5, 1), (6, 1)] {
        fs::write(at(number), "x".repeat(length)).unwrap();
    }
    let found = look(lent.path(), &SPEC).unwrap();
    assert_eq!(paths(&found), ["a", "c", "d"]);
    let said = found.left_out.join("; ");
    for part in [
        "large.xml has 11 bytes",
        "large has 101 bytes",
        "b: all together",
        "1 more files",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
