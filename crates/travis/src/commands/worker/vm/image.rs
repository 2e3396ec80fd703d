//! The image of the machine: from a directory, or from the server and kept.

use crate::failure::{Failure, Status};
use crate::session::Session;
use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use travis_api::v3::Downloads;

/// The file's name, here and in what `make image` writes.
pub const DISK: &str = "disk.qcow2";
/// A server that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_secs(30);
/// A list of downloads is not longer.
const LONGEST_LIST: usize = 1 << 20;

/// An image whose bytes are the right ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its disk.
    pub disk: PathBuf,
    /// SHA-256 of the disk, in hex.
    pub sha256: String,
}

/// What `make image` says of its files.
#[derive(Deserialize)]
struct Manifest {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    sha256: String,
}

/// The image in a directory.
///
/// # Errors
/// When it is not whole.
pub fn of_directory(directory: &Path) -> Result<Image, Failure> {
    let wrong = |text: String| {
        Failure::new(Status::Io, text)
            .remedy("Make it with `make image`, or leave --image out to fetch the server's.")
    };
    let path = directory.join("manifest.json");
    let text = fs::read(&path)
        .map_err(|error| wrong(format!("{} can't be read: {error}", path.display())))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| wrong(format!("{}: {error}", path.display())))?;
    let listed = manifest.files.into_iter().find(|file| file.name == DISK);
    let listed = listed.ok_or_else(|| wrong(format!("{} does not name {DISK}", path.display())))?;
    let disk = directory.join(DISK);
    let disk = disk
        .canonicalize()
        .map_err(|error| wrong(format!("{} can't be read: {error}", disk.display())))?;
    let found = sha256(&disk)?;
    if found != listed.sha256 {
        return Err(wrong(format!(
            "{} is not what the manifest says: SHA-256 {found}, not {}",
            disk.display(),
            listed.sha256
        )));
    }
    Ok(Image {
        disk,
        sha256: found,
    })
}

/// The image that was fetched last, when it is still there.
pub fn kept(place: &Path) -> Option<Image> {
    let entry = fs::read_dir(place).ok()?.flatten().find(|entry| {
        let name = entry.file_name();
        name.len() == 64 && entry.path().join(DISK).is_file()
    })?;
    Some(Image {
        disk: entry.path().join(DISK),
        sha256: entry.file_name().into_string().ok()?,
    })
}

/// The server's image, fetched into `place` unless it is there already. Older ones are removed by
/// [`forget_others`].
///
/// # Errors
/// When the server has none, can't be reached, or sends something else than it says.
pub async fn of_server(
    server: &str,
    place: &Path,
    session: &mut Session,
) -> Result<Image, Failure> {
    let http = reqwest::Client::builder()
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE)
        .build()
        .map_err(|error| unreachable_server(server, &error))?;
    let answer = http
        .get(format!("{server}/v3/downloads"))
        .timeout(SILENCE)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| unreachable_server(server, &error))?;
    let body = answer
        .bytes()
        .await
        .map_err(|error| unreachable_server(server, &error))?;
    let list: Option<Downloads> = (body.len() <= LONGEST_LIST)
        .then(|| serde_json::from_slice(&body).ok())
        .flatten();
    let listed = list
        .into_iter()
        .flat_map(|list| list.downloads)
        .find(|file| {
            file.kind == "disk" && file.arch.as_deref().is_none_or(|arch| arch == "amd64")
        });
    let Some(listed) = listed else {
        return Err(
            Failure::new(Status::NotFound, format!("{server} has no machine image to download")).remedy(
                "Its operator makes one with `make image` and puts it into the server's directory `downloads`; or make it yourself and name its directory with --image.",
            ),
        );
    };
    if listed.sha256.len() != 64 || !listed.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Failure::new(
            Status::Server,
            format!("{server} names no digest of its image"),
        ));
    }
    let home = place.join(listed.sha256.to_lowercase());
    let image = Image {
        disk: home.join(DISK),
        sha256: listed.sha256.to_lowercase(),
    };
    if image.disk.is_file() {
        return Ok(image);
    }
    session.screen.remark(&format!(
        "Fetching {} ({} MB) from {server}",
        listed.name,
        listed.size / 1_000_000
    ))?;
    fs::create_dir_all(place)?;
    let part = place.join("part");
    let answer = http
        .get(format!("{server}{}", listed.path))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| unreachable_server(server, &error))?;
    fetch(answer, &part, listed.size, server, session).await?;
    let found = sha256(&part)?;
    if found != image.sha256 {
        fs::remove_file(&part)?;
        return Err(Failure::new(
            Status::Server,
            format!(
                "what {server} sent is not its image: SHA-256 {found}, not {}",
                image.sha256
            ),
        )
        .remedy("Start again; when it happens twice, tell the server's operator."));
    }
    fs::create_dir_all(&home)?;
    fs::rename(&part, &image.disk)?;
    Ok(image)
}

async fn fetch(
    mut answer: reqwest::Response,
    path: &Path,
    size: u64,
    server: &str,
    session: &mut Session,
) -> Result<(), Failure> {
    let mut file = fs::File::create(path)?;
    let (mut had, mut told) = (0_u64, 0_u64);
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| unreachable_server(server, &error))?
    {
        had += chunk.len() as u64;
        if had > size {
            return Err(Failure::new(
                Status::Server,
                format!("{server} sends more than it said"),
            ));
        }
        file.write_all(&chunk)?;
        let tenth = had * 10 / size.max(1);
        if tenth > told {
            told = tenth;
            session.screen.remark(&format!("  {} %", tenth * 10))?;
        }
    }
    file.sync_all()?;
    Ok(())
}

/// Removes images that no machine needs any more.
pub fn forget_others(place: &Path, keep: &Image) {
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name() != keep.sha256.as_str() {
            let path = entry.path();
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
    }
}

fn unreachable_server(server: &str, error: &reqwest::Error) -> Failure {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Failure::new(
        Status::Unreachable,
        format!("no image from {server}: {cause}"),
    )
    .remedy("Check the address, or name a directory with an image by --image.")
}

/// SHA-256 of a file in hex.
pub fn sha256(path: &Path) -> Result<String, Failure> {
    let mut file = fs::File::open(path)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hex::encode(digest.finish()));
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_is_not_whole_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let error = of_directory(place.path()).unwrap_err();
        assert!(error.message.contains("manifest.json"), "{error}");
        fs::write(place.path().join(DISK), "disk").unwrap();
        let right = sha256(&place.path().join(DISK)).unwrap();
        let manifest = |digest: &str| {
            let text = format!(
                "{{\"version\":\"1\",\"files\":[{{\"name\":\"{DISK}\",\"size\":4,\"sha256\":\"{digest}\"}}]}}"
            );
            fs::write(place.path().join("manifest.json"), text).unwrap();
        };
        manifest(&"0".repeat(64));
        let error = of_directory(place.path()).unwrap_err();
        assert!(error.message.contains("is not what"), "{error}");
        manifest(&right);
        assert_eq!(of_directory(place.path()).unwrap().sha256, right);
    }

    #[test]
    fn only_the_image_in_use_is_kept() {
        let place = tempfile::tempdir().unwrap();
        for digit in ["a", "b"] {
            let home = place.path().join(digit.repeat(64));
            fs::create_dir_all(&home).unwrap();
            fs::write(home.join(DISK), digit).unwrap();
        }
        fs::write(place.path().join("part"), "x").unwrap();
        let keep = Image {
            disk: place.path().join("b".repeat(64)).join(DISK),
            sha256: "b".repeat(64),
        };
        forget_others(place.path(), &keep);
        assert_eq!(kept(place.path()), Some(keep));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
