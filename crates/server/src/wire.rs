//! Small conversions to the forms of API v3.

use crate::error::ApiError;
use serde::Deserialize;
use travis_api::v3::{PageLink, Pagination};
use travis_model::Timestamp;
use travis_store::Page;

/// `2026-11-23T04:00:00.123Z`.
pub(crate) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| String::new(), |stamp| format!("{stamp:.3}"))
}

/// `2026-11-23`, of days since 1970.
pub(crate) fn day(days: i64) -> String {
    let mut text = time(Timestamp(days.saturating_mul(24 * 3_600_000)));
    text.truncate(text.find('T').unwrap_or(0));
    text
}

pub(crate) fn time_opt(at: Option<Timestamp>) -> Option<String> {
    at.map(time)
}

/// Whole seconds between two points, or up to now.
pub(crate) fn seconds(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
) -> Option<i64> {
    let span = to.unwrap_or(now).since(from?);
    i64::try_from(span.as_millis().div_ceil(1000)).ok()
}

/// The middle one.
pub(crate) fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// `limit` and `offset` of a call.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Paging {
    limit: Option<u64>,
    offset: Option<u64>,
}

impl Paging {
    pub const fn of(limit: Option<u64>, offset: Option<u64>) -> Self {
        Self { limit, offset }
    }

    pub fn page(self) -> Result<Page, ApiError> {
        let limit = self.limit.unwrap_or(25);
        if !(1..=100).contains(&limit) {
            return Err(ApiError::wrong_params("limit: use 1 to 100"));
        }
        Ok(Page {
            offset: self.offset.unwrap_or(0).min(1 << 40),
            limit,
        })
    }
}

/// Where a part of a list stands. `base` is the address without limit and offset.
pub(crate) fn pagination(base: &str, page: Page, count: u64) -> Pagination {
    let link = |offset: u64| PageLink {
        href: format!(
            "{base}{}limit={}&offset={offset}",
            if base.contains('?') { '&' } else { '?' },
            page.limit
        ),
        offset,
        limit: page.limit,
    };
    let last = count.saturating_sub(1) / page.limit * page.limit;
    let after = page.offset + page.limit;
    Pagination {
        limit: page.limit,
        offset: page.offset,
        count,
        is_first: page.offset == 0,
        is_last: after >= count,
        next: (after < count).then(|| link(after)),
        prev: (page.offset > 0).then(|| link(page.offset.saturating_sub(page.limit))),
        first: link(0),
        last: link(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(time(Timestamp(86_400_123)), "1970-01-02T00:00:00.123Z");
        assert!(time(Timestamp(0)).ends_with("00:00:00.000Z"));
        assert_eq!(day(20_780), "2026-11-23");
    }

    #[test]
    fn pages_know_their_neighbours() {
        let middle = pagination(
            "/v3/repos",
            Page {
                offset: 10,
                limit: 10,
            },
            25,
        );
        assert_eq!(middle.next.unwrap().href, "/v3/repos?limit=10&offset=20");
        assert_eq!(middle.prev.unwrap().offset, 0);
        assert_eq!(middle.last.offset, 20);
        let only = pagination(
            "/v3/repos?active=true",
            Page {
                offset: 0,
                limit: 25,
            },
            3,
        );
        assert!(only.is_first && only.is_last && only.next.is_none());
        assert_eq!(only.first.href, "/v3/repos?active=true&limit=25&offset=0");
    }

    #[test]
    fn the_middle_one_is_taken() {
        assert_eq!(median(vec![9, 1, 5]), Some(5));
        assert_eq!(median(vec![]), None);
    }
}
