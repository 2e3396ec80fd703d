//! Which names of files are files of the repository.

/// The longest path taken, in bytes.
const LONGEST: usize = 300;

/// Endings of files of code, so that `12:30`, `host:80` and the like are no places.
const ENDINGS: [&str; 72] = [
    "rs", "go", "py", "pyx", "pyi", "rb", "rake", "gemspec", "js", "jsx", "mjs", "cjs", "ts",
    "tsx", "mts", "cts", "vue", "svelte", "c", "h", "cc", "hh", "cpp", "hpp", "cxx", "hxx", "m",
    "mm", "inc", "java", "kt", "kts", "scala", "sc", "groovy", "gradle", "clj", "cljs", "php",
    "phtml", "pl", "pm", "t", "ex", "exs", "erl", "hrl", "hs", "lhs", "ml", "mli", "elm", "cs",
    "fs", "vb", "swift", "d", "dart", "cr", "jl", "r", "R", "lua", "nim", "zig", "sh", "bash",
    "css", "scss", "less", "html", "sql",
];

/// Folders whose files are somebody else's.
const FOREIGN: [&str; 14] = [
    "node_modules",
    "vendor",
    ".cargo",
    ".rustup",
    "site-packages",
    "dist-packages",
    ".rvm",
    ".rbenv",
    ".gem",
    ".bundle",
    ".git",
    ".m2",
    ".gradle",
    ".nvm",
];

/// Knows where the repository lies on the machine that ran the job.
#[derive(Debug)]
pub(super) struct Paths {
    /// `/build/owner/name/`, as the end of the folder's name, wherever the home is.
    folder: String,
}

impl Paths {
    pub fn new(slug: &str) -> Self {
        Self {
            folder: format!("/build/{slug}/"),
        }
    }

    /// The path from the repository's root; `None` for what is not the repository's.
    pub fn own(&self, written: &str) -> Option<String> {
        let written = written.strip_prefix("file://").unwrap_or(written);
        let mut path = if written.starts_with('/') {
            let at = written.find(&self.folder)?;
            written.get(at + self.folder.len()..)?
        } else {
            written
        };
        while let Some(rest) = path.strip_prefix("./") {
            path = rest;
        }
        let fits = !path.is_empty()
            && path.len() <= LONGEST
            && !path.starts_with('~')
            && !path.contains(['\\', ':', '<', '>', '*', '?', '"', '|', '\'', '`', '$'])
            && !path.chars().any(char::is_control)
            && path
                .split('/')
                .all(|part| !matches!(part, "" | "." | "..") && !FOREIGN.contains(&part));
        let name = path.rsplit('/').next()?;
        let (stem, ending) = name.rsplit_once('.')?;
        (fits && !stem.is_empty() && ENDINGS.contains(&ending)).then(|| path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Paths;

    #[test]
    fn only_files_of_the_repository_count() {
        let paths = Paths::new("acme/rocket");
        for (written, own) in [
            ("src/lib.rs", Some("src/lib.rs")),
            ("./src/a.go", Some("src/a.go")),
            ("/home/travis/build/acme/rocket/src/a.py", Some("src/a.py")),
            ("/srv/x/build/acme/rocket/a.c", Some("a.c")),
            ("file:///home/travis/build/acme/rocket/a.mjs", Some("a.mjs")),
            ("/home/travis/build/acme/other/a.c", None),
            ("/usr/lib/python3/site.py", None),
            ("../a.c", None),
            ("src/../../etc/x.c", None),
            ("/home/travis/build/acme/rocket/../../../x.c", None),
            ("src//x.c", None),
            ("node_modules/x/y.js", None),
            ("a/vendor/b.rb", None),
            (".cargo/registry/x.rs", None),
            ("lib/site-packages/x.py", None),
            ("10.0.0.1", None),
            ("example.com", None),
            ("README", None),
            (".rs", None),
            ("C:\\x\\a.c", None),
            ("~/a.c", None),
            ("", None),
        ] {
            assert_eq!(paths.own(written).as_deref(), own, "{written}");
        }
        assert_eq!(paths.own(&format!("{}.c", "x".repeat(400))), None);
    }
}
