use super::*;

#[test]
fn suites_cases_and_messages() {
    let text = r#"<?xml version="1.0"?>
<!DOCTYPE testsuites [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<testsuites name="all" tests="5">
  <testsuite name="parser" file="tests/parser.py" time="1.5">
    <properties><property name="x" value="y"/></properties>
    <testcase name="reads &lt;a&gt; &amp; &#98;" classname="t.Parser" time="1,001.25"/>
    <testcase name="fails" classname="t.Parser" time="0.5" file="t.py">
      <failure message="1 != 2" type="AssertionError"><![CDATA[1 != 2
  at t.py:5]]> &b;</failure>
      <system-out>noise &b;</system-out>
    </testcase>
    <testcase name="breaks"><error type="ValueError"/></testcase>
    <testcase name="waits"><skipped message="no network"/></testcase>
    <testcase name="flips"><flakyFailure message="x">y</flakyFailure></testcase>
  </testsuite>
</testsuites>"#;
    let report = read(text).unwrap();
    let counts = report.counts;
    assert_eq!((counts.passed, counts.failed, counts.skipped), (2, 2, 1));
    let [reads, fails, breaks, waits, flips] = &report.cases[..] else {
        panic!("{report:?}")
    };
    assert_eq!(
        (reads.suite.as_str(), reads.name.as_str()),
        ("t.Parser", "reads <a> & b")
    );
    assert_eq!(reads.micros, Some(1_001_250_000));
    assert_eq!(reads.file.as_deref(), Some("tests/parser.py"));
    // An entity of the file's own stays as it is written.
    assert_eq!(fails.message.as_deref(), Some("1 != 2\n  at t.py:5 &b;"));
    assert_eq!(fails.file.as_deref(), Some("t.py"));
    assert_eq!(
        (breaks.suite.as_str(), breaks.message.as_deref()),
        ("parser", Some("ValueError"))
    );
    assert_eq!(
        (waits.outcome, waits.message.as_deref()),
        (Outcome::Skipped, Some("no network"))
    );
    assert!(flips.retried && flips.outcome == Outcome::Passed);
}

#[test]
fn hostile_files_are_refused_or_bounded() {
    let deep = "<a>".repeat(100);
    assert!(matches!(read(&deep), Err(JUnitError::Deep)));
    assert!(matches!(
        read("<testsuite><testcase name='x'>"),
        Err(JUnitError::Cut(_))
    ));
    assert!(matches!(
        read("<testsuite></other>"),
        Err(JUnitError::Broken { .. })
    ));
    assert!(matches!(
        read("<html><p>x</p></html>"),
        Err(JUnitError::Other)
    ));
    assert!(matches!(
        read("<testsuite name='x' <"),
        Err(JUnitError::Broken { .. })
    ));
    let long = format!(
        "<testsuite><testcase name='{}'><failure>{}</failure></testcase></testsuite>",
        "n".repeat(100_000),
        "m".repeat(1_000_000)
    );
    let report = read(&long).unwrap();
    assert!(report.cases[0].name.len() < 600);
    assert!(report.cases[0].message.as_ref().unwrap().len() < 5_000);
    let many: String = (0..30_000)
        .map(|n| format!("<testcase name='{n}'/>"))
        .collect();
    let report = read(&format!("<testsuite>{many}</testsuite>")).unwrap();
    assert_eq!(
        (report.cases.len(), report.counts.passed),
        (crate::MAX_CASES, 30_000)
    );
    assert!(report.truncated);
    let controls = read("<testsuite><testcase name='a&#27;[2Jb&#10;c'/></testsuite>").unwrap();
    assert_eq!(controls.cases[0].name, "a [2Jb c");
}
