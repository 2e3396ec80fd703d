//! What a job needs before it runs: its source, its sandbox.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use travis_forge::mirror::{Mirror, MirrorWant};
use travis_forge::{UrlPolicy, parse_clone_url};
use travis_sandbox::{Exit, Sandbox, Spec, TerminalSize};

use super::{Halt, Job, disk};
use crate::drive::Take as _;
use crate::verdict::{Stopped, Verdict};

/// How long bringing the mirror up to date may take.
const MIRROR: Duration = Duration::from_secs(300);
/// Lines about what takes long in preparing that wait to be shown.
const PROGRESS: usize = 64;

/// Ready to run.
pub(super) struct Ready {
    pub(super) sandbox: Box<dyn Sandbox>,
    /// In use as long as this lives.
    pub(super) mirror: Option<Mirror>,
}

impl Job {
    pub(super) async fn prepare(&mut self) -> Result<Ready, Halt> {
        let control = Arc::clone(&self.control);
        tokio::select! {
            biased;
            _ = control.over() => Err(Halt::Over),
            reason = control.canceled() => {
                let stopped = Stopped::Canceled(reason);
                Err(Halt::Verdict(Verdict::of(Exit::default(), Some(&stopped), &self.limits)))
            }
            ready = self.make_ready() => ready,
        }
    }

    async fn make_ready(&mut self) -> Result<Ready, Halt> {
        let mirror = self.update_mirror().await?;
        let share = self.shop.desk.share();
        let least = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let (lines, mut heard) = mpsc::channel(PROGRESS);
        let spec = Spec {
            id: self.assignment.attempt.to_string(),
            mirror: mirror.as_ref().map(|mirror| mirror.path.clone()),
            clone_url: self.assignment.source.as_ref().map(|s| s.url.clone()),
            network: self.network.clone(),
            limits: travis_sandbox::ResourceLimits {
                memory_bytes: least(self.limits.memory_bytes, share.memory_bytes),
                processes: self.limits.processes,
                ..share
            },
            polite: self.shop.config.polite,
            terminal: TerminalSize::default(),
            lend: self.assignment.cache.is_some(),
            results: self.assignment.results.is_some(),
            image: self
                .assignment
                .image
                .as_ref()
                .map(|wish| travis_sandbox::ImageWish {
                    name: wish.name.clone(),
                    language: wish.language.clone(),
                    version: wish.version.clone(),
                    dist: wish.dist.clone(),
                }),
            services: self.assignment.services.clone(),
            progress: Some(lines),
        };
        let executor = Arc::clone(&self.executor);
        let mut preparing = executor.prepare(&spec);
        let prepared = loop {
            tokio::select! {
                biased;
                Some(line) = heard.recv() => {
                    // A log that is full by this line was all but full without it.
                    self.intake.write(&line).map_err(disk)?;
                }
                prepared = &mut preparing => break prepared,
            }
        };
        while let Ok(line) = heard.try_recv() {
            self.intake.write(&line).map_err(disk)?;
        }
        // Another machine may have what is missing here.
        let sandbox = prepared.map_err(|error| Halt::Refused(error.to_string()))?;
        Ok(Ready { sandbox, mirror })
    }

    async fn update_mirror(&mut self) -> Result<Option<Mirror>, Halt> {
        let Some(source) = &self.assignment.source else {
            return Ok(None);
        };
        let policy = UrlPolicy {
            allow_local: source.allow_local && self.shop.config.allow_local_git,
        };
        let want = MirrorWant {
            sha: source.sha.clone(),
            refs: source.refs.clone(),
        };
        let mirrors = &self.shop.mirrors;
        let updated = match (source.private, parse_clone_url(&source.url, &policy)) {
            (Some(repository), _) => {
                let (attempt, token) = (self.assignment.attempt, &self.assignment.token);
                let via = self.shop.client.source(attempt, token, repository);
                mirrors.update_via(&source.url, &via, &want, MIRROR).await
            }
            (None, Ok(_)) => mirrors.update(&source.url, &want, MIRROR).await,
            (None, Err(error)) => Err(error.into()),
        };
        updated.map(Some).map_err(|error| {
            Halt::Verdict(Verdict::errored(format!(
                "The commit can't be fetched: {error}."
            )))
        })
    }
}
