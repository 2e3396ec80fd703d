//! Names of refs, commits and files, checked before git sees them.

use crate::error::ForgeError;

const MAX_NAME: usize = 500;

/// Checks a branch's or tag's short name, or a full ref: the rules of `git check-ref-format`, and no
/// leading dash.
///
/// # Errors
/// [`ForgeError::BadName`].
pub fn check_ref(name: &str) -> Result<&str, ForgeError> {
    let bad_byte = |b: u8| b <= b' ' || b == 0x7F || b"~^:?*[\\".contains(&b);
    let bad = name.is_empty()
        || name.len() > MAX_NAME
        || name == "@"
        || name.starts_with('-')
        || name.ends_with('.')
        || name.contains("..")
        || name.contains("@{")
        || name.bytes().any(bad_byte)
        || name.chars().any(char::is_control)
        || name
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"));
    if bad {
        return Err(bad_name("ref", name));
    }
    Ok(name)
}

/// Checks a full ref.
pub(crate) fn check_full_ref(name: &str) -> Result<&str, ForgeError> {
    if !name.starts_with("refs/") {
        return Err(bad_name("full ref (refs/…)", name));
    }
    check_ref(name)
}

/// Whether this is a full commit id.
pub(crate) fn is_full_sha(sha: &str) -> bool {
    sha.len() == 40 && is_hex(sha)
}

/// Checks a full commit id and gives it in lower case.
pub(crate) fn check_sha(sha: &str) -> Result<String, ForgeError> {
    if !is_full_sha(sha) {
        return Err(bad_name("full commit id (40 hexadecimal digits)", sha));
    }
    Ok(sha.to_ascii_lowercase())
}

/// Checks the beginning of a commit id.
pub(crate) fn check_short_sha(sha: &str) -> Result<String, ForgeError> {
    if !(4..=40).contains(&sha.len()) || !is_hex(sha) {
        return Err(bad_name("commit id (4 to 40 hexadecimal digits)", sha));
    }
    Ok(sha.to_ascii_lowercase())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Checks the path of a file inside a repository.
pub(crate) fn check_path(path: &str) -> Result<&str, ForgeError> {
    let bad = path.is_empty()
        || path.len() > 4096
        || path.chars().any(char::is_control)
        || path.split('/').any(|part| matches!(part, "" | "." | ".."));
    if bad {
        return Err(bad_name("path of a file", path));
    }
    Ok(path)
}

fn bad_name(what: &'static str, name: &str) -> ForgeError {
    let name = name.chars().take(100).collect();
    ForgeError::BadName { what, name }
}
