//! `owner/name`, the address of a repository.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A repository's address, `owner/name`. Each part holds 1 to 100 of `A-Z a-z 0-9 . _ -`,
/// and is neither `.` nor `..`, nor starts with `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug {
    owner: String,
    name: String,
}

/// Why a text is not a slug.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SlugError {
    /// There is not exactly one slash.
    #[error("\"{0}\" is not of the form owner/name")]
    Form(String),
    /// A part holds something else than the allowed characters.
    #[error(
        "\"{0}\" can't be part of a repository's name: use 1 to 100 letters, digits, dots, underscores and hyphens, not starting with a hyphen"
    )]
    Part(String),
}

impl Slug {
    /// Joins two parts.
    ///
    /// # Errors
    /// When a part is not allowed.
    pub fn new(owner: &str, name: &str) -> Result<Self, SlugError> {
        for part in [owner, name] {
            let fits = (1..=100).contains(&part.len())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
                && !part.starts_with('-')
                && part != "."
                && part != "..";
            if !fits {
                return Err(SlugError::Part(part.to_owned()));
            }
        }
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The part before the slash.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The part after the slash.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The form under which slugs are compared: case does not count.
    #[must_use]
    pub fn key(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl std::str::FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        match text.split_once('/') {
            Some((owner, name)) if !name.contains('/') => Self::new(owner, name),
            _ => Err(SlugError::Form(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.to_string()
    }
}

impl std::fmt::Display for Slug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_owner_and_name() {
        let slug: Slug = "Harbor-light/beacon.rs".parse().unwrap();
        assert_eq!((slug.owner(), slug.name()), ("Harbor-light", "beacon.rs"));
        assert_eq!(slug.key(), "harbor-light/beacon.rs");
    }

    #[test]
    fn refuses_what_could_be_a_path_or_an_option() {
        for text in [
            "", "a", "a/b/c", "../x", "a/..", "a/-b", "-a/b", "a/b c", "a/\n", "a/", "/b",
        ] {
            assert!(text.parse::<Slug>().is_err(), "{text:?} was taken");
        }
    }
}
