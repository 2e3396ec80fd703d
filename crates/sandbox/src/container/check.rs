//! What is found out about an engine before it is relied on.

use std::path::Path;

use tokio::process::Command;

use super::Container;
use super::engine::{self, Engine, finish};
use crate::{Finding, ImageWish};

impl Container {
    /// Examines engine, start of a container, limits and images.
    pub(super) async fn examine(&self) -> Vec<Finding> {
        let mut found = vec![
            Finding::good("containers", self.engine.describe()),
            self.trial().await,
            limits(&self.engine),
        ];
        found.push(self.default_image().await);
        found
    }

    /// Starts an empty container on the machine's own programs, which needs no image.
    async fn trial(&self) -> Finding {
        let name = "container start";
        if !self.engine.is_podman() {
            // Docker starts nothing but images, and its daemon answered.
            return Finding::good(name, "the engine answers");
        }
        let root = format!("{}-trial-{}", self.mark, std::process::id());
        let root = std::env::temp_dir().join(root);
        if let Err(error) = std::fs::create_dir_all(&root) {
            return Finding::bad(
                name,
                format!("there is no place for a trial: {error}"),
                "make room in the directory for temporary files (TMPDIR)",
            );
        }
        let tried = self.start_empty(&root).await;
        // Rootless, the engine made files there as other users.
        self.remove_files(&root).await;
        let _ = crate::files::remove_tree(&root);
        match tried {
            Ok(()) => Finding::good(
                name,
                "a container starts without privileges and without network",
            ),
            Err(reason) => {
                let confined = self.engine.rootless && has_no_new_privileges();
                Finding::bad(name, reason.as_str(), remedy(&reason, confined))
            }
        }
    }

    async fn start_empty(&self, root: &Path) -> Result<(), String> {
        for link in ["bin", "sbin", "lib", "lib64"] {
            let target = std::fs::read_link(Path::new("/").join(link));
            if let Ok(target) = target {
                // Where it is a directory, /usr alone has to do.
                let _ = std::os::unix::fs::symlink(target, root.join(link));
            }
        }
        let mut command = Command::new(&self.engine.program);
        command
            .env_clear()
            .envs(engine::environment())
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        command.args(["run", "--rm", "--network", "none", "--cap-drop", "ALL"]);
        command.args([
            "--security-opt",
            "no-new-privileges",
            "--user",
            "60999:60999",
        ]);
        command.args([
            "--label",
            &self.label,
            "--volume",
            "/usr:/usr:ro",
            "--rootfs",
        ]);
        command.arg(root).arg("/usr/bin/true");
        finish(command, engine::CHECK).await.map(drop)
    }

    async fn default_image(&self) -> Finding {
        let wish = ImageWish::default();
        let Some(name) = self.table().image_for(&wish) else {
            return Finding::bad(
                "images",
                "no image for jobs without a language",
                "add a row with language = \"*\" to images.toml",
            );
        };
        match self.images.look(&name).await {
            Some(image) => Finding::good("images", format!("{name} is here ({})", image.digest)),
            None => Finding::good(
                "images",
                format!("{name} is pulled by the first job that needs it"),
            ),
        }
    }
}

fn limits(engine: &Engine) -> Finding {
    let missing: Vec<&str> = ["memory", "processes", "cpu"]
        .into_iter()
        .filter(|one| !engine.limits.contains(one))
        .collect();
    if missing.is_empty() {
        return Finding::good("container limits", "memory, processes and processor time");
    }
    let instead = if missing.contains(&"cpu") && engine.is_podman() {
        "; processors are limited by affinity to whole cores instead"
    } else {
        ""
    };
    Finding::bad(
        "container limits",
        format!("can't be set here: {}{instead}", missing.join(", ")),
        "delegate the controllers to the worker's user (a drop-in of user@.service with Delegate=cpu memory pids), or run the worker as root; jobs run without these limits until then",
    )
}

/// Whether this process and what it starts can gain no privileges by setuid programs.
fn has_no_new_privileges() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    no_new_privileges(&status)
}

fn no_new_privileges(status: &str) -> bool {
    let mut values = status
        .lines()
        .filter_map(|line| line.strip_prefix("NoNewPrivs:"));
    values.any(|value| value.trim() == "1")
}

/// An engine's word with what mends it, where that is the worker's own service.
pub(super) fn with_remedy(reason: String) -> String {
    if is_about_users(&reason) && has_no_new_privileges() {
        return format!("{reason}: {}", remedy(&reason, true));
    }
    reason
}

fn is_about_users(reason: &str) -> bool {
    [
        "newuidmap",
        "newgidmap",
        "subuid",
        "uid range",
        "user namespace",
    ]
    .iter()
    .any(|word| reason.contains(word))
}

/// What mends a start that failed. `confined` says that the worker can't gain privileges.
fn remedy(reason: &str, confined: bool) -> &'static str {
    let of_users = is_about_users(reason);
    if reason.contains("hybrid") {
        "boot with systemd.unified_cgroup_hierarchy=1, or start the worker in a mount namespace without /sys/fs/cgroup/unified"
    } else if reason.contains("setrlimit") {
        "set default_ulimits in containers.conf to what the worker's own limits allow (ulimit -Hn, ulimit -Hu)"
    } else if of_users && confined {
        "the worker's service forbids new privileges (NoNewPrivileges), which rootless Podman's newuidmap needs: make the service with `travis worker install --executor container`"
    } else if of_users {
        "install the package uidmap and give the worker's user 65536 numbers in /etc/subuid and /etc/subgid"
    } else {
        "start a container by hand as the worker's user to see more: podman run --rm docker.io/library/hello-world"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_new_privileges_is_told_from_missing_numbers() {
        // As Podman 4.3.1 says it in each case.
        let confined = "running `/usr/bin/newuidmap 30270 0 999 1 1 700000 65536`: newuidmap: write to uid_map failed: Operation not permitted";
        assert!(remedy(confined, true).contains("--executor container"));
        let missing = "no subuid ranges found for user \"x\" in /etc/subuid";
        assert!(remedy(missing, false).contains("uidmap"));
        assert!(remedy("short-name resolution", true).contains("by hand"));
        assert!(no_new_privileges("Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t2\n"));
        assert!(!no_new_privileges("NoNewPrivs:\t0\n"));
    }
}
