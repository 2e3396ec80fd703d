//! Words that are too far from the key that they mean for their spelling alone to tell, and words
//! that mean something of their own.

/// A word as found in real files, and the key that it means.
pub(crate) const TYPOS: &[(&str, &str)] = &[
    ("after_deployment", "after_deploy"),
    ("after_successsudo", "after_success"),
    ("after_test", "after_script"),
    ("allow_failures__php", "allow_failures"),
    ("allowable_failures", "allowed_failures"),
    ("before_archive", "before_cache"),
    ("before_deployment", "before_deploy"),
    ("before_setup", "before_script"),
    ("branchesonly", "branches"),
    ("bundle", "bundler"),
    ("deploybefore_script", "before_script"),
    ("distro", "dist"),
    ("evn", "env"),
    ("jkd", "jdk"),
    ("jruby_before_script", "before_script"),
    ("known_failures", "allow_failures"),
    ("notifications.irc", "notifications"),
    ("rmv", "rvm"),
    ("s3_bucket", "bucket"),
    ("src/packages", "packages"),
];

/// Words that are no misspelling of anything: what they stand for is known, it only has no place
/// there.
const STOP_WORDS: &[&str] = &[
    "after_vendor",
    "branch",
    "branches",
    "erlang",
    "gcc",
    "golang",
    "html",
    "jvm",
    "nvm",
    "osx",
    "pgsql",
    "pip",
    "postgres",
    "prose",
    "sdk",
    "slack",
    "start_script",
    "test",
    "trusty",
    "versions",
    "vimscript",
];

/// Whether the word is not to be taken for a misspelling.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_order() {
        assert!(STOP_WORDS.is_sorted());
        assert!(TYPOS.is_sorted());
    }
}
