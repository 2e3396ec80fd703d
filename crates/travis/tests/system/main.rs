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
mod bare;
mod borders;
mod caches;
mod checkout;
mod cli;
mod contributors;
mod escalation;
mod executors;
mod failures;
mod fleet;
mod forges;
mod hostile;
mod images;
mod isolation;
mod joining;
mod lan;
mod languages;
mod leaks;
mod lifecycle;
mod limits;
mod machine_image;
mod messages;
mod moves;
mod old_workers;
mod others;
mod outcomes;
mod owner;
mod ping;
mod postgres;
mod process;
mod run_here;
mod run_terminal;
mod run_tree;
mod security;
mod services;
mod statements;
mod strangers;
mod troubles;
