//! Getting the source.

use std::fmt::Write as _;

use serde_json::Value;

use crate::section::Section;
use crate::shell::{check, pretty, quote};
use crate::{JobInput, ScriptError};

/// The original's default.
const DEPTH: i64 = 50;

/// The options of the section `git`.
struct Options<'c> {
    section: Option<&'c Value>,
}

impl Options<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.section.and_then(|section| section.get(key))
    }

    fn is(&self, key: &str, wanted: bool) -> bool {
        self.get(key) == Some(&Value::Bool(wanted))
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    fn is_tarball(&self) -> bool {
        self.text("strategy") == Some("tarball")
    }

    /// ` --depth=N`, or nothing where the whole history is wanted.
    fn depth(&self) -> String {
        match self.get("depth") {
            Some(Value::Bool(false)) => String::new(),
            Some(Value::Number(depth)) if depth.as_i64().is_some_and(|n| n > 0) => {
                format!(" --depth={depth}")
            }
            _ if self.is_tarball() => " --depth=1".to_owned(),
            _ => format!(" --depth={DEPTH}"),
        }
    }
}

/// Writes the checkout, or the way to an empty working directory.
pub(crate) fn write(job: &mut Section, input: &JobInput) -> Result<(), ScriptError> {
    let options = Options {
        section: input.config.get("git"),
    };
    if options.is("clone", false) {
        job.begin("travis_run_checkout", "checkout");
        job.line("# git.clone: false");
        job.line("if [[ -d \"$TRAVIS_BUILD_DIR\" ]]; then cd \"$TRAVIS_BUILD_DIR\"; else cd \"$HOME\"; fi || travis_terminate 2");
        job.end();
        return Ok(());
    }
    validate(input)?;
    job.begin("travis_run_checkout", "checkout");
    let script = &mut job.text;
    script.push_str("  cd \"$HOME\" || travis_terminate 2\n");
    if options.is("lfs_skip_smudge", true) {
        script.push_str("  export GIT_LFS_SKIP_SMUDGE=1\n");
    }
    if options.is_tarball() {
        script.push_str(
            "  travis_notice 'git.strategy: tarball gives the same files by a clone without history.'\n",
        );
    }
    script.push_str("  travis_fold start git.checkout\n");
    write_clone(script, input, &options);
    write_commit(script, input, &options);
    script.push_str("  travis_fold end git.checkout\n");
    if !options.is("submodules", false) {
        write_submodules(script, &options);
    }
    job.end();
    Ok(())
}

fn validate(input: &JobInput) -> Result<(), ScriptError> {
    let url = &input.clone_url;
    if url.is_empty() || url.starts_with('-') {
        return Err(ScriptError::CloneUrl { url: url.clone() });
    }
    let hash = &input.commit;
    if !hash.is_empty()
        && (!(7..=64).contains(&hash.len()) || !hash.chars().all(|c| c.is_ascii_hexdigit()))
    {
        return Err(ScriptError::Commit {
            commit: hash.clone(),
        });
    }
    for text in [&input.branch, url] {
        check(text, || "the branch or the clone URL".to_owned())?;
    }
    for text in [&input.tag, &input.git_ref].into_iter().flatten() {
        check(text, || "the tag or the ref".to_owned())?;
    }
    Ok(())
}

/// The user and password in a URL, as `user:password`.
pub(crate) fn credentials(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    host.rsplit_once('@').map(|(credentials, _)| credentials)
}

/// The URL as the log may show it.
fn without_credentials(url: &str) -> String {
    match credentials(url) {
        Some(secret) if secret.contains(':') => url.replacen(&format!("{secret}@"), "", 1),
        _ => url.to_owned(),
    }
}

/// One command of the checkout, whose failure stops the job.
fn step(script: &mut String, command: &str, options: &str) {
    let _ = writeln!(
        script,
        "  travis_cmd {} --echo{options} --assert",
        quote(command)
    );
}

fn write_clone(script: &mut String, input: &JobInput, options: &Options<'_>) {
    let mut command = format!("git clone{}", options.depth());
    let start = input.tag.as_deref().unwrap_or(&input.branch);
    if !start.is_empty() {
        let _ = write!(command, " --branch={}", pretty(start));
    }
    if options.is("quiet", true) {
        command.push_str(" --quiet");
    }
    for (key, name) in [("autocrlf", "core.autocrlf"), ("symlinks", "core.symlinks")] {
        match options.get(key) {
            Some(Value::Bool(value)) => {
                let _ = write!(command, " -c {name}={value}");
            }
            Some(Value::String(text)) if text == "input" => {
                let _ = write!(command, " -c {name}=input");
            }
            _ => {}
        }
    }
    if options.text("sparse_checkout").is_some() {
        command.push_str(" --no-checkout");
    }
    let slug = &input.repo_slug;
    let shown = format!(
        "{command} {} {slug}",
        pretty(&without_credentials(&input.clone_url))
    );
    let _ = write!(command, " {} build/{slug}", pretty(&input.clone_url));
    step(
        script,
        &command,
        &format!(" --display {} --timing --retry", quote(&shown)),
    );
    step(
        script,
        &format!("cd build/{slug}"),
        &format!(" --display {}", quote(&format!("cd {slug}"))),
    );
    if let Some(pattern) = options.text("sparse_checkout") {
        step(script, "git config core.sparseCheckout true", "");
        let write = format!(
            "printf '%s\\n' {} >> .git/info/sparse-checkout",
            quote(pattern)
        );
        step(script, &write, "");
    }
}

fn write_commit(script: &mut String, input: &JobInput, options: &Options<'_>) {
    let sha = &input.commit;
    let branch_ref = format!("refs/heads/{}", input.branch);
    let other_ref = input
        .git_ref
        .as_deref()
        .filter(|name| *name != branch_ref && !name.starts_with("refs/tags/"));
    if let Some(name) = other_ref {
        let fetch = format!(
            "git fetch{} origin {}",
            options.depth(),
            quote(&format!("+{name}:"))
        );
        step(script, &fetch, " --timing --retry");
    }
    if sha.is_empty() {
        let command = match (other_ref, &input.tag) {
            (Some(_), _) => "git checkout -qf FETCH_HEAD",
            (None, _) => return,
        };
        step(script, command, "");
        return;
    }
    // The clone has the commit unless the branch moved on by more than its depth, or was
    // rewritten: then that very commit is fetched.
    let checkout = format!("git checkout -qf {sha}");
    // Servers that do not give single commits give the whole history.
    let fetch = format!(
        "git fetch{} origin {sha} || git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'",
        options.depth()
    );
    let _ = writeln!(script, "  if git checkout -qf {sha} 2>/dev/null; then");
    let _ = writeln!(script, "    printf '$ %s\\n' {}", quote(&checkout));
    script.push_str("  else\n  ");
    step(script, &fetch, " --timing --retry");
    script.push_str("  ");
    step(script, &checkout, "");
    script.push_str("  fi\n");
}

fn write_submodules(script: &mut String, options: &Options<'_>) {
    let mut command = "git submodule update --init --recursive".to_owned();
    if let Some(depth) = options.get("submodules_depth").and_then(Value::as_i64)
        && depth > 0
    {
        let _ = write!(command, " --depth={depth}");
    }
    if options.is("quiet", true) {
        command.push_str(" --quiet");
    }
    script.push_str("  if [[ -f .gitmodules ]]; then\n    travis_fold start git.submodule\n  ");
    step(script, &command, " --timing --retry");
    script.push_str("    travis_fold end git.submodule\n  fi\n");
}
