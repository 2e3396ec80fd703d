//! Requests of HTTP/1 (RFC 9112), as far as they say whom they want.
//!
//! A connection carries many requests, each with its own host, so they are followed from the first
//! to the last. What two readers might take for different things is refused: a server must not see
//! a request where the gateway sees none.

use bytes::BytesMut;

use super::{MOST, Unfit, host};

const END: &[u8] = b"\r\n";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// Longest line before a piece of a body.
const SIZE_LINE: usize = 256;

/// Where in the requests a connection is.
#[derive(Debug, Default)]
pub(super) struct Requests {
    at: At,
    any_passed: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Head,
    /// So much of a body is to come.
    Body(u64),
    /// The line that says how long the next piece is.
    Size,
    /// So much of a piece.
    Piece(u64),
    /// The end of a piece's line.
    PieceEnd,
    /// Fields after the last piece, until an empty line.
    Trailer,
}

impl Requests {
    /// Whether no request has passed yet.
    pub(super) fn none_passed(&self) -> bool {
        !self.any_passed
    }

    /// Lets pass what may of `held`; what is left there needs more to be judged.
    pub(super) fn follow(
        &mut self,
        held: &mut BytesMut,
        is_fit: &dyn Fn(&str) -> bool,
        passing: &mut BytesMut,
    ) -> Result<(), Unfit> {
        while !held.is_empty() {
            let length = match self.at {
                At::Head => {
                    let Some(length) = ends(held, END_OF_HEAD, MOST)? else {
                        return Ok(());
                    };
                    let head = held.get(..length).unwrap_or_default();
                    self.at = judge(head, is_fit)?;
                    self.any_passed = true;
                    length
                }
                At::Body(left) | At::Piece(left) => {
                    let length = held.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let left = left - length as u64;
                    self.at = match self.at {
                        At::Body(_) if left == 0 => At::Head,
                        At::Body(_) => At::Body(left),
                        _ if left == 0 => At::PieceEnd,
                        _ => At::Piece(left),
                    };
                    length
                }
                At::Size => {
                    let Some(length) = ends(held, END, SIZE_LINE)? else {
                        return Ok(());
                    };
                    let line = held.get(..length - END.len()).unwrap_or_default();
                    let size = size(line).ok_or_else(Unfit::nameless)?;
                    self.at = match size {
                        0 => At::Trailer,
                        size => At::Piece(size),
                    };
                    length
                }
                At::PieceEnd => {
                    if !END.starts_with(held.get(..END.len()).unwrap_or(held)) {
                        return Err(Unfit::nameless());
                    }
                    if held.len() < END.len() {
                        return Ok(());
                    }
                    self.at = At::Size;
                    END.len()
                }
                At::Trailer => {
                    let Some(length) = ends(held, END, MOST)? else {
                        return Ok(());
                    };
                    if length == END.len() {
                        self.at = At::Head;
                    }
                    length
                }
            };
            passing.unsplit(held.split_to(length));
        }
        Ok(())
    }
}

/// Where what `mark` ends is over; `None` while it has yet to come.
fn ends(held: &[u8], mark: &[u8], most: usize) -> Result<Option<usize>, Unfit> {
    let window = held.get(..held.len().min(most)).unwrap_or_default();
    match window.windows(mark.len()).position(|part| part == mark) {
        Some(at) => Ok(Some(at + mark.len())),
        None if held.len() >= most => Err(Unfit::nameless()),
        None => Ok(None),
    }
}

/// Reads a request's head: what follows it, if it names a host that is in reach.
fn judge(head: &[u8], is_fit: &dyn Fn(&str) -> bool) -> Result<At, Unfit> {
    let read = read(head).ok_or_else(Unfit::nameless)?;
    for host in read.hosts {
        if !is_fit(&host) {
            return Err(Unfit::other(host));
        }
    }
    Ok(read.then)
}

struct Head {
    /// All that it names: the field's, and the target's when it has one.
    hosts: Vec<String>,
    then: At,
}

fn read(head: &[u8]) -> Option<Head> {
    let text = str::from_utf8(head.strip_suffix(END_OF_HEAD)?).ok()?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let known = matches!(version, "HTTP/1.1" | "HTTP/1.0") && words.next().is_none();
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    if !known || !is_method || method == "CONNECT" || has_control(target) {
        return None;
    }
    let mut hosts = Vec::new();
    if !target.starts_with('/') && target != "*" {
        let (_, rest) = target.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        hosts.push(host(authority.as_bytes())?);
    }
    let (mut named, mut length, mut pieces) = (None, None, false);
    for line in lines {
        let (field, value) = line.split_once(':')?;
        let value = value.trim_matches([' ', '\t']);
        // Neither a continued line nor a space before the colon, which some take and some don't.
        if field.is_empty() || !field.bytes().all(is_token) || has_control(value) {
            return None;
        }
        if field.eq_ignore_ascii_case("host") {
            let one = named.replace(host(value.as_bytes())?).is_none();
            one.then_some(())?;
        } else if field.eq_ignore_ascii_case("content-length") {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let number: u64 = digits.then(|| value.parse().ok())??;
            length.replace(number).is_none().then_some(())?;
        } else if field.eq_ignore_ascii_case("transfer-encoding") {
            let one = !std::mem::replace(&mut pieces, true);
            (one && value.eq_ignore_ascii_case("chunked")).then_some(())?;
        }
    }
    hosts.push(named?);
    let then = match (length, pieces) {
        (Some(_), true) => return None,
        (None, true) if version == "HTTP/1.0" => return None,
        (None, true) => At::Size,
        (None | Some(0), false) => At::Head,
        (Some(length), false) => At::Body(length),
    };
    Some(Head { hosts, then })
}

/// The length of a piece; what follows a semicolon is a remark.
fn size(line: &[u8]) -> Option<u64> {
    let line = str::from_utf8(line).ok()?;
    let number = line.split(';').next()?.trim_end_matches([' ', '\t']);
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits && number.len() <= 15 && !has_control(line))
        .then(|| u64::from_str_radix(number, 16).ok())?
}

fn has_control(text: &str) -> bool {
    text.bytes()
        .any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7F)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
