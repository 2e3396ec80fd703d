//! Puts the parts of the script together.

use std::fmt::Write as _;

use serde_json::Value;

use crate::language::{self, Language};
use crate::shell::{check, quote};
use crate::{JobInput, JobScript, ScriptError, checkout, environment, phases};

const FUNCTIONS: &str = include_str!("bash/functions.bash");
const PUBLIC_FUNCTIONS: &str = include_str!("bash/public.bash");
const LANGUAGE_FUNCTIONS: &str = include_str!("bash/language.bash");

/// Compiles a job to its script.
///
/// # Errors
/// For values that no shell can carry safely: zero bytes, slugs that lead elsewhere, commits
/// that are no hashes.
pub fn compile(input: &JobInput) -> Result<JobScript, ScriptError> {
    check_slug(&input.repo_slug)?;
    let config = &input.config;
    let name = config.get("language").and_then(Value::as_str);
    let language = language::find(name.unwrap_or_default());
    let mut script = String::with_capacity(16 * 1024);
    let _ = writeln!(
        script,
        "#!/bin/bash\n# Job {} of {}. Run by `bash FILE`; needs HOME set to a directory of its own.\n",
        one_line(&input.job_number),
        input.repo_slug
    );
    script.push_str(FUNCTIONS);
    script.push_str(PUBLIC_FUNCTIONS);
    script.push_str("\n# ---- environment ----\n");
    environment::write_builtin(&mut script, input, language)?;
    checkout::write(&mut script, input)?;
    environment::write_shown(&mut script, input)?;
    write_language(&mut script, config, language);
    for notice in &input.notices {
        check(notice, || "a notice".to_owned())?;
        let _ = writeln!(script, "travis_notice {}", quote(notice));
    }
    write_notices(&mut script, config)?;
    write_phases(&mut script, config, language)?;
    Ok(JobScript { text: script })
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// `owner/name` with the characters that forges allow; groups may nest.
fn check_slug(slug: &str) -> Result<(), ScriptError> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-+~".contains(c))
    };
    // A name such as `.github` is one that forges allow.
    let name = |name: &str| part(name.strip_prefix('.').unwrap_or(name));
    let parts: Vec<&str> = slug.split('/').collect();
    match parts.split_last() {
        Some((last, owners))
            if !owners.is_empty() && owners.iter().all(|owner| part(owner)) && name(last) =>
        {
            Ok(())
        }
        _ => Err(ScriptError::Slug {
            slug: slug.to_owned(),
        }),
    }
}

fn write_language(script: &mut String, config: &Value, language: &Language) {
    let overrides = |name| phases::commands(config, name).is_some();
    let uses_default = !(overrides("install") && overrides("script"));
    if language.needs_functions() && (uses_default || language.needs_setup(config)) {
        script.push('\n');
        script.push_str(LANGUAGE_FUNCTIONS);
    }
    if language.needs_setup(config) {
        script.push_str("\n# ---- language ----\n");
        script.push_str(&language.setup());
        script.push_str("TRAVIS_STAGE=setup\n");
        script.push_str(language.exports);
        script.push_str("travis_setup_language\n");
    }
}

/// Says plainly what the configuration asks for and this system does not do.
fn write_notices(script: &mut String, config: &Value) -> Result<(), ScriptError> {
    let listed = |value: &Value| -> String {
        let words: Vec<&str> = match value {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            Value::Object(map) => map.keys().map(String::as_str).collect(),
            Value::String(text) => vec![text],
            _ => Vec::new(),
        };
        words.join(", ")
    };
    for (key, verb) in [("services", "started"), ("addons", "installed")] {
        if let Some(value) = config.get(key) {
            let words = listed(value);
            if !words.is_empty() {
                check(&words, || format!("the key {key}"))?;
                let text = format!("Not {verb} by this worker: {words} ({key}).");
                let _ = writeln!(script, "travis_notice {}", quote(&text));
            }
        }
    }
    Ok(())
}

fn write_phases(
    script: &mut String,
    config: &Value,
    language: &Language,
) -> Result<(), ScriptError> {
    script.push_str("\n# ---- phases ----\n");
    let mut calls = String::from("\n# ---- the run ----\n");
    for phase in phases::BEFORE {
        if phases::write(script, config, language, phase)? {
            let _ = writeln!(calls, "travis_run_{}", phase.name);
        }
    }
    let success = phases::write(script, config, language, &phases::AFTER_SUCCESS)?;
    let failure = phases::write(script, config, language, &phases::AFTER_FAILURE)?;
    let deploys = config
        .get("deploy")
        .is_some_and(|deploy| *deploy != Value::Bool(false));
    if success || deploys {
        calls.push_str("if [[ \"${TRAVIS_TEST_RESULT:-}\" == 0 ]]; then\n");
        if success {
            calls.push_str("  travis_run_after_success\n");
        }
        if deploys {
            calls.push_str("  travis_notice 'Deployments are not run by this worker.'\n");
        }
        calls.push_str("fi\n");
    }
    if failure {
        calls.push_str(
            "if [[ \"${TRAVIS_TEST_RESULT:-}\" != 0 ]]; then travis_run_after_failure; fi\n",
        );
    }
    if phases::write(script, config, language, &phases::AFTER_SCRIPT)? {
        calls.push_str("travis_run_after_script\n");
    }
    calls.push_str("travis_footer\n");
    script.push_str(&calls);
    Ok(())
}

/// The script of a job whose configuration could not be used: prints why, in red, and ends as
/// errored.
#[must_use]
pub fn config_error(text: &str) -> JobScript {
    let text: String = text.chars().filter(|c| *c != '\0').collect();
    JobScript {
        text: format!(
            "#!/bin/bash\nprintf '\\033[31;1mERROR\\033[0m: \\033[31;1m%s\\033[0m\\n' {}\n\
             printf '\\nDone. Your build exited with 2.\\n'\nexit 2\n",
            quote(text.trim_end())
        ),
    }
}
