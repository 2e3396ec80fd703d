//! Pull requests.

use super::{Api, missing, render};
use crate::http::{Answer, Reply};
use crate::state::repos::Pull;

/// Answers `…/pulls…`.
pub fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let repo = api.row(id)?;
    let state = api.state();
    let show = |pull: &Pull| render::pull(api.url(), &state, &repo, pull);
    match path {
        [] => {
            let wanted = api.call.parameter("state").unwrap_or("open");
            let fits = |pull: &&Pull| wanted == "all" || pull.open == (wanted == "open");
            let mut rows: Vec<&Pull> = repo.pulls.iter().filter(fits).collect();
            if api.call.parameter("sort") != Some("oldest") {
                rows.reverse();
            }
            Ok(api.list(rows, show))
        }
        [number] => {
            let number = number.parse().map_err(|_| missing())?;
            Reply::ok(&show(repo.pull(number).ok_or_else(missing)?))
        }
        _ => Err(missing()),
    }
}
