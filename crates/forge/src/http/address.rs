//! Building addresses out of names that come from elsewhere.

use crate::ForgeError;

/// A text as one part of a path or query: everything but letters, digits and `-._~` is escaped.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

/// A path of several parts, each as [`segment`] has it; slashes stay.
pub(crate) fn segments(path: &str) -> String {
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// The path of a repository, `owner/name` or deeper, checked and escaped, slashes staying. The
/// parts `.` and `..` would lead out of it.
///
/// # Errors
/// [`ForgeError::BadName`].
pub(crate) fn repository_path(path: &str) -> Result<String, ForgeError> {
    let parts: Vec<&str> = path.split('/').collect();
    let bad = |part: &&str| matches!(*part, "" | "." | "..") || part.chars().any(char::is_control);
    if parts.len() < 2 || path.len() > 500 || parts.iter().any(bad) {
        return Err(ForgeError::BadName {
            what: "name of a repository (owner/name)",
            name: path.chars().take(100).collect(),
        });
    }
    Ok(segments(path))
}

/// The number of something on a forge: digits only, so that it can stand in a path.
///
/// # Errors
/// [`ForgeError::BadName`].
pub(crate) fn number<'a>(what: &'static str, id: &'a str) -> Result<&'a str, ForgeError> {
    if id.is_empty() || id.len() > 20 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ForgeError::BadName {
            what,
            name: id.chars().take(100).collect(),
        });
    }
    Ok(id)
}

/// `key=value&…`, escaped.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    pairs
        .iter()
        .map(|(key, value)| format!("{}={}", segment(key), segment(value)))
        .collect::<Vec<_>>()
        .join("&")
}
