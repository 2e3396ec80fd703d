//! The whole system: the real binary, real git repositories, real workers, over HTTP alone. One
//! program, so that tests that wait for leases to end wait side by side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

mod access;
mod api;
mod checkout;
mod cli;
mod failures;
mod hostile;
mod isolation;
mod lifecycle;
mod limits;
mod ping;
mod postgres;
mod process;
mod security;
