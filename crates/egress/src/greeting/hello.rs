//! The first message of TLS (RFC 8446, 4.1.2), as far as it says whom the connection wants.

use super::{HANDSHAKE, MOST, Unfit, host};
use crate::Refused;

/// Length of a record's head.
const HEAD: usize = 5;
const CLIENT_HELLO: u8 = 1;
/// Longest content of a record in the clear.
const RECORD: usize = 16_384;
/// Extension: the server's name, RFC 6066.
const SERVER_NAME: u16 = 0;
/// Kind of a name: a host's.
const HOST_NAME: u8 = 0;
/// Extension: a second, encrypted first message whose name counts instead, RFC 9849.
const ENCRYPTED_HELLO: u16 = 0xFE0D;
/// An earlier form of the same: the name alone is encrypted.
const ENCRYPTED_NAME: u16 = 0xFFCE;

/// The server name that a first message names; `None` while more of it has to come.
pub(super) fn server_name(bytes: &[u8]) -> Result<Option<String>, Unfit> {
    let Some(message) = message(bytes)? else {
        return Ok(None);
    };
    named(&message).map(Some)
}

/// Puts the message together, which may lie in pieces in several records.
fn message(bytes: &[u8]) -> Result<Option<Vec<u8>>, Unfit> {
    let mut whole = Vec::new();
    let mut rest = bytes;
    while let Some((head, after)) = rest.split_first_chunk::<HEAD>() {
        let [kind, major, _, high, low] = *head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if kind != HANDSHAKE || major != 3 || length == 0 || length > RECORD {
            return Err(Unfit::nameless());
        }
        let Some((content, after)) = after.split_at_checked(length) else {
            whole.extend_from_slice(after);
            return wanted(&whole).map(|_| None);
        };
        whole.extend_from_slice(content);
        rest = after;
        let Some(wanted) = wanted(&whole)? else {
            continue;
        };
        if whole.len() > wanted {
            // Nothing else may stand beside it.
            return Err(Unfit::nameless());
        }
        if whole.len() == wanted {
            return Ok(Some(whole.split_off(4)));
        }
    }
    Ok(None)
}

/// Length of the message with its head, as soon as it can be told.
fn wanted(message: &[u8]) -> Result<Option<usize>, Unfit> {
    if message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
        return Err(Unfit::nameless());
    }
    let Some([_, a, b, c]) = message.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
    if length > MOST {
        return Err(Unfit::nameless());
    }
    Ok(Some(length + 4))
}

fn named(message: &[u8]) -> Result<String, Unfit> {
    let mut reader = Reader(message);
    let extensions = reader.extensions().ok_or_else(Unfit::nameless)?;
    if !reader.0.is_empty() {
        return Err(Unfit::nameless());
    }
    let mut names = Vec::new();
    let mut hidden = false;
    let mut reader = Reader(extensions);
    while !reader.0.is_empty() {
        let (kind, content) = reader.extension().ok_or_else(Unfit::nameless)?;
        match kind {
            SERVER_NAME => names.push(content),
            ENCRYPTED_HELLO | ENCRYPTED_NAME => hidden = true,
            _ => {}
        }
    }
    // A server might take another of several names than we would.
    let [list] = *names else {
        return Err(Unfit::nameless());
    };
    let name = the_name(list).ok_or_else(Unfit::nameless)?;
    if hidden {
        return Err(Unfit {
            reason: Refused::HiddenHost,
            host: Some(name),
        });
    }
    Ok(name)
}

fn the_name(list: &[u8]) -> Option<String> {
    let mut list = Reader(list);
    let mut entries = Reader(list.long()?);
    let kind = entries.byte()?;
    let name = entries.long()?;
    let alone = list.0.is_empty() && entries.0.is_empty() && kind == HOST_NAME;
    // A port has no place here.
    (alone && !name.contains(&b':')).then(|| host(name))?
}

/// Takes parts off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn word(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// What a length of one byte stands before.
    fn short(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        self.take(length)
    }

    /// What a length of two bytes stands before.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.word()?);
        self.take(length)
    }

    fn extensions(&mut self) -> Option<&'a [u8]> {
        let (_version, _random) = (self.word()?, self.take(32)?);
        let (_session, _ciphers, _compressions) = (self.short()?, self.long()?, self.short()?);
        self.long()
    }

    fn extension(&mut self) -> Option<(u16, &'a [u8])> {
        Some((self.word()?, self.long()?))
    }
}
