//! `travis run`: the jobs of the working tree, here and now, as a worker would run them.

mod chosen;
mod report;
mod tree;

use super::expand::{context, job_words, refused};
use super::source;
use crate::cli::run::RunArgs;
use crate::failure::{Failure, Status};
use crate::output::log::LogWriter;
use crate::output::table::{Cell, Table};
use crate::output::{Color, Screen, plain};
use crate::serve;
use crate::session::Session;
use chosen::Chosen;
use report::{Outcome, report};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use travis_api::worker::Limits;
use travis_config::conditions::DataJudge;
use travis_config::{Level, Plan, PlanContext, plan_with};
use travis_sandbox::{Executor, ResourceLimits, Spec, TerminalSize};
use travis_script::{EnvVar, JobInput};
use travis_worker::{LocalEnd, LocalJob, run_here};
use tree::Tree;

/// What a terminal is given to read in one run is not more.
const MOST_SHOWN: u64 = 1 << 30;
/// The reason of jobs that Ctrl-C stopped.
const STOPPED: &str = "Ctrl-C was pressed.";

/// Runs jobs of the working tree.
pub async fn run(args: RunArgs, session: &mut Session) -> Result<Status, Failure> {
    let (directory, path) = place(&args, session);
    let name = source::name(&path);
    let text = source::read(&path, session)
        .map_err(|reason| Failure::new(Status::Errored, format!("{name}: {reason}")))?;
    let tree = Tree::take(&directory).await?;
    let known = facts(&args, &tree)?;
    let plan = plan_with(&text, &known, &DataJudge::default())
        .map_err(|error| refused(&name, &text, &error))?;
    say_messages(&plan, &name, &mut session.screen)?;
    let all = chosen::choose(&plan, &args)?;
    if args.list {
        return list(&plan, &all, session);
    }
    if all.is_empty() {
        session.screen.line("The file asks for no job.")?;
        return Ok(Status::Passed);
    }
    say_tree(&tree, &mut session.screen)?;
    let executor = serve::executor_for(args.executor, tree.place())
        .await
        .map_err(|error| Failure::new(Status::Errored, format!("{error:#}")))?;
    let mut here = Here {
        args: &args,
        tree: &tree,
        context: &known,
        plan: &plan,
        executor,
        secrets: secrets(&args)?,
        stopped: interrupted(session),
    };
    let mut outcomes = Vec::new();
    let mut broken_stage: Option<&str> = None;
    for chosen in &all {
        let mut outcome = Outcome {
            chosen,
            end: None,
            took: Duration::ZERO,
        };
        let after_broken = broken_stage.is_some_and(|stage| stage != chosen.job.stage);
        if chosen.skipped.is_none() && !after_broken && !*here.stopped.borrow() {
            let began = Instant::now();
            let end = here.run(chosen, session).await?;
            if end.outcome != "passed" && !chosen.job.allow_failure && !args.keep_going {
                broken_stage.get_or_insert(&chosen.job.stage);
            }
            outcome.took = began.elapsed();
            outcome.end = Some(end);
        }
        outcomes.push(outcome);
    }
    report(&outcomes, session)
}

/// The tree's directory, and the file.
fn place(args: &RunArgs, session: &Session) -> (PathBuf, PathBuf) {
    let around = &session.around.directory;
    match &args.file {
        Some(file) if !source::is_stdin(file) => {
            let full = around.join(file);
            let directory = full.parent().unwrap_or(around).to_owned();
            (directory, full)
        }
        Some(file) => (around.clone(), file.clone()),
        None => (around.clone(), around.join(source::USUAL)),
    }
}

/// What is known of the build: what git says, and then what was given.
fn facts(args: &RunArgs, tree: &Tree) -> Result<PlanContext, Failure> {
    let mut known = context(&args.facts)?;
    let or = |given: &mut String, ours: &str| {
        if given.is_empty() {
            ours.clone_into(given);
        }
    };
    or(&mut known.branch, &tree.branch);
    or(&mut known.event_type, "push");
    or(&mut known.repo_slug, &tree.slug);
    known
        .commit_message
        .get_or_insert_with(|| tree.message.clone());
    Ok(known)
}

fn say_messages(plan: &Plan, name: &str, screen: &mut Screen) -> Result<(), Failure> {
    let count = plan
        .messages
        .iter()
        .filter(|message| !matches!(message.level, Level::Info))
        .count();
    if count > 0 {
        let things = if count == 1 {
            "1 thing is"
        } else {
            &format!("{count} things are")
        };
        screen.remark(&format!("{things} odd about {name}; see: travis lint"))?;
    }
    Ok(())
}

fn say_tree(tree: &Tree, screen: &mut Screen) -> Result<(), Failure> {
    let commit = tree.commit.get(..7).unwrap_or(&tree.commit);
    let what = if tree.changed {
        "with the changes of the working tree"
    } else {
        "as committed"
    };
    screen.remark(&format!(
        "{} on {} at {commit}, {what}",
        plain(&tree.slug),
        plain(&tree.branch)
    ))?;
    Ok(())
}

fn list(plan: &Plan, all: &[Chosen<'_>], session: &mut Session) -> Result<Status, Failure> {
    if session.is_json() {
        let jobs: Vec<_> = all
            .iter()
            .map(|chosen| {
                json!({
                    "number": chosen.number,
                    "name": chosen.job.name,
                    "stage": chosen.job.stage,
                    "allow_failure": chosen.job.allow_failure,
                    "skipped": chosen.skipped,
                    "config": chosen.job.config,
                })
            })
            .collect();
        session.screen.json(&json!({ "jobs": jobs }))?;
        return Ok(Status::Passed);
    }
    let mut table = Table::with_head(&["JOB", "STAGE", "NAME", "WHAT", "HERE"]);
    for chosen in all {
        let staged = !plan.stages.is_empty();
        table.row(vec![
            Cell::new(&chosen.number.to_string()).right(),
            Cell::new(if staged { &chosen.job.stage } else { "" }),
            Cell::new(chosen.job.name.as_deref().unwrap_or_default()),
            Cell::new(&job_words(chosen.job)),
            Cell::new(chosen.skipped.as_deref().unwrap_or("runs")).color(Color::Gray),
        ]);
    }
    table.print(&mut session.screen)?;
    Ok(Status::Passed)
}

/// The variables that are lent to jobs without being shown.
fn secrets(args: &RunArgs) -> Result<Vec<EnvVar>, Failure> {
    args.secret
        .iter()
        .map(|name| {
            let value = std::env::var(name).map_err(|_| {
                Failure::usage(format!("the environment has no variable {name}"))
                    .remedy(format!("Set it first: read -rs {name} && export {name}"))
            })?;
            Ok(EnvVar {
                name: name.clone(),
                value,
                public: false,
            })
        })
        .collect()
}

/// Becomes true when Ctrl-C is pressed.
fn interrupted(session: &mut Session) -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    let never = Box::pin(std::future::pending());
    let interrupt = std::mem::replace(&mut session.around.interrupt, never);
    tokio::spawn(async move {
        interrupt.await;
        // Nobody waits anymore when this fails.
        let _ = tell.send(true);
        tell.closed().await;
    });
    told
}

/// What the jobs of one run share.
struct Here<'a> {
    args: &'a RunArgs,
    tree: &'a Tree,
    context: &'a PlanContext,
    plan: &'a Plan,
    executor: Arc<dyn Executor>,
    secrets: Vec<EnvVar>,
    stopped: watch::Receiver<bool>,
}

impl Here<'_> {
    async fn run(
        &mut self,
        chosen: &Chosen<'_>,
        session: &mut Session,
    ) -> Result<LocalEnd, Failure> {
        let input = self.input(chosen);
        let script = travis_script::compile(&input).map_err(|error| {
            Failure::new(Status::Errored, format!("job {}: {error}", chosen.number))
        })?;
        let cache = self.cache(chosen);
        let clones = chosen.job.config.pointer("/git/clone") != Some(&json!(false));
        let spec = Spec {
            id: format!("run-{}-{}", std::process::id(), chosen.number),
            mirror: clones.then(|| self.tree.mirror()),
            clone_url: clones.then(|| self.tree.clone_url.clone()),
            network: !self.args.no_network,
            limits: ResourceLimits::default(),
            terminal: TerminalSize::default(),
            lend: cache.is_some(),
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
            executor: self.executor.as_ref(),
            spec: &spec,
            script: &script.text,
            secrets: &masked,
            limits: &limits,
            cache: cache.as_deref(),
        };
        let screen = &mut session.screen;
        if !self.args.raw && session.format != crate::cli::Format::Json {
            let head = format!("Job {} · {}", chosen.number, title(chosen));
            let head = screen.paint.text(Color::Bold, &plain(&head));
            screen.line(&head)?;
        }
        let quiet = session.format == crate::cli::Format::Json;
        let mut writer = if self.args.open {
            LogWriter::new(screen.paint, screen.terminal)
        } else {
            LogWriter::folded(screen.paint, screen.terminal)
        };
        let raw = self.args.raw;
        let stopped = self.stopped.clone();
        let canceled = async move {
            let mut stopped = stopped;
            match stopped.wait_for(|stopped| *stopped).await {
                Ok(_) => STOPPED.to_owned(),
                Err(_) => std::future::pending().await,
            }
        };
        let end = run_here(&job, canceled, |bytes| {
            if quiet {
                return Ok(());
            }
            if raw {
                screen.out.write_all(bytes)?;
            } else {
                screen.out.write_all(writer.push(bytes).as_bytes())?;
            }
            screen.out.flush()
        })
        .await
        .map_err(|error| {
            Failure::new(Status::Errored, format!("job {}: {error}", chosen.number))
        })?;
        if !raw && !quiet {
            let mut rest = writer.finish();
            if end.outcome == "errored" {
                // What stopped it stands in the fold that was the last.
                rest.push_str(&writer.unfold());
                rest.push_str(&writer.finish());
            }
            screen.out.write_all(rest.as_bytes())?;
            screen.line("")?;
        }
        Ok(end)
    }

    /// Where the job's cache is kept between runs; none when it has none, or there is no place.
    fn cache(&self, chosen: &Chosen<'_>) -> Option<PathBuf> {
        let config = chosen.job.config.get("cache")?;
        if matches!(
            config,
            serde_json::Value::Bool(false) | serde_json::Value::Null
        ) {
            return None;
        }
        let place = dirs_cache()?
            .join("travis")
            .join("run")
            .join(&self.tree.slug);
        let name: String = job_words(chosen.job)
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
        JobInput {
            config: chosen.job.config.clone(),
            build_number: 1,
            job_id: i64::try_from(chosen.number).unwrap_or_default(),
            job_number: format!("1.{}", chosen.number),
            job_name: chosen.job.name.clone(),
            stage_name: (!self.plan.stages.is_empty()).then(|| chosen.job.stage.clone()),
            allow_failure: chosen.job.allow_failure,
            event_type: known.event_type.clone(),
            branch: self.tree.branch.clone(),
            tag: known.tag.clone(),
            commit: self.tree.commit.clone(),
            commit_message: known.commit_message.clone().unwrap_or_default(),
            repo_slug: self.tree.slug.clone(),
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
fn title(chosen: &Chosen<'_>) -> String {
    match &chosen.job.name {
        Some(name) => name.clone(),
        None => job_words(chosen.job),
    }
}
