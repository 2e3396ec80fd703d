//! The phases that a job's configuration fills, each a function `travis_run_<phase>`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::ScriptError;
use crate::language::Language;
use crate::section::Section;
use crate::shell::{check, quote};

/// One phase and what its failure means.
pub(crate) struct Phase {
    pub name: &'static str,
    /// A failing command stops the job as errored.
    asserts: bool,
    /// Not put in folds, and its results count.
    is_script: bool,
}

const fn phase(name: &'static str, asserts: bool) -> Phase {
    Phase {
        name,
        asserts,
        is_script: false,
    }
}

/// Before the result is known.
pub(crate) const BEFORE: &[Phase] = &[
    phase("before_install", true),
    phase("install", true),
    phase("before_script", true),
    Phase {
        name: "script",
        asserts: false,
        is_script: true,
    },
    phase("before_cache", false),
];

pub(crate) const AFTER_SUCCESS: Phase = phase("after_success", false);
pub(crate) const AFTER_FAILURE: Phase = phase("after_failure", false);
pub(crate) const AFTER_SCRIPT: Phase = phase("after_script", false);

/// Around each deployment.
pub(crate) const BEFORE_DEPLOY: Phase = phase("before_deploy", true);
pub(crate) const AFTER_DEPLOY: Phase = phase("after_deploy", false);

/// The commands that the configuration gives for a phase; `None` where it says nothing.
pub(crate) fn commands<'c>(config: &'c Value, name: &str) -> Option<Vec<&'c str>> {
    match config.get(name)? {
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect()),
        Value::String(text) => Some(vec![text]),
        Value::Bool(true) => Some(vec!["true"]),
        Value::Bool(false) => Some(vec!["false"]),
        _ => None,
    }
}

fn is_skip(commands: &[&str]) -> bool {
    matches!(commands, ["skip" | "ignore"])
}

/// Writes the function of a phase; answers whether there is anything in it.
pub(crate) fn write(
    script: &mut Section,
    config: &Value,
    language: Option<&Language>,
    phase: &Phase,
) -> Result<bool, ScriptError> {
    let name = phase.name;
    let mut body = String::new();
    match commands(config, name) {
        Some(commands) if is_skip(&commands) => {
            let text = format!("Skipping the {name} step, as specified in the configuration.");
            let _ = writeln!(body, "  printf '%s\\n' {}", quote(&text));
            if phase.is_script {
                body.push_str("  export TRAVIS_TEST_RESULT=\"${TRAVIS_TEST_RESULT:-0}\"\n");
            }
        }
        Some(commands) => write_commands(&mut body, phase, &commands)?,
        None => {
            if let Some(default) = language.and_then(|language| language.default_step(name)) {
                for line in default.trim_end().lines() {
                    let _ = writeln!(body, "  {line}");
                }
            }
        }
    }
    if body.is_empty() {
        return Ok(false);
    }
    let _ = write!(
        script.text,
        "\ntravis_run_{name}() {{\n  TRAVIS_STAGE={name}\n{body}}}\n"
    );
    Ok(true)
}

fn write_commands(body: &mut String, phase: &Phase, commands: &[&str]) -> Result<(), ScriptError> {
    let name = phase.name;
    for (index, command) in commands.iter().enumerate() {
        check(command, || format!("a command of {name}"))?;
        let command = quote(command);
        if phase.is_script {
            let _ = writeln!(
                body,
                "  travis_cmd {command} --echo --timing\n  travis_result $?"
            );
            continue;
        }
        let fold = if commands.len() == 1 {
            name.to_owned()
        } else {
            format!("{name}.{}", index + 1)
        };
        let assert = if phase.asserts { " --assert" } else { "" };
        let _ = writeln!(body, "  travis_fold start {fold}");
        let _ = writeln!(body, "  travis_cmd {command} --echo --timing{assert}");
        let _ = writeln!(body, "  travis_fold end {fold}");
    }
    Ok(())
}
