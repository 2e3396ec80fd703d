//! The environment in which a job's script starts.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Spec, ToolDirs};

/// Variables of every process-based executor. Nothing of the worker's own environment gets in.
pub(crate) fn variables(
    spec: &Spec,
    tools: &ToolDirs,
    home: &str,
    user: &str,
    mirror: Option<&str>,
    lent: Option<&str>,
) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("HOME", home),
        ("USER", user),
        ("LOGNAME", user),
        ("SHELL", "/bin/bash"),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    all.push(("PATH".to_owned(), tools.search_path()));
    all.push(("CARGO_HOME".to_owned(), format!("{home}/.cargo")));
    all.extend(tools.environment.iter().cloned());
    for (name, wanted) in [
        ("TRAVIS_CACHE_DIR", spec.lend),
        ("TRAVIS_RESULTS_DIR", spec.results),
    ] {
        let lent = lent.filter(|_| wanted);
        all.extend(lent.map(|lent| (name.to_owned(), lent.to_owned())));
    }
    if let (Some(mirror), Some(url)) = (mirror, spec.clone_url.as_deref()) {
        all.extend(git_settings(mirror, url));
    }
    all
}

/// Variables that are the sandbox's to say, whatever an image says.
const OURS: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "LANG",
    "LC_ALL",
    "TZ",
    "CARGO_HOME",
    "HOSTNAME",
];

/// Takes over what an image says of the environment of its programs.
pub(crate) fn adopt(all: &mut Vec<(String, String)>, image: &BTreeMap<String, String>) {
    for (name, value) in image {
        let strange = name.starts_with("TRAVIS_") || name.starts_with("GIT_");
        if strange || OURS.contains(&name.as_str()) {
            continue;
        }
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), value.clone()));
    }
}

/// Makes git take clones of `url` from the mirror. Pushes still go to `url`, and so do addresses
/// that merely begin like it: git replaces beginnings, the longest first.
fn git_settings(mirror: &str, url: &str) -> Vec<(String, String)> {
    let mut settings = vec![
        (format!("url.file://{mirror}.insteadOf"), url.to_owned()),
        (format!("url.{url}.pushInsteadOf"), url.to_owned()),
        ("safe.directory".to_owned(), "*".to_owned()),
        ("protocol.file.allow".to_owned(), "always".to_owned()),
    ];
    for next in ['-', '_', '.', '/'] {
        let longer = format!("{url}{next}");
        settings.push((format!("url.{longer}.insteadOf"), longer));
    }
    let mut variables = vec![("GIT_CONFIG_COUNT".to_owned(), settings.len().to_string())];
    for (index, (key, value)) in settings.into_iter().enumerate() {
        variables.push((format!("GIT_CONFIG_KEY_{index}"), key));
        variables.push((format!("GIT_CONFIG_VALUE_{index}"), value));
    }
    variables
}

/// A path as a variable's value.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
