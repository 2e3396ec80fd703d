//! Arguments of `travis worker image`.

use super::PlaceArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What can be done about root file systems.
#[derive(Clone, Subcommand)]
pub enum ImageAction {
    /// Add one from a tar file, or from an image in the OCI's layout
    #[command(disable_version_flag = true)]
    #[command(after_help = "\
Examples:
  travis worker image add bookworm bookworm.tar.zst
  travis worker image add rust rust-oci/ --language rust --version 1.93
  travis worker image add ruby ruby.oci.tar --language ruby --version 3.4 --dist noble

A job that names an image gets exactly this one, or another worker. Other jobs get the one that
fits their language and version best, or this machine's own system where none does.")]
    Add(ImageAdd),
    /// List them
    #[command(after_help = "\
Examples:
  travis worker image list
  travis worker image list --format json")]
    List(PlaceArgs),
    /// Remove one
    #[command(after_help = "\
Examples:
  travis worker image remove bookworm")]
    Remove(ImageRemove),
}

/// Adds a root file system.
#[derive(Debug, Clone, Args)]
pub struct ImageAdd {
    /// Its name here: small letters, digits, '.', '-' and '_'
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A tar file (plain, gzip or zstd), or a directory or tar file in the OCI's image layout
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The language that jobs in it are of, as in .travis.yml
    #[arg(long, value_name = "L")]
    pub language: Option<String>,
    /// The version of that language
    #[arg(long, value_name = "V", requires = "language")]
    pub version: Option<String>,
    /// The distribution, as in .travis.yml
    #[arg(long, value_name = "D")]
    pub dist: Option<String>,
    /// Refuse it when it unpacks to more
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub most_gigabytes: u64,
    /// Whose
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Removes a root file system.
#[derive(Debug, Clone, Args)]
pub struct ImageRemove {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Whose
    #[command(flatten)]
    pub place: PlaceArgs,
}
