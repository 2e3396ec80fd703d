//! The image of the machine: from a directory, or from the server and kept.

use super::super::download::{Source, sha256};
use crate::failure::{Failure, Status};
use crate::session::Session;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

/// The file's name, here and in what `make image` writes.
pub const DISK: &str = "disk.qcow2";

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
    source: &Source,
    place: &Path,
    session: &mut Session,
) -> Result<Image, Failure> {
    let list = source.list().await?;
    let Some(listed) = Source::pick(&list, |file| file.kind == "disk") else {
        let text = format!("{} has no machine image to download", source.server());
        return Err(Failure::new(Status::NotFound, text).remedy(
            "Its operator makes one with `make image` and puts it into the server's directory `downloads`; or make it yourself and name its directory with --image.",
        ));
    };
    let sha256 = listed.sha256.to_lowercase();
    let home = place.join(&sha256);
    let disk = home.join(DISK);
    if !disk.is_file() {
        source.fetch(listed, &disk, session).await?;
    }
    Ok(Image { disk, sha256 })
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
