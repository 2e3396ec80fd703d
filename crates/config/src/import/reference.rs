//! Where an import points to.

use std::fmt;

/// A file of a repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportSource {
    /// The repository as `owner/name`; none for the one that is built.
    pub repository: Option<String>,
    /// The path below the repository's root.
    pub path: String,
    /// A branch, tag or commit. None: the commit that is built in its own repository, the default
    /// branch in others.
    pub reference: Option<String>,
}

impl ImportSource {
    /// Reads `owner/name:path@ref`, where all but the path may be left out. A path without a
    /// repository is one of the file that imports it, at the same commit.
    pub(super) fn parse(text: &str, importing: Option<&Self>) -> Option<Self> {
        let text = text.trim();
        let (repository, rest) = match text.split_once(':') {
            Some((repository, rest)) => (Some(slug(repository)?), rest),
            None => (None, text),
        };
        let (path, reference) = match rest.split_once('@') {
            Some((path, reference)) => (path, Some(reference)),
            None => (rest, None),
        };
        let path = path.strip_prefix("./").unwrap_or(path);
        let path = path.trim_start_matches('/');
        if path.is_empty() || reference == Some("") || path.split('/').any(|part| part == "..") {
            return None;
        }
        let reference = reference.map(str::to_owned);
        let (repository, reference) = match (repository, importing) {
            (None, Some(importing)) => (
                importing.repository.clone(),
                reference.or_else(|| importing.reference.clone()),
            ),
            (repository, _) => (repository.map(str::to_owned), reference),
        };
        Some(Self {
            repository,
            path: path.to_owned(),
            reference,
        })
    }
}

fn slug(text: &str) -> Option<&str> {
    let (owner, name) = text.split_once('/')?;
    let fine = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c == '/' || c == '@' || c.is_whitespace() || c.is_control())
    };
    (fine(owner) && fine(name)).then_some(text)
}

/// `owner/name:path@ref`, what is not known left out.
impl fmt::Display for ImportSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(repository) = &self.repository {
            write!(f, "{repository}:")?;
        }
        f.write_str(&self.path)?;
        match &self.reference {
            Some(reference) => write!(f, "@{reference}"),
            None => Ok(()),
        }
    }
}
