//! Pull requests: their refs and what happens to them.

use crate::events::{Event, announce};
use crate::forge::{Forge, Kind};
use crate::git::{self, GitError, merge};
use crate::http::Reply;
use crate::state::now;
use crate::state::repos::Pull;
use serde_json::{Map, Value, json};

/// What a new pull request is made of.
pub struct Draft<'a> {
    /// Repository that gets it.
    pub base_repo: u64,
    /// Repository of the head.
    pub head_repo: u64,
    /// Branch of the head.
    pub head_ref: &'a str,
    /// Branch of the base.
    pub base_ref: &'a str,
    /// Title.
    pub title: &'a str,
    /// Login of the author.
    pub author: &'a str,
    /// Not ready for review.
    pub draft: bool,
}

fn name(forge: &Forge, number: u64, what: &str) -> String {
    match forge.kind() {
        Kind::Gitlab => format!("refs/merge-requests/{number}/{what}"),
        Kind::Github | Kind::Gitea => format!("refs/pull/{number}/{what}"),
    }
}

/// Opens a pull request and gives its number.
///
/// # Errors
/// A 422 reply when a branch is missing; 500 when git fails.
pub async fn open(forge: &Forge, draft: &Draft<'_>) -> Result<u64, Reply> {
    let missing = |branch: &str| Reply::message(422, &format!("there is no branch {branch}"));
    let head = git::resolve(
        &forge.folder(draft.head_repo),
        &format!("heads/{}", draft.head_ref),
    )
    .await?
    .ok_or_else(|| missing(draft.head_ref))?;
    let base = git::resolve(
        &forge.folder(draft.base_repo),
        &format!("heads/{}", draft.base_ref),
    )
    .await?
    .ok_or_else(|| missing(draft.base_ref))?;
    let number = {
        let mut state = forge.state();
        let id = state.next_id();
        let repo = state
            .repos
            .get_mut(&draft.base_repo)
            .ok_or_else(Reply::not_found)?;
        let number = repo.pulls.len() as u64 + 1;
        repo.pulls.push(Pull {
            id,
            number,
            title: draft.title.to_owned(),
            author: draft.author.to_owned(),
            head_repo: draft.head_repo,
            head_ref: draft.head_ref.to_owned(),
            head_sha: head,
            base_ref: draft.base_ref.to_owned(),
            base_sha: base,
            open: true,
            merged: false,
            draft: draft.draft,
            merge_sha: None,
            labels: Vec::new(),
            created_at: now(),
            updated_at: now(),
            closed_at: None,
        });
        number
    };
    refresh(forge, draft.base_repo, number).await?;
    let event = Event::Pull(number, "opened", Map::new());
    announce(
        forge,
        &mut forge.state(),
        draft.base_repo,
        draft.author,
        &event,
    );
    Ok(number)
}

/// Brings head, base and merge commit of an open pull request up to date.
///
/// # Errors
/// When git fails.
pub async fn refresh(forge: &Forge, repo: u64, number: u64) -> Result<(), GitError> {
    let pull = forge
        .state()
        .repos
        .get(&repo)
        .and_then(|row| row.pull(number))
        .cloned();
    let Some(pull) = pull else { return Ok(()) };
    let folder = forge.folder(repo);
    let (head_name, merge_name) = (name(forge, number, "head"), name(forge, number, "merge"));
    merge::fetch(
        &folder,
        &forge.folder(pull.head_repo),
        &pull.head_ref,
        &head_name,
    )
    .await?;
    let head = git::text(&folder, &["rev-parse", &head_name]).await?;
    let base = git::resolve(&folder, &format!("heads/{}", pull.base_ref))
        .await?
        .unwrap_or(pull.base_sha);
    let merged = merge::merge(&folder, &base, &head).await?;
    // Gitea works the merge out, too, but shows nobody a ref of it.
    if forge.kind() != Kind::Gitea && (merged.is_some() || pull.merge_sha.is_some()) {
        git::set_ref(&folder, &merge_name, merged.as_deref()).await?;
    }
    change(forge, repo, number, |pull| {
        pull.head_sha = head;
        pull.base_sha = base;
        pull.merge_sha = merged;
    });
    Ok(())
}

/// Changes a pull request's row.
pub fn change(forge: &Forge, repo: u64, number: u64, how: impl FnOnce(&mut Pull)) {
    let mut state = forge.state();
    let pull = state
        .repos
        .get_mut(&repo)
        .and_then(|row| row.pulls.iter_mut().find(|one| one.number == number));
    if let Some(pull) = pull {
        how(pull);
        pull.updated_at = now();
    }
}

/// Follows a branch that moved: new commits for pull requests from it, a new merge commit for
/// those into it, an end for those whose branch is gone.
///
/// # Errors
/// When git fails.
pub async fn branch_moved(
    forge: &Forge,
    repo: u64,
    branch: &str,
    login: &str,
) -> Result<(), GitError> {
    let (from, into) = {
        let state = forge.state();
        let mut from = Vec::new();
        let mut into = Vec::new();
        for row in state.repos.values() {
            for pull in row.pulls.iter().filter(|one| one.open) {
                if pull.head_repo == repo && pull.head_ref == branch {
                    from.push((row.id, pull.number, pull.head_sha.clone()));
                } else if row.id == repo && pull.base_ref == branch {
                    into.push(pull.number);
                }
            }
        }
        (from, into)
    };
    for number in into {
        refresh(forge, repo, number).await?;
    }
    let exists = git::resolve(&forge.folder(repo), &format!("heads/{branch}"))
        .await?
        .is_some();
    for (base, number, before) in from {
        if exists {
            refresh(forge, base, number).await?;
            let mut state = forge.state();
            let after = state
                .repos
                .get(&base)
                .and_then(|row| row.pull(number))
                .map(|pull| pull.head_sha.clone());
            let fields = json!({"before": before, "after": after});
            let event = Event::Pull(number, "synchronize", object(fields));
            announce(forge, &mut state, base, login, &event);
        } else {
            close(forge, base, number, login);
        }
    }
    Ok(())
}

/// Closes a pull request.
pub fn close(forge: &Forge, repo: u64, number: u64, login: &str) {
    change(forge, repo, number, |pull| {
        pull.open = false;
        pull.closed_at = Some(now());
    });
    let event = Event::Pull(number, "closed", Map::new());
    announce(forge, &mut forge.state(), repo, login, &event);
}

/// Opens a closed pull request again.
///
/// # Errors
/// When git fails.
pub async fn reopen(forge: &Forge, repo: u64, number: u64, login: &str) -> Result<(), GitError> {
    change(forge, repo, number, |pull| {
        pull.open = true;
        pull.closed_at = None;
    });
    refresh(forge, repo, number).await?;
    let event = Event::Pull(number, "reopened", Map::new());
    announce(forge, &mut forge.state(), repo, login, &event);
    Ok(())
}

/// Merges a pull request; the base branch moves to the merge commit.
///
/// # Errors
/// A 405 reply when it conflicts; 500 when git fails.
pub async fn accept(forge: &Forge, repo: u64, number: u64, login: &str) -> Result<String, Reply> {
    let pull = forge
        .state()
        .repos
        .get(&repo)
        .and_then(|row| row.pull(number))
        .cloned()
        .ok_or_else(Reply::not_found)?;
    let merge = pull
        .merge_sha
        .filter(|_| pull.open)
        .ok_or_else(|| Reply::message(405, "Pull Request is not mergeable"))?;
    let lock = forge.lock(repo);
    let _held = lock.lock().await;
    let folder = forge.folder(repo);
    let before = git::refs(&folder).await?;
    change(forge, repo, number, |pull| {
        pull.open = false;
        pull.merged = true;
        pull.closed_at = Some(now());
    });
    let base = format!("refs/heads/{}", pull.base_ref);
    git::set_ref(&folder, &base, Some(&merge)).await?;
    let after = git::refs(&folder).await?;
    let event = Event::Pull(number, "closed", Map::new());
    announce(forge, &mut forge.state(), repo, login, &event);
    crate::events::moved(forge, repo, login, &before, &after).await?;
    Ok(merge)
}

/// The fields of a JSON object.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
