//! Why no script could be made.

/// An input that no safe script exists for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// A shell cannot hold a zero byte.
    #[error(
        "{what} holds a zero byte, which a shell cannot carry; remove it from .travis.yml or the settings"
    )]
    ZeroByte {
        /// Where it stands.
        what: String,
    },
    /// The slug would lead out of the build directory.
    #[error("the repository's slug {slug:?} is not of the form owner/name; rename the repository")]
    Slug {
        /// The slug.
        slug: String,
    },
    /// The commit is no hash.
    #[error(
        "the commit {commit:?} is not a hash of 7 to 64 hexadecimal digits; trigger the build again"
    )]
    Commit {
        /// What was given.
        commit: String,
    },
    /// The clone URL would be taken for an option.
    #[error(
        "the clone URL {url:?} is empty or starts with a dash; correct it in the repository's settings"
    )]
    CloneUrl {
        /// The URL.
        url: String,
    },
}
