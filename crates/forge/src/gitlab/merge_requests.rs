//! Merge requests.

use super::wire::{Project, User};
use super::{GitLab, PAGE, about};
use crate::hosting::wire::auth;
use crate::hosting::{Access, RemotePullRequest, RemoteRef};
use crate::http::{Call, Class};
use crate::{ForgeError, Want};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
struct MergeRequest {
    iid: i64,
    title: String,
    state: String,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    web_url: String,
    sha: Option<String>,
    source_branch: String,
    #[serde(default)]
    source_project_id: Option<i64>,
    target_branch: String,
    author: User,
    #[serde(default)]
    merge_status: String,
    /// Only where one is asked for alone.
    #[serde(default)]
    diff_refs: Option<DiffRefs>,
}

#[derive(Deserialize)]
struct DiffRefs {
    #[serde(default)]
    start_sha: Option<String>,
}

impl GitLab {
    /// The newest merge requests that are open.
    pub(super) async fn merge_requests(
        &self,
        access: &Access,
        at: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError> {
        let rest = "/merge_requests?state=opened&order_by=created_at&sort=desc";
        let call = Call::get(self.project_url(at, &format!("{rest}&per_page={PAGE}"))?)
            .auth(auth(access)?)
            .class(Class::Low)
            .what(about(at));
        let all: Vec<MergeRequest> = self.http.send(call).await?.json()?;
        let (mut bases, mut sources) = (HashMap::new(), HashMap::new());
        let mut pulls = Vec::with_capacity(all.len());
        for one in all {
            // The list leaves out what is the same for most: few further calls.
            if !bases.contains_key(&one.target_branch) {
                let sha = self.base(access, at, &one.target_branch).await?;
                bases.insert(one.target_branch.clone(), sha);
            }
            let source = one.source_project_id;
            if let Some(id) = source.filter(|id| !sources.contains_key(id)) {
                sources.insert(id, self.source(access, at, id).await?);
            }
            let base = bases.get(&one.target_branch).cloned().unwrap_or_default();
            let source = source.and_then(|id| sources.get(&id).cloned().flatten());
            pulls.push(one.pull(base, source));
        }
        Ok(pulls)
    }

    /// One merge request.
    pub(super) async fn merge_request(
        &self,
        access: &Access,
        at: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError> {
        let url = self.project_url(at, &format!("/merge_requests/{number}"))?;
        let what = format!("merge request {number}");
        let one: MergeRequest = self.get(access, url, what).await?.json()?;
        let told = one.diff_refs.as_ref();
        let base = match told.and_then(|refs| refs.start_sha.clone()) {
            Some(base) => base,
            None => self.base(access, at, &one.target_branch).await?,
        };
        let source = match one.source_project_id {
            Some(id) => self.source(access, at, id).await?,
            None => None,
        };
        Ok(one.pull(base, source))
    }

    /// The tip of a target branch; empty when it is gone.
    async fn base(
        &self,
        access: &Access,
        at: &RemoteRef,
        branch: &str,
    ) -> Result<String, ForgeError> {
        let want = Want::Branch(branch.to_owned());
        match self.find_want(access, at, &want).await {
            Ok(found) => Ok(found.sha),
            Err(ForgeError::NotFound { .. }) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// The project that a merge request comes from, if it can be seen.
    async fn source(
        &self,
        access: &Access,
        at: &RemoteRef,
        id: i64,
    ) -> Result<Option<RemoteRef>, ForgeError> {
        let id = id.to_string();
        if id == at.id {
            return Ok(Some(at.clone()));
        }
        let url = self.url(&format!("/projects/{id}"));
        let found: Option<Project> = match self.find(access, url).await {
            Err(ForgeError::Forbidden { .. }) => None,
            found => found?,
        };
        Ok(found.map(|project| RemoteRef {
            id,
            path: project.path_with_namespace,
        }))
    }
}

impl MergeRequest {
    fn pull(self, base_sha: String, source: Option<RemoteRef>) -> RemotePullRequest {
        let number = self.iid;
        let mergeable = mergeable(&self.merge_status);
        RemotePullRequest {
            number,
            title: self.title,
            open: self.state == "opened",
            merged: self.state == "merged",
            draft: self.draft,
            html_url: self.web_url,
            head_sha: self.sha.unwrap_or_default(),
            head_branch: self.source_branch,
            head_repository: source,
            base_sha,
            base_branch: self.target_branch,
            author: self.author.person(),
            author_known: None,
            merge_ref: merge_ref(number, mergeable),
            head_ref: head_ref(number),
            mergeable,
        }
    }
}

pub(super) fn head_ref(number: i64) -> String {
    format!("refs/merge-requests/{number}/head")
}

pub(super) fn merge_ref(number: i64, mergeable: Option<bool>) -> Option<String> {
    (mergeable != Some(false)).then(|| format!("refs/merge-requests/{number}/merge"))
}

pub(super) fn mergeable(merge_status: &str) -> Option<bool> {
    match merge_status {
        "can_be_merged" => Some(true),
        "cannot_be_merged" => Some(false),
        // unchecked, checking, cannot_be_merged_recheck
        _ => None,
    }
}
