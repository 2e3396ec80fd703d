//! The part of the port about forges: people there, their rights, deliveries, approvals.

use crate::{
    DeliveryChange, HostedRepository, Listing, NewAccount, NewDelivery, NewForge, NewIdentity,
    Page, Right, SignInState, StoreError,
};
use async_trait::async_trait;
use travis_model::{
    AccountId, Approval, ApprovalId, Delivery, DeliveryId, ForgeAccount, ForgeId, ForgeSite,
    Identity, IdentityId, Level, Repository, RepositoryId, Request, RequestId, Session, Timestamp,
    UserId,
};

/// What can be read about forges and of what they sent.
#[async_trait]
pub trait HostingReader: Send {
    /// All forges, by identifier.
    async fn forges(&mut self) -> Result<Vec<ForgeSite>, StoreError>;
    /// Who somebody is on a forge, by the forge's number.
    async fn identity(
        &mut self,
        forge: ForgeId,
        remote_id: &str,
    ) -> Result<Option<Identity>, StoreError>;
    /// Who a person is on all forges.
    async fn identities(&mut self, user: UserId) -> Result<Vec<Identity>, StoreError>;
    /// Identities whose synchronisation runs or is to be begun, the oldest first.
    async fn identities_to_sync(&mut self, limit: u64) -> Result<Vec<Identity>, StoreError>;
    /// An account of a forge, by the forge's number.
    async fn account(
        &mut self,
        forge: ForgeId,
        remote_id: &str,
    ) -> Result<Option<ForgeAccount>, StoreError>;
    /// Accounts that own repositories which this person has a right to, and the person's own, by
    /// name.
    async fn accounts_of(&mut self, user: UserId) -> Result<Vec<ForgeAccount>, StoreError>;
    /// Sessions of a person that have not ended, the last used first.
    async fn sessions(&mut self, user: UserId, now: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// A repository by its forge's number.
    async fn repository_by_remote(
        &mut self,
        forge: ForgeId,
        remote_id: &str,
    ) -> Result<Option<Repository>, StoreError>;
    /// Repositories of an installation of an App.
    async fn repositories_of_installation(
        &mut self,
        forge: ForgeId,
        installation_id: i64,
    ) -> Result<Vec<Repository>, StoreError>;
    /// Active repositories of forges that were not compared since `before`, longest ago first.
    async fn repositories_to_compare(
        &mut self,
        before: Timestamp,
        limit: u64,
    ) -> Result<Vec<Repository>, StoreError>;
    /// All rights of a person.
    async fn rights(&mut self, user: UserId) -> Result<Vec<Right>, StoreError>;
    /// A right of a person.
    async fn right(
        &mut self,
        user: UserId,
        repository: RepositoryId,
    ) -> Result<Option<Right>, StoreError>;
    /// Rights on a repository, the greatest first.
    async fn rights_on(&mut self, repository: RepositoryId) -> Result<Vec<Right>, StoreError>;
    /// Repositories that a person starred.
    async fn stars(&mut self, user: UserId) -> Result<Vec<RepositoryId>, StoreError>;
    /// Whether somebody's pull request was merged into a repository before.
    async fn has_contributed(
        &mut self,
        repository: RepositoryId,
        remote_id: &str,
    ) -> Result<bool, StoreError>;
    /// Approvals of a pull request that hold, oldest first.
    async fn approvals(
        &mut self,
        repository: RepositoryId,
        pull_request_number: i64,
    ) -> Result<Vec<Approval>, StoreError>;
    /// Whether this head of a pull request was ever approved with secrets, whether that still
    /// holds or not.
    async fn had_secrets(
        &mut self,
        repository: RepositoryId,
        pull_request_number: i64,
        head_sha: &str,
    ) -> Result<bool, StoreError>;
    /// Requests of a pull request, newest first.
    async fn requests_of_pull(
        &mut self,
        repository: RepositoryId,
        pull_request_number: i64,
        limit: u64,
    ) -> Result<Vec<Request>, StoreError>;
    /// The newest requests for a commit (of a pull request: by its head), newest first.
    async fn requests_for_commit(
        &mut self,
        repository: RepositoryId,
        sha: &str,
        limit: u64,
    ) -> Result<Vec<Request>, StoreError>;
    /// A delivery.
    async fn delivery(&mut self, id: DeliveryId) -> Result<Option<Delivery>, StoreError>;
    /// Deliveries about a repository, newest first; without their bodies.
    async fn deliveries(
        &mut self,
        repository: RepositoryId,
        page: Page,
    ) -> Result<Listing<Delivery>, StoreError>;
    /// Deliveries to be worked on now, oldest first.
    async fn deliveries_due(
        &mut self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Delivery>, StoreError>;
}

/// What can be changed about them, in the same transaction as the rest.
#[async_trait]
pub trait HostingTx: HostingReader {
    /// Adds a forge, or changes the one of this name. Its kind does not change
    /// ([`StoreError::Conflict`]).
    async fn put_forge(&mut self, new: &NewForge) -> Result<ForgeId, StoreError>;
    /// Removes a forge with its people. [`StoreError::Conflict`] when it has repositories.
    async fn delete_forge(&mut self, id: ForgeId) -> Result<(), StoreError>;
    /// Notes somebody who signed in: adds them, or renews what is known by the forge's number.
    async fn put_identity(&mut self, new: &NewIdentity) -> Result<IdentityId, StoreError>;
    /// Saves every field of an identity but whose it is and who it is.
    async fn update_identity(&mut self, identity: &Identity) -> Result<(), StoreError>;
    /// Notes an account; its installation is kept.
    async fn put_account(&mut self, new: &NewAccount) -> Result<AccountId, StoreError>;
    /// Notes the App's installation on an account, or that there is none any more.
    async fn set_installation(
        &mut self,
        account: AccountId,
        installation_id: Option<i64>,
    ) -> Result<(), StoreError>;
    /// Notes that somebody is on the way to a forge.
    async fn insert_sign_in_state(&mut self, new: &SignInState) -> Result<(), StoreError>;
    /// Uses it up; `None` when it is unknown, used, of another browser, or too old. It is used up
    /// also when the browser is another.
    async fn take_sign_in_state(
        &mut self,
        state_hash: &[u8],
        browser_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<SignInState>, StoreError>;

    /// Stores what a forge says of a repository: adds it (not active), or changes the one with this
    /// number. [`StoreError::Exists`] when another repository has the address.
    async fn put_hosted(&mut self, new: &HostedRepository) -> Result<RepositoryId, StoreError>;
    /// Notes a right; `None` takes it away.
    async fn put_right(
        &mut self,
        user: UserId,
        repository: RepositoryId,
        level: Option<Level>,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Takes away a person's rights on repositories of a forge that were last confirmed before a
    /// time. Answers on how many.
    async fn drop_rights(
        &mut self,
        user: UserId,
        forge: ForgeId,
        before: Timestamp,
    ) -> Result<u64, StoreError>;
    /// Makes rights count as not confirmed: of a person, on a repository, or of a person on one.
    async fn doubt_rights(
        &mut self,
        user: Option<UserId>,
        repository: Option<RepositoryId>,
    ) -> Result<(), StoreError>;
    /// Stars a repository, or takes the star away.
    async fn put_star(
        &mut self,
        user: UserId,
        repository: RepositoryId,
        starred: bool,
    ) -> Result<(), StoreError>;
    /// Notes that somebody's pull request was merged.
    async fn put_contributor(
        &mut self,
        repository: RepositoryId,
        remote_id: &str,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Stores a hook's message. The same one of the same hook again: the one that is there, and
    /// `false`.
    async fn insert_delivery(
        &mut self,
        new: &NewDelivery,
    ) -> Result<(DeliveryId, bool), StoreError>;
    /// Saves what became of a delivery. [`StoreError::Conflict`] when it is not pending any more.
    async fn settle_delivery(&mut self, change: &DeliveryChange) -> Result<(), StoreError>;
    /// It was tried in vain; try again then.
    async fn retry_delivery(
        &mut self,
        id: DeliveryId,
        next: Timestamp,
        why: &str,
    ) -> Result<(), StoreError>;
    /// Makes a delivery pending again, to be worked on at once.
    async fn redeliver(&mut self, id: DeliveryId, at: Timestamp) -> Result<(), StoreError>;
    /// Makes a request wait for a maintainer's word, or lets it go on. [`StoreError::Conflict`]
    /// when it is not pending any more.
    async fn hold_request(
        &mut self,
        id: RequestId,
        since: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// Notes a maintainer's word for one commit.
    async fn insert_approval(
        &mut self,
        repository: RepositoryId,
        pull_request_number: i64,
        head_sha: &str,
        user: UserId,
        secrets: bool,
        at: Timestamp,
    ) -> Result<ApprovalId, StoreError>;
    /// Takes back all approvals of a pull request. Answers how many.
    async fn revoke_approvals(
        &mut self,
        repository: RepositoryId,
        pull_request_number: i64,
        at: Timestamp,
    ) -> Result<u64, StoreError>;
    /// Notes that a branch was deleted on the forge, or is there again.
    async fn mark_branch(
        &mut self,
        repository: RepositoryId,
        name: &str,
        gone: bool,
    ) -> Result<(), StoreError>;
}
