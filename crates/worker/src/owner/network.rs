//! The owner's words about the network, for the gateway; and the gateway's record, for the owner.

use std::sync::Arc;
use std::time::SystemTime;

use travis_api::lend::{Egress, Lending};
use travis_egress::{Allowed, Gateway, Policy, Reach, Registries};

use super::{Contact, OwnerSettings, lending};

/// Addresses that are shown.
const SHOWN: usize = 500;

/// Lets the gateway keep what the owner says.
pub(crate) fn apply(gateway: &Gateway, file: &OwnerSettings, effective: &Lending, used_up: bool) {
    let before = gateway.policy();
    let mut allowed: Vec<Allowed> = Vec::new();
    for text in &file.allow_lan {
        match text.parse() {
            Ok(one) => allowed.push(one),
            Err(error) => tracing::warn!(%error, "an address of allow_lan is passed over"),
        }
    }
    let registries = if file.registries.is_empty() {
        Arc::default()
    } else {
        let mut registries = Registries::default();
        registries.add(&file.registries.join("\n"));
        Arc::new(registries)
    };
    gateway.set_policy(Policy {
        reach: match lending::egress(effective) {
            Egress::None => Reach::None,
            Egress::Registries => Reach::Registries,
            Egress::Internet => Reach::Internet,
        },
        allowed,
        registries,
        bytes_per_second: effective.bytes_per_second,
        closed: used_up.then(|| "this month's bytes are used up".to_owned()),
        mail: before.mail,
    });
}

/// Whom jobs contacted, the latest first.
pub(crate) fn contacts(gateway: &Gateway) -> Vec<Contact> {
    let now = SystemTime::now();
    let ago = |then: SystemTime| now.duration_since(then).map_or(0, |ago| ago.as_secs());
    let mut found = Vec::new();
    for job in gateway.jobs() {
        found.extend(gateway.contacts(&job).into_iter().map(|contact| Contact {
            address: std::net::SocketAddr::new(contact.target.ip, contact.target.port).to_string(),
            host: contact.target.host,
            job: job.clone(),
            refused: None,
            connections: contact.connections,
            sent: contact.sent,
            received: contact.received,
            seconds_ago: ago(contact.last),
        }));
        found.extend(gateway.refusals(&job).into_iter().map(|refusal| Contact {
            address: std::net::SocketAddr::new(refusal.target.ip, refusal.target.port).to_string(),
            host: refusal.target.host,
            job: job.clone(),
            refused: Some(refusal.reason.to_string()),
            connections: refusal.times,
            sent: 0,
            received: 0,
            seconds_ago: ago(refusal.last),
        }));
    }
    found.sort_by_key(|contact| contact.seconds_ago);
    found.truncate(SHOWN);
    found
}
