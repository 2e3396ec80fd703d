//! What a worker needs of the machine and can have installed: on a bare system nothing is there but
//! this program.

use anyhow::{Result, bail};
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

/// How long the package manager may take for one of its calls.
const PATIENCE: Duration = Duration::from_secs(600);

/// A program, and the package that has it, which is named alike by all systems here.
struct Need {
    program: &'static str,
    package: &'static str,
    what_for: &'static str,
}

const GIT: Need = Need {
    program: "git",
    package: "git",
    what_for: "fetches commits",
};
const BWRAP: Need = Need {
    program: "bwrap",
    package: "bubblewrap",
    what_for: "keeps jobs from the machine",
};

/// A package manager: how it reads its lists, and how it installs.
struct Manager {
    program: &'static str,
    refresh: Option<&'static [&'static str]>,
    install: &'static [&'static str],
}

const MANAGERS: [Manager; 5] = [
    Manager {
        program: "apt-get",
        refresh: Some(&["update", "-q"]),
        install: &["install", "-q", "-y", "--no-install-recommends"],
    },
    Manager {
        program: "dnf",
        refresh: None,
        install: &["install", "-y"],
    },
    Manager {
        program: "zypper",
        refresh: None,
        install: &["--non-interactive", "install"],
    },
    Manager {
        program: "pacman",
        refresh: None,
        install: &["-Sy", "--noconfirm", "--needed"],
    },
    Manager {
        program: "apk",
        refresh: None,
        install: &["add", "--no-cache"],
    },
];

/// Sees that what a worker needs is there. What is missing is installed when that was asked for, or
/// when somebody at the terminal says so.
///
/// # Errors
/// When something is missing and stays so; says what, and how to get it.
pub async fn provide(sandbox: bool, install: bool) -> Result<()> {
    let needed = [(true, GIT), (sandbox, BWRAP)];
    let missing: Vec<Need> = needed
        .into_iter()
        .filter(|(needed, need)| *needed && !is_there(need.program))
        .map(|(_, need)| need)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing
        .iter()
        .map(|need| format!("{} ({})", need.package, need.what_for))
        .collect();
    let list = list.join(" and ");
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let Some(manager) = MANAGERS.iter().find(|manager| is_there(manager.program)) else {
        bail!("missing on this machine: {list}; install them and start again");
    };
    let root = rustix::process::geteuid().is_root();
    let mut prefix: Vec<&str> = Vec::new();
    if !root {
        prefix.push("sudo");
    }
    let line = format!(
        "{}{} {} {}",
        if root { "" } else { "sudo " },
        manager.program,
        manager.install.join(" "),
        packages.join(" ")
    );
    let able = root || is_there("sudo");
    if !(able && (install || agreed(&list, &line)?)) {
        bail!(
            "missing on this machine: {list}; install with: {line}, or start with --install-missing"
        );
    }
    eprintln!("Installing {}.", packages.join(" and "));
    // The lists may be too old or not there; when they are good this is not needed.
    if run(&prefix, manager.program, manager.install, &packages)
        .await
        .is_err()
    {
        if let Some(refresh) = manager.refresh {
            run(&prefix, manager.program, refresh, &[]).await?;
        }
        run(&prefix, manager.program, manager.install, &packages).await?;
    }
    if let Some(need) = missing.iter().find(|need| !is_there(need.program)) {
        bail!(
            "{} was installed, and {} is still not there",
            need.package,
            need.program
        );
    }
    Ok(())
}

fn agreed(list: &str, line: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    eprintln!("Missing on this machine: {list}.");
    eprintln!("Install with: {line}  [Y/n]");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "" | "y" | "Y" | "yes"))
}

async fn run(prefix: &[&str], program: &str, words: &[&str], packages: &[&str]) -> Result<()> {
    let mut all = prefix.iter().copied().chain([program]);
    let Some(first) = all.next() else {
        return Ok(());
    };
    let mut command = Command::new(first);
    command
        .args(all)
        .args(words)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await??;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(3).collect();
    bail!(
        "{program} failed: {}",
        last.into_iter().rev().collect::<Vec<_>>().join(" ")
    )
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/bin".into(), "/bin".into(), "/usr/sbin".into()])
        .any(|directory: std::path::PathBuf| is_program(&directory.join(program)))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
