//! Demands for builds, stored before they are answered.

use crate::{Engine, EngineError, Vault, Viewer, changes::Changes};
use aws_lc_rs::digest;
use serde_json::Value;
use travis_bus::Wake;
use travis_model::{Repository, RepositoryId, Request};
use travis_store::NewRequest;

/// What a person asks for.
#[derive(Debug, Clone, Default)]
pub struct BuildDemand {
    /// The branch; the default branch when nothing is named.
    pub branch: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The message to show.
    pub message: Option<String>,
}

/// What a git host's hook sent.
#[derive(Debug, Clone, Copy)]
pub struct Ping<'a> {
    /// The body as it came.
    pub body: &'a [u8],
    /// The header with the signature, `sha256=<hex>`.
    pub signature: Option<&'a str>,
    /// The sender's number of the delivery.
    pub delivery: Option<&'a str>,
    /// The sender's name of the event.
    pub event: Option<&'a str>,
}

/// What came of a ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PingOutcome {
    /// A request was stored, or was there already.
    Stored(Box<Request>),
    /// Nothing to build, with the reason.
    Ignored(&'static str),
}

const MESSAGE_LIMIT: usize = 10_000;

/// Branch and tag of what a person calls a branch: a whole ref may be named too. Refs that are
/// neither branch nor tag, such as `refs/pull/3/merge`, stay whole.
fn branch_or_tag(name: Option<String>) -> (Option<String>, Option<String>) {
    let Some(name) = name else {
        return (None, None);
    };
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        (Some(branch.to_owned()), None)
    } else if let Some(tag) = name.strip_prefix("refs/tags/") {
        (None, Some(tag.to_owned()))
    } else {
        (Some(name), None)
    }
}

impl Engine {
    /// Stores a person's demand for a build.
    ///
    /// # Errors
    /// [`EngineError::RepositoryInactive`]; [`EngineError::Invalid`] for a commit or branch that
    /// can't be one.
    pub async fn demand_build(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        demand: BuildDemand,
    ) -> Result<Request, EngineError> {
        self.must_build(viewer, repository).await?;
        let clean =
            |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let sha = clean(demand.sha);
        if sha.as_ref().is_some_and(|sha| {
            !(4..=64).contains(&sha.len()) || !sha.bytes().all(|b| b.is_ascii_hexdigit())
        }) {
            return Err(EngineError::invalid(
                "sha",
                "a commit is named by 4 to 64 hexadecimal digits",
            ));
        }
        let message = clean(demand.message);
        if message
            .as_ref()
            .is_some_and(|message| message.len() > MESSAGE_LIMIT)
        {
            return Err(EngineError::invalid(
                "message",
                "a message holds 10,000 bytes at most",
            ));
        }
        let (branch, tag) = branch_or_tag(clean(demand.branch));
        let request = self
            .store_request(
                NewRequest {
                    repository_id: repository.id,
                    event_type: "api".to_owned(),
                    branch,
                    sha,
                    tag,
                    message,
                    delivery: None,
                    pull_request: None,
                    sender: None,
                    before_sha: None,
                    compare_url: None,
                    delivery_id: None,
                    held: false,
                    created_by: viewer.user.as_ref().map(|user| user.id),
                    at: self.now(),
                },
                repository.active,
            )
            .await?;
        Ok(request)
    }

    /// Takes a ping of any git host. Nothing is changed before the signature is checked.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an unknown repository, [`EngineError::Unauthorized`] for a
    /// missing or wrong signature, [`EngineError::Invalid`] for a body that can't be read.
    pub async fn take_ping(
        &self,
        id: RepositoryId,
        ping: Ping<'_>,
    ) -> Result<PingOutcome, EngineError> {
        let repository = self
            .store
            .reader()
            .await?
            .repository(id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        let secret = self.vault.unseal(&repository.ping_secret)?;
        let signed = ping
            .signature
            .is_some_and(|signature| Vault::ping_signed(&secret, ping.body, signature));
        if !signed {
            // A private repository can't be told from a missing one.
            return Err(if repository.private {
                EngineError::NotFound("repository")
            } else {
                EngineError::Unauthorized
            });
        }
        if !repository.active {
            return Ok(PingOutcome::Ignored("the repository is switched off"));
        }
        if ping
            .event
            .is_some_and(|event| event != "push" && event != "Push Hook")
        {
            return Ok(PingOutcome::Ignored("only pushes make builds here"));
        }
        let body: Value = serde_json::from_slice(ping.body).map_err(|error| {
            EngineError::invalid("body", format!("the body is not JSON: {error}"))
        })?;
        let push = match Push::read(&body) {
            Ok(push) => push,
            Err(reason) => return Ok(PingOutcome::Ignored(reason)),
        };
        if push.branch.is_none() && push.tag.is_none() && push.sha.is_none() {
            return Err(EngineError::invalid(
                "body",
                "name a \"branch\", a \"sha\" or a \"ref\"",
            ));
        }
        // Without a number of the sender's, the same commit on the same ref is the same ping.
        let delivery = ping.delivery.map(str::to_owned).or_else(|| {
            push.sha.as_ref().map(|_| {
                format!(
                    "body:{}",
                    hex::encode(digest::digest(&digest::SHA256, ping.body))
                )
            })
        });
        let request = self
            .store_request(
                NewRequest {
                    repository_id: id,
                    event_type: "push".to_owned(),
                    branch: push.branch,
                    sha: push.sha,
                    tag: push.tag,
                    message: None,
                    delivery,
                    pull_request: None,
                    sender: None,
                    before_sha: None,
                    compare_url: None,
                    delivery_id: None,
                    held: false,
                    created_by: None,
                    at: self.now(),
                },
                true,
            )
            .await?;
        Ok(PingOutcome::Stored(Box::new(request)))
    }

    pub(crate) async fn store_request(
        &self,
        new: NewRequest,
        active: bool,
    ) -> Result<Request, EngineError> {
        if !active {
            return Err(EngineError::RepositoryInactive);
        }
        for (field, name) in [("branch", &new.branch), ("tag", &new.tag)] {
            if let Some(name) = name {
                travis_forge::check_ref(name)
                    .map_err(|error| EngineError::invalid(field, error.to_string()))?;
            }
        }
        let mut tx = self.store.begin().await?;
        let (id, fresh) = tx.insert_request(&new).await?;
        let request = tx
            .request(id)
            .await?
            .ok_or(EngineError::NotFound("request"))?;
        tx.commit().await?;
        if fresh {
            let mut changes = Changes::default();
            changes.wake(Wake::Requests);
            changes.request(&request);
            changes.send(self.bus.as_ref());
        }
        Ok(request)
    }
}

/// What a push's body says, in the form of GitHub, Gitea, GitLab (`ref`, `after`) or in our own
/// (`branch`, `sha`).
#[derive(Debug, Default, PartialEq, Eq)]
struct Push {
    branch: Option<String>,
    tag: Option<String>,
    sha: Option<String>,
}

impl Push {
    fn read(body: &Value) -> Result<Self, &'static str> {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let sha = text("after").or_else(|| text("sha"));
        let deleted = body
            .get("deleted")
            .and_then(Value::as_bool)
            .unwrap_or(false)
            || sha
                .as_ref()
                .is_some_and(|sha| !sha.is_empty() && sha.bytes().all(|b| b == b'0'));
        if deleted {
            return Err("the branch was deleted");
        }
        if sha
            .as_ref()
            .is_some_and(|sha| !sha.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err("the commit is not named by hexadecimal digits");
        }
        let mut push = Self {
            branch: text("branch"),
            tag: text("tag"),
            sha,
        };
        if let Some(reference) = text("ref") {
            if let Some(branch) = reference.strip_prefix("refs/heads/") {
                push.branch = Some(branch.to_owned());
            } else if let Some(tag) = reference.strip_prefix("refs/tags/") {
                push.tag = Some(tag.to_owned());
            } else if push.branch.is_none() {
                return Err("the ref is neither a branch nor a tag");
            }
        }
        Ok(push)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pushes_of_several_hosts_are_read() {
        let push = Push::read(&json!({"ref": "refs/heads/main", "after": "abc123"})).unwrap();
        assert_eq!(
            (push.branch.as_deref(), push.sha.as_deref()),
            (Some("main"), Some("abc123"))
        );
        let tag = Push::read(&json!({"ref": "refs/tags/v1", "after": "abc123"})).unwrap();
        assert_eq!(tag.tag.as_deref(), Some("v1"));
        let own = Push::read(&json!({"branch": "topic"})).unwrap();
        assert_eq!(own.branch.as_deref(), Some("topic"));
    }

    #[test]
    fn people_may_name_whole_refs() {
        let named = |name: &str| branch_or_tag(Some(name.to_owned()));
        assert_eq!(named("main"), (Some("main".into()), None));
        assert_eq!(named("refs/heads/a/b"), (Some("a/b".into()), None));
        assert_eq!(named("refs/tags/v1"), (None, Some("v1".into())));
        assert_eq!(
            named("refs/pull/3/merge"),
            (Some("refs/pull/3/merge".into()), None)
        );
    }

    #[test]
    fn deleted_branches_and_odd_refs_make_nothing() {
        assert!(Push::read(&json!({"ref": "refs/heads/x", "after": "0000000000"})).is_err());
        assert!(Push::read(&json!({"ref": "refs/notes/x", "after": "ab"})).is_err());
        assert!(Push::read(&json!({"sha": "--upload-pack=x"})).is_err());
    }
}
