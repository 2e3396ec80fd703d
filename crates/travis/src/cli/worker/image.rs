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
    /// Fetch the image for jobs' virtual machines from the server
    #[command(after_help = "\
Examples:
  travis worker image fetch                                   from the server that this worker serves
  travis worker image fetch --from https://ci.example.org     from another one
  travis worker image fetch --format json

Checks digests, goes on where it stopped, and takes the place of the image before at once. Jobs in
virtual machines (--executor vm) are started from it.")]
    Fetch(ImageFetch),
    /// Show which image jobs and services get in containers, and whose word that is
    #[command(disable_version_flag = true)]
    #[command(after_help = "\
Examples:
  travis worker image table
  travis worker image table --language python --version 3.12     what such a job gets
  travis worker image table --image big                          what a job gets that asks for \"big\"
  travis worker image table --format json

The first row that fits counts: the owner's (images.toml), then the operator's (`travis workers
images` on the server's side), then the program's own.")]
    Table(ImageTableArgs),
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

/// Fetches the image for virtual machines.
#[derive(Debug, Clone, Args)]
pub struct ImageFetch {
    /// The server's address [default: the one that this worker serves]
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
    /// Trust the authorities in this file, too, in PEM [default: as in worker.toml]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Whose
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Shows the table of images.
#[derive(Debug, Clone, Args)]
pub struct ImageTableArgs {
    /// Only what a job of this language gets, as in .travis.yml
    #[arg(long, value_name = "L")]
    pub language: Option<String>,
    /// The version of that language
    #[arg(long, value_name = "V", requires = "language")]
    pub version: Option<String>,
    /// The distribution, as in .travis.yml
    #[arg(long, value_name = "D", requires = "language")]
    pub dist: Option<String>,
    /// Only what a job gets that asks for this image
    #[arg(long, value_name = "NAME", conflicts_with = "language")]
    pub image: Option<String>,
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
