//! The owner's side: what the machine lends, whether it lends itself now, and who may say so.
//!
//! - `settings`: `worker.toml`; `lending`: the stricter of it and of what the page says;
//! - `senses`: what can be seen of the machine; `judge`: what follows from it (pure);
//! - `keeper`: looks, lets the judge decide, over and over;
//! - `desk`: what is known, in one place; `socket`, `page`: how the owner asks and orders.

mod ask;
mod desk;
mod hours;
mod judge;
mod keeper;
mod lending;
mod month;
mod network;
mod page;
mod senses;
mod settings;
mod socket;
mod standing;

pub use ask::{AskError, Order, ask};
pub(crate) use desk::{Desk, Ended, SharedDesk};
pub(crate) use judge::Stand;
pub(crate) use keeper::keep;
pub(crate) use page::LocalPage;
pub use settings::{FILE as SETTINGS, NetworkUse, OwnerSettings, SettingsError};
pub(crate) use socket::Socket;
pub use standing::{Contact, Done, JobStanding, JobStep, Standing};
