//! What the machine is told when it starts.

use super::chosen::Chosen;
use super::machine::CREDENTIALS;
use crate::cli::worker::VmArgs;
use crate::failure::{Failure, Status};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Writes what the machine is told into files that only we can read. A machine that is enrolled
/// needs no token.
///
/// # Errors
/// When they can't be written, or the certificates can't be read.
pub fn hand_in(args: &VmArgs, chosen: &Chosen, place: &Path) -> Result<Vec<&'static str>, Failure> {
    let directory = place.join(CREDENTIALS);
    let _ = fs::remove_dir_all(&directory);
    DirBuilder::new().mode(0o700).create(&directory)?;
    let mut names = Vec::new();
    let ca = match &args.join.ca {
        None => None,
        Some(path) => Some(fs::read_to_string(path).map_err(|error| {
            let text = format!(
                "the certificates in {} can't be read: {error}",
                path.display()
            );
            Failure::new(Status::Io, text)
        })?),
    };
    for (name, value) in [
        // Inside, this machine's loopback has another address.
        (
            "travis.server",
            chosen.server.as_deref().map(seen_from_inside),
        ),
        ("travis.token", args.join.token.clone()),
        (
            "travis.name",
            Some(chosen.name.clone().unwrap_or_else(crate::serve::host_name)),
        ),
        ("travis.ca", ca),
    ] {
        let Some(value) = value else { continue };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(directory.join(name))?
            .write_all(value.as_bytes())?;
        names.push(name);
    }
    Ok(names)
}

/// QEMU's user network shows the host's loopback as 10.0.2.2.
fn seen_from_inside(server: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(server) else {
        return server.to_owned();
    };
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if is_loopback && url.set_host(Some("10.0.2.2")).is_ok() {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    server.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::worker::JoinArgs;

    #[test]
    fn loopback_has_another_address_inside() {
        for (outside, inside) in [
            ("http://127.0.0.1:8080", "http://10.0.2.2:8080"),
            ("http://localhost:8080/ci", "http://10.0.2.2:8080/ci"),
            ("https://ci.example.org", "https://ci.example.org"),
        ] {
            assert_eq!(seen_from_inside(outside), inside);
        }
    }

    #[test]
    fn what_is_handed_in_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let ca = place.path().join("ca.pem");
        fs::write(&ca, "PEM").unwrap();
        let args = VmArgs {
            join: JoinArgs {
                token: Some("T".to_owned()),
                ca: Some(ca.clone()),
                ..JoinArgs::default()
            },
            ..VmArgs::default()
        };
        let names = hand_in(&args, &Chosen::default(), place.path()).unwrap();
        assert_eq!(names, ["travis.token", "travis.name", "travis.ca"]);
        let file = place.path().join(CREDENTIALS).join("travis.token");
        assert_eq!(fs::read_to_string(&file).unwrap(), "T");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        fs::remove_file(ca).unwrap();
        let error = hand_in(&args, &Chosen::default(), place.path()).unwrap_err();
        assert!(error.message.contains("ca.pem"), "{error}");
    }
}
