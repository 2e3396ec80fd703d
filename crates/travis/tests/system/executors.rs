//! A worker that was told how to isolate jobs and can't do it here does not start, and says what to
//! do; it never runs them in a weaker way.

use crate::support::travis;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A machine with git and bubblewrap, and nothing that runs containers or machines.
struct Bare(TempDir);

impl Bare {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        for directory in ["bin", "home", "data"] {
            std::fs::create_dir(place.path().join(directory)).unwrap();
        }
        let path = std::env::var_os("PATH").unwrap();
        for program in ["git", "bwrap"] {
            let found = std::env::split_paths(&path).map(|place| place.join(program));
            if let Some(found) = found.into_iter().find(|found| found.is_file()) {
                std::os::unix::fs::symlink(found, place.path().join("bin").join(program)).unwrap();
            }
        }
        Self(place)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.data().join(name), text).unwrap();
    }

    /// Calls `travis worker` there; nothing answers at its server's address.
    fn worker(&self, words: &[&str]) -> Output {
        let home: &Path = &self.0.path().join("home");
        let mut command: Command = travis(home);
        command
            .arg("worker")
            .args(words)
            .arg("--data")
            .arg(self.data())
            .env("PATH", self.0.path().join("bin"))
            .env_remove("CONTAINER_HOST")
            .env_remove("DOCKER_HOST")
            .stdin(Stdio::null());
        command.output().unwrap()
    }

    /// What it says when it refuses to start.
    fn refusal(&self, words: &[&str]) -> String {
        let joined = ["--server", "http://127.0.0.1:9", "--token", "T"];
        let output = self.worker(&[&joined, words].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        said
    }
}

fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word:?} in: {text}");
    }
}

#[test]
fn containers_that_were_chosen_and_are_not_there() {
    let bare = Bare::new();
    let install = ["neither podman nor docker is installed", "package podman"];
    let said = bare.refusal(&["--executor", "container"]);
    says(&said, &install);
    says(&said, &["--executor namespace"]);
    // Chosen in the owner's settings.
    bare.write("worker.toml", "executor = \"container\"\n");
    says(&bare.refusal(&[]), &install);
    // Asked for by a table of images.
    bare.write("worker.toml", "");
    bare.write("images.toml", "");
    let said = bare.refusal(&[]);
    says(&said, &install);
    says(&said, &["images.toml", "--executor namespace"]);
}

#[test]
fn machines_that_were_chosen_and_are_not_there() {
    let said = Bare::new().refusal(&["--executor", "vm"]);
    says(&said, &["image", "travis worker image fetch"]);
}

#[test]
fn the_doctor_of_a_worker_says_what_is_missing_of_what_was_chosen() {
    let bare = Bare::new();
    let seen = |bare: &Bare| {
        let output = bare.worker(&["doctor"]);
        (output.status, String::from_utf8(output.stdout).unwrap())
    };
    // Nobody asked for containers.
    let (_, said) = seen(&bare);
    says(&said, &["bubblewrap", "git", "disk"]);
    assert!(!said.contains("containers"), "{said}");
    bare.write("worker.toml", "executor = \"container\"\n");
    let (status, said) = seen(&bare);
    assert_eq!(status.code(), Some(1), "{said}");
    says(&said, &["✗ containers", "package podman", "worker.toml"]);
}
