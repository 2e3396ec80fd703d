//! Reading what a hook sends.

use super::wire::{Account, NamedRepository, PullRequest, Repository};
use crate::hosting::{
    Event, Hook, HookError, InstallationChange, MemberChange, PullChange, PullRequestEvent, Push,
    PushedCommit, RemoteAccount, RemotePerson, RepositoryChange, Rerun, Unsupported,
};
use http::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// Events whose repository, sender and so on must be readable.
const SUPPORTED: [&str; 15] = [
    "ping",
    "push",
    "delete",
    "pull_request",
    "check_run",
    "check_suite",
    "installation",
    "installation_repositories",
    "repository",
    "public",
    "member",
    "membership",
    "organization",
    "team",
    "team_add",
];

#[derive(Deserialize)]
struct Commit {
    id: String,
    message: String,
}

impl From<Commit> for PushedCommit {
    fn from(commit: Commit) -> Self {
        Self {
            sha: commit.id,
            message: commit.message,
        }
    }
}

#[derive(Deserialize)]
struct PushBody {
    #[serde(rename = "ref")]
    name: String,
    before: String,
    after: String,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    forced: bool,
    #[serde(default)]
    commits: Vec<Commit>,
    head_commit: Option<Commit>,
    compare: Option<String>,
}

#[derive(Deserialize)]
struct DeleteBody {
    #[serde(rename = "ref")]
    name: String,
    ref_type: String,
}

#[derive(Deserialize)]
struct PullRequestBody {
    action: String,
    before: Option<String>,
    changes: Option<Value>,
    pull_request: PullRequest,
}

#[derive(Deserialize)]
struct Checked {
    head_sha: String,
    external_id: Option<String>,
}

#[derive(Deserialize)]
struct Installed {
    id: i64,
    account: Account,
}

#[derive(Deserialize)]
struct InstallationBody {
    action: String,
    installation: Installed,
    #[serde(default)]
    repositories: Vec<NamedRepository>,
    #[serde(default)]
    repositories_added: Vec<NamedRepository>,
    #[serde(default)]
    repositories_removed: Vec<NamedRepository>,
}

/// The parts of a body that say who and where.
struct Body<'a> {
    event: &'a str,
    value: Value,
}

impl Body<'_> {
    fn wrong(&self, detail: impl Into<String>) -> HookError {
        HookError::Body {
            event: self.event.to_owned(),
            detail: detail.into(),
        }
    }

    fn action(&self) -> &str {
        self.value
            .get("action")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn whole<T: DeserializeOwned>(&self) -> Result<T, HookError> {
        T::deserialize(&self.value).map_err(|error| self.wrong(error.to_string()))
    }

    /// A part, which may be missing.
    fn part<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, HookError> {
        match self.value.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(part) => T::deserialize(part)
                .map(Some)
                .map_err(|error| self.wrong(format!("{name}: {error}"))),
        }
    }

    fn needed<T: DeserializeOwned>(&self, name: &str) -> Result<T, HookError> {
        self.part(name)?
            .ok_or_else(|| self.wrong(format!("{name} is missing")))
    }

    fn person(&self, name: &str) -> Result<Option<RemotePerson>, HookError> {
        Ok(self.part::<Account>(name)?.map(Account::into_person))
    }

    fn organization(&self) -> Result<Option<RemoteAccount>, HookError> {
        let account: Option<Account> = self.part("organization")?;
        Ok(account.map(|one| one.into_organization(None)))
    }
}

/// Reads a message.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Hook, HookError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let event = text("x-github-event").ok_or(HookError::MissingHeader("x-github-event"))?;
    let wrong = |detail: String| HookError::Body {
        event: event.to_owned(),
        detail,
    };
    let form = text("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form"));
    let json = match form {
        true => payload(body).ok_or_else(|| wrong("the form has no field payload".to_owned()))?,
        false => Cow::Borrowed(body),
    };
    let value: Value = serde_json::from_slice(&json).map_err(|error| wrong(error.to_string()))?;
    if !value.is_object() {
        return Err(wrong("it is not an object".to_owned()));
    }
    let body = Body { event, value };
    let supported = SUPPORTED.contains(&event);
    let installation_id = body
        .value
        .get("installation")
        .and_then(|installation| installation.get("id"))
        .and_then(Value::as_i64);
    // Of an event that is of no use to us, what can't be read is left out.
    let repository: Option<Repository> = match body.part("repository") {
        Ok(repository) => repository,
        Err(error) if supported => return Err(error),
        Err(_) => None,
    };
    let sender = match body.person("sender") {
        Ok(sender) => sender,
        Err(error) if supported => return Err(error),
        Err(_) => None,
    };
    let what = happened(&body)?;
    if needs_repository(&what) && repository.is_none() {
        return Err(body.wrong("repository is missing"));
    }
    Ok(Hook {
        delivery: text("x-github-delivery").map(str::to_owned),
        event: event.to_owned(),
        action: Some(body.action().to_owned()).filter(|action| !action.is_empty()),
        repository: repository.map(|one| one.into_remote(installation_id)),
        sender,
        installation_id,
        what,
    })
}

fn needs_repository(what: &Event) -> bool {
    matches!(
        what,
        Event::Push(_) | Event::PullRequest(_) | Event::Rerun(_) | Event::Repository(_)
    )
}

fn happened(body: &Body<'_>) -> Result<Event, HookError> {
    let other = |what: String| Ok(Event::Other(Unsupported(what)));
    match body.event {
        "ping" => Ok(Event::Ping),
        "push" => push(body.whole()?),
        "delete" => deleted(body.whole()?),
        "create" => other("create: the push says it".to_owned()),
        "pull_request" => pull_request(body.whole()?),
        "check_run" | "check_suite" if body.action() == "rerequested" => {
            let checked: Checked = body.needed(body.event)?;
            let run = body.event == "check_run";
            Ok(Event::Rerun(Rerun {
                sha: checked.head_sha,
                external_id: checked.external_id.filter(|id| run && !id.is_empty()),
            }))
        }
        "check_run" | "check_suite" => other(format!("{} {}", body.event, body.action())),
        "installation" => installation(body.whole()?),
        "installation_repositories" => installation(body.whole()?),
        "public" => Ok(Event::Repository(RepositoryChange::Changed)),
        "repository" => Ok(Event::Repository(match body.action() {
            "renamed" | "transferred" => RepositoryChange::Moved,
            "deleted" => RepositoryChange::Deleted,
            _ => RepositoryChange::Changed,
        })),
        "member" | "membership" => Ok(Event::Member(MemberChange {
            person: body.person("member")?,
            organization: body.organization()?,
        })),
        "organization" => {
            let member = body.value.get("membership").and_then(|one| one.get("user"));
            let member = member
                .filter(|one| !one.is_null())
                .map(Account::deserialize);
            let member = member
                .transpose()
                .map_err(|error| body.wrong(format!("membership.user: {error}")))?;
            Ok(Event::Member(MemberChange {
                person: member.map(Account::into_person),
                organization: body.organization()?,
            }))
        }
        "team" | "team_add" => Ok(Event::Member(MemberChange {
            person: None,
            organization: body.organization()?,
        })),
        name => other(name.to_owned()),
    }
}

fn push(body: PushBody) -> Result<Event, HookError> {
    let branch = body.name.strip_prefix("refs/heads/");
    let tag = body.name.strip_prefix("refs/tags/");
    if branch.is_none() && tag.is_none() {
        let what = format!("push of {}", body.name);
        return Ok(Event::Other(Unsupported(what)));
    }
    let head = body.head_commit.map(PushedCommit::from);
    let mut after = some_sha(body.after).filter(|_| !body.deleted);
    // What a tag with a message points at is an object of its own; the commit is what is built.
    if let (Some(head), Some(_), Some(after)) = (&head, tag, &mut after) {
        after.clone_from(&head.sha);
    }
    Ok(Event::Push(Push {
        branch: branch.map(str::to_owned),
        tag: tag.map(str::to_owned),
        before: some_sha(body.before),
        after,
        commits: body.commits.into_iter().map(PushedCommit::from).collect(),
        head,
        compare_url: body.compare,
        forced: body.forced,
    }))
}

/// All zeroes stand for no commit.
fn some_sha(sha: String) -> Option<String> {
    sha.bytes().any(|byte| byte != b'0').then_some(sha)
}

fn deleted(body: DeleteBody) -> Result<Event, HookError> {
    let of = |kind: &str| (body.ref_type == kind).then(|| body.name.clone());
    let (branch, tag) = (of("branch"), of("tag"));
    if branch.is_none() && tag.is_none() {
        let what = format!("delete of a {}", body.ref_type);
        return Ok(Event::Other(Unsupported(what)));
    }
    Ok(Event::Push(Push {
        branch,
        tag,
        before: None,
        after: None,
        commits: Vec::new(),
        head: None,
        compare_url: None,
        forced: false,
    }))
}

fn pull_request(body: PullRequestBody) -> Result<Event, HookError> {
    let rebased = body
        .changes
        .is_some_and(|changes| changes.get("base").is_some());
    let change = match body.action.as_str() {
        "opened" => PullChange::Opened,
        "reopened" => PullChange::Reopened,
        "synchronize" => PullChange::Synchronized,
        "closed" => PullChange::Closed,
        "edited" if rebased => PullChange::BaseChanged,
        "labeled" | "unlabeled" => PullChange::Labeled,
        "ready_for_review" => PullChange::ReadyForReview,
        _ => PullChange::Other,
    };
    Ok(Event::PullRequest(Box::new(PullRequestEvent {
        change,
        pull: body.pull_request.into(),
        before: body.before.and_then(some_sha),
    })))
}

fn installation(body: InstallationBody) -> Result<Event, HookError> {
    let gone = matches!(body.action.as_str(), "deleted" | "suspend");
    let mut added = body.repositories_added;
    let mut removed = body.repositories_removed;
    match gone {
        true => removed.extend(body.repositories),
        false => added.extend(body.repositories),
    }
    let id = body.installation.id;
    Ok(Event::Installation(Box::new(InstallationChange {
        id,
        account: body.installation.account.into_account(Some(id)),
        gone,
        added: added.into_iter().map(Into::into).collect(),
        removed: removed.into_iter().map(Into::into).collect(),
    })))
}

/// The field `payload` of a form.
fn payload(body: &[u8]) -> Option<Cow<'static, [u8]>> {
    let field = body
        .split(|byte| *byte == b'&')
        .find_map(|field| field.strip_prefix(b"payload="))?;
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = [*rest.next()?, *rest.next()?];
                out.extend(hex::decode(digits).ok()?);
            }
            byte => out.push(*byte),
        }
    }
    Some(Cow::Owned(out))
}
