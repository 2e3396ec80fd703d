//! Images in the OCI's layout (image-spec v1.1), and in the older one of `docker save`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;

use super::extract::{self, Unpacking};
use super::{At as _, ImageError};

/// Longest document of an image.
const DOCUMENT: u64 = 4 << 20;
/// Indexes inside of indexes.
const DEPTH: u32 = 3;
const LAYERS: usize = 500;

/// What an image says of itself besides its files.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// Of the manifest: `sha256:…`.
    pub(super) digest: String,
    /// The environment in which its programs are to run.
    pub(super) environment: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize, Clone)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Deserialize, Clone)]
struct Platform {
    architecture: String,
    os: String,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    config: Option<Run>,
}

#[derive(Deserialize)]
struct Run {
    #[serde(rename = "Env", default)]
    env: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    layers: Vec<String>,
}

/// Whether a directory is an image's layout.
pub(super) fn is_layout(directory: &Path) -> bool {
    let has = |name: &str| directory.join(name).is_file();
    (has("oci-layout") && has("index.json"))
        || (has("manifest.json") && !directory.join("usr").exists())
}

/// Unpacks the image that a layout has for this machine.
pub(super) fn unpack(layout: &Path, into: &mut Unpacking<'_>) -> Result<Described, ImageError> {
    if !layout.join("index.json").is_file() {
        return unpack_saved(layout, into);
    }
    let index: Index = parse(&document(&layout.join("index.json"))?)?;
    let descriptor = choose(layout, index, DEPTH)?;
    let manifest: Manifest = parse(&blob(layout, &descriptor)?)?;
    let config: Config = parse(&blob(layout, &manifest.config)?)?;
    if manifest.layers.len() > LAYERS {
        return Err(ImageError::TooMuch(format!("{LAYERS} layers")));
    }
    for layer in &manifest.layers {
        let path = check(layout, layer)?;
        into.add(extract::open(&path)?, true)?;
    }
    Ok(Described {
        digest: descriptor.digest,
        environment: environment(config),
    })
}

fn unpack_saved(layout: &Path, into: &mut Unpacking<'_>) -> Result<Described, ImageError> {
    let bytes = document(&layout.join("manifest.json"))?;
    let saved: Vec<Saved> = parse(&bytes)?;
    let [saved] = saved.as_slice() else {
        return Err(unreadable("it has not exactly one image"));
    };
    let config: Config = parse(&document(&inside(layout, &saved.config)?)?)?;
    for layer in &saved.layers {
        into.add(extract::open(&inside(layout, layer)?)?, true)?;
    }
    Ok(Described {
        digest: format!(
            "sha256:{}",
            hex(aws_lc_rs::digest::digest(&SHA256, &bytes).as_ref())
        ),
        environment: environment(config),
    })
}

fn environment(config: Config) -> BTreeMap<String, String> {
    let all = config.config.and_then(|run| run.env).unwrap_or_default();
    let pairs = all.iter().filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The manifest for this machine.
fn choose(layout: &Path, index: Index, depth: u32) -> Result<Descriptor, ImageError> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        other => other,
    };
    let fits = |descriptor: &Descriptor| {
        descriptor
            .platform
            .as_ref()
            .is_none_or(|p| p.os == "linux" && p.architecture == architecture)
    };
    let found = index.manifests.into_iter().find(fits);
    let found = found.ok_or_else(|| unreadable("it has no image for this machine's processors"))?;
    let nested = found.media_type.contains("index") || found.media_type.contains("manifest.list");
    match (nested, depth.checked_sub(1)) {
        (false, _) => Ok(found),
        (true, None) => Err(unreadable("its indexes lie too deep")),
        (true, Some(depth)) => {
            let index: Index = parse(&blob(layout, &found)?)?;
            choose(layout, index, depth)
        }
    }
}

/// A blob's file, after its digest was checked.
fn check(layout: &Path, descriptor: &Descriptor) -> Result<PathBuf, ImageError> {
    let name = descriptor
        .digest
        .strip_prefix("sha256:")
        .unwrap_or_default();
    if name.len() != 64 || !name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(unreadable("a digest is not one of SHA-256"));
    }
    let path = inside(layout, &format!("blobs/sha256/{name}"))?;
    let found = digest_of(&path)?;
    if found == descriptor.digest {
        Ok(path)
    } else {
        Err(ImageError::Digest {
            what: descriptor.media_type.clone(),
            found,
            expected: descriptor.digest.clone(),
        })
    }
}

fn blob(layout: &Path, descriptor: &Descriptor) -> Result<Vec<u8>, ImageError> {
    document(&check(layout, descriptor)?)
}

/// A file of the layout, which is no link out of it.
fn inside(layout: &Path, name: &str) -> Result<PathBuf, ImageError> {
    let names = super::place::names(name.as_bytes())?;
    let path = super::place::file(layout, &names, false).at("find", Path::new(name))?;
    let found = fs::symlink_metadata(&path).at("find", &path)?;
    if found.is_file() {
        Ok(path)
    } else {
        Err(unreadable("a part of it is no plain file"))
    }
}

fn document(path: &Path) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let file = extract::open(path)?;
    file.take(DOCUMENT)
        .read_to_end(&mut bytes)
        .at("read", path)?;
    Ok(bytes)
}

fn parse<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(why: &str) -> ImageError {
    ImageError::Unreadable(why.to_owned())
}

/// The digest of a file: `sha256:…`.
pub(super) fn digest_of(path: &Path) -> Result<String, ImageError> {
    let mut file: File = extract::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 18];
    loop {
        let length = file.read(&mut buffer).at("read", path)?;
        if length == 0 {
            break;
        }
        context.update(buffer.get(..length).unwrap_or_default());
    }
    Ok(format!("sha256:{}", hex(context.finish().as_ref())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
