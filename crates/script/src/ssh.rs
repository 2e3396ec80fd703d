//! The SSH key of a repository's settings: for submodules and other private sources.

use crate::section::Section;
use crate::{JobInput, ScriptError};

/// Writes the key to where git and ssh find it, before anything is fetched.
pub(crate) fn write(script: &mut Section, input: &JobInput) -> Result<(), ScriptError> {
    // The server decides who gets it; this only never makes it worse.
    let Some(key) = input.ssh_key.as_deref().filter(|_| input.secure_env) else {
        return Ok(());
    };
    script.needs(include_str!("bash/ssh.bash"));
    script.begin("travis_run_ssh_key", "prepare");
    script.call("travis_use_ssh_key", [key.trim_end()])?;
    script.end();
    Ok(())
}
