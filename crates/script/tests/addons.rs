//! Addons, with recorders in the place of programs that change the machine.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use support::{Outcome, check_marks, plain, run_in};

/// Puts a program into the job's way.
fn program(home: &Path, name: &str, text: &str) {
    let bin = home.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let file = bin.join(name);
    std::fs::write(&file, format!("#!/bin/bash\n{text}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(home: &Path, config: Value) -> Outcome {
    let path = format!("{}:/usr/bin:/bin", home.join("bin").display());
    let outcome = run_in(home, &plain(config), &path);
    check_marks(&outcome.log);
    outcome
}

#[test]
fn apt_installs_what_is_missing_or_says_so() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path();
    program(
        at,
        "dpkg-query",
        "[[ $4 == there || $3 == there ]] && printf installed",
    );
    program(at, "apt-get", "echo \"apt-get: $*\" >>\"$HOME/calls\"");
    program(at, "sudo", "shift; [[ $1 == --pre* ]] && shift; \"$@\"");
    let addons = json!({"apt": {"packages": ["there", "g++-4.8", "-o=x", "gone-", "a;b"], "update": true,
        "sources": [{"name": "ubuntu-toolchain-r-test"}]}, "apt_packages": ["more"]});
    let outcome = run(at, json!({"addons": addons, "script": ["true"]}));
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    let calls = std::fs::read_to_string(at.join("calls")).unwrap();
    assert!(calls.contains("apt-get: update"), "{calls}");
    assert!(calls.ends_with("-- g++-4.8 more\n"), "{calls}");
    for bad in ["-o=x", "gone-", "a;b"] {
        assert!(
            outcome
                .log
                .contains(&format!("Not the name of a package: {bad}")),
            "{}",
            outcome.log
        );
    }
    assert!(
        outcome
            .log
            .contains("The source ubuntu-toolchain-r-test is not known"),
        "{}",
        outcome.log
    );
    let outcome = run(
        at,
        json!({"addons": {"apt": {"packages": ["there"]}}, "script": ["true"]}),
    );
    assert!(
        outcome.log.contains("Already installed: there"),
        "{}",
        outcome.log
    );
    program(at, "apt-get", "exit 100");
    program(at, "sleep", ":");
    let outcome = run(
        at,
        json!({"addons": {"apt": {"packages": ["x"]}}, "script": ["echo never"]}),
    );
    assert_eq!(outcome.code, 2, "{}", outcome.log);
}

#[test]
fn what_a_worker_has_not_is_said() {
    let home = tempfile::tempdir().unwrap();
    program(home.path(), "ssh-keyscan", "echo \"scanned $*\"");
    program(home.path(), "firefox", "echo Mozilla Firefox 1");
    program(home.path(), "getent", "echo 127.0.0.1");
    let outcome = run(
        home.path(),
        json!({"addons": {
        "snaps": [{"name": "x"}], "sauce_connect": true, "homebrew": false, "firefox": "latest",
        "hosts": ["a.test", "b c"], "ssh_known_hosts": ["example.test", "h.test:2222", "-oProxyCommand=x"],
        "artifacts": {"paths": ["x"]},
    }, "script": ["cat ~/.ssh/known_hosts"]}),
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    for part in [
        "The addon snaps is not available on this worker",
        "The addon sauce_connect is not available",
        "Mozilla Firefox 1",
        "Not the name of a host: b c",
        "scanned -T 10 -H -p 22 example.test",
        "scanned -T 10 -H -p 2222 h.test",
        "Not the name of a host: -oProxyCommand=x",
        "Artifacts are not uploaded: set ARTIFACTS_KEY",
    ] {
        assert!(outcome.log.contains(part), "{part}: {}", outcome.log);
    }
    assert!(!outcome.log.contains("homebrew"));
}

/// What botocore 1.43 signs the same requests with, at the same time.
#[test]
fn signatures_are_those_of_another_implementation() {
    for (region, endpoint, url, signature) in [
        (
            "eu-west-1",
            Value::Null,
            "https://s3.eu-west-1.amazonaws.com",
            "284da031ef5a2e4fba29f1e68b73e16110748fdd14609905ce8c9408ebdbcb9b",
        ),
        (
            "us-east-1",
            json!("http://127.0.0.1:9000"),
            "http://127.0.0.1:9000",
            "11850f3c804ed18072f533cb9961c31ab1bd3e7635d6b6bba5710f285ce5fbbe",
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let bin = support::programs(
            home.path(),
            &[
                ("date", "echo 20260102T030405Z"),
                ("curl", "printf '%s\\n' \"$@\""),
            ],
        );
        let job = support::plain(json!({"addons": {"artifacts": {
            "key": "AKIDEXAMPLE", "secret": {"decrypted": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
            "bucket": "bucket", "paths": ["out"], "region": region, "endpoint": endpoint,
        }}, "script": ["mkdir out; echo built >'out/a b+é.txt'"]}));
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
        let log = support::run_in(home.path(), &job, &path).log;
        assert!(log.contains(&format!(", Signature={signature}\n")), "{log}");
        let object = "bucket/artifacts/7/7.1/out/a%20b%2B%C3%A9.txt";
        assert!(log.contains(&format!("\n{url}/{object}\n")), "{log}");
    }
}

#[test]
fn artifacts_are_put_with_a_signature() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"content") {
            let count = stream.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            request.extend_from_slice(&buffer[..count]);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        String::from_utf8(request).unwrap()
    });
    let home = tempfile::tempdir().unwrap();
    let outcome = run(
        home.path(),
        json!({"addons": {"artifacts": {
        "key": "AKID", "secret": {"decrypted": "s3cr$t/key"}, "bucket": "bucket", "paths": ["logs"],
        "endpoint": format!("http://{address}"), "target_paths": ["to/$TRAVIS_BUILD_NUMBER"],
    }}, "script": ["mkdir logs; printf content >'logs/a b.txt'"]}),
    );
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        outcome
            .log
            .contains("uploaded logs/a b.txt to to/7/logs/a b.txt"),
        "{}",
        outcome.log
    );
    assert!(!outcome.log.contains("s3cr$t"));
    let request = server.join().unwrap();
    assert!(
        request.starts_with("PUT /bucket/to/7/logs/a%20b.txt HTTP/1.1"),
        "{request}"
    );
    assert!(
        request.contains("AWS4-HMAC-SHA256 Credential=AKID/"),
        "{request}"
    );
    let sum = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
    assert!(
        request.contains(&format!("x-amz-content-sha256: {sum}")),
        "{request}"
    );
}
