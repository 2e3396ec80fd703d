use super::*;

fn junit(inner: &str) -> Result<Report, ReportError> {
    read_file(format!("\u{feff}\n<testsuite name='s'>{inner}</testsuite>").as_bytes())
}

#[test]
fn files_of_other_forms_are_read_as_a_log() {
    let tap = read_file(b"TAP version 13\n1..2\nok 1 - a\nnot ok 2 - b\n").unwrap();
    assert_eq!((tap.counts.passed, tap.counts.failed), (1, 1));
    assert_eq!(tap.cases[1].log_line, None);
    let go = b"{\"Action\":\"pass\",\"Package\":\"p\",\"Test\":\"T\",\"Elapsed\":0.5}\n";
    assert_eq!(read_file(go).unwrap().counts.passed, 1);
    for nothing in [&b""[..], b"hello\n", b"\xff\xfe\0\0"] {
        assert!(matches!(read_file(nothing), Err(ReportError::Empty)));
    }
    assert!(read_file(b"<testsuites/>").is_err());
}

#[test]
fn files_win_and_the_log_tells_where() {
    let mut scan = LogScan::default();
    scan.line(
        0,
        "     Running unittests src/lib.rs (target/debug/deps/parser-0a1b)",
    );
    scan.line(1, "test a::holds ... ok");
    scan.line(2, "test a::breaks ... FAILED");
    let log = scan.finish();
    let file = junit(
        "<testcase name='a::holds' classname='parser'/><testcase name='a::breaks' classname='parser'><failure message='x'/></testcase><testcase name='other'/>",
    );
    let broken = read_file(b"<testsuite>");
    let report = merge(
        vec![("junit.xml".to_owned(), file), ("b.xml".to_owned(), broken)],
        log.clone(),
    );
    assert_eq!((report.counts.passed, report.counts.failed), (2, 1));
    let lines: Vec<_> = report.cases.iter().map(|case| case.log_line).collect();
    assert_eq!(lines, [Some(1), Some(2), None]);
    assert_eq!(report.files[0].cases, 3);
    assert!(
        report.files[1]
            .error
            .as_ref()
            .unwrap()
            .contains("ends within <testsuite>")
    );
    // Without a good file the log stands.
    let report = merge(vec![("b.xml".to_owned(), read_file(b"<a/>"))], log);
    assert_eq!((report.counts.total(), report.files.len()), (2, 1));
}

#[test]
fn a_runner_without_a_file_is_not_lost() {
    let mut scan = LogScan::default();
    scan.line(
        0,
        "     Running unittests src/lib.rs (target/debug/deps/parser-0a1b)",
    );
    scan.line(1, "test a::breaks ... FAILED");
    scan.line(
        2,
        "test result: FAILED. 4 passed; 1 failed; 0 ignored; finished in 0.02s",
    );
    let file = junit("<testcase name='opens' classname='web'/>");
    let report = merge(vec![("web.xml".to_owned(), file)], scan.finish());
    assert_eq!((report.counts.passed, report.counts.failed), (5, 1));
    assert_eq!(report.cases.len(), 2);
    // Sums alone may be of the very runner that left the file.
    let mut scan = LogScan::default();
    scan.line(0, "Tests:       3 passed, 3 total");
    let file = junit("<testcase name='opens' classname='web'/>");
    let report = merge(vec![("web.xml".to_owned(), file)], scan.finish());
    assert_eq!(report.counts.total(), 1);
}

#[test]
fn one_case_in_two_files_is_one() {
    let good = junit("<testcase name='a'/><testcase name='b'/>");
    let bad = junit("<testcase name='a'><failure message='no'/></testcase>");
    let files = vec![("1".to_owned(), good), ("2".to_owned(), bad)];
    let report = merge(files, Report::default());
    assert_eq!((report.counts.passed, report.counts.failed), (1, 1));
    assert_eq!(report.cases[0].message.as_deref(), Some("no"));
}
