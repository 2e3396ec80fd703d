//! Builds the tree from the parser's events, within bounds.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, hash_map::Entry as Slot};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::mend::mended;
use super::scalar::scalar;
use super::{Document, Duplicate, Entry, MergeMode, Node, Type, Value};
use crate::ConfigError;

/// The most values a file may hold once aliases are expanded.
const MAX_NODES: usize = 100_000;
/// The most text a file may hold once aliases are expanded: each job may carry a copy.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Real files nest about eight levels.
const MAX_DEPTH: usize = 60;

/// What a value costs, itself and all that is below it.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    nodes: usize,
    bytes: usize,
    depth: usize,
}

/// A collection that is still open.
struct Frame {
    node: Node,
    anchor: usize,
    weight: Weight,
    /// The key that waits for its value.
    key: Option<(String, u32, u32)>,
    /// Values merged by `<<`, which explicit keys override wherever they stand.
    merged: Vec<Entry>,
    /// Keys that were given before.
    repeated: Vec<(String, u32, u32)>,
    /// Where each key of a map stands, so that huge maps cost linear time.
    seen: HashMap<String, usize>,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Node, Weight)>,
    total: Weight,
    root: Option<Node>,
    duplicates: Vec<Duplicate>,
    anchored: HashSet<String>,
    /// The scalar read last: what an anchor is named by, in the original's eyes.
    last: String,
}

fn position(mark: &Marker) -> (u32, u32) {
    (
        u32::try_from(mark.line()).unwrap_or(u32::MAX).max(1),
        u32::try_from(mark.col())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
    )
}

/// How many things that the original let pass are mended.
const MAX_MENDED: usize = 50;

/// Parses the first document of a file.
pub(crate) fn parse(source: &str) -> Result<Document, ConfigError> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    // The original took away white space at the end before it read a file: texts of several lines
    // would differ otherwise.
    let mut source = Cow::Borrowed(source.trim_end());
    if !source.is_ascii() {
        source = Cow::Owned(source.chars().filter_map(visible).collect());
    }
    for _ in 0..MAX_MENDED {
        match parse_strictly(&source) {
            Ok(document) => return Ok(document),
            Err(error) => match mended(&source, &error) {
                Some(text) => source = Cow::Owned(text),
                None => return Err(error),
            },
        }
    }
    parse_strictly(&source)
}

/// What is seen: odd spaces that were pasted along are spaces, and what has no width is nothing.
/// Neither a shell nor YAML would understand them.
pub(crate) fn visible(c: char) -> Option<char> {
    match c {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => None,
        _ => Some(c),
    }
}

fn parse_strictly(source: &str) -> Result<Document, ConfigError> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(source);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let (line, column) = position(error.marker());
            ConfigError::Syntax {
                line,
                column,
                reason: error.info().to_owned(),
            }
        })?;
        let (line, column) = position(&span.start);
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Alias(id) => builder.alias(id, line, column)?,
            Event::Scalar(text, style, anchor, tag) => {
                let at_end = span.end.index() >= source.len();
                let text = match style {
                    // Without a line break at the end of the file there is none in the value.
                    ScalarStyle::Literal | ScalarStyle::Folded if at_end => {
                        Cow::Owned(text.strip_suffix('\n').unwrap_or(&text).to_owned())
                    }
                    _ => text,
                };
                let value = scalar(&text, style, tag.as_deref());
                builder.leaf(Node::new(value, (line, column)), text, anchor)?;
            }
            Event::SequenceStart(anchor, tag) => {
                let mut node = Node::new(Value::Seq(Vec::new()), (line, column));
                node.mode = mode(tag.as_deref());
                builder.open(node, anchor)?;
            }
            Event::MappingStart(anchor, tag) => {
                let mut node = Node::new(Value::Map(Vec::new()), (line, column));
                node.mode = mode(tag.as_deref());
                builder.open(node, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close()?,
        }
    }
    let Some(root) = builder.root else {
        return Ok(Document::default());
    };
    let found = match &root.value {
        Value::Map(_) => {
            return Ok(Document {
                root,
                anchored: builder.anchored,
                duplicates: builder.duplicates,
            });
        }
        // An empty file is a file without keys: everything takes its default.
        Value::Null => return Ok(Document::default()),
        Value::Bool(_) | Value::Num(_) | Value::Str(_) => "a single value",
        Value::Seq(_) => "a list",
    };
    Err(ConfigError::NotAMap {
        found,
        line: root.line,
        column: root.column,
    })
}

fn mode(tag: Option<&Tag>) -> Option<MergeMode> {
    tag.filter(|tag| tag.handle == "!")
        .and_then(|tag| MergeMode::from_tag(&tag.suffix))
}

/// The name that a key gives, whatever type it would have as a value.
fn key_text(node: &Node, source: &str) -> String {
    if !node.is_scalar() {
        return node.to_json().to_string();
    }
    // Keys may be written in the notation for symbols.
    let key = source.strip_prefix(':').unwrap_or(source);
    key.to_owned()
}

impl Builder {
    fn charge(&mut self, cost: Weight, line: u32, column: u32) -> Result<(), ConfigError> {
        self.total.nodes = self.total.nodes.saturating_add(cost.nodes);
        self.total.bytes = self.total.bytes.saturating_add(cost.bytes);
        if self.total.nodes > MAX_NODES || self.total.bytes > MAX_BYTES {
            return Err(ConfigError::AliasBomb { line, column });
        }
        if self.stack.len().saturating_add(cost.depth) > MAX_DEPTH {
            return Err(ConfigError::TooDeep { line, column });
        }
        Ok(())
    }

    fn leaf(&mut self, node: Node, text: Cow<'_, str>, anchor: usize) -> Result<(), ConfigError> {
        let weight = Weight {
            nodes: 1,
            bytes: text.len(),
            depth: 0,
        };
        self.charge(weight, node.line, node.column)?;
        if anchor > 0 {
            self.anchored.insert(self.last.clone());
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        self.last.clear();
        self.last.push_str(&text);
        self.place(node, weight);
        Ok(())
    }

    fn open(&mut self, node: Node, anchor: usize) -> Result<(), ConfigError> {
        let weight = Weight {
            nodes: 1,
            bytes: 0,
            depth: 1,
        };
        self.charge(weight, node.line, node.column)?;
        if anchor > 0 {
            self.anchored.insert(self.last.clone());
        }
        self.stack.push(Frame {
            node,
            anchor,
            weight,
            key: None,
            merged: Vec::new(),
            repeated: Vec::new(),
            seen: HashMap::new(),
        });
        Ok(())
    }

    fn alias(&mut self, id: usize, line: u32, column: u32) -> Result<(), ConfigError> {
        let Some(weight) = self.anchors.get(&id).map(|anchor| anchor.1) else {
            return Err(ConfigError::Syntax {
                line,
                column,
                reason: "unknown anchor, or an alias within its own value".to_owned(),
            });
        };
        // The cost is charged before the copy is made, so that a bomb never takes memory.
        self.charge(weight, line, column)?;
        if let Some((node, _)) = self.anchors.get(&id) {
            let node = node.clone();
            self.place(node, weight);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), ConfigError> {
        let Some(mut frame) = self.stack.pop() else {
            return Ok(());
        };
        if let Value::Map(entries) = &mut frame.node.value {
            for merged in frame.merged {
                if let Slot::Vacant(slot) = frame.seen.entry(merged.key.clone()) {
                    slot.insert(entries.len());
                    entries.push(merged);
                }
            }
        }
        if !frame.repeated.is_empty() {
            let mut path = self.path();
            if frame.node.kind() == Type::Secure {
                path.push_str(".secure");
            }
            for (key, line, column) in std::mem::take(&mut frame.repeated) {
                self.duplicates.push(Duplicate {
                    path: path.clone(),
                    key,
                    line,
                    column,
                });
            }
        }
        if frame.anchor > 0 {
            // The anchor's own copy costs as much as the value itself.
            self.charge(frame.weight, frame.node.line, frame.node.column)?;
            self.anchors
                .insert(frame.anchor, (frame.node.clone(), frame.weight));
        }
        self.place(frame.node, frame.weight);
        Ok(())
    }

    fn place(&mut self, node: Node, weight: Weight) {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return;
        };
        frame.weight.nodes = frame.weight.nodes.saturating_add(weight.nodes);
        frame.weight.bytes = frame.weight.bytes.saturating_add(weight.bytes);
        frame.weight.depth = frame.weight.depth.max(weight.depth.saturating_add(1));
        match &mut frame.node.value {
            Value::Seq(items) => {
                items.push(node);
            }
            Value::Map(entries) => match frame.key.take() {
                None => {
                    let key = key_text(&node, &self.last);
                    frame.key = Some((key, node.line, node.column));
                }
                Some((key, _, _)) if key == "<<" => {
                    merge(&mut frame.merged, node);
                }
                // Left behind by the original's own tools.
                Some((key, _, _))
                    if [".configured", ".result"].contains(&key.trim_matches('"')) => {}
                Some((key, line, column)) => {
                    let entry = Entry {
                        key,
                        line,
                        column,
                        value: node,
                    };
                    match frame.seen.entry(entry.key.clone()) {
                        Slot::Vacant(slot) => {
                            slot.insert(entries.len());
                            entries.push(entry);
                        }
                        Slot::Occupied(slot) => {
                            frame.repeated.push((entry.key.clone(), line, column));
                            if let Some(before) = entries.get_mut(*slot.get()) {
                                *before = entry;
                            }
                        }
                    }
                }
            },
            Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) => {}
        }
    }

    /// The path of the innermost open map, as messages name it.
    fn path(&self) -> String {
        let keys: Vec<&str> = self
            .stack
            .iter()
            .filter_map(|frame| frame.key.as_ref().map(|key| key.0.as_str()))
            .collect();
        keys.join(".")
    }
}

/// Collects what `<<` brings; the first of several maps wins.
fn merge(merged: &mut Vec<Entry>, node: Node) {
    match node.value {
        Value::Map(entries) => merged.extend(entries),
        Value::Seq(items) => {
            for item in items {
                if matches!(item.value, Value::Map(_)) {
                    merge(merged, item);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) => {}
    }
}
