//! The repository that `travis up` makes on its first start.

use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const FILES: [(&str, &str); 5] = [
    (".travis.yml", include_str!("sample/travis.yml")),
    ("README.md", include_str!("sample/README.md")),
    ("greet.sh", include_str!("sample/greet.sh")),
    ("test.sh", include_str!("sample/test.sh")),
    ("lint.sh", include_str!("sample/lint.sh")),
];

/// Makes the repository unless it is there.
pub async fn create(path: &Path) -> Result<()> {
    if path.join(".git").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(path).with_context(|| format!("{} can't be made", path.display()))?;
    for (name, text) in FILES {
        std::fs::write(path.join(name), text)?;
    }
    let git = |args: &'static [&'static str]| async move {
        let done = Command::new("git")
            .args([
                "-c",
                "user.name=Travis",
                "-c",
                "user.email=travis@localhost",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(args)
            .current_dir(path)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let done = tokio::time::timeout(Duration::from_secs(20), done)
            .await
            .context("git did not answer within 20 seconds")?
            .context("git can't be run: install it (apt-get install git)")?;
        if !done.status.success() {
            bail!(
                "git {}: {}",
                args.join(" "),
                String::from_utf8_lossy(&done.stderr).trim()
            );
        }
        Ok(())
    };
    git(&["init", "--quiet", "--initial-branch=main"]).await?;
    git(&["add", "--all"]).await?;
    git(&[
        "commit",
        "--quiet",
        "--message",
        "Greet people, and test that we do",
    ])
    .await
}
