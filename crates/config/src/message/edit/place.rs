//! Lines and columns, and the bytes that they stand for.

use std::ops::Range;

use super::Edit;
use crate::yaml;

/// Where the lines of a file begin.
pub(super) struct Lines<'s> {
    source: &'s str,
    starts: Vec<usize>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let ends = source.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            source,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The byte of a line and column, both from 1; a column behind the end is the end.
    pub(super) fn offset(&self, line: u32, column: u32) -> Option<usize> {
        let start = *self
            .starts
            .get(usize::try_from(line).ok()?.checked_sub(1)?)?;
        let rest = self.source.get(start..)?;
        let text = rest.split('\n').next().unwrap_or(rest);
        let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
        let inside = text.char_indices().nth(skipped).map(|(at, _)| at);
        Some(start + inside.unwrap_or(text.len()))
    }

    /// The bytes of an edit's place; `None` where there is no such place.
    pub(super) fn range(&self, edit: &Edit) -> Option<Range<usize>> {
        let start = self.offset(edit.line, edit.column)?;
        let end = self.offset(edit.end_line, edit.end_column)?;
        (start <= end).then_some(start..end)
    }

    /// Line and column of a byte, both from 1.
    fn position(&self, offset: usize) -> Option<(u32, u32)> {
        let index = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = self.source.get(*self.starts.get(index)?..offset)?;
        let line = u32::try_from(index + 1).ok()?;
        Some((line, u32::try_from(before.chars().count() + 1).ok()?))
    }

    /// The edit that puts a text in the place of these bytes.
    pub(super) fn edit(&self, range: Range<usize>, replacement: String) -> Option<Edit> {
        let (line, column) = self.position(range.start)?;
        let (end_line, end_column) = self.position(range.end)?;
        Some(Edit {
            line,
            column,
            end_line,
            end_column,
            replacement,
        })
    }

    /// The first byte of the line that a byte is in.
    pub(super) fn start_of_line(&self, offset: usize) -> usize {
        let index = self.starts.partition_point(|start| *start <= offset);
        self.starts
            .get(index.saturating_sub(1))
            .copied()
            .unwrap_or(0)
    }

    /// The first byte of the next line, or the end.
    pub(super) fn next_line(&self, offset: usize) -> usize {
        let index = self.starts.partition_point(|start| *start <= offset);
        self.starts.get(index).copied().unwrap_or(self.source.len())
    }
}

/// The column in the whole line of one that counts only what is read of it.
pub(super) fn restored(line: &str, column: u32) -> u32 {
    let mut left = column;
    let mut real = 1;
    for c in line.chars() {
        if yaml::visible(c).is_some() {
            left -= 1;
            if left == 0 {
                return real;
            }
        }
        real += 1;
    }
    real.saturating_add(left.saturating_sub(1))
}
