//! What conditions and imports may ask about a commit.

use serde_json::Value;
use travis_config::{
    PlanContext,
    conditions::{Condition, data_of},
};
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

/// Why the whole build is left out by the `if:` at the top of its configuration.
pub(crate) fn unmet(config: &Value, context: &PlanContext) -> Option<String> {
    let config = config.as_object()?;
    let text = config.get("if")?.as_str()?;
    let judged =
        Condition::parse(text).and_then(|condition| condition.holds(&data_of(context, config)));
    match judged {
        Ok(true) => None,
        Ok(false) => Some(format!("Condition not met: if: {text}")),
        Err(error) => Some(format!("Condition not met: if: {text} ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_condition_at_the_top_decides_about_the_whole_build() {
        let context = PlanContext {
            branch: "main".to_owned(),
            event_type: "push".to_owned(),
            env: vec![("DEPLOY".to_owned(), "yes".to_owned())],
            ..PlanContext::default()
        };
        let judge = |text: &str| unmet(&json!({"if": text, "os": ["linux"]}), &context);
        for holds in [
            "branch = main",
            "env(DEPLOY) = yes AND os = linux",
            "type IN (push, api)",
        ] {
            assert_eq!(judge(holds), None, "{holds}");
        }
        let no = judge("type = cron").unwrap();
        assert_eq!(no, "Condition not met: if: type = cron");
        assert!(
            judge("branch ~ (")
                .unwrap()
                .starts_with("Condition not met: if: branch ~ (")
        );
        assert_eq!(unmet(&json!({}), &context), None);
    }
}
