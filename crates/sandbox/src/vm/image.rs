//! Images that machines are started from: a directory with a disk, a kernel and an initrd, as
//! `make image` writes it.

use std::path::{Path, PathBuf};

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// Its directory.
    pub(crate) directory: PathBuf,
    /// The disk's file in it.
    pub(crate) disk: &'static str,
    /// The disk's format in QEMU's words.
    pub(crate) format: &'static str,
    /// The initrd's file in it.
    pub(crate) initrd: &'static str,
}

/// The kernel's file.
pub(crate) const KERNEL: &str = "vmlinuz";
/// Disks, the first that is there is taken.
const DISKS: [(&str, &str); 2] = [("disk.qcow2", "qcow2"), ("disk.raw", "raw")];
/// Initial file systems: the one made for jobs starts faster.
const INITRDS: [&str; 2] = ["job-initrd.img", "initrd.img"];

impl Image {
    /// The image in a directory.
    pub(crate) fn at(directory: &Path) -> Option<Self> {
        let there = |file: &str| directory.join(file).is_file();
        let (disk, format) = DISKS.into_iter().find(|(file, _)| there(file))?;
        let initrd = INITRDS.into_iter().find(|file| there(file))?;
        // Absolute: QEMU starts in another directory.
        let directory = directory.canonicalize().ok()?;
        there(KERNEL).then_some(Self {
            directory,
            disk,
            format,
            initrd,
        })
    }

    /// The image for a job among those below `images`: the one it names, otherwise the owner's,
    /// which lies in `images` itself or, when there are several, below it by the name `default`.
    pub(crate) fn find(images: &Path, name: Option<&str>) -> Option<Self> {
        match name {
            Some(name) => {
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
                let good = !name.starts_with('.') && name.bytes().all(plain);
                Self::at(&images.join(name)).filter(|_| good && !name.is_empty())
            }
            None => Self::at(images)
                .or_else(|| Self::at(&images.join("default")))
                .or_else(|| only(images)),
        }
    }

    /// Says whether it is still the same: changes with each file.
    pub(crate) fn stamp(&self) -> String {
        let stamp = |file: &str| {
            let found = self.directory.join(file).metadata();
            let changed = found.as_ref().ok().and_then(|found| found.modified().ok());
            let since = changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
            let length = found.map_or(0, |found| found.len());
            format!("{length}-{}", since.unwrap_or_default().as_nanos())
        };
        [self.disk, KERNEL, self.initrd].map(stamp).join("/")
    }
}

/// Names of the images below `images`: those that jobs can ask for.
pub(crate) fn names(images: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(images).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| Image::find(images, Some(name)).is_some())
        .collect();
    names.sort();
    names
}

/// The image below `images` when there is one only.
fn only(images: &Path) -> Option<Image> {
    let mut found = std::fs::read_dir(images)
        .ok()?
        .flatten()
        .filter_map(|entry| Image::at(&entry.path()));
    found.next().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(directory: &Path) {
        std::fs::create_dir_all(directory).unwrap();
        for file in ["disk.qcow2", "vmlinuz", "initrd.img"] {
            std::fs::write(directory.join(file), "x").unwrap();
        }
    }

    #[test]
    fn images_are_found_by_name_and_never_outside() {
        let base = tempfile::tempdir().unwrap();
        let images = base.path().join("images");
        assert_eq!(Image::find(&images, None), None);
        make(&images.join("focal"));
        make(&base.path().join("outside"));
        let focal = Image::find(&images, Some("focal")).unwrap();
        assert_eq!(Image::find(&images, None), Some(focal.clone()), "the only");
        for odd in ["../outside", "..", "", ".", "/", "nothere"] {
            assert_eq!(Image::find(&images, Some(odd)), None, "{odd:?}");
        }
        make(&images.join("jammy"));
        assert_eq!(names(&images), ["focal", "jammy"]);
        assert_eq!(Image::find(&images, None), None, "nobody chose one");
        make(&images.join("default"));
        let found = Image::find(&images, None).unwrap();
        assert!(found.directory.ends_with("default"));
        assert_eq!(found.initrd, "initrd.img");
        std::fs::write(found.directory.join("job-initrd.img"), "x").unwrap();
        assert_eq!(
            Image::at(&found.directory).unwrap().initrd,
            "job-initrd.img"
        );
        assert_ne!(Image::at(&found.directory).unwrap().stamp(), focal.stamp());
    }
}
