//! Everything a fake remembers, in plain collections behind one lock.

pub mod apps;
pub mod faults;
pub mod people;
pub mod repos;

use crate::http::CallRecord;
use apps::{App, Client, Code, Installation, Token};
use aws_lc_rs::rand;
use faults::{Budget, Fault};
use people::Account;
use repos::{Delivery, Hook, Repo};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The whole memory of one fake.
#[derive(Default)]
pub struct State {
    last_id: u64,
    /// People and organizations.
    pub accounts: Vec<Account>,
    /// Repositories by id.
    pub repos: BTreeMap<u64, Repo>,
    /// Current and former full names, in lower case.
    pub names: HashMap<String, u64>,
    /// Hooks of repositories and of Apps.
    pub hooks: BTreeMap<u64, Hook>,
    /// Deliveries in the order they were made.
    pub deliveries: BTreeMap<u64, Delivery>,
    /// Access and refresh tokens by value.
    pub tokens: HashMap<String, Token>,
    /// OAuth codes by value.
    pub codes: HashMap<String, Code>,
    /// OAuth clients, those of Apps too.
    pub clients: Vec<Client>,
    /// GitHub Apps.
    pub apps: BTreeMap<u64, App>,
    /// Manifest codes not yet converted.
    pub manifest_codes: HashMap<String, u64>,
    /// Installations of Apps.
    pub installations: BTreeMap<u64, Installation>,
    /// Calls in the order they were answered.
    pub calls: Vec<CallRecord>,
    /// What is broken at the moment.
    pub faults: Vec<Fault>,
    /// Rate budgets by token.
    pub budgets: HashMap<String, Budget>,
    /// Calls an hour that a token has from now on.
    pub hourly: Option<u64>,
    /// How long every answer takes.
    pub latency: Duration,
}

impl State {
    /// An id no other row of any kind has.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        1000 + self.last_id
    }
}

/// The time now as the APIs write it, to the second.
pub fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// Seconds since 1970.
pub fn epoch() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Random lower-case hex of `bytes` bytes. A system without randomness gives zeros, which tests
/// notice at once as tokens that are the same.
pub fn random(bytes: usize) -> String {
    let mut buffer = vec![0_u8; bytes];
    if rand::fill(&mut buffer).is_err() {
        buffer.fill(0);
    }
    hex::encode(buffer)
}

/// A random identifier in the form of a version 4 UUID.
pub fn uuid() -> String {
    let hex = random(16);
    format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    )
}
