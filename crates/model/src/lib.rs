//! Every decision of the system, as pure code: ids, states and their transitions, scheduling,
//! trust and "why is it waiting". Nothing here does I/O, reads a clock or draws a random number;
//! time comes in as [`Timestamp`] values.

pub mod cache;
pub mod cron;
pub mod entities;
pub mod ids;
pub mod progress;
pub mod scheduling;
pub mod secret;
pub mod slug;
pub mod spread;
pub mod states;
pub mod time;
pub mod trust;
pub mod waiting;

pub use entities::*;
pub use ids::*;
pub use secret::Secret;
pub use slug::{Slug, SlugError};
pub use spread::Spread;
pub use states::*;
pub use time::Timestamp;
