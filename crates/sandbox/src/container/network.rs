//! Guarded networks for containers: made outside, joined by the engine.

use std::path::PathBuf;
use std::process::Stdio;

use travis_egress::NAMESERVER_V4;

use crate::container::engine::{self, Engine, finish};
use crate::container::job::JobFiles;
use crate::network::JobNetwork;
use crate::{Networks, SandboxError};

/// Shows the network namespace that is its standard input at a path.
const SHOW: &str = r#": >"$1" && mount --bind /proc/self/fd/0 "$1""#;

/// How networks are made that the engine can join: a rootless one has namespaces of its own, and
/// only what is made in there belongs to it.
pub(crate) fn networks(engine: &Engine, usual: Networks) -> Networks {
    if !(engine.rootless && engine.is_podman()) {
        return usual;
    }
    // `/proc/self/exe` would be the engine there.
    let program = usual.program();
    let program = program
        .canonicalize()
        .unwrap_or_else(|_| program.to_owned());
    let words = vec!["unshare".to_owned(), program.display().to_string()];
    Networks::through(engine.program.clone().into(), words, engine::environment())
}

/// Where the engine finds the network.
pub(crate) async fn path_for(
    engine: &Engine,
    network: &JobNetwork,
    files: &JobFiles,
) -> Result<PathBuf, SandboxError> {
    let broken = |reason: String| SandboxError::Network(std::io::Error::other(reason));
    if !engine.is_podman() {
        return Err(broken(
            "Docker can't join a network that is made for the job; install Podman, or let jobs have the machine's network (network = \"machine\")".to_owned(),
        ));
    }
    if !engine.rootless {
        return Ok(network.path().into());
    }
    // Others of the same user may not follow the worker's descriptors out of the engine's own
    // user namespace; a mount in there they see.
    let place = files.network();
    let namespace = network
        .descriptor()
        .try_clone_to_owned()
        .map_err(SandboxError::Network)?;
    let mut command = tokio::process::Command::new(&engine.program);
    command
        .env_clear()
        .envs(engine::environment())
        .args(["unshare", "sh", "-c", SHOW, "show-network"])
        .arg(&place)
        .stdin(Stdio::from(namespace))
        .kill_on_drop(true);
    finish(command, engine::SHORT).await.map_err(broken)?;
    Ok(place)
}

/// The list of name servers: the gateway's.
pub(crate) fn name_server(files: &JobFiles) -> Result<PathBuf, SandboxError> {
    files.extra("resolv.conf", &format!("nameserver {NAMESERVER_V4}\n"))
}
