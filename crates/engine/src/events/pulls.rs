//! Something happened to a pull request.

use super::Arrived;
use crate::{
    Engine, EngineError, Hosted,
    build_changes::{Unfinished, cancel_unfinished},
    changes::Changes,
    report,
    rules::{HEAD_MOVED, NO_MERGE_COMMIT, PULL_CLOSED, PullStep, pull_act},
};
use std::time::Duration;
use travis_bus::Wake;
use travis_forge::hosting::{Permission, PullRequestEvent, RemotePerson, RemotePullRequest};
use travis_model::{
    ApprovalPolicy, DeliveryId, PullRequest, Repository, Request, RequestState, Sender, UserId,
    trust::{Contributor, needs_approval},
};
use travis_store::{DeliveryChange, NewRequest, RequestChange, Tx};

/// Questions whether a pull request merges, while the forge is still finding out.
const MERGE_QUESTIONS: u32 = 5;
/// Before the second question; doubled each time.
const MERGE_WAIT: Duration = Duration::from_millis(200);
/// Requests of a pull request that are looked at.
const LOOKED_AT: u64 = 100;

/// What is known of a pull request when a request of it is about to be made.
pub(crate) struct NewPull {
    /// As the forge says it is now.
    pub pull: RemotePullRequest,
    /// Who opened it.
    pub author: Contributor,
    /// Who did what happened now; the author where nobody else is known.
    pub sender: Contributor,
}

impl NewPull {
    /// Whether it can be built at all: where the forge makes merges, there has to be one.
    fn can_be_built(&self) -> bool {
        self.pull.merge_ref.is_none() || self.pull.mergeable == Some(true)
    }
}

/// How a request comes about.
pub(crate) struct PullDemand {
    pub delivery: String,
    pub delivery_id: Option<DeliveryId>,
    pub sender: Option<Sender>,
    pub before_sha: Option<String>,
    pub message: Option<String>,
    pub created_by: Option<UserId>,
}

impl Engine {
    /// Asks the forge what has to be known before anything is decided.
    pub(super) async fn ask_pull(
        &self,
        arrived: &Arrived<'_>,
        repository: &Repository,
        event: &PullRequestEvent,
    ) -> Result<NewPull, EngineError> {
        let builds = matches!(
            pull_act(event.change, event.pull.open, false).step,
            PullStep::Build
        );
        let there = self.hosted(repository).await?;
        let (Some(there), true) = (there, builds && repository.active) else {
            return Ok(NewPull {
                pull: event.pull.clone(),
                author: Contributor::default(),
                sender: Contributor::default(),
            });
        };
        self.look_at_pull(
            &there,
            repository,
            event.pull.clone(),
            arrived.hook.sender.as_ref(),
        )
        .await
    }

    /// Finds out whether a pull request merges, and what is known of the people behind it. Only
    /// the forge's numbers of them count.
    pub(crate) async fn look_at_pull(
        &self,
        there: &Hosted,
        repository: &Repository,
        mut pull: RemotePullRequest,
        sender: Option<&RemotePerson>,
    ) -> Result<NewPull, EngineError> {
        let head = pull.head_sha.clone();
        let mut wait = MERGE_WAIT;
        for _ in 0..MERGE_QUESTIONS {
            if pull.merge_ref.is_none() || pull.mergeable.is_some() || !pull.open {
                break;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
            let now = there
                .api
                .pull_request(&there.access, &there.at, pull.number)
                .await?;
            if now.head_sha != head {
                // The next message is about that one.
                break;
            }
            pull = now;
        }
        let fork = pull_of(repository, &pull).fork;
        if !fork || repository.settings.approval == ApprovalPolicy::Never {
            return Ok(NewPull {
                pull,
                author: Contributor::default(),
                sender: Contributor::default(),
            });
        }
        let known = pull.author_known == Some(true);
        let author = self
            .contributor(there, repository, &pull.author, known)
            .await?;
        let sender = match sender {
            Some(person) if person.id != pull.author.id => {
                self.contributor(there, repository, person, false).await?
            }
            _ => author,
        };
        Ok(NewPull {
            pull,
            author,
            sender,
        })
    }

    async fn contributor(
        &self,
        there: &Hosted,
        repository: &Repository,
        person: &RemotePerson,
        vouched: bool,
    ) -> Result<Contributor, EngineError> {
        let asked = there.api.permission(&there.access, &there.at, person).await;
        let may_push = match asked {
            Ok(permission) => permission >= Permission::Write,
            Err(error) if error.may_pass() => return Err(error.into()),
            // Nobody who may ask: nobody is vouched for.
            Err(_) => false,
        };
        let mut reader = self.store.reader().await?;
        let known = vouched || reader.has_contributed(repository.id, &person.id).await?;
        Ok(Contributor { may_push, known })
    }

    pub(super) async fn on_pull(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        repository: &Repository,
        event: &PullRequestEvent,
        new: NewPull,
    ) -> Result<DeliveryChange, EngineError> {
        let (id, number) = (arrived.row.id, event.pull.number);
        if let Some(request) = arrived.row.request_id {
            return Ok(self.asked(id, request, false));
        }
        let older = tx
            .requests_of_pull(repository.id, number, LOOKED_AT)
            .await?;
        let head_known = older.iter().any(|request| {
            request
                .pull_request
                .as_ref()
                .is_some_and(|pull| pull.head_sha == event.pull.head_sha)
        });
        let act = pull_act(event.change, event.pull.open, head_known);
        let revoked = if act.rearm {
            tx.revoke_approvals(repository.id, number, self.now())
                .await?
        } else {
            0
        };
        let change = match act.step {
            PullStep::Nothing(why) => self.settled(id, false, why),
            PullStep::Close => {
                self.on_closed(tx, changes, arrived, repository, event, older)
                    .await?
            }
            PullStep::Build if !repository.active => {
                self.settled(id, false, "The repository is switched off.")
            }
            PullStep::Build => {
                let demand = PullDemand {
                    delivery: arrived.row.guid.clone(),
                    delivery_id: Some(id),
                    sender: arrived.sender(),
                    before_sha: event.before.clone(),
                    message: None,
                    created_by: arrived.person(tx).await?,
                };
                let (request, fresh) = self
                    .ask_for_pull(tx, changes, repository, new, demand, older)
                    .await?;
                self.asked(id, request.id, fresh)
            }
        };
        if revoked == 0 {
            return Ok(change);
        }
        let outcome = format!(
            "{} What was approved before counts no more.",
            change.outcome
        );
        Ok(DeliveryChange { outcome, ..change })
    }

    async fn on_closed(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        repository: &Repository,
        event: &PullRequestEvent,
        older: Vec<Request>,
    ) -> Result<DeliveryChange, EngineError> {
        let now = self.now();
        if event.pull.merged {
            tx.put_contributor(repository.id, &event.pull.author.id, now)
                .await?;
        }
        self.give_up_pending(tx, changes, &older, PULL_CLOSED)
            .await?;
        let word = if event.pull.merged {
            "merged"
        } else {
            "closed"
        };
        let which = Unfinished {
            pull_request: Some(event.pull.number),
            ..Unfinished::default()
        };
        let reason = format!("The pull request was {word}.");
        let canceled = cancel_unfinished(tx, changes, repository.id, &which, &reason, now).await?;
        let outcome = match canceled.len() {
            0 => reason,
            1 => format!("{reason} 1 unfinished build was canceled."),
            many => format!("{reason} {many} unfinished builds were canceled."),
        };
        Ok(self.settled(arrived.row.id, false, outcome))
    }

    /// Stores a request for a pull request: rejected when it can't be built, held when a
    /// maintainer has to look first. Older ones that nobody built are given up.
    pub(crate) async fn ask_for_pull(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        repository: &Repository,
        new: NewPull,
        demand: PullDemand,
        older: Vec<Request>,
    ) -> Result<(Request, bool), EngineError> {
        let now = self.now();
        let pull = pull_of(repository, &new.pull);
        let approved = tx
            .approvals(repository.id, pull.number)
            .await?
            .iter()
            .any(|approval| approval.head_sha == pull.head_sha);
        let policy = repository.settings.approval;
        // Both have to be trusted: who opened it, and who did this.
        let held = [new.author, new.sender]
            .into_iter()
            .any(|person| needs_approval(policy, pull.fork, person, approved));
        let can_be_built = new.can_be_built();
        let row = NewRequest {
            repository_id: repository.id,
            event_type: "pull_request".to_owned(),
            branch: Some(new.pull.base_branch),
            sha: None,
            tag: None,
            message: demand.message,
            delivery: Some(demand.delivery),
            sender: demand.sender,
            before_sha: demand.before_sha,
            compare_url: None,
            delivery_id: demand.delivery_id,
            held: held && can_be_built,
            config: None,
            created_by: demand.created_by,
            at: now,
            pull_request: Some(pull),
        };
        let (request, fresh) = self.insert_checked(tx, changes, &row).await?;
        if !fresh {
            return Ok((request, false));
        }
        self.give_up_pending(tx, changes, &older, HEAD_MOVED)
            .await?;
        if !can_be_built {
            self.turn_down(tx, changes, &request, NO_MERGE_COMMIT)
                .await?;
        } else if held {
            report::note_request(tx, &request, now).await?;
            changes.wake(Wake::Outbox);
        }
        Ok((request, true))
    }

    /// Turns down requests that still wait: for the planner or for a maintainer.
    async fn give_up_pending(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        older: &[Request],
        reason: &str,
    ) -> Result<(), EngineError> {
        for request in older {
            if request.state == RequestState::Pending {
                self.turn_down(tx, changes, request, reason).await?;
            }
        }
        Ok(())
    }

    /// Turns a request down in a transaction that does more. One that is settled meanwhile stays
    /// as it is.
    pub(crate) async fn turn_down(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        request: &Request,
        reason: &str,
    ) -> Result<(), EngineError> {
        let fresh = tx.request(request.id).await?;
        if fresh.is_none_or(|fresh| fresh.state != RequestState::Pending) {
            return Ok(());
        }
        let head = request.pull_request.as_ref().map(|pull| &pull.head_sha);
        tx.settle_request(&RequestChange {
            id: request.id,
            state: RequestState::Rejected,
            reason: Some(reason.to_owned()),
            branch: None,
            sha: request.sha.as_ref().or(head).cloned(),
        })
        .await?;
        report::note_request(tx, request, self.now()).await?;
        changes.wake(Wake::Outbox);
        changes.request(request);
        Ok(())
    }
}

/// What requests and builds keep of a pull request.
pub(crate) fn pull_of(repository: &Repository, pull: &RemotePullRequest) -> PullRequest {
    let own = repository
        .hosting
        .as_ref()
        .map(|hosting| hosting.remote_id.as_str());
    let head = pull.head_repository.as_ref();
    PullRequest {
        number: pull.number,
        title: pull.title.clone(),
        head_sha: pull.head_sha.clone(),
        head_branch: pull.head_branch.clone(),
        head_slug: head.map(|at| at.path.clone()),
        base_sha: pull.base_sha.clone(),
        // A repository that is gone counts as another one.
        fork: own.is_none() || head.map(|at| at.id.as_str()) != own,
        draft: pull.draft,
        author_id: pull.author.id.clone(),
        author_login: pull.author.login.clone(),
        git_ref: pull
            .merge_ref
            .clone()
            .unwrap_or_else(|| pull.head_ref.clone()),
        html_url: pull.html_url.clone(),
    }
}
