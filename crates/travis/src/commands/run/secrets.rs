//! Secrets: what is lent to jobs from here, and what only a server can read.

use super::chosen::Chosen;
use crate::cli::run::RunArgs;
use crate::failure::Failure;
use crate::output::{Screen, plain};
use serde_json::Value;
use travis_script::EnvVar;

/// Names that are told at most.
const MOST_NAMES: usize = 5;

/// The variables that are lent to jobs without being shown.
///
/// # Errors
/// When the environment has no such variable.
pub fn lent(args: &RunArgs) -> Result<Vec<EnvVar>, Failure> {
    args.secret
        .iter()
        .map(|name| {
            let value = std::env::var(name).map_err(|_| {
                Failure::usage(format!("the environment has no variable {name}"))
                    .remedy(format!("Set it first: read -rs {name} && export {name}"))
            })?;
            Ok(EnvVar {
                name: name.clone(),
                value,
                public: false,
            })
        })
        .collect()
}

/// Says that encrypted values are left out, where there are some.
///
/// # Errors
/// When writing fails.
pub fn say_left_out(all: &[Chosen<'_>], name: &str, screen: &mut Screen) -> Result<(), Failure> {
    let mut found: Vec<(String, String)> = Vec::new();
    for chosen in all {
        for (key, value) in &chosen.job.config.as_object().cloned().unwrap_or_default() {
            look(key, value, &mut found);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let more = if names.len() > MOST_NAMES {
        ", …"
    } else {
        ""
    };
    names.truncate(MOST_NAMES);
    let what = match found.len() {
        1 => "1 encrypted value".to_owned(),
        count => format!("{count} encrypted values"),
    };
    let names = plain(&names.join(", "));
    screen.remark(&format!(
        "note: {what} of {name} can't be read here, only by the server, and jobs do without ({names}{more}). \
         Give those that a job needs by: --secret NAME"
    ))?;
    Ok(())
}

/// Finds encrypted values, each once, with the key that they are under.
fn look(key: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(secure)) = map.get("secure") {
                if !found.iter().any(|(_, known)| known == secure) {
                    found.push((key.to_owned(), secure.clone()));
                }
                return;
            }
            for (key, value) in map {
                look(key, value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| look(key, value, found)),
        _ => {}
    }
}
