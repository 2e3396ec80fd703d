//! A bounded cache of what never changes.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps the values used last, up to a total cost.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    max_cost: usize,
    inside: Mutex<Inside<K, V>>,
}

#[derive(Debug)]
struct Inside<K, V> {
    values: HashMap<K, Kept<V>>,
    cost: usize,
    uses: u64,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    cost: usize,
    used: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    pub(crate) fn new(max_cost: usize) -> Self {
        Self {
            max_cost,
            inside: Mutex::new(Inside {
                values: HashMap::new(),
                cost: 0,
                uses: 0,
            }),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside<K, V>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut inside = self.inside();
        inside.uses += 1;
        let used = inside.uses;
        let kept = inside.values.get_mut(key)?;
        kept.used = used;
        Some(kept.value.clone())
    }

    pub(crate) fn put(&self, key: K, value: V, cost: usize) {
        let mut inside = self.inside();
        inside.uses += 1;
        let used = inside.uses;
        inside.cost += cost;
        if let Some(old) = inside.values.insert(key, Kept { value, cost, used }) {
            inside.cost -= old.cost;
        }
        if inside.cost <= self.max_cost {
            return;
        }
        // Down to three quarters at once, so that the search for the oldest is rare.
        let mut ages: Vec<(u64, K)> = inside
            .values
            .iter()
            .map(|(key, kept)| (kept.used, key.clone()))
            .collect();
        ages.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in ages {
            if inside.cost <= self.max_cost / 4 * 3 {
                break;
            }
            if let Some(old) = inside.values.remove(&key) {
                inside.cost -= old.cost;
            }
        }
    }
}
