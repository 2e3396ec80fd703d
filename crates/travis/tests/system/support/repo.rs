//! Real git repositories.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub struct Repo {
    path: PathBuf,
}

impl Repo {
    /// A repository with one commit on `main`.
    pub fn new(path: &Path, files: &[(&str, &str)]) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let repo = Self {
            path: path.to_owned(),
        };
        repo.git(&["init", "--quiet", "--initial-branch=main"]);
        repo.commit(files, "First commit");
        repo
    }

    pub fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Commits files on the branch that is checked out. Answers the commit's hash.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) -> String {
        for (name, text) in files {
            let path = self.path.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A new `.travis.yml` for jobs that check nothing out.
    pub fn configure(&self, yaml: &str) -> String {
        let yaml = format!("language: generic\ngit: {{clone: false}}\n{yaml}");
        self.commit(&[(".travis.yml", &yaml)], "Configure")
    }

    /// Checks a branch out, made where we are.
    pub fn branch(&self, name: &str) {
        self.git(&["checkout", "--quiet", "-B", name]);
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Tester",
                "-c",
                "user.email=tester@example.org",
            ])
            .args(arguments)
            .current_dir(&self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Repo {
    /// Pushes a branch, without holding up the test's other work: the forge may live in its
    /// process.
    pub async fn push(&self, remote: &str, branch: &str) {
        let output = tokio::process::Command::new("git")
            .args(["push", "--quiet", "--force", remote, branch])
            .current_dir(&self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git push: {error}");
    }
}
