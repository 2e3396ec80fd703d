//! A call as the fakes read it and the reply they give.

use aws_lc_rs::digest;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A call that was answered.
#[derive(Clone, Debug, Serialize)]
pub struct CallRecord {
    /// Counts from 1.
    pub number: usize,
    /// Verb.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Answer.
    pub status: u16,
    /// Whether it asked `If-None-Match`.
    pub conditional: bool,
    /// When it was answered, with milliseconds.
    pub at: String,
}

/// A request, read whole.
pub struct Call {
    /// Verb.
    pub method: Method,
    /// Path as sent.
    pub path: String,
    /// Query as sent.
    pub query_text: String,
    /// Segments of the path, decoded.
    pub segments: Vec<String>,
    /// Query, decoded.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

/// Decodes `a=b&c=d`.
pub fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// Decodes percent signs.
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Encodes a value for a query.
pub fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Text made safe for a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// User and password of Basic authorization.
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, value) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

impl Call {
    /// Reads the parts of a request.
    pub fn new(parts: &Parts, body: Bytes) -> Self {
        let path = parts.uri.path().to_owned();
        let query_text = parts.uri.query().unwrap_or_default().to_owned();
        Self {
            method: parts.method.clone(),
            segments: path
                .split('/')
                .filter(|part| !part.is_empty())
                .map(decoded)
                .collect(),
            query: pairs(query_text.as_bytes()),
            path,
            query_text,
            headers: parts.headers.clone(),
            body,
        }
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer|token` or of `PRIVATE-TOKEN`.
    pub fn bearer(&self) -> Option<&str> {
        if let Some(value) = self.header("private-token") {
            return Some(value);
        }
        let (scheme, value) = self.header("authorization")?.split_once(' ')?;
        let known = ["bearer", "token"]
            .iter()
            .any(|one| scheme.eq_ignore_ascii_case(one));
        known.then(|| value.trim())
    }

    /// The body as JSON; null when there is none.
    ///
    /// # Errors
    /// A 400 reply when it is not JSON.
    pub fn json(&self) -> Result<Value, Reply> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body)
            .map_err(|_| Reply::json(400, &json!({"message": "Problems parsing JSON"})))
    }

    /// Fields of a form, or of a JSON object when the content type says so; the query's below.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let mut fields: BTreeMap<String, String> = self.query.iter().cloned().collect();
        let is_json = self
            .header("content-type")
            .is_some_and(|kind| kind.contains("json"));
        if is_json {
            if let Ok(Value::Object(map)) = self.json() {
                for (name, value) in map {
                    let text = value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned);
                    fields.insert(name, text);
                }
            }
        } else {
            fields.extend(pairs(&self.body));
        }
        fields
    }

    /// Page number from 1 and size, of at most `most`; `usual` unless asked.
    pub fn page(&self, size_name: &str, usual: usize, most: usize) -> (usize, usize) {
        let number = |name| self.parameter(name).and_then(|text| text.parse().ok());
        let page = number("page").unwrap_or(1).max(1);
        let size = number(size_name).unwrap_or(usual).clamp(1, most);
        (page, size)
    }
}

/// What is answered.
#[derive(Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers beside the content type.
    pub headers: Vec<(&'static str, String)>,
    /// Content type.
    pub kind: &'static str,
    /// Content.
    pub content: Vec<u8>,
}

/// A reply; the error is one that ends the work early.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    /// JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            kind: "application/json; charset=utf-8",
            content: value.to_string().into_bytes(),
        }
    }

    /// 200 with JSON.
    #[allow(clippy::unnecessary_wraps, reason = "the last word of most answers")]
    pub fn ok(value: &Value) -> Answer {
        Ok(Self::json(200, value))
    }

    /// Nothing but a status.
    pub fn empty(status: u16) -> Self {
        Self::bytes(status, "text/plain; charset=utf-8", Vec::new())
    }

    /// Bytes of some type.
    pub fn bytes(status: u16, kind: &'static str, content: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            kind,
            content,
        }
    }

    /// A page with this inside its body.
    pub fn page(status: u16, title: &str, inside: &str) -> Self {
        let title = escaped(title);
        let text = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body><main><h1>{title}</h1>{inside}</main></body></html>"
        );
        Self::bytes(status, "text/html; charset=utf-8", text.into_bytes())
    }

    /// Sends the browser elsewhere.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::empty(status).with("location", to)
    }

    /// A JSON object with a `message`.
    pub fn message(status: u16, text: &str) -> Self {
        Self::json(
            status,
            &json!({"message": text, "documentation_url": "https://docs.github.com/rest", "status": status.to_string()}),
        )
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::message(404, "Not Found")
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As axum has it.
    pub fn response(self) -> Response {
        let mut response = Response::new(Body::from(self.content));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if self.status != 204 && self.status != 304 {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// Gives a good answer a tag, and leaves the content out for one who has it already.
pub fn tagged(call: &Call, reply: Reply) -> Reply {
    if call.method != Method::GET || reply.status != 200 {
        return reply;
    }
    let tag = hex::encode(digest::digest(&digest::SHA256, &reply.content));
    let same = call
        .header("if-none-match")
        .is_some_and(|asked| asked.contains(&format!("\"{tag}\"")));
    let mut tagged = reply;
    if same {
        tagged.status = 304;
        tagged.content = Vec::new();
    }
    tagged.with("etag", format!("W/\"{tag}\""))
}

/// The page of `rows` that was asked for, and the `Link` header that leads to the others.
pub fn paged<T>(
    call: &Call,
    base: &str,
    rows: Vec<T>,
    size_name: &str,
    sizes: (usize, usize),
) -> Page<T> {
    let (page, size) = call.page(size_name, sizes.0, sizes.1);
    let total = rows.len();
    let last = total.div_ceil(size).max(1);
    let rows = rows
        .into_iter()
        .skip((page - 1) * size)
        .take(size)
        .collect();
    let address = |number: usize| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in call.query.iter().filter(|(name, _)| name != "page") {
            query.append_pair(name, value);
        }
        query.append_pair("page", &number.to_string());
        format!("{base}{}?{}", call.path, query.finish())
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(format!("<{}>; rel=\"prev\"", address(page - 1)));
    }
    if page < last {
        links.push(format!("<{}>; rel=\"next\"", address(page + 1)));
        links.push(format!("<{}>; rel=\"last\"", address(last)));
    }
    if page > 1 {
        links.push(format!("<{}>; rel=\"first\"", address(1)));
    }
    Page {
        rows,
        link: (!links.is_empty()).then(|| links.join(", ")),
        total,
    }
}

/// A page of a list.
pub struct Page<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// `Link` header.
    pub link: Option<String>,
    /// Rows of all pages.
    pub total: usize,
}
