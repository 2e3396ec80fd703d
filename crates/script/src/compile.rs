//! Puts the parts of the script together.

use std::fmt::Write as _;

use serde_json::Value;

use crate::language::{self, Language};
use crate::section::Section;
use crate::shell::{check, quote};
use crate::{
    JobInput, JobScript, ScriptError, addons, cache, checkout, deploy, environment, phases,
    services, value,
};

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
    let cleaned = if input.secure_env {
        input.config.clone()
    } else {
        value::without_decrypted(&input.config)
    };
    let config = &cleaned;
    let name = config.get("language").and_then(Value::as_str);
    let language = language::find(name.unwrap_or_default());
    let mut script = Section::default();
    script.line("# ---- environment ----");
    environment::write_builtin(&mut script.text, input, config, language)?;
    for version in environment::bad_versions(config, language) {
        script.notice(&format!("Not a version, and not used: {version}"))?;
    }
    addons::write_before(&mut script, config)?;
    services::write(&mut script, config)?;
    checkout::write(&mut script.text, input)?;
    environment::write_shown(&mut script.text, input, config)?;
    script
        .text
        .push_str(&language.section(config, LANGUAGE_FUNCTIONS)?);
    for notice in &input.notices {
        check(notice, || "a notice".to_owned())?;
        script.line(&format!("travis_notice {}", quote(notice)));
    }
    let store_cache = cache::write(&mut script, config)?;
    write_phases(&mut script, input, config, language, store_cache)?;
    let mut text = String::with_capacity(16 * 1024);
    let _ = writeln!(
        text,
        "#!/bin/bash\n# Job {} of {}. Run by `bash FILE`; needs HOME set to a directory of its own.\n",
        one_line(&input.job_number),
        input.repo_slug
    );
    text.push_str(FUNCTIONS);
    text.push_str(PUBLIC_FUNCTIONS);
    for functions in script.functions() {
        text.push_str(functions);
    }
    text.push_str(&script.text);
    Ok(JobScript { text })
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

fn write_phases(
    script: &mut Section,
    input: &JobInput,
    config: &Value,
    language: &Language,
    store_cache: Option<String>,
) -> Result<(), ScriptError> {
    script.line("\n# ---- phases ----");
    let mut calls = String::from("\n# ---- the run ----\n");
    let language = Some(language);
    for phase in phases::BEFORE {
        if phases::write(script, config, language, phase)? {
            let _ = writeln!(calls, "travis_run_{}", phase.name);
        }
    }
    calls.push_str(&store_cache.unwrap_or_default());
    let success = phases::write(script, config, language, &phases::AFTER_SUCCESS)?;
    let failure = phases::write(script, config, language, &phases::AFTER_FAILURE)?;
    let deploys = deploy::is_wanted(config);
    if deploys {
        deploy::write(script, input, config)?;
    }
    if success || deploys {
        calls.push_str("if [[ \"${TRAVIS_TEST_RESULT:-}\" == 0 ]]; then\n");
        for (is_there, name) in [(success, "after_success"), (deploys, "deploy")] {
            if is_there {
                let _ = writeln!(calls, "  travis_run_{name}");
            }
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
    let artifacts = addons::artifacts(script, input, config)?;
    calls.push_str(&artifacts);
    calls.push_str("travis_footer\n");
    script.text.push_str(&calls);
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
