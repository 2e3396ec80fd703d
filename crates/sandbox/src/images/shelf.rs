//! The images of a worker.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::extract::{self, Bounds, Unpacking};
use super::oci::{self, Described};
use super::{At as _, ImageError, place};
use crate::ImageWish;
use crate::files::remove_tree;
use crate::rootfs;

const RECORD: &str = "image.json";
const ROOT: &str = "rootfs";
/// Names that begin so are not finished.
const UNFINISHED: &str = ".adding-";
/// Directories on which jobs have something mounted.
const MOUNTS: &[&str] = &[
    "proc",
    "dev",
    "run",
    "tmp",
    "var/tmp",
    "etc",
    "home/travis",
    "var/cache/travis/mirror.git",
    "var/cache/travis/lent",
];

/// What jobs an image is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Language, as in `.travis.yml`.
    pub language: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Distribution, as in `.travis.yml`.
    pub dist: Option<String>,
}

/// A root file system that jobs can have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its name here.
    pub name: String,
    /// Of the manifest, or of the tar file: `sha256:…`.
    pub digest: String,
    /// What it is for.
    pub labels: Labels,
    /// The environment in which its programs are to run.
    pub environment: BTreeMap<String, String>,
    /// Where it is.
    #[serde(skip)]
    pub root: PathBuf,
}

/// The images of a worker, each in a directory of its own.
#[derive(Debug, Clone)]
pub struct Images {
    place: PathBuf,
}

impl Images {
    /// Images below `place`, which need not exist.
    #[must_use]
    pub fn new(place: PathBuf) -> Self {
        Self { place }
    }

    /// Adds an image from a tar file, plain or packed by gzip or zstd, or from a directory or tar
    /// file in the OCI's image layout.
    ///
    /// # Errors
    /// When the name is taken or no name, or what is in it is no image, or a dangerous one; nothing
    /// of it stays.
    pub fn add(
        &self,
        name: &str,
        source: &Path,
        labels: Labels,
        bounds: Bounds,
    ) -> Result<Image, ImageError> {
        let place = self.place_of(name)?;
        if place.exists() {
            return Err(ImageError::Exists(name.to_owned()));
        }
        let mut private = DirBuilder::new();
        private.mode(0o700).recursive(true);
        private.create(&self.place).at("create", &self.place)?;
        let unfinished = self.place.join(format!("{UNFINISHED}{name}"));
        remove_tree(&unfinished).at("remove", &unfinished)?;
        let made = self.make(&unfinished, name, source, labels, bounds);
        let done = made.and_then(|image| {
            fs::rename(&unfinished, &place).at("rename", &unfinished)?;
            Ok(Image {
                root: place.join(ROOT),
                ..image
            })
        });
        if done.is_err()
            && let Err(error) = remove_tree(&unfinished)
        {
            tracing::warn!(path = %unfinished.display(), %error, "an unfinished image stays");
        }
        done
    }

    fn make(
        &self,
        place: &Path,
        name: &str,
        source: &Path,
        labels: Labels,
        bounds: Bounds,
    ) -> Result<Image, ImageError> {
        let root = place.join(ROOT);
        fs::create_dir(place).at("create", place)?;
        fs::create_dir(&root).at("create", &root)?;
        let mut unpacking = Unpacking::into(&root, bounds);
        let described = if source.is_dir() {
            oci::unpack(source, &mut unpacking)?
        } else {
            unpacking.add(extract::open(source)?, false)?;
            if oci::is_layout(&root) {
                // It was not the root of a system but an image of one.
                let layout = place.join("layout");
                fs::rename(&root, &layout).at("rename", &root)?;
                fs::create_dir(&root).at("create", &root)?;
                let described = oci::unpack(&layout, &mut Unpacking::into(&root, bounds))?;
                remove_tree(&layout).at("remove", &layout)?;
                described
            } else {
                Described {
                    digest: oci::digest_of(source)?,
                    ..Described::default()
                }
            }
        };
        if !place::exists(&root, "bin/bash") {
            return Err(ImageError::Lacks("/bin/bash"));
        }
        furnish(&root)?;
        let image = Image {
            name: name.to_owned(),
            digest: described.digest,
            labels,
            environment: described.environment,
            root: PathBuf::new(),
        };
        let record = place.join(RECORD);
        let text = serde_json::to_vec_pretty(&image).map_err(std::io::Error::other);
        text.and_then(|text| fs::write(&record, text))
            .at("write", &record)?;
        Ok(image)
    }

    /// All of them, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Image> {
        let entries = fs::read_dir(&self.place).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut all: Vec<Image> = names.filter_map(|name| self.find(&name).ok()).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The image of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(&self, name: &str) -> Result<Image, ImageError> {
        let place = self.place_of(name)?;
        let unknown = || ImageError::Unknown(name.to_owned());
        let text = fs::read(place.join(RECORD)).map_err(|_| unknown())?;
        let image: Image = serde_json::from_slice(&text).map_err(|_| unknown())?;
        Ok(Image {
            root: place.join(ROOT),
            name: name.to_owned(),
            ..image
        })
    }

    /// Removes an image. Jobs that run in it keep what they have open and find nothing else.
    ///
    /// # Errors
    /// When there is none, or it can't be removed.
    pub fn remove(&self, name: &str) -> Result<(), ImageError> {
        self.find(name)?;
        let place = self.place_of(name)?;
        let unfinished = self.place.join(format!("{UNFINISHED}{name}"));
        remove_tree(&unfinished).at("remove", &unfinished)?;
        fs::rename(&place, &unfinished).at("rename", &place)?;
        remove_tree(&unfinished).at("remove", &unfinished)
    }

    /// The image that fits a job best; `None` when it is to run on the machine's own system.
    ///
    /// # Errors
    /// When the job names one that is not there.
    pub fn choose(&self, wish: &ImageWish) -> Result<Option<Image>, ImageError> {
        if let Some(name) = &wish.name {
            return self.find(name).map(Some);
        }
        let mut fitting: Vec<Image> = self.list();
        fitting.retain(|image| fits(&image.labels, wish));
        fitting.sort_by_cached_key(|image| {
            let labels = &image.labels;
            let numbers = numbers(labels.version.as_deref().unwrap_or_default());
            Reverse((
                labels.version == wish.version,
                labels.dist.is_some(),
                numbers,
            ))
        });
        Ok(fitting.into_iter().next())
    }

    fn place_of(&self, name: &str) -> Result<PathBuf, ImageError> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.bytes().all(good) {
            return Err(ImageError::Name(name.to_owned()));
        }
        Ok(self.place.join(name))
    }
}

/// Whether an image is for such a job. What is not said of it fits all.
fn fits(labels: &Labels, wish: &ImageWish) -> bool {
    // An image that says nothing is only for jobs that name it.
    let Some(language) = &labels.language else {
        return false;
    };
    let dist = match (&labels.dist, &wish.dist) {
        (Some(have), Some(want)) => have == want,
        _ => true,
    };
    let version = match (&labels.version, &wish.version) {
        // 1.93.1 is a 1.93, and 1.93 may be any 1.93.1.
        (Some(have), Some(want)) => {
            let (have, want) = (numbers(have), numbers(want));
            have.iter().zip(&want).all(|(have, want)| have == want)
        }
        _ => true,
    };
    language == &wish.language && dist && version
}

/// A version's parts, such that 1.10 is more than 1.9.
fn numbers(version: &str) -> Vec<(u64, String)> {
    let parts = version.split(['.', '-']).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            part.parse()
                .map_or((0, part.to_owned()), |n| (n, String::new()))
        })
        .collect()
}

/// Gives the image what every job has of its own.
fn furnish(root: &Path) -> Result<(), ImageError> {
    for mount in MOUNTS {
        let names: Vec<_> = Path::new(mount).iter().map(ToOwned::to_owned).collect();
        place::directory(root, &names, true).at("create", Path::new(mount))?;
    }
    let etc = place::directory(root, &["etc".into()], true).at("create", Path::new("etc"))?;
    for (name, content) in rootfs::own_files() {
        let path = etc.join(name);
        let kept = if matches!(name, "passwd" | "group") {
            others(&path)
        } else {
            String::new()
        };
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => remove_tree(&path).at("remove", &path)?,
            Ok(_) => fs::remove_file(&path).at("remove", &path)?,
            Err(_) => {}
        }
        fs::write(&path, format!("{content}{kept}")).at("write", &path)?;
    }
    Ok(())
}

/// Users or groups of an image besides those that every job has.
fn others(path: &Path) -> String {
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    let keep = |line: &&str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next().unwrap_or_default(), fields.nth(1));
        !matches!(name, "root" | "tty" | "nogroup" | "nobody" | rootfs::USER)
            && number != Some(rootfs::USER_ID)
    };
    text.lines()
        .filter(keep)
        .map(|line| format!("{line}\n"))
        .collect()
}
