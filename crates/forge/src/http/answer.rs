//! What a forge answered.

use crate::ForgeError;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use serde::de::DeserializeOwned;

/// What a forge answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Where it came from, after redirects.
    pub(super) url: Url,
    pub(super) what: String,
}

impl Answer {
    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`ForgeError::Upstream`].
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ForgeError> {
        serde_json::from_slice(&self.body).map_err(|error| ForgeError::Upstream {
            detail: format!(
                "{} can't be read: {}",
                self.what,
                in_short(&error.to_string())
            ),
        })
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header as a number: `x-total-count`.
    pub(crate) fn header_count(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The address of a link of the header `Link` (`next`, `last`), if it is on the same origin.
    pub(crate) fn link(&self, rel: &str) -> Option<Url> {
        let all = self.headers.get_all(http::header::LINK);
        let found = all
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find_map(|links| find_link(links, rel))?;
        let url = self.url.join(&found).ok()?;
        same_origin(&self.url, &url).then_some(url)
    }

    /// The parameter `page` of the link `next`.
    pub(crate) fn next_page(&self) -> Option<String> {
        self.link_parameter("next", "page")
    }

    /// A parameter of a link's address.
    pub(crate) fn link_parameter(&self, rel: &str, name: &str) -> Option<String> {
        let url = self.link(rel)?;
        let found = url.query_pairs().find(|(key, _)| key == name)?;
        Some(found.1.into_owned())
    }
}

/// Same scheme, host and port.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin().is_tuple() && a.origin() == b.origin()
}

/// `<address>; rel="next", <…>; rel="last"`.
fn find_link(links: &str, rel: &str) -> Option<String> {
    let mut rest = links;
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let end = after.find(",").filter(|_| after.contains('<'));
        let end = end.unwrap_or(after.len());
        let (parameters, next) = after.split_at(end);
        let found = parameters.split(';').any(|parameter| {
            parameter.split_once('=').is_some_and(|(key, value)| {
                key.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split(' ')
                        .any(|word| word == rel)
            })
        });
        if found {
            return Some(address.to_owned());
        }
        rest = next;
    }
    None
}

/// A text of a forge's, fit for one line of an error.
pub(super) fn in_short(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(300)
        .collect();
    line.trim().to_owned()
}
