//! What an installation consists of. Decides, does nothing.

use super::steps::Step;
use crate::cli::serve::Executor;
use crate::cli::worker::{InstallArgs, UninstallArgs};
use crate::commands::worker::orders::SERVICE_DATA;
use crate::commands::worker::unit::Unit;
use crate::failure::{Failure, Status};
use std::path::{Path, PathBuf};

const SERVICE: &str = "travis-worker.service";
const USER: &str = "travis-worker";
/// Says that the program was put there by us.
const PUT: &str = "installed-program";

/// Where everything goes.
#[derive(Debug, Clone)]
pub struct Places {
    /// Below which directory; `/` but for images.
    root: PathBuf,
    staged: bool,
    /// Where the program is, as the service sees it.
    program: PathBuf,
    data: PathBuf,
    /// Settings, token, certificates.
    settings: PathBuf,
    unit: PathBuf,
    wants: PathBuf,
}

impl Places {
    /// Those of a user's service, or of the system's.
    pub fn of(user: bool, root: Option<&Path>) -> Result<Self, Failure> {
        let staged = root.is_some();
        let root = root.unwrap_or(Path::new("/")).to_owned();
        if !user {
            return Ok(Self {
                root,
                staged,
                program: "/usr/local/bin/travis".into(),
                data: SERVICE_DATA.into(),
                settings: "/etc/travis-worker".into(),
                unit: PathBuf::from("/etc/systemd/system").join(SERVICE),
                wants: PathBuf::from("/etc/systemd/system/multi-user.target.wants").join(SERVICE),
            });
        }
        let home = |variable: &str, below: &str| {
            let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
            set(variable)
                .map(PathBuf::from)
                .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(below)))
                .ok_or_else(|| Failure::usage("there is no HOME to install below"))
        };
        let config = home("XDG_CONFIG_HOME", ".config")?;
        let units = config.join("systemd/user");
        Ok(Self {
            root,
            staged,
            program: home("XDG_BIN_HOME", ".local/bin")?.join("travis"),
            data: home("XDG_DATA_HOME", ".local/share")?.join("travis-worker"),
            settings: config.join("travis-worker"),
            wants: units.join("default.target.wants").join(SERVICE),
            unit: units.join(SERVICE),
        })
    }

    /// # Errors
    /// When the system's service is wanted by somebody who can't make it.
    pub fn check_rights(&self, user: bool) -> Result<(), Failure> {
        if user || self.staged || rustix::process::geteuid().is_root() {
            return Ok(());
        }
        Err(Failure::new(
            Status::NotAllowed,
            "only root can make or remove a service of the system",
        )
        .remedy("Say it with sudo, or make one of yours alone with --user"))
    }

    fn below(&self, path: &Path) -> PathBuf {
        match path.strip_prefix("/") {
            Ok(relative) if self.staged => self.root.join(relative),
            _ => path.to_owned(),
        }
    }
}

/// The steps that make the service.
pub fn install(args: &InstallArgs, at: &Places) -> Result<Vec<Step>, Failure> {
    let own = std::env::current_exe()?;
    // One that is the system's already stays where it is.
    let kept = ["/usr/bin", "/usr/local/bin"].map(Path::new);
    let keep =
        !args.service.user && !at.staged && own.parent().is_some_and(|place| kept.contains(&place));
    let keep = keep || own == at.program;
    let program = if keep {
        own.clone()
    } else {
        at.program.clone()
    };
    let mut steps = Vec::new();
    steps.push(Step::Directory {
        path: at.below(&at.settings),
        mode: 0o755,
    });
    if !keep {
        steps.push(Step::Copy {
            from: own,
            to: at.below(&program),
            mode: 0o755,
        });
        steps.push(write(
            at,
            &at.settings.join(PUT),
            format!("{}\n", program.display()),
            0o644,
        ));
    }
    let token = at.settings.join("enrolment-token");
    steps.push(Step::Write {
        path: at.below(&token),
        text: args.join.token.as_deref().unwrap_or_default().to_owned(),
        mode: 0o600,
        secret: true,
    });
    let settings = at.settings.join("worker.toml");
    if !at.below(&settings).exists() {
        steps.push(write(at, &settings, settings_text(args, at), 0o644));
    }
    if let Some(ca) = &args.join.ca {
        let text = std::fs::read_to_string(ca).map_err(|error| {
            Failure::new(
                Status::Io,
                format!("{} can't be read: {error}", ca.display()),
            )
        })?;
        steps.push(write(at, &at.settings.join("ca.pem"), text, 0o644));
    }
    let containers = args.jobs.executor == Some(Executor::Container);
    let groups: &[&str] = if has_group("kvm") { &["kvm"] } else { &[] };
    let (program, data) = (program.to_string_lossy(), at.data.to_string_lossy());
    let (settings, token) = (settings.to_string_lossy(), token.to_string_lossy());
    let unit = Unit {
        program: &program,
        server: args.join.server.as_deref().unwrap_or_default(),
        data: &data,
        settings: &settings,
        token: &token,
        memory_percent: args.memory_percent,
        user: args.service.user,
        groups,
        executor: args.jobs.executor.map(Executor::name),
        containers,
    };
    if at.staged {
        let line = format!("u {USER} - \"Travis worker\" {}\n", at.data.display());
        steps.push(write(
            at,
            Path::new("/usr/lib/sysusers.d/travis-worker.conf"),
            line,
            0o644,
        ));
        steps.push(write(at, &at.unit, unit.text(), 0o644));
        steps.push(Step::Link {
            path: at.below(&at.wants),
            to: at.unit.clone(),
        });
        return Ok(steps);
    }
    if !args.service.user && !has_user() {
        steps.push(Step::run(&[
            "useradd",
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            &data,
            "--shell",
            "/usr/sbin/nologin",
            "--comment",
            "Travis worker",
            USER,
        ]));
    }
    if containers && !args.service.user {
        // Containers' users are numbers that are nobody else's.
        let [users, groups] = ["/etc/subuid", "/etc/subgid"]
            .map(|file| free_numbers(&std::fs::read_to_string(file).unwrap_or_default()));
        let mut words = vec!["usermod".to_owned()];
        for (flag, range) in [("--add-subuids", users), ("--add-subgids", groups)] {
            words.extend(range.into_iter().flat_map(|range| [flag.to_owned(), range]));
        }
        if words.len() > 1 {
            words.push(USER.to_owned());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            steps.push(Step::run(&words));
        }
    }
    if args.service.user {
        steps.push(Step::Directory {
            path: at.data.clone(),
            mode: 0o700,
        });
    }
    steps.push(write(at, &at.unit, unit.text(), 0o644));
    steps.push(systemctl(args.service.user, &["daemon-reload"], false));
    steps.push(systemctl(args.service.user, &["enable", SERVICE], false));
    // Also when an older one runs.
    steps.push(systemctl(args.service.user, &["restart", SERVICE], false));
    Ok(steps)
}

/// The steps that remove it; none when there is nothing.
pub fn uninstall(args: &UninstallArgs, at: &Places) -> Vec<Step> {
    let mut steps = Vec::new();
    let unit = at.below(&at.unit);
    let runs = !at.staged && unit.exists();
    if runs {
        steps.push(systemctl(
            args.service.user,
            &["disable", "--now", SERVICE],
            true,
        ));
    }
    let put = at.below(&at.settings.join(PUT));
    let program = std::fs::read_to_string(&put).ok();
    let program = program.map(|path| at.below(Path::new(path.trim())));
    let mut gone = vec![at.below(&at.wants), unit];
    gone.extend(program);
    gone.push(at.below(&at.settings));
    if at.staged {
        gone.push(at.below(Path::new("/usr/lib/sysusers.d/travis-worker.conf")));
    }
    if !args.keep_data {
        gone.push(at.below(&at.data));
    }
    let there = gone
        .into_iter()
        .filter(|path| path.symlink_metadata().is_ok());
    steps.extend(there.map(Step::Remove));
    if runs {
        steps.push(systemctl(args.service.user, &["daemon-reload"], true));
        steps.push(systemctl(
            args.service.user,
            &["reset-failed", SERVICE],
            true,
        ));
    }
    if !args.service.user && !at.staged && has_user() && !args.keep_data {
        steps.push(Step::try_run(&["userdel", USER]));
    }
    steps
}

fn write(at: &Places, path: &Path, text: String, mode: u32) -> Step {
    Step::Write {
        path: at.below(path),
        text,
        mode,
        secret: false,
    }
}

fn systemctl(user: bool, words: &[&str], may_fail: bool) -> Step {
    let mut all = vec!["systemctl"];
    if user {
        all.push("--user");
    }
    all.extend(words);
    if may_fail {
        Step::try_run(&all)
    } else {
        Step::run(&all)
    }
}

/// The owner's settings to begin with: what was said, and the rest to be taken up.
fn settings_text(args: &InstallArgs, at: &Places) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = String::from(
        "# What this machine lends. Read again when it changes; see docs/worker.md.\n",
    );
    if let Some(name) = &args.join.name {
        text.push_str(&format!("name = {}\n", quoted(name)));
    }
    if args.join.ca.is_some() {
        let path = at.settings.join("ca.pem");
        text.push_str(&format!("ca = {}\n", quoted(&path.to_string_lossy())));
    }
    text.push_str("#local_page = \"127.0.0.1:8099\"\n\n[lend]\n");
    if let Some(slots) = args.jobs.slots {
        text.push_str(&format!("slots = {slots}\n"));
    }
    text.push_str(&format!("memory_percent = {}\n", args.memory_percent));
    text.push_str(
        "#cores_percent = 50\n#disk = \"40 GB\"\n#network_per_second = \"5 MB\"\n\
         #network_per_month = \"200 GB\"\n#only_when_idle = true\n#only_on_mains = true\n\
         #only_repositories = [\"acme/*\"]\n#egress = \"registries\"\n",
    );
    text
}

/// Numbers for a service's containers behind all that are given, as usermod(8) wants them; `None`
/// when it has some.
fn free_numbers(given: &str) -> Option<String> {
    const FIRST: u64 = 524_288;
    const COUNT: u64 = 65_536;
    let mut next = FIRST;
    for line in given.lines() {
        let mut parts = line.split(':');
        if parts.next() == Some(USER) {
            return None;
        }
        let mut number = || {
            parts
                .next()
                .and_then(|text| text.trim().parse::<u64>().ok())
        };
        if let (Some(first), Some(count)) = (number(), number()) {
            next = next.max(first.saturating_add(count));
        }
    }
    Some(format!("{next}-{}", next + COUNT - 1))
}

fn has_user() -> bool {
    listed("/etc/passwd", USER)
}

fn has_group(name: &str) -> bool {
    listed("/etc/group", name)
}

fn listed(file: &str, name: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .any(|line| line.split(':').next() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_services_containers_get_numbers_that_nobody_has() {
        assert_eq!(free_numbers("").unwrap(), "524288-589823");
        let given = "ada:100000:65536\nbob:600000:65536\n# x\n";
        assert_eq!(free_numbers(given).unwrap(), "665536-731071");
        let own = format!("{given}{USER}:731072:65536\n");
        assert_eq!(free_numbers(&own), None);
    }
}
