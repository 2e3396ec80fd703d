//! Clone URLs.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::address::is_public;

const MAX_URL: usize = 2_000;

/// What clone URLs may point at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UrlPolicy {
    /// Whether local paths, `file:` URLs and loopback or private addresses may be used. Only for an
    /// operator who trusts everybody that may add a repository.
    pub allow_local: bool,
}

/// Why a clone URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is empty or longer than 2,000 bytes.
    #[error("clone URL is empty or too long; give one such as https://example.org/owner/name.git")]
    Length,
    /// It holds a space, a newline or another control character.
    #[error("clone URL holds a space or a control character; remove it")]
    Character,
    /// Git could take it for an option.
    #[error("clone URL must not start with a dash; give one that starts with https:// or ssh://")]
    Dash,
    /// The transport is not one that is allowed.
    #[error("transport {0:?} is not allowed; use https, http or ssh")]
    Transport(String),
    /// It names a user with a password, or a user on http.
    #[error(
        "clone URL must not hold credentials, which would be shown to everybody; remove them, and \
         use an ssh address with a key for private repositories"
    )]
    Credentials,
    /// The host, port, user or path does not have the form that it must.
    #[error("{0} of the clone URL is missing or malformed; compare it with the host's own page")]
    Part(&'static str),
    /// It is a path that does not start at the root.
    #[error("clone URL is not a URL; give one such as https://example.org/owner/name.git")]
    Relative,
    /// It points at this machine or network.
    #[error(
        "clone URL points at a local path or a loopback or private address; use a public address, \
         or start the server with --allow-local-git"
    )]
    Local,
}

/// A checked clone URL. It holds no credentials, so it can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CloneUrl {
    text: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Http { host: String, port: u16 },
    Ssh { host: String, port: u16 },
    Local(PathBuf),
}

impl CloneUrl {
    /// The URL as git takes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The folder, when the repository is on this machine.
    pub fn local_path(&self) -> Option<&Path> {
        match &self.place {
            Place::Local(path) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl fmt::Display for CloneUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads a clone URL: https, http, ssh, `user@host:path`, and where `policy` allows it `file:` and
/// absolute paths.
///
/// # Errors
/// [`UrlError`] says what to change. The host name is not resolved here: see
/// [`check_address`](crate::check_address).
pub fn parse_clone_url(text: &str, policy: &UrlPolicy) -> Result<CloneUrl, UrlError> {
    let text = text.trim_matches(' ');
    if text.is_empty() || text.len() > MAX_URL {
        return Err(UrlError::Length);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlError::Character);
    }
    if text.starts_with('-') {
        return Err(UrlError::Dash);
    }
    let scheme_end = text
        .bytes()
        .position(|b| !(b.is_ascii_alphanumeric() || b"+.-_".contains(&b)));
    let (scheme, rest) = text.split_at(scheme_end.unwrap_or(text.len()));
    let scheme = scheme.to_ascii_lowercase();
    let place = if rest.starts_with("::") {
        return Err(UrlError::Transport(scheme));
    } else if let Some(rest) = rest.strip_prefix("://") {
        match scheme.as_str() {
            "https" => http(rest, 443)?,
            "http" => http(rest, 80)?,
            "ssh" => ssh(rest)?,
            "file" => local(rest)?,
            _ => return Err(UrlError::Transport(scheme)),
        }
    } else if text.starts_with('/') {
        local(text)?
    } else {
        scp(text)?
    };
    let is_local = match &place {
        Place::Http { host, .. } | Place::Ssh { host, .. } => is_local_host(host),
        Place::Local(_) => true,
    };
    if is_local && !policy.allow_local {
        return Err(UrlError::Local);
    }
    Ok(CloneUrl {
        text: text.to_owned(),
        place,
    })
}

fn http(rest: &str, port: u16) -> Result<Place, UrlError> {
    let (authority, path) = rest.split_once('/').ok_or(UrlError::Part("path"))?;
    if authority.contains('@') {
        return Err(UrlError::Credentials);
    }
    let (host, port) = host_and_port(authority, port)?;
    check_path(path)?;
    Ok(Place::Http { host, port })
}

fn ssh(rest: &str) -> Result<Place, UrlError> {
    let (authority, path) = rest.split_once('/').ok_or(UrlError::Part("path"))?;
    let (host, port) = host_and_port(without_user(authority)?, 22)?;
    check_path(path)?;
    Ok(Place::Ssh { host, port })
}

fn scp(text: &str) -> Result<Place, UrlError> {
    let (user, rest) = match text.split_once('@') {
        Some((user, rest)) if !user.contains(['/', ':']) => (Some(user), rest),
        _ => (None, text),
    };
    let colon = match rest.strip_prefix('[') {
        Some(inside) => inside.find("]:").map(|at| at + 2),
        None => rest.find(':'),
    };
    let Some(colon) = colon else {
        return Err(UrlError::Relative);
    };
    let (authority, path) = (&rest[..colon], &rest[colon + 1..]);
    if authority.contains('/') {
        return Err(UrlError::Relative);
    }
    if path.contains('@') && user.is_none() {
        // user:password@host
        return Err(UrlError::Credentials);
    }
    if let Some(user) = user {
        check_user(user)?;
    }
    let (host, port) = host_and_port(authority, 22)?;
    check_path(path)?;
    Ok(Place::Ssh { host, port })
}

fn local(path: &str) -> Result<Place, UrlError> {
    if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
        return Err(UrlError::Part("path"));
    }
    Ok(Place::Local(PathBuf::from(path)))
}

fn without_user(authority: &str) -> Result<&str, UrlError> {
    match authority.rsplit_once('@') {
        None => Ok(authority),
        Some((user, _)) if user.contains(':') => Err(UrlError::Credentials),
        Some((user, host)) => check_user(user).map(|()| host),
    }
}

fn check_user(user: &str) -> Result<(), UrlError> {
    let good = !user.is_empty()
        && !user.starts_with('-')
        && user
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if good {
        Ok(())
    } else {
        Err(UrlError::Part("user"))
    }
}

fn check_path(path: &str) -> Result<(), UrlError> {
    if path.is_empty() || path.starts_with('-') {
        return Err(UrlError::Part("path"));
    }
    Ok(())
}

fn host_and_port(authority: &str, port: u16) -> Result<(String, u16), UrlError> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(inside) => {
            let (host, rest) = inside.split_once(']').ok_or(UrlError::Part("host"))?;
            let ip: std::net::Ipv6Addr = host.parse().map_err(|_| UrlError::Part("host"))?;
            (ip.to_string(), rest)
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, rest) = authority.split_at(at);
            let good = !host.is_empty()
                && !host.starts_with(['-', '.'])
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
            if !good {
                return Err(UrlError::Part("host"));
            }
            (host.to_ascii_lowercase(), rest)
        }
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => port,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or(UrlError::Part("port"))?,
        _ => return Err(UrlError::Part("port")),
    };
    Ok((host, port))
}

fn is_local_host(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| !is_public(ip))
}

#[cfg(test)]
mod tests;
