//! The markers that a job's script prints between its output: folds and time marks.
//!
//! `travis_fold:start:NAME`, `travis_fold:end:NAME`, `travis_time:start:ID` and
//! `travis_time:end:ID:start=…,finish=…,duration=…,event=…`, each ended by a carriage return and
//! usually an erase (`ESC [ 0 K`), and never by a newline. They are data about the display only:
//! a job that prints them itself folds its own log and nothing else.

/// What every marker starts with.
pub(crate) const START: &[u8] = b"travis_";

/// A marker is at most this long, its ending included. Longer ones are text.
pub(crate) const MAX_LEN: usize = 512;

const MAX_NAME: usize = 128;

/// One marker.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mark<'a> {
    FoldStart(&'a str),
    FoldEnd(&'a str),
    TimeStart(&'a str),
    TimeEnd {
        id: &'a str,
        start_ns: Option<u64>,
        duration_ns: Option<u64>,
        event: Option<&'a str>,
    },
}

/// What stands at the front of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    /// A marker of this many bytes.
    Mark(Mark<'a>, usize),
    /// No marker.
    Text,
    /// It may become a marker, or a longer one, with more bytes.
    Open,
}

/// Reads a marker at the front of `bytes`, which start with [`START`] or, at their end, with a part
/// of it. `ended` says that no more bytes follow.
pub(crate) fn parse(bytes: &[u8], ended: bool) -> Parsed<'_> {
    let window = &bytes[..bytes.len().min(MAX_LEN)];
    let cut = bytes.len() <= MAX_LEN && !ended;
    let open = if cut { Parsed::Open } else { Parsed::Text };
    let body = window
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"_-.=,:".contains(b)));
    let Some(body) = body else {
        return if could_start(window) {
            open
        } else {
            Parsed::Text
        };
    };
    if window[body] != b'\r' || !could_start(&window[..body]) {
        return Parsed::Text;
    }
    let Some(mark) = read_body(&window[..body]) else {
        return Parsed::Text;
    };
    let after = &window[body + 1..];
    for erase in [b"\x1b[0K".as_slice(), b"\x1b[K"] {
        if after.starts_with(erase) {
            return Parsed::Mark(mark, body + 1 + erase.len());
        }
        if cut && erase.starts_with(after) {
            return Parsed::Open;
        }
    }
    Parsed::Mark(mark, body + 1)
}

fn could_start(bytes: &[u8]) -> bool {
    const FRONTS: [&[u8]; 4] = [
        b"travis_fold:start:",
        b"travis_fold:end:",
        b"travis_time:start:",
        b"travis_time:end:",
    ];
    FRONTS
        .iter()
        .any(|front| bytes.starts_with(front) || front.starts_with(bytes))
}

fn read_body(body: &[u8]) -> Option<Mark<'_>> {
    let body = std::str::from_utf8(body).ok()?;
    let mut parts = body.splitn(4, ':');
    let (kind, edge, name) = (parts.next()?, parts.next()?, parts.next()?);
    let rest = parts.next();
    if !is_name(name) {
        return None;
    }
    match (kind, edge, rest) {
        ("travis_fold", "start", None) => Some(Mark::FoldStart(name)),
        ("travis_fold", "end", None) => Some(Mark::FoldEnd(name)),
        ("travis_time", "start", None) => Some(Mark::TimeStart(name)),
        ("travis_time", "end", rest) => Some(read_time_end(name, rest.unwrap_or_default())),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

fn read_time_end<'a>(id: &'a str, fields: &'a str) -> Mark<'a> {
    let (mut start_ns, mut finish_ns, mut duration_ns, mut event) = (None, None, None, None);
    for field in fields.split(',') {
        match field.split_once('=') {
            Some(("start", v)) => start_ns = v.parse().ok(),
            Some(("finish", v)) => finish_ns = v.parse::<u64>().ok(),
            Some(("duration", v)) => duration_ns = v.parse().ok(),
            Some(("event", v)) if is_name(v) => event = Some(v),
            _ => {}
        }
    }
    Mark::TimeEnd {
        id,
        start_ns,
        duration_ns: duration_ns.or_else(|| finish_ns?.checked_sub(start_ns?)),
        event,
    }
}
