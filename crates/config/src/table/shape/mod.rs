//! What the rows of the table are made of.
//!
//! A row names a key and its shape: the type, the closed values, what it is called elsewhere, and
//! for which languages and systems it exists. All of it is constant data; the walk in `normalize`
//! is the only code that reads it.

mod map;
mod row;

pub(crate) use map::{Change, Map};
pub(super) use row::{
    BOOL, NUM, SECURE, STR, any_of, by_default, choice_of, key, map, provider, provider_key,
    seq_of, value,
};

/// For which values of `language`, `os`, `arch` or `dist` something exists.
pub(crate) type Where = &'static [(&'static str, &'static [&'static str])];

/// Where something is supported; empty lists mean everywhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Support {
    /// Only with these.
    pub only: Where,
    /// Not with these.
    pub except: Where,
}

/// One accepted value of a key with closed values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub support: Support,
    /// Why it should not be used anymore.
    pub deprecated: Option<&'static str>,
}

/// A value that is filled in where a key is missing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Default {
    pub value: &'static str,
    pub support: Support,
}

/// The forms that a string may have to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Anything.
    Any,
    /// A version requirement, such as `~> 1.0`.
    Version,
    /// `NAME=value`.
    Assignment,
}

/// The forms that keys of an open map may have to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    Any,
    /// Not the sections of `env`.
    VariableName,
}

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// One of several shapes: the normal ones are what others are turned into.
    Any(&'static [Shape]),
    Seq(&'static Shape),
    Map(&'static Map),
    /// A secret: `{secure: …}`, or a string.
    Secure,
    Str,
    Bool,
    Num,
    /// A string out of a closed list.
    OneOf(&'static [Choice]),
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub kind: Kind,
    pub aliases: &'static [&'static str],
    pub support: Support,
    pub deprecated: Option<&'static str>,
    pub defaults: &'static [Default],
    /// The variables that a template may mention; empty for what is no template.
    pub vars: &'static [&'static str],
    pub format: Format,
    /// For closed values: nothing else is even tried. For secrets: a plain string gives an alert.
    pub strict: Option<bool>,
    /// Among several shapes, one that others are turned into.
    pub normal: bool,
    pub downcase: bool,
    /// Of the two booleans, only `false`.
    pub only_false: bool,
    pub ignore_case: bool,
    /// A key of the matrix.
    pub expand: bool,
    pub internal: bool,
    pub edge: bool,
    /// No two entries of the list that it stands in may have the same value here.
    pub unique: bool,
    pub unique_globally: bool,
    /// The shape is chosen by the value of `provider`.
    pub detect: bool,
    /// A list of strings and maps of variables.
    pub env_vars: bool,
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
}

impl Shape {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            aliases: &[],
            support: Support {
                only: &[],
                except: &[],
            },
            deprecated: None,
            defaults: &[],
            vars: &[],
            format: Format::Any,
            strict: None,
            normal: false,
            downcase: false,
            only_false: false,
            ignore_case: false,
            expand: false,
            internal: false,
            edge: false,
            unique: false,
            unique_globally: false,
            detect: false,
            env_vars: false,
        }
    }

    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) const fn only(mut self, only: Where) -> Self {
        self.support.only = only;
        self
    }

    pub(super) const fn deprecated(mut self, why: &'static str) -> Self {
        self.deprecated = Some(why);
        self
    }

    pub(super) const fn defaults(mut self, defaults: &'static [Default]) -> Self {
        self.defaults = defaults;
        self
    }

    pub(super) const fn vars(mut self, vars: &'static [&'static str]) -> Self {
        self.vars = vars;
        self
    }

    pub(super) const fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    pub(super) const fn strict(mut self) -> Self {
        self.strict = Some(true);
        self
    }

    pub(super) const fn lax(mut self) -> Self {
        self.strict = Some(false);
        self
    }

    pub(super) const fn normal(mut self) -> Self {
        self.normal = true;
        self
    }

    pub(super) const fn downcase(mut self) -> Self {
        self.downcase = true;
        self
    }

    pub(super) const fn only_false(mut self) -> Self {
        self.only_false = true;
        self
    }

    pub(super) const fn ignore_case(mut self) -> Self {
        self.ignore_case = true;
        self
    }

    pub(super) const fn expand(mut self) -> Self {
        self.expand = true;
        self
    }

    pub(super) const fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    pub(super) const fn edge(mut self) -> Self {
        self.edge = true;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    pub(super) const fn unique_globally(mut self) -> Self {
        self.unique_globally = true;
        self
    }

    pub(super) const fn detect(mut self) -> Self {
        self.detect = true;
        self
    }

    pub(super) const fn env_vars(mut self) -> Self {
        self.env_vars = true;
        self
    }

    /// The shape of a part, with what the whole hands down.
    pub(crate) fn within(mut self, whole: &Self) -> Self {
        if self.defaults.is_empty() {
            self.defaults = whole.defaults;
        }
        if self.strict.is_none() {
            self.strict = whole.strict;
        }
        self
    }

    /// The map that the shape is or may be.
    pub(crate) fn map(&self) -> Option<&'static Map> {
        match self.kind {
            Kind::Map(map) => Some(map),
            Kind::Any(shapes) => shapes.iter().find_map(Self::map),
            Kind::Seq(items) => items.map(),
            Kind::Secure | Kind::Str | Kind::Bool | Kind::Num | Kind::OneOf(_) => None,
        }
    }

    /// The closed values that it has.
    pub(crate) fn choices(&self) -> &'static [Choice] {
        match self.kind {
            Kind::OneOf(choices) => choices,
            Kind::Any(shapes) => shapes
                .iter()
                .map(Self::choices)
                .find(|c| !c.is_empty())
                .unwrap_or(&[]),
            Kind::Seq(items) => items.choices(),
            Kind::Map(_) | Kind::Secure | Kind::Str | Kind::Bool | Kind::Num => &[],
        }
    }

    fn all_aliases(&self) -> Vec<&'static str> {
        let mut aliases = self.aliases.to_vec();
        match self.kind {
            Kind::Any(shapes) => aliases.extend(shapes.iter().flat_map(Self::all_aliases)),
            Kind::Seq(items) => aliases.extend(items.all_aliases()),
            _ => {}
        }
        aliases
    }

    fn has_default(&self) -> bool {
        !self.defaults.is_empty()
            || match self.kind {
                Kind::Any(shapes) => shapes.iter().any(Self::has_default),
                Kind::Seq(items) => items.has_default(),
                _ => false,
            }
    }

    fn is_unique(&self) -> bool {
        self.unique
    }

    /// Where it is supported; a list is where its items are.
    pub(crate) fn supported(&self) -> Support {
        if !(self.support.only.is_empty() && self.support.except.is_empty()) {
            return self.support;
        }
        match self.kind {
            Kind::Any(shapes) => shapes.first().map(Self::supported).unwrap_or_default(),
            Kind::Seq(items) => items.supported(),
            _ => self.support,
        }
    }
}
