//! Who may run what.

use super::Tier;
use crate::scheduling::{self, ExecutorKind, Mismatch, Platform, Requirements};

/// A job that waits.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What it asks for, its repository's weakest executor among it.
    pub needs: &'a Requirements,
    /// `owner/name`.
    pub repository: &'a str,
    /// Its repository is private.
    pub private: bool,
}

/// A worker that might run it.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    /// Its platform.
    pub platform: &'a Platform,
    /// How far its word counts for the job's repository.
    pub tier: Tier,
    /// It passed the known-answer jobs.
    pub tested: bool,
    /// Its owner may see the job's repository.
    pub sees: bool,
    /// Its owner lends it now.
    pub lends: bool,
    /// It is shut out.
    pub banned: bool,
    /// Its owner lends it for these alone; for all when empty.
    pub only: &'a [String],
    /// Its owner never lends it for these.
    pub never: &'a [String],
}

/// Whether a worker may run a job, busy or not. `server_least` is the weakest executor that the
/// operator wants for workers of this tier.
///
/// # Errors
/// The first thing that does not fit.
pub fn may_run(
    job: Wanted<'_>,
    machine: Machine<'_>,
    server_least: Option<ExecutorKind>,
) -> Result<(), Mismatch> {
    if machine.banned {
        return Err(Mismatch::Banned);
    }
    if !machine.lends {
        return Err(Mismatch::NotLent);
    }
    let needs = Requirements {
        least_executor: least_executor(machine.tier, job.needs.least_executor, server_least),
        ..job.needs.clone()
    };
    scheduling::may_run(&needs, machine.platform)?;
    if job.private && !machine.sees && machine.tier != Tier::Attested {
        return Err(Mismatch::Private);
    }
    if !machine.tier.is_trusted() && !machine.tested {
        return Err(Mismatch::Untested);
    }
    if !is_lent_for(job.repository, machine.only, machine.never) {
        return Err(Mismatch::NotWanted);
    }
    Ok(())
}

/// Whether an owner's lists leave a repository: `only` (all when empty) without `never`.
#[must_use]
pub fn is_lent_for(repository: &str, only: &[String], never: &[String]) -> bool {
    let listed = |list: &[String]| list.iter().any(|pattern| is_listed(pattern, repository));
    !listed(never) && (only.is_empty() || listed(only))
}

/// The weakest executor that may run a job on a worker of this tier. Code of others is never run
/// without isolation: an owner's machine is theirs to risk for their own repositories alone.
#[must_use]
pub fn least_executor(
    tier: Tier,
    repository: Option<ExecutorKind>,
    server: Option<ExecutorKind>,
) -> Option<ExecutorKind> {
    let by_tier = (!tier.is_trusted()).then_some(ExecutorKind::Namespace);
    repository.max(server).max(by_tier)
}

/// Whether an owner's pattern names a repository: `owner/name`, `owner/*`, `*`; case apart.
#[must_use]
pub fn is_listed(pattern: &str, slug: &str) -> bool {
    let (pattern, slug) = (pattern.trim().to_lowercase(), slug.to_lowercase());
    if pattern == "*" || pattern == "*/*" {
        return true;
    }
    match pattern.strip_suffix("/*") {
        Some(owner) => slug.split('/').next() == Some(owner),
        None => pattern == slug,
    }
}

/// Leases that a worker may hold at most, from what it earned and the cores that it has; nothing
/// holds those back that are `trusted`.
#[must_use]
pub fn lease_cap(earned: Tier, trusted: bool, cores: u32) -> u32 {
    let by_cores = cores.max(1).saturating_mul(2);
    match earned {
        _ if trusted => u32::MAX,
        Tier::Quarantined => by_cores.min(4),
        Tier::Probation => by_cores.min(16),
        _ => by_cores,
    }
}

/// Leases that all workers of one owner may hold together, from the best that one of them earned.
#[must_use]
pub const fn owner_cap(best: Tier, trusted: bool) -> u32 {
    match best {
        _ if trusted => u32::MAX,
        Tier::Quarantined => 8,
        Tier::Probation => 32,
        _ => 256,
    }
}

#[cfg(test)]
mod tests;
