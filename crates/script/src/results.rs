//! What a job leaves: files that its configuration names, and those where test runners usually leave
//! theirs.

use serde_json::Value;

use crate::ScriptError;
use crate::section::Section;
use crate::shell::{check, quote};
use crate::value;

/// Where runners leave JUnit XML unless they are told otherwise.
const USUAL: &[&str] = &[
    "junit.xml",
    "junit*.xml",
    "test-results.xml",
    "target/nextest/*/junit.xml",
    "build/test-results/**/*.xml",
    "./*/build/test-results/**/*.xml",
    "target/surefire-reports/TEST-*.xml",
    "./*/target/surefire-reports/TEST-*.xml",
    "target/failsafe-reports/TEST-*.xml",
    "test-results/**/*.xml",
    "reports/junit/*.xml",
    "test/reports/*.xml",
];

/// Writes the function that lays a job's files out, where it has any.
///
/// # Errors
/// For paths that no shell can carry safely.
pub(crate) fn write(script: &mut Section, config: &Value) -> Result<(), ScriptError> {
    let section = config.get("results");
    let mut text = String::from("\ntravis_results() {\n");
    if section == Some(&Value::Bool(false)) {
        text.push_str("  :\n}\n");
        script.text.push_str(&text);
        return Ok(());
    }
    let listed = |key: &str| value::list(section.and_then(|section| section.get(key)));
    let tests = listed("tests");
    let mut files = listed("artifacts");
    // The addon uploads elsewhere; what it names is kept here as well.
    let addon = config.pointer("/addons/artifacts");
    let on = addon.and_then(|addon| addon.get("enabled")) != Some(&Value::Bool(false));
    let named = value::list(addon.and_then(|addon| addon.get("paths")));
    files.extend(named.into_iter().filter(|path| on && !path.contains("$(")));
    if tests.is_empty() {
        text.push_str("  travis_leave report ");
        text.push_str(&USUAL.join(" "));
        text.push('\n');
    }
    for (kind, paths) in [("report", &tests), ("artifact", &files)] {
        for path in paths {
            check(path, || "results".to_owned())?;
            text.push_str(&format!(
                "  travis_expand {}; travis_leave_matches {kind} \"$travis_expanded\"\n",
                quote(path)
            ));
        }
    }
    if !tests.is_empty() || !files.is_empty() {
        script.needs(include_str!("bash/expand.bash"));
    }
    text.push_str("}\n");
    script.text.push_str(&text);
    Ok(())
}
