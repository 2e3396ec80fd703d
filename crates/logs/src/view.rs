//! Reading lines and searching, over whatever holds the bytes.

use regex::{Regex, RegexBuilder};

use crate::clean::{self, MAX_LINE_BYTES};
use crate::port::{Found, Hit, LineBlock, LogError, MAX_LINES, Query};

/// A block of lines grows to about this many bytes.
const MAX_BLOCK: usize = 4 * 1024 * 1024;
const MAX_QUERY: usize = 1_000;
const MAX_PATTERN_BYTES: usize = 256 * 1024;
const MAX_HITS: u32 = 100_000;

/// Bytes that can be read from any offset.
pub(crate) trait Raw {
    /// A known line at or before `line`, and the offset of its first byte.
    fn near(&mut self, line: u64) -> Result<(u64, u64), LogError>;

    /// Some bytes from offset `from`, as many as are at hand; empty only at the end.
    fn block(&mut self, from: u64) -> Result<&[u8], LogError>;
}

/// A log as it stood when reading began.
pub(crate) struct View<R> {
    pub(crate) raw: R,
    /// Bytes held.
    pub(crate) length: u64,
    /// Lines, a last one without newline included.
    pub(crate) lines: u64,
    pub(crate) sealed: bool,
}

impl<R: Raw> View<R> {
    pub(crate) fn lines(&mut self, first: u64, count: u32) -> Result<LineBlock, LogError> {
        let count = u64::from(count.min(MAX_LINES));
        let last = first.saturating_add(count).min(self.lines);
        let mut block = LineBlock {
            first,
            lines: Vec::new(),
            total: self.lines,
            sealed: self.sealed,
            next_offset: self.length,
        };
        if first >= self.lines {
            return Ok(block);
        }
        let mut reader = self.reader_at(first)?;
        let mut size = 0;
        while reader.line < last && size < MAX_BLOCK && reader.read()? {
            let text = clean::clean_counted(&reader.head, reader.more, true);
            size += text.len();
            block.lines.push(text);
            block.next_offset = reader.offset;
        }
        if block.lines.is_empty() {
            block.next_offset = reader.offset;
        }
        Ok(block)
    }

    pub(crate) fn find(&mut self, query: &Query, limit: u32) -> Result<Found, LogError> {
        let mut found = Found {
            total: 0,
            hits: Vec::new(),
            truncated: false,
        };
        if query.text.is_empty() {
            return Ok(found);
        }
        let pattern = compile(query)?;
        let limit = limit.min(MAX_HITS) as usize;
        let lines = self.lines;
        let mut reader = self.reader_at(0)?;
        while reader.line < lines && reader.read()? {
            let text = clean::clean_counted(&reader.head, 0, false);
            if pattern.is_match(&text) {
                found.total += 1;
                if found.hits.len() < limit {
                    let line = reader.line - 1;
                    found.hits.push(Hit { line });
                }
            }
        }
        found.truncated = found.total > found.hits.len() as u64;
        Ok(found)
    }

    fn reader_at(&mut self, line: u64) -> Result<Reader<'_, R>, LogError> {
        let (known, offset) = self.raw.near(line)?;
        let mut reader = Reader {
            raw: &mut self.raw,
            line: known,
            offset,
            head: Vec::new(),
            more: 0,
        };
        while reader.line < line && reader.skip()? {}
        Ok(reader)
    }
}

fn compile(query: &Query) -> Result<Regex, LogError> {
    if query.text.len() > MAX_QUERY {
        let text = format!("it is longer than {MAX_QUERY} bytes");
        return Err(LogError::BadQuery(text));
    }
    let pattern = if query.regex {
        query.text.clone()
    } else {
        regex::escape(&query.text)
    };
    RegexBuilder::new(&pattern)
        .case_insensitive(!query.case_sensitive)
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(2 * MAX_PATTERN_BYTES)
        .build()
        .map_err(|error| LogError::BadQuery(error.to_string().replace('\n', " ")))
}

/// Goes through a log line by line, holding no more than the shown part of one.
struct Reader<'a, R> {
    raw: &'a mut R,
    /// The number of the line that `read` gives next.
    line: u64,
    /// The offset of its first byte.
    offset: u64,
    /// The shown part of the line read last, without newline.
    head: Vec<u8>,
    /// Characters of it that are not shown.
    more: u64,
}

impl<R: Raw> Reader<'_, R> {
    /// Reads one line into `head`; false at the end of the log.
    fn read(&mut self) -> Result<bool, LogError> {
        self.head.clear();
        self.more = 0;
        let mut any = false;
        loop {
            let block = self.raw.block(self.offset)?;
            if block.is_empty() {
                break;
            }
            any = true;
            let newline = memchr::memchr(b'\n', block);
            let part = &block[..newline.unwrap_or(block.len())];
            // Three bytes more than are shown, to see whether the cut goes through a character.
            let room = (MAX_LINE_BYTES + 3).saturating_sub(self.head.len());
            let (front, rest) = part.split_at(part.len().min(room));
            self.head.extend_from_slice(front);
            self.more += clean::count_characters(rest);
            self.offset += part.len() as u64 + u64::from(newline.is_some());
            if newline.is_some() {
                break;
            }
        }
        let shown = clean::shown_bytes(&self.head);
        self.more += clean::count_characters(&self.head[shown..]);
        self.head.truncate(shown);
        self.line += u64::from(any);
        Ok(any)
    }

    /// Passes over one line; false at the end of the log.
    fn skip(&mut self) -> Result<bool, LogError> {
        loop {
            let block = self.raw.block(self.offset)?;
            if block.is_empty() {
                return Ok(false);
            }
            match memchr::memchr(b'\n', block) {
                Some(at) => {
                    self.offset += at as u64 + 1;
                    self.line += 1;
                    return Ok(true);
                }
                None => self.offset += block.len() as u64,
            }
        }
    }
}
