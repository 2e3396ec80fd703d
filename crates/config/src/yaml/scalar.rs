//! What a plain word is: null, a boolean, a whole number, or a string.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::Number;

use super::Value;

/// The value of a scalar as written.
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    if let Some(tag) = tag {
        let decoded = (tag.suffix == "binary").then(|| base64(text));
        return Value::Str(decoded.unwrap_or_else(|| text.to_owned()));
    }
    if style != ScalarStyle::Plain {
        return Value::Str(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        other => integer(other).map_or_else(|| Value::Str(other.to_owned()), Value::Num),
    }
}

/// Whole numbers as YAML 1.1 writes them: decimal with separators, octal, hexadecimal, binary.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        b'0'..=b'9' => (false, text),
        _ => return None,
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0'] => (10, digits),
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', ..] => (8, digits.get(1..)?),
        [b'1'..=b'9', ..] => (10, digits),
        _ => return None,
    };
    let is_digit = |c: char| c.is_digit(radix) || c == '_' || c == ',';
    if digits.is_empty() || !digits.chars().all(is_digit) {
        return None;
    }
    let plain: String = digits.chars().filter(|c| c.is_digit(radix)).collect();
    let value = i64::from_str_radix(&plain, radix).ok()?;
    Some(Number::from(if negative { -value } else { value }))
}

/// The text behind Base64; what is no Base64 is passed over.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let Some(value) = ALPHABET.iter().position(|known| *known == byte) else {
            continue;
        };
        bits = (bits << 6) | u32::try_from(value).unwrap_or_default();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
