//! A working tree, and commands that are called in it.

use super::travis;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A working tree with a home beside it.
pub struct Working {
    place: TempDir,
}

/// How a command ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Fails the test unless it ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Fails the test unless standard output holds this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text), "no {text:?} in:\n{}", self.out);
        self
    }

    /// Fails the test when standard output holds this.
    #[track_caller]
    pub fn lacks(self, text: &str) -> Self {
        assert!(!self.out.contains(text), "{text:?} is in:\n{}", self.out);
        self
    }

    /// Fails the test unless standard error holds this.
    #[track_caller]
    pub fn remarks(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no {text:?} in:\n{}", self.err);
        self
    }
}

impl Working {
    /// A directory without git.
    pub fn bare(config: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("home")).unwrap();
        fs::create_dir(place.path().join("tree")).unwrap();
        let working = Self { place };
        working.write(".travis.yml", config);
        working
    }

    /// A repository with one commit, on the branch `main`.
    pub fn new(config: &str) -> Self {
        let working = Self::bare(config);
        working.git(&["init", "--quiet", "--initial-branch=main"]);
        working.commit("The first commit");
        working
    }

    pub fn path(&self) -> PathBuf {
        self.place.path().join("tree")
    }

    /// Where the command finds its home.
    pub fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// A place beside the tree.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// git in the tree; what it prints.
    pub fn git(&self, words: &[&str]) -> String {
        git(&self.path(), words)
    }

    /// The program, called in the tree.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = travis(&self.home());
        command.env_remove("XDG_CACHE_HOME");
        command.args(words).current_dir(self.path());
        command
    }

    /// Calls the program in the tree.
    pub fn call(&self, words: &[&str]) -> Ran {
        ran(self.command(words).stdin(Stdio::null()).output().unwrap())
    }

    /// Calls `travis run`.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.call(&[&["run"], words].concat())
    }
}

/// What came of a call.
pub fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// git in a directory; what it prints.
pub fn git(directory: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"])
        .args(["-c", "protocol.file.allow=always"])
        .args(words)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
