//! Fixed data.

use serde_json::{Value, json};

/// The time in all tests.
pub const NOW: &str = "2026-11-23T04:00:00.000Z";

fn head(kind: &str, href: &str) -> Value {
    json!({"@type": kind, "@href": href, "@representation": "standard"})
}

/// Joins objects; later ones win.
pub fn with(mut object: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        object[key.as_str()] = value.clone();
    }
    object
}

fn owner() -> Value {
    with(head("user", "/v3/owner/ada"), json!({"login": "ada"}))
}

pub fn user() -> Value {
    with(
        head("user", "/v3/user/1"),
        json!({
            "id": 1, "login": "ada", "name": "Ada", "admin": true, "avatar_url": null,
            "is_syncing": false, "synced_at": null, "identities": []
        }),
    )
}

fn repository_minimal() -> Value {
    with(
        head("repository", "/v3/repo/1"),
        json!({"id": 1, "name": "rocket", "slug": "acme/rocket"}),
    )
}

pub fn repository(id: i64, name: &str, active: bool, build: Value) -> Value {
    with(
        head("repository", &format!("/v3/repo/{id}")),
        json!({
            "id": id, "name": name, "slug": format!("acme/{name}"), "description": null,
            "clone_url": format!("https://example.org/acme/{name}.git"), "vcs_type": "git",
            "active": active, "private": false, "owner": owner(), "owner_name": "acme",
            "default_branch": with(head("branch", "/v3/repo/1/branch/main"), json!({"name": "main"})),
            "current_build": build, "usual_seconds": 120, "poll_seconds": null,
            "starred": false, "forge": null, "html_url": null, "fork": false,
            "managed_by_installation": false, "gone": false,
            "@permissions": {
                "read": true, "create_request": true, "admin": true, "build": true,
                "settings": true, "activate": true, "star": true
            },
            "created_at": "2026-11-01T00:00:00.000Z"
        }),
    )
}

pub fn pagination(count: u64) -> Value {
    let link = json!({"@href": "/v3/x", "offset": 0, "limit": 25});
    json!({
        "limit": 25, "offset": 0, "count": count, "is_first": true, "is_last": true,
        "next": null, "prev": null, "first": link, "last": link
    })
}

fn times(state: &str) -> Value {
    let started = ["started", "passed", "failed", "errored"].contains(&state);
    let finished = started && state != "started" || state == "canceled";
    json!({
        "state": state,
        "started_at": started.then_some("2026-11-23T03:55:00.000Z"),
        "finished_at": finished.then_some("2026-11-23T03:57:08.000Z"),
    })
}

pub fn build_minimal(id: i64, number: &str, state: &str, version: i64) -> Value {
    let minimal = with(
        head("build", &format!("/v3/build/{id}")),
        json!({
            "id": id, "number": number, "provisional": null, "duration": 128, "event_type": "api",
            "previous_state": null, "version": version
        }),
    );
    with(minimal, times(state))
}

fn stage(number: i64, name: &str) -> Value {
    with(
        head("stage", &format!("/v3/stage/{number}")),
        json!({
            "id": number, "number": number, "name": name, "state": "passed",
            "started_at": null, "finished_at": null
        }),
    )
}

/// A build. Its jobs are made of (number, name, env, state).
pub fn build(number: i64, state: &str, version: i64, jobs: &[Value]) -> Value {
    let id = 100 + number;
    let mut stages: Vec<Value> = Vec::new();
    for job in jobs {
        if !stages.contains(&job["stage"]) {
            stages.push(job["stage"].clone());
        }
    }
    with(
        build_minimal(id, &number.to_string(), state, version),
        json!({
            "created_at": "2026-11-23T03:54:00.000Z", "updated_at": "2026-11-23T03:57:08.000Z",
            "private": false, "message": "Burn longer\n\nThe orbit was low.",
            "repository": repository_minimal(),
            "branch": with(head("branch", "/v3/repo/1/branch/main"), json!({"name": "main"})),
            "tag": null,
            "commit": with(head("commit", "/v3/commit/1"), json!({
                "id": 1, "sha": "1f2e3d4c5b6a79880000000000000000000000aa",
                "ref": "refs/heads/main", "message": "Burn longer",
                "author": {"name": "Ada\u{1b}[31m"}, "committer": {"name": "Ada"},
                "committed_at": "2026-11-23T03:50:00.000Z"
            })),
            "created_by": owner(), "usual_seconds": 120, "config_messages": 1,
            "config_counts": {"alert": 0, "error": 0, "warn": 0, "info": 0, "fatal": false},
            "pull_request": null, "pull_request_number": null, "pull_request_title": null,
            "sender": null, "compare_url": null, "secrets": "none", "reported": null,
            "stages": stages, "jobs": jobs,
            "@permissions": {"read": true, "cancel": true, "restart": true}
        }),
    )
}

pub fn attempt(id: i64, number: i64, state: &str, outcome: Option<&str>) -> Value {
    with(
        head("attempt", &format!("/v3/attempt/{id}")),
        json!({
            "id": id, "number": number, "state": state, "outcome": outcome,
            "purpose": "job", "tier": "volunteer", "yielded": false,
            "exit_code": outcome.map(|_| 1), "reason": null, "executor": "namespace",
            "worker": with(head("worker", "/v3/worker/1"),
                json!({"id": 1, "name": "attic", "owner": owner(), "page": "/workers/1",
                    "thanks": "Built on attic, provided by kestrel. Thank you!"})),
            "leased_at": "2026-11-23T03:54:59.000Z",
            "started_at": "2026-11-23T03:55:00.000Z",
            "finished_at": outcome.map(|_| "2026-11-23T03:55:41.000Z"),
            "log_length": outcome.map(|_| 84_000), "log_sha256": null, "log_complete": outcome.is_some()
        }),
    )
}

/// A job with identifier `1000 * build + n`.
pub fn job(build: i64, n: i64, state: &str, version: i64) -> Value {
    let id = 1000 * build + n;
    let build_state = if state == "started" {
        "started"
    } else {
        "created"
    };
    let job = with(
        head("job", &format!("/v3/job/{id}")),
        json!({
            "id": id, "number": format!("{build}.{n}"), "provisional": false,
            "verification": "none", "flaky": false, "opinions": [], "tests": null,
            "name": "Rust stable", "env": format!("PART={n}"), "os": "linux", "arch": "amd64",
            "allow_failure": false, "stage": stage(1, "test"),
            "build": build_minimal(100 + build, &build.to_string(), build_state, version),
            "repository": repository_minimal(), "waiting": null, "reason": null,
            "created_at": "2026-11-23T03:54:00.000Z", "queued_at": null, "received_at": null,
            "restarted_at": null, "updated_at": "2026-11-23T03:54:00.000Z", "version": version,
            "usual_seconds": 40, "attempt": null,
            "@permissions": {"read": true, "cancel": true, "restart": true}
        }),
    );
    with(job, times(state))
}

/// Build 12: passed, failed, failed without counting, and a later stage that waited.
pub fn build_12() -> Value {
    let deploy = json!({
        "stage": stage(2, "deploy"),
        "waiting": {"code": "stage", "text": "Waits for the stage test."}
    });
    build(
        12,
        "failed",
        5,
        &[
            job(12, 1, "passed", 5),
            with(
                job(12, 2, "failed", 5),
                json!({"attempt": attempt(7, 1, "finished", Some("failed"))}),
            ),
            with(
                job(12, 3, "failed", 5),
                json!({"allow_failure": true, "name": "Rust nightly"}),
            ),
            with(job(12, 4, "created", 5), deploy),
        ],
    )
}

pub fn request(state: &str, message: Option<&str>, builds: &[Value]) -> Value {
    with(
        head("request", "/v3/repo/1/request/5"),
        json!({
            "id": 5, "state": state, "result": null, "message": message, "event_type": "api",
            "branch_name": "main", "sha": null, "repository": repository_minimal(),
            "pull_request": null, "sender": null, "compare_url": null, "held_at": null,
            "held_reason": null, "delivery_id": null, "approvals": [],
            "builds": builds, "created_at": NOW
        }),
    )
}

pub fn pending_request(request: Value) -> Value {
    json!({
        "@type": "pending", "resource_type": "request",
        "repository": repository_minimal(), "request": request
    })
}

pub fn workers() -> Value {
    let worker = with(
        head("worker", "/v3/worker/1"),
        json!({
            "id": 1, "name": "attic", "owner": owner(), "state": "online", "os": "linux",
            "arch": "amd64", "executor": "namespace", "slots": 2,
            "slot_use": {"busy": 1, "free": 1, "unlent": 0}, "tier": "volunteer",
            "tier_fixed": false, "too_old": false, "presence": null,
            "usage": {"cores": 0.5, "memory_bytes": 1_000_000, "disk_bytes": 2_000_000,
                "month_bytes": 0, "others_percent": 0.0},
            "lent": null, "lending": null, "wanted_lending": null, "online_since": NOW,
            "record": {
                "core_seconds": 7200, "jobs_30_days": 612, "repositories_30_days": 14,
                "kept_word_percent": 99.2, "checked": 418, "agreed": 418, "known_passed": 3,
                "known_wanted": 3, "agreed_in_a_row": 418, "yields": 37, "usual_freeze_ms": 300
            },
            "page": "/workers/1", "badge": "/workers/1.svg",
            "running": [{
                "attempt": 8,
                "job": with(head("job", "/v3/job/12001"),
                    json!({"id": 12001, "number": "12.1", "state": "started"})),
                "repository": repository_minimal(), "leased_at": NOW, "purpose": "job",
                "frozen": false
            }],
            "facts": {
                "os": "linux", "arch": "amd64", "cores": 2, "memory_bytes": 8_000_000_000_u64,
                "disk_free_bytes": 1, "executors": ["namespace"], "executor": "namespace",
                "limits": [], "distribution": "Debian 12", "version": "0.1.0",
                "executor_detail": "", "images": [], "lent": null, "speed_percent": null,
                "started_by": ""
            },
            "finished_jobs": 3, "created_at": NOW, "last_seen_at": "2026-11-23T03:59:58.000Z",
            "@permissions": {"admin": true, "operate": true}
        }),
    );
    with(
        head("workers", "/v3/workers"),
        json!({"slots": 2, "busy": 1, "queued": 3, "workers": [worker]}),
    )
}

pub fn token(token: Option<&str>) -> Value {
    let mut object = with(
        head("token", "/v3/token/3"),
        json!({
            "id": 3, "name": "laptop", "scope": "settings", "created_at": "2026-11-20T04:00:00.000Z",
            "expires_at": "2026-12-23T04:00:00.000Z", "last_used_at": null
        }),
    );
    if let Some(token) = token {
        object["token"] = json!(token);
    }
    object
}

pub fn tokens() -> Value {
    with(
        head("tokens", "/v3/tokens"),
        json!({"tokens": [token(None)]}),
    )
}

pub fn enrolment_token() -> Value {
    json!({
        "@type": "enrolment_token", "id": 4, "way": "command", "token": "once",
        "lines": {
            "one_command": "curl -fsSL http://server/join | sh -s -- --token once",
            "one_command_wget": "", "without_pipe": [], "service": [], "container": "", "vm": "",
            "qemu": [], "user_data": "", "smbios": "", "fw_cfg": []
        },
        "expires_at": "2026-11-23T05:00:00.000Z",
        "command": "travis worker --server http://server --token once"
    })
}

pub fn env_var(name: &str, value: Option<&str>) -> Value {
    with(
        head("env_var", "/v3/repo/1/env_var/9"),
        json!({"id": 9, "name": name, "value": value, "public": value.is_some(), "branch": null}),
    )
}

pub fn env_vars() -> Value {
    with(
        head("env_vars", "/v3/repo/1/env_vars"),
        json!({"env_vars": [env_var("API_KEY", None), env_var("MODE", Some("fast"))]}),
    )
}

pub fn key_pair() -> Value {
    with(
        head("key_pair", "/v3/repo/1/key_pair/generated"),
        json!({
            "description": "Encrypts values for acme/rocket",
            "public_key": include_str!("rocket.pem"),
            "fingerprint": "SHA256:01:02",
        }),
    )
}

pub fn log(content: &str) -> Value {
    with(
        head("log", "/v3/job/12002/log"),
        json!({
            "id": 7, "content": content,
            "log_parts": [{"number": 0, "content": content, "final": true}],
            "@raw_log_href": "/v3/job/12002/log.txt"
        }),
    )
}

pub fn pending_change(kind: &str, change: &str) -> Value {
    json!({"@type": "pending", "resource_type": kind, "state_change": change})
}
