//! The key `cache`: what is kept from job to job.

use std::fmt::Write as _;

use serde_json::Value;

use crate::ScriptError;
use crate::section::Section;
use crate::value;

/// Seconds that packing and unpacking may take, unless `cache.timeout` says otherwise.
const SECONDS: u64 = 180;

/// The longest that the configuration may ask for, in seconds.
const LONGEST: u64 = 3600;

/// A kind of cache and the bash that adds its directories.
struct Kind {
    key: &'static str,
    add: &'static str,
}

const fn kind(key: &'static str, add: &'static str) -> Kind {
    Kind { key, add }
}

const KINDS: &[Kind] = &[
    kind(
        "bundler",
        "  export BUNDLE_PATH=\"${BUNDLE_PATH:-$PWD/vendor/bundle}\"\n  travis_cache_add \"$BUNDLE_PATH\"\n",
    ),
    kind(
        "npm",
        "  if [[ -f package-lock.json || -f npm-shrinkwrap.json ]]; then travis_cache_add \"$HOME/.npm\"\n  \
         else travis_cache_add node_modules; fi\n",
    ),
    kind("yarn", "  travis_cache_add \"$HOME/.cache/yarn\"\n"),
    kind("pip", "  travis_cache_add \"$HOME/.cache/pip\"\n"),
    kind(
        "cargo",
        "  travis_cache_add \"$HOME/.cargo\"\n  travis_cache_add \"$HOME/.rustup\"\n  travis_cache_add target\n",
    ),
    kind(
        "ccache",
        "  if [[ -d /usr/lib/ccache ]]; then export PATH=\"/usr/lib/ccache:$PATH\"; fi\n  \
         travis_cache_add \"$HOME/.ccache\"\n  travis_cache_add \"$HOME/.cache/ccache\"\n",
    ),
    kind(
        "packages",
        "  export R_LIBS_USER=\"${R_LIBS_USER:-$HOME/R/Library}\"\n  travis_cache_add \"$R_LIBS_USER\"\n",
    ),
    kind("cocoapods", "  travis_cache_add Pods\n"),
    kind(
        "composer",
        "  travis_cache_add \"$HOME/.composer/cache\"\n  travis_cache_add \"$HOME/.cache/composer\"\n",
    ),
    kind(
        "gradle",
        "  travis_cache_add \"$HOME/.gradle/caches\"\n  travis_cache_add \"$HOME/.gradle/wrapper\"\n",
    ),
    kind("maven", "  travis_cache_add \"$HOME/.m2\"\n"),
    kind(
        "go",
        "  travis_cache_add \"$HOME/.cache/go-build\"\n  travis_cache_add \"$HOME/go/pkg/mod\"\n",
    ),
    kind(
        "apt",
        "  travis_notice 'Packages of apt are not cached by this worker (cache.apt).'\n",
    ),
];

/// Writes the set-up of the cache; answers whether there is a cache, which
/// `travis_run_cache` stores.
pub(crate) fn write(script: &mut Section, config: &Value) -> Result<bool, ScriptError> {
    let Some(section) = config.get("cache").filter(|section| section.is_object()) else {
        return Ok(false);
    };
    let directories = value::list(section.get("directories"));
    let kinds: Vec<&Kind> = KINDS
        .iter()
        .filter(|kind| value::is_on(section, kind.key))
        .collect();
    if directories.is_empty() && kinds.is_empty() {
        return Ok(false);
    }
    script.needs(include_str!("bash/expand.bash"));
    script.needs(include_str!("bash/cache.bash"));
    let seconds = value::at(section, "timeout")
        .and_then(|text| text.parse::<u64>().ok())
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .unwrap_or(SECONDS);
    script.begin("travis_run_setup_cache", "setup_cache");
    script.line("travis_fold start cache.1");
    script.line("travis_notice 'Setting up build cache'");
    for kind in kinds {
        script.text.push_str(kind.add);
    }
    for directory in &directories {
        script.call("travis_cache_add", [directory.as_str()])?;
    }
    script.line(&format!("travis_cache_fetch {seconds}"));
    script.line("travis_fold end cache.1");
    script.end();
    let _ = write!(
        script.text,
        "\ntravis_run_cache() {{\n  TRAVIS_STAGE=cache\n  travis_fold start cache.2\n  \
         travis_cache_store {seconds}\n  travis_fold end cache.2\n}}\n"
    );
    Ok(true)
}
