//! Maps: their keys, and what is done to them.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Key, Pattern, Shape};

/// What is done to a map before its keys are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    None,
    /// `true`, names and lists turn into switches and directories.
    Caches,
    /// `true` and `false` turn into `enabled`, and so does `disabled`.
    Enable,
    /// These keys are handed down to the entries.
    Inherit(&'static [&'static str]),
}

/// The key that a value without keys stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix {
    pub key: &'static str,
    /// Only strings do.
    pub only_text: bool,
}

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Map {
    sections: &'static [&'static [Key]],
    /// Other keys are mistakes.
    pub strict: bool,
    pub pattern: Option<(Pattern, &'static Shape)>,
    pub prefix: Option<Prefix>,
    pub change: Change,
    pub required: &'static [&'static str],
    index: OnceLock<Index>,
}

/// What is looked up by name, made when first asked for.
#[derive(Debug)]
struct Index {
    keys: HashMap<&'static str, &'static Shape>,
    aliases: HashMap<&'static str, &'static str>,
    known: Vec<&'static str>,
    defaults: Vec<&'static str>,
    unique: Vec<&'static str>,
}

impl Map {
    /// A map with exactly these keys.
    pub(in crate::table) const fn new(sections: &'static [&'static [Key]]) -> Self {
        Self {
            sections,
            strict: true,
            pattern: None,
            prefix: None,
            change: Change::None,
            required: &[],
            index: OnceLock::new(),
        }
    }

    /// A map that may have further keys.
    pub(in crate::table) const fn open(sections: &'static [&'static [Key]]) -> Self {
        let mut map = Self::new(sections);
        map.strict = false;
        map
    }

    /// A map with any keys of this form, whose values all have the same shape.
    pub(in crate::table) const fn pattern(pattern: Pattern, shape: &'static Shape) -> Self {
        let mut map = Self::new(&[]);
        map.strict = false;
        map.pattern = Some((pattern, shape));
        map
    }

    /// What is no such map is the value of this key.
    pub(in crate::table) const fn prefix(mut self, key: &'static str) -> Self {
        self.prefix = Some(Prefix {
            key,
            only_text: false,
        });
        self
    }

    /// A string is the value of this key.
    pub(in crate::table) const fn prefix_text(mut self, key: &'static str) -> Self {
        self.prefix = Some(Prefix {
            key,
            only_text: true,
        });
        self
    }

    pub(in crate::table) const fn required(mut self, keys: &'static [&'static str]) -> Self {
        self.required = keys;
        self
    }

    pub(in crate::table) const fn inherit(mut self, keys: &'static [&'static str]) -> Self {
        self.change = Change::Inherit(keys);
        self
    }

    pub(in crate::table) const fn caches(mut self) -> Self {
        self.change = Change::Caches;
        self
    }

    pub(in crate::table) const fn enable(mut self) -> Self {
        self.change = Change::Enable;
        self
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index {
                keys: HashMap::new(),
                aliases: HashMap::new(),
                known: Vec::new(),
                defaults: Vec::new(),
                unique: Vec::new(),
            };
            for key in self.sections.iter().copied().flatten() {
                if index.keys.insert(key.name, &key.shape).is_none() {
                    index.known.push(key.name);
                }
                for alias in key.shape.all_aliases() {
                    index.aliases.insert(alias, key.name);
                }
                if key.shape.has_default() {
                    index.defaults.push(key.name);
                }
                if key.shape.is_unique() {
                    index.unique.push(key.name);
                }
            }
            let mut aliases: Vec<_> = index.aliases.keys().copied().collect();
            aliases.sort_unstable();
            index.known.extend(aliases);
            index
        })
    }

    /// The shape of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&'static Shape> {
        self.index().keys.get(name).copied()
    }

    /// The name as the table holds it, if it is a key.
    pub(crate) fn name(&self, name: &str) -> Option<&'static str> {
        self.index().keys.get_key_value(name).map(|(name, _)| *name)
    }

    /// The key that this is another name of.
    pub(crate) fn alias(&self, name: &str) -> Option<&'static str> {
        self.index().aliases.get(name).copied()
    }

    /// All names: keys in the order of the rows, then their aliases.
    pub(crate) fn known(&self) -> &[&'static str] {
        &self.index().known
    }

    /// The keys that are filled in where they are missing.
    pub(crate) fn defaults(&self) -> &[&'static str] {
        &self.index().defaults
    }

    /// The keys whose values may not repeat within a list of such maps.
    pub(crate) fn unique(&self) -> &[&'static str] {
        &self.index().unique
    }

    /// All rows in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static Key> {
        self.sections.iter().copied().flatten()
    }

    /// Whether a key that is no row may stand in the map.
    pub(crate) fn admits(&self, name: &str) -> bool {
        match self.pattern {
            Some((Pattern::VariableName, _)) => !["global", "jobs", "matrix"]
                .iter()
                .any(|section| name.starts_with(section)),
            Some((Pattern::Any, _)) | None => !self.strict,
        }
    }
}
