//! What conditions and imports may ask about a commit.

use travis_config::PlanContext;
use travis_model::{EnvVar, Repository, Request};

/// The facts of a request. `branch` and `message` are what the commit was found to be about;
/// `variables` are the repository's.
pub(crate) fn context(
    repository: &Repository,
    request: &Request,
    branch: &str,
    message: &str,
    variables: &[EnvVar],
) -> PlanContext {
    let pull = request.pull_request.as_ref();
    let env = variables
        .iter()
        .filter(|variable| variable.public)
        .filter(|variable| {
            let only = variable.branch.as_deref();
            only.is_none_or(|only| only == branch)
        })
        .filter_map(|variable| {
            let value = String::from_utf8(variable.value.clone()).ok()?;
            Some((variable.name.clone(), value))
        })
        .collect();
    PlanContext {
        branch: branch.to_owned(),
        event_type: request.event_type.clone(),
        repo_slug: repository.slug.to_string(),
        head_repo: pull.and_then(|pull| pull.head_slug.clone()),
        head_branch: pull.map(|pull| pull.head_branch.clone()),
        sender: request.sender.as_ref().map(|sender| sender.login.clone()),
        fork: Some(pull.is_some_and(|pull| pull.fork)),
        draft: pull.map(|pull| pull.draft),
        tag: request.tag.clone(),
        commit_message: Some(message.to_owned()),
        os: None,
        env,
    }
}
