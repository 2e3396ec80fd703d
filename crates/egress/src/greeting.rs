//! What a connection says first: the name of the host that it wants.
//!
//! Where only registries are in reach, an address alone proves little: content networks serve
//! thousands of names from one, and tell them apart by what the connection says. So a connection
//! has to say it where the gateway can read it, and say a registry's name: the server name of TLS,
//! the host of each request of HTTP/1. SSH says none and needs none, for no address serves more
//! than one host by it. Everything else is refused.

mod hello;
mod requests;

use bytes::BytesMut;

use self::requests::Requests;
use crate::Refused;

/// Bytes of a greeting that are held at most.
const MOST: usize = 16 * 1024;
/// How the protocol SSH begins, RFC 4253.
const SSH: &[u8] = b"SSH-";
/// How TLS begins: a record of the handshake.
const HANDSHAKE: u8 = 22;

/// Listens to one connection of a job and lets pass what names a host that is in reach.
#[derive(Debug, Default)]
pub(crate) struct Greeting {
    state: State,
    /// What is not judged yet.
    held: BytesMut,
}

#[derive(Debug, Default)]
enum State {
    /// Nothing passed yet.
    #[default]
    Silent,
    /// Requests follow one another, each with a name of its own.
    Requests(Requests),
    /// The rest passes unseen.
    Open,
}

/// A connection that may not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) reason: Refused,
    /// The host that it wants, where it said one.
    pub(crate) host: Option<String>,
}

impl Unfit {
    fn nameless() -> Self {
        Self {
            reason: Refused::Nameless,
            host: None,
        }
    }

    fn other(host: String) -> Self {
        Self {
            reason: Refused::OtherHost,
            host: Some(host),
        }
    }
}

impl Greeting {
    /// Takes bytes that the job sent and puts those that may pass into `passing`. `is_fit` says of
    /// a host, in small letters, whether it is in reach.
    pub(crate) fn hear(
        &mut self,
        bytes: &[u8],
        is_fit: &dyn Fn(&str) -> bool,
        passing: &mut BytesMut,
    ) -> Result<(), Unfit> {
        if matches!(self.state, State::Open) {
            passing.extend_from_slice(bytes);
            return Ok(());
        }
        self.held.extend_from_slice(bytes);
        if matches!(self.state, State::Silent) {
            match begins(&self.held) {
                Begins::Unclear => return Ok(()),
                Begins::Tls => match hello::server_name(&self.held)? {
                    None if self.held.len() > MOST => return Err(Unfit::nameless()),
                    None => return Ok(()),
                    Some(host) if is_fit(&host) => self.state = State::Open,
                    Some(host) => return Err(Unfit::other(host)),
                },
                Begins::Ssh => self.state = State::Open,
                Begins::Http => self.state = State::Requests(Requests::default()),
                Begins::Otherwise => return Err(Unfit::nameless()),
            }
        }
        match &mut self.state {
            State::Requests(requests) => requests.follow(&mut self.held, is_fit, passing),
            State::Silent | State::Open => {
                passing.unsplit(self.held.split());
                Ok(())
            }
        }
    }

    /// Whether it has yet to say whom it wants.
    pub(crate) fn is_silent(&self) -> bool {
        match &self.state {
            State::Silent => true,
            State::Requests(requests) => requests.none_passed(),
            State::Open => false,
        }
    }

    /// Whether everything passes from now on.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }
}

enum Begins {
    /// Not to be told from so few bytes.
    Unclear,
    Tls,
    Ssh,
    Http,
    Otherwise,
}

fn begins(held: &[u8]) -> Begins {
    match held {
        [] => Begins::Unclear,
        [HANDSHAKE, ..] => Begins::Tls,
        _ if held.starts_with(SSH) => Begins::Ssh,
        _ if SSH.starts_with(held) => Begins::Unclear,
        [b'A'..=b'Z', ..] => Begins::Http,
        _ => Begins::Otherwise,
    }
}

/// A host as programs write it, in small letters, without port and dot at the end. `None` for what
/// is none.
fn host(text: &[u8]) -> Option<String> {
    let text = str::from_utf8(text).ok()?;
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => text,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!name.is_empty() && name.len() <= 253 && name.bytes().all(good)).then_some(name)
}

#[cfg(test)]
mod tests;
