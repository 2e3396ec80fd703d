//! What other programs know: logind whether somebody sits at the machine, NetworkManager whether
//! the network costs by the byte. They are asked only where they can have an answer.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What they said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Somebody sits at a screen of this machine and has not been still for long.
    pub(crate) at_desk: Option<bool>,
    /// The network costs by the byte.
    pub(crate) metered: Option<bool>,
}

/// Asks logind whether somebody is at a graphical session, when there is one.
pub(crate) async fn at_desk() -> Option<bool> {
    if !has_screen(Path::new("/run/systemd/sessions")) {
        return None;
    }
    let said = output(
        "busctl",
        &[
            "get-property",
            "org.freedesktop.login1",
            "/org/freedesktop/login1",
            "org.freedesktop.login1.Manager",
            "IdleHint",
        ],
    )
    .await?;
    match said.trim() {
        "b true" => Some(false),
        "b false" => Some(true),
        _ => None,
    }
}

/// Asks NetworkManager whether a network that is in use costs by the byte.
pub(crate) async fn metered() -> Option<bool> {
    if !Path::new("/run/NetworkManager").is_dir() {
        return None;
    }
    let said = output("nmcli", &["-t", "-f", "GENERAL.METERED", "device", "show"]).await?;
    is_metered(&said)
}

/// `yes`, `yes (guessed)`, `no`, `no (guessed)`, `unknown`, one line a device.
fn is_metered(said: &str) -> Option<bool> {
    let mut known = None;
    for line in said.lines() {
        let word = line.strip_prefix("GENERAL.METERED:")?.trim();
        if word.starts_with("yes") {
            return Some(true);
        }
        if word.starts_with("no") {
            known = Some(false);
        }
    }
    known
}

/// Whether somebody is signed in at a screen.
fn has_screen(sessions: &Path) -> bool {
    let entries = fs::read_dir(sessions).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .any(|text| {
            let says = |line: &str| text.lines().any(|one| one == line);
            says("ACTIVE=1") && (says("TYPE=x11") || says("TYPE=wayland")) && !says("CLASS=greeter")
        })
}

async fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .ok()?
        .ok()?;
    let said = output.status.success().then_some(output.stdout)?;
    String::from_utf8(said).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_an_active_session_that_is_no_greeter() {
        let sessions = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(sessions.path().join(name), text).unwrap();
        put("1", "ACTIVE=1\nTYPE=tty\nCLASS=user\n");
        put("2", "ACTIVE=0\nTYPE=wayland\nCLASS=user\n");
        put("3", "ACTIVE=1\nTYPE=x11\nCLASS=greeter\n");
        assert!(!has_screen(sessions.path()));
        put("4", "ACTIVE=1\nTYPE=wayland\nCLASS=user\n");
        assert!(has_screen(sessions.path()));
    }

    #[test]
    fn one_metered_network_is_enough() {
        assert_eq!(
            is_metered("GENERAL.METERED:no\nGENERAL.METERED:yes (guessed)\n"),
            Some(true)
        );
        assert_eq!(
            is_metered("GENERAL.METERED:unknown\nGENERAL.METERED:no (guessed)\n"),
            Some(false)
        );
        assert_eq!(is_metered("GENERAL.METERED:unknown\n"), None);
        assert_eq!(is_metered(""), None);
    }
}
