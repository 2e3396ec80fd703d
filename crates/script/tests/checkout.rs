//! The checkout against a real repository.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::json;
use support::{check_marks, input, run_in};
use travis_script::JobInput;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.test",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository of six commits on `main`, and a ref of a pull request.
fn repository(at: &Path) -> Vec<String> {
    std::fs::create_dir_all(at).unwrap();
    git(at, &["init", "-q", "-b", "main"]);
    git(at, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let mut commits = Vec::new();
    for n in 1..=6 {
        std::fs::write(at.join("file"), n.to_string()).unwrap();
        git(at, &["add", "file"]);
        git(at, &["commit", "-q", "-m", "change"]);
        commits.push(git(at, &["rev-parse", "HEAD"]));
    }
    git(at, &["checkout", "-q", "-b", "topic", "HEAD~2"]);
    std::fs::write(at.join("topic"), "x").unwrap();
    git(at, &["add", "topic"]);
    git(at, &["commit", "-q", "-m", "topic"]);
    commits.push(git(at, &["rev-parse", "HEAD"]));
    git(at, &["update-ref", "refs/pull/3/merge", "HEAD"]);
    git(at, &["checkout", "-q", "main"]);
    git(at, &["branch", "-q", "-D", "topic"]);
    commits
}

fn job(origin: &Path, commit: &str, git: serde_json::Value) -> JobInput {
    let mut job = input(json!({
        "language": "shell", "git": git,
        "script": ["cat file; echo \"at ${PWD#$HOME/}\"; [[ $PWD == \"$TRAVIS_BUILD_DIR\" ]]; git rev-list --count HEAD"],
    }));
    job.clone_url = format!("file://{}", origin.display());
    job.commit = commit.to_owned();
    job
}

fn run(home: &Path, job: &JobInput) -> support::Outcome {
    let outcome = run_in(home, job, &std::env::var("PATH").unwrap());
    check_marks(&outcome.log);
    outcome
}

#[test]
fn commits_within_and_beyond_the_depth() {
    let root = tempfile::tempdir().unwrap();
    let commits = repository(&root.path().join("origin"));
    for (index, depth, count, fetched) in [
        (5, json!(50), "6", false),
        (5, json!(2), "2", false),
        (0, json!(2), "1", true),
        (2, json!(false), "3", false),
    ] {
        let home = tempfile::tempdir().unwrap();
        let job = job(
            &root.path().join("origin"),
            &commits[index],
            json!({"depth": depth, "quiet": true}),
        );
        let outcome = run(home.path(), &job);
        assert_eq!(outcome.code, 0, "{}", outcome.log);
        let want = format!("{}at build/owner/name\n{count}\n", index + 1);
        assert!(outcome.log.contains(&want), "{}", outcome.log);
        assert_eq!(
            outcome.log.contains("$ git fetch"),
            fetched,
            "{}",
            outcome.log
        );
        assert!(outcome.log.contains("travis_fold:start:git.checkout"));
    }
}

#[test]
fn pull_requests_are_fetched_by_their_ref() {
    let root = tempfile::tempdir().unwrap();
    let commits = repository(&root.path().join("origin"));
    let mut job = job(&root.path().join("origin"), &commits[6], json!({}));
    job.git_ref = Some("refs/pull/3/merge".into());
    let outcome = run(root.path(), &job);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        outcome.log.contains("origin '+refs/pull/3/merge:'\n"),
        "{}",
        outcome.log
    );
    assert!(root.path().join("build/owner/name/topic").exists());
}

#[test]
fn odd_branch_names_are_inert() {
    let root = tempfile::tempdir().unwrap();
    let origin = root.path().join("origin");
    let commits = repository(&origin);
    let name = "a'$(touch${IFS}pwned)`x`";
    git(&origin, &["branch", name]);
    let mut job = job(&origin, &commits[5], json!({}));
    job.branch = name.into();
    let outcome = run(root.path(), &job);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(!root.path().join("pwned").exists());
}

#[test]
fn a_failing_clone_errs() {
    let home = tempfile::tempdir().unwrap();
    let mut job = job(&home.path().join("absent"), "", json!({}));
    // The pauses of the retry are not what is tested.
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink("/bin/true", bin.join("sleep")).unwrap();
    job.commit = String::new();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let outcome = run_in(home.path(), &job, &path);
    check_marks(&outcome.log);
    assert_eq!(outcome.code, 2, "{}", outcome.log);
    assert!(outcome.log.contains("during checkout."));
}

#[test]
fn submodules_come_along() {
    let root = tempfile::tempdir().unwrap();
    let (origin, library) = (root.path().join("origin"), root.path().join("library"));
    repository(&origin);
    repository(&library);
    git(
        &origin,
        &[
            "submodule",
            "--quiet",
            "add",
            library.to_str().unwrap(),
            "lib",
        ],
    );
    git(&origin, &["commit", "-q", "-m", "lib"]);
    let commit = git(&origin, &["rev-parse", "HEAD"]);
    std::fs::write(
        root.path().join(".gitconfig"),
        "[protocol \"file\"]\n\tallow = always\n",
    )
    .unwrap();
    let outcome = run(root.path(), &job(&origin, &commit, json!({})));
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.log.contains("travis_fold:end:git.submodule"));
    assert!(root.path().join("build/owner/name/lib/file").exists());
}

#[test]
fn a_password_in_the_clone_url_is_not_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut job = job(home.path(), "", json!({"quiet": true}));
    job.clone_url = "https://robot:hunter22@127.0.0.1:1/owner/name.git".into();
    assert_eq!(travis_script::secrets(&job), ["hunter22"]);
    let text = travis_script::compile(&job).unwrap().text;
    assert!(text.contains("--display 'git clone --depth=50 --branch=main --quiet https://127.0.0.1:1/owner/name.git owner/name'"), "{text}");
}
