//! The language of `.travis.yml` as data: one row a key. To teach the planner a key, add a row.

mod keys;
mod values;

pub(crate) use keys::{EXPAND, JOBS, KEYS};
pub(crate) use values::DISTS;

/// Where a key may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The top of the file.
    Root,
    /// An entry of `jobs.include`, `exclude` or `allow_failures`.
    Job,
    /// Both.
    Any,
}

/// One accepted value of a key with closed values.
#[derive(Debug)]
pub(crate) struct ValueRow {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// The operating systems that it exists on; empty for all.
    pub os: &'static [&'static str],
}

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// One string; the first of a list.
    Str,
    /// One of these, in lower case.
    Value(&'static [ValueRow]),
    /// A list of strings; a single one is wrapped.
    Strs,
    /// A list of these.
    Values(&'static [ValueRow]),
    /// A matrix key: a list at the top, one value in a job. No rows: any value.
    Versions(&'static [ValueRow]),
    /// True or false, in any of YAML's spellings.
    Bool,
    /// As `Bool`, else the string.
    BoolOrStr,
    /// A whole number.
    Num,
    /// A whole number or a boolean.
    NumOrBool,
    /// Kept as parsed.
    Any,
    /// A list of anything, kept as parsed; a single one is wrapped.
    List,
    /// A map with these keys.
    Map(&'static [KeyRow]),
    /// As `Map`; what is no such map is taken as the value of the named key.
    Prefix(&'static [KeyRow], &'static str),
    /// A list of maps with these keys; a string stands for the named key.
    Maps(&'static [KeyRow], &'static str),
    /// A list of jobs.
    Jobs,
    /// The `jobs` section.
    JobsSection,
    /// `env`: at the top with `global` and `jobs`, in a job a list.
    Env,
    /// The `cache` section.
    Cache,
}

/// One key.
#[derive(Debug)]
pub(crate) struct KeyRow {
    pub name: &'static str,
    pub kind: Kind,
    pub scope: Scope,
    pub aliases: &'static [&'static str],
    /// The languages that have it; empty for all.
    pub languages: &'static [&'static str],
    /// The operating systems that have it; empty for all.
    pub os: &'static [&'static str],
    /// Why it has no effect anymore.
    pub deprecated: Option<&'static str>,
}

impl KeyRow {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            scope: Scope::Any,
            aliases: &[],
            languages: &[],
            os: &[],
            deprecated: None,
        }
    }

    pub(crate) const fn root(mut self) -> Self {
        self.scope = Scope::Root;
        self
    }

    pub(crate) const fn job(mut self) -> Self {
        self.scope = Scope::Job;
        self
    }

    pub(crate) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn only(mut self, languages: &'static [&'static str]) -> Self {
        self.languages = languages;
        self
    }

    pub(crate) const fn on(mut self, os: &'static [&'static str]) -> Self {
        self.os = os;
        self
    }

    pub(crate) const fn deprecated(mut self, why: &'static str) -> Self {
        self.deprecated = Some(why);
        self
    }

    pub(crate) fn in_scope(&self, scope: Scope) -> bool {
        scope == Scope::Any || self.scope == Scope::Any || self.scope == scope
    }

    /// Whether jobs of this language and system have the key.
    pub(crate) fn supports(&self, language: &str, os: &str) -> bool {
        (self.languages.is_empty() || self.languages.contains(&language))
            && (self.os.is_empty() || self.os.contains(&os))
    }
}

/// The row of a key of the top or of a job.
pub(crate) fn row(name: &str) -> Option<&'static KeyRow> {
    KEYS.iter().find(|row| row.name == name)
}

/// Whether jobs of this language and system have the key; unknown keys count as everybody's.
pub(crate) fn supports(name: &str, language: &str, os: &str) -> bool {
    row(name).is_none_or(|row| row.supports(language, os))
}

/// Whether jobs of this language and system have the value of the key; unknown values count as
/// everybody's.
pub(crate) fn supports_value(name: &str, value: &str, _language: &str, os: &str) -> bool {
    name != "dist"
        || DISTS
            .iter()
            .find(|dist| dist.name == value)
            .is_none_or(|dist| dist.os.contains(&os))
}
