use super::*;
use crate::{lint_context, plan};

fn offered(source: &str) -> Vec<Message> {
    let mut messages = read(source, Options::default()).unwrap().1;
    offer_edits(source, &mut messages);
    messages
}

/// The file with all edits, again and again until there are none.
fn mended(source: &str) -> String {
    let mut text = source.to_owned();
    for _ in 0..20 {
        let edits: Vec<Edit> = offered(&text).into_iter().filter_map(|m| m.edit).collect();
        match apply_edits(&text, &edits) {
            Some(next) => text = next,
            None => break,
        }
    }
    text
}

#[test]
fn each_kind_of_mistake_is_mended_in_its_place() {
    for (source, want) in [
        ("langauge: golang\n", "language: go\n"),
        ("'before-script': x # why\n", "'before_script': x # why\n"),
        ("os: [Linux, OSX]\n", "os: [linux, osx]\n"),
        (
            "matrix:\n  include: {node: 8}\n",
            "jobs:\n  include: {node_js: 8}\n",
        ),
        (
            "# a\nsudo: false # b\n# c\nscript: x\n",
            "# a\n# c\nscript: x\n",
        ),
        ("sudo: required\n", ""),
        ("script: x\nsudo: required", "script: x\n"),
        (
            "jobs:\n  include:\n  - sudo: true\n    script: x\n",
            "jobs:\n  include:\n  - script: x\n",
        ),
        (
            "jobs: {include: [{script: x, sudo: true}]}\n",
            "jobs: {include: [{script: x}]}\n",
        ),
        (
            "jobs: {include: [{sudo: true, script: x}]}\n",
            "jobs: {include: [{script: x}]}\n",
        ),
        (
            "env:\n- A=1\n# c\nscript: x\nenv:\n- A=1\n",
            "# c\nscript: x\nenv:\n- A=1\n",
        ),
        (
            "script: |\n  a\n\n  b\ndist: xenial\nscript: b\n",
            "dist: xenial\nscript: b\n",
        ),
        (
            "jobs:\n  include:\n  - os:\n    - linux\n    script: x\n",
            "jobs:\n  include:\n  - os: linux\n    script: x\n",
        ),
        ("language: [ruby]\n", "language: ruby\n"),
        (
            "language:\n  - ruby\n  - go\n# c\n",
            "language: ruby\n# c\n",
        ),
        (
            "x: &a\n  script: y\njobs:\n  include:\n  - *a\n",
            "_x: &a\n  script: y\njobs:\n  include:\n  - *a\n",
        ),
        (
            "deploy:\n  provider: script\n  script: x\n  skip_cleanup: true\n",
            "deploy:\n  provider: script\n  script: x\n  cleanup: false\n",
        ),
        (
            "jobs:\n  allow_failures:\n  - branch: dev\n",
            "jobs:\n  allow_failures:\n  - if: branch = dev\n",
        ),
    ] {
        assert_eq!(mended(source), want, "{source}");
    }
}

#[test]
fn what_has_no_one_answer_is_left_alone() {
    for source in [
        "nonsense: 1\n",
        "env:\n- A=1\nenv:\n- B=1\n",
        "env:\n  global:\n    secure: abcd\n    secure: efgh\n",
        "matrix: {include: [{script: a}]}\njobs: {include: [{script: b}]}\n",
        "jobs:\n  include:\n  - sudo: true\n",
        "language: [ruby, # or\n  go]\n",
        "deploy:\n  provider: pypi\n  password: plain\n",
        // What is referred to must stay.
        "env: &e [A=1]\nenv: &f [A=1]\n_x: [*e, *f]\n",
    ] {
        assert_eq!(mended(source), source);
    }
}

#[test]
fn columns_count_all_characters() {
    let messages = read("{name: 'ü ä', Os: linux}\n", Options::default())
        .unwrap()
        .1;
    let message = messages
        .iter()
        .find(|m| m.code == "underscore_key")
        .unwrap();
    assert_eq!((message.line, message.column), (Some(1), Some(15)));
    for text in ["ü ä", "a\u{200b}\u{a0}b"] {
        assert_eq!(
            mended(&format!("{{if: '{text}', Os: linux}}\n")),
            format!("{{if: '{text}', os: linux}}\n")
        );
    }
}

#[test]
fn edits_do_not_overlap() {
    let edit = |from: (u32, u32), to: (u32, u32), replacement: &str| Edit {
        line: from.0,
        column: from.1,
        end_line: to.0,
        end_column: to.1,
        replacement: replacement.to_owned(),
    };
    let edits = [
        edit((2, 1), (2, 8), "foo_bar"),
        edit((1, 1), (1, 2), "a"),
        edit((2, 3), (2, 5), "x"),
        edit((3, 1), (3, 5), ""),
        edit((9, 1), (9, 2), "nowhere"),
    ];
    let source = "ä: 1\nfoo-bar: 2\nb: 3";
    assert_eq!(apply_edits(source, &edits).unwrap(), "a: 1\nfoo_bar: 2\n");
    assert_eq!(apply_edits(source, &[]), None);
}

/// Real files, where they are at hand.
#[test]
fn real_files_stay_readable_and_get_no_worse() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/travis-yml/real_golden.jsonl"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: the data to compare with (../shared/data) is not at hand");
        return;
    };
    let context = lint_context();
    let mut edited = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let source = case["yaml"].as_str().unwrap();
        let Ok(before) = plan(source, &context) else {
            continue;
        };
        let mut messages = before.messages;
        offer_edits(source, &mut messages);
        let edits: Vec<Edit> = messages.iter().filter_map(|m| m.edit.clone()).collect();
        let Some(text) = apply_edits(source, &edits) else {
            continue;
        };
        edited += 1;
        let after = plan(&text, &context).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(after.jobs.len(), before.jobs.len(), "{text}");
        for message in &after.messages {
            let known = messages
                .iter()
                .any(|m| fingerprint(m) == fingerprint(message));
            assert!(known, "{} in\n{text}", message.full_text());
        }
    }
    assert!(edited > 100, "{edited}");
}
