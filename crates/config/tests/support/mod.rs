//! Reads the conformance data and compares with it, where it is at hand.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use travis_config::Message;

/// The cases of one file of the conformance data; `None`, and a printed reason, where absent.
pub fn cases(file: &str) -> Option<Vec<Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/travis-yml")
        .join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: the conformance data is not at hand");
        return None;
    };
    text.lines()
        .map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// How many cases agree, and the first of those that do not.
#[derive(Debug, Default)]
pub struct Score {
    pub cases: usize,
    pub same: usize,
    differences: Vec<String>,
}

impl Score {
    pub fn count(&mut self, same: bool, difference: impl FnOnce() -> String) {
        self.cases += 1;
        if same {
            self.same += 1;
        } else {
            self.differences.push(difference());
        }
    }

    /// Prints the score, and as many differences as the variable `GOLDEN_SHOW` says.
    pub fn print(&self, name: &str) {
        println!(
            "{name}: {} of {} ({:.2} %)",
            self.same,
            self.cases,
            self.percent()
        );
        let shown = std::env::var("GOLDEN_SHOW")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        for difference in self.differences.iter().take(shown) {
            println!("  {difference}");
        }
    }

    pub fn percent(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand cases")]
        let share = self.same as f64 / self.cases.max(1) as f64;
        share * 100.0
    }
}

/// A message as it is compared: level, key and code.
pub type Told = (String, String, String);

/// What conditions skip depends on data about the commit; that is compared elsewhere.
fn is_of_reading(told: &Told) -> bool {
    !told.2.starts_with("skip_")
}

/// The messages that are wanted of reading a file.
pub fn wanted(case: &Value) -> Vec<Told> {
    let text = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    let mut list: Vec<Told> = case["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|m| (text(m, "level"), text(m, "key"), text(m, "code")))
        .filter(is_of_reading)
        .collect();
    list.sort();
    list
}

/// The messages that were given.
pub fn given(messages: &[Message]) -> Vec<Told> {
    let mut list: Vec<Told> = messages
        .iter()
        .map(|m| {
            (
                m.level.as_str().to_owned(),
                m.key.clone(),
                m.code.to_owned(),
            )
        })
        .filter(is_of_reading)
        .collect();
    list.sort();
    list
}

/// What only one of two sorted lists has: `-` is wanted, `+` was given.
pub fn difference(wanted: &[Told], given: &[Told]) -> String {
    let mut counts: BTreeMap<&Told, i32> = BTreeMap::new();
    for told in wanted {
        *counts.entry(told).or_default() -= 1;
    }
    for told in given {
        *counts.entry(told).or_default() += 1;
    }
    let mut text = String::new();
    for ((level, key, code), count) in counts {
        if count != 0 {
            text.push_str(&format!(" {count:+} {level} {key} {code};"));
        }
    }
    text
}

/// The parts of two configurations that differ, shortened.
pub fn config_difference(wanted: &Value, given: &Value, path: &str, text: &mut String) {
    match (wanted, given) {
        (Value::Object(w), Value::Object(g)) => {
            for (key, value) in w {
                let path = format!("{path}.{key}");
                match g.get(key) {
                    Some(other) => config_difference(value, other, &path, text),
                    None => text.push_str(&format!(" -{path}={}", short(value))),
                }
            }
            for (key, value) in g {
                if !w.contains_key(key) {
                    text.push_str(&format!(" +{path}.{key}={}", short(value)));
                }
            }
        }
        (Value::Array(w), Value::Array(g)) if w.len() == g.len() => {
            for (index, (w, g)) in w.iter().zip(g).enumerate() {
                config_difference(w, g, &format!("{path}[{index}]"), text);
            }
        }
        (w, g) if w != g => {
            text.push_str(&format!(" {path}: want {} got {}", short(w), short(g)));
        }
        _ => {}
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(160).collect()
}
