//! What a worker is given.

use crate::App;
use travis_api::worker as wire;
use travis_engine::{ImageWish, KnownOffer, Offer};

/// Seconds in which a worker sends what a job left.
const RESULTS_SECONDS: u64 = 300;

/// A job as its worker gets it.
pub(crate) fn assignment(app: &App, offer: Offer, thanks: &str) -> wire::Assignment {
    let policy = app.engine.policy();
    wire::Assignment {
        attempt: offer.attempt.get(),
        token: offer.token.reveal().to_owned(),
        lease_ms: u64::try_from(policy.lease.as_millis()).unwrap_or(u64::MAX),
        repository: offer.repository.slug.to_string(),
        job_number: offer.job.number.clone(),
        thanks: thanks.to_owned(),
        job_id: offer.job.id.get(),
        script: offer.script,
        secrets: offer.secrets,
        source: offer.checkout.map(|commit| wire::Source {
            url: offer.repository.clone_url.clone(),
            sha: commit.sha,
            refs: offer.refs,
            allow_local: app.engine.allows_local(&offer.repository.clone_url),
            private: offer
                .repository
                .hosting
                .is_some()
                .then_some(offer.repository.id.get())
                .filter(|_| offer.repository.private),
        }),
        limits: limits(app),
        network: policy.limits.network,
        cache: offer.cache.map(|cache| wire::CacheSpec {
            fetch: cache.fetch,
            store: cache.store,
            most_bytes: cache.most_bytes,
            timeout_seconds: cache.timeout.as_secs(),
        }),
        results: Some(results(app)),
        min_executor: offer.least_executor.map(|kind| kind.as_str().to_owned()),
        image: Some(image(offer.image)),
        services: offer.services,
    }
}

fn limits(app: &App) -> wire::Limits {
    let limits = &app.engine.policy().limits;
    wire::Limits {
        total_seconds: limits.total.as_secs(),
        silence_seconds: limits.silence.as_secs(),
        log_bytes: limits.log_bytes,
        memory_bytes: limits.memory_bytes,
        processes: limits.processes,
    }
}

fn image(wish: ImageWish) -> wire::ImageWish {
    wire::ImageWish {
        name: None,
        language: wish.language,
        version: wish.version,
        dist: wish.dist,
    }
}

/// What a job may leave; a known-answer job, too, to look like any other.
fn results(app: &App) -> wire::ResultsSpec {
    let policy = app.engine.policy().results;
    wire::ResultsSpec {
        most_files: policy.files,
        file_bytes: policy.file_bytes,
        report_bytes: policy.report_bytes,
        most_bytes: policy.bytes,
        timeout_seconds: RESULTS_SECONDS,
    }
}

/// A known-answer job looks to its worker like any other that checks nothing out: every field is
/// there that such a job's has, with limits of the same size.
pub(crate) fn known_assignment(app: &App, offer: KnownOffer, thanks: &str) -> wire::Assignment {
    let policy = app.engine.policy();
    wire::Assignment {
        attempt: offer.attempt.get(),
        token: offer.token.reveal().to_owned(),
        lease_ms: u64::try_from(policy.lease.as_millis()).unwrap_or(u64::MAX),
        repository: offer.repository,
        job_number: offer.job_number,
        thanks: thanks.to_owned(),
        job_id: offer.job_id,
        script: offer.script,
        secrets: Vec::new(),
        source: None,
        limits: limits(app),
        network: policy.limits.network,
        cache: None,
        results: Some(results(app)),
        min_executor: offer.least_executor.map(|kind| kind.as_str().to_owned()),
        image: Some(image(offer.image)),
        services: Vec::new(),
    }
}
