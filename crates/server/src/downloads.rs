//! Files for machines that want to join: the server's own program for machines of its kind, and
//! whatever the operator put into a directory. A digest is computed once for each state of a file.

use aws_lc_rs::digest::{Context, SHA256};
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Files of the directory that are offered at most.
const MOST: usize = 200;
/// Bytes read at once.
pub(crate) const PIECE: usize = 256 * 1024;
/// The longest name.
const NAME: usize = 100;

/// A state of a file: number, size, time of change in nanoseconds.
type Stamp = (u64, u64, i64, i64);

/// What can be fetched.
#[derive(Debug, Default)]
pub(crate) struct Downloads {
    directory: Option<PathBuf>,
    /// Computing digests of large files is work: one at a time.
    digests: Mutex<HashMap<String, (Stamp, String)>>,
}

/// A file that was opened to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub name: String,
    pub file: Arc<File>,
    pub size: u64,
    stamp: Stamp,
}

/// A file with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

/// This server's own platform, in the words of `.travis.yml`.
pub(crate) fn own_platform() -> (&'static str, &'static str) {
    let os = match std::env::consts::OS {
        "macos" => "osx",
        other => other,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    (os, arch)
}

/// The name under which the program for a platform is had.
pub(crate) fn program_name(os: &str, arch: &str) -> String {
    format!("travis-{os}-{arch}")
}

/// Whether this can be the name of a file that is offered: it never leads out of the directory.
fn is_name(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        && !name.contains("..")
}

/// What a name says of a file: kind, operating system, architecture.
pub(crate) fn kind_of(name: &str) -> (&'static str, Option<String>, Option<String>) {
    let known = |word: &str| {
        let mut words = name.split(['-', '.', '_']);
        words.any(|part| part == word)
    };
    let first = |words: &[&str]| {
        words
            .iter()
            .find(|word| known(word))
            .map(|word| (*word).to_owned())
    };
    let os = first(&["linux", "osx", "freebsd", "windows"]);
    let arch = first(&["amd64", "arm64", "ppc64le", "s390x"]);
    let kind = match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "qcow2" => "disk",
        "raw" => "raw",
        "ova" => "ova",
        "json" => "manifest",
        "img" if name.contains("initrd") => "initrd",
        _ if name.starts_with("vmlinuz") => "kernel",
        _ if os.is_some() && arch.is_some() && name.starts_with("travis-") => "program",
        _ => "file",
    };
    (kind, os, arch)
}

fn stamp_of(known: &Metadata) -> Stamp {
    (known.ino(), known.len(), known.mtime(), known.mtime_nsec())
}

fn opened(name: &str, file: File) -> io::Result<Option<Opened>> {
    let known = file.metadata()?;
    Ok(known.is_file().then(|| Opened {
        name: name.to_owned(),
        size: known.len(),
        stamp: stamp_of(&known),
        file: Arc::new(file),
    }))
}

/// A file of the directory itself: nothing that a link leads to.
fn open_in(directory: &Path, name: &str) -> io::Result<Option<Opened>> {
    let path = directory.join(name);
    match std::fs::symlink_metadata(&path) {
        Ok(known) if known.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    opened(name, File::open(path)?)
}

/// The running program, even when its file was replaced since it was started.
fn open_program() -> io::Result<File> {
    if cfg!(target_os = "linux") {
        return File::open("/proc/self/exe");
    }
    File::open(std::env::current_exe()?)
}

impl Downloads {
    /// Files of a directory, beside the program itself.
    pub fn of(directory: Option<PathBuf>) -> Self {
        Self {
            directory,
            ..Self::default()
        }
    }

    /// Opens a file by its name; `None` when there is none.
    pub async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        if !is_name(name) {
            return Ok(None);
        }
        let (name, directory) = (name.to_owned(), self.directory.clone());
        on_a_thread(move || {
            if let Some(found) = directory
                .map(|directory| open_in(&directory, &name))
                .transpose()?
                .flatten()
            {
                return Ok(Some(found));
            }
            let (os, arch) = own_platform();
            if name == program_name(os, arch) {
                return opened(&name, open_program()?);
            }
            Ok(None)
        })
        .await
    }

    /// Names of the files in the directory, sorted; none when it can't be read.
    pub async fn names(&self) -> Vec<String> {
        let Some(directory) = self.directory.clone() else {
            return Vec::new();
        };
        let found = on_a_thread(move || names_in(&directory)).await;
        let mut names = found.unwrap_or_else(|error| {
            tracing::warn!(%error, "the directory of downloads can't be read");
            Vec::new()
        });
        names.sort_unstable();
        names
    }

    /// All files, by name.
    pub async fn list(&self) -> io::Result<Vec<Described>> {
        let (os, arch) = own_platform();
        let mut names = self.names().await;
        names.push(program_name(os, arch));
        names.sort_unstable();
        names.dedup();
        let mut list = Vec::with_capacity(names.len());
        for name in names {
            if let Some(found) = self.open(&name).await? {
                list.push(Described {
                    sha256: self.digest(&found).await?,
                    size: found.size,
                    name,
                });
            }
        }
        Ok(list)
    }

    /// The SHA-256 of a file in hex.
    pub async fn digest(&self, of: &Opened) -> io::Result<String> {
        let mut known = self.digests.lock().await;
        if let Some((stamp, digest)) = known.get(&of.name)
            && *stamp == of.stamp
        {
            return Ok(digest.clone());
        }
        let (file, size) = (of.file.clone(), of.size);
        let digest = on_a_thread(move || digest_of(&file, size)).await?;
        if known.len() > MOST {
            known.clear();
        }
        known.insert(of.name.clone(), (of.stamp, digest.clone()));
        Ok(digest)
    }
}

impl Opened {
    /// Tells states of the file apart.
    pub fn tag(&self) -> String {
        let (number, size, seconds, nanos) = self.stamp;
        format!("\"{number:x}-{size:x}-{seconds:x}-{nanos:x}\"")
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        if names.len() == MOST {
            break;
        }
        if let Ok(name) = entry?.file_name().into_string()
            && is_name(&name)
        {
            names.push(name);
        }
    }
    Ok(names)
}

fn digest_of(file: &File, size: u64) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < size {
        let read = file.read_at(&mut piece, at)?;
        if read == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was read",
            ));
        }
        context.update(&piece[..read]);
        at += u64::try_from(read).unwrap_or(u64::MAX);
    }
    Ok(hex::encode(context.finish()))
}

/// Files are read on a thread of their own: disks may be slow.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_lead_out_of_the_directory() {
        for fine in ["disk.qcow2", "travis-linux-amd64", "vmlinuz", "a_b-1.0.raw"] {
            assert!(is_name(fine), "{fine}");
        }
        let long = "a".repeat(101);
        for bad in [
            "",
            ".",
            "..",
            ".hidden",
            "../x",
            "a/b",
            "/etc/passwd",
            "a\0b",
            "a..b",
            "a\\b",
            "ä",
            "%2e%2e",
            "a b",
            "-x",
            &long,
        ] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn names_say_what_files_are() {
        let known = |name| {
            let (kind, os, arch) = kind_of(name);
            (kind, os.unwrap_or_default(), arch.unwrap_or_default())
        };
        let words = |kind, os: &str, arch: &str| (kind, os.to_owned(), arch.to_owned());
        assert_eq!(known("disk.qcow2"), words("disk", "", ""));
        assert_eq!(
            known("travis-worker-amd64.qcow2"),
            words("disk", "", "amd64")
        );
        assert_eq!(known("initrd.img"), words("initrd", "", ""));
        assert_eq!(known("vmlinuz"), words("kernel", "", ""));
        assert_eq!(known("manifest.json"), words("manifest", "", ""));
        assert_eq!(
            known("travis-freebsd-arm64"),
            words("program", "freebsd", "arm64")
        );
        assert_eq!(known("notes.txt"), words("file", "", ""));
    }

    #[tokio::test]
    async fn only_files_of_the_directory_itself_are_offered() {
        let place = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(place.path().join("disk.qcow2"), b"hello\n").unwrap();
        std::os::unix::fs::symlink(outside.path(), place.path().join("secret.raw")).unwrap();
        std::fs::create_dir(place.path().join("folder")).unwrap();
        std::fs::write(place.path().join(".hidden"), b"x").unwrap();
        let downloads = Downloads::of(Some(place.path().to_owned()));
        let list = downloads.list().await.unwrap();
        let (os, arch) = own_platform();
        let names: Vec<&str> = list.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["disk.qcow2", &program_name(os, arch)]);
        assert_eq!(
            list[0].sha256,
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        for hidden in ["secret.raw", "folder", ".hidden", "../x"] {
            assert!(downloads.open(hidden).await.unwrap().is_none(), "{hidden}");
        }
        // Another state of the file has another digest.
        std::fs::write(place.path().join("disk.qcow2"), b"hello again\n").unwrap();
        assert_ne!(downloads.list().await.unwrap()[0].sha256, list[0].sha256);
    }
}
