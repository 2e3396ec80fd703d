//! Reading a repository by git's http protocol in somebody's stead: what a worker asks of the server
//! goes on to the forge with credentials that the worker never has. Only what reading needs exists
//! here.

use crate::ForgeError;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use reqwest::{RequestBuilder, Response, Url};
use std::sync::OnceLock;
use std::time::Duration;
use travis_model::Secret;

/// The media type of a list of refs.
pub const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
/// The media type of what is asked for.
pub const REQUEST: &str = "application/x-git-upload-pack-request";
/// The media type of what is sent.
pub const RESULT: &str = "application/x-git-upload-pack-result";

const GIT_PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");
const CONNECT: Duration = Duration::from_secs(5);
/// How long the forge may think before it begins to answer, and between two pieces of its answer.
const SILENCE: Duration = Duration::from_secs(60);
/// How long an answer may take in all.
const WHOLE: Duration = Duration::from_secs(15 * 60);
/// The longest answer in bytes.
const LONGEST: u64 = 16 * 1024 * 1024 * 1024;

/// Where a repository is read, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAccess {
    /// Its https clone address.
    pub url: String,
    /// Username and password; none for what is public.
    pub credentials: Option<(String, Secret)>,
}

/// What git asks for.
#[derive(Debug, Clone)]
pub enum SourceCall {
    /// The list of refs, or what the other side can do.
    Refs,
    /// Objects, or refs by the second version of the protocol.
    Objects {
        /// The body as git sent it.
        body: Bytes,
        /// It is packed by gzip.
        packed: bool,
    },
}

/// Reads repositories. Made once: connections are kept.
#[derive(Debug, Default)]
pub struct Sources {
    outside: OnceLock<reqwest::Client>,
    same_machine: OnceLock<reqwest::Client>,
}

/// An answer of a forge, piece by piece.
#[derive(Debug)]
pub struct SourceAnswer {
    response: Response,
    left: u64,
}

impl Sources {
    /// Asks the forge. `protocol` is git's header of this name. Redirects are not followed: they
    /// would take the credentials elsewhere.
    ///
    /// # Errors
    /// [`ForgeError::Denied`], [`ForgeError::Forbidden`] and [`ForgeError::NotFound`] as the forge
    /// says; [`ForgeError::Unreachable`], [`ForgeError::Timeout`], [`ForgeError::Upstream`].
    pub async fn ask(
        &self,
        access: &SourceAccess,
        call: SourceCall,
        protocol: Option<&str>,
    ) -> Result<SourceAnswer, ForgeError> {
        let unreadable = |detail: String| ForgeError::Unreachable { detail };
        let base = access.url.trim_end_matches('/');
        let address = match call {
            SourceCall::Refs => format!("{base}/info/refs?service=git-upload-pack"),
            SourceCall::Objects { .. } => format!("{base}/git-upload-pack"),
        };
        let url = Url::parse(&address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| unreadable("the clone address is neither http nor https".to_owned()))?;
        let http = self.client(&url)?;
        let (mut request, expected): (RequestBuilder, _) = match call {
            SourceCall::Refs => (http.get(url), ADVERTISEMENT),
            SourceCall::Objects { body, packed } => {
                let mut request = http
                    .post(url)
                    .header(CONTENT_TYPE, REQUEST)
                    .header(ACCEPT, RESULT)
                    .body(body);
                if packed {
                    request = request.header(CONTENT_ENCODING, "gzip");
                }
                (request, RESULT)
            }
        };
        // Anything else that a worker writes there is not passed on.
        if let Some(version) = protocol.filter(|version| is_protocol(version)) {
            request = request.header(GIT_PROTOCOL, version);
        }
        if let Some((user, password)) = &access.credentials {
            request = request.basic_auth(user, Some(password.reveal()));
        }
        let sent = tokio::time::timeout(SILENCE, request.timeout(WHOLE).send());
        let response = match sent.await {
            Ok(sent) => sent.map_err(failed)?,
            Err(_) => return Err(ForgeError::Timeout { after: SILENCE }),
        };
        let status = response.status().as_u16();
        let kind = response.headers().get(CONTENT_TYPE);
        match status {
            200 if kind.is_some_and(|kind| kind == expected) => Ok(SourceAnswer {
                response,
                left: LONGEST,
            }),
            401 => Err(ForgeError::Denied),
            403 => Err(ForgeError::Forbidden {
                detail: "reading the repository".to_owned(),
            }),
            404 | 410 => Err(ForgeError::not_found("the repository")),
            _ => Err(ForgeError::Upstream {
                detail: format!("status {status} where git's data was expected"),
            }),
        }
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, ForgeError> {
        let same_machine = url
            .host_str()
            .is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."));
        let place = match same_machine {
            true => &self.same_machine,
            false => &self.outside,
        };
        if let Some(made) = place.get() {
            return Ok(made);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("git/2 travis/", env!("CARGO_PKG_VERSION")))
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        if same_machine {
            builder = builder.no_proxy();
        }
        let made = builder.build().map_err(failed)?;
        Ok(place.get_or_init(|| made))
    }
}

impl SourceAnswer {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// [`ForgeError::Timeout`] when the forge stands still, [`ForgeError::Upstream`] for an answer
    /// without end, [`ForgeError::Unreachable`] when the connection breaks.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, ForgeError> {
        let piece = tokio::time::timeout(SILENCE, self.response.chunk())
            .await
            .map_err(|_| ForgeError::Timeout { after: SILENCE })?
            .map_err(failed)?;
        if let Some(piece) = &piece {
            self.left =
                self.left
                    .checked_sub(piece.len() as u64)
                    .ok_or_else(|| ForgeError::Upstream {
                        detail: format!("more than {LONGEST} bytes of a repository"),
                    })?;
        }
        Ok(piece)
    }
}

fn is_protocol(text: &str) -> bool {
    matches!(text, "version=0" | "version=1" | "version=2")
}

/// Says what happened without the address.
fn failed(error: reqwest::Error) -> ForgeError {
    if error.is_timeout() {
        return ForgeError::Timeout { after: WHOLE };
    }
    let detail = match error.is_connect() {
        true => "the connection could not be made",
        false => "the connection broke",
    };
    ForgeError::Unreachable {
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests;
