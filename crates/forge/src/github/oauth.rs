//! Signing in.

use super::GitHub;
use super::wire::Account;
use crate::ForgeError;
use crate::hosting::{Access, Grant, RemotePerson, SignInDemand};
use crate::http::address::{query, segment};
use crate::http::{Auth, Call};
use aws_lc_rs::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::json;
use travis_model::Secret;

/// What an OAuth App asks for: organisations, the address, and repositories with their hooks. An
/// App has its permissions already.
const SCOPES: &str = "read:org user:email repo";

#[derive(Deserialize)]
struct Token {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<u64>,
    scope: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    fn oauth_client(&self) -> Result<(&str, &Secret), ForgeError> {
        match (&self.client_id, &self.client_secret) {
            (Some(id), Some(secret)) => Ok((id, secret)),
            _ => Err(ForgeError::NotSetUp {
                what: "signing in (an OAuth client)",
            }),
        }
    }

    pub(super) fn authorize_url(&self, demand: &SignInDemand<'_>) -> Result<String, ForgeError> {
        let (id, _) = self.oauth_client()?;
        let mut pairs = vec![
            ("client_id", id),
            ("redirect_uri", demand.redirect_uri),
            ("state", demand.state),
            ("code_challenge", demand.challenge),
            ("code_challenge_method", "S256"),
        ];
        if self.app.is_none() {
            pairs.push(("scope", SCOPES));
        }
        Ok(format!(
            "{}/login/oauth/authorize?{}",
            self.web,
            query(&pairs)
        ))
    }

    /// Asks for a token. GitHub answers 200 also when it refuses.
    pub(super) async fn grant(&self, fields: &[(&str, &str)]) -> Result<Grant, ForgeError> {
        let (id, secret) = self.oauth_client()?;
        let mut form = vec![("client_id", id), ("client_secret", secret.reveal())];
        form.extend_from_slice(fields);
        let call = Call::post(format!("{}/login/oauth/access_token", self.web))
            .what("signing in")
            .accept("application/json")
            .form(&form);
        let token: Token = self.client.send(call).await?.json()?;
        if let Some(error) = token.error {
            let detail = token.error_description.unwrap_or_else(|| error.clone());
            return Err(match error.as_str() {
                "bad_refresh_token" => ForgeError::Denied,
                "incorrect_client_credentials" => ForgeError::NotSetUp {
                    what: "signing in (the OAuth client's secret is wrong)",
                },
                _ => ForgeError::Refused {
                    detail: format!("{}; sign in again", detail.trim_end_matches('.')),
                },
            });
        }
        let access = token.access_token.filter(|token| !token.is_empty());
        Ok(Grant {
            token: Secret::new(access.ok_or_else(|| ForgeError::Upstream {
                detail: "signing in brought no token".to_owned(),
            })?),
            refresh_token: token.refresh_token.map(Secret::new),
            expires_in: token.expires_in,
            scopes: token.scope.unwrap_or_default(),
        })
    }

    pub(super) async fn give_back(&self, token: &Secret) -> Result<(), ForgeError> {
        let (id, secret) = self.oauth_client()?;
        let call = Call::delete(self.api(&format!("/applications/{}/token", segment(id))))
            .what("the token")
            .auth(Auth::Basic(id.to_owned(), secret.clone()))
            .json(&json!({ "access_token": token.reveal() }));
        let call = super::access::versioned(call);
        match self.client.send(call).await {
            // 422 as well is said of a token that is none.
            Ok(_) | Err(ForgeError::NotFound { .. } | ForgeError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn whose(&self, access: &Access) -> Result<RemotePerson, ForgeError> {
        let user = Call::get(self.api("/user")).what("the person");
        let emails = Call::get(self.api("/user/emails?per_page=100")).what("the addresses");
        let (user, emails) = tokio::join!(self.send(access, user), self.send(access, emails));
        let account: Account = user?.json()?;
        if let Access::User(token) = access {
            self.owners.put(fingerprint(token), account.id(), 1);
        }
        let mut person = account.into_person();
        person.email = match emails {
            Ok(answer) => {
                let mut emails: Vec<Email> = answer.json()?;
                emails.retain(|email| email.primary && email.verified);
                emails.pop().map(|email| email.email)
            }
            // The token may not see them; a person without an address is one all the same.
            Err(
                ForgeError::Forbidden { .. }
                | ForgeError::NotFound { .. }
                | ForgeError::Refused { .. },
            ) => None,
            Err(error) => return Err(error),
        };
        Ok(person)
    }

    /// Whether the call is made in this person's own name.
    pub(super) async fn is_own(
        &self,
        access: &Access,
        person: &RemotePerson,
    ) -> Result<bool, ForgeError> {
        let Access::User(token) = access else {
            return Ok(false);
        };
        let key = fingerprint(token);
        if let Some(owner) = self.owners.get(&key) {
            return Ok(owner == person.id);
        }
        let call = Call::get(self.api("/user")).what("the person");
        let owner: Account = self.send(access, call).await?.json()?;
        self.owners.put(key, owner.id(), 1);
        Ok(owner.id() == person.id)
    }
}

fn fingerprint(token: &Secret) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, token.reveal().as_bytes()).as_ref());
    out
}
