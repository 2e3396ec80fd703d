//! What was chosen the last time, beside the machine's disks.

use crate::cli::worker::VmArgs;
use crate::failure::{Failure, Status};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::path::Path;

/// Less is too little for the image and a job.
const LEAST_MEMORY_MIB: u64 = 512;
pub const MIB: u64 = 1 << 20;

/// What was chosen the last time, beside the machine's disks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// The server that it is lent to.
    pub server: Option<String>,
    pub name: Option<String>,
    pub cores: Option<u32>,
    pub memory_mib: Option<u64>,
    /// SHA-256 of the image below the root.
    pub image: Option<String>,
    /// KVM is there and machines hang under it.
    pub kvm_hangs: bool,
}

impl Chosen {
    pub fn read(place: &Path) -> Self {
        fs::read(place.join("vm.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// # Errors
    /// When the disk is full.
    pub fn write(&self, place: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        let new = place.join("vm.json.new");
        fs::write(&new, text)?;
        fs::rename(new, place.join("vm.json"))?;
        Ok(())
    }

    /// What is said now counts more than what was said before.
    pub fn take_over(&mut self, args: &VmArgs) {
        self.server = args.join.server().or(self.server.take());
        self.name = args.join.name.clone().or(self.name.take());
        self.cores = args.cores.or(self.cores);
        self.memory_mib = args
            .memory
            .map(|bytes| (bytes / MIB).max(LEAST_MEMORY_MIB))
            .or(self.memory_mib);
    }
}

/// Half of the machine's cores.
pub fn half_of_the_cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores.div_ceil(2)).unwrap_or(1)
}

/// A quarter of its memory, in MiB.
pub fn quarter_of_the_memory() -> u64 {
    let info = rustix::system::sysinfo();
    let bytes = info.totalram.saturating_mul(u64::from(info.mem_unit));
    (bytes / 4 / MIB).max(1024)
}

/// The lock is held as long as the file is open.
///
/// # Errors
/// When another process has it.
pub fn lock(place: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(place.join("lock"))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Failure::new(
            Status::Refused,
            format!("the machine of {} runs already", place.display()),
        )
        .remedy("Stop it with Ctrl-C where it was started, or name another place with --data.")
    })?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::worker::JoinArgs;

    #[test]
    fn the_next_start_remembers() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(Chosen::read(place.path()), Chosen::default());
        let mut chosen = Chosen {
            cores: Some(4),
            ..Chosen::default()
        };
        chosen.take_over(&VmArgs {
            join: JoinArgs {
                server: Some("https://ci.example.org/".to_owned()),
                ..JoinArgs::default()
            },
            memory: Some(3 << 30),
            ..VmArgs::default()
        });
        chosen.write(place.path()).unwrap();
        let again = Chosen::read(place.path());
        assert_eq!(again.server.as_deref(), Some("https://ci.example.org"));
        assert_eq!((again.cores, again.memory_mib), (Some(4), Some(3072)));
        let first = lock(place.path()).unwrap();
        assert!(lock(place.path()).is_err());
        drop(first);
    }
}
