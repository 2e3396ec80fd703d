//! Whether the processor helps.

use super::chosen::Chosen;
use super::machine::Accelerator;
use crate::cli::worker::VmArgs;
use crate::failure::Failure;
use crate::session::Session;
use std::fs::OpenOptions;

/// KVM where it may be used and is not known to hang; says why when not.
///
/// # Errors
/// When the screen can't be written to.
pub fn choose(
    args: &VmArgs,
    chosen: &Chosen,
    session: &mut Session,
) -> Result<Accelerator, Failure> {
    let why = if args.emulate {
        "as you asked".to_owned()
    } else if chosen.kvm_hangs {
        "machines hang under this system's KVM".to_owned()
    } else {
        match OpenOptions::new().read(true).write(true).open("/dev/kvm") {
            Ok(_) => return Ok(Accelerator::Kvm),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                "you may not use KVM; as root: adduser YOU kvm, then sign in anew".to_owned()
            }
            Err(_) => "this system has no KVM; switch virtualization on in the firmware".to_owned(),
        }
    };
    session.screen.remark(&format!(
        "The machine is emulated, about ten times slower: {why}."
    ))?;
    Ok(Accelerator::Emulation)
}
