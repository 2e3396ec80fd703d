//! Files that a configuration imports: which may be read, and reading them. What is read of a
//! commit is kept for a while, since it never changes.

use crate::{Engine, EngineError};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use travis_forge::{ForgeError, Resolved, Want};
use travis_model::{Repository, RepositoryId, Slug};

/// Files kept, at most; and their bytes together.
const KEPT_FILES: usize = 256;
const KEPT_BYTES: usize = 4 << 20;
/// The longest path and the longest name of a ref that are looked for, in bytes.
const LONGEST: usize = 512;

/// A commit whose files are imported: that of the build, or another repository's.
#[derive(Clone)]
pub(crate) struct Place {
    pub repository: Repository,
    pub sha: String,
    /// The ref that it was found by.
    pub reference: Option<String>,
}

/// Why a repository's files may not be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is none of this name, or nobody here may know of it.
    Unknown,
    /// It is private, and the importing one is not.
    Visibility,
    /// Its settings do not allow it.
    NotAllowed,
}

/// Whether files of `other` may be imported by `importing`. Whoever sees a build sees what it was
/// made of, so a private file goes to private repositories of the same owner alone; and nobody
/// learns that another owner's private repository exists.
pub(crate) fn refusal(importing: &Repository, other: &Repository) -> Option<Refusal> {
    let forge = |repository: &Repository| repository.hosting.as_ref().map(|at| at.forge_id);
    let owner = |repository: &Repository| repository.slug.owner().to_lowercase();
    if importing.id == other.id {
        None
    } else if forge(importing) != forge(other) {
        Some(Refusal::Unknown)
    } else if !other.private {
        None
    } else if owner(importing) != owner(other) {
        Some(Refusal::Unknown)
    } else if !importing.private {
        Some(Refusal::Visibility)
    } else if !other.settings.allow_config_imports {
        Some(Refusal::NotAllowed)
    } else {
        None
    }
}

/// A path within a repository, free of ways out of it.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= LONGEST
        && !path.starts_with('/')
        && !path.chars().any(|c| c.is_control() || c == '\\')
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// A file of a commit, by repository, commit and path; none when the commit has no such file.
type Kept = (RepositoryId, String, String, Option<String>);

/// Files that were read, the newest last.
#[derive(Default)]
pub(crate) struct ReadFiles(Mutex<VecDeque<Kept>>);

impl ReadFiles {
    fn find(&self, id: RepositoryId, sha: &str, path: &str) -> Option<Option<String>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept
            .iter()
            .find(|one| (one.0, one.1.as_str(), one.2.as_str()) == (id, sha, path));
        found.map(|one| one.3.clone())
    }

    fn keep(&self, one: Kept) {
        let size = |one: &Kept| one.3.as_ref().map_or(0, String::len);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(one);
        let mut bytes: usize = kept.iter().map(size).sum();
        while kept.len() > KEPT_FILES || bytes > KEPT_BYTES {
            let Some(oldest) = kept.pop_front() else {
                break;
            };
            bytes -= size(&oldest);
        }
    }
}

impl Engine {
    /// A file of a commit as text; none when it has no such file.
    ///
    /// # Errors
    /// What may pass by itself. What does not counts as a file that is not there.
    pub(crate) async fn imported_file(
        &self,
        place: &Place,
        path: &str,
    ) -> Result<Option<String>, EngineError> {
        if !is_inside(path) {
            return Ok(None);
        }
        let (id, sha) = (place.repository.id, place.sha.as_str());
        if let Some(known) = self.read_files.find(id, sha, path) {
            return Ok(known);
        }
        let reference = place.reference.as_deref();
        let read = self.snapshot(&place.repository, sha, reference, path).await;
        let Some(snapshot) = lasting(read)? else {
            return Ok(None);
        };
        let text = snapshot
            .file
            .map(|file| String::from_utf8_lossy(&file).into_owned());
        self.read_files
            .keep((id, sha.to_owned(), path.to_owned(), text.clone()));
        Ok(text)
    }

    /// A commit of another repository by the name of a branch, a tag or the commit itself; the tip
    /// of its default branch without one.
    ///
    /// # Errors
    /// As for [`Self::imported_file`].
    pub(crate) async fn imported_commit(
        &self,
        importing: &Repository,
        slug: &Slug,
        name: Option<&str>,
    ) -> Result<Result<Place, Refusal>, EngineError> {
        let found = self.store.reader().await?.repository_by_slug(slug).await?;
        let Some(repository) = found else {
            return Ok(Err(Refusal::Unknown));
        };
        if let Some(refusal) = refusal(importing, &repository) {
            return Ok(Err(refusal));
        }
        for want in wants(name, &repository.default_branch) {
            let resolved = self.resolve(&repository, &want).await;
            if let Some(Resolved { sha, branch, tag }) = lasting(resolved)? {
                let reference = branch
                    .map(|branch| format!("refs/heads/{branch}"))
                    .or_else(|| tag.map(|tag| format!("refs/tags/{tag}")));
                return Ok(Ok(Place {
                    repository,
                    sha,
                    reference,
                }));
            }
        }
        Ok(Err(Refusal::Unknown))
    }
}

/// What a name may mean, the likeliest first.
fn wants(name: Option<&str>, default_branch: &str) -> Vec<Want> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return match default_branch {
            "" => vec![Want::Default],
            branch => vec![Want::Branch(branch.to_owned())],
        };
    };
    if name.len() > LONGEST {
        return Vec::new();
    }
    let commit = Want::Commit(name.to_owned());
    let hexadecimal = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal && name.len() == 40 {
        return vec![commit];
    }
    let mut wants = vec![Want::Branch(name.to_owned()), Want::Tag(name.to_owned())];
    wants.extend((hexadecimal && name.len() >= 7).then_some(commit));
    wants
}

/// The answer, or none for a failure that will not pass.
fn lasting<T>(answer: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(EngineError::Forge(error)) if !error.may_pass() && !is_ours(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A fault of the server's set-up and not of the file's author.
const fn is_ours(error: &ForgeError) -> bool {
    matches!(error, ForgeError::NotSetUp { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_out_of_a_repository_are_no_paths() {
        for good in ["ci/common.yml", ".travis/a.yml", "a..b"] {
            assert!(is_inside(good), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "a/./b",
            "a\\b",
            "a\nb",
        ] {
            assert!(!is_inside(bad), "{bad:?}");
        }
    }

    #[test]
    fn names_are_branches_before_they_are_tags_or_commits() {
        let sha = "0123456789012345678901234567890123456789";
        assert_eq!(wants(Some(sha), "main"), [Want::Commit(sha.to_owned())]);
        assert_eq!(wants(None, "main"), [Want::Branch("main".to_owned())]);
        assert_eq!(wants(None, ""), [Want::Default]);
        assert_eq!(wants(Some("v1"), "main").len(), 2);
        assert_eq!(wants(Some("abcdef0"), "main").len(), 3);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let files = ReadFiles::default();
        for n in 0..600 {
            let text = Some("x".repeat(64 << 10));
            files.keep((RepositoryId(n), "sha".to_owned(), "a".to_owned(), text));
        }
        let held = files.0.lock().unwrap().len();
        assert_eq!(held, KEPT_BYTES / (64 << 10));
        assert!(files.find(RepositoryId(599), "sha", "a").is_some());
        assert!(files.find(RepositoryId(0), "sha", "a").is_none());
    }
}
