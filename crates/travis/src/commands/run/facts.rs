//! What is known of the build: what git says of the working tree, and before that what was given.

use super::tree::Look;
use crate::cli::run::RunArgs;
use crate::commands::expand::context;
use crate::failure::Failure;
use travis_config::PlanContext;

/// All that conditions and jobs are told.
///
/// # Errors
/// When something given is no such fact.
pub fn facts(args: &RunArgs, tree: &Look) -> Result<PlanContext, Failure> {
    let mut known = context(&args.facts)?;
    let or = |given: &mut String, ours: &str| {
        if given.is_empty() {
            ours.clone_into(given);
        }
    };
    or(&mut known.event_type, "push");
    or(&mut known.repo_slug, &tree.slug);
    if known.event_type == "pull_request" {
        known.head_branch.get_or_insert_with(|| tree.branch.clone());
        known.head_repo.get_or_insert_with(|| tree.slug.clone());
        known.fork.get_or_insert(false);
        if let Some(base) = &tree.default_branch {
            or(&mut known.branch, base);
        }
    } else if known.event_type == "push" && known.branch.is_empty() && known.tag.is_none() {
        known.tag.clone_from(&tree.tag);
    }
    if let Some(tag) = known.tag.clone() {
        // As in the builds of tags that are pushed.
        or(&mut known.branch, &tag);
    }
    or(&mut known.branch, &tree.branch);
    known
        .commit_message
        .get_or_insert_with(|| tree.message.clone());
    Ok(known)
}
