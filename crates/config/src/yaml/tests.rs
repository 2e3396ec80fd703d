use super::*;

fn root(source: &str) -> Json {
    let document = parse(source).unwrap();
    document.root.to_json()
}

#[test]
fn scalars_stay_strings_except_plain_true_false_null() {
    let got = root("a: 1.10\nb: on\nc: yes\nd: true\ne: 'true'\nf: ~\ng: 2020-01-01\n");
    let want = serde_json::json!({"a": "1.10", "b": "on", "c": "yes", "d": true, "e": "true",
        "f": null, "g": "2020-01-01"});
    assert_eq!(got, want);
}

#[test]
fn merge_keys_give_way_to_explicit_ones() {
    let got = root("x: &x {a: 1, b: 2}\ny:\n  b: 3\n  <<: *x\nz:\n  <<: [*x, {c: 4, a: 9}]\n");
    assert_eq!(got["y"], serde_json::json!({"b": 3, "a": 1}));
    assert_eq!(got["z"], serde_json::json!({"a": 1, "b": 2, "c": 4}));
}

#[test]
fn duplicates_are_told_with_their_place_and_the_last_wins() {
    let document = parse("env:\n  A: 1\n  A: 2\n").unwrap();
    assert_eq!(document.duplicates.len(), 1);
    let duplicate = &document.duplicates[0];
    assert_eq!(
        (duplicate.path.as_str(), duplicate.key.as_str()),
        ("env", "A")
    );
    assert_eq!((duplicate.line, duplicate.column), (3, 3));
}

#[test]
fn alias_bombs_are_refused() {
    let mut source = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let list = vec![format!("*a{}", level - 1); 10].join(", ");
        source.push_str(&format!("a{level}: &a{level} [{list}]\n"));
    }
    let error = parse(&source).unwrap_err();
    assert!(
        matches!(error, crate::ConfigError::AliasBomb { .. }),
        "{error}"
    );
}

#[test]
fn long_strings_behind_aliases_are_refused() {
    let mut source = format!("a: &a {}\nb:\n", "x".repeat(500_000));
    source.push_str(&"- *a\n".repeat(50));
    assert!(matches!(
        parse(&source),
        Err(crate::ConfigError::AliasBomb { .. })
    ));
}

#[test]
fn deep_nesting_is_refused() {
    for source in [
        format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000)),
        format!("a: {}{}", "[".repeat(100), "]".repeat(100)),
        format!("a: {}x", "- ".repeat(5_000)),
    ] {
        assert!(parse(&source).is_err());
    }
}

#[test]
fn an_alias_of_nothing_known_is_nothing() {
    assert_eq!(root("a: *b\n"), serde_json::json!({"a": null}));
    assert!(parse("a: &a\n  b: *a\n").is_ok());
}

#[test]
fn syntax_errors_have_a_place() {
    let error = parse("language: ruby\nscript: \"unclosed\n").unwrap_err();
    assert!(error.line().is_some());
}

#[test]
fn strings_with_too_little_indentation_are_read_as_the_original_did() {
    let got = root(
        "a:\n  b:\n    - secure: \"one\ntwo\\\"\n\nthree\"\n    - 'x\ny'\nscript: \"\nif\nfi\"\n",
    );
    let want = serde_json::json!({"a": {"b": [{"secure": "one two\"\nthree"}, "x y"]},
        "script": " if fi"});
    assert_eq!(got, want);
    assert!(parse("a:\n  b: \"never closed\nx\n").is_err());
}

#[test]
fn letters_of_all_languages_are_kept_and_what_nobody_sees_is_not() {
    let document =
        super::parse("name: Prüfung ✓\nscript:\n\u{a0} - echo\u{a0}„ja“\u{200b}\n").unwrap();
    assert_eq!(
        document.root.to_json(),
        serde_json::json!({"name": "Prüfung ✓", "script": ["echo „ja“"]})
    );
}

#[test]
fn tabs_between_key_and_value_are_let_pass_as_they_were() {
    let got = root("language:\tgo\nenv:\n  - A:\t\t1\n");
    assert_eq!(
        got,
        serde_json::json!({"language": "go", "env": [{"A": 1}]})
    );
}

#[test]
fn an_asterisk_begins_an_alias_or_nothing() {
    assert_eq!(root("a: *nobody\n")["a"], Json::Null);
    for source in ["a:\n- *.py\n", "a: *x.y\n", "a: *\n"] {
        assert!(parse(source).is_err(), "{source}");
    }
}

#[test]
fn what_is_mended_is_found_behind_other_letters() {
    assert_eq!(
        root("{name: 'ü', a: *nobody, b: 1}\n"),
        serde_json::json!({"name": "ü", "a": null, "b": 1})
    );
    assert_eq!(
        root("é:\tgo\nb: {ü: \"x\ny\"}\n"),
        serde_json::json!({"é": "go", "b": {"ü": "x y"}})
    );
}
