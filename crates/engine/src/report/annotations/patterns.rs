//! What lines that name a place look like. The engine of these patterns takes time in proportion to
//! the line, whatever is in it.

use regex::Regex;
use std::sync::LazyLock;

/// Compiles a pattern; one that is wrong matches nothing, and the tests of this module see it.
fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])*
        pub(super) static $name: Pattern = Pattern(LazyLock::new(|| pattern($text)));)+
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &Pattern)] = &[$((stringify!($name), &$name)),+];
    };
}

/// A pattern, made when it is first used.
pub(super) struct Pattern(LazyLock<Option<Regex>>);

impl Pattern {
    /// The groups of a line that fits; a group that took no part is empty.
    pub fn take<'l, const N: usize>(&self, line: &'l str) -> Option<[&'l str; N]> {
        let found = self.0.as_ref()?.captures(line)?;
        let mut groups = [""; N];
        for (at, group) in groups.iter_mut().enumerate() {
            *group = found.get(at + 1).map_or("", |found| found.as_str());
        }
        Some(groups)
    }

    #[cfg(test)]
    pub fn compiles(&self) -> bool {
        self.0.is_some()
    }
}

patterns! {
    /// rustc: `error[E0308]: mismatched types`.
    RUST_ERROR = r"^\s*(error(?:\[E\d+\])?: .+)$";
    /// rustc: `  --> src/lib.rs:10:5`.
    RUST_ARROW = r"^\s*--> (\S+?):(\d+):\d+$";
    /// Rust: `thread 'x' panicked at src/lib.rs:10:5:`.
    RUST_PANIC = r"^thread '.*' (?:\(\d+\) )?panicked at ([^\s']+?):(\d+):\d+:?$";
    /// Rust before 1.73: `thread 'x' panicked at 'oh', src/lib.rs:10:5`.
    RUST_OLD_PANIC = r"^thread '.*' panicked at '(.*)', (\S+?):(\d+):\d+$";
    /// gcc, clang, javac, mypy, swiftc: `a.c:1:2: error: oh`, `a.c:1: fatal error: oh`; tsc with
    /// colors: `a.ts:1:2 - error TS1: oh`.
    ERROR = r"^\s*(?:e: )?([^\s:()]+):(\d+)(?::\d+)?(?::| -) +(?:fatal )?[Ee]rror:? *(.*)$";
    /// tsc, csc: `a.ts(1,2): error TS1: oh`.
    PARENTHESES = r"^\s*([^\s:()]+)\((\d+)(?:,\d+)*\): +(?:fatal )?error *(.*)$";
    /// Go: `./a.go:1:2: undefined: x`, `    a_test.go:12: oh`, `vet: ./a.go:1:2: oh`.
    GO = r"^\s*(?:vet: |\[ERROR\] +)?([^\s:()]+\.go):(\d+)(?::\d+)?: (.+)$";
    /// flake8, pylint, ruff: `a.py:1:2: E501 line too long`.
    PYTHON_LINT = r"^([^\s:()]+\.py):(\d+):\d+: ([A-Z]+\d+:? .+)$";
    /// Ruby's rubocop: `a.rb:1:2: C: [Corrected] Layout: oh`.
    RUBY_LINT = r"^([^\s:()]+\.rb):(\d+):\d+: [CWEF]: (.+)$";
    /// pytest: `tests/test_a.py:12: AssertionError`.
    PYTEST = r"^([^\s:()]+\.py):(\d+): ([A-Za-z_][\w.]*(?:Error|Exception|Failed|Exit|Warning|Interrupt).*)$";
    /// pytest: `E       assert 1 == 2`.
    PYTEST_SAYS = r"^E {2,}(\S.*)$";
    /// Python: `  File "a.py", line 3, in f`.
    PYTHON_FRAME = r#"^\s+File "([^"]+)", line (\d+)"#;
    /// Node: `    at f (a.js:1:2)`, `    at a.js:1:2`, `    at async f (file:///a.mjs:1:2)`.
    NODE_FRAME = r"^\s+at (?:.*\()?((?:file://)?[^\s:()]+):(\d+):\d+\)?$";
    /// eslint: a file's name alone.
    FILE_ALONE = r"^(\S+\.(?:js|jsx|mjs|cjs|ts|tsx|vue|svelte|css|scss|less|html))$";
    /// eslint: `  12:5  error  oh  rule`.
    ESLINT = r"^\s+(\d+):\d+\s+error\s+(.+)$";
    /// rspec: `     # ./spec/a_spec.rb:12:in ...`.
    RSPEC = r"^\s+# (\S+\.rb):(\d+)(?::in .*)?$";
    /// rspec: `     Failure/Error: expect(1).to eq 2`.
    RSPEC_SAYS = r"^\s+Failure/Error: (.+)$";
    /// minitest: `A#test_b [test/a_test.rb:12]:`.
    MINITEST = r"^\s*(\S.*) \[(\S+\.rb):(\d+)\]:$";
    /// Ruby: `a.rb:12:in 'f': oh (RuntimeError)`.
    RUBY = r"^\s*([^\s:()]+\.rb):(\d+):in [`'][^'`]*': (.+)$";
    /// Ruby: `a.rb:3: syntax error, unexpected end`.
    RUBY_SYNTAX = r"^([^\s:()]+\.rb):(\d+): (syntax error.*)$";
    /// PHP: `PHP Fatal error:  oh in /a.php on line 3`.
    PHP = r"^(?:PHP )?((?:Fatal|Parse) error: +.*) in (\S+\.php)(?: on line |:)(\d+)$";
    /// phpunit: a place alone on its line.
    PHPUNIT = r"^(\S+\.php):(\d+)$";
    /// phpunit: `1) FooTest::testBar`.
    PHPUNIT_TEST = r"^\d+\) (\S+::\S.*)$";
    /// maven: `[ERROR] /a/B.java:[12,5] oh`.
    MAVEN = r"^\[ERROR\] +(\S+\.(?:java|kt|scala|groovy)):\[(\d+),\d+\] *(.+)$";
    /// Swift, kotlinc, ghc and others: `a.hs:1:2: error:` with the words on the next line.
    BARE_ERROR = r"^\s*([^\s:()]+):(\d+):\d+: error:?(?: \[[^\]]*\])?$";
}
