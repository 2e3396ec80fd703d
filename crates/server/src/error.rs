//! The one error type of the API, in the original's form (reference E.2).

use axum::{
    Json,
    body::Body,
    http::{Response, StatusCode, header},
    response::IntoResponse,
};
use travis_api::v3::ErrorBody;
use travis_engine::EngineError;
use travis_forge::ForgeError;
use travis_logs::LogError;
use travis_store::StoreError;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: Box<ErrorBody>,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            kind: "error".to_owned(),
            error_type: code.to_owned(),
            error_message: message.into(),
            resource_type: None,
            permission: None,
            held: None,
            error_id: None,
        };
        Self {
            status,
            body: Box::new(body),
        }
    }

    pub fn not_found(what: &'static str) -> Self {
        EngineError::NotFound(what).into()
    }

    pub fn wrong_params(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "wrong_params", message)
    }

    /// A fault of the server's: the text goes to its log under a number, which the answer names.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        let id = travis_engine::Vault::new_token("err").map_or_else(
            |_| "err".to_owned(),
            |token| token.reveal().chars().take(16).collect(),
        );
        tracing::error!(error_id = %id, %error, "a request failed");
        let mut answer = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            format!("something went wrong on the server; its log has more under {id}"),
        );
        answer.body.error_id = Some(id);
        answer
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let text = error.to_string();
        match error {
            EngineError::NotFound(what) => {
                let mut answer = Self::new(StatusCode::NOT_FOUND, "not_found", text);
                answer.body.resource_type = Some(what.to_owned());
                answer
            }
            EngineError::LoginRequired => Self::new(StatusCode::FORBIDDEN, "login_required", text),
            EngineError::Forbidden(_) => {
                Self::new(StatusCode::FORBIDDEN, "insufficient_access", text)
            }
            EngineError::Invalid { field, message } => {
                let mut answer = Self::wrong_params(message);
                answer.body.resource_type = Some(field.to_owned());
                answer
            }
            EngineError::NotNow { code, message } => Self::new(StatusCode::CONFLICT, code, message),
            EngineError::ForgeAway { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "forge_unreachable", text)
            }
            EngineError::Unauthorized => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", text),
            EngineError::WorkerTooOld { .. } => {
                Self::new(StatusCode::UPGRADE_REQUIRED, "worker_too_old", text)
            }
            EngineError::AttemptOver => Self::new(StatusCode::GONE, "attempt_over", text),
            EngineError::RepositoryInactive => {
                Self::new(StatusCode::NOT_ACCEPTABLE, "repository_inactive", text)
            }
            EngineError::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text),
            EngineError::Log(error) => error.into(),
            EngineError::Store(error) => error.into(),
            EngineError::Forge(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::Conflict(_) | StoreError::Retry => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "somebody else changed it at the same moment: try again",
            ),
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "the database is not available");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "the server's database does not answer; nothing is lost, try again in a moment",
                )
            }
            other => Self::internal(&other),
        }
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        let text = error.to_string();
        match error {
            LogError::Gap { held } => {
                let mut answer = Self::new(StatusCode::CONFLICT, "log_gap", text);
                answer.body.held = Some(held);
                answer
            }
            LogError::Sealed => Self::new(StatusCode::GONE, "attempt_over", text),
            LogError::TooLong { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "log_too_long", text)
            }
            LogError::BadQuery(_) => Self::wrong_params(text),
            other => Self::internal(&other),
        }
    }
}

impl From<ForgeError> for ApiError {
    fn from(error: ForgeError) -> Self {
        let (status, code) = match &error {
            ForgeError::Unreachable { .. }
            | ForgeError::Timeout { .. }
            | ForgeError::Upstream { .. } => (StatusCode::BAD_GATEWAY, "forge_unreachable"),
            ForgeError::RateLimited { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "forge_rate_limited")
            }
            ForgeError::Denied => (StatusCode::FORBIDDEN, "forge_denied"),
            ForgeError::Forbidden { .. } => (StatusCode::FORBIDDEN, "forge_forbidden"),
            ForgeError::NotSetUp { .. } => (StatusCode::CONFLICT, "forge_not_set_up"),
            _ => (StatusCode::BAD_GATEWAY, "forge_error"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> axum::response::Response {
        (self.status, Json(*self.body)).into_response()
    }
}

/// The answer to a call whose handler panicked.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response<Body> {
    ApiError::internal(&"a handler panicked").into_response()
}

/// Reads a JSON body with our own errors.
pub(crate) struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: serde::de::DeserializeOwned> axum::extract::FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;
    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, ApiError> {
        let plain = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_none_or(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !plain {
            return Err(ApiError::wrong_params(
                "send JSON, with the header Content-Type: application/json",
            ));
        }
        let bytes = bytes::Bytes::from_request(request, state)
            .await
            .map_err(|error| ApiError::new(error.status(), "wrong_params", error.body_text()))?;
        let body = if bytes.is_empty() {
            b"{}".as_slice()
        } else {
            &bytes
        };
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|error| ApiError::wrong_params(format!("the body can't be read: {error}")))
    }
}
