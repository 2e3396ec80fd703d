//! The tokens by which an App proves itself: RS256 over its own key.

use crate::http::Reply;
use crate::state::{State, epoch};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use std::sync::OnceLock;

/// Why there is no key.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no RSA key could be made, the system gives no randomness")]
pub struct KeyError;

struct Key {
    pem: String,
    public: Vec<u8>,
}

/// One key for all Apps of the process: making one takes a noticeable part of a second.
static KEY: OnceLock<Result<Key, KeyError>> = OnceLock::new();

fn key() -> Result<&'static Key, KeyError> {
    KEY.get_or_init(make).as_ref().map_err(|error| *error)
}

fn make() -> Result<Key, KeyError> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError)?;
    let wrapped: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError)?;
    let inner = unwrapped(wrapped.as_ref()).ok_or(KeyError)?;
    let text = STANDARD.encode(inner);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|from| &text[from..(from + 64).min(text.len())])
        .collect();
    let name = "RSA PRIVATE KEY";
    Ok(Key {
        pem: format!(
            "-----BEGIN {name}-----\n{}\n-----END {name}-----\n",
            lines.join("\n")
        ),
        public: pair.public_key().as_ref().to_vec(),
    })
}

/// The PKCS#1 key inside a PKCS#8 one: GitHub hands out the former.
fn unwrapped(der: &[u8]) -> Option<&[u8]> {
    let (_, body, _) = element(der)?;
    let (_, _, rest) = element(body)?; // version
    let (_, _, rest) = element(rest)?; // algorithm
    let (tag, inner, _) = element(rest)?;
    (tag == 4).then_some(inner)
}

/// Tag and content of the first DER element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = bytes.iter().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256)?.checked_add(usize::from(*byte))
        })?;
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The private key of every App.
///
/// # Errors
/// When the system gives no randomness.
pub fn pem() -> Result<String, KeyError> {
    key().map(|key| key.pem.clone())
}

/// The App that a token speaks for.
///
/// # Errors
/// 401 with GitHub's texts.
pub fn verify(state: &State, token: &str) -> Result<u64, Reply> {
    let refuse = |text: &str| Reply::message(401, text);
    let undecodable = || refuse("A JSON web token could not be decoded");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(undecodable)?;
    let (head, claims) = signed.split_once('.').ok_or_else(undecodable)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| undecodable());
    let read = |part: &str| -> Result<Value, Reply> {
        serde_json::from_slice(&decode(part)?).map_err(|_| undecodable())
    };
    let (head, claims) = (read(head)?, read(claims)?);
    if head["alg"] != "RS256" {
        return Err(undecodable());
    }
    let key = key().map_err(|error| Reply::message(500, &error.to_string()))?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.public)
        .verify(signed.as_bytes(), &decode(signature)?)
        .map_err(|_| undecodable())?;
    let time = epoch();
    let (Some(issued), Some(ends)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
        return Err(refuse(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        ));
    };
    if ends <= time {
        return Err(refuse(
            "'Expiration time' claim ('exp') is too far in the past",
        ));
    }
    if ends > time + 600 {
        return Err(refuse(
            "'Expiration time' claim ('exp') is too far in the future",
        ));
    }
    if issued > time + 60 {
        return Err(refuse(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        ));
    }
    let issuer = claims["iss"]
        .as_str()
        .map_or_else(|| claims["iss"].to_string(), str::to_owned);
    state
        .apps
        .values()
        .find(|app| app.id.to_string() == issuer || app.client_id == issuer)
        .map(|app| app.id)
        .ok_or_else(|| Reply::message(404, "Integration not found"))
}
