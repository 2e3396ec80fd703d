//! `travis run`: the jobs of the working tree, here and now, as a worker would run them.

mod chosen;
mod facts;
mod git;
mod job;
mod list;
mod report;
mod secrets;
mod steps;
mod submodules;
mod tree;
mod view;

use super::source;
use super::sources::{self, Sources};
use crate::cli::run::RunArgs;
use crate::failure::{Failure, Status};
use crate::output::{Color, Screen, plain};
use crate::serve;
use crate::session::Session;
use futures_util::FutureExt as _;
use job::Here;
use report::{Outcome, report};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use travis_config::Plan;
use travis_config::conditions::DataJudge;
use tree::{Look, Tree};

pub(super) use git::without_git_variables;
pub(super) use tree::slug;

/// Runs jobs of the working tree.
pub async fn run(args: RunArgs, session: &mut Session) -> Result<Status, Failure> {
    let mut stopped = interrupted(session);
    let path = args.file.as_deref().unwrap_or(Path::new(source::USUAL));
    let name = source::name(path);
    let text = source::read(path, session)
        .map_err(|reason| Failure::new(Status::Errored, format!("{name}: {reason}")))?;
    let directory = sources::directory(path, &session.around.directory);
    let look = Look::at(&directory).await?;
    let known = facts::facts(&args, &look)?;
    let judge = DataJudge::default();
    let sources = Sources::follow(name, text, &directory, &known, &judge).await;
    let plan = sources.plan_or_fail(&known, &judge)?;
    sources.remark(&plan.messages, &mut session.screen)?;
    let all = chosen::choose(&plan, &args)?;
    if args.list {
        return list::list(&sources, &known, &plan, &all, session);
    }
    if all.is_empty() {
        return list::nothing(&sources, &known, &plan, session);
    }
    let tree = tokio::select! {
        tree = Tree::take(&look) => tree?,
        _ = stopped.wait_for(|stopped| *stopped) => {
            return Err(Failure::new(Status::Interrupted, "stopped before any job began"));
        }
    };
    tree.name(&known.branch, known.tag.as_deref()).await?;
    let mut here = Here {
        args: &args,
        look: &look,
        tree: &tree,
        context: &known,
        plan: &plan,
        executor: None,
        secrets: secrets::lent(&args)?,
        stopped,
    };
    if args.script {
        return here.scripts(&all, session);
    }
    say_tree(&look, &tree, &mut session.screen)?;
    secrets::say_left_out(&all, &sources.name, &mut session.screen)?;
    let executor = serve::executor_for(args.executor, tree.place());
    here.executor = Some(executor.await.map_err(|error| {
        Failure::new(Status::Errored, format!("{error:#}"))
            .remedy("travis doctor says what is missing. Code that you trust runs without a sandbox by: --executor host")
    })?);
    let mut outcomes = Vec::new();
    let mut broken_stage: Option<&str> = None;
    let mut stage: Option<&str> = None;
    for chosen in &all {
        let mut outcome = Outcome {
            chosen,
            end: None,
            took: Duration::ZERO,
            stopped: *here.stopped.borrow(),
        };
        let after_broken = broken_stage.is_some_and(|stage| stage != chosen.job.stage);
        if chosen.skipped.is_none() && !after_broken && !outcome.stopped {
            if stage != Some(&chosen.job.stage) {
                stage = Some(&chosen.job.stage);
                say_stage(&plan, &chosen.job.stage, &args, session)?;
            }
            let began = Instant::now();
            let end = here.run(chosen, session).await?;
            outcome.took = began.elapsed();
            if end.outcome != "passed" && !chosen.job.allow_failure && !args.keep_going {
                broken_stage.get_or_insert(&chosen.job.stage);
            }
            outcome.end = Some(end);
            if !args.raw {
                report::line(&outcome, session)?;
            }
        }
        outcomes.push(outcome);
    }
    let status = report(&outcomes, session)?;
    let was_stopped = *here.stopped.borrow();
    Ok(if was_stopped {
        Status::Interrupted
    } else {
        status
    })
}

fn say_tree(look: &Look, tree: &Tree, screen: &mut Screen) -> Result<(), Failure> {
    let mut text = format!("{} on {}", plain(&look.slug), plain(&look.branch));
    if let Some(head) = &look.head {
        text.push_str(&format!(" at {}", head.get(..7).unwrap_or(head)));
    }
    text.push_str(match (look.is_git, look.head.is_some(), tree.changed) {
        (false, ..) => ", all files: this directory is no git working tree",
        (true, false, _) => ", all files: nothing is committed yet",
        (true, true, true) => ", with changes that are not committed",
        (true, true, false) => ", as committed",
    });
    match tree.submodules {
        0 => {}
        1 => text.push_str(", 1 submodule as it lies"),
        more => text.push_str(&format!(", {more} submodules as they lie")),
    }
    screen.remark(&text)?;
    Ok(())
}

fn say_stage(
    plan: &Plan,
    stage: &str,
    args: &RunArgs,
    session: &mut Session,
) -> Result<(), Failure> {
    if plan.stages.is_empty() || args.raw || session.is_json() {
        return Ok(());
    }
    let text = format!("Stage {}", plain(stage));
    let text = session.screen.paint.text(Color::Bold, &text);
    session.screen.line(&format!("\n{text}"))?;
    Ok(())
}

/// Becomes true when Ctrl-C is pressed, or the process is asked to end.
fn interrupted(session: &mut Session) -> watch::Receiver<bool> {
    let (tell, told) = watch::channel(false);
    let never = Box::pin(std::future::pending());
    let interrupt = std::mem::replace(&mut session.around.interrupt, never);
    tokio::spawn(async move {
        let ending = async {
            match signal(SignalKind::terminate()) {
                Ok(mut asked) => drop(asked.recv().await),
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = interrupt => {}
            () = ending.fuse() => {}
        }
        // Nobody waits anymore when this fails.
        let _ = tell.send(true);
        tell.closed().await;
    });
    told
}
