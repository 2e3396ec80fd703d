use super::*;
use std::time::{Duration, Instant};

const SLUG: &str = "acme/rocket";

fn found(log: &str) -> Vec<(String, u32, String)> {
    let lines = clean_lines(log.as_bytes(), false);
    find(&lines, SLUG)
        .annotations
        .into_iter()
        .map(|one| (one.path, one.line, one.message))
        .collect()
}

fn place(path: &str, line: u32, message: &str) -> (String, u32, String) {
    (path.to_owned(), line, message.to_owned())
}

#[test]
fn every_pattern_is_one() {
    for (name, pattern) in patterns::ALL {
        assert!(pattern.compiles(), "{name}");
    }
}

#[test]
fn compilers_and_test_runners_are_read() {
    for (what, log, expected) in [
        (
            "rustc",
            "\u{1b}[0m\u{1b}[1m\u{1b}[38;5;9merror[E0308]\u{1b}[0m: mismatched types\r\n  --> src/lib.rs:10:5\r\n   |\r\n10 |     1\r\nerror: aborting due to previous error\r\n",
            vec![place("src/lib.rs", 10, "error[E0308]: mismatched types")],
        ),
        (
            "rustc's warnings are none",
            "warning: unused variable: `x`\n --> src/lib.rs:1:5\n",
            vec![],
        ),
        (
            "rust panics",
            "thread 'tests::adds' panicked at src/lib.rs:12:9:\nassertion `left == right` failed\n  left: 1\n",
            vec![place("src/lib.rs", 12, "assertion `left == right` failed")],
        ),
        (
            "rust panics of old",
            "thread 'main' panicked at 'oh no', src/main.rs:3:5\n",
            vec![place("src/main.rs", 3, "oh no")],
        ),
        (
            "gcc",
            "gcc -c main.c\nmain.c: In function 'main':\nmain.c:4:3: error: expected ';' before 'return'\nmain.c:9:1: warning: unused\n./x.h:2: fatal error: y.h: No such file or directory\n",
            vec![
                place("main.c", 4, "expected ';' before 'return'"),
                place("x.h", 2, "y.h: No such file or directory"),
            ],
        ),
        (
            "go build and test",
            "# acme/rocket\n./main.go:7:2: undefined: foo\n--- FAIL: TestX (0.00s)\n    x_test.go:12: got 1, want 2\nvet: ./y.go:3:1: bad\n",
            vec![
                place("main.go", 7, "undefined: foo"),
                place("x_test.go", 12, "got 1, want 2"),
                place("y.go", 3, "bad"),
            ],
        ),
        (
            "tsc, both ways, and csc",
            "src/a.ts(3,7): error TS2322: no\nsrc/b.ts:4:1 - error TS1005: ';' expected.\nC.cs(1,2): error CS1002: ; expected\n",
            vec![
                place("src/a.ts", 3, "TS2322: no"),
                place("src/b.ts", 4, "TS1005: ';' expected."),
                place("C.cs", 1, "CS1002: ; expected"),
            ],
        ),
        (
            "eslint",
            "/home/travis/build/acme/rocket/src/a.js\n   3:10  error    'x' is not defined  no-undef\n   4:1   warning  Missing semicolon   semi\n\n1 problem\n",
            vec![place("src/a.js", 3, "'x' is not defined  no-undef")],
        ),
        (
            "a Python traceback: the innermost frame of ours",
            "Traceback (most recent call last):\n  File \"/home/travis/build/acme/rocket/run.py\", line 3, in <module>\n    go()\n  File \"/home/travis/build/acme/rocket/lib/go.py\", line 8, in go\n    json.loads('')\n  File \"/usr/lib/python3.11/json/__init__.py\", line 346, in loads\n    return x\njson.decoder.JSONDecodeError: Expecting value\n",
            vec![place(
                "lib/go.py",
                8,
                "json.decoder.JSONDecodeError: Expecting value",
            )],
        ),
        (
            "pytest",
            "    def test_a():\n>       assert add(1, 1) == 3\nE       assert 2 == 3\nE        +  where 2 = add(1, 1)\n\ntests/test_a.py:5: AssertionError\n",
            vec![place(
                "tests/test_a.py",
                5,
                "assert 2 == 3\n+  where 2 = add(1, 1)",
            )],
        ),
        (
            "flake8 and mypy",
            "a.py:1:80: E501 line too long\nb.py:2: error: Incompatible types\n",
            vec![
                place("a.py", 1, "E501 line too long"),
                place("b.py", 2, "Incompatible types"),
            ],
        ),
        (
            "node",
            "/home/travis/build/acme/rocket/a.js:1\nthrow new TypeError('x')\n^\n\nTypeError: x is not a function\n    at Object.run (node:internal/x:1:2)\n    at go (/home/travis/build/acme/rocket/node_modules/y/i.js:3:4)\n    at Object.<anonymous> (/home/travis/build/acme/rocket/a.js:7:9)\n    at z (/home/travis/build/acme/rocket/b.js:9:9)\n",
            vec![place("a.js", 7, "TypeError: x is not a function")],
        ),
        (
            "jest",
            "  ● sums › adds\n\n    expect(received).toBe(expected)\n\n      at Object.toBe (test/sum.test.js:4:21)\n",
            vec![place(
                "test/sum.test.js",
                4,
                "● sums › adds\nexpect(received).toBe(expected)",
            )],
        ),
        (
            "mocha",
            "  1) adds\n     AssertionError: expected 1 to equal 2\n      at Context.<anonymous> (file:///home/travis/build/acme/rocket/test/a.mjs:5:10)\n",
            vec![place(
                "test/a.mjs",
                5,
                "AssertionError: expected 1 to equal 2",
            )],
        ),
        (
            "rspec",
            "  1) Foo adds\n     Failure/Error: expect(1).to eq 2\n\n       expected: 2\n            got: 1\n     # ./spec/foo_spec.rb:3:in `block (2 levels) in <top (required)>'\n     # ./spec/foo_spec.rb:1:in `x'\n",
            vec![place(
                "spec/foo_spec.rb",
                3,
                "expect(1).to eq 2\nexpected: 2\ngot: 1",
            )],
        ),
        (
            "minitest",
            "  1) Failure:\nFooTest#test_a [test/foo_test.rb:5]:\nExpected: 1\n  Actual: 2\n",
            vec![place("test/foo_test.rb", 5, "Expected: 1")],
        ),
        (
            "ruby",
            "lib/a.rb:3:in `foo': undefined method `x' for nil (NoMethodError)\nlib/b.rb:9: syntax error, unexpected end-of-input\n",
            vec![
                place(
                    "lib/a.rb",
                    3,
                    "undefined method `x' for nil (NoMethodError)",
                ),
                place("lib/b.rb", 9, "syntax error, unexpected end-of-input"),
            ],
        ),
        (
            "phpunit and php",
            "1) FooTest::testBar\nFailed asserting that false is true.\n\n/home/travis/build/acme/rocket/tests/FooTest.php:12\n\nPHP Parse error:  syntax error, unexpected '}' in /home/travis/build/acme/rocket/src/a.php on line 7\n",
            vec![
                place(
                    "tests/FooTest.php",
                    12,
                    "FooTest::testBar\nFailed asserting that false is true.",
                ),
                place("src/a.php", 7, "Parse error:  syntax error, unexpected '}'"),
            ],
        ),
        (
            "javac and maven",
            "src/A.java:3: error: ';' expected\n[ERROR] /home/travis/build/acme/rocket/src/main/java/B.java:[12,5] cannot find symbol\n",
            vec![
                place("src/A.java", 3, "';' expected"),
                place("src/main/java/B.java", 12, "cannot find symbol"),
            ],
        ),
        (
            "ghc",
            "src/A.hs:3:5: error:\n    Variable not in scope: x\n",
            vec![place("src/A.hs", 3, "Variable not in scope: x")],
        ),
        (
            "none of these",
            "12:34:56 error: x\nhttp://localhost:80: error: x\nexample.com:443: error: refused\n/etc/passwd.c:1: error: x\n../../x.c:1: error: x\nvendor/x.c:1: error: y\na.c:0: error: x\na.c:99999999999: error: x\n    at java.lang.Foo.bar(Foo.java:12)\n",
            vec![],
        ),
    ] {
        assert_eq!(found(log), expected, "{what}");
    }
}

#[test]
fn the_same_place_comes_once_and_there_are_fifty_at_most() {
    let twice = "a.c:1:1: error: x\na.c:1:9: error: y\n";
    assert_eq!(found(twice), vec![place("a.c", 1, "x")]);
    let many: String = (1..500).map(|n| format!("a.c:{n}: error: x\n")).collect();
    assert_eq!(found(&many).len(), MOST);
}

#[test]
fn what_can_t_be_seen_is_taken_out() {
    let log = "a.c:1: error: \u{1b}]0;title\u{7}one\u{202e}two\u{0}three\n";
    assert_eq!(found(log), vec![place("a.c", 1, "onetwothree")]);
    let lines = clean_lines(b"50%\r100%\r\n\x1b[31mred\x1b[0m\n\xff\n", false);
    assert_eq!(lines, ["100%", "red", "\u{fffd}"]);
    assert_eq!(clean_lines(b"lf of a line\nwhole\n", true), ["whole"]);
}

#[test]
fn long_and_hostile_logs_take_little_time() {
    let megabytes = 2 * 1024 * 1024;
    let pieces = [
        "(",
        "at (",
        "a:",
        " ",
        "a.c:1:",
        "\u{1b}[",
        "\r",
        "File \"",
        "a.rb:1:in `",
        "::",
        "'",
        "x.go:1:2:3:4:",
        "error: ",
        "/build/acme/rocket/",
    ];
    let began = Instant::now();
    for piece in pieces {
        for end in ["", "\n"] {
            let unit = format!("{piece}{end}");
            let log = unit.repeat(megabytes / unit.len());
            let lines = clean_lines(log.as_bytes(), false);
            assert!(lines.len() <= 20_000 && lines.iter().all(|line| line.len() <= 4_010));
            let _ = find(&lines, SLUG);
        }
    }
    // In a debug build; it is linear, so a hang is far beyond.
    assert!(
        began.elapsed() < Duration::from_secs(60),
        "{:?}",
        began.elapsed()
    );
}
