//! What a push's message says, in the form of GitHub, Gitea and GitLab (`ref`, `after`) or in our
//! own (`branch`, `sha`): for hooks of plain git. Pure.

use crate::EngineError;
use serde_json::Value;
use travis_model::{DeliveryId, RepositoryId, Timestamp};
use travis_store::NewRequest;

/// A message of plain git, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PlainPush {
    /// A commit came.
    Commit(Pushed),
    /// There is nothing to build.
    Nothing(&'static str),
}

/// What was pushed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pushed {
    branch: Option<String>,
    tag: Option<String>,
    sha: Option<String>,
    before: Option<String>,
}

impl PlainPush {
    /// Reads a message.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for what no hook sends.
    pub fn of(event: &str, body: &[u8]) -> Result<Self, EngineError> {
        if event != "push" && event != "Push Hook" && event != "Tag Push Hook" {
            return Ok(Self::Nothing("only pushes make builds here"));
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            EngineError::invalid("body", format!("the body is not JSON: {error}"))
        })?;
        let push = match Pushed::read(&body) {
            Ok(push) => push,
            Err(reason) => return Ok(Self::Nothing(reason)),
        };
        if push.branch.is_none() && push.tag.is_none() && push.sha.is_none() {
            return Err(EngineError::invalid(
                "body",
                "name a \"branch\", a \"sha\" or a \"ref\"",
            ));
        }
        Ok(Self::Commit(push))
    }

    /// Whether the same words again mean the same commit.
    pub const fn is_exact(&self) -> bool {
        match self {
            Self::Commit(push) => push.sha.is_some(),
            Self::Nothing(_) => true,
        }
    }
}

impl Pushed {
    fn read(body: &Value) -> Result<Self, &'static str> {
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let no_commit = |sha: &String| !sha.is_empty() && sha.bytes().all(|b| b == b'0');
        let is_hex = |sha: &String| sha.bytes().all(|b| b.is_ascii_hexdigit());
        let sha = text("after").or_else(|| text("sha"));
        let deleted = body
            .get("deleted")
            .and_then(Value::as_bool)
            .unwrap_or(false)
            || sha.as_ref().is_some_and(no_commit);
        if deleted {
            return Err("the branch was deleted");
        }
        if !sha.iter().all(is_hex) {
            return Err("the commit is not named by hexadecimal digits");
        }
        let mut push = Self {
            branch: text("branch"),
            tag: text("tag"),
            sha,
            before: text("before").filter(|sha| is_hex(sha) && !no_commit(sha)),
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

    /// The request that comes of it.
    pub fn request(
        self,
        repository_id: RepositoryId,
        delivery: Option<String>,
        delivery_id: DeliveryId,
        at: Timestamp,
    ) -> NewRequest {
        NewRequest {
            repository_id,
            event_type: "push".to_owned(),
            branch: self.branch,
            sha: self.sha,
            tag: self.tag,
            message: None,
            delivery,
            pull_request: None,
            sender: None,
            before_sha: self.before,
            compare_url: None,
            delivery_id: Some(delivery_id),
            held: false,
            config: None,
            created_by: None,
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pushes_of_several_hosts_are_read() {
        let push = Pushed::read(&json!({"ref": "refs/heads/main", "after": "abc123"})).unwrap();
        assert_eq!(
            (push.branch.as_deref(), push.sha.as_deref()),
            (Some("main"), Some("abc123"))
        );
        let tag = Pushed::read(&json!({"ref": "refs/tags/v1", "after": "abc123"})).unwrap();
        assert_eq!(tag.tag.as_deref(), Some("v1"));
        let own = Pushed::read(&json!({"branch": "topic"})).unwrap();
        assert_eq!(own.branch.as_deref(), Some("topic"));
    }

    #[test]
    fn deleted_branches_and_odd_refs_make_nothing() {
        assert!(Pushed::read(&json!({"ref": "refs/heads/x", "after": "0000000000"})).is_err());
        assert!(Pushed::read(&json!({"ref": "refs/notes/x", "after": "ab"})).is_err());
        assert!(Pushed::read(&json!({"sha": "--upload-pack=x"})).is_err());
    }

    #[test]
    fn words_that_are_no_message_are_refused() {
        assert!(PlainPush::of("push", b"no json").is_err());
        assert!(PlainPush::of("push", b"{}").is_err());
        let other = PlainPush::of("issues", b"{}").unwrap();
        assert_eq!(other, PlainPush::Nothing("only pushes make builds here"));
    }
}
