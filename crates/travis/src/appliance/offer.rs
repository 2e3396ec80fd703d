//! What a machine's owner hands in: server, token, name and settings.

use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// A longer file is none of ours.
const LONGEST: u64 = 256 * 1024;

/// What was handed in. Not `Debug`: it may hold an enrolment token.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offer {
    /// The server's address.
    pub server: Option<String>,
    /// A single-use enrolment token.
    pub token: Option<String>,
    /// The worker's name.
    pub name: Option<String>,
    /// Certificates of authorities that the server's may be signed by, in PEM.
    pub ca: Option<String>,
    /// The text of `worker.toml`.
    pub settings: Option<String>,
    /// What was wrong with it, for people.
    pub trouble: Option<String>,
}

impl Offer {
    /// Takes over what the other one says.
    pub fn overlay(&mut self, other: Self) {
        fn take(own: &mut Option<String>, other: Option<String>) {
            if other.is_some() {
                *own = other;
            }
        }
        take(&mut self.server, other.server);
        take(&mut self.token, other.token);
        take(&mut self.name, other.name);
        take(&mut self.ca, other.ca);
        take(&mut self.settings, other.settings);
        take(&mut self.trouble, other.trouble);
    }

    /// From files named `travis.server`, `travis.token`, `travis.name`, `travis.ca` and
    /// `travis.worker` in a directory of credentials: systemd puts there what came by firmware
    /// tables (SMBIOS type 11) and by QEMU's `fw_cfg`.
    pub fn of_credentials(directory: &Path) -> Self {
        let read = |name: &str| {
            let text = read_bounded(&directory.join(name)).ok()?;
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            server: read("travis.server"),
            token: read("travis.token"),
            name: read("travis.name"),
            ca: read("travis.ca"),
            settings: read("travis.worker"),
            trouble: None,
        }
    }

    /// From the kernel's command line. A token has no place there: every program can read it.
    pub fn of_command_line(line: &str) -> Self {
        let value = |key: &str| {
            line.split_whitespace()
                .filter_map(|word| word.strip_prefix(key))
                .next_back()
                .map(str::to_owned)
        };
        Self {
            server: value("travis.server="),
            name: value("travis.name="),
            ..Self::default()
        }
    }

    /// Reads what [`Self::write`] wrote; nothing was handed in when there is no such file.
    pub fn read(path: &Path) -> Self {
        read_bounded(path)
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    /// Writes it for its owner's eyes only, whole or not at all.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string(self).map_err(std::io::Error::other)?;
        write_private(path, text.as_bytes())
    }
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    // A left-over may have other rights than a new file gets.
    let _ = std::fs::remove_file(&new);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

/// Reads a small text file.
pub fn read_bounded(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(LONGEST)
        .read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn credentials_are_files_and_what_comes_later_counts() {
        let place = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("travis.server", "https://ci.example.org\n"),
            ("travis.token", " T0k "),
            ("travis.name", "\n"),
        ] {
            std::fs::write(place.path().join(name), text).unwrap();
        }
        let mut offer = Offer::of_command_line("quiet travis.server=http://x travis.name=attic ro");
        offer.overlay(Offer::of_credentials(place.path()));
        assert_eq!(offer.server.as_deref(), Some("https://ci.example.org"));
        assert_eq!(offer.token.as_deref(), Some("T0k"));
        assert_eq!(offer.name.as_deref(), Some("attic"));
    }

    #[test]
    fn what_is_written_is_read_again_and_private() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("offer.json");
        let offer = Offer {
            token: Some("T".to_owned()),
            ..Offer::default()
        };
        offer.write(&path).unwrap();
        assert!(Offer::read(&path) == offer);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(Offer::read(&place.path().join("none")) == Offer::default());
    }
}
