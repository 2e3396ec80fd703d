//! The long-running commands: `up`, `server`, `worker`. Wiring only.

mod executors;
mod files;
mod forge;
mod forge_settings;
mod missing;
mod network;
mod sample;
mod server;
mod settings;
mod signals;
mod up;
mod vm;
mod worker;

pub use executors::{host_name, images_of};
pub use server::server;
pub use signals::stops;
pub use up::up;
pub use vm::place as vm_images;
pub use worker::{examine, executor_for, worker, worker_data, worker_vm_data};

/// Sends the process's own messages to standard error; `RUST_LOG` chooses how many.
pub fn start_log(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .try_init();
    if started.is_err() {
        tracing::debug!("the log was started before");
    }
}
