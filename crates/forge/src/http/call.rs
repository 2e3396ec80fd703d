//! One call: what is asked, in whose name, and how much it matters.

use super::budget::Payer;
use crate::ForgeError;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;
use travis_model::Secret;

/// How much a call matters when the budget runs low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Can wait: lists, comparisons. Refused while less than a fifth of the budget is left.
    Low,
    /// Somebody waits for it, or a result is told.
    High,
}

/// In whose name a call is made.
#[derive(Debug, Clone)]
pub(crate) enum Auth {
    /// Nobody's.
    Anonymous,
    /// `Authorization: Bearer …`.
    Bearer(Secret),
    /// `Authorization: Basic …`: user and password.
    Basic(String, Secret),
}

impl Auth {
    /// The text that must not be shown.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Bearer(secret) | Self::Basic(_, secret) => Some(secret.reveal()),
        }
    }

    fn header(&self) -> Result<Option<HeaderValue>, ForgeError> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let text = match self {
            Self::Anonymous => return Ok(None),
            Self::Bearer(token) => format!("Bearer {}", token.reveal()),
            Self::Basic(user, password) => {
                let both = format!("{user}:{}", password.reveal());
                format!("Basic {}", STANDARD.encode(both))
            }
        };
        // A token with a line break in it is none.
        let mut value = HeaderValue::from_str(&text).map_err(|_| ForgeError::Denied)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// A call. Its address carries no secrets.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) auth: Auth,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) class: Class,
    /// What a 404 says was not found.
    pub(super) what: String,
    pub(super) longest: Option<usize>,
    fault: Option<ForgeErrorText>,
}

/// Why a body could not be made; [`Call`] is `Clone` and [`ForgeError`] is not.
type ForgeErrorText = String;

impl Call {
    fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            auth: Auth::Anonymous,
            headers: HeaderMap::new(),
            body: None,
            class: Class::High,
            what: "what was asked for".to_owned(),
            longest: None,
            fault: None,
        }
    }

    /// Reads. Repeated after failures that pass; answers with an ETag are kept.
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    pub(crate) fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    pub(crate) fn put(url: impl Into<String>) -> Self {
        Self::new(Method::PUT, url)
    }

    pub(crate) fn patch(url: impl Into<String>) -> Self {
        Self::new(Method::PATCH, url)
    }

    pub(crate) fn delete(url: impl Into<String>) -> Self {
        Self::new(Method::DELETE, url)
    }

    pub(crate) fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// [`Class::High`] unless said.
    pub(crate) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Names what the call is about, for errors: `the repository ada/hello`.
    pub(crate) fn what(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.insert(name, HeaderValue::from_static(value));
        self
    }

    pub(crate) fn accept(self, value: &'static str) -> Self {
        self.header(ACCEPT, value)
    }

    /// As [`Self::accept`], unless the call says already what it takes.
    pub(crate) fn accept_unless_said(self, value: &'static str) -> Self {
        if self.headers.contains_key(ACCEPT) {
            return self;
        }
        self.accept(value)
    }

    /// The same call at another address: the next page.
    pub(crate) fn at(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Takes shorter answers only, in bytes; a longer one is [`ForgeError::TooLarge`].
    pub(crate) fn longest(mut self, bytes: usize) -> Self {
        self.longest = Some(bytes);
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some(bytes.into()),
            Err(error) => self.fault = Some(error.to_string()),
        }
        self.header(CONTENT_TYPE, "application/json")
    }

    /// Fields of a form, as a browser sends them. Secrets belong here, not into the address.
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = Some(super::address::query(fields).into());
        self.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    /// Headers with the credentials.
    pub(super) fn all_headers(&self) -> Result<HeaderMap, ForgeError> {
        if let Some(fault) = &self.fault {
            return Err(ForgeError::Refused {
                detail: format!("the body can't be written: {fault}"),
            });
        }
        let mut headers = self.headers.clone();
        if let Some(value) = self.auth.header()? {
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }

    /// Whose budget it costs.
    pub(super) fn payer(&self) -> Payer {
        Payer::of(&self.url, self.auth.secret())
    }
}
