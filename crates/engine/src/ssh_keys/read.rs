//! Reads private keys as `ssh-keygen` and OpenSSL write them, far enough to find the public half
//! and to refuse what a job could not use. Pure.

use crate::{EngineError, Secret};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Longer than any key: RSA of 16,384 bits has 12 KiB.
const LONGEST: usize = 32 * 1024;

/// The public half of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicHalf {
    /// As it stands in `authorized_keys`.
    pub line: String,
    /// As `ssh-keygen -l` shows it.
    pub fingerprint: String,
}

fn wrong(message: &str) -> EngineError {
    EngineError::invalid("value", message)
}

fn locked() -> EngineError {
    wrong(
        "this key has a passphrase, which jobs can't type: make one without, \
         ssh-keygen -t ed25519 -N '' -f travis_key",
    )
}

fn no_key() -> EngineError {
    wrong(
        "this is no private key: paste the whole file, from -----BEGIN to -----END, \
         of ssh-keygen -t ed25519 -N '' -f travis_key",
    )
}

/// The text with one line end after each line, whatever it was pasted from.
pub(super) fn tidy(value: &Secret) -> String {
    let lines: Vec<&str> = value.reveal().trim().lines().map(str::trim).collect();
    lines.join("\n")
}

/// Finds the public half.
pub(super) fn public_half(value: &Secret) -> Result<PublicHalf, EngineError> {
    if value.reveal().len() > LONGEST {
        return Err(wrong("a private key has 32 KiB at most"));
    }
    let text = tidy(value);
    if text.starts_with("ssh-") || text.contains("BEGIN PUBLIC KEY") {
        return Err(wrong(
            "this is the public half: paste the other file, which begins with -----BEGIN",
        ));
    }
    let (kind, body) = armored(&text).ok_or_else(no_key)?;
    if text.contains("Proc-Type: 4,ENCRYPTED") || kind == "ENCRYPTED PRIVATE KEY" {
        return Err(locked());
    }
    let blob = match kind {
        "OPENSSH PRIVATE KEY" => openssh(&body)?,
        "RSA PRIVATE KEY" => rsa(&KeyPair::from_der(&body).map_err(|_| no_key())?)?,
        "PRIVATE KEY" => rsa(&KeyPair::from_pkcs8(&body).map_err(|_| {
            wrong("of this form RSA keys alone can be used: ssh-keygen -t ed25519 makes others")
        })?)?,
        _ => {
            return Err(wrong(
                "keys of this form can't be used: ssh-keygen -p -N '' -f FILE writes it anew",
            ));
        }
    };
    let mut rest = blob.as_slice();
    let name = piece(&mut rest)
        .and_then(|name| std::str::from_utf8(name).ok())
        .filter(|name| name.bytes().all(|b| b.is_ascii_graphic()))
        .ok_or_else(no_key)?;
    Ok(PublicHalf {
        line: format!("{name} {}", STANDARD.encode(&blob)),
        fingerprint: format!(
            "SHA256:{}",
            STANDARD_NO_PAD.encode(digest(&SHA256, &blob).as_ref())
        ),
    })
}

/// The name and the bytes between the first lines of dashes.
fn armored(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let compact: String = body
        .lines()
        .filter(|line| !line.contains(':'))
        .flat_map(str::split_whitespace)
        .collect();
    if compact.is_empty() {
        return None;
    }
    // Encrypted ones of the old form are told apart by their head; their bytes are any.
    Some((kind, STANDARD.decode(compact).ok()?))
}

/// A string of the SSH protocol: four bytes of length, then so many.
fn piece<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = bytes.split_at_checked(4)?;
    let length = u32::from_be_bytes(length.try_into().ok()?);
    let (piece, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(piece)
}

/// The public half of a file of OpenSSH's: `PROTOCOL.key` of its source.
fn openssh(file: &[u8]) -> Result<Vec<u8>, EngineError> {
    let mut rest = file.strip_prefix(b"openssh-key-v1\0").ok_or_else(no_key)?;
    let cipher = piece(&mut rest).ok_or_else(no_key)?;
    if cipher != b"none" {
        return Err(locked());
    }
    let _derivation = piece(&mut rest).ok_or_else(no_key)?;
    let _options = piece(&mut rest).ok_or_else(no_key)?;
    let (count, mut rest) = rest.split_at_checked(4).ok_or_else(no_key)?;
    if count != [0, 0, 0, 1] {
        return Err(no_key());
    }
    let public = piece(&mut rest).ok_or_else(no_key)?.to_vec();
    let private = piece(&mut rest).ok_or_else(no_key)?;
    // Two equal numbers begin it.
    let (a, b) = private
        .split_at_checked(4)
        .and_then(|(a, rest)| rest.split_at_checked(4).map(|(b, _)| (a, b)))
        .ok_or_else(no_key)?;
    if a == b { Ok(public) } else { Err(no_key()) }
}

/// The public half of an RSA key in the form of the SSH protocol: a name and two numbers, written
/// as DER writes them.
fn rsa(key: &KeyPair) -> Result<Vec<u8>, EngineError> {
    let mut der = key.public_key().as_ref();
    let mut inside = element(&mut der, 0x30).ok_or_else(no_key)?;
    let modulus = element(&mut inside, 0x02).ok_or_else(no_key)?;
    let exponent = element(&mut inside, 0x02).ok_or_else(no_key)?;
    let mut blob = Vec::new();
    for piece in [b"ssh-rsa", exponent, modulus] {
        let length = u32::try_from(piece.len()).map_err(|_| no_key())?;
        blob.extend(length.to_be_bytes());
        blob.extend(piece);
    }
    Ok(blob)
}

/// The content of the first element of a DER text, if it has this tag.
fn element<'b>(der: &mut &'b [u8], tag: u8) -> Option<&'b [u8]> {
    let [first, length, rest @ ..] = *der else {
        return None;
    };
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *der = rest;
    (*first == tag).then_some(content)
}

#[cfg(test)]
mod tests;
