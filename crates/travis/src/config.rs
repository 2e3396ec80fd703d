//! Which server the client commands talk to: `TRAVIS_ENDPOINT` and `TRAVIS_TOKEN`, else the file
//! that `travis login` or `travis up` wrote.

use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// A server and the right to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Its address without a slash at the end: `http://127.0.0.1:8080`.
    pub endpoint: String,
    /// The API token; anonymous readers see public things.
    pub token: Option<String>,
    /// Where the address was found, for people.
    pub source: String,
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    default: Section,
}

/// One server in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Why no server is known.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Neither the environment nor the file names one.
    #[error("no server is named: TRAVIS_ENDPOINT is not set and {} does not exist", path.display())]
    Missing {
        /// The file looked for.
        path: PathBuf,
    },
    /// The file is not as it should be.
    #[error("{}:{line}: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// 1 is the first.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// An address that is none.
    #[error("{place}: \"{endpoint}\" is not the address of a server: {reason}")]
    Endpoint {
        /// Where it was found.
        place: String,
        /// The text.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nowhere to keep the file.
    #[error("no place for the configuration: neither XDG_CONFIG_HOME nor HOME is set")]
    NoHome,
    /// The file can't be read or written.
    #[error("can't {action} {}: {error}", path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The file's place: `$XDG_CONFIG_HOME/travis/config.toml`, else `~/.config/travis/config.toml`.
#[must_use]
pub fn path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        // The specification says: relative paths are to be ignored.
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".config")))?;
    Some(base.join("travis").join("config.toml"))
}

/// Remembers a server in the file at its usual place, for the client commands. Also called by
/// `travis up`. Gives back where it was written.
///
/// # Errors
/// When there is no home directory or the file can't be written.
#[allow(dead_code, reason = "the wiring of `travis up` calls it")]
pub fn write(endpoint: &str, token: &str) -> Result<PathBuf, ConfigError> {
    let path = path().ok_or(ConfigError::NoHome)?;
    write_to(&path, endpoint, token)?;
    Ok(path)
}

/// Remembers a server in a file, readable by its owner only; what was there is replaced whole.
///
/// # Errors
/// When the address is none or the file can't be written.
pub fn write_to(path: &Path, endpoint: &str, token: &str) -> Result<(), ConfigError> {
    let file = File {
        default: Section {
            endpoint: normalize(endpoint, "endpoint")?,
            token: Some(token.to_owned()),
        },
    };
    let failed = |error: io::Error| ConfigError::Io {
        action: "write",
        path: path.to_owned(),
        error,
    };
    let text = toml::to_string(&file).map_err(|error| failed(io::Error::other(error)))?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    // Written beside and renamed: a crash leaves the old file or the new one, and the token is
    // never in a file that others can open.
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let _ = fs::remove_file(&beside);
    let result = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut handle| {
            handle.write_all(text.as_bytes())?;
            handle.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    if result.is_err() {
        let _ = fs::remove_file(&beside);
    }
    result.map_err(failed)
}

/// Finds the server: the environment first, then the file. The file's token is only ever sent to
/// the file's own server.
///
/// # Errors
/// When no server is named, or the file is wrong.
pub fn find(
    endpoint: Option<&str>,
    token: Option<&str>,
    path: Option<&Path>,
) -> Result<Server, ConfigError> {
    if let Some(endpoint) = endpoint {
        let source = "TRAVIS_ENDPOINT";
        let endpoint = normalize(endpoint, source)?;
        let token = match token {
            Some(token) => Some(token.to_owned()),
            None => match path.map(read).transpose()?.flatten() {
                Some(kept) if kept.endpoint == endpoint => kept.token,
                _ => None,
            },
        };
        return Ok(Server {
            endpoint,
            token,
            source: source.to_owned(),
        });
    }
    let path = path.ok_or(ConfigError::NoHome)?;
    let Some(mut server) = read(path)? else {
        return Err(ConfigError::Missing {
            path: path.to_owned(),
        });
    };
    if let Some(token) = token {
        server.token = Some(token.to_owned());
    }
    Ok(server)
}

/// Reads the file; `None` when there is none.
///
/// # Errors
/// When it can't be read or is wrong.
pub fn read(path: &Path) -> Result<Option<Server>, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(ConfigError::Io {
                action: "read",
                path: path.to_owned(),
                error,
            });
        }
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        ConfigError::Parse {
            path: path.to_owned(),
            line: text.as_bytes()[..start]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1,
            message: error.message().trim().replace('\n', " "),
        }
    })?;
    let source = path.display().to_string();
    Ok(Some(Server {
        endpoint: normalize(&file.default.endpoint, &source)?,
        token: file.default.token,
        source,
    }))
}

/// Whether others than the owner can read the file.
#[must_use]
pub fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 != 0)
}

/// Checks an address and takes the slashes off its end.
///
/// # Errors
/// When it is not the address of an HTTP server.
pub fn normalize(endpoint: &str, source: &str) -> Result<String, ConfigError> {
    let wrong = |reason: &str| ConfigError::Endpoint {
        place: source.to_owned(),
        endpoint: endpoint.to_owned(),
        reason: reason.to_owned(),
    };
    let url = reqwest::Url::parse(endpoint.trim())
        .map_err(|_| wrong("write it like http://127.0.0.1:8080"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("it must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "leave out the user's name; the token says who you are",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("leave out what follows ? or #"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
