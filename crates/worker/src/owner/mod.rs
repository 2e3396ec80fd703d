//! The owner's side: what the machine lends, whether it lends itself now, and who may say so.

mod ask;
mod standing;

pub use ask::{AskError, Order, ask};
pub use standing::{Contact, Done, JobStanding, JobStep, Standing};
