//! Git repositories to build.

use anyhow::{Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a repository with one commit of these files.
pub fn create(place: &Path, files: &[(&str, &str)]) -> Result<PathBuf> {
    fs::create_dir_all(place)?;
    for (name, content) in files {
        fs::write(place.join(name), content)?;
    }
    git(place, &["init", "-q", "-b", "main"])?;
    git(place, &["add", "."])?;
    git(place, &["commit", "-q", "-m", "Something to measure"])?;
    Ok(place.to_owned())
}

fn git(place: &Path, args: &[&str]) -> Result<()> {
    let done = Command::new("git")
        .current_dir(place)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .args([
            "-c",
            "user.name=Bench",
            "-c",
            "user.email=bench@example.org",
        ])
        .args(args)
        .output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "git {args:?} failed: {said}");
    Ok(())
}
