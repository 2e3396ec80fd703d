//! How rows are written down.

use super::{Choice, Default, Key, Kind, Map, Shape, Support, Where};

/// A string.
pub(in crate::table) const STR: Shape = Shape::new(Kind::Str);
/// True or false.
pub(in crate::table) const BOOL: Shape = Shape::new(Kind::Bool);
/// A number.
pub(in crate::table) const NUM: Shape = Shape::new(Kind::Num);
/// A secret.
pub(in crate::table) const SECURE: Shape = Shape::new(Kind::Secure);

/// One of several shapes.
pub(in crate::table) const fn any_of(shapes: &'static [Shape]) -> Shape {
    Shape::new(Kind::Any(shapes))
}

/// A list.
pub(in crate::table) const fn seq_of(items: &'static Shape) -> Shape {
    Shape::new(Kind::Seq(items))
}

/// A map.
pub(in crate::table) const fn map(map: &'static Map) -> Shape {
    Shape::new(Kind::Map(map))
}

/// One of these values.
pub(in crate::table) const fn choice_of(choices: &'static [Choice]) -> Shape {
    Shape::new(Kind::OneOf(choices))
}

/// One accepted value.
pub(in crate::table) const fn value(name: &'static str) -> Choice {
    Choice {
        name,
        aliases: &[],
        support: Support {
            only: &[],
            except: &[],
        },
        deprecated: None,
    }
}

impl Choice {
    pub(in crate::table) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(in crate::table) const fn only(mut self, only: Where) -> Self {
        self.support.only = only;
        self
    }

    pub(in crate::table) const fn except(mut self, except: Where) -> Self {
        self.support.except = except;
        self
    }

    pub(in crate::table) const fn deprecated(mut self, why: &'static str) -> Self {
        self.deprecated = Some(why);
        self
    }
}

/// A value to fill in.
pub(in crate::table) const fn by_default(value: &'static str) -> Default {
    Default {
        value,
        support: Support {
            only: &[],
            except: &[],
        },
    }
}

impl Default {
    pub(in crate::table) const fn only(mut self, only: Where) -> Self {
        self.support.only = only;
        self
    }

    pub(in crate::table) const fn except(mut self, except: Where) -> Self {
        self.support.except = except;
        self
    }
}

/// One key.
pub(in crate::table) const fn key(name: &'static str, shape: Shape) -> Key {
    Key { name, shape }
}

/// The key `provider` of one provider of `deploy`.
pub(in crate::table) const fn provider_key(names: &'static [Choice]) -> Key {
    key("provider", choice_of(names).strict())
}

/// One provider of `deploy`.
pub(in crate::table) const fn provider(
    sections: &'static [&'static [Key]],
    required: &'static [&'static str],
) -> Map {
    Map::new(sections)
        .prefix_text("provider")
        .required(required)
}
