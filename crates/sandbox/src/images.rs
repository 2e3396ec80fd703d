//! Root file systems by name, for jobs in namespaces: what an owner adds from a tarball or from an
//! image in the OCI's layout.
//!
//! An image is unpacked once, by the worker's user and with nothing that only root may have: all
//! files are that user's, which inside of the sandbox is the job's. Jobs mount it read-only.

mod extract;
mod oci;
mod place;
mod shelf;

pub use extract::Bounds;
pub use shelf::{Image, Images, Labels};

/// Why an image can't be added, found or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A file or directory of the worker.
    #[error("can't {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The name is not one.
    #[error("{0:?} can't name an image; use small letters, digits, '.', '-' and '_', up to 64")]
    Name(String),
    /// There is one of this name.
    #[error("there is an image {0} already; remove it first: travis worker image remove {0}")]
    Exists(String),
    /// There is none of this name.
    #[error("there is no image {0}; `travis worker image list` shows those that are there")]
    Unknown(String),
    /// An entry that no honest archive has.
    #[error("the archive is refused: {entry:?} {why}")]
    Entry {
        /// Its path in the archive.
        entry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More than what an image may have.
    #[error("the archive is refused: it has more than {0}")]
    TooMuch(String),
    /// It can't be read.
    #[error(
        "the archive can't be read: {0}; give a tar file (plain, gzip or zstd), or a directory or tar file in the OCI's image layout"
    )]
    Unreadable(String),
    /// Its content is not what its index says.
    #[error("the image is refused: {what} has the digest {found}, not {expected}")]
    Digest {
        /// Which part.
        what: String,
        /// As it is.
        found: String,
        /// As it should be.
        expected: String,
    },
    /// Jobs could not run in it.
    #[error("jobs can't run in this image: it has no {0}")]
    Lacks(&'static str),
}

/// Adds what was tried to an error of the file system.
trait At<T> {
    fn at(self, action: &'static str, path: &std::path::Path) -> Result<T, ImageError>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, action: &'static str, path: &std::path::Path) -> Result<T, ImageError> {
        self.map_err(|source| ImageError::File {
            action,
            path: path.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests;
