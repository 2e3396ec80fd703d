//! Tools of the machine that jobs may use.

use std::path::{Path, PathBuf};

/// Directories with tools outside of `/usr` that jobs see read-only, at the same paths, and what
/// they need in the environment. The worker's owner may edit the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolDirs {
    /// Shown to jobs.
    pub directories: Vec<PathBuf>,
    /// Prepended to the path, in this order.
    pub path: Vec<PathBuf>,
    /// Further variables.
    pub environment: Vec<(String, String)>,
}

impl ToolDirs {
    /// What is installed here: `/opt`, and rustup, pyenv and nvm of the worker's user. Of the
    /// user's directories only those that hold programs: never configuration, never credentials.
    #[must_use]
    pub fn detect() -> Self {
        Self::detect_in(
            std::env::var_os("HOME").map(PathBuf::from).as_deref(),
            Path::new("/opt"),
        )
    }

    /// Without the machine's tools: what its owner gave jobs, and nothing that leads to a tool.
    pub(crate) fn own_environment(&self) -> Self {
        let leads = |value: &str| {
            self.directories
                .iter()
                .any(|d| Path::new(value).starts_with(d))
        };
        let given = self.environment.iter().filter(|(_, value)| !leads(value));
        Self {
            environment: given.cloned().collect(),
            ..Self::default()
        }
    }

    fn detect_in(home: Option<&Path>, optional: &Path) -> Self {
        let mut found = Self::default();
        if optional.is_dir() {
            found.directories.push(optional.to_owned());
        }
        let Some(home) = home.filter(|home| home.is_absolute()) else {
            return found;
        };
        let cargo = home.join(".cargo/bin");
        if cargo.is_dir() {
            found.directories.push(cargo.clone());
            found.path.push(cargo);
        }
        let rustup = home.join(".rustup");
        if rustup.is_dir() {
            found.set("RUSTUP_HOME", &rustup);
            found.directories.push(rustup);
        }
        let pyenv = home.join(".pyenv");
        if pyenv.is_dir() {
            found.path.push(pyenv.join("shims"));
            found.path.push(pyenv.join("bin"));
            found.set("PYENV_ROOT", &pyenv);
            found.directories.push(pyenv);
        }
        let nvm = home.join(".nvm");
        if nvm.is_dir() {
            found.set("NVM_DIR", &nvm);
            found.directories.push(nvm);
        }
        found
    }

    fn set(&mut self, name: &str, value: &Path) {
        self.environment
            .push((name.to_owned(), value.display().to_string()));
    }

    /// The job's search path.
    pub(crate) fn search_path(&self) -> String {
        let mut path = String::new();
        for directory in &self.path {
            path.push_str(&directory.display().to_string());
            path.push(':');
        }
        path.push_str("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_programs_but_no_configuration() {
        let home = tempfile::tempdir().unwrap();
        for directory in [".cargo/bin", ".cargo/registry", ".rustup", ".ssh"] {
            std::fs::create_dir_all(home.path().join(directory)).unwrap();
        }
        let found = ToolDirs::detect_in(Some(home.path()), Path::new("/nonexistent"));
        assert_eq!(
            found.directories,
            [home.path().join(".cargo/bin"), home.path().join(".rustup")]
        );
        assert!(found.search_path().ends_with(":/sbin:/bin"));
        assert_eq!(found.environment.len(), 1);
        assert_eq!(
            ToolDirs::detect_in(None, Path::new("/nonexistent")),
            ToolDirs::default()
        );
    }
}
