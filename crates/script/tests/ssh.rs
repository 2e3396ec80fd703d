//! The SSH key of a repository's settings.
#![allow(clippy::unwrap_used, reason = "a broken set-up may end a test")]

mod support;

use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;
use support::{plain, run_in};

const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nc29tZSBrZXkgb2Ygc2VjcmV0cw==\n'$(touch gone)'\n-----END OPENSSH PRIVATE KEY-----\n";

#[test]
fn git_and_ssh_find_the_key_and_nobody_else_does() {
    let home = tempfile::tempdir().unwrap();
    let mut job = plain(json!({"script": "echo \"with $GIT_SSH_COMMAND\""}));
    job.ssh_key = Some(KEY.to_owned());
    let done = run_in(home.path(), &job, "/usr/bin:/bin");
    assert_eq!(done.code, 0, "{}", done.log);
    let file = home.path().join(".ssh/travis_key");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), KEY);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let config = std::fs::read_to_string(home.path().join(".ssh/config")).unwrap();
    assert!(config.contains("travis_key"), "{config}");
    assert!(done.log.contains("with ssh -F "), "{}", done.log);
    assert!(!done.log.contains("c29tZSBr"), "{}", done.log);
    assert!(!home.path().join("gone").exists());
    // Each line of it is masked.
    let masked = travis_script::secrets(&job);
    assert!(
        masked
            .iter()
            .any(|value| value == "c29tZSBrZXkgb2Ygc2VjcmV0cw==")
    );
    // Lines that every key has say nothing, and hiding them would hide other keys' beginnings.
    assert!(
        !masked
            .iter()
            .any(|value| value.starts_with("-----") && !value.contains('\n'))
    );
}

#[test]
fn a_job_without_secrets_has_no_key() {
    let home = tempfile::tempdir().unwrap();
    let mut job = plain(json!({"script": "echo \"with [$GIT_SSH_COMMAND]\""}));
    job.ssh_key = Some(KEY.to_owned());
    job.secure_env = false;
    let done = run_in(home.path(), &job, "/usr/bin:/bin");
    assert!(done.log.contains("with []"), "{}", done.log);
    assert!(!home.path().join(".ssh").exists());
    assert!(
        !travis_script::compile(&job)
            .unwrap()
            .text
            .contains("c29tZSBr")
    );
}
