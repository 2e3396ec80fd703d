//! The unit of systemd that runs a worker. Pure.

/// What the unit is made of.
#[derive(Debug, Clone)]
pub struct Unit<'a> {
    /// The program.
    pub program: &'a str,
    /// The server.
    pub server: &'a str,
    /// The worker's data directory.
    pub data: &'a str,
    /// The owner's settings.
    pub settings: &'a str,
    /// The file with the enrolment token; may be empty.
    pub token: &'a str,
    /// Hundredths of the machine's memory.
    pub memory_percent: u32,
    /// Of one person alone.
    pub user: bool,
    /// Groups of the machine that open what executors need: `kvm`.
    pub groups: &'a [&'a str],
}

impl Unit<'_> {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![
            "# Made by `travis worker install`; `travis worker uninstall` removes it.".to_owned(),
            "[Unit]".to_owned(),
            "Description=Travis worker: lends this machine".to_owned(),
            "Documentation=man:travis-worker(1)".to_owned(),
        ];
        let mut add = |text: &str| lines.push(text.to_owned());
        if !self.user {
            add("Wants=network-online.target");
            add("After=network-online.target");
        }
        add("");
        add("[Service]");
        add("Type=exec");
        add(&format!(
            "ExecStart={} worker --server {} --data {} --config {}",
            word(self.program),
            word(self.server),
            word(self.data),
            word(self.settings)
        ));
        add("ExecReload=/bin/kill -HUP $MAINPID");
        add("# What runs is handed back and runs elsewhere at once.");
        add(&format!(
            "ExecStop=-{} worker quit --data {}",
            word(self.program),
            word(self.data)
        ));
        add("TimeoutStopSec=30");
        add("KillMode=mixed");
        add("Restart=on-failure");
        add("RestartSec=10");
        add("# The token is in a file that only its owner can read, not on the command line.");
        add(&format!(
            "LoadCredential=enrolment-token:{}",
            self.token.replace('%', "%%")
        ));
        add("UMask=0077");
        add("");
        add("# Jobs' control groups are made below this service's own.");
        add("Delegate=yes");
        add("TasksMax=16384");
        add(&format!("MemoryHigh={}%", self.memory_percent));
        add("CPUWeight=10");
        add("IOWeight=10");
        add("Nice=5");
        add("IOSchedulingClass=idle");
        add("");
        add("NoNewPrivileges=yes");
        add("RestrictRealtime=yes");
        add("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK");
        if self.user {
            add("");
            add("[Install]");
            add("WantedBy=default.target");
        } else {
            lines.extend(self.system().into_iter().map(str::to_owned));
            if !self.groups.is_empty() {
                lines.push(format!("SupplementaryGroups={}", self.groups.join(" ")));
            }
            lines.push(String::new());
            lines.push("[Install]".to_owned());
            lines.push("WantedBy=multi-user.target".to_owned());
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// What only the manager of the system can do.
    fn system(&self) -> Vec<&'static str> {
        vec![
            "User=travis-worker",
            "Group=travis-worker",
            "StateDirectory=travis-worker",
            "StateDirectoryMode=0700",
            "CapabilityBoundingSet=",
            "AmbientCapabilities=",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "ProtectClock=yes",
            "ProtectKernelModules=yes",
            "KeyringMode=private",
            "RemoveIPC=yes",
            "# What jobs' sandboxes and machines need of /dev, and nothing else.",
            "DevicePolicy=closed",
            "DeviceAllow=/dev/net/tun rw",
            "DeviceAllow=/dev/kvm rw",
            "# Sandboxes are made of namespaces, mounts and a /proc of their own: so no",
            "# RestrictNamespaces, ProtectKernelTunables, ProtectKernelLogs, ProtectHostname,",
            "# ProtectControlGroups, ProcSubset, and mounting is among the system calls.",
            "SystemCallFilter=@system-service @mount @debug @pkey sethostname setdomainname",
            "SystemCallErrorNumber=EPERM",
        ]
    }
}

/// A word of a command line in a unit.
fn word(text: &str) -> String {
    let text = text.replace('%', "%%").replace('$', "$$");
    if text.contains([' ', '\t', '"', '\'', '\\', ';']) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(user: bool) -> Unit<'static> {
        Unit {
            program: "/usr/local/bin/travis",
            server: "https://ci.example.org/a%20b",
            data: "/var/lib/travis-worker",
            settings: "/etc/travis-worker/worker.toml",
            token: "/etc/travis-worker/enrolment-token",
            memory_percent: 60,
            user,
            groups: &["kvm"],
        }
    }

    #[test]
    fn units_are_as_they_were() {
        insta::assert_snapshot!("unit_system", unit(false).text());
        insta::assert_snapshot!("unit_user", unit(true).text());
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(word("/a b/c"), "\"/a b/c\"");
        assert_eq!(word("100%$x"), "100%%$$x");
        assert_eq!(word("a\"b"), "\"a\\\"b\"");
    }

    #[test]
    fn systemd_understands_the_unit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("travis-worker.service");
        // The program has to be there for this, and the user is not on every machine.
        let text = unit(false)
            .text()
            .replace("/usr/local/bin/travis", "/bin/true")
            .replace("User=travis-worker", "User=nobody")
            .replace("Group=travis-worker", "Group=nogroup")
            .replace("Documentation=man:travis-worker(1)\n", "");
        std::fs::write(&path, text).unwrap();
        let output = std::process::Command::new("systemd-analyze")
            .arg("verify")
            .arg(&path)
            .output();
        match output {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let ours: Vec<&str> = said
                    .lines()
                    .filter(|line| line.contains("travis-worker"))
                    .collect();
                assert!(ours.is_empty(), "{said}");
            }
            Err(error) => eprintln!("skipped: systemd-analyze does not start: {error}"),
        }
    }
}
