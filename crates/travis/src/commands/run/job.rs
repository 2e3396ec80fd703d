//! One job of the run.

use super::chosen::Chosen;
use super::tree::{Look, Tree};
use super::view::View;
use crate::cli::run::RunArgs;
use crate::commands::expand::{job_key, job_words};
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use travis_api::worker::Limits;
use travis_config::{Plan, PlanContext};
use travis_sandbox::{Executor, Network, ResourceLimits, Spec, TerminalSize};
use travis_script::{EnvVar, JobInput, PullRequest};
use travis_worker::{LocalEnd, LocalError, LocalJob, run_here};

/// What a terminal is given to read in one run is not more.
const MOST_SHOWN: u64 = 1 << 30;
/// The reason of jobs that were stopped.
const STOPPED: &str = "The run was stopped.";
/// How often the clock of what runs moves on.
const TICK: Duration = Duration::from_millis(100);

/// What the jobs of one run share.
pub struct Here<'a> {
    pub args: &'a RunArgs,
    pub look: &'a Look,
    pub tree: &'a Tree,
    pub context: &'a PlanContext,
    pub plan: &'a Plan,
    /// Where they run; none when they don't.
    pub executor: Option<Arc<dyn Executor>>,
    pub secrets: Vec<EnvVar>,
    pub stopped: watch::Receiver<bool>,
}

impl Here<'_> {
    /// Prints the scripts of jobs, and runs nothing.
    pub fn scripts(&self, all: &[Chosen<'_>], session: &mut Session) -> Result<Status, Failure> {
        let mut scripts = Vec::new();
        for chosen in all {
            scripts.push((chosen.number, self.script(chosen, &self.input(chosen))?));
        }
        if session.is_json() {
            let jobs = scripts
                .iter()
                .map(|(number, script)| json!({ "number": number, "script": script }));
            let jobs: Vec<Value> = jobs.collect();
            session.screen.json(&json!({ "jobs": jobs }))?;
            return Ok(Status::Passed);
        }
        for (_, script) in &scripts {
            session.screen.out.write_all(script.as_bytes())?;
        }
        session.screen.out.flush()?;
        Ok(Status::Passed)
    }

    fn script(&self, chosen: &Chosen<'_>, input: &JobInput) -> Result<String, Failure> {
        let script = travis_script::compile(input);
        script.map(|script| script.text).map_err(|error| {
            Failure::new(Status::Errored, format!("job {}: {error}", chosen.number))
                .remedy("Mend the value in the file, then run again.")
        })
    }

    /// Runs a job, and shows what it prints.
    pub async fn run(
        &self,
        chosen: &Chosen<'_>,
        session: &mut Session,
    ) -> Result<LocalEnd, Failure> {
        let Some(executor) = &self.executor else {
            return Err(Failure::usage("jobs have no place to run in"));
        };
        let input = self.input(chosen);
        let script = self.script(chosen, &input)?;
        let cache = self.cache(chosen);
        let clones = chosen.job.config.pointer("/git/clone") != Some(&json!(false));
        let spec = Spec {
            id: format!("run-{}-{}", std::process::id(), chosen.number),
            mirror: clones.then(|| self.tree.mirror()),
            clone_url: clones.then(|| self.tree.clone_url.clone()),
            network: if self.args.no_network {
                Network::Off
            } else {
                Network::Machine
            },
            limits: ResourceLimits::default(),
            terminal: TerminalSize::default(),
            lend: cache.is_some(),
            results: false,
            image: None,
            polite: false,
            services: Vec::new(),
            ..Spec::default()
        };
        let limits = Limits {
            total_seconds: self.args.timeout * 60,
            silence_seconds: self.args.silence * 60,
            log_bytes: MOST_SHOWN,
            memory_bytes: None,
            processes: None,
        };
        let masked = travis_script::secrets(&input);
        let job = LocalJob {
            executor: executor.as_ref(),
            spec: &spec,
            script: &script,
            secrets: &masked,
            limits: &limits,
            cache: cache.as_deref(),
        };
        let mut view = View::of(self.args, session);
        let screen = &mut session.screen;
        if view.has_words() {
            let head = format!("Job {} · {}", chosen.number, title(chosen));
            let head = screen.paint.text(Color::Bold, &plain(&head));
            screen.line(&format!("\n{head}"))?;
        }
        let mut stopped = self.stopped.clone();
        let canceled = async move {
            match stopped.wait_for(|stopped| *stopped).await {
                Ok(_) => STOPPED.to_owned(),
                Err(_) => std::future::pending().await,
            }
        };
        let end = {
            let shared = RefCell::new((&mut view, &mut *screen));
            let running = run_here(&job, canceled, |bytes| {
                let (view, screen) = &mut *shared.borrow_mut();
                view.push(bytes, screen)
            });
            let mut running = pin!(running);
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                tokio::select! {
                    biased;
                    end = &mut running => break end,
                    _ = ticks.tick() => {
                        let (view, screen) = &mut *shared.borrow_mut();
                        view.tick(screen)?;
                    }
                }
            }
        };
        let end = end.map_err(|error| match error {
            LocalError::Output(error) => error.into(),
            other => Failure::new(Status::Errored, format!("job {}: {other}", chosen.number)),
        })?;
        view.finish(end.outcome, &mut session.screen)?;
        Ok(end)
    }

    /// Where the job's cache is kept between runs; none when it has none, or there is no place.
    fn cache(&self, chosen: &Chosen<'_>) -> Option<PathBuf> {
        let config = chosen.job.config.get("cache")?;
        if self.args.no_cache {
            return None;
        }
        if matches!(config, Value::Bool(false) | Value::Null) {
            return None;
        }
        let place = dirs_cache()?
            .join("travis")
            .join("run")
            .join(&self.look.slug);
        let name: String = job_key(chosen.job)
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .take(100)
            .collect();
        Some(place.join(format!("{}.tgz", name.trim_start_matches('.'))))
    }

    fn input(&self, chosen: &Chosen<'_>) -> JobInput {
        let known = self.context;
        let mut settings_env: Vec<EnvVar> = known
            .env
            .iter()
            .map(|(name, value)| EnvVar {
                name: name.clone(),
                value: value.clone(),
                public: true,
            })
            .collect();
        settings_env.extend(self.secrets.iter().cloned());
        let pull_request = (known.event_type == "pull_request").then(|| PullRequest {
            // Nobody knows its number here; scripts ask whether there is one.
            number: 1,
            head_branch: known.head_branch.clone().unwrap_or_default(),
            head_sha: self.tree.commit.clone(),
            head_slug: known.head_repo.clone().unwrap_or_default(),
            is_draft: known.draft.unwrap_or(false),
        });
        JobInput {
            config: chosen.job.config.clone(),
            build_number: 1,
            job_id: i64::try_from(chosen.number).unwrap_or_default(),
            job_number: format!("1.{}", chosen.number),
            job_name: chosen.job.name.clone(),
            stage_name: (!self.plan.stages.is_empty()).then(|| chosen.job.stage.clone()),
            allow_failure: chosen.job.allow_failure,
            event_type: known.event_type.clone(),
            branch: known.branch.clone(),
            default_branch: self.look.default_branch.clone().unwrap_or_default(),
            tag: known.tag.clone(),
            commit: self.tree.commit.clone(),
            commit_message: known.commit_message.clone().unwrap_or_default(),
            pull_request,
            repo_slug: self.look.slug.clone(),
            clone_url: self.tree.clone_url.clone(),
            settings_env,
            secure_env: !self.secrets.is_empty(),
            app_host: "localhost".to_owned(),
            ..JobInput::default()
        }
    }
}

/// The person's directory for caches.
fn dirs_cache() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")))
}

/// What a job is, for people.
pub fn title(chosen: &Chosen<'_>) -> String {
    match &chosen.job.name {
        Some(name) => name.clone(),
        None => job_words(chosen.job),
    }
}
