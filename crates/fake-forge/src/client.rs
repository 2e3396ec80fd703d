//! Acts on a fake's side from a test: pushes, pull requests, trouble.

use crate::state::faults::FaultMode;
use reqwest::Method;
use serde_json::{Value, json};

/// Why the fake did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// It can't be reached.
    #[error("the fake forge can't be reached: {0}")]
    Http(#[from] reqwest::Error),
    /// It refused.
    #[error("the fake forge refused {path} with {status}: {body}")]
    Refused {
        /// Path of the call.
        path: String,
        /// Status of the answer.
        status: u16,
        /// Its text.
        body: String,
    },
}

/// What a control gives back.
pub type Controlled<T> = Result<T, ControlError>;

/// The controls of a fake, by its address. Repositories are named `owner/name`.
#[derive(Clone, Debug)]
pub struct Control {
    url: String,
    client: reqwest::Client,
}

fn named(repo: &str, mut body: Value) -> Value {
    let (owner, name) = repo.rsplit_once('/').unwrap_or(("", repo));
    body["owner"] = json!(owner);
    body["name"] = json!(name);
    body
}

fn sha(value: &Value) -> String {
    value["sha"].as_str().unwrap_or_default().to_owned()
}

impl Control {
    /// The controls of the fake at `url`, such as one that runs as a process.
    pub fn new(url: &str) -> Self {
        Self::with_client(url, reqwest::Client::new())
    }

    pub(crate) fn with_client(url: &str, client: reqwest::Client) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            client,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Controlled<Value> {
        // The client of a fake gives up after ten seconds; waiting for quiet may take longer.
        let mut request = self
            .client
            .request(method, format!("{}/_fake/{path}", self.url))
            .timeout(std::time::Duration::from_secs(120));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            return Err(ControlError::Refused {
                path: path.to_owned(),
                status: status.as_u16(),
                body: text,
            });
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Any control with any body, for what has no method of its own.
    ///
    /// # Errors
    /// When the fake refuses or is gone; so for every method here.
    pub async fn post(&self, path: &str, body: Value) -> Controlled<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Adds a person.
    pub async fn user(&self, login: &str) -> Controlled<Value> {
        self.post("users", json!({"login": login})).await
    }

    /// Adds an organization; members with `admin` or `member`.
    pub async fn org(&self, login: &str, members: &[(&str, &str)]) -> Controlled<Value> {
        let members: Vec<Value> = members
            .iter()
            .map(|(login, role)| json!({"login": login, "role": role}))
            .collect();
        self.post("orgs", json!({"login": login, "members": members}))
            .await
    }

    /// Adds a public repository with files; gives its first commit.
    pub async fn repo(&self, repo: &str, files: &[(&str, &str)]) -> Controlled<String> {
        let files: serde_json::Map<String, Value> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), json!(text)))
            .collect();
        let body = named(repo, json!({"files": files}));
        Ok(sha(&self.post("repos", body).await?))
    }

    /// Adds a repository with what else its body may say: `private`, `collaborators`, `count`, …
    pub async fn repo_with(&self, repo: &str, body: Value) -> Controlled<Value> {
        self.post("repos", named(repo, body)).await
    }

    /// Commits files to a branch as a push of `login`; gives the commit.
    pub async fn commit(
        &self,
        repo: &str,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
        login: &str,
    ) -> Controlled<String> {
        let files: serde_json::Map<String, Value> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), json!(text)))
            .collect();
        let body = json!({"branch": branch, "files": files, "message": message, "as": login});
        Ok(sha(&self.post("commit", named(repo, body)).await?))
    }

    /// Tags a commit or branch as a push of `login`.
    pub async fn tag(&self, repo: &str, tag: &str, at: &str, login: &str) -> Controlled<String> {
        let body = json!({"tag": tag, "sha": at, "as": login});
        Ok(sha(&self.post("tag", named(repo, body)).await?))
    }

    /// Removes a ref by its whole name as a push of `login`.
    pub async fn delete_ref(&self, repo: &str, name: &str, login: &str) -> Controlled<()> {
        let body = json!({"ref": name, "as": login});
        self.post("delete_ref", named(repo, body)).await.map(drop)
    }

    /// Forks a repository into the account of `login`.
    pub async fn fork(&self, repo: &str, login: &str) -> Controlled<Value> {
        self.post("fork", named(repo, json!({"as": login}))).await
    }

    /// Opens a pull request from `head` (`owner:branch` or a branch); gives its number.
    pub async fn pull(&self, repo: &str, head: &str, base: &str, login: &str) -> Controlled<u64> {
        let body =
            json!({"head": head, "base": base, "as": login, "title": format!("From {head}")});
        let value = self.post("pull", named(repo, body)).await?;
        Ok(value["number"].as_u64().unwrap_or(0))
    }

    /// `close`, `reopen`, `merge`, `ready`, or `edit` and `label` with more in `body`.
    pub async fn pull_do(
        &self,
        repo: &str,
        number: u64,
        what: &str,
        login: &str,
        mut body: Value,
    ) -> Controlled<Value> {
        if body.is_null() {
            body = json!({});
        }
        body["number"] = json!(number);
        body["as"] = json!(login);
        self.post(&format!("pull/{what}"), named(repo, body)).await
    }

    /// Asks for a check run once more.
    pub async fn rerequest(&self, repo: &str, run: u64, login: &str) -> Controlled<()> {
        let body = json!({"check_run_id": run, "as": login});
        self.post("rerequest", named(repo, body)).await.map(drop)
    }

    /// Renames a repository below its owner.
    pub async fn rename(&self, repo: &str, to: &str) -> Controlled<()> {
        let body = named(repo, json!({"to": to}));
        self.post("repo/rename", body).await.map(drop)
    }

    /// Gives a repository to another account.
    pub async fn transfer(&self, repo: &str, to: &str) -> Controlled<()> {
        let body = named(repo, json!({"to": to}));
        self.post("repo/transfer", body).await.map(drop)
    }

    /// `delete`, `privatize`, `publicize`, `archive` or `unarchive`.
    pub async fn repo_do(&self, repo: &str, what: &str) -> Controlled<()> {
        let body = named(repo, json!({}));
        self.post(&format!("repo/{what}"), body).await.map(drop)
    }

    /// Grants `read`, `write` or `admin` to someone, or takes it away.
    pub async fn member(&self, repo: &str, login: &str, level: Option<&str>) -> Controlled<()> {
        let body = json!({"login": login, "permission": level});
        self.post("member", named(repo, body)).await.map(drop)
    }

    /// Lets someone into an organization as `admin` or `member`, or out of it.
    pub async fn org_member(&self, org: &str, login: &str, role: Option<&str>) -> Controlled<()> {
        let body = json!({"owner": org, "login": login, "permission": role});
        self.post("member", body).await.map(drop)
    }

    /// Registers an OAuth client; gives its identifier and secret.
    pub async fn oauth_app(&self, callback_url: &str) -> Controlled<(String, String)> {
        let value = self
            .post(
                "oauth_app",
                json!({"name": "Test", "callback_url": callback_url}),
            )
            .await?;
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Ok((text("client_id"), text("client_secret")))
    }

    /// Makes a GitHub App from a manifest; gives what the conversion of its code would.
    pub async fn app(&self, owner: &str, manifest: Value) -> Controlled<Value> {
        self.post("app", json!({"owner": owner, "manifest": manifest}))
            .await
    }

    /// Installs an App on all repositories of an account; gives the installation's number.
    pub async fn install(&self, app: u64, account: &str) -> Controlled<u64> {
        let value = self
            .post("install", json!({"app_id": app, "account": account}))
            .await?;
        Ok(value["id"].as_u64().unwrap_or(0))
    }

    /// Makes a personal token that may do all its owner may.
    pub async fn token(&self, login: &str) -> Controlled<String> {
        let value = self.post("token", json!({"login": login})).await?;
        Ok(value["token"].as_str().unwrap_or_default().to_owned())
    }

    /// Every token that is good, to look for where none may be.
    pub async fn tokens(&self) -> Controlled<Vec<String>> {
        let value = self.call(Method::GET, "tokens", None).await?;
        Ok(serde_json::from_value(value).unwrap_or_default())
    }

    /// Takes every token of a person back.
    pub async fn revoke(&self, login: &str) -> Controlled<()> {
        let body = json!({"login": login});
        self.post("revoke", body).await.map(drop)
    }

    /// Lets every n-th call (or delivery) fail.
    pub async fn fault(&self, mode: FaultMode, every: u64) -> Controlled<()> {
        let body = json!({"mode": mode, "every": every});
        self.post("fault", body).await.map(drop)
    }

    /// Sets what all tokens may still ask, and when that begins anew.
    pub async fn limit(&self, remaining: u64, reset_in: i64) -> Controlled<()> {
        let body = json!({"remaining": remaining, "reset_in": reset_in});
        self.post("limit", body).await.map(drop)
    }

    /// Sets how many milliseconds every answer takes at least.
    pub async fn latency(&self, ms: u64) -> Controlled<()> {
        self.post("latency", json!({"ms": ms})).await.map(drop)
    }

    /// Everything the fake knows.
    pub async fn state(&self) -> Controlled<Value> {
        self.call(Method::GET, "state", None).await
    }

    /// Calls answered, without the first `since`.
    pub async fn calls(&self, since: usize) -> Controlled<Vec<Value>> {
        let value = self
            .call(Method::GET, &format!("calls?since={since}"), None)
            .await?;
        Ok(value.as_array().cloned().unwrap_or_default())
    }

    /// Statuses of a commit in the order received.
    pub async fn statuses(&self, repo: &str, sha: &str) -> Controlled<Vec<Value>> {
        let row = self.row(repo).await?;
        Ok(row["statuses"][sha].as_array().cloned().unwrap_or_default())
    }

    /// Check runs of a commit with their history.
    pub async fn checks(&self, repo: &str, sha: &str) -> Controlled<Vec<Value>> {
        let row = self.row(repo).await?;
        let runs = row["checks"].as_array().cloned().unwrap_or_default();
        Ok(runs
            .into_iter()
            .filter(|run| run["head_sha"] == sha)
            .collect())
    }

    /// A repository's row of the state; null when there is none.
    pub async fn row(&self, repo: &str) -> Controlled<Value> {
        let state = self.state().await?;
        let rows = state["repos"].as_array().cloned().unwrap_or_default();
        let found = rows.into_iter().find(|row| row["full_name"] == repo);
        Ok(found.unwrap_or(Value::Null))
    }

    /// Makes a delivery once more; gives the new one's number.
    pub async fn deliver(&self, id: u64) -> Controlled<u64> {
        let value = self.post("deliver", json!({"id": id})).await?;
        Ok(value["id"].as_u64().unwrap_or(0))
    }

    /// Sends any payload to the hooks of a repository.
    pub async fn hook_send(&self, repo: &str, event: &str, payload: Value) -> Controlled<()> {
        let body = named(repo, json!({"event": event, "body": payload}));
        self.post("hook_send", body).await.map(drop)
    }

    /// Waits until no delivery is queued or on its way.
    pub async fn quiet(&self) -> Controlled<()> {
        self.post("quiet", json!({})).await.map(drop)
    }
}
