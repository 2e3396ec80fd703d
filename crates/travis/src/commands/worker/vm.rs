//! `travis worker vm`: lends this machine in a virtual machine made of the server's image.
//!
//! - `chosen`: what was said the last time; `image`, `disks`: what the machine is made of;
//! - `credentials`: what it is told; `accelerator`: how fast it is; `machine`: QEMU's command line;
//! - `life`: from its start to its end, with its console on `screen` and its power button by the
//!   `monitor`.

mod accelerator;
mod chosen;
mod credentials;
mod disks;
mod image;
mod life;
mod machine;
mod monitor;
mod screen;

use super::download::Source;
use crate::cli::worker::VmArgs;
use crate::failure::{Failure, Status};
use crate::session::Session;
use chosen::Chosen;
use image::Image;
use life::End;
use machine::{Accelerator, CREDENTIALS, Machine, QEMU};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// Starts the machine and stays with it until it ends or Ctrl-C.
///
/// # Errors
/// When it can't be started; the failure says what to do next.
pub async fn run(args: VmArgs, session: &mut Session) -> Result<Status, Failure> {
    // The last one comes with every Linux (util-linux).
    let tools = [QEMU, "qemu-img", "setpriv"];
    if let Some(missing) = tools.into_iter().find(|tool| !is_there(tool)) {
        return Err(
            Failure::new(Status::Io, format!("{missing} is missing: a virtual machine needs QEMU")).remedy(
                "Install it: apt-get install qemu-system-x86 qemu-utils (Debian, Ubuntu), dnf install qemu-system-x86-core qemu-img (Fedora), pacman -S qemu-base (Arch).",
            ),
        );
    }
    let place = match &args.data {
        Some(place) => place.clone(),
        None => crate::serve::worker_vm_data()
            .map_err(|error| Failure::new(Status::Usage, format!("{error:#}")))?,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&place)?;
    let place = place.canonicalize()?;
    let _lock = chosen::lock(&place)?;
    let mut chosen = Chosen::read(&place);
    let image = find_image(&args, &chosen, &place, session).await?;
    disks::prepare(&args, &mut chosen, &image, &place, session).await?;
    chosen.take_over(&args);
    chosen.write(&place)?;

    let mut accelerator = accelerator::choose(&args, &chosen, session)?;
    let stops = crate::serve::stops()?;
    loop {
        let machine = Machine {
            accelerator,
            cores: chosen.cores.unwrap_or_else(chosen::half_of_the_cores),
            memory_mib: chosen
                .memory_mib
                .unwrap_or_else(chosen::quarter_of_the_memory),
            credentials: credentials::hand_in(&args, &chosen, &place)?,
        };
        let end = life::live(&machine, &place, &stops, session).await;
        let _ = fs::remove_dir_all(place.join(CREDENTIALS));
        match end? {
            End::Silent => {
                session.screen.remark(
                    "KVM is there, but the machine hangs under it: emulated from now on, about ten times slower.",
                )?;
                accelerator = Accelerator::Emulation;
                chosen.kvm_hangs = true;
                chosen.write(&place)?;
            }
            End::Exited(status) if status.success() => return Ok(Status::Passed),
            End::Exited(status) => {
                return Err(Failure::new(Status::Io, format!("QEMU ended with {status}")).remedy(
                    "What it said stands above. With less memory or fewer cores it may start: --memory, --cores.",
                ));
            }
        }
    }
}

fn is_there(tool: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|place| place.join(tool).is_file()))
}

async fn find_image(
    args: &VmArgs,
    chosen: &Chosen,
    place: &Path,
    session: &mut Session,
) -> Result<Image, Failure> {
    if let Some(directory) = &args.image {
        return image::of_directory(directory);
    }
    let images = place.join("images");
    let kept = image::kept(&images);
    let Some(server) = args.join.server().or_else(|| chosen.server.clone()) else {
        return Err(Failure::usage("which server is this machine lent to?")
            .remedy("travis worker vm --server https://ci.example.org --token T"));
    };
    let source = Source::new(&server, args.join.ca.as_deref())?;
    match (image::of_server(&source, &images, session).await, kept) {
        (Ok(image), _) => Ok(image),
        // The one that ran the last time is good enough.
        (Err(error), Some(kept)) if chosen.image.as_ref() == Some(&kept.sha256) => {
            session
                .screen
                .remark(&format!("{error}; the image of the last time is used"))?;
            Ok(kept)
        }
        (Err(error), _) => Err(error),
    }
}
