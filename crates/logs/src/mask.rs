//! Keeping secrets out of logs.
//!
//! Replaces each secret by `[secure]`, in the forms that it commonly takes on its way to a log:
//! as it is, base64 (alone or inside a longer encoded text, both alphabets), URL-encoded,
//! JSON-escaped, and line by line. A best effort: a job that wants to show a secret in another form
//! can, so secrets must not be given to jobs that are not trusted with them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// What stands in the place of a secret.
pub const MASK: &[u8] = b"[secure]";

/// Secrets of at most this many bytes are left alone: they would blot out half of the log.
const TOO_SHORT: usize = 3;
const MIN_LINE: usize = 8;

/// Masks secrets in a stream, however it is cut. Bytes that may be the beginning of a secret are
/// held back until it is clear whether they are.
#[derive(Debug)]
pub struct Masker {
    search: Option<Arc<Search>>,
    held: Vec<u8>,
    /// What was let go unmasked and may still turn out to begin a secret.
    shown: Vec<u8>,
    same_length: bool,
    found: bool,
}

struct Search {
    whole: AhoCorasick,
    fronts: Fronts,
}

impl std::fmt::Debug for Search {
    /// Says nothing of the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search")
            .field("patterns", &self.whole.patterns_len())
            .finish_non_exhaustive()
    }
}

impl Masker {
    /// A masker for these secrets. Without any that is longer than 3 bytes it copies.
    pub fn new(secrets: &[String]) -> Self {
        Self::build(secrets, false)
    }

    /// A masker that keeps the length of what it masks, so that places in the stream stay where
    /// they were: for whoever takes in a stream whose offsets others count.
    pub fn keeping_length(secrets: &[String]) -> Self {
        Self::build(secrets, true)
    }

    fn build(secrets: &[String], same_length: bool) -> Self {
        let patterns: Vec<Vec<u8>> = secrets
            .iter()
            .flat_map(|secret| forms(secret))
            // A stream that was masked once is not masked for the mask's own sake.
            .filter(|form| !same_length || !holds(MASK, form))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        // Building fails only past 2^31 states, which are more bytes of secrets than fit a request.
        let whole = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&patterns)
            .ok()
            .filter(|_| !patterns.is_empty());
        Self {
            search: whole.map(|whole| {
                Arc::new(Search {
                    whole,
                    fronts: Fronts::new(&patterns),
                })
            }),
            held: Vec::new(),
            shown: Vec::new(),
            same_length,
            found: false,
        }
    }

    /// What masks the same secrets, from a beginning.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self {
            search: self.search.clone(),
            held: Vec::new(),
            shown: Vec::new(),
            same_length: self.same_length,
            found: false,
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_idle(&self) -> bool {
        self.search.is_none()
    }

    /// Whether a secret was found so far.
    pub fn has_found(&self) -> bool {
        self.found
    }

    /// How many bytes are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Begins a new stream with the same secrets.
    pub fn restart(&mut self) {
        self.held.clear();
        self.shown.clear();
    }

    /// Takes in bytes and adds to `out` what is clear.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(search) = &self.search else {
            out.extend_from_slice(bytes);
            return;
        };
        let lead = self.shown.len();
        let joined: Cow<'_, [u8]> = if lead == 0 && self.held.is_empty() {
            bytes.into()
        } else {
            let mut joined = std::mem::take(&mut self.shown);
            joined.append(&mut self.held);
            joined.extend_from_slice(bytes);
            joined.into()
        };
        // Everything before `done` is out already.
        let mut done = lead;
        let mut from = 0;
        let mut clear = joined.len() - search.fronts.open_at_end(&joined);
        // A match that starts in the clear part lies whole in these bytes, in its longest form:
        // otherwise its beginning would have been open at the end.
        while let Some(found) = search.find(&joined, from).filter(|m| m.start() < clear) {
            from = found.end();
            if from <= done {
                continue;
            }
            out.extend_from_slice(&joined[done..found.start().max(done)]);
            write_mask(out, from - found.start().max(done), self.same_length);
            self.found = true;
            done = from;
            if done > clear {
                clear = joined.len() - search.fronts.open_at_end(&joined[done..]);
            }
        }
        if clear < done {
            // What was shown still begins a secret, whose end is held back now.
            self.shown = joined[clear..done].to_vec();
            self.held = joined[done..].to_vec();
            return;
        }
        out.extend_from_slice(&joined[done..clear]);
        self.held = match joined {
            Cow::Borrowed(bytes) => bytes[clear..].to_vec(),
            Cow::Owned(mut bytes) => {
                bytes.drain(..clear);
                bytes
            }
        };
    }

    /// Whether bytes are held back.
    pub fn pending(&self) -> bool {
        !self.held.is_empty()
    }

    /// Lets go of what is held back, for a stream that has been idle: the beginning of a secret may
    /// then be shown. Its end is masked when it comes, so no secret is ever shown whole.
    pub fn flush_partial(&mut self, out: &mut Vec<u8>) {
        let Some(search) = &self.search else {
            return;
        };
        let mut done = self.shown.len();
        let mut joined = std::mem::take(&mut self.shown);
        joined.append(&mut self.held);
        let mut from = 0;
        while let Some(found) = search.find(&joined, from) {
            from = found.end();
            if from <= done {
                continue;
            }
            out.extend_from_slice(&joined[done..found.start().max(done)]);
            write_mask(out, from - found.start().max(done), self.same_length);
            self.found = true;
            done = from;
        }
        out.extend_from_slice(&joined[done..]);
        let open = search.fronts.open_at_end(&joined[from..]);
        joined.drain(..joined.len() - open);
        self.shown = joined;
    }

    /// The stream has ended.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.flush_partial(out);
    }
}

/// Writes what stands in the place of `length` secret bytes.
fn write_mask(out: &mut Vec<u8>, length: usize, same_length: bool) {
    if !same_length {
        out.extend_from_slice(MASK);
    } else if length < MASK.len() {
        out.resize(out.len() + length, b'*');
    } else {
        out.extend_from_slice(MASK);
        out.resize(out.len() + length - MASK.len(), b'*');
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

impl Search {
    fn find(&self, bytes: &[u8], from: usize) -> Option<aho_corasick::Match> {
        self.whole
            .find(aho_corasick::Input::new(bytes).range(from..))
    }
}

/// All the forms of a secret that are looked for.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut parts = vec![secret];
    let mut forms = Vec::new();
    if secret.contains('\n') {
        parts.push(secret.trim_end_matches(['\r', '\n']));
        parts.extend(
            secret
                .lines()
                .map(str::trim)
                .filter(|line| line.len() >= MIN_LINE),
        );
        // What a terminal makes of it.
        forms.push(
            secret
                .replace("\r\n", "\n")
                .replace('\n', "\r\n")
                .into_bytes(),
        );
    }
    for part in parts {
        forms.push(part.as_bytes().to_vec());
        forms.extend(base64_forms(part.as_bytes()));
        let percent = percent_encoded(part);
        forms.push(percent.replace("%20", "+").into_bytes());
        forms.push(percent_lower(&percent).into_bytes());
        forms.push(percent.into_bytes());
        if let Ok(json) = serde_json::to_string(part) {
            let json = json[1..json.len() - 1].to_owned();
            forms.push(json.replace('/', "\\/").into_bytes());
            forms.push(ascii_json(&json).into_bytes());
            forms.push(json.into_bytes());
        }
        forms.push(part.replace('\'', "'\\''").into_bytes());
        forms.push(part.replace('\'', "'\"'\"'").into_bytes());
        forms.push(backslashed(part).into_bytes());
    }
    if secret.len() <= TOO_SHORT {
        return Vec::new();
    }
    forms.retain(|form| form.len() > TOO_SHORT);
    forms
}

/// The encoded characters that depend on the secret alone, for each place that it may have in the
/// groups of three bytes, and the whole encodings with and without padding.
fn base64_forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for engine in [&STANDARD, &URL_SAFE] {
        let whole = engine.encode(secret);
        forms.push(whole.trim_end_matches('=').as_bytes().to_vec());
        forms.push(whole.into_bytes());
        for before in 0..3 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(secret);
            let encoded = engine.encode(&bytes);
            // 6 bits a character: those that hold bits of a neighbor are not known.
            let first = (before * 8).div_ceil(6);
            let last = bytes.len() * 8 / 6;
            forms.push(encoded.as_bytes()[first.min(last)..last].to_vec());
        }
    }
    forms
}

/// As writers of JSON do that keep to ASCII, such as Python's.
fn ascii_json(json: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// As the shell's `printf %q` and its traces write a word.
fn backslashed(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-./:=@%+,".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn percent_lower(percent: &str) -> String {
    let mut digits = 0;
    percent
        .chars()
        .map(|c| {
            if c == '%' {
                digits = 2;
                c
            } else if digits > 0 {
                digits -= 1;
                c.to_ascii_lowercase()
            } else {
                c
            }
        })
        .collect()
}

/// A tree of the patterns, by which the end of a text is known to be the beginning of a pattern.
struct Fronts {
    /// Edges of each node, by byte.
    edges: Vec<BTreeMap<u8, u32>>,
    /// The node of the longest proper end of a node's text.
    back: Vec<u32>,
    depth: Vec<u32>,
    longest: usize,
}

impl Fronts {
    fn new(patterns: &[Vec<u8>]) -> Self {
        let mut tree = Self {
            edges: vec![BTreeMap::new()],
            back: vec![0],
            depth: vec![0],
            longest: patterns.iter().map(Vec::len).max().unwrap_or(0),
        };
        for pattern in patterns {
            let mut node = 0;
            for byte in pattern {
                node = match tree.edges[node].get(byte) {
                    Some(next) => *next as usize,
                    None => {
                        let next = tree.edges.len();
                        tree.edges[node].insert(*byte, next as u32);
                        tree.edges.push(BTreeMap::new());
                        tree.back.push(0);
                        tree.depth.push(tree.depth[node] + 1);
                        next
                    }
                };
            }
        }
        let mut row: Vec<u32> = tree.edges[0].values().copied().collect();
        while !row.is_empty() {
            let mut next_row = Vec::new();
            for node in row {
                let edges: Vec<(u8, u32)> = tree.edges[node as usize]
                    .iter()
                    .map(|(byte, next)| (*byte, *next))
                    .collect();
                for (byte, next) in edges {
                    tree.back[next as usize] = tree.step(tree.back[node as usize], byte);
                    next_row.push(next);
                }
            }
            row = next_row;
        }
        tree
    }

    fn step(&self, mut node: u32, byte: u8) -> u32 {
        loop {
            if let Some(next) = self.edges[node as usize].get(&byte) {
                return *next;
            }
            if node == 0 {
                return 0;
            }
            node = self.back[node as usize];
        }
    }

    /// How many bytes at the end begin a pattern that is not whole.
    fn open_at_end(&self, bytes: &[u8]) -> usize {
        let tail = &bytes[bytes.len().saturating_sub(self.longest.saturating_sub(1))..];
        let mut node = tail.iter().fold(0, |node, byte| self.step(node, *byte));
        while node != 0 && self.edges[node as usize].is_empty() {
            node = self.back[node as usize];
        }
        self.depth[node as usize] as usize
    }
}

#[cfg(test)]
mod tests;
