//! Changes a value into the normal form of its shape.

use super::Walk;
use super::matching::matches;
use super::words::nearest;
use crate::message::Level;
use crate::table::{Kind, Map, Shape};
use crate::yaml::{Node, Type, Value};

/// The shapes out of several that a value is changed into and validated by.
pub(super) enum Candidates {
    /// The one that the value names.
    Detected(&'static Shape),
    /// The normal ones, or all where none is.
    Listed(Vec<&'static Shape>),
}

impl Candidates {
    pub(super) fn as_slice(&self) -> &[&'static Shape] {
        match self {
            Self::Detected(shape) => std::slice::from_ref(shape),
            Self::Listed(shapes) => shapes,
        }
    }
}

impl Walk<'_> {
    /// The value in the normal form, or as near to it as it can be brought.
    pub(super) fn change(&mut self, shape: &Shape, node: Node) -> Node {
        match shape.kind {
            Kind::Any(shapes) => self.change_any(shape, shapes, node),
            Kind::Seq(items) => self.change_seq(shape, items, node),
            Kind::Map(map) => self.change_map(shape, map, node),
            Kind::Secure | Kind::Str | Kind::Bool | Kind::Num | Kind::OneOf(_) => {
                self.change_scalar(shape, node)
            }
        }
    }

    /// Tries the candidates in turn. Where none fits, the first is what was probably meant.
    fn change_any(&mut self, whole: &Shape, shapes: &'static [Shape], node: Node) -> Node {
        let candidates = self.candidates(whole, shapes, &node);
        let mut first = None;
        let start = self.messages.mark();
        let Some((last, others)) = candidates.as_slice().split_last() else {
            return node;
        };
        for shape in others {
            let shape = shape.within(whole);
            if first.is_none() || may_become(&shape, &node) {
                let changed = self.change(&shape, node.clone());
                if matches(&shape, &changed) {
                    return changed;
                }
                let told = self.messages.rewind(start);
                first.get_or_insert((changed, told));
            }
        }
        let shape = last.within(whole);
        let Some((changed, told)) = first else {
            return self.change(&shape, node);
        };
        if may_become(&shape, &node) {
            let other = self.change(&shape, node);
            if matches(&shape, &other) {
                return other;
            }
            self.messages.rewind(start);
        }
        self.messages.replay(told);
        changed
    }

    /// Which of several shapes are tried.
    pub(super) fn candidates(
        &mut self,
        whole: &Shape,
        shapes: &'static [Shape],
        node: &Node,
    ) -> Candidates {
        if whole.detect
            && let Some(shape) = self.detect(shapes, node)
        {
            return Candidates::Detected(shape);
        }
        let normal: Vec<_> = shapes.iter().filter(|shape| shape.normal).collect();
        Candidates::Listed(if normal.is_empty() {
            shapes.iter().collect()
        } else {
            normal
        })
    }

    /// The shape whose provider the value names.
    fn detect(&mut self, shapes: &'static [Shape], node: &Node) -> Option<&'static Shape> {
        let named = match &node.value {
            Value::Map(_) => node.get("provider")?,
            _ => node,
        };
        let Value::Str(name) = &named.value else {
            return None;
        };
        let provider = |shape: &'static Shape| {
            let choices = shape.map()?.get("provider")?.choices();
            choices.first().map(|choice| choice.name)
        };
        let found = shapes
            .iter()
            .find(|shape| provider(shape) == Some(name))
            .or_else(|| {
                if !self.may_search() {
                    return None;
                }
                shapes.iter().find(|shape| {
                    provider(shape).is_some_and(|known| nearest(&[known], name).is_some())
                })
            });
        self.detected |= found.is_some();
        found
    }

    fn change_seq(&mut self, shape: &Shape, items: &'static Shape, node: Node) -> Node {
        let inner = items.within(shape);
        let (line, column) = (node.line, node.column);
        let mode = node.mode;
        let mut was = None;
        let line_of_key = self.path.lines.last().copied().unwrap_or(line);
        let list = match node.value {
            Value::Seq(list) => {
                was = node.was;
                flat(list)
            }
            _ => vec![node],
        };
        let list = if shape.env_vars {
            self.env_vars(list)
        } else {
            list
        };
        // Entries of a list whose key has been mended still go by the old one.
        if let Some(was) = &was {
            self.path.push(was, line_of_key);
        }
        let list = list
            .into_iter()
            .map(|item| self.change(&inner, item))
            .collect();
        if was.is_some() {
            self.path.pop();
        }
        let mut node = Node::new(Value::Seq(list), (line, column));
        node.mode = mode;
        node
    }

    fn change_map(&mut self, shape: &Shape, map: &'static Map, node: Node) -> Node {
        let node = self.change_keys(map, node);
        let node = self.change_whole(map, node);
        let node = self.prefix(shape, map, node);
        let node = self.pick(shape, node);
        let node = self.hand_down(map, node);
        if node.kind() == Type::Map {
            self.change_values(map, node)
        } else {
            node
        }
    }

    fn change_values(&mut self, map: &'static Map, mut node: Node) -> Node {
        if let Value::Map(entries) = &mut node.value {
            for entry in entries {
                let open = map.pattern.filter(|_| !map.strict).map(|(_, shape)| shape);
                let Some(shape) = map.get(&entry.key).or(open) else {
                    continue;
                };
                let place = (entry.value.line, entry.value.column);
                let value = std::mem::replace(&mut entry.value, Node::new(Value::Null, place));
                self.path.push(&entry.key, entry.line);
                entry.value = self.change(shape, value);
                self.path.pop();
            }
        }
        node
    }

    /// The first of a list where one value is expected and that would do.
    pub(super) fn pick(&mut self, shape: &Shape, node: Node) -> Node {
        let Value::Seq(items) = &node.value else {
            return node;
        };
        let Some(first) = items.first() else {
            return node;
        };
        let changed = self.change(shape, first.clone());
        if !matches(shape, &changed) {
            return node;
        }
        let first = match shape.kind {
            // Its keys have been looked at already.
            Kind::Map(map) if !self.options.defaults => self.change_keys(map, first.clone()),
            _ => first.clone(),
        };
        // A name is told as what it stands for.
        let told = match shape.kind {
            Kind::OneOf(_) => &changed,
            _ => &first,
        };
        let told = told.to_json();
        self.tell(Level::Warn, "unexpected_seq", &node, [("value", told)]);
        first
    }
}

/// Lists within a list belong to it.
fn flat(list: Vec<Node>) -> Vec<Node> {
    if !list.iter().any(|item| matches!(item.value, Value::Seq(_))) {
        return list;
    }
    let mut all = Vec::with_capacity(list.len());
    for item in list {
        match item.value {
            Value::Seq(inner) => all.extend(flat(inner)),
            _ => all.push(item),
        }
    }
    all
}

/// Whether it is worth trying to change the value into this shape at all.
fn may_become(shape: &Shape, node: &Node) -> bool {
    match shape.kind {
        Kind::Bool | Kind::Num => !matches!(node.kind(), Type::Map | Type::Secure),
        _ => true,
    }
}
