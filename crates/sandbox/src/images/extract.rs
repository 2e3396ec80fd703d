//! Unpacking archives that strangers may have made (security case 16).

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tar::{Archive, Entry, EntryType};

use super::{At as _, ImageError, place};
use crate::files::remove_tree;

/// What an image may have at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of all files.
    pub bytes: u64,
    /// Files, directories and links.
    pub entries: u64,
}

impl Default for Bounds {
    /// 20 GiB in a million entries.
    fn default() -> Self {
        Self {
            bytes: 20 << 30,
            entries: 1_000_000,
        }
    }
}

/// Marks of a layer that takes away from those below it.
const GONE: &[u8] = b".wh.";
const EMPTY: &[u8] = b".wh..wh..opq";
const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
const XZ: &[u8] = &[0xFD, b'7', b'z', b'X', b'Z'];

/// Unpacks archives into one directory, with one budget.
pub(super) struct Unpacking<'a> {
    root: &'a Path,
    left: Bounds,
    most: Bounds,
}

impl<'a> Unpacking<'a> {
    pub(super) fn into(root: &'a Path, most: Bounds) -> Self {
        Self {
            root,
            left: most,
            most,
        }
    }

    /// Unpacks a tar stream, compressed or not. With `layer`, it may take away what was unpacked
    /// before.
    pub(super) fn add(&mut self, stream: impl Read, layer: bool) -> Result<(), ImageError> {
        let mut stream = BufReader::with_capacity(1 << 18, stream);
        let start = stream.fill_buf().map_err(unreadable)?;
        let stream: Box<dyn Read + '_> = if start.starts_with(GZIP) {
            Box::new(flate2::bufread::MultiGzDecoder::new(stream))
        } else if start.starts_with(ZSTD) {
            Box::new(zstd::Decoder::with_buffer(stream).map_err(unreadable)?)
        } else if start.starts_with(XZ) {
            return Err(ImageError::Unreadable("it is packed by xz".to_owned()));
        } else {
            Box::new(stream)
        };
        let mut archive = Archive::new(stream);
        // Paths of this archive: what is twice in it can't be meant.
        let mut seen = HashSet::new();
        for entry in archive.entries().map_err(unreadable)? {
            let mut entry = entry.map_err(unreadable)?;
            self.entry(&mut entry, layer, &mut seen)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &mut Entry<'_, impl Read>,
        layer: bool,
        seen: &mut HashSet<Vec<OsString>>,
    ) -> Result<(), ImageError> {
        self.left.entries = self
            .left
            .entries
            .checked_sub(1)
            .ok_or_else(|| ImageError::TooMuch(format!("{} files", self.most.entries)))?;
        let kind = entry.header().entry_type();
        let path = entry.path_bytes().into_owned();
        let refuse = |why| ImageError::Entry {
            entry: String::from_utf8_lossy(path.get(..200).unwrap_or(&path)).into_owned(),
            why,
        };
        // Said for all that follows; nothing of it is wanted.
        if matches!(kind, EntryType::XGlobalHeader) {
            return Ok(());
        }
        let names = place::names(&path)?;
        let Some(last) = names.last() else {
            return Ok(());
        };
        if !seen.insert(names.clone()) && !kind.is_dir() {
            return Err(refuse("is in it twice"));
        }
        if layer && last.as_bytes().starts_with(GONE) {
            return self.take_away(&names, seen).at("unpack", &shown(&names));
        }
        let mode = entry.header().mode().map_err(unreadable)?;
        let done = match kind {
            EntryType::Directory => self.directory(&names, mode),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                return self.file(entry, &names, mode);
            }
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                if target.is_empty() || target.contains(&0) || target.len() > 4095 {
                    return Err(refuse("is a link to nowhere"));
                }
                let target = OsStr::from_bytes(&target).to_owned();
                self.fresh(&names).and_then(|path| symlink(target, path))
            }
            EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                // Some write them from the root.
                let target = place::names(target.strip_prefix(b"/").unwrap_or(&target))?;
                if target == names {
                    return Err(refuse("is a link to itself"));
                }
                self.hard_link(&target, &names)
            }
            // Jobs have devices of their own.
            EntryType::Char | EntryType::Block | EntryType::Fifo => Ok(()),
            _ => return Err(refuse("is of a kind that nobody knows")),
        };
        done.at("unpack", &shown(&names))
    }

    /// A path at which nothing is; what was there goes, unless it is a directory with content.
    fn fresh(&self, names: &[OsString]) -> io::Result<PathBuf> {
        let path = place::file(self.root, names, true)?;
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => remove_tree(&path)?,
            Ok(_) => fs::remove_file(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(path)
    }

    fn directory(&self, names: &[OsString], mode: u32) -> io::Result<()> {
        let path = place::file(self.root, names, true)?;
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                fs::remove_file(&path)?;
                fs::create_dir(&path)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&path)?,
            Err(error) => return Err(error),
        }
        // The worker has to get in, whatever the image says; nobody else has to.
        fs::set_permissions(&path, Permissions::from_mode(mode & 0o755 | 0o700))
    }

    fn file(
        &mut self,
        entry: &mut Entry<'_, impl Read>,
        names: &[OsString],
        mode: u32,
    ) -> Result<(), ImageError> {
        let path = self.fresh(names).at("unpack", &shown(names))?;
        // No bit gives anybody the rights of somebody else.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode & 0o755 | 0o600)
            .open(&path)
            .at("create", &path)?;
        let most = self.left.bytes;
        let copied = io::copy(&mut entry.take(most.saturating_add(1)), &mut file);
        let copied = copied.at("write", &path)?;
        self.left.bytes = most
            .checked_sub(copied)
            .ok_or_else(|| ImageError::TooMuch(format!("{} bytes", self.most.bytes)))?;
        Ok(())
    }

    fn hard_link(&self, target: &[OsString], names: &[OsString]) -> io::Result<()> {
        let target = place::file(self.root, target, false)?;
        // Neither devices nor directories are in here, and links are not followed.
        let found = fs::symlink_metadata(&target)?;
        if found.is_dir() {
            return Err(io::Error::other("a hard link to a directory"));
        }
        fs::hard_link(target, self.fresh(names)?)
    }

    /// Takes away what a layer's mark names.
    fn take_away(&self, names: &[OsString], seen: &HashSet<Vec<OsString>>) -> io::Result<()> {
        let Some((mark, above)) = names.split_last() else {
            return Ok(());
        };
        let Ok(directory) = place::directory(self.root, above, false) else {
            return Ok(());
        };
        if mark.as_bytes() == EMPTY {
            for entry in fs::read_dir(&directory)?.flatten() {
                let mut path = above.to_vec();
                path.push(entry.file_name());
                // What this layer itself brought stays.
                if !seen.contains(&path) {
                    remove(&entry.path())?;
                }
            }
            return Ok(());
        }
        let name = mark.as_bytes().strip_prefix(GONE).unwrap_or_default();
        if matches!(name, b"" | b"." | b"..") || name.starts_with(GONE) {
            return Ok(());
        }
        remove(&directory.join(OsStr::from_bytes(name)))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => remove_tree(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn shown(names: &[OsString]) -> PathBuf {
    names.iter().collect()
}

fn unreadable(error: io::Error) -> ImageError {
    ImageError::Unreadable(error.to_string())
}

/// Opens an archive.
pub(super) fn open(path: &Path) -> Result<File, ImageError> {
    File::open(path).at("open", path)
}
