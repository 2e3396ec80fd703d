use super::{CompiledPattern, ConditionError, read};

fn compile(pattern: &str) -> Result<CompiledPattern, ConditionError> {
    read(pattern)?.compile(200_000)
}

#[track_caller]
fn check(pattern: &str, text: &str, want: bool) {
    match compile(pattern).and_then(|compiled| compiled.matches(text)) {
        Ok(matches) => assert_eq!(matches, want, "/{pattern}/ on {text:?}"),
        Err(error) => panic!("/{pattern}/ on {text:?}: {error}"),
    }
}

#[test]
fn patterns_mean_what_they_mean_in_ruby() {
    for (pattern, yes, no) in [
        ("^ma.*$", "master", "ham"),
        ("^b$", "a\nb\nc", "ab"),
        (r"\Ab", "b", "a\nb"),
        (r"b\Z", "b\n", "b\n\n"),
        (r"b\z", "b", "b\n"),
        ("^*-linux$", "v1-linux", "v1"),
        ("^v+$", "vv", "v1"),
        (r"^\d+\.\h{2}$", "1.aF", "1.g0"),
        (r"^\w$", "_", "é"),
        (r"^[[:alpha:]]+$", "é", "1"),
        (r"^[[:^alpha:]]+$", "12", "1a"),
        (r"^[^\w-]$", "+", "-"),
        (r"^[\w-]+$", "a-b", "a+b"),
        (r"^[a-z-.]+$", "a-.b", "A"),
        (r"^[]a]$", "]", "b"),
        (r"^[a-z&&[^b]]$", "a", "b"),
        (r"^(?<year>\d+)-\k<year>$", "12-12", "12-13"),
        (r"^(a|b)\1$", "aa", "ab"),
        ("(?i)MASTER", "master", "main"),
        ("^a(?i)b|c$", "aC", "C"),
        ("(?i:m)ain", "Main", "MAIN"),
        ("(?m)a.b", "a\nb", "ab"),
        ("a.b", "a-b", "a\nb"),
        ("(?x) a b # c", "ab", "a b"),
        ("^((?!skip).)*$", "build", "skip"),
        ("^.*(?<!-built)$", "master", "x-built"),
        (r"release\/", "release/1", "release"),
        ("^a{,2}$", "aa", "aaa"),
        ("^a{2}$", "aa", "a"),
        ("^a{x}$", "a{x}", "ax"),
        ("^{}$", "{}", ""),
        ("^a**$", "aa", "b"),
        ("^a++a?$", "aa", "b"),
        ("^a]}$", "a]}", "a"),
        (r"^\p{Upper}\p{^Upper}\P{L}$", "Ab1", "ABc"),
        (r"^\x41\u0042\u{43}$", "ABC", "abc"),
        (r"^(?>a+)b$", "aab", "aa"),
        (r"^\-\_\ $", "-_ ", "--"),
        ("", "anything", "\u{0}no"),
    ] {
        check(pattern, yes, true);
        if !pattern.is_empty() {
            check(pattern, no, false);
        }
    }
}

#[test]
fn what_ruby_refuses_is_refused() {
    for pattern in [
        "*foo*",
        "+d2^",
        "?",
        "a|*",
        "(*a)",
        "a(",
        "a)",
        "[",
        "[]",
        "[z-a]",
        r"[\w-.]",
        r"[a-\d]",
        r"a\",
        r"\1",
        r"(?<a>x)\1",
        r"\k<no>",
        "(?y)",
        "[[:nope:]]",
        r"\p{Nope}",
        "{1}",
        "(?<1>a)",
        "a{100001}",
        r"\x",
        r"\u12",
        "(?",
        "(?#",
        r"[a\",
    ] {
        let error = compile(pattern).map(|_| pattern).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("Invalid regular expression: /{pattern}/")),
            "{error}"
        );
    }
}

#[test]
fn a_pattern_that_backtracks_without_end_is_stopped() {
    let pattern = compile(r"^(?:(a+)+\1)*(?!b)$").unwrap();
    let text = format!("{}!", "a".repeat(5000));
    let begun = std::time::Instant::now();
    let result = pattern.matches(&text);
    assert!(begun.elapsed().as_secs() < 2);
    if let Err(error) = result {
        assert!(error.to_string().contains("takes too long"), "{error}");
    }
}

#[test]
fn a_pattern_that_grows_without_end_is_refused() {
    assert!(compile("(((a{1000}){1000}){1000}){1000}").is_err());
    assert!(compile(&"(".repeat(10_000)).is_err());
}

#[test]
fn compiling_is_quick_or_refused() {
    for count in [1, 2, 3, 5, 8, 13, 100, 1000] {
        let begun = std::time::Instant::now();
        let result = compile(&format!(r"^[[:alpha:]\p{{Han}}]{{{count}}}$"));
        println!("{count}: {:?}, {}", begun.elapsed(), result.is_ok());
        assert!(begun.elapsed().as_secs() < 2);
        assert!(result.is_ok() || count > 3, "a short one is taken");
    }
}
