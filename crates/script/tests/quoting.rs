//! Data of the configuration is never run, whatever it holds.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::{Value, json};
use support::{input, run_in};
use travis_script::EnvVar;

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// A text that would make the file `canary` if any part of it were run.
    fn text(&mut self, canary: &str) -> String {
        let touch = format!("touch {canary}");
        let pieces = [
            format!("$({touch})"),
            format!("`{touch}`"),
            format!("'; {touch}; '"),
            format!("\"; {touch}; \""),
            format!("\n{touch}\n"),
            format!("; {touch} #"),
            format!("&& {touch} "),
            format!("| {touch} "),
            format!("${{x:-$({touch})}}"),
            format!("a[$({touch})]"),
            format!("$(({touch}))"),
            format!("<({touch})"),
            "'".into(),
            "\"".into(),
            "\\".into(),
            "`".into(),
            "$".into(),
            "{".into(),
            "}".into(),
            ")".into(),
            "-".into(),
            "é".into(),
            " ".into(),
            "*".into(),
            "~/".into(),
            "%s".into(),
            "!".into(),
            "\r".into(),
            "$HOME".into(),
            "${PATH}".into(),
            "../".into(),
        ];
        let count = 1 + self.below(6);
        (0..count)
            .map(|_| pieces[self.below(pieces.len())].clone())
            .collect()
    }
}

fn job(n: &mut Numbers, canary: &str) -> travis_script::JobInput {
    let mut t = || Value::String(n.text(canary));
    let language = [
        "ruby", "python", "node_js", "go", "rust", "php", "java", "perl", "c", "shell",
    ];
    let config = json!({
        "os": t(), "dist": t(), "sudo": t(), "osx_image": t(), "arch": t(),
        "rvm": t(), "python": t(), "node_js": t(), "go": t(), "rust": t(), "php": t(), "jdk": t(),
        "perl": t(), "compiler": t(), "gemfile": t(), "go_import_path": t(),
        "env": [{"A": {"secure": t()}}, {t().as_str().unwrap(): "1"}, {"secure": t()}],
        "install": ["true"], "script": ["true"],
        "cache": {"directories": [t(), t()], "timeout": t(), "branch": t()},
        "addons": {
            "apt": {"sources": [{"name": t()}, {"sourceline": t(), "key_url": t()}], "packages": [t()]},
            "hosts": [t()], "hostname": t(), "ssh_known_hosts": [t()],
            "artifacts": {"key": t(), "secret": {"decrypted": t()}, "bucket": t(), "paths": [t()],
                "endpoint": "http://127.0.0.1:9", "target_paths": [t()], "working_dir": t()},
            t().as_str().unwrap(): t(),
        },
        "git": {"clone": false, "sparse_checkout": t(), "strategy": t(), "depth": t()},
        "deploy": [
            {"provider": "releases", "token": t(), "repo": t(), "file": [t(), t()], "file_glob": true,
                "name": t(), "body": t(), "tag_name": t(), "allow_failure": true,
                "on": {"branch": ["*", t()]}},
            {"provider": "script", "script": "true", "on": {"branch": [t()], "repo": t(), "rvm": t()}},
            {"provider": "releases", "token": {"decrypted": t()}, "draft": true, "release_notes_file": t(),
                "allow_failure": true, "on": {"all_branches": true}},
        ],
    });
    let mut job = input(config);
    job.config["language"] = json!(language[n.below(language.len())]);
    job.branch = n.text(canary);
    job.tag = Some(n.text(canary));
    job.commit_message = n.text(canary);
    job.job_name = Some(n.text(canary));
    job.stage_name = Some(n.text(canary));
    job.default_branch = n.text(canary);
    job.settings_env = (0..3)
        .map(|index| EnvVar {
            name: format!("SETTING_{index}"),
            value: n.text(canary),
            public: index == 0,
        })
        .collect();
    job.forge_api_url = "http://127.0.0.1:9".into();
    job
}

/// Programs that would leave the machine or change it: the job finds these in their place.
fn harmless(bin: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir(bin).unwrap();
    for name in [
        "apt-get",
        "sudo",
        "tee",
        "hostname",
        "getent",
        "ssh-keyscan",
        "add-apt-repository",
        "install",
        "curl",
        "wget",
        "dpkg-query",
        "rvm",
        "nvm",
        "mise",
        "ruby",
        "python3",
        "node",
        "npm",
        "go",
        "rustc",
        "cargo",
        "rustup",
        "php",
        "java",
        "javac",
        "perl",
        "gcc",
        "cc",
        "git",
        "bundle",
        "virtualenv",
        "pip",
        "composer",
        "gimme",
        "pyenv",
        "phpenv",
        "plenv",
        "sdk",
        "sleep",
    ] {
        let file = bin.join(name);
        std::fs::write(&file, "#!/bin/sh\nexit 1\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn no_value_is_run() {
    let root = tempfile::tempdir().unwrap();
    let bin = root.path().join("bin");
    harmless(&bin);
    let canary = root.path().join("canary");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    for seed in 0..60 {
        let home = tempfile::tempdir_in(root.path()).unwrap();
        let mut numbers = Numbers(seed);
        let job = job(&mut numbers, canary.to_str().unwrap());
        let outcome = run_in(home.path(), &job, &path);
        assert!(
            !canary.exists(),
            "seed {seed}: {}\n{}",
            job.config,
            outcome.log
        );
        for complaint in ["syntax error", "unexpected EOF", "bad substitution"] {
            assert!(
                !outcome.log.contains(complaint),
                "seed {seed}: {}",
                outcome.log
            );
        }
    }
}

#[test]
fn an_environment_value_stays_one_assignment() {
    for text in [
        "a; touch $HOME/canary",
        "a\ntouch $HOME/canary",
        "\"; touch $HOME/canary; \"",
        "a & touch $HOME/canary",
        "a > $HOME/canary",
        "'x' || touch $HOME/canary",
        ") touch $HOME/canary",
    ] {
        for value in [json!(text), json!({"decrypted": text})] {
            let home = tempfile::tempdir().unwrap();
            let job = support::plain(json!({"env": [{"A": value}], "script": ["true"]}));
            let outcome = run_in(home.path(), &job, "/usr/bin:/bin");
            assert!(
                !home.path().join("canary").exists(),
                "{text}: {}",
                outcome.log
            );
        }
    }
}
