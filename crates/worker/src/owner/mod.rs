//! The owner's side: what the machine lends, whether it lends itself now, and who may say so.

mod ask;
mod hours;
mod judge;
mod lending;
mod settings;
mod standing;

pub use ask::{AskError, Order, ask};
pub use settings::{OwnerSettings, SettingsError};
pub use standing::{Contact, Done, JobStanding, JobStep, Standing};
