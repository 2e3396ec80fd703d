//! Gitea and Forgejo, by their API v1.
//!
//! Repositories are addressed by their path, as the API wants it; a path from before a renaming is
//! answered with a redirect, which the client follows. There is no way to give a token back, and no
//! ref of the merge of a pull request.

mod api;
mod code;
mod hooks;
#[cfg(test)]
mod tests;
mod wire;

use crate::ForgeError;
use crate::hosting::oauth::OAuthClient;
use crate::hosting::wire::auth;
use crate::hosting::{Access, Connection, Kind, RemoteRef};
use crate::http::address::repository_path;
use crate::http::{Answer, Call, Class, Client, Limits};
use std::sync::Arc;

/// The row of [`crate::hosting::KINDS`].
pub(crate) const KIND: Kind = Kind {
    name: "gitea",
    label: "Gitea / Forgejo",
    default_web_url: None,
    api_url: |web_url| format!("{web_url}/api/v1"),
    connect: |connection, limits| Ok(Arc::new(Gitea::new(connection, limits)?)),
};

/// Entries of a list that are asked for at once; more are not given out by default.
const PAGE: &str = "50";
/// Pages of a list that are read at most.
const MAX_PAGES: usize = 60;

/// Gitea or Forgejo.
#[derive(Debug)]
pub(crate) struct Gitea {
    http: Client,
    api: String,
    oauth: OAuthClient,
}

impl Gitea {
    /// The forge at this address.
    ///
    /// # Errors
    /// For an address that is none.
    pub(crate) fn new(connection: Connection, limits: Limits) -> Result<Self, ForgeError> {
        let (authorize, token) = ("/login/oauth/authorize", "/login/oauth/access_token");
        Ok(Self {
            http: Client::new(&connection.api_url, limits)?,
            oauth: OAuthClient::new(&connection, authorize, token, ""),
            api: connection.api_url,
        })
    }

    /// An address of the API.
    fn url(&self, rest: &str) -> String {
        format!("{}{rest}", self.api)
    }

    /// An address of a repository.
    fn repo_url(&self, at: &RemoteRef, rest: &str) -> Result<String, ForgeError> {
        let path = repository_path(&at.path)?;
        Ok(format!("{}/repos/{path}{rest}", self.api))
    }

    async fn get(
        &self,
        access: &Access,
        url: String,
        what: impl Into<String>,
    ) -> Result<Answer, ForgeError> {
        let call = Call::get(url).auth(auth(access)?).what(what);
        self.http.send(call).await
    }

    /// The entries of all pages of a list, up to a number. The address has its parameters already.
    async fn all<T: serde::de::DeserializeOwned>(
        &self,
        access: &Access,
        url: &str,
        what: &str,
        most: usize,
    ) -> Result<Vec<T>, ForgeError> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let call = Call::get(format!("{url}&limit={PAGE}&page={page}"))
                .auth(auth(access)?)
                .class(Class::Low)
                .what(what);
            let answer = self.http.send(call).await?;
            all.extend(answer.json::<Vec<T>>()?);
            if answer.link("next").is_none() || all.len() >= most {
                break;
            }
        }
        all.truncate(most);
        Ok(all)
    }
}

fn about(at: &RemoteRef) -> String {
    format!("the repository {}", at.path)
}
