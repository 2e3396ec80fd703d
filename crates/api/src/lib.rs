//! Wire types: what goes over HTTP and the websocket, and nothing else. Domain types are
//! converted at the border, never serialized.

pub mod dsse;
pub mod lend;
pub mod live;
pub mod v3;
pub mod worker;
