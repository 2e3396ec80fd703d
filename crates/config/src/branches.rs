//! Which branches are built: `branches.only` and `branches.except`.

use serde_json::Value;

use crate::conditions::Patterns;

/// Whether a branch is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BranchDecision {
    /// It is built.
    Included,
    /// `only` names others; also branches for GitHub pages that nobody asked for.
    NotIncluded,
    /// `except` names it.
    Excluded,
}

/// Decides by a normalized configuration. `only` wins over `except`, as in the original.
#[must_use]
pub fn branch_included(config: &Value, branch: &str) -> BranchDecision {
    let branches = config.get("branches");
    let list = |key: &str| branches.and_then(|section| section.get(key));
    let mut patterns = Patterns::default();
    if let Some(only) = list("only") {
        return if names(only, branch, &mut patterns) {
            BranchDecision::Included
        } else {
            BranchDecision::NotIncluded
        };
    }
    if is_pages(branch) {
        return BranchDecision::NotIncluded;
    }
    match list("except") {
        Some(except) if names(except, branch, &mut patterns) => BranchDecision::Excluded,
        _ => BranchDecision::Included,
    }
}

/// Branches for GitHub pages hold no source.
fn is_pages(branch: &str) -> bool {
    let branch = branch.to_lowercase();
    branch.contains("gh-pages") || branch.contains("gh_pages")
}

fn names(named: &Value, branch: &str, patterns: &mut Patterns) -> bool {
    match named {
        Value::Array(list) => list.iter().any(|named| names(named, branch, patterns)),
        Value::String(pattern) => matches(pattern.trim(), branch, patterns),
        _ => false,
    }
}

/// A name, or a pattern of Ruby's between slashes; an invalid pattern matches nothing.
fn matches(pattern: &str, branch: &str, patterns: &mut Patterns) -> bool {
    let Some(inner) = pattern.strip_prefix('/') else {
        return pattern == branch;
    };
    let (inner, flags) = match inner.rfind('/') {
        Some(end) => (&inner[..end], &inner[end + 1..]),
        None => return pattern == branch,
    };
    let flags: String = flags.chars().filter(|c| matches!(c, 'i' | 'x')).collect();
    let expression = if flags.is_empty() {
        inner.to_owned()
    } else {
        format!("(?{flags}){inner}")
    };
    patterns.matches(&expression, branch).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn decisions() {
        use BranchDecision::{Excluded, Included, NotIncluded};
        for (config, branch, want) in [
            (json!({}), "main", Included),
            (json!({}), "gh-pages", NotIncluded),
            (
                json!({"branches": {"only": ["gh-pages"]}}),
                "gh-pages",
                Included,
            ),
            (json!({"branches": {"only": ["main"]}}), "dev", NotIncluded),
            (json!({"branches": {"only": ["/^v\\d+/"]}}), "v12", Included),
            (json!({"branches": {"only": ["/^V/i"]}}), "v1", Included),
            (
                json!({"branches": {"only": ["/^(?!skip)/"]}}),
                "skip-me",
                NotIncluded,
            ),
            (
                json!({"branches": {"except": ["/^wip-/"]}}),
                "wip-1",
                Excluded,
            ),
            (json!({"branches": {"except": ["wip"]}}), "main", Included),
            (json!({"branches": {"only": ["/(/"]}}), "x", NotIncluded),
            // Ruby's words: the end of the text, and what a pattern may hold besides.
            (
                json!({"branches": {"only": ["/\\Av[0-9.]++\\z/"]}}),
                "v1.2",
                Included,
            ),
            (
                json!({"branches": {"only": ["/^release-\\h+$/x"]}}),
                "release-beef",
                Included,
            ),
            (
                json!({"branches": {"only": ["/^v\\d+$/"]}}),
                "v١٢",
                NotIncluded,
            ),
            (
                json!({"branches": {"only": ["feature/a"]}}),
                "feature/a",
                Included,
            ),
        ] {
            assert_eq!(branch_included(&config, branch), want, "{config} {branch}");
        }
    }
}
