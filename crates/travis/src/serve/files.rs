//! Files with secrets, and where everything lies by default.

use anyhow::{Context as _, Result, bail};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use travis_engine::{Secret, Vault};

/// `$XDG_DATA_HOME/NAME`, else `~/.local/share/NAME`.
pub fn default_data(name: &str) -> Result<PathBuf> {
    let from = |variable: &str| {
        std::env::var_os(variable)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    from("XDG_DATA_HOME")
        .or_else(|| from("HOME").map(|home| home.join(".local/share")))
        .map(|base| base.join(name))
        .context(
            "there is neither HOME nor XDG_DATA_HOME: say where to keep the data with --data DIR",
        )
}

/// Makes a directory that only its owner can enter. One that is there already is closed to others
/// when it is empty or holds our data: what lies in it is nobody else's business. Answers its full
/// path.
pub fn private_dir(path: &Path) -> Result<PathBuf> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| {
            format!(
                "{} can't be made: choose another place with --data DIR",
                path.display()
            )
        })?;
    let path = path
        .canonicalize()
        .with_context(|| format!("{} can't be entered", path.display()))?;
    let open = fs::metadata(&path)?.mode() & 0o077 != 0;
    if open && is_ours(&path)? {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
            .with_context(|| format!("{} can be read by others: chmod 700 it", path.display()))?;
    }
    Ok(path)
}

/// Whether a directory is there for our data alone.
fn is_ours(path: &Path) -> std::io::Result<bool> {
    const SIGNS: [&str; 4] = ["travis.toml", "travis.db", "admin-token", "worker.key"];
    Ok(SIGNS.iter().any(|name| path.join(name).exists()) || fs::read_dir(path)?.next().is_none())
}

/// A secret that is made once and kept in a file readable by its owner only.
pub fn kept_secret(path: &Path, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => {
            let mode = fs::metadata(path)?.mode() & 0o077;
            if mode != 0 {
                bail!("{} can be read by others: chmod 600 it", path.display());
            }
            return Ok(bytes);
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("{} can't be read", path.display()));
        }
    }
    let bytes = make()?;
    // Written aside and renamed, so that a crash leaves all of it or nothing.
    let aside = path.with_extension("new");
    let mut file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)
        .with_context(|| format!("{} can't be written", aside.display()))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    Ok(bytes)
}

/// The installation's key.
pub fn vault(data: &Path) -> Result<Vault> {
    let path = data.join("secret-key");
    let key = kept_secret(&path, || Ok(Vault::new_key()?.to_vec()))?;
    Vault::open(&key).with_context(|| path.display().to_string())
}

/// The administrator's API token.
pub fn admin_token(data: &Path) -> Result<Secret> {
    let path = data.join("admin-token");
    let bytes = kept_secret(&path, || {
        Ok(format!("{}\n", Vault::new_token("travis")?.reveal()).into_bytes())
    })?;
    let text = String::from_utf8(bytes)
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty());
    let text = text.with_context(|| {
        format!(
            "{} holds no token: remove it to make a new one",
            path.display()
        )
    })?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_directories_are_closed_to_others_and_other_directories_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        let open = |name: &str, file: Option<&str>| {
            let path = dir.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            if let Some(file) = file {
                fs::write(path.join(file), "").unwrap();
            }
            private_dir(&path).unwrap()
        };
        assert_eq!(
            mode(&private_dir(&dir.path().join("new/inner")).unwrap()),
            0o700
        );
        assert_eq!(mode(&open("empty", None)), 0o700);
        assert_eq!(mode(&open("ours", Some("travis.toml"))), 0o700);
        assert_eq!(mode(&open("foreign", Some("letter.txt"))), 0o755);
    }

    #[test]
    fn secrets_are_made_once_and_for_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let first = admin_token(dir.path()).unwrap();
        assert_eq!(admin_token(dir.path()).unwrap().reveal(), first.reveal());
        let file = dir.path().join("admin-token");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(
            admin_token(dir.path())
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
    }
}
