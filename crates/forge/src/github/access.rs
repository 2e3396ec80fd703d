//! In whose name a call is made, and the addresses of the API.

use super::GitHub;
use crate::ForgeError;
use crate::hosting::{Access, RemoteRef};
use crate::http::address::repository_path;
use crate::http::{Answer, Auth, Call};
use http::HeaderName;
use travis_model::Secret;

const VERSION: HeaderName = HeaderName::from_static("x-github-api-version");
/// Pages of a list that are read at most, 100 items each.
const MAX_PAGES: usize = 50;

impl GitHub {
    /// The address of something in the API: `/user`.
    pub(super) fn api(&self, path: &str) -> String {
        format!("{}{path}", self.api)
    }

    /// The address of something of a repository: `/hooks`.
    pub(super) fn of(&self, repo: &RemoteRef, rest: &str) -> Result<String, ForgeError> {
        let path = repository_path(&repo.path)?;
        Ok(format!("{}/repos/{path}{rest}", self.api))
    }

    pub(super) async fn token(&self, access: &Access) -> Result<Option<Secret>, ForgeError> {
        match access {
            Access::Anonymous => Ok(None),
            Access::User(token) => Ok(Some(token.clone())),
            Access::Installation(id) => self.installation_token(*id).await.map(Some),
        }
    }

    /// Makes a call of the API; only 2xx is an answer.
    pub(super) async fn send(&self, access: &Access, call: Call) -> Result<Answer, ForgeError> {
        let mut again = true;
        loop {
            let token = self.token(access).await?;
            let auth = token.clone().map_or(Auth::Anonymous, Auth::Bearer);
            let result = self.client.send(versioned(call.clone()).auth(auth)).await;
            // GitHub may take an App's token back before its time; a refused call did nothing.
            if let (Err(ForgeError::Denied), Access::Installation(id), Some(token), true) =
                (&result, access, token, again)
            {
                self.forget_installation_token(*id, &token).await;
                again = false;
                continue;
            }
            return result;
        }
    }

    /// As [`Self::send`]; what is not there is `None`.
    pub(super) async fn find(
        &self,
        access: &Access,
        call: Call,
    ) -> Result<Option<Answer>, ForgeError> {
        match self.send(access, call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(ForgeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a list page by page, up to the last or until `take` has what it wants.
    pub(super) async fn pages(
        &self,
        access: &Access,
        first: Call,
        mut take: impl FnMut(&Answer) -> Result<bool, ForgeError> + Send,
    ) -> Result<(), ForgeError> {
        let mut call = first;
        for _ in 0..MAX_PAGES {
            let answer = self.send(access, call.clone()).await?;
            if take(&answer)? {
                return Ok(());
            }
            match answer.link("next") {
                Some(next) => call = call.at(next.as_str()),
                None => return Ok(()),
            }
        }
        Ok(())
    }
}

/// With the headers that every call of the API has.
pub(super) fn versioned(call: Call) -> Call {
    call.header(VERSION, "2022-11-28")
        .accept_unless_said("application/vnd.github+json")
}
