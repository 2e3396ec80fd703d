//! What is kept whole and found by a key: caches of jobs.
//!
//! An object is written once and never changed: a new content gets a new key, so that a reader of
//! the old one is not disturbed. Nobody sees an object before [`Upload::finish`] has returned.
//! Which keys are in use is for the rows to say; what no row names is swept.

#[cfg(feature = "testing")]
pub mod contract;
mod objects;
mod port;

pub use objects::ObjectBlobs;
pub use port::{Blob, BlobError, Blobs, Listed, Pieces, Stored, Upload};
