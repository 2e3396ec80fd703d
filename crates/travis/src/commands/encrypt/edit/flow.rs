//! Collections in brackets, `[A=1]` and `{global: [A=1]}`, over one line or several. Pure.

/// A place in a text, from its first byte to behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub first: usize,
    pub end: usize,
}

impl Span {
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.first..self.end).unwrap_or_default()
    }
}

/// A collection, taken apart as far as needed to add to it.
struct Flow {
    /// Its brackets, both within.
    span: Span,
    /// Each entry without the space and the comments around it.
    entries: Vec<Span>,
    /// Where a comma behind the last entry stands.
    comma: Option<usize>,
}

/// The collection that begins at a bracket; none when it never ends.
pub(super) fn span(text: &str, open: usize) -> Option<Span> {
    read(text, open).map(|flow| flow.span)
}

fn read(text: &str, open: usize) -> Option<Flow> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut entries = Vec::new();
    let mut entry: Option<Span> = None;
    let mut comma = None;
    // The last byte that was no space: quotes and the like mean something at the beginning only.
    let mut before = b'[';
    let mut at = open;
    while let Some(&byte) = bytes.get(at) {
        let mut end = at + 1;
        let spaced = at == open || bytes[at - 1].is_ascii_whitespace();
        match byte {
            b'#' if spaced => {
                at = bytes[at..].iter().position(|b| *b == b'\n')? + at;
                continue;
            }
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'"' | b'\'' if b"[{,:".contains(&before) => end = quoted(bytes, at)?,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    entries.extend(entry);
                    let span = Span { first: open, end };
                    let comma = comma.filter(|_| entry.is_none());
                    return Some(Flow {
                        span,
                        entries,
                        comma,
                    });
                }
            }
            b',' if depth == 1 => {
                entries.extend(entry.take());
                comma = Some(at);
                before = byte;
                at = end;
                continue;
            }
            _ => {}
        }
        if at != open {
            let first = entry.map_or(at, |known: Span| known.first);
            entry = Some(Span { first, end });
        }
        before = byte;
        at = end;
    }
    None
}

/// Behind a quoted scalar.
pub(super) fn quoted(bytes: &[u8], open: usize) -> Option<usize> {
    let quote = *bytes.get(open)?;
    let mut at = open + 1;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' && quote == b'"' {
            at += 1;
        } else if byte == quote {
            if quote != b'\'' || bytes.get(at + 1) != Some(&quote) {
                return Some(at + 1);
            }
            at += 1;
        }
        at += 1;
    }
    None
}

/// An entry of a map: its key without quotes, and the place of its value.
fn pair(text: &str, entry: Span) -> (&str, Span) {
    let whole = entry.of(text);
    let (key, after) = match whole.as_bytes().first() {
        Some(b'"' | b'\'') => {
            let end = quoted(whole.as_bytes(), 0).unwrap_or(whole.len());
            let colon = whole[end..]
                .find(':')
                .map_or(whole.len(), |at| end + at + 1);
            (
                whole.get(1..end.saturating_sub(1)).unwrap_or_default(),
                colon,
            )
        }
        _ => {
            let colon = whole.match_indices(':').map(|(at, _)| at).find(|at| {
                whole[at + 1..]
                    .chars()
                    .next()
                    .is_none_or(char::is_whitespace)
            });
            let at = colon.unwrap_or(whole.len());
            (whole[..at].trim_end(), (at + 1).min(whole.len()))
        }
    };
    let rest = &whole[after..];
    let first = entry.first + after + (rest.len() - rest.trim_start().len());
    (
        key,
        Span {
            first: first.min(entry.end),
            end: entry.end,
        },
    )
}

/// What is to be added, and below which keys.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub keys: &'w [String],
    /// Whether the first of the keys is the file's `env`.
    pub top: bool,
    pub is_env: bool,
    pub cipher: &'w str,
}

impl Wanted<'_> {
    /// The keys that are missing, and the value below them.
    fn fresh(self, keys: &[String]) -> String {
        let leaf = format!("{{secure: \"{}\"}}", self.cipher);
        let value = if self.is_env {
            format!("[{leaf}]")
        } else {
            leaf
        };
        let mut keys = keys.iter().rev().peekable();
        let mut out = value;
        while let Some(key) = keys.next() {
            out = if keys.peek().is_some() {
                format!("{{{key}: {out}}}")
            } else {
                format!("{key}: {out}")
            };
        }
        out
    }
}

/// Variables that stand right below `env`, moved to where they mean the same beside others.
pub(super) fn beside_jobs(value: &str, cipher: &str) -> String {
    format!("{{jobs: {value}, global: [{{secure: \"{cipher}\"}}]}}")
}

/// Whether the value of `env` says what its variables are for.
pub(super) fn is_sorted(text: &str, value: Span) -> bool {
    text.as_bytes().get(value.first) == Some(&b'{')
        && read(text, value.first).is_some_and(|flow| {
            flow.entries.is_empty()
                || flow
                    .entries
                    .iter()
                    .any(|entry| super::SORTED.contains(&pair(text, *entry).0))
        })
}

/// The text with the value in the collection that begins at `open`.
pub(super) fn add(text: &str, open: usize, wanted: Wanted<'_>) -> Result<String, String> {
    let flow = read(text, open).ok_or("a bracket is never closed")?;
    let is_map = text.as_bytes().get(open) == Some(&b'{');
    let Some(key) = wanted.keys.first() else {
        let secure = format!("{{secure: \"{}\"}}", wanted.cipher);
        return if !is_map {
            Ok(insert(text, &flow, &secure))
        } else if wanted.is_env {
            let list = format!("[{}, {secure}]", flow.span.of(text));
            Ok(replace(text, flow.span, &list))
        } else {
            Err("it has a value already; remove it first".to_owned())
        };
    };
    if !is_map {
        return Err(format!("it is a list and has no key {key}"));
    }
    let found = flow
        .entries
        .iter()
        .map(|entry| pair(text, *entry))
        .find(|(known, _)| known == key);
    let Some((_, value)) = found else {
        return Ok(insert(text, &flow, &wanted.fresh(wanted.keys)));
    };
    let rest = Wanted {
        keys: &wanted.keys[1..],
        top: false,
        ..wanted
    };
    let said = value.of(text);
    let global = rest.keys.first().is_some_and(|key| key == "global");
    let unsorted = wanted.top && key == "env" && global && !is_sorted(text, value);
    match said.as_bytes().first() {
        None => {
            let new = rest.fresh(rest.keys);
            let new = if rest.keys.is_empty() {
                new
            } else {
                format!("{{{new}}}")
            };
            Ok(replace(text, value, &format!(" {new}")))
        }
        Some(b'&' | b'*' | b'!') => Err(format!("the value of {key} is marked with {said}")),
        Some(_) if unsorted => Ok(replace(text, value, &beside_jobs(said, wanted.cipher))),
        Some(b'[' | b'{') => add(text, value.first, rest),
        Some(_) if rest.keys.is_empty() && wanted.is_env => {
            let list = format!("[{said}, {{secure: \"{}\"}}]", wanted.cipher);
            Ok(replace(text, value, &list))
        }
        Some(_) => Err(format!("{key} has a value already; remove it first")),
    }
}

pub(super) fn replace(text: &str, place: Span, new: &str) -> String {
    format!("{}{new}{}", &text[..place.first], &text[place.end..])
}

/// A further entry, at the end, laid out as those before it.
fn insert(text: &str, flow: &Flow, new: &str) -> String {
    let close = flow.span.end - 1;
    let line = text[..close].rfind('\n').map_or(0, |at| at + 1);
    let alone = line > flow.span.first && text[line..close].trim().is_empty();
    let Some(last) = flow.entries.last() else {
        let inner = Span {
            first: flow.span.first + 1,
            end: close,
        };
        let pad = if inner.of(text).starts_with(' ') {
            " "
        } else {
            ""
        };
        return if alone {
            let deep = " ".repeat(close - line + 2);
            format!("{}{deep}{new}\n{}", &text[..line], &text[line..])
        } else {
            replace(text, inner, &format!("{pad}{new}{pad}"))
        };
    };
    let mut out = text[..last.end].to_owned();
    if !alone {
        let rest = flow.comma.map_or(last.end, |comma| comma + 1);
        out.push_str(", ");
        out.push_str(new);
        out.push_str(&text[rest..]);
        return out;
    }
    // The bracket has its own line, so the entry gets one, too; a comma at the end is kept up.
    if flow.comma.is_none() {
        out.push(',');
    }
    let own = text[..last.first].rfind('\n').map_or(0, |at| at + 1);
    let deep = match &text[own..last.first] {
        space if own > flow.span.first && space.trim().is_empty() => space.to_owned(),
        _ => " ".repeat(close - line + 2),
    };
    let end = if text[..line].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let comma = if flow.comma.is_some() { "," } else { "" };
    out.push_str(&text[last.end..line]);
    out.push_str(&format!("{deep}{new}{comma}{end}"));
    out.push_str(&text[line..]);
    out
}
