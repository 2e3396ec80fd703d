//! Paths of an archive inside of the directory into which it is unpacked.
//!
//! Links in an archive lead wherever it likes, so no path is handed to the system as it is: it is
//! walked name by name, links are followed by hand and only ever inside. Nobody else writes to the
//! directory meanwhile.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use super::ImageError;

/// Longest path, as of the kernel.
const PATH: usize = 4095;
/// Longest name, as of the kernel.
const NAME: usize = 255;
/// Links that one path may lead over, as of the kernel.
const LINKS: u32 = 40;

/// The names of an entry's path; none for the root itself.
pub(super) fn names(path: &[u8]) -> Result<Vec<OsString>, ImageError> {
    let refuse = |why| ImageError::Entry {
        entry: String::from_utf8_lossy(path.get(..200).unwrap_or(path)).into_owned(),
        why,
    };
    if path.contains(&0) {
        return Err(refuse("has a NUL in its name"));
    }
    if path.len() > PATH {
        return Err(refuse("has too long a path"));
    }
    let mut names = Vec::new();
    for component in Path::new(OsStr::from_bytes(path)).components() {
        match component {
            Component::Normal(name) if name.len() > NAME => {
                return Err(refuse("has too long a name"));
            }
            Component::Normal(name) => names.push(name.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => return Err(refuse("leads out of the archive by ..")),
            Component::RootDir | Component::Prefix(_) => {
                return Err(refuse("is an absolute path"));
            }
        }
    }
    Ok(names)
}

/// The directory inside of `root` to which these names lead; what is missing is made when `make`
/// says so. Links are followed inside of `root`.
pub(super) fn directory(root: &Path, names: &[OsString], make: bool) -> io::Result<PathBuf> {
    let mut at: Vec<OsString> = Vec::new();
    // Still to walk, the next one last.
    let mut left: Vec<OsString> = names.iter().rev().cloned().collect();
    let mut links = 0;
    while let Some(name) = left.pop() {
        let mut here = root.to_owned();
        here.extend(&at);
        here.push(&name);
        match fs::symlink_metadata(&here) {
            Ok(found) if found.is_dir() => at.push(name),
            Ok(found) if found.is_symlink() => {
                links += 1;
                if links > LINKS {
                    return Err(io::Error::other("too many links"));
                }
                follow(&fs::read_link(&here)?, &mut at, &mut left);
            }
            Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
                fs::create_dir(&here)?;
                at.push(name);
            }
            Err(error) => return Err(error),
        }
    }
    let mut found = root.to_owned();
    found.extend(&at);
    Ok(found)
}

fn follow(target: &Path, at: &mut Vec<OsString>, left: &mut Vec<OsString>) {
    if target.is_absolute() {
        at.clear();
    }
    // `..` of a link counts from where the link lies, never above the root; names after it that
    // are links themselves were made by the same archive and are followed in the same way.
    let mut way: Vec<OsString> = Vec::new();
    for component in target.components() {
        match component {
            Component::Normal(name) => way.push(name.to_owned()),
            Component::ParentDir => {
                if way.pop().is_none() {
                    at.pop();
                }
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    left.extend(way.into_iter().rev());
}

/// Where a file of this path lies inside of `root`, itself not followed.
pub(super) fn file(root: &Path, names: &[OsString], make: bool) -> io::Result<PathBuf> {
    let Some((last, above)) = names.split_last() else {
        return Ok(root.to_owned());
    };
    Ok(directory(root, above, make)?.join(last))
}

/// Whether a file is there, through links inside of `root`.
pub(super) fn exists(root: &Path, path: &str) -> bool {
    let mut wanted = PathBuf::from(path);
    for _ in 0..LINKS {
        let names: Vec<OsString> = wanted.iter().map(OsStr::to_owned).collect();
        let Ok(found) = file(root, &names, false) else {
            return false;
        };
        match fs::symlink_metadata(&found) {
            Ok(metadata) if metadata.is_symlink() => {
                let Ok(target) = fs::read_link(&found) else {
                    return false;
                };
                let (mut at, mut left) = (Vec::new(), Vec::new());
                let inside = found.strip_prefix(root).ok().and_then(Path::parent);
                at.extend(inside.into_iter().flatten().map(OsStr::to_owned));
                follow(&target, &mut at, &mut left);
                wanted = at.into_iter().chain(left.into_iter().rev()).collect();
            }
            Ok(metadata) => return metadata.is_file(),
            Err(_) => return false,
        }
    }
    false
}
