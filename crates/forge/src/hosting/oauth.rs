//! The code flow of RFC 6749 with PKCE (RFC 7636), as Gitea and GitLab have it.

use super::types::{Connection, Grant, SignInDemand};
use crate::ForgeError;
use crate::http::address::query;
use crate::http::{Call, Client};
use serde::Deserialize;
use travis_model::Secret;

/// The client that the operator registered at the forge.
#[derive(Debug)]
pub(crate) struct OAuthClient {
    registered: Option<(String, Secret)>,
    authorize_url: String,
    token_url: String,
    scopes: &'static str,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    scope: Option<String>,
}

impl OAuthClient {
    /// The client of a connection; the paths begin with a slash.
    pub(crate) fn new(
        connection: &Connection,
        authorize: &str,
        token: &str,
        scopes: &'static str,
    ) -> Self {
        let registered = connection.client_id.clone();
        Self {
            registered: registered.zip(connection.client_secret.clone()),
            authorize_url: format!("{}{authorize}", connection.web_url),
            token_url: format!("{}{token}", connection.web_url),
            scopes,
        }
    }

    /// Number and secret of the client.
    pub(crate) fn registered(&self) -> Result<&(String, Secret), ForgeError> {
        self.registered.as_ref().ok_or(ForgeError::NotSetUp {
            what: "signing in (an OAuth client)",
        })
    }

    pub(crate) fn sign_in_url(&self, demand: &SignInDemand<'_>) -> Result<String, ForgeError> {
        let (client_id, _) = self.registered()?;
        let mut pairs = vec![
            ("client_id", client_id.as_str()),
            ("redirect_uri", demand.redirect_uri),
            ("response_type", "code"),
            ("state", demand.state),
            ("code_challenge", demand.challenge),
            ("code_challenge_method", "S256"),
        ];
        if !self.scopes.is_empty() {
            pairs.push(("scope", self.scopes));
        }
        Ok(format!("{}?{}", self.authorize_url, query(&pairs)))
    }

    pub(crate) async fn exchange_code(
        &self,
        http: &Client,
        code: &Secret,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Grant, ForgeError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.reveal()),
            ("code_verifier", verifier.reveal()),
            ("redirect_uri", redirect_uri),
        ];
        self.token(http, &fields).await
    }

    pub(crate) async fn refresh(
        &self,
        http: &Client,
        refresh_token: &Secret,
    ) -> Result<Grant, ForgeError> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.reveal()),
        ];
        self.token(http, &fields).await
    }

    async fn token(&self, http: &Client, fields: &[(&str, &str)]) -> Result<Grant, ForgeError> {
        let (client_id, client_secret) = self.registered()?;
        let mut all = vec![
            ("client_id", client_id.as_str()),
            ("client_secret", client_secret.reveal()),
        ];
        all.extend_from_slice(fields);
        let call = Call::post(self.token_url.as_str())
            .accept("application/json")
            .form(&all)
            .what("the grant");
        let token: Token = http.send(call).await?.json()?;
        Ok(Grant {
            token: Secret::new(token.access_token),
            refresh_token: token
                .refresh_token
                .filter(|token| !token.is_empty())
                .map(Secret::new),
            expires_in: token.expires_in.filter(|seconds| *seconds > 0),
            scopes: token.scope.unwrap_or_default(),
        })
    }
}
