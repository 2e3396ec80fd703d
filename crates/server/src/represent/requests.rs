use super::{Represent, build_minimal, repository_minimal};
use crate::{
    error::ApiError,
    wire::{time, time_opt},
};
use std::collections::HashMap;
use travis_api::v3;
use travis_model::{
    Approval, ApprovalPolicy, Delivery, PullRequest, Repository, Request, RequestState, Sender,
};

pub(crate) fn pull_brief(pull: &PullRequest) -> v3::PullRequestBrief {
    v3::PullRequestBrief {
        number: pull.number,
        title: pull.title.clone(),
        head_sha: pull.head_sha.clone(),
        head_branch: pull.head_branch.clone(),
        head_slug: pull.head_slug.clone(),
        fork: pull.fork,
        draft: pull.draft,
        author_login: pull.author_login.clone(),
        html_url: pull.html_url.clone(),
    }
}

pub(crate) fn sender(sender: &Sender) -> v3::Sender {
    v3::Sender {
        login: sender.login.clone(),
        avatar_url: sender.avatar_url.clone(),
    }
}

pub(crate) fn request_minimal(request: &Request) -> v3::RequestMinimal {
    v3::RequestMinimal {
        head: v3::Head::minimal(
            "request",
            format!("/v3/repo/{}/request/{}", request.repository_id, request.id),
        ),
        id: request.id.get(),
        state: request.state.as_str().to_owned(),
    }
}

/// Why a request waits for a maintainer, in a sentence.
fn held_reason(request: &Request, policy: ApprovalPolicy) -> Option<String> {
    let pull = request.pull_request.as_ref()?;
    let why = match policy {
        ApprovalPolicy::Forks => "Every pull request from a fork is looked at here".to_owned(),
        ApprovalPolicy::FirstTime | ApprovalPolicy::Never => {
            format!("{} has not contributed here before", pull.author_login)
        }
    };
    (request.held_at.is_some() && request.state == RequestState::Pending)
        .then(|| format!("{why}: nothing of it runs until a maintainer approves this commit."))
}

impl Represent<'_> {
    /// Requests of one repository, in the order given.
    pub async fn requests(
        &mut self,
        repository: &Repository,
        rows: Vec<Request>,
    ) -> Result<Vec<v3::Request>, ApiError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let builds = self.reader.builds_of_requests(&ids).await?;
        let mut given: HashMap<i64, Vec<Approval>> = HashMap::new();
        for row in &rows {
            if let Some(pull) = row.pull_request.as_ref().filter(|pull| pull.fork)
                && !given.contains_key(&pull.number)
            {
                let found = self.reader.approvals(repository.id, pull.number).await?;
                given.insert(pull.number, found);
            }
        }
        self.know_people(given.values().flatten().map(|approval| approval.user_id))
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| v3::Request {
                head: v3::Head::standard(
                    "request",
                    format!("/v3/repo/{}/request/{}", repository.id, row.id),
                ),
                id: row.id.get(),
                state: row.state.as_str().to_owned(),
                result: match row.state {
                    RequestState::Pending => None,
                    RequestState::Accepted => Some("approved".to_owned()),
                    RequestState::Rejected => Some("rejected".to_owned()),
                },
                held_at: time_opt(row.held_at.filter(|_| row.state == RequestState::Pending)),
                held_reason: held_reason(&row, repository.settings.approval),
                approvals: row
                    .pull_request
                    .iter()
                    .flat_map(|pull| {
                        let all = given.get(&pull.number).into_iter().flatten();
                        all.filter(|approval| approval.head_sha == pull.head_sha)
                    })
                    .map(|approval| v3::Approval {
                        secrets: approval.secrets,
                        user: self.owner_of(approval.user_id),
                        created_at: time(approval.created_at),
                    })
                    .collect(),
                pull_request: row.pull_request.as_ref().map(pull_brief),
                sender: row.sender.as_ref().map(sender),
                compare_url: row.compare_url,
                delivery_id: row.delivery_id.map(|id| id.get()),
                message: row.reason.or_else(|| {
                    let missed = row
                        .delivery
                        .as_ref()
                        .is_some_and(|delivery| delivery.starts_with("missed:"));
                    row.message.filter(|_| missed)
                }),
                event_type: row.event_type,
                branch_name: row.branch,
                sha: row.sha,
                repository: repository_minimal(repository),
                builds: builds
                    .iter()
                    .filter(|build| build.request_id == row.id)
                    .map(|build| build_minimal(build, self.now))
                    .collect(),
                created_at: time(row.created_at),
            })
            .collect())
    }

    /// Hooks' messages about one repository, in the order given.
    pub async fn deliveries(
        &mut self,
        repository: &Repository,
        rows: Vec<Delivery>,
        whole: bool,
    ) -> Result<Vec<v3::Delivery>, ApiError> {
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            let request = match row.request_id {
                Some(id) => self.reader.request(id).await?,
                None => None,
            };
            let text = |value: String| serde_json::Value::String(value);
            answer.push(v3::Delivery {
                head: v3::Head::standard(
                    "delivery",
                    format!("/v3/repo/{}/delivery/{}", repository.id, row.id),
                ),
                id: row.id.get(),
                guid: row.guid,
                event: row.event,
                action: row.action,
                state: row.state.as_str().to_owned(),
                outcome: row.outcome,
                request: request.as_ref().map(request_minimal),
                received_at: time(row.received_at),
                done_at: time_opt(row.done_at),
                tries: row.tries,
                headers: whole.then(|| {
                    row.headers
                        .into_iter()
                        .map(|(name, value)| (name, text(value)))
                        .collect()
                }),
                payload: (whole && !row.body.is_empty()).then(|| {
                    serde_json::from_slice(&row.body)
                        .unwrap_or_else(|_| text(String::from_utf8_lossy(&row.body).into_owned()))
                }),
            });
        }
        Ok(answer)
    }

    /// Pull requests of a repository from what was asked for and built, newest activity first.
    pub async fn pull_requests(
        &mut self,
        repository: &Repository,
        newest: Vec<Request>,
    ) -> Result<Vec<v3::PullRequest>, ApiError> {
        let mut answer = Vec::with_capacity(newest.len());
        for row in newest {
            let Some(pull) = row.pull_request.clone() else {
                continue;
            };
            let filter = travis_store::BuildFilter {
                seen_by: travis_store::SeenBy::Operator,
                repository: Some(repository.id),
                pull_request_number: Some(pull.number),
                ..Default::default()
            };
            let ten = travis_store::Page {
                offset: 0,
                limit: 10,
            };
            let builds = self.reader.builds(&filter, ten).await?.items;
            let recent: Vec<_> = builds
                .iter()
                .map(|build| build_minimal(build, self.now))
                .collect();
            let waiting = match row.state {
                RequestState::Pending => self.requests(repository, vec![row]).await?.pop(),
                _ => None,
            };
            answer.push(v3::PullRequest {
                head: v3::Head::standard(
                    "pull_request",
                    format!("/v3/repo/{}/pull_request/{}", repository.id, pull.number),
                ),
                brief: pull_brief(&pull),
                last_build: recent.first().cloned(),
                waiting_request: waiting,
                recent_builds: recent,
            });
        }
        Ok(answer)
    }
}
