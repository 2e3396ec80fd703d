//! Values as people write them: `40 GB`, `50`, `acme/*`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

struct Size;

impl Visitor<'_> for Size {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size like \"40 GB\", or a number of bytes")
    }

    fn visit_i64<E: Error>(self, bytes: i64) -> Result<Self::Value, E> {
        u64::try_from(bytes)
            .map(Some)
            .map_err(|_| E::custom("a size is not negative"))
    }

    fn visit_u64<E: Error>(self, bytes: u64) -> Result<Self::Value, E> {
        Ok(Some(bytes))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        bytes_of(text).map(Some).ok_or_else(|| {
            E::custom(format!(
                "{text:?} is no size; write it like \"40 GB\" or \"500 MB\""
            ))
        })
    }
}

/// `40 GB`, `1.5 TB`, `512 MiB`, `1000`.
fn bytes_of(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text
        .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().ok()?;
    let mut bytes = whole.checked_mul(factor)?;
    if !part.is_empty() {
        // Six digits are finer than anybody means.
        let part = part.get(..6).unwrap_or(part);
        let digits: u64 = part.parse().ok()?;
        let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
        bytes = bytes.checked_add(
            (u128::from(factor) * u128::from(digits) / u128::from(scale))
                .try_into()
                .ok()?,
        )?;
    }
    Some(bytes)
}

pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    from.deserialize_any(Size)
}

pub(super) fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(from)?;
    if (1..=100).contains(&number) {
        Ok(Some(number))
    } else {
        Err(D::Error::custom(format!(
            "{number} is no percentage from 1 to 100"
        )))
    }
}

pub(super) fn slots<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let number = u32::deserialize(from)?;
    if number <= 1024 {
        Ok(Some(number))
    } else {
        Err(D::Error::custom(format!(
            "{number} jobs side by side are too many; 1024 at most"
        )))
    }
}

pub(super) fn celsius<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let degrees = f64::deserialize(from)?;
    if (30.0..=120.0).contains(&degrees) {
        Ok(Some(degrees))
    } else {
        Err(D::Error::custom(format!(
            "{degrees} is no temperature from 30 to 120 °C"
        )))
    }
}

pub(super) fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let patterns = Vec::<String>::deserialize(from)?;
    let good = |pattern: &String| {
        pattern == "*"
            || pattern.split_once('/').is_some_and(|(owner, name)| {
                let plain = |word: &str| !word.is_empty() && !word.contains(['*', '/', ' ']);
                (plain(owner) && (plain(name) || name == "*")) || pattern == "*/*"
            })
    };
    match patterns.iter().find(|pattern| !good(pattern)) {
        None => Ok(patterns),
        Some(wrong) => Err(D::Error::custom(format!(
            "{wrong:?} names no repositories; write owner/name, owner/* or *"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in [
            ("40 GB", 40_000_000_000),
            ("1.5TB", 1_500_000_000_000),
            ("512 MiB", 512 << 20),
            ("1000", 1000),
            ("0.25 k", 250),
        ] {
            assert_eq!(bytes_of(text), Some(bytes), "{text}");
        }
        for text in ["", "GB", "-1 GB", "1 parsec", "99999999999 TB", "1.2.3 GB"] {
            assert_eq!(bytes_of(text), None, "{text}");
        }
    }
}
