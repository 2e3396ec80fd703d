use crate::{Message, Options, read};
use serde_json::{Value, json};

fn told(source: &str) -> (Value, Vec<Message>) {
    let options = Options {
        defaults: false,
        ..Options::default()
    };
    read(source, options).unwrap()
}

#[test]
fn values_are_wrapped_and_keys_mended() {
    let (config, messages) = told("langauge: go\nbranches: main\nbefore-script: make\n");
    assert_eq!(
        config,
        json!({"language": "go", "branches": {"only": ["main"]}, "before_script": ["make"]})
    );
    let codes: Vec<_> = messages.iter().map(|m| m.code).collect();
    assert_eq!(codes, ["find_key", "underscore_key"]);
}

/// The file with one edit applied.
fn edited(source: &str, edit: &crate::Edit) -> String {
    let lines = source.lines().enumerate().map(|(index, line)| {
        if index + 1 != edit.line as usize {
            return format!("{line}\n");
        }
        let part = |from: u32, to: usize| -> String {
            line.chars().take(to).skip(from as usize).collect()
        };
        let before = part(0, edit.column as usize - 1);
        let after = part(edit.end_column - 1, usize::MAX);
        format!("{before}{}{after}\n", edit.replacement)
    });
    lines.collect()
}

#[test]
fn an_edit_mends_its_message_and_changes_no_other() {
    let source = "langauge: golang\nos: 'mac'\nmatrix:\n  include:\n  - {before-script: x, os: ubuntu}\n\
                  dist: xenail\nnonsense_here: 1\n";
    let (_, messages) = told(source);
    let with_edit: Vec<_> = messages.iter().filter(|m| m.edit.is_some()).collect();
    assert_eq!(with_edit.len(), 7, "{messages:?}");
    for message in with_edit {
        let mended = edited(source, message.edit.as_ref().unwrap());
        let (_, after) = told(&mended);
        // A key with another name is looked at in another turn: the order may change.
        let mut others: Vec<_> = messages
            .iter()
            .filter(|other| *other != message)
            .map(Message::full_text)
            .collect();
        let mut after: Vec<_> = after.iter().map(Message::full_text).collect();
        others.sort();
        after.sort();
        assert_eq!(after, others, "{mended}");
    }
}

#[test]
fn the_first_form_of_conditions_has_no_bare_values() {
    let invalid = |condition: &str| {
        let (_, messages) = told(&format!("conditions: v0\nif: {condition}\n"));
        messages.iter().any(|m| m.code == "invalid_condition")
    };
    for condition in [
        "branch = main AND NOT type IN (push, cron)",
        "env(A) =~ ^x",
        "tag IS present",
    ] {
        assert!(!invalid(condition), "{condition}");
    }
    for condition in [
        "'true'",
        "fork",
        "fork IS true",
        "branch = env(A)",
        "concat(type) = push",
    ] {
        assert!(invalid(condition), "{condition}");
    }
}
