//! With what a worker is started. Pure.

use super::offer::Offer;
use serde::{Deserialize, Serialize};

/// What is kept from one start of the machine to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// The server that this machine is lent to.
    pub server: String,
    /// The name that it was given.
    pub name: String,
}

/// All that is known.
pub struct Known<'a> {
    /// From earlier starts.
    pub kept: Option<&'a Kept>,
    /// Whether the worker has a key that a server knows.
    pub enrolled: bool,
    /// What was handed in.
    pub offer: &'a Offer,
    /// What was typed on the console after the last question.
    pub typed: Option<&'a Offer>,
    /// Tokens that a server refused since this machine started.
    pub refused: &'a [String],
}

/// What to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Plan {
    /// Start the worker.
    Start {
        /// The server.
        server: String,
        /// The name, when one was said.
        name: Option<String>,
        /// A token, when there is one that may work.
        token: Option<String>,
    },
    /// Ask on the console.
    Ask {
        /// The server, when only the token is missing.
        server: Option<String>,
    },
}

/// Decides. What was typed counts more than what was handed in, and that more than what was kept;
/// a machine that a server knows needs no token there.
pub fn plan(known: &Known<'_>) -> Plan {
    let typed = known.typed;
    let server = typed
        .and_then(|typed| typed.server.clone())
        .or_else(|| known.offer.server.clone())
        .or_else(|| known.kept.map(|kept| kept.server.clone()))
        .map(|server| server.trim_end_matches('/').to_owned());
    let Some(server) = server else {
        return Plan::Ask { server: None };
    };
    let token = typed
        .and_then(|typed| typed.token.clone())
        .or_else(|| known.offer.token.clone())
        .filter(|token| !known.refused.contains(token));
    let here = known.enrolled && known.kept.is_some_and(|kept| kept.server == server);
    if token.is_none() && !here {
        return Plan::Ask {
            server: Some(server),
        };
    }
    let name = typed
        .and_then(|typed| typed.name.clone())
        .or_else(|| known.offer.name.clone())
        .or_else(|| known.kept.map(|kept| kept.name.clone()));
    Plan::Start {
        server,
        name,
        token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(server: Option<&str>, token: Option<&str>) -> Offer {
        Offer {
            server: server.map(str::to_owned),
            token: token.map(str::to_owned),
            ..Offer::default()
        }
    }

    fn said(
        kept: Option<&str>,
        enrolled: bool,
        offered: (Option<&str>, Option<&str>),
        typed: Option<(Option<&str>, Option<&str>)>,
        refused: &[&str],
    ) -> String {
        let kept = kept.map(|server| Kept {
            server: server.to_owned(),
            name: "attic".to_owned(),
        });
        let refused: Vec<String> = refused.iter().map(|token| (*token).to_owned()).collect();
        let typed = typed.map(|(server, token)| offer(server, token));
        let made = plan(&Known {
            kept: kept.as_ref(),
            enrolled,
            offer: &offer(offered.0, offered.1),
            typed: typed.as_ref(),
            refused: &refused,
        });
        match made {
            Plan::Ask { server } => format!("ask {}", server.unwrap_or_default()),
            Plan::Start { server, token, .. } => {
                format!("start {server} {}", token.unwrap_or_default())
            }
        }
    }

    #[test]
    fn every_case() {
        let none = (None, None);
        // Nothing known; only a server; both.
        assert_eq!(said(None, false, none, None, &[]), "ask ");
        assert_eq!(said(None, false, (Some("a"), None), None, &[]), "ask a");
        assert_eq!(
            said(None, false, (Some("a/"), Some("t")), None, &[]),
            "start a t"
        );
        // Later starts resume, with the seed still there or gone.
        assert_eq!(said(Some("a"), true, none, None, &[]), "start a ");
        assert_eq!(
            said(Some("a"), true, (Some("a"), Some("t")), None, &[]),
            "start a t"
        );
        // A token that was used up is asked for anew, and the seed's is not tried again.
        let seed = (Some("a"), Some("t"));
        assert_eq!(said(Some("a"), false, seed, None, &["t"]), "ask a");
        let typed = Some((None, Some("u")));
        assert_eq!(said(Some("a"), false, seed, typed, &["t"]), "start a u");
        // Moving to another server needs a token of it.
        assert_eq!(said(Some("a"), true, (Some("b"), None), None, &[]), "ask b");
        let typed = Some((Some("b"), Some("u")));
        assert_eq!(said(Some("a"), true, none, typed, &[]), "start b u");
    }
}
