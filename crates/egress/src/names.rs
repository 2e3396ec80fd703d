//! Which names led a job to which addresses.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::address::effective;

/// Addresses that are remembered of one job.
const ADDRESSES: usize = 4_096;
/// Names of one address.
const NAMES: usize = 16;
/// How long a name is good after its answer. Programs keep addresses longer than they should.
const GOOD: Duration = Duration::from_secs(3_600);

/// Answers of the resolver to one job.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_address: HashMap<IpAddr, Vec<(String, Instant)>>,
    /// In the order in which they came.
    order: VecDeque<IpAddr>,
}

impl Names {
    /// The resolver said that `name` has this address.
    pub(crate) fn learn(&mut self, name: &str, address: IpAddr, now: Instant) {
        let address = effective(address);
        let known = self.by_address.entry(address).or_insert_with(|| {
            self.order.push_back(address);
            Vec::new()
        });
        known.retain(|(other, _)| other != name);
        if known.len() >= NAMES {
            known.remove(0);
        }
        known.push((name.to_owned(), now));
        if self.order.len() > ADDRESSES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_address.remove(&oldest);
        }
    }

    /// Names of an address, the latest last.
    pub(crate) fn of(&self, address: IpAddr, now: Instant) -> Vec<String> {
        let known = self.by_address.get(&effective(address));
        let known = known.into_iter().flatten();
        known
            .filter(|(_, since)| now.duration_since(*since) < GOOD)
            .map(|(name, _)| name.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_for_a_while_and_not_without_bound() {
        let mut names = Names::default();
        let now = Instant::now();
        let one: IpAddr = "1.1.1.1".parse().unwrap();
        names.learn("a", one, now);
        names.learn("b", one, now);
        names.learn("a", one, now);
        assert_eq!(names.of(one, now), ["b", "a"]);
        assert_eq!(names.of("::ffff:1.1.1.1".parse().unwrap(), now).len(), 2);
        assert!(names.of(one, now + GOOD).is_empty());
        for n in 0..100 {
            names.learn(&n.to_string(), one, now);
        }
        assert_eq!(names.of(one, now).len(), NAMES);
        for n in 0..10_000_u32 {
            names.learn("x", IpAddr::V4((0x0200_0000 + n).into()), now);
        }
        assert_eq!(names.by_address.len(), ADDRESSES);
        assert!(names.of(one, now).is_empty());
    }
}
