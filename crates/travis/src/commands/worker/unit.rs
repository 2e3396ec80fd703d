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
    /// How jobs are isolated, where it was said.
    pub executor: Option<&'a str>,
    /// Jobs run in containers of rootless Podman, which the strictest service can't start.
    pub containers: bool,
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
        let executor = self.executor.map(|name| format!(" --executor {name}"));
        add(&format!(
            "ExecStart={} worker --server {} --data {} --config {}{}",
            word(self.program),
            word(self.server),
            word(self.data),
            word(self.settings),
            executor.unwrap_or_default()
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
        if self.containers {
            add(
                "# Rootless Podman gives containers users of their own by the setuid programs newuidmap",
            );
            add(
                "# and newgidmap, so this service may gain privileges by such programs. Whatever is made",
            );
            add(
                "# of a filter of system calls forbids that and is left out. Without containers the",
            );
            add("# service is stricter: install it with --executor namespace or --executor vm.");
            add("NoNewPrivileges=no");
        } else {
            add("NoNewPrivileges=yes");
            add("RestrictRealtime=yes");
            add("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK");
        }
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
        let mut lines = vec![
            "User=travis-worker",
            "Group=travis-worker",
            "StateDirectory=travis-worker",
            "StateDirectoryMode=0700",
            "AmbientCapabilities=",
            "ProtectSystem=strict",
            "ProtectHome=yes",
            "PrivateTmp=yes",
            "KeyringMode=private",
            "# What jobs' sandboxes and machines need of /dev, and nothing else.",
            "DevicePolicy=closed",
            "DeviceAllow=/dev/net/tun rw",
            "DeviceAllow=/dev/kvm rw",
        ];
        if self.containers {
            lines.extend([
                "DeviceAllow=/dev/fuse rw",
                "# What the setuid programs need at most to write the tables of users.",
                "CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_DAC_OVERRIDE CAP_SYS_ADMIN",
                "# Where Podman keeps what runs.",
                "RuntimeDirectory=travis-worker",
                "RuntimeDirectoryMode=0700",
                "Environment=XDG_RUNTIME_DIR=%t/travis-worker",
            ]);
        } else {
            lines.extend([
                "CapabilityBoundingSet=",
                "ProtectClock=yes",
                "ProtectKernelModules=yes",
                "RemoveIPC=yes",
                "# Sandboxes are made of namespaces, mounts and a /proc of their own: so no",
                "# RestrictNamespaces, ProtectKernelTunables, ProtectKernelLogs, ProtectHostname,",
                "# ProtectControlGroups, ProcSubset, and mounting is among the system calls.",
                "SystemCallFilter=@system-service @mount @debug @pkey sethostname setdomainname",
                "SystemCallErrorNumber=EPERM",
            ]);
        }
        lines
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

    /// What systemd's own examination may find at most, in tenths.
    const EXPOSED: u32 = 45;
    const EXPOSED_WITH_CONTAINERS: u32 = 70;

    fn unit(user: bool, containers: bool) -> Unit<'static> {
        Unit {
            program: "/usr/local/bin/travis",
            server: "https://ci.example.org/a%20b",
            data: "/var/lib/travis-worker",
            settings: "/etc/travis-worker/worker.toml",
            token: "/etc/travis-worker/enrolment-token",
            memory_percent: 60,
            user,
            groups: &["kvm"],
            executor: containers.then_some("container"),
            containers,
        }
    }

    #[test]
    fn units_are_as_they_were() {
        insta::assert_snapshot!("unit_system", unit(false, false).text());
        insta::assert_snapshot!("unit_user", unit(true, false).text());
        insta::assert_snapshot!("unit_containers", unit(false, true).text());
        insta::assert_snapshot!("unit_user_containers", unit(true, true).text());
    }

    #[test]
    fn nothing_in_the_unit_for_containers_keeps_newuidmap_from_its_privileges() {
        // For a service with a user of its own these imply NoNewPrivileges, systemd.exec(5).
        for implied in [
            "SystemCallFilter=",
            "SystemCallArchitectures=",
            "RestrictAddressFamilies=",
            "RestrictNamespaces=",
            "PrivateDevices=",
            "ProtectKernelTunables=",
            "ProtectKernelModules=",
            "ProtectKernelLogs=",
            "ProtectClock=",
            "ProtectHostname=",
            "MemoryDenyWriteExecute=",
            "RestrictRealtime=",
            "RestrictSUIDSGID=",
            "DynamicUser=",
            "LockPersonality=",
            "NoNewPrivileges=yes",
        ] {
            for user in [false, true] {
                let text = unit(user, true).text();
                let there = text.lines().find(|line| line.starts_with(implied));
                assert_eq!(there, None);
            }
        }
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(word("/a b/c"), "\"/a b/c\"");
        assert_eq!(word("100%$x"), "100%%$$x");
        assert_eq!(word("a\"b"), "\"a\\\"b\"");
    }

    /// Runs `systemd-analyze` on a unit; what it says, and `None` where it is not there.
    fn analyze(words: &[&str], unit: &Unit<'_>) -> Option<std::process::Output> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("travis-worker.service");
        // The program has to be there for this, and the user is not on every machine.
        let text = unit
            .text()
            .replace("/usr/local/bin/travis", "/bin/true")
            .replace("User=travis-worker", "User=daemon")
            .replace("Group=travis-worker", "Group=daemon")
            .replace("Documentation=man:travis-worker(1)\n", "");
        std::fs::write(&path, text).unwrap();
        let output = std::process::Command::new("systemd-analyze")
            .args(words)
            .arg(&path)
            .output();
        match output {
            Ok(output) => Some(output),
            Err(error) => {
                println!("skipped: systemd-analyze does not start: {error}");
                None
            }
        }
    }

    #[test]
    fn systemd_understands_the_units() {
        for containers in [false, true] {
            let Some(output) = analyze(&["verify"], &unit(false, containers)) else {
                return;
            };
            let said = String::from_utf8_lossy(&output.stderr);
            let ours: Vec<&str> = said
                .lines()
                .filter(|line| line.contains("travis-worker"))
                .collect();
            assert!(ours.is_empty(), "{said}");
        }
    }

    #[test]
    fn systemd_thinks_well_of_the_units() {
        // Hundredths of exposure; 10 is a service that is not confined at all.
        for (containers, limit) in [(false, EXPOSED), (true, EXPOSED_WITH_CONTAINERS)] {
            let limit = format!("--threshold={limit}");
            let words = ["security", "--offline=true", "--no-pager", &limit];
            let Some(output) = analyze(&words, &unit(false, containers)) else {
                return;
            };
            let said = String::from_utf8_lossy(&output.stdout);
            let said = said.lines().last().unwrap_or_default();
            println!("{said}");
            assert!(output.status.success(), "{said}");
        }
    }
}
