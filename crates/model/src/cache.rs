//! Which cache a job reads and writes. Pure.
//!
//! A cache is found by its scope (whose it is) and its slug (which jobs it fits). The scope is
//! what keeps caches from being poisoned: a branch's build reads what branches wrote, never what a
//! pull request or a machine of a stranger brought.

use crate::Cache;
use crate::trust::{Origin, Tier};
use serde_json::Value;

#[cfg(test)]
mod tests;

/// Who wrote a cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CacheScope {
    /// A build of this branch, by the repository's own code on a bound machine.
    Branch(String),
    /// A build of this pull request.
    Pull(i64),
}

impl CacheScope {
    /// For rows: branch and pull request can't be taken for each other, whatever a branch is called.
    #[must_use]
    pub fn as_text(&self) -> String {
        match self {
            Self::Branch(name) => format!("branch/{name}"),
            Self::Pull(number) => format!("pull/{number}"),
        }
    }

    /// The scope of such a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("branch", name) if !name.is_empty() => Some(Self::Branch(name.to_owned())),
            ("pull", number) => number.parse().ok().map(Self::Pull),
            _ => None,
        }
    }

    /// For people and clients: the branch's name, `PR.<number>` for a pull request.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Branch(name) => name.clone(),
            Self::Pull(number) => format!("PR.{number}"),
        }
    }
}

/// What a job's rights to caches depend on.
#[derive(Debug, Clone, Copy)]
pub struct CacheCase<'a> {
    /// Whose code the job runs.
    pub origin: Origin,
    /// How far its machine's word counts.
    pub tier: Tier,
    /// The repository is private.
    pub private: bool,
    /// The branch built; for a pull request the branch that it is meant for.
    pub branch: &'a str,
    /// The repository's default branch; empty until it is known.
    pub default_branch: &'a str,
    /// The pull request built.
    pub pull: Option<i64>,
    /// A maintainer gave secrets to this head at some time, whether the word still holds or not.
    pub had_secrets: bool,
    /// The branch that `cache.branch` names: it is read too.
    pub also: Option<&'a str>,
}

/// Which caches a job may read, in that order, and which it may write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CachePlan {
    /// To be read, the first that is there.
    pub read: Vec<CacheScope>,
    /// To be written.
    pub write: Option<CacheScope>,
}

/// Finds them (reference C.8: own cache, target branch, default branch).
#[must_use]
pub fn cache_plan(case: &CacheCase<'_>) -> CachePlan {
    let bound = case.tier >= Tier::Bound;
    // A private repository's caches hold its source. Machines of people who may only read get it
    // by its own door, which asks for their right each time; here there is none.
    if case.private && !bound {
        return CachePlan::default();
    }
    let foreign = matches!(case.origin, Origin::Fork { .. });
    let own = match case.pull {
        // Code with secrets may leave them in its files, where the next head of the same pull
        // request, which has no approval, would read them; and it must not trust files of an
        // earlier head either.
        Some(_) if foreign && case.had_secrets => None,
        Some(number) => Some(CacheScope::Pull(number)),
        // A commit of a stranger's under a branch's name.
        None if foreign || case.branch.starts_with("refs/") => None,
        None => Some(CacheScope::Branch(case.branch.to_owned())),
    };
    let branch = Some(case.branch).filter(|_| case.pull.is_some());
    let mut read: Vec<CacheScope> = own.iter().cloned().collect();
    for name in [branch, case.also, Some(case.default_branch)] {
        let scope = name
            .filter(|name| !name.is_empty())
            .map(|name| CacheScope::Branch(name.to_owned()));
        if let Some(scope) = scope.filter(|scope| !read.contains(scope)) {
            read.push(scope);
        }
    }
    CachePlan {
        read,
        // What an unknown machine hands in may be anything, and later jobs run it on machines that
        // hold secrets. Kept apart it would serve nobody but that machine.
        write: own.filter(|_| bound),
    }
}

/// Whether a job's configuration asks for a cache at all.
#[must_use]
pub fn wants_cache(config: &Value) -> bool {
    fn on(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Bool(on) => *on,
            Value::String(text) => !text.is_empty() && text != "false",
            Value::Array(list) => list.iter().any(on),
            Value::Object(map) => map.iter().any(|(key, value)| !is_option(key) && on(value)),
            Value::Number(_) => true,
        }
    }
    config.get("cache").is_some_and(on)
}

/// Keys of `cache` that say how, not what.
fn is_option(key: &str) -> bool {
    matches!(key, "timeout" | "branch" | "edge")
}

/// What `cache` says about how it is carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheOptions {
    /// Seconds for fetching, and for storing.
    pub timeout: Option<u64>,
    /// A branch whose cache is read when the job's own is missing.
    pub branch: Option<String>,
}

/// Reads them. The cache may be a list of mappings.
#[must_use]
pub fn cache_options(config: &Value) -> CacheOptions {
    let mut options = CacheOptions::default();
    let cache = config.get("cache");
    let list = cache
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    for map in list.iter().chain(cache) {
        options.timeout = options.timeout.or_else(|| seconds(map.get("timeout")?));
        let branch = map.get("branch").and_then(Value::as_str);
        options.branch = options.branch.or_else(|| branch.map(str::to_owned));
    }
    options
}

fn seconds(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// Where a language's version stands in its configuration, and what the slug calls it.
const VERSIONS: [(&[&str], &str, &str); 21] = [
    (&["ruby"], "rvm", "rvm"),
    (&["node_js"], "node_js", "node"),
    (&["python"], "python", "python"),
    (&["php"], "php", "php"),
    (&["go"], "go", "go"),
    (&["rust"], "rust", "cargo"),
    (
        &["java", "groovy", "scala", "clojure", "android"],
        "jdk",
        "jdk",
    ),
    (&["c", "cpp"], "compiler", "compiler"),
    (&["perl"], "perl", "perl"),
    (&["perl6"], "perl6", "perl6"),
    (&["elixir"], "elixir", "elixir"),
    (&["erlang"], "otp_release", "otp"),
    (&["haskell"], "ghc", "ghc"),
    (&["julia"], "julia", "julia"),
    (&["r"], "r", "R"),
    (&["d"], "d", "d"),
    (&["dart"], "dart", "dart"),
    (&["crystal"], "crystal", "crystal"),
    (&["haxe"], "haxe", "haxe"),
    (&["smalltalk"], "smalltalk", "smalltalk"),
    (&["nix"], "nix", "nix"),
];

/// Longest part of a slug that comes from the configuration.
const PART: usize = 64;

/// Which jobs share a cache: `cache-<os>-<dist>-[osx_image-]<hash of env>--<tool>-<version>`, as the
/// original named it; a job on another architecture than amd64 has that behind its system. Only
/// plain variables count, in any order; `sha256_hex` hashes them.
#[must_use]
pub fn cache_slug(config: &Value, sha256_hex: impl FnOnce(&[u8]) -> String) -> String {
    let text = |key: &str| part(config.get(key)?);
    let mut slug = String::from("cache");
    let arch = text("arch").filter(|arch| arch != "amd64");
    let words = [text("os"), arch, text("dist"), text("osx_image")];
    for word in words.into_iter().flatten() {
        slug.push('-');
        slug.push_str(&word);
    }
    let mut env = Vec::new();
    plain_env(config.get("env").unwrap_or(&Value::Null), &mut env);
    env.sort_unstable();
    slug.push('-');
    slug.push_str(&sha256_hex(env.join("=").as_bytes()));
    let language = config.get("language").and_then(Value::as_str);
    let language = language.unwrap_or_default();
    for (languages, key, name) in VERSIONS {
        if languages.contains(&language)
            && let Some(version) = text(key)
        {
            slug.push_str(&format!("--{name}-{version}"));
        }
    }
    if language == "ruby" {
        let gemfile = text("gemfile").unwrap_or_else(|| "Gemfile".to_owned());
        slug.push_str(&format!("--gemfile-{gemfile}"));
    }
    slug
}

/// The version of its language that a job's configuration names.
#[must_use]
pub fn language_version(config: &Value) -> Option<String> {
    let language = config.get("language").and_then(Value::as_str)?;
    let (_, key, _) = VERSIONS
        .iter()
        .find(|(languages, ..)| languages.contains(&language))?;
    let first = match config.get(*key)? {
        Value::Array(list) => list.first()?,
        value => value,
    };
    match first {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A value as a part of a slug: letters, digits, `.`, `_` and `-`.
fn part(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Array(list) => return part(list.first()?),
        Value::Object(map) => return part(map.get("name")?),
        Value::Null | Value::Bool(_) => return None,
    };
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
            c
        } else {
            '_'
        }
    };
    let text: String = text.chars().take(PART).map(plain).collect();
    (!text.is_empty()).then_some(text)
}

/// `NAME=value` of each variable that is no secret.
fn plain_env(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| plain_env(value, into)),
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    // `env: {global: […], jobs: […]}`, as far as it is not resolved yet.
                    Value::Array(_) => plain_env(value, into),
                    Value::String(text) if name != "secure" => into.push(format!("{name}={text}")),
                    Value::Number(_) | Value::Bool(_) => into.push(format!("{name}={value}")),
                    _ => {}
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Which caches of a repository have to go so that the rest fits. They come with the longest
/// unused first. Those of pull requests go before those of branches: nobody who may only propose
/// changes can push out what the repository's own builds keep. `keep` stays in any case.
#[must_use]
pub fn evicted<'a>(caches: &'a [Cache], most_bytes: u64, keep: Option<&str>) -> Vec<&'a Cache> {
    let mut total: u64 = caches.iter().map(|cache| cache.size).sum();
    let is_pull = |cache: &&Cache| matches!(cache.scope, CacheScope::Pull(_));
    let (pulls, branches): (Vec<_>, Vec<_>) = caches
        .iter()
        .filter(|cache| Some(cache.object_key.as_str()) != keep)
        .partition(is_pull);
    let mut gone = Vec::new();
    for cache in pulls.into_iter().chain(branches) {
        if total <= most_bytes {
            break;
        }
        total -= cache.size;
        gone.push(cache);
    }
    gone
}
