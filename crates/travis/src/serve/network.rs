//! The network of jobs.

use travis_egress::{Gateway, Policy, Reach};
use travis_sandbox::{Executor, Network, Networks};
use travis_worker::NetworkUse;

/// The network that a worker's jobs get: what its owner wants, where this machine can give it.
/// What it can't give it gives nothing in the place of.
pub async fn of_worker(wanted: NetworkUse, executor: &dyn Executor) -> Network {
    match wanted {
        NetworkUse::None => Network::Off,
        NetworkUse::Machine => Network::Machine,
        // Plain processes were asked for by name; nothing keeps them from it.
        NetworkUse::Guarded if executor.kind() == "host" => Network::Machine,
        NetworkUse::Guarded => match guarded(executor).await {
            Ok(network) => network,
            Err(why) => {
                tracing::warn!(
                    "jobs get no network: {why}; mend that, or let jobs have this machine's own, with all that is in reach of it: network = \"machine\" in worker.toml"
                );
                Network::Off
            }
        },
    }
}

/// The network for jobs beside a server on the same machine, which its owner trusts more.
pub async fn of_up(executor: &dyn Executor) -> Network {
    match guarded(executor).await {
        Ok(network) => network,
        Err(why) => {
            if executor.kind() != "host" {
                tracing::warn!(
                    "jobs have this machine's own network, with all that is in reach of it: {why}"
                );
            }
            Network::Machine
        }
    }
}

/// A network that lets pass what the policy allows, which is the public internet until the owner's
/// settings are read.
async fn guarded(executor: &dyn Executor) -> Result<Network, String> {
    match executor.kind() {
        "host" => return Err("plain processes can't be kept from the network".to_owned()),
        // It makes its networks without the kernel's help.
        "vm" => {}
        _ => Networks::default()
            .check()
            .await
            .map_err(|error| error.to_string())?,
    }
    Ok(Network::Guarded(Gateway::new(Policy {
        reach: Reach::Internet,
        ..Policy::default()
    })))
}
