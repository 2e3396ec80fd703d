//! What cases start from.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Texts to start from, and words of their language.
#[derive(Debug)]
pub struct Corpus {
    /// Whole inputs.
    pub texts: Vec<String>,
    /// What the language knows.
    pub words: &'static [&'static str],
}

/// Files with a `.travis.yml` each.
#[must_use]
pub fn configs() -> Corpus {
    let mut texts = folder("config");
    texts.extend(lines("real_golden.jsonl", "yaml"));
    texts.extend(lines("spec_golden.jsonl", "yaml"));
    Corpus {
        texts,
        words: CONFIG_WORDS,
    }
}

/// Files with a condition a line.
#[must_use]
pub fn conditions() -> Corpus {
    let mut texts: Vec<String> = folder("condition")
        .iter()
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    texts.extend(lines("conditions.jsonl", "cond"));
    Corpus {
        texts,
        words: CONDITION_WORDS,
    }
}

/// The files of a folder of the corpus or of the regressions, in the order of their names.
#[must_use]
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let bytes = fs::read(entry.path()).ok()?;
            Some((
                entry.file_name().to_string_lossy().into_owned(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ))
        })
        .collect();
    files.sort();
    files
}

fn folder(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    files(&path).into_iter().map(|(_, text)| text).collect()
}

/// The conformance data beside the project adds real files where it is there.
fn lines(file: &str, key: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/travis-yml");
    fs::read_to_string(folder.join(file))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| {
            let value: Value = serde_json::from_str(line).ok()?;
            Some(value.get(key)?.as_str()?.to_owned())
        })
        .collect()
}

const CONFIG_WORDS: &[&str] = &[
    "language:",
    "os:",
    "dist:",
    "arch:",
    "script:",
    "install:",
    "before_install:",
    "cache:",
    "env:",
    "global:",
    "jobs:",
    "matrix:",
    "include:",
    "exclude:",
    "allow_failures:",
    "fast_finish:",
    "stages:",
    "stage:",
    "name:",
    "if:",
    "deploy:",
    "provider:",
    "on:",
    "addons:",
    "apt:",
    "packages:",
    "services:",
    "notifications:",
    "email:",
    "slack:",
    "branches:",
    "only:",
    "except:",
    "git:",
    "depth:",
    "submodules:",
    "import:",
    "source:",
    "mode:",
    "secure:",
    "sudo:",
    "rvm:",
    "node_js:",
    "python:",
    "php:",
    "jdk:",
    "go:",
    "rust:",
    "compiler:",
    "conditions: v1",
    "version:",
    "after_success:",
    "before_deploy:",
    "workspaces:",
    "true",
    "false",
    "null",
    "~",
    "yes",
    "on",
    "linux",
    "osx",
    "windows",
    "ruby",
    "node_js",
    "1.10",
    "!!str",
    "!map+deep_merge",
    "!seq+append",
    "<<: *a",
    "&a",
    "*a",
    "? ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\t",
    "FOO=bar",
    "branch = master",
    "skip",
    "$(touch x)",
    "`touch x`",
    "';touch x;'",
    "\"\"",
    "''",
    "{}",
    "[]",
];

const CONDITION_WORDS: &[&str] = &[
    "branch",
    "tag",
    "type",
    "fork",
    "repo",
    "head_branch",
    "os",
    "commit_message",
    "env(",
    "concat(",
    ")",
    "(",
    ",",
    "=",
    "==",
    "!=",
    "=~",
    "~=",
    "!~",
    "IN",
    "NOT IN",
    "IS",
    "IS NOT",
    "present",
    "blank",
    "true",
    "false",
    "AND",
    "OR",
    "NOT",
    "&&",
    "||",
    "!",
    "\\\n",
    "/",
    "'",
    "\"",
    "$",
    "^",
    "(?!",
    "(?<=",
    "(?<a>",
    "(?i)",
    "(a+)+",
    "\\1",
    "\\k<a>",
    "[[:alpha:]]",
    "[^",
    "]",
    "{1000}",
    "{,5}",
    "\\p{L}",
    "\\d+",
    "\\Z",
    "\\h",
    ".*",
    "master",
    "push",
];
