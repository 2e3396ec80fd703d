//! Whether programs of others have to wait for the machine, and whether its memory is short.

use std::fs;
use std::path::{Path, PathBuf};

/// Control groups beside the ones that this process and its jobs are in. The pressure of the whole
/// machine would be no use: jobs that wait for a processor are part of it.
#[derive(Debug, Default)]
pub(crate) struct Neighbors {
    /// The levels of groups from the top to this process's own.
    levels: Vec<(PathBuf, PathBuf)>,
}

impl Neighbors {
    pub(crate) fn find() -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::below(Path::new("/sys/fs/cgroup"), &own)
    }

    fn below(top: &Path, own: &str) -> Self {
        let path = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let mut levels = Vec::new();
        let mut directory = top.to_owned();
        for name in Path::new(path.unwrap_or_default()).components() {
            let next = directory.join(name);
            levels.push((directory, next.clone()));
            directory = next;
        }
        Self { levels }
    }

    /// Hundredths of the last ten seconds in which a program of others waited for a processor or
    /// for memory, in the group where it was worst.
    pub(crate) fn pressure(&self) -> Option<f64> {
        let mut worst: Option<f64> = None;
        for (level, ours) in &self.levels {
            for entry in fs::read_dir(level).into_iter().flatten().flatten() {
                let group = entry.path();
                if group == *ours {
                    continue;
                }
                for file in ["cpu.pressure", "memory.pressure"] {
                    let text = fs::read_to_string(group.join(file)).unwrap_or_default();
                    if let Some(percent) = some_of_ten_seconds(&text) {
                        worst = Some(worst.map_or(percent, |worst| worst.max(percent)));
                    }
                }
            }
        }
        worst
    }
}

/// From `some avg10=1.53 avg60=…`.
fn some_of_ten_seconds(text: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("some avg10="))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Hundredths of the memory that programs could still have.
pub(super) fn free_memory() -> Option<f64> {
    free_of(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn free_of(text: &str) -> Option<f64> {
    let value = |name: &str| -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    let (total, available) = (value("MemTotal:")?, value("MemAvailable:")?);
    (total > 0.0).then(|| available * 100.0 / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_groups_of_others_count() {
        let top = tempfile::tempdir().unwrap();
        let put = |group: &str, file: &str, percent: f64| {
            let directory = top.path().join(group);
            fs::create_dir_all(&directory).unwrap();
            let text =
                format!("some avg10={percent} avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00\n");
            fs::write(directory.join(file), text).unwrap();
        };
        put("system.slice", "cpu.pressure", 90.0);
        put("system.slice/travis-worker.service", "cpu.pressure", 95.0);
        put("system.slice/sshd.service", "cpu.pressure", 3.5);
        put("user.slice", "memory.pressure", 7.25);
        let neighbors = Neighbors::below(
            top.path(),
            "1:name=x:/\n0::/system.slice/travis-worker.service\n",
        );
        assert_eq!(neighbors.pressure(), Some(7.25));
        assert_eq!(Neighbors::below(top.path(), "0::/\n").pressure(), None);
    }

    #[test]
    fn free_memory_in_hundredths() {
        let text = "MemTotal:  2000 kB\nMemFree: 10 kB\nMemAvailable:  500 kB\n";
        assert_eq!(free_of(text), Some(25.0));
        assert!(free_memory().is_some());
    }
}
