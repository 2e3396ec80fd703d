//! Compares with what the original makes of the same files, prints one table, and fails below the
//! floors. `--differences` lists what differs. Where the data is not at hand it says so.

mod golden;
mod specified;

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

/// One row of the table.
struct Row {
    set: &'static str,
    compared: &'static str,
    /// In percent.
    floor: f64,
    cases: usize,
    differences: Vec<String>,
}

impl Row {
    fn new(set: &'static str, compared: &'static str, floor: f64) -> Self {
        Self {
            set,
            compared,
            floor,
            cases: 0,
            differences: Vec::new(),
        }
    }

    /// Counts one case; what differs is told by `difference`.
    fn count(&mut self, same: bool, difference: impl FnOnce() -> String) {
        self.cases += 1;
        if !same {
            self.differences.push(difference());
        }
    }

    fn equal(&self) -> usize {
        self.cases - self.differences.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand cases")]
    fn percent(&self) -> f64 {
        self.equal() as f64 * 100.0 / self.cases.max(1) as f64
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/travis-yml")
}

/// The cases of one file; `None` where it is not at hand.
fn cases(file: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(folder().join(file)).ok()?;
    let cases = text.lines().map(serde_json::from_str).collect();
    match cases {
        Ok(cases) => Some(cases),
        Err(error) => {
            println!("{file} can not be read: {error}");
            None
        }
    }
}

/// A short name of a case for the list of differences.
fn name(case: &Value) -> String {
    let text = |key: &str| case[key].as_str().filter(|text| !text.is_empty());
    let name = text("path")
        .or_else(|| text("desc"))
        .or_else(|| text("yaml"));
    format!(
        "{:?}",
        name.unwrap_or_default()
            .chars()
            .take(300)
            .collect::<String>()
    )
}

/// What differs in two values, by path, shortened.
fn difference(wanted: &Value, given: &Value, path: &str, text: &mut String) {
    let short = |value: &Value| value.to_string().chars().take(120).collect::<String>();
    match (wanted, given) {
        (Value::Object(wanted), Value::Object(given)) => {
            for (key, value) in wanted {
                let path = format!("{path}.{key}");
                match given.get(key) {
                    Some(other) => difference(value, other, &path, text),
                    None => text.push_str(&format!(" -{path}={}", short(value))),
                }
            }
            for (key, value) in given.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
                text.push_str(&format!(" +{path}.{key}={}", short(value)));
            }
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            for (index, (wanted, given)) in wanted.iter().zip(given).enumerate() {
                difference(wanted, given, &format!("{path}[{index}]"), text);
            }
        }
        (wanted, given) if wanted != given => {
            let (wanted, given) = (short(wanted), short(given));
            text.push_str(&format!(" {path}: {wanted} wanted, {given} given"));
        }
        _ => {}
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    if has("--list") {
        println!("conformance: test");
        return ExitCode::SUCCESS;
    }
    if !folder().is_dir() {
        println!("skipped: the data to compare with (../shared/data) is not at hand");
        return ExitCode::SUCCESS;
    }
    let mut rows = Vec::new();
    rows.extend(golden::rows("real_golden.jsonl", [99.5, 99.0, 98.0]));
    rows.extend(golden::rows("spec_golden.jsonl", [98.0, 97.0, 96.0]));
    rows.extend(specified::rows());
    println!("| set | compared | cases | equal | % | floor |");
    println!("|---|---|---:|---:|---:|---:|");
    for row in &rows {
        println!(
            "| {} | {} | {} | {} | {:.2} | {:.1} |",
            row.set,
            row.compared,
            row.cases,
            row.equal(),
            row.percent(),
            row.floor
        );
    }
    if has("--differences") {
        for row in rows.iter().filter(|row| !row.differences.is_empty()) {
            println!("\n{}, {}:", row.set, row.compared);
            for difference in &row.differences {
                println!("- {difference}");
            }
        }
    }
    let below: Vec<&Row> = rows
        .iter()
        .filter(|row| row.percent() < row.floor)
        .collect();
    for row in &below {
        println!("below the floor: {}, {}", row.set, row.compared);
    }
    if below.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
