use reqwest::{Response, StatusCode};
use std::error::Error;
use std::io;
use travis_api::v3::ErrorBody;

/// Why a call did not succeed. Texts of the server are whole sentences and are passed on.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it broke.
    #[error("can't reach {endpoint}: {reason}")]
    Unreachable {
        /// The server.
        endpoint: String,
        /// Why.
        reason: String,
    },
    /// There is no such thing, or not for this reader.
    #[error("not found: {message}")]
    NotFound {
        /// What the server said.
        message: String,
    },
    /// Only for people who are signed in.
    #[error("not signed in at {endpoint}: {message}")]
    LoginRequired {
        /// The server.
        endpoint: String,
        /// What the server said.
        message: String,
    },
    /// A right is missing.
    #[error("not allowed: {message}")]
    NotAllowed {
        /// What the server said.
        message: String,
    },
    /// The server understood and said no.
    #[error("refused: {message}")]
    Refused {
        /// What the server said.
        message: String,
    },
    /// The server failed.
    #[error("the server failed ({status}{}): {message}", id.as_ref().map(|id| format!(", error {id}")).unwrap_or_default())]
    Server {
        /// The HTTP status.
        status: u16,
        /// What the server said.
        message: String,
        /// Names the entry in the server's log.
        id: Option<String>,
    },
    /// An answer that no server of this program gives.
    #[error("unexpected answer from {place}: {reason}")]
    Unexpected {
        /// Where it came from.
        place: String,
        /// What is strange.
        reason: String,
    },
}

impl ClientError {
    /// What a failed transport means.
    pub(super) fn from_transport(endpoint: &str, error: &reqwest::Error) -> Self {
        if error.is_builder() || error.is_redirect() {
            return Self::Unexpected {
                place: endpoint.to_owned(),
                reason: innermost(error),
            };
        }
        Self::Unreachable {
            endpoint: endpoint.to_owned(),
            reason: innermost(error),
        }
    }

    /// Whether this very thing is what there is none of.
    #[must_use]
    pub fn is_missing(&self, what: &str) -> bool {
        matches!(self, Self::NotFound { message } if message.starts_with(what))
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Server { .. })
    }
}

/// The cause at the bottom, in plain words where it is a common one.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut deepest: &dyn Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    if let Some(error) = deepest.downcast_ref::<io::Error>() {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => return "connection refused".to_owned(),
            io::ErrorKind::ConnectionReset => return "the connection was cut".to_owned(),
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                return "no route to it".to_owned();
            }
            io::ErrorKind::TimedOut => return "no answer in time".to_owned(),
            _ => {}
        }
    }
    deepest.to_string()
}

/// Makes an error of an answer that is not a success.
pub(super) async fn read_error(endpoint: &str, response: Response) -> ClientError {
    let status = response.status();
    let place = response.url().to_string();
    let body = response.bytes().await.unwrap_or_default();
    let Ok(body) = serde_json::from_slice::<ErrorBody>(&body) else {
        return if status.is_server_error() {
            ClientError::Server {
                status: status.as_u16(),
                message: status.canonical_reason().unwrap_or("no reason").to_owned(),
                id: None,
            }
        } else {
            ClientError::Unexpected {
                place,
                reason: format!("HTTP status {status}"),
            }
        };
    };
    let message = body.error_message;
    match (status, body.error_type.as_str()) {
        (StatusCode::NOT_FOUND | StatusCode::GONE, _) => ClientError::NotFound { message },
        (StatusCode::UNAUTHORIZED, _) | (_, "login_required") => ClientError::LoginRequired {
            endpoint: endpoint.to_owned(),
            message,
        },
        (StatusCode::FORBIDDEN, _) => ClientError::NotAllowed { message },
        (status, _) if status.is_server_error() => ClientError::Server {
            status: status.as_u16(),
            message,
            id: body.error_id,
        },
        _ => ClientError::Refused { message },
    }
}
