//! The language of `.travis.yml` as data: one row a key. To teach the planner a key, add a row.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Constant data that lives as long as the program.
macro_rules! list {
    ($($item:expr),* $(,)?) => { const { &[$($item),*] } };
}
/// One of several shapes.
macro_rules! any {
    ($($shape:expr),* $(,)?) => { $crate::table::shape::any_of(list![$($shape),*]) };
}
/// A list of values of one shape.
macro_rules! seq {
    ($shape:expr) => {
        $crate::table::shape::seq_of(const { &$shape })
    };
}
/// One of these values.
macro_rules! one_of {
    ($($choice:expr),* $(,)?) => { $crate::table::shape::choice_of(list![$($choice),*]) };
}

mod addons;
mod common;
mod deploy;
mod deploy_a;
mod deploy_g;
mod deploy_p;
mod languages;
mod notifications;
mod root;
mod sections;
mod shape;
mod typos;
mod values;

pub(crate) use root::{ROOT, ROOT_KEYS};
pub(crate) use shape::{Change, Choice, Format, Kind, Map, Shape, Support};
pub(crate) use typos::{TYPOS, is_stop_word};

/// The keys of the matrix, in the order in which it is expanded; `env` comes last.
pub(crate) const EXPAND: &[&str] = &[
    "os",
    "arch",
    "compiler",
    "osx_image",
    "jdk",
    "crystal",
    "dotnet",
    "mono",
    "solution",
    "d",
    "dart",
    "dart_task",
    "elixir",
    "otp_release",
    "elm",
    "node_js",
    "go",
    "hhvm",
    "php",
    "ghc",
    "haxe",
    "julia",
    "matlab",
    "nix",
    "perl",
    "perl6",
    "python",
    "r",
    "rvm",
    "gemfile",
    "xcode_scheme",
    "xcode_sdk",
    "rust",
    "scala",
    "smalltalk",
    "smalltalk_config",
    "smalltalk_vm",
    "env",
];

/// All keys of all sections. A word that is a key elsewhere is misplaced, not misspelled.
static EVERYWHERE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let mut keys = HashSet::new();
    let mut seen = HashSet::new();
    collect(&ROOT, &mut keys, &mut seen);
    keys
});

fn collect(
    shape: &'static Shape,
    keys: &mut HashSet<&'static str>,
    seen: &mut HashSet<*const Map>,
) {
    match shape.kind {
        Kind::Any(shapes) => shapes.iter().for_each(|part| collect(part, keys, seen)),
        Kind::Seq(items) => collect(items, keys, seen),
        Kind::Map(map) => {
            if seen.insert(map) {
                for key in map.rows() {
                    if !is_of_r_alone(&key.shape) {
                        keys.insert(key.name);
                    }
                    collect(&key.shape, keys, seen);
                }
            }
        }
        Kind::Secure | Kind::Str | Kind::Bool | Kind::Num | Kind::OneOf(_) => {}
    }
}

/// R has so many keys at the top that they would be taken for what others misspelled.
fn is_of_r_alone(shape: &Shape) -> bool {
    !shape.expand && shape.support.only == [("language", &["r"] as &[&str])]
}

/// Whether the word is a key of any section.
pub(crate) fn is_everywhere_known(word: &str) -> bool {
    EVERYWHERE.contains(word)
}

/// The keys and aliases that a misspelled key may stand for.
pub(crate) fn known_to_search(map: &'static Map) -> Vec<&'static str> {
    map.known()
        .iter()
        .copied()
        .filter(|name| !map.get(name).is_some_and(is_of_r_alone))
        .collect()
}

/// Whether jobs of this language and system have the key; unknown keys count as everybody's.
pub(crate) fn supports(name: &str, language: &str, os: &str) -> bool {
    ROOT_KEYS
        .get(name)
        .is_none_or(|shape| holds(shape.supported(), language, os))
}

/// Whether jobs of this language and system have the value of the key; unknown values count as
/// everybody's.
pub(crate) fn supports_value(name: &str, value: &str, language: &str, os: &str) -> bool {
    let choices = ROOT_KEYS.get(name).map(Shape::choices).unwrap_or_default();
    choices
        .iter()
        .find(|choice| choice.name == value)
        .is_none_or(|choice| holds(choice.support, language, os))
}

fn holds(support: Support, language: &str, os: &str) -> bool {
    let given = |key: &str| match key {
        "language" => language,
        "os" => os,
        _ => "",
    };
    support
        .only
        .iter()
        .all(|(key, values)| given(key).is_empty() || values.contains(&given(key)))
        && support
            .except
            .iter()
            .all(|(key, values)| !values.contains(&given(key)))
}
