//! Puts the parts of the script together.

use std::fmt::Write as _;

use serde_json::Value;

use crate::language::{self, Language, functions};
use crate::section::Section;
use crate::shell::quote;
use crate::{
    JobInput, JobScript, ScriptError, addons, cache, checkout, deploy, environment, phases,
    results, services, ssh, value,
};

const FUNCTIONS: &str = include_str!("bash/functions.bash");
const PUBLIC_FUNCTIONS: &str = include_str!("bash/public.bash");
const RESULTS: &str = include_str!("bash/results.bash");
const SUDO: &str = include_str!("bash/sudo.bash");

/// Functions that a job's own commands may call, and the files that they are made of: they are in
/// a script whose configuration names them.
const ON_DEMAND: &[(&str, &[&str])] = &[
    (
        "travis_setup_postgresql",
        &[
            include_str!("bash/services.bash"),
            include_str!("bash/services/postgresql.bash"),
        ],
    ),
    (
        "travis_install_jdk",
        &[
            include_str!("bash/language.bash"),
            include_str!("language/jdk.bash"),
        ],
    ),
];

/// What the generated text does on purpose.
const DIRECTIVES: &str = "\
# Commands call functions from texts that are evaluated (SC2317); texts in single quotes, and quotes
# within quotes, are meant as they are (SC2016, SC1003); version managers are files of the machine
# (SC1090, SC1091).
# shellcheck disable=SC2317,SC2016,SC1003,SC1090,SC1091
";

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
    let mut environment = String::new();
    environment::write_builtin(&mut environment, input, config, language)?;
    let mut script = Section::default();
    script.begin("travis_run_prepare", "prepare");
    let lends_sudo = may_call_sudo(config);
    if lends_sudo {
        script.line("travis_lend_sudo");
    }
    for version in environment::bad_versions(config, language) {
        script.notice(&format!("Not a version, and not used: {version}"))?;
    }
    script.end();
    ssh::write(&mut script, input)?;
    addons::write_before(&mut script, config)?;
    services::write(&mut script, config)?;
    checkout::write(&mut script, input)?;
    environment::write_shown(&mut script, input, config)?;
    language.write(&mut script, config)?;
    if !input.notices.is_empty() {
        script.begin("travis_run_announce", "announce");
        for notice in &input.notices {
            script.notice(notice)?;
        }
        script.end();
    }
    write_phases(&mut script, input, config, language)?;
    let mut text = String::with_capacity(24 * 1024);
    write_head(&mut text, input, config);
    text.push_str("\n# ==== the job ====\n\n");
    text.push_str(&environment);
    let _ = write!(
        text,
        "\n# The phases in their order.\ntravis_run_job() {{\n{}}}\n{}",
        script.calls, script.text
    );
    for (name, files) in ON_DEMAND {
        if text.contains(name) {
            for file in *files {
                script.needs(*file);
            }
        }
    }
    text.push_str("\n# ==== what all jobs share ====\n\n");
    let functions = functions::called(
        script.functions(),
        &format!("{text}{FUNCTIONS}{PUBLIC_FUNCTIONS}{RESULTS}"),
    );
    for part in [FUNCTIONS, PUBLIC_FUNCTIONS, RESULTS, &functions] {
        text.push_str(part);
    }
    if lends_sudo {
        text.push_str(&lend_sudo());
    }
    text.push_str("\n# ==== the run ====\n\ntravis_run_job\n");
    Ok(JobScript { text })
}

/// Whether anything of the job may call sudo: programs of its source may, too. A job that does nothing
/// does not pay for it with a process.
fn may_call_sudo(config: &Value) -> bool {
    config.pointer("/git/clone") != Some(&Value::Bool(false)) || config.to_string().contains("sudo")
}

/// The function that makes a program stand for sudo where jobs are not root: one job in four calls
/// it, mostly for what is there already or does not need it.
fn lend_sudo() -> String {
    format!(
        "\n# Where the job is not root, this program stands for sudo.\n\
         travis_lend_sudo() {{\n  travis_can_be_root || travis_stand_for_sudo <<'TRAVIS_SUDO'\n\
         {SUDO}TRAVIS_SUDO\n}}\n"
    )
}

/// What the script is, for somebody who looks why a job did what it did.
fn write_head(text: &mut String, input: &JobInput, config: &Value) {
    let of = match (&input.pull_request, &input.tag) {
        (Some(pull), _) => format!("pull request {} to {}", pull.number, input.branch),
        (None, Some(tag)) => format!("tag {tag}"),
        (None, None) => format!("branch {}", input.branch),
    };
    let commit: String = input.commit.chars().take(12).collect();
    let what = format!(
        "Job {} of {}: {of}, commit {commit}.",
        input.job_number, input.repo_slug
    );
    let _ = write!(
        text,
        "#!/bin/bash\n# {}\n#\n\
         # To run it again by hand: HOME=\"$(mktemp -d)\" bash FILE\n\
         # The source is cloned to build/{} below that HOME. Addons, services and the job's own commands\n\
         # may change more of the machine: use a container where that matters.\n\
         # It ends with 0 when the job passed, with 1 when it failed, else the job is errored.\n",
        one_line(&what),
        input.repo_slug
    );
    if environment::has_secrets(input, config) {
        text.push_str("# It holds the values of secrets: do not pass it on.\n");
    }
    text.push_str(
        "#\n# The job comes first: its variables, the order of its phases, a function for each of them. What\n\
         # all jobs share follows, and the last line starts it.\n#\n",
    );
    text.push_str(DIRECTIVES);
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
) -> Result<(), ScriptError> {
    let has_cache = cache::write(script, config)?;
    let language = Some(language);
    for phase in phases::BEFORE {
        if phases::write(script, config, language, phase)? {
            let _ = writeln!(script.calls, "  travis_run_{}", phase.name);
        }
    }
    let success = phases::write(script, config, language, &phases::AFTER_SUCCESS)?;
    let failure = phases::write(script, config, language, &phases::AFTER_FAILURE)?;
    let deploys = deploy::is_wanted(config);
    if deploys {
        deploy::write(script, input, config)?;
    }
    let passed = [
        (has_cache, "cache"),
        (success, "after_success"),
        (deploys, "deploy"),
    ];
    for (test, phases) in [("==", &passed[..]), ("!=", &[(failure, "after_failure")])] {
        let mut calls = String::new();
        for (_, name) in phases.iter().filter(|(is_there, _)| *is_there) {
            let _ = writeln!(calls, "    travis_run_{name}");
        }
        if !calls.is_empty() {
            let _ = write!(
                script.calls,
                "  if [[ \"${{TRAVIS_TEST_RESULT:-}}\" {test} 0 ]]; then\n{calls}  fi\n"
            );
        }
    }
    if phases::write(script, config, language, &phases::AFTER_SCRIPT)? {
        script.calls.push_str("  travis_run_after_script\n");
    }
    let artifacts = addons::artifacts(script, input, config)?;
    script.calls.push_str(&artifacts);
    results::write(script, config)?;
    script.calls.push_str("  travis_footer\n");
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
