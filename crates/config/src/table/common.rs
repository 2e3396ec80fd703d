//! Shapes that many keys share.

use super::shape::SECURE;
use super::shape::{Map, STR, Shape, key, map};

pub(super) const STRS: Shape = any![seq![any![STR]].normal(), STR];

pub(super) const SECURES: Shape = any![seq![SECURE].normal(), SECURE];

static BRANCHES_KEYS: Map = Map::new(list![list![
    key("only", STRS),
    key("except", STRS.aliases(&["exclude"])),
]])
.prefix("only");

pub(super) const BRANCHES: Shape =
    any![map(&BRANCHES_KEYS).normal().aliases(&["branch"]), STRS].normal();

pub(super) const CONDITION: Shape = STR;
