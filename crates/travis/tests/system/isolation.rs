//! What a job can see and leave behind in the namespace sandbox (security cases 12 and 14).

use crate::support::{Server, Setup, can_isolate};

/// Runs a script in the namespace sandbox and gives back its log.
async fn isolated(server: &Server, slug: &str) -> String {
    let build = server.api.run(slug).await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    server.api.log_text(job).await
}

#[tokio::test]
async fn case_12_the_workers_secrets_can_not_be_seen_from_inside_a_job() {
    if !can_isolate("case 12") {
        return;
    }
    let server = Setup::up()
        .flags(&["--executor", "namespace"])
        .start()
        .await;
    let (data, home) = (server.data.display(), server.home.display());
    let probe = format!(
        r#"#!/bin/bash
for path in {data}/worker/worker.key {data}/admin-token {data}/secret-key {data}/travis.db {home}/.config/travis/config.toml; do
  if cat "$path" >/dev/null 2>&1; then echo "LEAK readable $path"; fi
done
ls {data} 2>/dev/null | grep -q . && echo "LEAK listing"
find / -xdev \( -name worker.key -o -name admin-token -o -name secret-key \) 2>/dev/null | sed 's/^/LEAK found /'
for environ in /proc/[0-9]*/environ; do
  tr '\0' '\n' < "$environ" 2>/dev/null | grep -iE '^TRAVIS_(ENROLMENT_TOKEN|TOKEN|DATA|DATABASE)=' | sed 's/^/LEAK env /'
done
for args in /proc/[0-9]*/cmdline; do
  tr '\0' ' ' < "$args" 2>/dev/null | grep -E -- ' up --|--token|attempt_' | grep -v grep | sed 's/^/LEAK args /'
done
for root in /proc/[0-9]*/root /proc/[0-9]*/cwd; do
  if cat "$root{data}/admin-token" >/dev/null 2>&1; then echo "LEAK through $root"; fi
done
for fd in /proc/[0-9]*/fd/*; do
  readlink "$fd" 2>/dev/null | grep -E 'travis\.db|worker\.key|spool|lock' | sed 's/^/LEAK fd /'
done
kill -0 {pid} 2>/dev/null && echo "LEAK sees the worker's process"
echo "probe done, $(ls -d /proc/[0-9]* | wc -l) processes seen"
"#,
        pid = server.process.pid()
    );
    let yaml = "language: generic\nscript: bash probe.sh\n";
    server
        .repository("acme/probe", &[(".travis.yml", yaml), ("probe.sh", &probe)])
        .await;
    let log = isolated(&server, "acme/probe").await;
    assert!(log.contains("probe done"), "{log}");
    assert!(!log.contains("LEAK"), "{log}");
}

#[tokio::test]
async fn case_14_a_job_leaves_nothing_for_the_next() {
    if !can_isolate("case 14") {
        return;
    }
    let server = Setup::up()
        .flags(&["--executor", "namespace", "--slots", "1"])
        .start()
        .await;
    let plant = r#"#!/bin/bash
if [ "$PART" = plant ]; then
  for place in "$HOME" /tmp /var/tmp "$PWD" /dev/shm /usr/local/bin /etc/cron.d; do
    echo planted > "$place/travis-persistence" 2>/dev/null || true
  done
  echo 'echo PLANTED' >> "$HOME/.bashrc"; echo 'echo PLANTED' >> "$HOME/.bash_profile"
  git config --global core.hooksPath /tmp/hooks 2>/dev/null || true
  mkdir -p .git/hooks; echo 'echo PLANTED' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout
  (setsid bash -c 'while true; do echo alive > /tmp/travis-daemon; sleep 0.2; done' >/dev/null 2>&1 &)
  (setsid sleep 4242 >/dev/null 2>&1 &)
  echo planted all
else
  for place in "$HOME" /tmp /var/tmp "$PWD" /dev/shm /usr/local/bin /etc/cron.d; do
    [ -e "$place/travis-persistence" ] && echo "LEAK file in $place"
  done
  grep -q PLANTED "$HOME/.bashrc" "$HOME/.bash_profile" 2>/dev/null && echo "LEAK shell files"
  [ -n "$(git config --global core.hooksPath)" ] && echo "LEAK git config"
  [ -e .git/hooks/post-checkout ] && echo "LEAK hook"
  [ -e /tmp/travis-daemon ] && echo "LEAK daemon's file"
  for args in /proc/[0-9]*/cmdline; do tr '\0' ' ' < "$args" 2>/dev/null | grep -q 'sleep 4242' && echo "LEAK process"; done
  echo checked all
fi
"#;
    let yaml = "language: generic\njobs:\n  include:\n    - {stage: one, env: PART=plant, script: bash probe.sh}\n    - {stage: two, env: PART=check, script: bash probe.sh}\n";
    server
        .repository(
            "acme/persist",
            &[(".travis.yml", yaml), ("probe.sh", plant)],
        )
        .await;
    let build = server.api.run("acme/persist").await;
    assert_eq!(build["state"], "passed", "{build}");
    let logs = [
        server
            .api
            .log_text(build["jobs"][0]["id"].as_i64().unwrap())
            .await,
        server
            .api
            .log_text(build["jobs"][1]["id"].as_i64().unwrap())
            .await,
    ];
    assert!(logs[0].contains("planted all"), "{}", logs[0]);
    assert!(
        logs[1].contains("checked all") && !logs[1].contains("LEAK"),
        "{}",
        logs[1]
    );
    // Nor does it live on beside us.
    let alive = std::process::Command::new("pgrep")
        .args(["-f", "^sleep 4242$"])
        .output();
    assert!(alive.is_ok_and(|found| found.stdout.is_empty()));
}
