//! The variables that a job sees, and those of them that are secret.

use std::fmt::Write as _;

use serde_json::Value;

use crate::language::Language;
use crate::section::Section;
use crate::shell::{assigned, assignments, check, is_name, pretty, quote};
use crate::{JobInput, ScriptError, value};

/// Shorter secrets would mask half the log.
const SHORTEST_SECRET: usize = 4;

/// The values that must be masked in the log: secrets of more than three characters, the lines of
/// those that have several, since a log is seen line by line, and a password in the clone URL.
#[must_use]
pub fn secrets(input: &JobInput) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    let mut wholes: Vec<&str> = Vec::new();
    value::all_decrypted(&input.config, &mut wholes);
    // As written, and as the shell makes of it: authors quote secrets for the shell.
    let unquoted: Vec<String> = wholes.iter().filter_map(|text| shell_value(text)).collect();
    wholes.extend(unquoted.iter().map(String::as_str));
    wholes.extend(
        input
            .settings_env
            .iter()
            .filter(|variable| !variable.public)
            .map(|variable| variable.value.as_str()),
    );
    for whole in wholes {
        let lines = whole.lines().map(str::trim);
        for value in std::iter::once(whole).chain(lines) {
            if value.chars().count() >= SHORTEST_SECRET && !values.iter().any(|v| v == value) {
                values.push(value.to_owned());
            }
        }
    }
    if let Some(key) = &input.ssh_key {
        let lines = key.lines().map(str::trim);
        // The first and the last line are every key's.
        let own = lines.filter(|line| !line.starts_with("-----") && line.len() >= SHORTEST_SECRET);
        values.extend(own.map(str::to_owned));
    }
    if let Some((_, password)) = crate::checkout::credentials(&input.clone_url)
        .and_then(|credentials| credentials.split_once(':'))
        && password.chars().count() >= SHORTEST_SECRET
    {
        values.push(password.to_owned());
    }
    // The longest first, so that a secret within another does not leave its rest visible.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values
}

/// What the shell makes of quotes and backslashes, where that is another text.
fn shell_value(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut open = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (Some('\''), '\'') | (Some('"'), '"') => open = None,
            (None, '\'' | '"') => open = Some(c),
            (None | Some('"'), '\\') => value.extend(chars.next()),
            _ => value.push(c),
        }
    }
    (value != text).then_some(value)
}

fn text<'c>(config: &'c Value, key: &str) -> &'c str {
    config.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: bool) -> String {
    if value { "true" } else { "false" }.to_owned()
}

/// Whether the job's script holds secrets.
pub(crate) fn has_secrets(input: &JobInput, config: &Value) -> bool {
    let mut decrypted = Vec::new();
    value::all_decrypted(config, &mut decrypted);
    let in_settings = input.settings_env.iter().any(|variable| !variable.public);
    input.secure_env && (in_settings || !decrypted.is_empty())
}

/// The variables that come of the job itself.
fn builtin(input: &JobInput, config: &Value, language: &Language) -> Vec<(&'static str, String)> {
    let pull = input.pull_request.as_ref();
    let or_empty = |value: &Option<String>| value.clone().unwrap_or_default();
    let of_pull =
        |get: fn(&crate::PullRequest) -> &String| pull.map(get).cloned().unwrap_or_default();
    let secure = has_secrets(input, config);
    let sudo = match config.get("sudo") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(value)) => flag(*value),
        _ => String::new(),
    };
    let mut variables = vec![
        ("TRAVIS", flag(true)),
        ("CI", flag(true)),
        ("CONTINUOUS_INTEGRATION", flag(true)),
        ("HAS_JOSH_K_SEAL_OF_APPROVAL", flag(true)),
        ("PAGER", "cat".to_owned()),
        ("GIT_ASKPASS", "echo".to_owned()),
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
        ("DEBIAN_FRONTEND", "noninteractive".to_owned()),
        ("TRAVIS_APP_HOST", input.app_host.clone()),
        ("TRAVIS_EVENT_TYPE", input.event_type.clone()),
        ("TRAVIS_BRANCH", input.branch.clone()),
        ("TRAVIS_TAG", or_empty(&input.tag)),
        ("TRAVIS_COMMIT", input.commit.clone()),
        ("TRAVIS_COMMIT_RANGE", or_empty(&input.commit_range)),
        ("TRAVIS_COMMIT_MESSAGE", input.commit_message.clone()),
        (
            "TRAVIS_PULL_REQUEST",
            pull.map_or_else(|| flag(false), |pull| pull.number.to_string()),
        ),
        (
            "TRAVIS_PULL_REQUEST_BRANCH",
            of_pull(|pull| &pull.head_branch),
        ),
        ("TRAVIS_PULL_REQUEST_SHA", of_pull(|pull| &pull.head_sha)),
        ("TRAVIS_PULL_REQUEST_SLUG", of_pull(|pull| &pull.head_slug)),
        (
            "TRAVIS_PULL_REQUEST_IS_DRAFT",
            pull.map_or_else(String::new, |pull| flag(pull.is_draft)),
        ),
        ("TRAVIS_REPO_SLUG", input.repo_slug.clone()),
        ("TRAVIS_REPO_PRIVATE", flag(input.repo_private)),
        ("TRAVIS_BUILD_ID", input.build_id.to_string()),
        ("TRAVIS_BUILD_NUMBER", input.build_number.to_string()),
        ("TRAVIS_BUILD_WEB_URL", input.build_web_url.clone()),
        ("TRAVIS_BUILD_STAGE_NAME", or_empty(&input.stage_name)),
        ("TRAVIS_JOB_ID", input.job_id.to_string()),
        ("TRAVIS_JOB_NUMBER", input.job_number.clone()),
        ("TRAVIS_JOB_NAME", or_empty(&input.job_name)),
        ("TRAVIS_JOB_WEB_URL", input.job_web_url.clone()),
        ("TRAVIS_JOB_RESTARTED", flag(input.restarted)),
        ("TRAVIS_ALLOW_FAILURE", flag(input.allow_failure)),
        ("TRAVIS_SECURE_ENV_VARS", flag(secure)),
        ("TRAVIS_SUDO", sudo),
        ("TRAVIS_LANGUAGE", text(config, "language").to_owned()),
        ("TRAVIS_DIST", text(config, "dist").to_owned()),
        ("TRAVIS_OSX_IMAGE", text(config, "osx_image").to_owned()),
    ];
    if !input.forge_api_url.is_empty() {
        variables.push(("TRAVIS_GITHUB_API", input.forge_api_url.clone()));
    }
    for version in language.versions {
        let value = text(config, version.key);
        if !value.is_empty() && (is_version(value) || !is_versions(version.variable)) {
            variables.push((version.variable, value.to_owned()));
        }
    }
    variables
}

/// Whether a variable holds a version, and not a file or a name.
fn is_versions(variable: &str) -> bool {
    variable.ends_with("_VERSION")
        || variable == "TRAVIS_OTP_RELEASE"
        || variable == "TRAVIS_COMPILER"
}

/// Whether a text can be a version, as version managers are given it: none has characters that a
/// shell would take for more than a word.
fn is_version(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || " ._+-@:/~^*=,".contains(c))
        && !text.starts_with('-')
}

/// Versions of the configuration that are none, as `key: value`: they are not used.
pub(crate) fn bad_versions(config: &Value, language: &Language) -> Vec<String> {
    let bad = |version: &&crate::language::Version| {
        is_versions(version.variable) && !is_version(text(config, version.key))
    };
    let bad = language.versions.iter().filter(bad);
    bad.map(|version| format!("{}: {}", version.key, text(config, version.key)))
        .collect()
}

/// What the script finds out by itself, without starting a process.
const MEASURED: &str = r#"export TRAVIS_ROOT=/ TRAVIS_HOME="$HOME" TRAVIS_INFRA=unknown TRAVIS_DEBUG_MODE=''
export TRAVIS_TMPDIR="${TMPDIR:-/tmp}" TRAVIS_TEST_RESULT='' TRAVIS_CMD=no_cmd TRAVIS_STAGE=env
case "$OSTYPE" in
  darwin*) TRAVIS_OS_NAME=osx ;;
  msys* | cygwin*) TRAVIS_OS_NAME=windows ;;
  freebsd*) TRAVIS_OS_NAME=freebsd ;;
  *) TRAVIS_OS_NAME=linux ;;
esac
case "$HOSTTYPE" in
  x86_64) TRAVIS_CPU_ARCH=amd64 ;;
  aarch64) TRAVIS_CPU_ARCH=arm64 ;;
  *) TRAVIS_CPU_ARCH="$HOSTTYPE" ;;
esac
# Frameworks look at these; the machine may have others.
export RAILS_ENV="${RAILS_ENV:-test}" RACK_ENV="${RACK_ENV:-test}" MERB_ENV="${MERB_ENV:-test}"
if [[ -d /run/systemd/system ]]; then TRAVIS_INIT=systemd; else TRAVIS_INIT=other; fi
export TRAVIS_OS_NAME TRAVIS_CPU_ARCH TRAVIS_ARCH="$TRAVIS_CPU_ARCH" TRAVIS_INIT
"#;

/// Writes the exports that the log does not show.
pub(crate) fn write_builtin(
    script: &mut String,
    input: &JobInput,
    config: &Value,
    language: &Language,
) -> Result<(), ScriptError> {
    for (name, value) in builtin(input, config, language) {
        check(&value, || format!("the value of {name}"))?;
        let _ = writeln!(script, "export {name}={}", pretty(&value));
    }
    let _ = writeln!(
        script,
        "export TRAVIS_BUILD_DIR=\"$HOME/build/\"{}",
        quote(&input.repo_slug)
    );
    script.push_str(MEASURED);
    Ok(())
}

/// Writes the variables of the settings and of `.travis.yml`, shown in the log.
pub(crate) fn write_shown(
    script: &mut Section,
    input: &JobInput,
    config: &Value,
) -> Result<(), ScriptError> {
    let settings = from_settings(input)?;
    let (configured, encrypted) = from_config(config)?;
    if settings.is_empty() && configured.is_empty() && !encrypted {
        return Ok(());
    }
    script.begin("travis_run_export", "'env'");
    script.line("travis_time_start");
    for (origin, lines) in [
        ("repository settings", settings),
        (".travis.yml", configured),
    ] {
        if !lines.is_empty() {
            script.notice(&format!("Setting environment variables from {origin}"))?;
            script.text.push_str(&lines);
            script.line("printf '\\n'");
        }
    }
    if encrypted {
        script.notice("Encrypted environment variables of .travis.yml are not set in this job.")?;
        script.line("printf '\\n'");
    }
    script.line("travis_time_finish 0 env");
    script.end();
    Ok(())
}

fn from_settings(input: &JobInput) -> Result<String, ScriptError> {
    let mut lines = String::new();
    for variable in &input.settings_env {
        // The server decides who gets secrets; this only never makes it worse.
        if !is_name(&variable.name) || (!variable.public && !input.secure_env) {
            continue;
        }
        check(&variable.value, || format!("the setting {}", variable.name))?;
        let shown = if variable.public {
            pretty(&variable.value)
        } else {
            "[secure]".to_owned()
        };
        let shown = quote(&format!("$ export {}={shown}", variable.name));
        let _ = writeln!(lines, "  printf '%s\\n' {shown}");
        let _ = writeln!(
            lines,
            "  export {}={}",
            variable.name,
            pretty(&variable.value)
        );
    }
    Ok(lines)
}

/// A variable that was decrypted for this job. Its text is the value itself: the quotes that its
/// author put for the shell were taken off when it was decrypted.
fn secret(lines: &mut String, name: &str, text: &str) -> Result<(), ScriptError> {
    check(text, || format!("the variable {name}"))?;
    let export = format!("export {name}={}", quote(text));
    let shown = format!("export {name}=[secure]");
    let _ = writeln!(
        lines,
        "  travis_cmd {} --echo --secure --display {}",
        quote(&export),
        quote(&shown)
    );
    Ok(())
}

/// The lines, and whether there are values that only the repository's key opens.
fn from_config(config: &Value) -> Result<(String, bool), ScriptError> {
    let mut lines = String::new();
    let mut encrypted = false;
    let entries = config.get("env").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().filter_map(Value::as_object);
    for (name, value) in entries.flatten() {
        let value = match value {
            Value::String(_) if name == "secure" => {
                encrypted = true;
                continue;
            }
            Value::Object(_) => match value::decrypted(value) {
                Some(text) if is_name(name) => {
                    secret(&mut lines, name, text)?;
                    continue;
                }
                _ => {
                    encrypted = true;
                    continue;
                }
            },
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        check(&value, || format!("the variable {name}"))?;
        if name == "export" && value.is_empty() {
            continue;
        }
        if is_name(name) {
            for (name, value) in assignments(name, &value) {
                let export = format!("export {name}={}", assigned(value));
                let _ = writeln!(lines, "  travis_cmd {} --echo", quote(&export));
            }
        } else {
            let notice = format!("{name:?} is not a name that a variable can have; it is not set.");
            check(&notice, || "the name of a variable".to_owned())?;
            let _ = writeln!(lines, "  travis_notice {}", quote(&notice));
        }
    }
    Ok((lines, encrypted))
}
