//! Data of the configuration is never run, whatever it holds.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

mod support;

use serde_json::{Value, json};
use support::{LANGUAGES, input, run_in};
use travis_script::{EnvVar, PullRequest};

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

/// Keys that are data for some language.
const VERSIONS: &[&str] = &[
    "compiler",
    "crystal",
    "d",
    "dart",
    "dotnet",
    "elixir",
    "elm",
    "gemfile",
    "ghc",
    "go",
    "go_import_path",
    "haxe",
    "hhvm",
    "jdk",
    "julia",
    "matlab",
    "mono",
    "nix",
    "node_js",
    "otp_release",
    "perl",
    "perl6",
    "php",
    "podfile",
    "python",
    "r",
    "rust",
    "rvm",
    "scala",
    "smalltalk",
    "smalltalk_config",
    "smalltalk_vm",
    "solution",
    "xcode_destination",
    "xcode_project",
    "xcode_scheme",
    "xcode_sdk",
    "xcode_workspace",
];

fn job(n: &mut Numbers, canary: &str) -> travis_script::JobInput {
    let mut t = || Value::String(n.text(canary));
    let mut config = json!({
        "os": t(), "dist": t(), "sudo": t(), "osx_image": t(), "arch": t(),
        "android": {"components": [t()]}, "apt_packages": [t()], "bioc_packages": [t()],
        "brew_packages": [t()], "cran": t(), "hxml": [t()], "r_binary_packages": [t()],
        "r_github_packages": [t()], "r_packages": [t()], "repos": {t().as_str().unwrap(): t()},
        "smalltalk_edge": {"source": t(), "branch": t()}, "gimme_config": {"url": t()},
        "env": [{"A": {"secure": t()}}, {t().as_str().unwrap(): "1"}, {"secure": t()}],
        "install": ["true"], "script": ["true"],
        "cache": {"directories": [t(), t()], "timeout": t(), "branch": t()},
        "addons": {
            "apt_packages": [t()],
            "apt": {"sources": [{"name": t()}, {"sourceline": t(), "key_url": t()}], "packages": [t()]},
            "hosts": [t()], "hostname": t(), "ssh_known_hosts": [t()],
            "artifacts": {"key": t(), "secret": {"decrypted": t()}, "bucket": t(), "paths": [t()],
                "region": t(), "permissions": t(), "cache_control": t(),
                "endpoint": "http://127.0.0.1:9", "target_paths": [t()], "working_dir": t()},
            t().as_str().unwrap(): t(),
        },
        "git": {"clone": false, "sparse_checkout": t(), "strategy": t(), "depth": t()},
        "deploy": [
            {"provider": "releases", "token": t(), "repo": t(), "file": [t(), t()], "file_glob": true,
                "name": t(), "body": t(), "tag_name": t(), "allow_failure": true,
                "on": {"branch": ["*", t()]}},
            {"provider": "script", "script": "true", "on": {"branch": [t()], "repo": t(), "rvm": t()}},
            {"provider": t(), "on": {"branch": t(), "os": t(), t().as_str().unwrap(): t()}},
            {"provider": "releases", "token": {"decrypted": t()}, "draft": true, "release_notes_file": t(),
                "allow_failure": true, "on": {"all_branches": true}},
        ],
    });
    for key in VERSIONS {
        config[*key] = t();
    }
    // An unknown service ends the job.
    if n.below(6) == 0 {
        config["services"] = json!([n.text(canary)]);
    }
    if n.below(2) == 0 {
        let map = config.as_object_mut().unwrap();
        map.remove("install");
        map.remove("script");
    }
    if n.below(3) == 0 {
        config["git"] = json!({"depth": n.text(canary), "sparse_checkout": n.text(canary),
            "autocrlf": n.text(canary), "submodules_depth": n.text(canary), "strategy": "tarball"});
    }
    let mut job = input(config);
    job.config["language"] = json!(LANGUAGES[n.below(LANGUAGES.len())]);
    if n.below(4) == 0 {
        job.pull_request = Some(PullRequest {
            number: 3,
            head_branch: n.text(canary),
            head_sha: n.text(canary),
            head_slug: n.text(canary),
            is_draft: false,
        });
        job.git_ref = Some(n.text(canary));
    }
    job.commit_range = Some(n.text(canary));
    job.event_type = n.text(canary);
    job.job_number = n.text(canary);
    job.app_host = n.text(canary);
    job.build_web_url = n.text(canary);
    job.notices = vec![n.text(canary)];
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
fn harmless(bin: &std::path::Path, body: &str) {
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
        "R",
        "Rscript",
        "asdf",
        "brew",
        "cabal",
        "cpanm",
        "crystal",
        "dart",
        "dmd",
        "dotnet",
        "dub",
        "elixir",
        "elm",
        "erl",
        "ghc",
        "goenv",
        "haxe",
        "haxelib",
        "julia",
        "kerl",
        "lein",
        "make",
        "matlab",
        "mix",
        "mono",
        "msbuild",
        "nix-build",
        "nodenv",
        "nuget",
        "pandoc",
        "perl6",
        "perlbrew",
        "phpunit",
        "pod",
        "prove",
        "rake",
        "raku",
        "rbenv",
        "rebar3",
        "sbt",
        "scala",
        "sdkmanager",
        "smalltalkci",
        "xbuild",
        "xcodebuild",
        "yarn",
    ] {
        let file = bin.join(name);
        std::fs::write(&file, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn no_value_is_run() {
    let root = tempfile::tempdir().unwrap();
    let canary = root.path().join("canary");
    let place = root.path().display();
    let paths = ["failing", "working"].map(|bin| format!("{place}/{bin}:/usr/bin:/bin"));
    harmless(&root.path().join("failing"), "exit 1");
    // A clone makes the directory that the job goes to.
    let works = "if [ \"$1\" = clone ]; then mkdir -p \"$HOME/build/owner/name\"; fi; echo 9.9.9";
    harmless(&root.path().join("working"), works);
    for seed in 0..160 {
        let path = &paths[seed as usize % 2];
        let home = tempfile::tempdir_in(root.path()).unwrap();
        let mut numbers = Numbers(seed);
        let job = job(&mut numbers, canary.to_str().unwrap());
        let outcome = run_in(home.path(), &job, path);
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
