//! What whoever runs the installation sees of it, and decides about people.

use crate::{Engine, EngineError, Viewer};
use std::time::Duration;
use travis_model::{User, UserId};
use travis_store::{AuditEntry, Holdings, Listing, Page, QueueDepth, StoreError};

/// How things stand.
#[derive(Debug, Clone)]
pub struct Overview {
    /// How much is kept.
    pub holdings: Holdings,
    /// Jobs that wait and run.
    pub queue: QueueDepth,
    /// What holds, by its name in the configuration file.
    pub settings: Vec<(&'static str, String)>,
}

/// What is to be different about somebody.
#[derive(Debug, Clone, Copy, Default)]
pub struct UserChange {
    /// Whether they are an administrator.
    pub admin: Option<bool>,
    /// Whether they are kept out.
    pub suspended: Option<bool>,
}

impl Engine {
    /// How things stand.
    ///
    /// # Errors
    /// For everybody but administrators.
    pub async fn overview(&self, viewer: &Viewer) -> Result<Overview, EngineError> {
        viewer.operator()?;
        let mut reader = self.store.reader().await?;
        Ok(Overview {
            holdings: reader.holdings().await?,
            queue: reader.queue_depth().await?,
            settings: self.settings_that_hold(),
        })
    }

    /// What the operator decided, without anything secret.
    fn settings_that_hold(&self) -> Vec<(&'static str, String)> {
        let policy = &self.policy;
        let list = |words: &[String], none: &str| {
            if words.is_empty() {
                none.to_owned()
            } else {
                words.join(", ")
            }
        };
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        vec![
            ("public_url", policy.public_url.clone()),
            ("access.sign_in", list(&policy.access.sign_in, "everybody")),
            ("access.owners", list(&policy.access.owners, "every owner")),
            ("allow_local_git", yes(policy.allow_local_git)),
            ("leases.seconds", span(policy.lease)),
            ("comparing.seconds", span(policy.compare_every)),
            ("limits.total_seconds", span(policy.limits.total)),
            ("limits.silence_seconds", span(policy.limits.silence)),
            ("limits.log_bytes", bytes(policy.limits.log_bytes)),
            (
                "limits.memory_bytes",
                policy
                    .limits
                    .memory_bytes
                    .map_or_else(|| "none".to_owned(), bytes),
            ),
            (
                "limits.processes",
                policy
                    .limits
                    .processes
                    .map_or_else(|| "none".to_owned(), |most| most.to_string()),
            ),
            ("limits.network", yes(policy.limits.network)),
            ("caches.cache_bytes", bytes(policy.caches.cache_bytes)),
            (
                "caches.repository_bytes",
                bytes(policy.caches.repository_bytes),
            ),
            ("caches.unused_days", span(policy.caches.unused)),
            (
                "workers.minimum_version",
                policy
                    .minimum_worker_version
                    .clone()
                    .unwrap_or_else(|| "any".to_owned()),
            ),
            (
                "workers.min_executor",
                policy
                    .workers
                    .least_executor
                    .map_or("namespace", |kind| kind.as_str())
                    .to_owned(),
            ),
            (
                "workers.check_trusted_percent",
                format!("{} %", policy.workers.check_trusted * 100.0),
            ),
        ]
    }

    /// Everybody with an account, by login.
    ///
    /// # Errors
    /// For everybody but administrators.
    pub async fn all_users(
        &self,
        viewer: &Viewer,
        page: Page,
    ) -> Result<Listing<User>, EngineError> {
        viewer.operator()?;
        Ok(self.store.reader().await?.all_users(page).await?)
    }

    /// Who did what, newest first.
    ///
    /// # Errors
    /// For everybody but administrators.
    pub async fn audit_log(
        &self,
        viewer: &Viewer,
        page: Page,
    ) -> Result<Listing<AuditEntry>, EngineError> {
        viewer.operator()?;
        Ok(self.store.reader().await?.audit_log(page).await?)
    }

    /// Makes somebody an administrator or none, keeps them out or lets them in again. Whoever is
    /// kept out has no session and no token that works, from this moment on.
    ///
    /// # Errors
    /// For everybody but administrators; [`EngineError::NotNow`] for oneself, so that somebody is
    /// left who may.
    pub async fn change_user(
        &self,
        viewer: &Viewer,
        id: UserId,
        change: UserChange,
    ) -> Result<User, EngineError> {
        let me = viewer.operator()?.id;
        if me == id {
            return Err(EngineError::NotNow {
                code: "own_account",
                message: "nobody changes their own account here: ask another administrator"
                    .to_owned(),
            });
        }
        let mut tx = self.store.begin().await?;
        let user = tx.user(id).await?.ok_or(EngineError::NotFound("user"))?;
        let mut deeds = Vec::new();
        if let Some(admin) = change.admin.filter(|admin| *admin != user.admin) {
            tx.set_admin(id, admin).await?;
            deeds.push(if admin { "user.promote" } else { "user.demote" });
        }
        let suspended = user.suspended_at.is_some();
        if let Some(out) = change.suspended.filter(|out| *out != suspended) {
            tx.suspend_user(id, out.then(|| self.now())).await?;
            if out {
                tx.end_sessions(id, None).await?;
            }
            deeds.push(if out { "user.suspend" } else { "user.admit" });
        }
        for deed in deeds {
            let deed = self.deed(viewer, deed, format!("user:{id}"), user.login.clone());
            tx.append_audit(&deed).await?;
        }
        let fresh = tx.user(id).await?;
        let fresh = fresh.ok_or(StoreError::NotFound("user"))?;
        tx.commit().await?;
        // What they may do is read anew, and open channels look again.
        self.forget_rights();
        let mut changes = crate::changes::Changes::default();
        changes.user(id);
        changes.send(self.bus.as_ref());
        Ok(fresh)
    }
}

fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, word) = match seconds {
        0..120 => (seconds, "seconds"),
        120..7200 => (seconds / 60, "minutes"),
        7200..172_800 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {word}")
}

fn bytes(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} kB", count / 1000),
        1_000_000..10_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{} GB", count / 1_000_000_000),
    }
}
