//! How many calls a forge still takes in somebody's name.

use super::call::Class;
use crate::ForgeError;
use aws_lc_rs::digest::{self, SHA256};
use http::HeaderMap;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Accounts kept at most.
const MAX_ACCOUNTS: usize = 4096;
/// No forge locks out for longer; a wrong clock must not.
const LONGEST: Duration = Duration::from_secs(3600);
/// What GitHub asks for when it names no time.
const UNNAMED: Duration = Duration::from_secs(60);

/// Whose budget it is: the host and the credential, without the credential itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Payer([u8; 32]);

impl Payer {
    pub(super) fn of(url: &str, secret: Option<&str>) -> Self {
        let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        Self::hash(&[&origin, secret.unwrap_or_default()])
    }

    /// Names something of this payer's: an address with what was asked for.
    pub(super) fn with(self, parts: &[&str]) -> Self {
        let name = hex::encode(self.0);
        let all: Vec<&str> = std::iter::once(name.as_str())
            .chain(parts.iter().copied())
            .collect();
        Self::hash(&all)
    }

    fn hash(parts: &[&str]) -> Self {
        let mut context = digest::Context::new(&SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.finish().as_ref());
        Self(out)
    }
}

#[derive(Debug, Clone, Copy)]
struct Account {
    limit: u64,
    remaining: u64,
    until: Instant,
    /// The forge said to stop; what calls under way bring back does not lift that.
    closed: bool,
}

/// The budgets of all credentials.
#[derive(Debug, Default)]
pub(super) struct Budgets(Mutex<HashMap<Payer, Account>>);

impl Budgets {
    fn inside(&self) -> MutexGuard<'_, HashMap<Payer, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call may be made.
    pub(super) fn check(&self, payer: Payer, class: Class) -> Result<(), ForgeError> {
        let now = Instant::now();
        let mut accounts = self.inside();
        let Some(account) = accounts.get(&payer).copied() else {
            return Ok(());
        };
        if account.until <= now {
            accounts.remove(&payer);
            return Ok(());
        }
        let short = match class {
            Class::High => account.remaining == 0,
            Class::Low => {
                account.remaining.saturating_mul(5) < account.limit || account.remaining == 0
            }
        };
        if short {
            return Err(limited(account.until - now));
        }
        Ok(())
    }

    /// Takes note of what an answer says.
    pub(super) fn note(&self, payer: Payer, headers: &HeaderMap) {
        // GitHub counts searches and the like apart; ours are all of the core.
        if headers
            .get("x-ratelimit-resource")
            .is_some_and(|resource| resource != "core")
        {
            return;
        }
        let (Some(limit), Some(remaining), Some(reset)) = (
            count(headers, ["x-ratelimit-limit", "ratelimit-limit"]),
            remaining(headers),
            count(headers, ["x-ratelimit-reset", "ratelimit-reset"]),
        ) else {
            return;
        };
        let until = Instant::now() + from_reset(reset);
        self.put(payer, limit, remaining, until, false);
    }

    /// The forge takes nothing more for this long.
    pub(super) fn close(&self, payer: Payer, after: Duration) -> ForgeError {
        self.put(payer, 1, 0, Instant::now() + after, true);
        limited(after)
    }

    fn put(&self, payer: Payer, limit: u64, remaining: u64, until: Instant, closed: bool) {
        let mut accounts = self.inside();
        let known = accounts.get(&payer);
        if !closed && known.is_some_and(|one| one.closed && one.until > Instant::now()) {
            return;
        }
        if accounts.len() >= MAX_ACCOUNTS && !accounts.contains_key(&payer) {
            let now = Instant::now();
            accounts.retain(|_, account| account.until > now);
            if accounts.len() >= MAX_ACCOUNTS {
                // Forgetting one costs a refused call at worst.
                let any = accounts.keys().next().copied();
                any.and_then(|any| accounts.remove(&any));
            }
        }
        accounts.insert(
            payer,
            Account {
                limit,
                remaining,
                until,
                closed,
            },
        );
    }
}

/// How long a refusal for too many calls holds; `None` when it is another refusal.
pub(super) fn refusal(status: u16, headers: &HeaderMap, message: &str) -> Option<Duration> {
    let told = count(headers, ["retry-after", "retry-after"]);
    let used_up = remaining(headers) == Some(0);
    let words = || message.to_lowercase().contains("rate limit");
    if status != 429 && !(status == 403 && (told.is_some() || used_up || words())) {
        return None;
    }
    let reset = count(headers, ["x-ratelimit-reset", "ratelimit-reset"]);
    Some(match (told, reset) {
        (Some(seconds), _) => clamp(Duration::from_secs(seconds)),
        (None, Some(reset)) if used_up => from_reset(reset),
        _ => UNNAMED,
    })
}

fn remaining(headers: &HeaderMap) -> Option<u64> {
    count(headers, ["x-ratelimit-remaining", "ratelimit-remaining"])
}

fn count(headers: &HeaderMap, names: [&str; 2]) -> Option<u64> {
    let value = names.iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok()?.trim().parse().ok()
}

/// GitHub and GitLab name a moment in seconds since 1970, others a number of seconds.
fn from_reset(reset: u64) -> Duration {
    if reset < 1_000_000_000 {
        return clamp(Duration::from_secs(reset));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    clamp(Duration::from_secs(reset).saturating_sub(now.unwrap_or_default()))
}

fn clamp(after: Duration) -> Duration {
    after.clamp(Duration::from_secs(1), LONGEST)
}

fn limited(after: Duration) -> ForgeError {
    let whole = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    ForgeError::RateLimited {
        retry_after_s: whole.max(1),
    }
}
