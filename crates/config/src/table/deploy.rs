//! What all providers of `deploy` share.

use super::common::STRS;
use super::languages::LANGUAGE_JOB_KEYS;
use super::shape::{BOOL, Key, Map, STR, Shape, key, map};
use super::values::OS;

static DEPLOY_BRANCHES_KEYS: Map = Map::open(list![list![]]);

pub(super) const DEPLOY_BRANCHES: Shape = any![
    STRS.normal(),
    map(&DEPLOY_BRANCHES_KEYS)
        .normal()
        .deprecated("branch_specific_option_hash")
];

static DEPLOY_EDGE_KEYS: Map = Map::new(list![list![
    key("enabled", BOOL),
    key("source", STR),
    key("branch", STR),
]]);

pub(super) const DEPLOY_EDGE: Shape = any![BOOL, map(&DEPLOY_EDGE_KEYS)];

pub(super) static CONDITION_KEYS_OWN: &[Key] = list![
    key("os", OS),
    key("branch", DEPLOY_BRANCHES),
    key("repo", STR),
    key("condition", STRS),
    key("all_branches", BOOL),
    key("tags", BOOL),
];

static CONDITION_KEYS: Map =
    Map::new(list![CONDITION_KEYS_OWN, LANGUAGE_JOB_KEYS]).prefix_text("branch");

const DEPLOY_CONDITIONS: Shape = any![map(&CONDITION_KEYS).normal(), DEPLOY_BRANCHES];

/// The keys that every provider has.
pub(super) const COMMON: &[Key] = list![
    key("on", DEPLOY_CONDITIONS.aliases(&["true"])),
    key("run", STRS),
    key("allow_failure", BOOL),
    key("cleanup", BOOL),
    key(
        "skip_cleanup",
        BOOL.deprecated("not supported in dpl v2, use cleanup")
    ),
    key("edge", DEPLOY_EDGE),
];
