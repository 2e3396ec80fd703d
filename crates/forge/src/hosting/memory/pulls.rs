//! Pull requests on the forge in memory.

use super::MemoryForgeApi;
use super::scene::{UNKNOWN, number, with};
use crate::hosting::event::{Event, PullChange, PullRequestEvent};
use crate::hosting::types::{RemotePerson, RemotePullRequest, RemoteRef};

impl MemoryForgeApi {
    /// Opens a pull request for `main` with one commit on a branch of a fork, or of the repository
    /// itself when `head` is the same; the hooks are told. Gives its number.
    pub fn open_pull(
        &self,
        at: &RemoteRef,
        head: &RemoteRef,
        branch: &str,
        files: &[(&str, &str)],
        title: &str,
        by: &RemotePerson,
    ) -> i64 {
        let base = self.git.tip(number(at), "refs/heads/main");
        let (base_sha, _) = base.unwrap_or_else(|| panic!("{UNKNOWN}: a commit on main"));
        let pull = {
            let mut state = self.state();
            let number = state.next_id();
            RemotePullRequest {
                number,
                title: title.to_owned(),
                open: true,
                merged: false,
                draft: false,
                html_url: format!("https://memory.example/{}/pull/{number}", at.path),
                head_sha: String::new(),
                head_branch: branch.to_owned(),
                head_repository: Some(head.clone()),
                base_sha,
                base_branch: "main".into(),
                author: by.clone(),
                author_known: None,
                merge_ref: Some(format!("refs/pull/{number}/merge")),
                head_ref: format!("refs/pull/{number}/head"),
                mergeable: Some(true),
            }
        };
        let id = pull.number;
        self.change(at, |repo| {
            repo.pulls.insert(id, pull);
        });
        self.move_head(at, id, files, title);
        self.tell_pull(at, id, PullChange::Opened, None, by);
        id
    }

    /// Pushes one more commit to the head of a pull request; the hooks are told. Gives its id.
    pub fn push_to_pull(
        &self,
        at: &RemoteRef,
        pull: i64,
        files: &[(&str, &str)],
        message: &str,
        by: &RemotePerson,
    ) -> String {
        let before = self.pull(at, pull).head_sha;
        let sha = self.move_head(at, pull, files, message);
        self.tell_pull(at, pull, PullChange::Synchronized, Some(before), by);
        sha
    }

    /// Changes a pull request and tells the hooks that this happened.
    pub fn change_pull(
        &self,
        at: &RemoteRef,
        pull: i64,
        happened: PullChange,
        by: &RemotePerson,
        change: impl FnOnce(&mut RemotePullRequest),
    ) {
        self.change(at, |repo| match repo.pulls.get_mut(&pull) {
            Some(pull) => change(pull),
            None => panic!("{UNKNOWN}: pull request {pull}"),
        });
        self.tell_pull(at, pull, happened, None, by);
    }

    /// A pull request as it is.
    pub fn pull(&self, at: &RemoteRef, pull: i64) -> RemotePullRequest {
        let found = self.change(at, |repo| repo.pulls.get(&pull).cloned());
        found.unwrap_or_else(|| panic!("{UNKNOWN}: pull request {pull}"))
    }

    fn move_head(
        &self,
        at: &RemoteRef,
        pull: i64,
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        let (id, head) = (number(at), format!("refs/pull/{pull}/head"));
        let old = self.git.tip(id, &head);
        let old = old.or_else(|| self.git.tip(id, "refs/heads/main"));
        let files = with(old.map(|tip| tip.1), files);
        let sha = self.git.commit_at(id, &head, files.clone(), message);
        let merge = format!("refs/pull/{pull}/merge");
        self.git.commit_at(id, &merge, files, "Merge of both");
        let (branch, own) = self.change(at, |repo| match repo.pulls.get_mut(&pull) {
            Some(pull) => {
                pull.head_sha.clone_from(&sha);
                let own = pull.head_repository.as_ref() == Some(at);
                (pull.head_branch.clone(), own)
            }
            None => panic!("{UNKNOWN}: pull request {pull}"),
        });
        if own {
            self.git.set_ref(id, &format!("refs/heads/{branch}"), &sha);
        }
        sha
    }

    fn tell_pull(
        &self,
        at: &RemoteRef,
        pull: i64,
        change: PullChange,
        before: Option<String>,
        by: &RemotePerson,
    ) {
        let pull = self.pull(at, pull);
        let event = PullRequestEvent {
            change,
            pull,
            before,
        };
        let what = Event::PullRequest(Box::new(event));
        let action = format!("{change:?}").to_lowercase();
        self.tell(at, "pull_request", Some(&action), by, what);
    }
}
