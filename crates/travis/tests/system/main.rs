//! The whole system: the real binary, real git repositories, real workers, over HTTP alone. One
//! program, so that tests that wait for leases to end wait side by side.

mod support;

mod access;
mod api;
mod cli;
mod failures;
mod hostile;
mod lifecycle;
mod limits;
mod ping;
mod process;
mod security;
