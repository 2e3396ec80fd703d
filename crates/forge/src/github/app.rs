//! The App's own identity: a signed statement, traded for tokens of its installations.

use super::GitHub;
use super::access::versioned;
use super::wire::seconds;
use crate::ForgeError;
use crate::hosting::AppIdentity;
use crate::http::{Auth, Call};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;
use travis_model::Secret;

/// A token is not used any more in its last seconds: a clone with it may take a while.
const LAST_SECONDS: i64 = 300;
/// Installations whose tokens are kept at most.
const MAX_KEPT: usize = 10_000;
const BAD_KEY: ForgeError = ForgeError::NotSetUp {
    what: "the App's private key (PEM, as GitHub gives it out)",
};

/// A token and when it ends, in seconds since 1970.
type Kept = Option<(Secret, i64)>;

pub(super) struct App {
    id: i64,
    pub(super) slug: String,
    key: RsaKeyPair,
    /// One lock for each installation, held while its token is asked for, so that callers who come
    /// together ask once.
    tokens: SyncMutex<HashMap<i64, Arc<Mutex<Kept>>>>,
}

impl App {
    pub(super) fn new(identity: AppIdentity) -> Result<Self, ForgeError> {
        Ok(Self {
            id: identity.id,
            slug: identity.slug,
            key: read_key(identity.private_key.reveal())?,
            tokens: SyncMutex::default(),
        })
    }

    /// A JSON Web Token (RFC 7519) that says which App this is.
    pub(super) fn statement(&self, now: i64) -> Result<Secret, ForgeError> {
        let claims = format!(
            // A minute back, as GitHub advises, for clocks that differ; ten minutes at most.
            r#"{{"iat":{},"exp":{},"iss":"{}"}}"#,
            now - 60,
            now + 540,
            self.id
        );
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| BAD_KEY)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(Secret::new(format!("{signed}.{signature}")))
    }

    fn slot(&self, installation: i64) -> Arc<Mutex<Kept>> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MAX_KEPT && !tokens.contains_key(&installation) {
            // Those in use are held by their callers.
            tokens.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(tokens.entry(installation).or_default())
    }
}

/// PEM of PKCS#1 (as GitHub gives it out) or PKCS#8.
fn read_key(pem: &str) -> Result<RsaKeyPair, ForgeError> {
    let text: String = pem
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let der = STANDARD.decode(text).map_err(|_| BAD_KEY)?;
    if pem.contains("BEGIN RSA PRIVATE KEY") {
        RsaKeyPair::from_der(&der).map_err(|_| BAD_KEY)
    } else {
        RsaKeyPair::from_pkcs8(&der).map_err(|_| BAD_KEY)
    }
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

#[derive(Deserialize)]
struct Minted {
    token: String,
    expires_at: String,
}

impl GitHub {
    fn app(&self) -> Result<&App, ForgeError> {
        self.app
            .as_ref()
            .ok_or(ForgeError::NotSetUp { what: "an App" })
    }

    pub(super) async fn installation_token(&self, id: i64) -> Result<Secret, ForgeError> {
        let app = self.app()?;
        let slot = app.slot(id);
        let mut kept = slot.lock().await;
        if let Some((token, until)) = kept.as_ref()
            && now() + LAST_SECONDS < *until
        {
            return Ok(token.clone());
        }
        let call = Call::post(self.api(&format!("/app/installations/{id}/access_tokens")))
            .what("the App's installation")
            .auth(Auth::Bearer(app.statement(now())?));
        let answer = match self.client.send(versioned(call)).await {
            // It is not the caller's token that is bad.
            Err(ForgeError::Denied) => {
                return Err(ForgeError::NotSetUp {
                    what: "the App (the forge refuses its key)",
                });
            }
            other => other?,
        };
        let minted: Minted = answer.json()?;
        let token = Secret::new(minted.token);
        *kept = Some((token.clone(), seconds(Some(&minted.expires_at))?));
        Ok(token)
    }

    /// The forge refuses this token.
    pub(super) async fn forget_installation_token(&self, id: i64, refused: &Secret) {
        if let Some(app) = &self.app {
            let slot = app.slot(id);
            let mut kept = slot.lock().await;
            // Another caller may have brought a new one meanwhile.
            if kept.as_ref().is_some_and(|(token, _)| token == refused) {
                *kept = None;
            }
        }
    }
}
