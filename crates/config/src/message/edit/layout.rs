//! Where in the text each key, value and list begins and ends.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::place::Lines;

/// A key of a map with its value.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub key: Range<usize>,
    pub value: Range<usize>,
    is_collection: bool,
    /// The map that it stands in.
    pub map: usize,
    /// Its place in the map.
    pub index: usize,
}

/// A list.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub whole: Range<usize>,
    pub is_flow: bool,
    /// The items, where they are single values.
    pub items: Vec<Option<Range<usize>>>,
}

/// The places of a file's parts.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub maps: Vec<Vec<Pair>>,
    keys: HashMap<usize, (usize, usize)>,
    lists: HashMap<usize, List>,
}

impl Layout {
    /// The pair whose key begins at a byte.
    pub(super) fn pair(&self, start: usize) -> Option<&Pair> {
        let (map, index) = self.keys.get(&start)?;
        self.maps.get(*map)?.get(*index)
    }

    /// The list that begins at a byte.
    pub(super) fn list(&self, start: usize) -> Option<&List> {
        self.lists.get(&start)
    }

    /// Whether the value of a pair is a map or a list with something in it.
    pub(super) fn is_collection(&self, pair: &Pair) -> bool {
        pair.is_collection && !pair.value.is_empty()
    }

    /// The pair whose value begins at a byte.
    pub(super) fn pair_of_value(&self, start: usize) -> Option<&Pair> {
        self.maps
            .iter()
            .flatten()
            .find(|pair| pair.value.start == start)
    }
}

/// A map or list that is still open.
struct Frame {
    start: usize,
    /// Where its last part ends.
    end: usize,
    /// The map's number; `None` for lists.
    map: Option<usize>,
    key: Option<Range<usize>>,
    items: Vec<Option<Range<usize>>>,
}

struct Builder<'s> {
    source: &'s str,
    lines: Lines<'s>,
    stack: Vec<Frame>,
    layout: Layout,
}

/// The layout of the first document; `None` for what is no plain YAML, which the reader mends before
/// it reads it.
pub(super) fn layout(source: &str) -> Option<Layout> {
    let mut builder = Builder {
        source,
        lines: Lines::new(source),
        stack: Vec::new(),
        layout: Layout::default(),
    };
    let mut parser = Parser::new_from_str(source);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.ok()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Alias(_) => builder.leaf(&span, false)?,
            Event::Scalar(text, style, ..) => {
                let is_empty = style == ScalarStyle::Plain && text.is_empty();
                builder.leaf(&span, is_empty)?;
            }
            Event::SequenceStart(..) => builder.open(&span, false)?,
            Event::MappingStart(..) => builder.open(&span, true)?,
            Event::SequenceEnd | Event::MappingEnd => builder.close(&span)?,
        }
    }
    Some(builder.layout)
}

impl Builder<'_> {
    fn offset(&self, mark: saphyr_parser::Marker) -> Option<usize> {
        let line = u32::try_from(mark.line()).ok()?.max(1);
        let column = u32::try_from(mark.col()).ok()?.saturating_add(1);
        // Behind a last line without a line break there is one for the parser.
        let end = self.source.len();
        Some(self.lines.offset(line, column).unwrap_or(end))
    }

    fn leaf(&mut self, span: &Span, is_empty: bool) -> Option<()> {
        if is_empty {
            // Nothing stands there: it is taken to be right behind its key.
            let frame = self.stack.last();
            let at = match frame {
                Some(Frame { key: Some(key), .. }) => {
                    key.end + self.source.get(key.end..)?.find(':')? + 1
                }
                _ => self.offset(span.start)?,
            };
            return self.place(at..at, true);
        }
        let start = self.offset(span.start)?;
        let end = self.offset(span.end)?.max(start);
        let text = self.source.get(start..end)?;
        self.place(start..start + text.trim_end().len(), true)
    }

    fn open(&mut self, span: &Span, is_map: bool) -> Option<()> {
        let start = self.offset(span.start)?;
        let map = is_map.then(|| {
            self.layout.maps.push(Vec::new());
            self.layout.maps.len() - 1
        });
        self.stack.push(Frame {
            start,
            end: start,
            map,
            key: None,
            items: Vec::new(),
        });
        Some(())
    }

    fn close(&mut self, span: &Span) -> Option<()> {
        let frame = self.stack.pop()?;
        let last = self.offset(span.start)?;
        let closer = if frame.map.is_some() { '}' } else { ']' };
        let opener = if frame.map.is_some() { '{' } else { '[' };
        let is_flow = self.source.get(frame.start..)?.starts_with(opener)
            && self.source.get(last..)?.starts_with(closer);
        let whole = frame.start..if is_flow { last + 1 } else { frame.end };
        if frame.map.is_none() {
            let list = List {
                whole: whole.clone(),
                is_flow,
                items: frame.items,
            };
            self.layout.lists.insert(frame.start, list);
        }
        self.place(whole, false)
    }

    fn place(&mut self, range: Range<usize>, is_single: bool) -> Option<()> {
        let Some(frame) = self.stack.last_mut() else {
            return Some(());
        };
        frame.end = frame.end.max(range.end);
        let Some(map) = frame.map else {
            frame.items.push(is_single.then_some(range));
            return Some(());
        };
        let Some(key) = frame.key.take() else {
            frame.key = Some(range);
            return Some(());
        };
        let pairs = self.layout.maps.get_mut(map)?;
        self.layout.keys.insert(key.start, (map, pairs.len()));
        pairs.push(Pair {
            key,
            value: range,
            is_collection: !is_single,
            map,
            index: pairs.len(),
        });
        Some(())
    }
}
