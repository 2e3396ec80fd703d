//! Merge requests.

use super::{Api, not_found, render};
use crate::git;
use crate::http::{Answer, Reply};
use crate::state::repos::Pull;
use serde_json::json;

/// Answers `…/merge_requests…`.
pub async fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let repo = api.row(id)?;
    match path {
        [] => {
            let wanted = api.call.parameter("state").unwrap_or("all");
            let source = api.call.parameter("source_branch");
            let fits = |pull: &&Pull| {
                (wanted == "all" || render::state(pull) == wanted)
                    && source.is_none_or(|branch| branch == pull.head_ref)
            };
            let mut rows: Vec<&Pull> = repo.pulls.iter().filter(fits).collect();
            if api.call.parameter("sort") != Some("asc") {
                rows.reverse();
            }
            let state = api.state();
            Ok(api.list(rows, |pull| {
                render::merge_request(api.url(), &state, &repo, pull)
            }))
        }
        [number] => {
            let number = number.parse().map_err(|_| not_found())?;
            let pull = repo.pull(number).ok_or_else(not_found)?;
            let folder = api.forge.folder(id);
            let arguments = ["merge-base", &pull.base_sha, &pull.head_sha];
            let common = git::text(&folder, &arguments).await?;
            let mut value = render::merge_request(api.url(), &api.state(), &repo, pull);
            value["diff_refs"] = json!({"base_sha": common, "head_sha": pull.head_sha,
                "start_sha": pull.base_sha});
            value["merge_error"] = json!(null);
            value["changes_count"] = json!("1");
            value["first_contribution"] = json!(false);
            value["pipeline"] = json!(null);
            value["head_pipeline"] = json!(null);
            value["user"] = json!({"can_merge": api.granted(&api.state(), &repo)
                >= Some(crate::state::people::Level::Write)});
            Reply::ok(&value)
        }
        _ => Err(not_found()),
    }
}
