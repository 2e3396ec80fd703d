//! What bubblewrap is told.

use std::fs;
use std::path::{Path, PathBuf};

use super::PROGRAM;
use crate::ToolDirs;
use crate::environment::text;
use crate::rootfs::{HOSTNAME, USER_ID};

/// The program, and what keeps every job from the machine.
pub(super) fn isolation() -> Vec<String> {
    [
        PROGRAM,
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--cap-drop",
        "ALL",
        "--uid",
        USER_ID,
        "--gid",
        USER_ID,
        "--hostname",
        HOSTNAME,
    ]
    .map(str::to_owned)
    .into()
}

/// The machine's programs as the job's system, with a private `/etc`.
pub(super) fn machine(etc: &Path, tools: &ToolDirs, hidden: &[&Path]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["--ro-bind", "/usr", "/usr"]);
    for directory in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
        match fs::read_link(directory) {
            Ok(target) => add(&["--symlink", &text(&target), directory]),
            Err(_) if Path::new(directory).is_dir() => {
                add(&["--ro-bind", directory, directory]);
            }
            Err(_) => {}
        }
    }
    add(&["--ro-bind", &text(etc), "/etc"]);
    add(&["--proc", "/proc", "--dev", "/dev"]);
    add(&[
        "--dir",
        "/run",
        "--dir",
        "/var",
        "--symlink",
        "/run",
        "/var/run",
    ]);
    add(&["--symlink", "/tmp", "/var/tmp"]);
    // Which packages the programs in `/usr` are of. What was answered when they were installed
    // lies elsewhere.
    add(&["--ro-bind-try", "/var/lib/dpkg", "/var/lib/dpkg"]);
    for directory in &tools.directories {
        // Gone since it was detected: jobs do without it.
        add(&["--ro-bind-try", &text(directory), &text(directory)]);
    }
    for hidden in hidden {
        let shown = tools.directories.iter().map(PathBuf::as_path);
        let mut shown = shown.chain([Path::new("/usr")]);
        if hidden.is_dir() && shown.any(|directory| hidden.starts_with(directory)) {
            add(&["--tmpfs", &text(hidden), "--remount-ro", &text(hidden)]);
        }
    }
    all
}

/// An image as the job's system. What is mounted on is there, see [`crate::images`].
pub(super) fn image(root: &Path, tmp: &Path) -> Vec<String> {
    let (root, tmp) = (text(root), text(tmp));
    [
        "--ro-bind",
        &root,
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/run",
        "--bind",
        &tmp,
        "/var/tmp",
    ]
    .map(str::to_owned)
    .into()
}
