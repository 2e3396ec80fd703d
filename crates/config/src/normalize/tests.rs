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
