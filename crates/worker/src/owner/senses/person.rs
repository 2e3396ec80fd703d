//! When somebody typed last, by the times of terminals.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Since somebody typed at a console or in a terminal; `None` where there is none. The kernel
/// notes the time of input to within eight seconds.
pub(super) fn last_input(dev: &Path) -> Option<Duration> {
    let jobs = own_terminals();
    let terminals = fs::read_dir(dev.join("pts"))
        .into_iter()
        .flatten()
        .flatten();
    let terminals = terminals
        .filter(|entry| entry.file_name() != "ptmx" && !jobs.contains(&entry.file_name()))
        .map(|entry| entry.path());
    let consoles = (1..=6).map(|number| dev.join(format!("tty{number}")));
    let last = terminals
        .chain(consoles)
        .filter_map(|path| {
            let data = fs::metadata(path).ok()?;
            // A console that nobody has signed in at is only read by the program that waits there.
            let seconds = u64::try_from(data.atime()).ok()?;
            Some(Duration::new(
                seconds,
                u32::try_from(data.atime_nsec()).ok()?,
            ))
        })
        .max()?;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some(now.saturating_sub(last))
}

/// Names of the terminals whose other end this process holds: those of jobs. A new one looks as if
/// somebody had typed there.
fn own_terminals() -> Vec<OsString> {
    let descriptors = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten();
    descriptors
        .filter(|entry| {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            target.file_name().is_some_and(|name| name == "ptmx")
        })
        .filter_map(|entry| {
            let about = Path::new("/proc/self/fdinfo").join(entry.file_name());
            let text = fs::read_to_string(about).ok()?;
            let index = text
                .lines()
                .find_map(|line| line.strip_prefix("tty-index:"))?;
            Some(OsString::from(index.trim()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_terminal_counts() {
        let dev = tempfile::tempdir().unwrap();
        assert_eq!(last_input(dev.path()), None);
        fs::create_dir(dev.path().join("pts")).unwrap();
        for (name, ago) in [
            ("pts/0", 500),
            ("pts/1", 90),
            ("tty1", 4000),
            ("pts/ptmx", 1),
        ] {
            let file = fs::File::create(dev.path().join(name)).unwrap();
            let then = SystemTime::now() - Duration::from_secs(ago);
            file.set_times(fs::FileTimes::new().set_accessed(then))
                .unwrap();
        }
        let ago = last_input(dev.path()).unwrap().as_secs();
        assert!((89..=95).contains(&ago), "{ago}");
    }
}
