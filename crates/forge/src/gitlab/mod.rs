//! GitLab, by its API v4.
//!
//! Projects are addressed by their number, which holds through renamings. Hooks carry the secret
//! itself instead of a signature. Numbers of groups and of people are counted apart, so those of
//! groups get a `g` before them here.

mod api;
mod code;
mod hooks;
mod merge_requests;
#[cfg(test)]
mod tests;
mod wire;

use crate::ForgeError;
use crate::hosting::oauth::OAuthClient;
use crate::hosting::wire::auth;
use crate::hosting::{Access, Connection, Kind, RemoteRef};
use crate::http::address::number;
use crate::http::{Answer, Call, Class, Client, Limits};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The row of [`crate::hosting::KINDS`].
pub(crate) const KIND: Kind = Kind {
    name: "gitlab",
    label: "GitLab",
    default_web_url: Some("https://gitlab.com"),
    api_url: |web_url| format!("{web_url}/api/v4"),
    connect: |connection, limits| Ok(Arc::new(GitLab::new(connection, limits)?)),
};

/// Entries of a list that are asked for at once, the most that there are.
const PAGE: usize = 100;
/// Pages of a list that are read at most.
const MAX_PAGES: usize = 50;

/// GitLab.
#[derive(Debug)]
pub(crate) struct GitLab {
    http: Client,
    api: String,
    web: String,
    oauth: OAuthClient,
}

impl GitLab {
    /// The forge at this address.
    ///
    /// # Errors
    /// For an address that is none.
    pub(crate) fn new(connection: Connection, limits: Limits) -> Result<Self, ForgeError> {
        let (authorize, token) = ("/oauth/authorize", "/oauth/token");
        Ok(Self {
            http: Client::new(&connection.api_url, limits)?,
            oauth: OAuthClient::new(&connection, authorize, token, "api"),
            api: connection.api_url,
            web: connection.web_url,
        })
    }

    /// An address of the API.
    fn url(&self, rest: &str) -> String {
        format!("{}{rest}", self.api)
    }

    /// An address of a project.
    fn project_url(&self, at: &RemoteRef, rest: &str) -> Result<String, ForgeError> {
        let id = number("number of a project", &at.id)?;
        Ok(format!("{}/projects/{id}{rest}", self.api))
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

    async fn find<T: DeserializeOwned>(
        &self,
        access: &Access,
        url: String,
    ) -> Result<Option<T>, ForgeError> {
        let answer = self.http.find(Call::get(url).auth(auth(access)?)).await?;
        answer.map(|answer| answer.json()).transpose()
    }

    /// The entries of all pages of a list.
    async fn all<T: DeserializeOwned>(
        &self,
        access: &Access,
        url: &str,
        what: &str,
    ) -> Result<Vec<T>, ForgeError> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let joint = if url.contains('?') { '&' } else { '?' };
            let call = Call::get(format!("{url}{joint}per_page={PAGE}&page={page}"))
                .auth(auth(access)?)
                .class(Class::Low)
                .what(what);
            let answer = self.http.send(call).await?;
            all.extend(answer.json::<Vec<T>>()?);
            if answer.link("next").is_none() {
                break;
            }
        }
        Ok(all)
    }
}

fn about(at: &RemoteRef) -> String {
    format!("the project {}", at.path)
}
