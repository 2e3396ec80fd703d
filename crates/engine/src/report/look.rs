//! How one commit stands now.

use super::verdict::{Standing, that_counts};
use crate::{Engine, EngineError};
use travis_model::{Build, Job, PullRequest, Repository, RepositoryId, Request, RequestId};
use travis_results::Counts;

/// Requests for one commit that are looked at.
const REQUESTS: u64 = 50;

/// The key of a row, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub repository: RepositoryId,
    pub sha: String,
    pub side: String,
}

impl Key {
    /// As [`super::key`] makes it.
    pub fn read(key: &str) -> Option<Self> {
        let mut parts = key.split('/');
        let (repository, sha, side) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && !sha.is_empty() && matches!(side, "push" | "pr");
        whole.then_some(())?;
        Some(Self {
            repository: RepositoryId(repository.parse().ok()?),
            sha: sha.to_owned(),
            side: side.to_owned(),
        })
    }

    fn is_mine(&self, request: &Request) -> bool {
        let pull: Option<&PullRequest> = request.pull_request.as_ref();
        super::side(pull) == self.side
    }
}

/// How a commit stands now, with all that is said about it.
pub(super) struct Sight {
    pub repository: Repository,
    pub request: Request,
    pub build: Option<Build>,
    pub jobs: Vec<Job>,
    /// Tests of its jobs together.
    pub tests: Counts,
}

impl Sight {
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            request: &self.request,
            build: self.build.as_ref(),
            jobs: &self.jobs,
        }
    }
}

impl Engine {
    /// Looks at a commit. `hint` is a request that is known to be about it. `None` when there is
    /// nothing to be said any more: the repository is gone, or is not a forge's.
    pub(super) async fn sight(
        &self,
        key: &Key,
        hint: Option<RequestId>,
    ) -> Result<Option<Sight>, EngineError> {
        let mut reader = self.store.reader().await?;
        let Some(repository) = reader.repository(key.repository).await? else {
            return Ok(None);
        };
        if repository
            .hosting
            .as_ref()
            .is_none_or(|hosting| hosting.gone_at.is_some())
        {
            return Ok(None);
        }
        let mut requests = reader
            .requests_for_commit(repository.id, &key.sha, REQUESTS)
            .await?;
        if let Some(hint) = hint
            && requests.iter().all(|request| request.id != hint)
        {
            requests.extend(reader.request(hint).await?);
        }
        requests.retain(|request| key.is_mine(request));
        let ids: Vec<RequestId> = requests.iter().map(|request| request.id).collect();
        let mut builds = reader.builds_of_requests(&ids).await?;
        let counts = that_counts(&requests, |request| {
            builds.iter().any(|build| build.request_id == request.id)
        });
        let Some(request) = counts.cloned() else {
            return Ok(None);
        };
        builds.retain(|build| build.request_id == request.id);
        let build = builds.into_iter().max_by_key(|build| build.id);
        let jobs = match &build {
            Some(build) => reader.jobs(&[build.id]).await?,
            None => Vec::new(),
        };
        drop(reader);
        let attempts: Vec<_> = jobs.iter().filter_map(|job| job.attempt_id).collect();
        let mut tests = Counts::default();
        for counts in self.test_counts(&attempts).await?.into_values() {
            tests.passed += counts.passed;
            tests.failed += counts.failed;
            tests.skipped += counts.skipped;
        }
        Ok(Some(Sight {
            tests,
            repository,
            request,
            build,
            jobs,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn keys_are_read_as_they_are_made() {
        let key = Key::read("7/abc/pr").unwrap();
        assert_eq!((key.repository.get(), key.sha.as_str()), (7, "abc"));
        for bad in ["", "7/abc", "7//pr", "7/abc/other", "x/abc/pr", "7/a/pr/b"] {
            assert_eq!(Key::read(bad), None, "{bad}");
        }
    }
}
