//! Host names of package registries and code hosts.

use std::collections::HashSet;

/// The table that comes with the program.
const TABLE: &str = include_str!("registries.txt");

/// Names of hosts that jobs may reach where only registries are in reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registries {
    exact: HashSet<String>,
    /// Without `*.`.
    below: HashSet<String>,
}

impl Default for Registries {
    /// The table that comes with the program.
    fn default() -> Self {
        let mut table = Self::empty();
        table.add(TABLE);
        table
    }
}

impl Registries {
    /// No host at all.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            exact: HashSet::new(),
            below: HashSet::new(),
        }
    }

    /// Adds hosts, one in a line: `crates.io`, or `*.crates.io` for every name below it. What
    /// follows a `#` is a remark.
    pub fn add(&mut self, lines: &str) {
        for line in lines.lines() {
            let name = line.split('#').next().unwrap_or_default().trim();
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            match name.strip_prefix("*.") {
                Some(below) if !below.is_empty() => {
                    self.below.insert(below.to_owned());
                }
                None if !name.is_empty() => {
                    self.exact.insert(name);
                }
                _ => {}
            }
        }
    }

    /// Whether a host, in small letters and without a dot at the end, is among them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        let mut rest = name;
        while let Some((_, above)) = rest.split_once('.') {
            if self.below.contains(above) {
                return true;
            }
            rest = above;
        }
        self.exact.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_what_is_below_them() {
        let mut table = Registries::default();
        for name in [
            "crates.io",
            "static.crates.io",
            "github.com",
            "codeload.github.com",
        ] {
            assert!(table.contains(name), "{name}");
        }
        for name in [
            "xcrates.io",
            "crates.io.evil.example",
            "io",
            "",
            "debian.org",
        ] {
            assert!(!table.contains(name), "{name}");
        }
        assert!(!table.contains("packages.example.org"));
        table.add("packages.example.org # ours\n\n*.mirror.example\n*.\n");
        assert!(table.contains("packages.example.org"));
        assert!(table.contains("a.b.mirror.example"));
        assert!(!table.contains("mirror.example"));
    }
}
