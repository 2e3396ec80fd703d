//! Telling how a commit stands: statuses, and checks with annotations for Apps.

use super::GitHub;
use super::wire::date;
use crate::ForgeError;
use crate::hosting::{
    Access, Annotation, Check, CheckState, CommitStatus, Conclusion, RemoteRef, StatusState,
};
use crate::http::Call;
use crate::http::address::{number, query};
use crate::refs::check_sha;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Characters of a status's description.
const LONGEST_DESCRIPTION: usize = 140;
/// Characters of a check's summary.
const LONGEST_SUMMARY: usize = 65_535;
/// Characters of a title.
const LONGEST_TITLE: usize = 255;
/// Bytes of an annotation's message.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// Annotations of one call.
const ANNOTATIONS: usize = 50;

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
}

#[derive(Deserialize)]
struct Statuses {
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    annotations_count: usize,
}

#[derive(Deserialize)]
struct CheckRun {
    id: i64,
    external_id: Option<String>,
    status: Option<String>,
    output: Option<Output>,
}

impl CheckRun {
    fn annotations(&self) -> usize {
        self.output.as_ref().map_or(0, |one| one.annotations_count)
    }
}

#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

impl GitHub {
    pub(super) async fn tell_status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        status: &CommitStatus,
    ) -> Result<(), ForgeError> {
        let sha = check_sha(sha)?;
        let mut body = json!({
            "state": status.state.as_str(),
            "context": status.context,
            "description": cut(&status.description, LONGEST_DESCRIPTION),
        });
        if !status.target_url.is_empty() {
            body["target_url"] = json!(status.target_url);
        }
        let call = Call::post(self.of(repo, &format!("/statuses/{sha}"))?)
            .what(format!("commit {sha} of {}", repo.path))
            .json(&body);
        self.send(access, call).await?;
        Ok(())
    }

    pub(super) async fn read_status(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        context: &str,
    ) -> Result<Option<StatusState>, ForgeError> {
        let sha = check_sha(sha)?;
        let call = Call::get(self.of(repo, &format!("/commits/{sha}/status?per_page=100"))?)
            .what(format!("commit {sha} of {}", repo.path));
        let mut found = None;
        self.pages(access, call, |answer| {
            let page: Statuses = answer.json()?;
            found = page.statuses.into_iter().find(|one| one.context == context);
            Ok(found.is_some())
        })
        .await?;
        Ok(found.map(|status| match status.state.as_str() {
            "pending" => StatusState::Pending,
            "success" => StatusState::Success,
            "failure" => StatusState::Failure,
            _ => StatusState::Error,
        }))
    }

    pub(super) async fn tell_check(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        check_id: Option<&str>,
        check: &Check,
    ) -> Result<String, ForgeError> {
        let sha = check_sha(sha)?;
        if !matches!(access, Access::Installation(_)) {
            return Err(ForgeError::NotSetUp {
                what: "telling checks (only an App may)",
            });
        }
        let what = format!("the checks of {}", repo.path);
        let known = match check_id {
            Some(id) => {
                let id = number("number of a check", id)?;
                // What is there already is counted, so that saying the same again adds nothing.
                let there = match check.annotations.is_empty() {
                    true => 0,
                    false => self
                        .read_check(access, repo, id, &what)
                        .await?
                        .annotations(),
                };
                Some((id.to_owned(), there))
            }
            None => self
                .same_check(access, repo, &sha, check, &what)
                .await?
                .map(|found| (found.id.to_string(), found.annotations())),
        };
        let there = known.as_ref().map_or(0, |(_, there)| *there);
        let mut left = check
            .annotations
            .get(there..)
            .unwrap_or_default()
            .chunks(ANNOTATIONS);
        let first = body(check, left.next().unwrap_or_default());
        let id = match known {
            Some((id, _)) => {
                let url = self.of(repo, &format!("/check-runs/{id}"))?;
                let call = Call::patch(url).what(&what).json(&first);
                self.send(access, call).await?;
                id
            }
            None => {
                let mut first = first;
                first.insert("head_sha".to_owned(), json!(sha));
                let call = Call::post(self.of(repo, "/check-runs")?)
                    .what(&what)
                    .json(&first);
                let made: CheckRun = self.send(access, call).await?.json()?;
                made.id.to_string()
            }
        };
        for more in left {
            let url = self.of(repo, &format!("/check-runs/{id}"))?;
            let mut rest = Map::new();
            rest.insert("output".to_owned(), output(check, more));
            let call = Call::patch(url).what(&what).json(&rest);
            self.send(access, call).await?;
        }
        Ok(id)
    }

    async fn read_check(
        &self,
        access: &Access,
        repo: &RemoteRef,
        id: &str,
        what: &str,
    ) -> Result<CheckRun, ForgeError> {
        let call = Call::get(self.of(repo, &format!("/check-runs/{id}"))?).what(what);
        self.send(access, call).await?.json()
    }

    /// The check that an earlier call made whose answer was lost. One that is over is left alone
    /// when the new one is not: it is a run of before.
    async fn same_check(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        check: &Check,
        what: &str,
    ) -> Result<Option<CheckRun>, ForgeError> {
        if check.external_id.is_empty() {
            return Ok(None);
        }
        let pairs = query(&[("check_name", &check.name), ("per_page", "100")]);
        let url = self.of(repo, &format!("/commits/{sha}/check-runs?{pairs}"))?;
        let answer = self.send(access, Call::get(url).what(what)).await?;
        let over = matches!(check.state, CheckState::Completed(_));
        let same = |run: &CheckRun| {
            run.external_id.as_deref() == Some(&check.external_id)
                && (over || run.status.as_deref() != Some("completed"))
        };
        let page: CheckRuns = answer.json()?;
        Ok(page.check_runs.into_iter().find(same))
    }
}

fn body(check: &Check, annotations: &[Annotation]) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("name", json!(check.name));
    if !check.details_url.is_empty() {
        put("details_url", json!(check.details_url));
    }
    put("external_id", json!(check.external_id));
    if let Some(at) = check.started_at.and_then(date) {
        put("started_at", json!(at));
    }
    match check.state {
        CheckState::Queued => put("status", json!("queued")),
        CheckState::InProgress => put("status", json!("in_progress")),
        CheckState::Completed(conclusion) => {
            if let Some(at) = check.completed_at.and_then(date) {
                put("completed_at", json!(at));
            }
            put("conclusion", json!(word(conclusion)));
            put("status", json!("completed"))
        }
    };
    put("output", output(check, annotations));
    body
}

/// GitHub has no word for what could not be run: the title says it.
const fn word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => "success",
        Conclusion::Failure | Conclusion::Error => "failure",
        Conclusion::Canceled => "cancelled",
        Conclusion::Skipped => "skipped",
        Conclusion::ActionRequired => "action_required",
    }
}

fn output(check: &Check, annotations: &[Annotation]) -> Value {
    let title = match check.title.is_empty() {
        true => &check.name,
        false => &check.title,
    };
    let mut output = json!({
        "title": cut(title, LONGEST_TITLE),
        "summary": cut(&check.summary, LONGEST_SUMMARY),
    });
    if !annotations.is_empty() {
        output["annotations"] = annotations.iter().map(annotation).collect();
    }
    output
}

fn annotation(one: &Annotation) -> Value {
    let line = one.line.max(1);
    let mut end = one.message.len().min(LONGEST_MESSAGE);
    while !one.message.is_char_boundary(end) {
        end -= 1;
    }
    let mut body = json!({
        "path": one.path,
        "start_line": line,
        "end_line": line,
        "annotation_level": if one.warning { "warning" } else { "failure" },
        "message": &one.message[..end],
    });
    if !one.title.is_empty() {
        body["title"] = json!(cut(&one.title, LONGEST_TITLE));
    }
    body
}

/// At most so many characters; what is cut shows that it was.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest - 1).collect();
    short.push('…');
    short
}
