use super::*;

fn scan(text: &str) -> Report {
    let mut scan = LogScan::default();
    for (number, line) in text.lines().enumerate() {
        scan.line(number as u64, line);
    }
    scan.finish()
}

fn sums(report: &Report) -> (u64, u64, u64) {
    let counts = report.counts;
    (counts.passed, counts.failed, counts.skipped)
}

fn failed(report: &Report) -> Vec<(String, String)> {
    let cases = report.cases.iter();
    cases
        .filter(|case| case.outcome == Outcome::Failed)
        .map(|case| (case.suite.clone(), case.name.clone()))
        .collect()
}

fn pair(suite: &str, name: &str) -> (String, String) {
    (suite.to_owned(), name.to_owned())
}

fn message<'a>(report: &'a Report, name: &str) -> &'a str {
    let case = report.cases.iter().find(|case| case.name == name).unwrap();
    case.message.as_deref().unwrap_or("")
}

#[test]
fn cargo_test() {
    let report = scan(
        "   Compiling parser v0.1.0
     Running unittests src/lib.rs (target/debug/deps/parser-0f2a9c)

running 4 tests
test lex::empty ... \x1b[32mok\x1b[m
test lex::slow ... ok <1.250s>
test lex::net ... ignored, needs a network
test lex::breaks ... \x1b[31mFAILED\x1b[m

failures:

---- lex::breaks stdout ----

thread 'lex::breaks' panicked at src/lex.rs:7:9:
assertion `left == right` failed
  left: 1
 right: 2


failures:
    lex::breaks

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s

     Running tests/a.rs (target/debug/deps/a-11ff)

running 1 test
.
test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests parser

running 1 test
test src/lib.rs - parse (line 5) ... ok
",
    );
    assert_eq!(sums(&report), (10, 1, 1));
    assert_eq!(failed(&report), [pair("parser", "lex::breaks")]);
    let said = message(&report, "lex::breaks");
    assert!(
        said.starts_with("thread 'lex::breaks' panicked at src/lex.rs:7:9:"),
        "{said}"
    );
    assert!(said.ends_with(" right: 2"), "{said}");
    assert_eq!(message(&report, "lex::net"), "needs a network");
    assert_eq!(report.cases[1].micros, Some(1_250_000));
    assert_eq!(report.cases[3].log_line, Some(7));
    assert_eq!(report.cases[4].suite, "Doc-tests parser");
}

#[test]
fn cargo_nextest() {
    let report = scan(
        "    Starting 4 tests across 2 binaries
        PASS [   0.005s] (1/4) parser lex::empty
  TRY 1 FAIL [   0.006s] parser lex::flips
  TRY 2 PASS [   0.006s] parser lex::flips
        FAIL [   1.500s] (3/4) parser::a breaks
  stdout ---

    thread 'breaks' panicked

     Summary [   0.020s] 4 tests run: 2 passed (1 flaky), 1 failed, 3 skipped
        FAIL [   1.500s] (3/4) parser::a breaks
",
    );
    assert_eq!(sums(&report), (2, 1, 3));
    assert_eq!(failed(&report), [pair("parser::a", "breaks")]);
    assert!(report.cases[1].retried);
    assert!(message(&report, "breaks").contains("panicked"));
}

#[test]
fn pytest_verbose_and_short() {
    let report = scan(
        "============================= test session starts ==============================
platform linux -- Python 3.12.1, pytest-8.3.2
collected 4 items

tests/test_a.py::test_holds PASSED                                       [ 25%]
tests/test_a.py::TestB::test_c[1-x y] FAILED                             [ 50%]
tests/test_a.py::test_net SKIPPED (needs a network)                      [ 75%]
tests/test_a.py::test_known XFAIL (later)                                [100%]

=================================== FAILURES ===================================
____________________________ TestB.test_c[1-x y] _____________________________

    def test_c():
>       assert 1 == 2
E       assert 1 == 2

tests/test_a.py:7: AssertionError
=========================== short test summary info ============================
FAILED tests/test_a.py::TestB::test_c[1-x y] - assert 1 == 2
==================== 1 failed, 1 passed, 1 skipped, 1 xfailed in 0.12s =====================
",
    );
    assert_eq!(sums(&report), (1, 1, 2));
    assert_eq!(
        failed(&report),
        [pair("tests/test_a.py", "TestB::test_c[1-x y]")]
    );
    assert_eq!(
        message(&report, "TestB::test_c[1-x y]"),
        "> assert 1 == 2\nassert 1 == 2\ntests/test_a.py:7: AssertionError"
    );
    let report = scan(
        "..F                                                                  [100%]
=================================== FAILURES ===================================
___________________________________ test_x ____________________________________
E   assert False
=========================== short test summary info ============================
FAILED test_x.py::test_x - assert False
1 failed, 213 passed in 0.03s
",
    );
    assert_eq!(sums(&report), (213, 1, 0));
    assert_eq!(message(&report, "test_x"), "assert False");
    assert_eq!(sums(&scan("5 passed in 0.01s\n")), (5, 0, 0));
}

#[test]
fn unittest() {
    let report = scan(
        "test_a (tests.test_x.B.test_a) ... ok
test_b (tests.test_x.B) ... FAIL
test_c (tests.test_x.B.test_c) ... skipped 'later'

======================================================================
FAIL: test_b (tests.test_x.B)
----------------------------------------------------------------------
Traceback (most recent call last):
AssertionError: 1 != 2

----------------------------------------------------------------------
Ran 3 tests in 0.001s

FAILED (failures=1, skipped=1)
",
    );
    assert_eq!(sums(&report), (1, 1, 1));
    assert_eq!(failed(&report), [pair("tests.test_x.B", "test_b")]);
    assert!(message(&report, "test_b").ends_with("AssertionError: 1 != 2"));
}

#[test]
fn go_test() {
    let report = scan(
        "=== RUN   TestA
--- PASS: TestA (0.00s)
=== RUN   TestB
=== RUN   TestB/one
    b_test.go:9: no
--- FAIL: TestB (0.10s)
    --- FAIL: TestB/one (0.10s)
        b_test.go:12: 1 != 2
    --- SKIP: TestB/two (0.00s)
FAIL
FAIL\texample.test/b\t0.102s
ok  \texample.test/c\t0.01s
",
    );
    assert_eq!(sums(&report), (1, 2, 1));
    assert_eq!(
        failed(&report),
        [
            pair("example.test/b", "TestB"),
            pair("example.test/b", "TestB/one")
        ]
    );
    assert_eq!(message(&report, "TestB/one"), "b_test.go:12: 1 != 2");
    let report = scan(
        r#"{"Time":"2026-01-01T00:00:00Z","Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:5: no\n"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":0.25}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"fail","Package":"p","Elapsed":0.3}
"#,
    );
    assert_eq!(sums(&report), (1, 1, 0));
    assert_eq!(report.cases[0].micros, Some(250_000));
    assert_eq!(message(&report, "TestA"), "    a_test.go:5: no");
}

#[test]
fn jest() {
    let report = scan(
        "PASS src/a.test.js
  lexer
    ✓ reads numbers (5 ms)
    ○ skipped reads later
FAIL src/b.test.js (5.2 s)
  parser
    in loops
      ✕ breaks (3 ms)

  ● parser › in loops › breaks

    expect(received).toBe(expected)

    Expected: 2
    Received: 1


Test Suites: 1 failed, 1 passed, 2 total
Tests:       1 failed, 1 skipped, 12 passed, 14 total
",
    );
    assert_eq!(sums(&report), (12, 1, 1));
    assert_eq!(
        failed(&report),
        [pair("src/b.test.js > parser > in loops", "breaks")]
    );
    assert!(message(&report, "breaks").starts_with("expect(received)"));
    assert_eq!(report.cases[0].suite, "src/a.test.js > lexer");
    assert_eq!(report.cases[0].micros, Some(5_000));
}

#[test]
fn mocha() {
    let report = scan(
        "
  lexer
    ✔ reads numbers (12ms)
    1) breaks
    - waits

  parser
    ✔ holds


  2 passing (20ms)
  1 pending
  1 failing

  1) lexer
       breaks:
     AssertionError: expected 1 to equal 2
      at Context.<anonymous> (test/a.js:5:10)

",
    );
    assert_eq!(sums(&report), (2, 1, 1));
    assert_eq!(failed(&report), [pair("lexer", "breaks")]);
    assert!(message(&report, "breaks").starts_with("AssertionError: expected 1"));
}

#[test]
fn vitest() {
    let report = scan(
        " RUN  v3.0.0 /home/travis/build

 ✓ src/a.test.ts (3 tests) 5ms
 ❯ src/b.test.ts (2 tests | 1 failed) 6ms
   × parser > breaks 5ms
     → expected 1 to be 2

 FAIL  src/b.test.ts > parser > breaks
AssertionError: expected 1 to be 2

 Test Files  1 failed | 1 passed (2)
      Tests  1 failed | 4 passed (5)
",
    );
    assert_eq!(sums(&report), (4, 1, 0));
    assert_eq!(failed(&report).len(), 1);
    assert!(message(&report, "breaks").contains("expected 1 to be 2"));
}

#[test]
fn tap() {
    let report = scan(
        "TAP version 13
1..4
ok 1 - reads numbers # time=12ms
not ok 2 - breaks
  ---
  message: expected 1
  found: 2
  ...
ok 3 - waits # SKIP no network
not ok 4 later # TODO write it
",
    );
    assert_eq!(sums(&report), (1, 1, 2));
    assert_eq!(message(&report, "breaks"), "message: expected 1\nfound: 2");
    assert_eq!(report.cases[0].micros, Some(12_000));
    // Without a plan these are words like any other.
    assert_eq!(sums(&scan("ok 1 - x\nok then\n")), (0, 0, 0));
}

#[test]
fn maven_and_gradle() {
    let report = scan(
        "[INFO] Running com.foo.BarTest
[ERROR] Tests run: 5, Failures: 1, Errors: 0, Skipped: 1, Time elapsed: 0.05 s <<< FAILURE! -- in com.foo.BarTest
[ERROR] com.foo.BarTest.breaks -- Time elapsed: 0.012 s <<< FAILURE!
java.lang.AssertionError: expected:<1> but was:<2>
\tat org.junit.Assert.fail(Assert.java:88)

[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.01 s - in com.foo.BazTest
[INFO] Results:
[ERROR] Tests run: 8, Failures: 1, Errors: 0, Skipped: 1
",
    );
    assert_eq!(failed(&report), [pair("com.foo.BarTest", "breaks")]);
    assert!(message(&report, "breaks").starts_with("java.lang.AssertionError"));
    assert_eq!(report.counts.total(), 8);
    assert_eq!(sums(&report), (6, 1, 1));
    let report = scan(
        "> Task :test FAILED
com.foo.BarTest > breaks() FAILED
    java.lang.AssertionError at BarTest.java:9

5 tests completed, 1 failed
",
    );
    assert_eq!(sums(&report), (4, 1, 0));
    assert_eq!(failed(&report), [pair("com.foo.BarTest", "breaks")]);
}

#[test]
fn php_ruby_and_the_rest() {
    let report = scan(
        "PHPUnit 11.0.0
..F.S
There was 1 failure:

1) FooTest::testBar
Failed asserting that 1 matches 2.

/app/tests/FooTest.php:9

FAILURES!
Tests: 5, Assertions: 9, Failures: 1, Skipped: 1.
",
    );
    assert_eq!(sums(&report), (3, 1, 1));
    assert_eq!(failed(&report), [pair("FooTest", "testBar")]);
    assert_eq!(
        message(&report, "testBar"),
        "Failed asserting that 1 matches 2."
    );
    assert_eq!(sums(&scan("OK (5 tests, 9 assertions)")), (5, 0, 0));
    let report = scan(
        "..F*
Failures:

  1) Foo does bar
     Failure/Error: expect(1).to eq(2)
       expected: 2

Finished in 0.1 seconds
214 examples, 1 failure, 2 pending

rspec ./spec/foo_spec.rb:12 # Foo does bar
",
    );
    assert_eq!(sums(&report), (211, 1, 2));
    assert!(
        message(&report, "Foo does bar").starts_with("Failure/Error"),
        "{report:?}"
    );
    let case = report
        .cases
        .iter()
        .find(|case| case.name == "Foo does bar")
        .unwrap();
    assert_eq!(case.file.as_deref(), Some("spec/foo_spec.rb"));
    assert_eq!(
        sums(&scan("5 runs, 6 assertions, 1 failures, 0 errors, 2 skips")),
        (2, 1, 2)
    );
    let report = scan(
        "[==========] Running 2 tests from 1 test suite.
[ RUN      ] Lex.Reads
[       OK ] Lex.Reads (3 ms)
[  FAILED  ] Lex.Breaks (0 ms)
[==========] 2 tests from 1 test suite ran. (3 ms total)
[  PASSED  ] 1 test.
[  FAILED  ] Lex.Breaks
",
    );
    assert_eq!(sums(&report), (1, 1, 0));
    let report = scan(
        "1/2 Test #1: lex ..............................   Passed    0.01 sec
2/2 Test #2: parse ............................***Failed    1.50 sec
50% tests passed, 1 tests failed out of 2
",
    );
    assert_eq!(sums(&report), (1, 1, 0));
    assert_eq!(report.cases[1].micros, Some(1_500_000));
}

#[test]
fn ordinary_lines_are_no_tests() {
    let report = scan(
        "$ npm ci
added 120 packages in 3s
  - a list
  1) an item
Tests are fun
test the thing ... maybe
5 files changed in 2s
1 passed the door in 3 minutes
--- a/src/lib.rs
+++ b/src/lib.rs
[ERROR] something failed
ok
PASS the salt
3/4 Testing
#0 0.1 done
 ✔ Container db  Started
  ✓ downloaded
✖ 12 problems (10 errors, 2 warnings)
  Choices
    1) this
    ✗ that
",
    );
    assert_eq!(sums(&report), (0, 0, 0));
    assert!(report.cases.is_empty());
}

#[test]
fn what_runs_twice_is_counted_once_and_stays_failed() {
    let once = "test a ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
    assert_eq!(sums(&scan(&format!("{once}{once}"))), (1, 0, 0));
    assert_eq!(sums(&scan("test a ... FAILED\ntest a ... ok\n")), (0, 1, 0));
    assert_eq!(sums(&scan("test a ... ok\ntest a ... FAILED\n")), (0, 1, 0));
}

#[test]
fn live_counts_and_bounds() {
    let mut scan = LogScan::default();
    for n in 0..30_000 {
        scan.line(n, &format!("test t{n} ... ok"));
    }
    scan.line(30_000, &format!("test {} ... FAILED", "x".repeat(20_000)));
    scan.line(30_001, "test late ... FAILED");
    assert_eq!((scan.counts().passed, scan.counts().failed), (30_000, 1));
    assert_eq!(scan.failed().count(), 0);
    let report = scan.finish();
    assert!(report.truncated && report.cases.len() == crate::MAX_CASES);
}

#[test]
fn no_line_of_any_kind_panics() {
    // Pieces that the parts look for, put together in many ways.
    let pieces = [
        "test ",
        " ... ",
        "ok",
        "FAILED",
        "---- ",
        " stdout ----",
        "--- FAIL: ",
        "(",
        ")",
        " > ",
        "● ",
        " › ",
        "✓ ",
        "1) ",
        "::",
        "[",
        "] ",
        "%]",
        "====",
        "____",
        "Tests: ",
        "1..",
        "ok 1",
        "\u{1b}[",
        "é",
        "\t",
        "Time elapsed: ",
        "<<< FAILURE!",
        "{\"Action\":",
        "TAP version 13",
        " passed in 1s",
        "9999999999999999999999",
        "rspec ./",
        " # ",
        "FAIL: ",
        "E   ",
        "  ---",
        "...",
    ];
    let mut seed = 1_u64;
    let mut scan = LogScan::default();
    for number in 0..60_000 {
        let mut line = String::new();
        for _ in 0..5 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            line.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        scan.line(number, &line);
    }
    let report = scan.finish();
    assert!(report.cases.len() <= crate::MAX_CASES);
}
