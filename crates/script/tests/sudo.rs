//! What stands for sudo where jobs are not root.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// The exit code and what was printed on both channels.
fn sudo(words: &[&str]) -> (i32, String) {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("sudo");
    std::fs::write(&program, include_str!("../src/bash/sudo.bash")).unwrap();
    let packages = dir.path().join("dpkg-query");
    let known = "#!/bin/bash\ncase \"$3\" in git | curl) printf 'installed' ;; *) exit 1 ;; esac\n";
    std::fs::write(&packages, known).unwrap();
    std::fs::create_dir_all(dir.path().join(".travis/services/redis")).unwrap();
    for file in [&program, &packages] {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", dir.path().display());
    let output = Command::new("bash")
        .arg(&program)
        .args(words)
        .env_clear()
        .env("PATH", path)
        .env("HOME", dir.path())
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.code().unwrap(), text)
}

#[test]
fn commands_run_as_the_jobs_user() {
    assert_eq!(sudo(&["printf", "%s", "a b"]), (0, "a b".to_owned()));
    assert_eq!(
        sudo(&["-E", "-H", "-u", "postgres", "A=1 2", "--", "printenv", "A"]),
        (0, "1 2\n".to_owned())
    );
    let (code, text) = sudo(&["bash", "-c", "exit 3"]);
    assert!(
        code == 3 && text.contains("not root on this worker"),
        "{text}"
    );
    assert_eq!(sudo(&["-n", "-v"]), (0, String::new()));
}

#[test]
fn packages_that_are_there_are_installed() {
    let (code, text) = sudo(&["apt-get", "-qq", "install", "-y", "git=1:2", "curl"]);
    assert_eq!(
        (code, text.as_str()),
        (0, "Already installed: git=1:2 curl\n")
    );
    let (code, text) = sudo(&["apt", "install", "git", "./x.deb", "nothere"]);
    assert_eq!(code, 100);
    assert!(text.contains("cannot install: ./x.deb nothere."), "{text}");
    for words in [
        &["apt-get", "-y", "update"][..],
        &["add-apt-repository", "ppa:a/b"],
    ] {
        let (code, text) = sudo(words);
        assert!(code == 0 && text.contains("Not done"), "{text}");
    }
}

#[test]
fn services_of_the_job_run_and_those_of_the_machine_are_not_touched() {
    for words in [
        &["service", "redis-server", "start"][..],
        &["systemctl", "restart", "redis.service"],
        &["/etc/init.d/redis-server", "restart"],
    ] {
        assert_eq!(sudo(words).0, 0, "{words:?}");
    }
    let (code, text) = sudo(&["service", "mysql", "start"]);
    assert!(
        code == 1 && text.contains("Ask for mysql by the key services"),
        "{text}"
    );
    let (code, text) = sudo(&["/etc/init.d/mysql", "stop"]);
    assert!(code == 0 && text.contains("Not done"), "{text}");
}
