//! Where jobs may connect to.
//!
//! A job's packets don't reach the machine's network. They come to a [`Gateway`], which is a small
//! network stack of its own inside the worker: it answers the job's connections, asks the
//! [`Policy`] whether each may be, makes the connection outside by an ordinary socket of the
//! worker, and writes down with whom the job spoke. What the policy refuses is refused at once, so
//! a job sees `connection refused` instead of waiting.
//!
//! The policy judges the address to which a connection really goes, so a name that resolves to an
//! address of the owner's network is of no use to a job. Where only registries are in reach, what a
//! connection says counts, too: many hosts share the addresses of content networks.

mod address;
mod allowed;
mod attachment;
mod dns;
mod gateway;
mod greeting;
mod ledger;
mod names;
mod own;
mod policy;
mod rate;
mod registries;
mod resolver;
mod stack;

pub use address::is_public;
pub use allowed::{Allowed, BadAllowed};
pub use attachment::{Attachment, PacketReceiver, PacketSender};
pub use gateway::{
    GATEWAY_V4, GATEWAY_V6, Gateway, JOB_V4, JOB_V6, NAMESERVER_V4, NAMESERVER_V6, PREFIX_V4,
    PREFIX_V6,
};
pub use ledger::{Contact, Protocol, Refusal, Target};
pub use policy::{Policy, Reach, Refused};
pub use registries::Registries;
