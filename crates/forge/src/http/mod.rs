//! Calls to forges over HTTP, for all adapters.

pub(crate) mod address;
pub(crate) mod answer;
mod budget;
pub(crate) mod call;
pub(crate) mod client;
mod read;

pub(crate) use answer::Answer;
pub(crate) use call::{Auth, Call, Class};
pub(crate) use client::{Client, Limits};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
