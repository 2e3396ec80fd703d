//! Services started by real jobs, where this machine has them.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use std::net::TcpStream;

use serde_json::{Value, json};
use support::{check_marks, plain, run};

fn has(program: &str) -> bool {
    let paths = std::env::var("PATH").unwrap() + ":/usr/sbin";
    std::env::split_paths(&paths).any(|directory| directory.join(program).is_file())
        || (program == "postgres" && std::path::Path::new("/usr/lib/postgresql").is_dir())
}

/// Runs a job with services; nothing where the machine lacks the program or the port is taken.
fn with(program: &str, port: u16, config: Value) -> Option<String> {
    if !has(program) {
        println!("skipped: no {program} on this machine");
        return None;
    }
    if TcpStream::connect(("127.0.0.1", port)).is_ok() {
        println!("skipped: port {port} is taken on this machine");
        return None;
    }
    let outcome = run(&plain(config));
    check_marks(&outcome.log);
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(
        outcome.log.contains("travis_fold:start:services"),
        "{}",
        outcome.log
    );
    // The service ended with the job.
    assert!(
        TcpStream::connect(("127.0.0.1", port)).is_err() || port == 0,
        "{}",
        outcome.log
    );
    Some(outcome.log)
}

#[test]
fn redis_answers() {
    let ask = "exec 3<>/dev/tcp/127.0.0.1/6379; printf 'SET a 42\\r\\nGET a\\r\\n' >&3; read -r x <&3; read -r y <&3; read -r z <&3; echo \"$x $y $z\"";
    if let Some(log) = with(
        "redis-server",
        6379,
        json!({"services": ["redis", "redis-server"], "script": [ask]}),
    ) {
        assert!(log.contains("+OK\r $2\r 42"), "{log}");
        assert_eq!(log.matches("Redis is ready.").count(), 1);
    }
}

#[test]
fn memcached_answers() {
    let ask =
        "exec 3<>/dev/tcp/127.0.0.1/11211; printf 'version\\r\\n' >&3; read -r x <&3; echo \"$x\"";
    if let Some(log) = with(
        "memcached",
        11211,
        json!({"services": ["memcached"], "script": [ask]}),
    ) {
        assert!(log.contains("\nVERSION "), "{log}");
    }
}

#[test]
fn postgresql_takes_its_old_users() {
    let config = json!({"services": ["postgresql"], "addons": {"postgresql": "9.6"},
        "before_script": ["psql -c 'create database travis_ci_test;' -U postgres"],
        "script": ["psql -U travis travis_ci_test -Atc 'select 40 + 2'"]});
    if let Some(log) = with("postgres", 5432, config) {
        assert!(log.contains("\n42\n"), "{log}");
        assert!(
            log.contains("PostgreSQL 9.6; the job runs on") || log.contains("PostgreSQL) 9.6"),
            "{log}"
        );
    }
}

#[test]
fn mysql_takes_root_without_a_password() {
    let config = json!({"services": ["mysql"], "script": ["mysql -u root -e 'create database test1; select 40 + 2 as x'"]});
    if let Some(log) = with("mariadbd", 3306, config) {
        assert!(log.contains("42"), "{log}");
    }
}

#[test]
fn xvfb_gives_a_display() {
    if !has("Xvfb") || std::path::Path::new("/tmp/.X11-unix/X99").exists() {
        println!("skipped: no Xvfb on this machine, or display 99 is taken");
        return;
    }
    let outcome = run(&plain(
        json!({"services": ["xvfb"], "script": ["test -S /tmp/.X11-unix/X99 && echo on $DISPLAY"]}),
    ));
    assert_eq!(outcome.code, 0, "{}", outcome.log);
    assert!(outcome.log.contains("\non :99.0\n"), "{}", outcome.log);
}

#[test]
fn what_is_missing_stops_the_job_with_the_remedy() {
    for (service, part) in [
        (
            "riak",
            "This machine has no Riak, which the job asks for (services).",
        ),
        ("couchdb", "Install the package couchdb"),
        ("alsa", "No worker starts the service alsa (services)."),
    ] {
        let outcome = run(&plain(
            json!({"services": [service], "script": ["echo never"]}),
        ));
        check_marks(&outcome.log);
        assert_eq!(outcome.code, 2, "{}", outcome.log);
        assert!(outcome.log.contains(part), "{}", outcome.log);
        assert!(!outcome.log.contains("\nnever\n"));
    }
}

#[test]
fn a_docker_without_its_daemon_is_told_from_none() {
    let home = tempfile::tempdir().unwrap();
    let bin = support::programs(home.path(), &[("docker", "exit 1"), ("podman", "exit 1")]);
    let job = plain(json!({"services": ["docker"], "script": ["echo never"]}));
    let outcome = support::run_in(home.path(), &job, &format!("{bin}:/usr/bin:/bin"));
    check_marks(&outcome.log);
    assert_eq!(outcome.code, 2, "{}", outcome.log);
    let told = "Docker is installed here, but no daemon answers this job (services).";
    assert!(outcome.log.contains(told), "{}", outcome.log);
}
