//! `travis up`: server, store, one worker and a sample, in one process.

use super::{
    executors, files, sample,
    server::{Plan, Running},
    settings::{self, Settings},
    signals,
};
use crate::cli::serve::UpArgs;
use anyhow::{Context as _, Result};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use travis_engine::{BuildDemand, Engine, NewRepository, Viewer};
use travis_worker::WorkerConfig;

/// How long running jobs may take to be given back when everything stops.
const GRACE: Duration = Duration::from_secs(10);

/// Everything in one process.
///
/// # Errors
/// When it can't start.
pub async fn up(args: UpArgs) -> Result<ExitCode> {
    super::start_log("warn");
    let (data, settings) = Settings::for_command(None, args.data.as_deref())?;
    let worker_data = files::private_dir(&data.join("worker"))?;
    let executor =
        executors::executor(args.executor, &worker_data, &[&data], &settings.worker).await?;
    let (stop, hard) = signals::stops()?;
    let sample_path = data.join("sample/hello");
    let first_start = !data.join("travis.db").exists();
    let with_sample = !args.no_sample && (first_start || sample_path.exists());
    let sample_url = with_sample.then(|| format!("file://{}", sample_path.display()));
    let running = Running::start(Plan {
        proxies: settings.proxies()?,
        bind: args
            .bind
            .or(settings.bind)
            .unwrap_or(settings::DEFAULT_BIND),
        database: settings.database,
        public_url: settings.public_url,
        allow_local_git: args.allow_local_git || settings.allow_local_git.unwrap_or(false),
        sample_url: sample_url.clone(),
        limits: settings.limits,
        leases: settings.leases,
        comparing: settings.comparing,
        caches: settings.caches,
        workers: settings.workers,
        forges: settings.forge,
        access: settings.access,
        data: data.clone(),
    })
    .await?;
    let engine = running.engine.clone();
    let address = running.address;
    let public_url = running.public_url.clone();
    let token = files::admin_token(&data)?;
    let endpoint = format!("http://{address}");
    let config_file = crate::config::write(&endpoint, token.reveal())
        .context("the CLI's configuration can't be written")?;
    let admin = engine.administrator().await?;
    let link = engine.new_sign_in_link(admin).await?;

    // The server stays until the worker has said good-bye.
    let close = CancellationToken::new();
    let serving = tokio::spawn(running.serve(close.clone()));
    let enrolment_token = if travis_worker::is_enrolled(&worker_data) {
        None
    } else {
        let viewer = engine.viewer_by_token(token.reveal()).await?;
        Some(
            engine
                .new_enrolment_token(viewer.signed_in()?)
                .await?
                .0
                .reveal()
                .to_owned(),
        )
    };
    let worker = tokio::spawn(travis_worker::run(
        WorkerConfig {
            name: executors::host_name(),
            slots: args.slots,
            enrolment_token,
            // The server says for each repository whether it may be local.
            allow_local_git: true,
            started_by: "up".to_owned(),
            network: super::network::of_up(&*executor).await,
            ..WorkerConfig::new(endpoint.clone(), worker_data, executor)
        },
        // Leaving at once: what runs is given back and runs again at the next start.
        stop.clone(),
        stop.clone(),
    ));
    banner(&Banner {
        link: format!("{public_url}/sign-in/{}", link.reveal()),
        page: &public_url,
        data: &data,
        config: &config_file,
        slots: args.slots,
        executor: args.executor.name(),
        sample: with_sample && first_start,
    });
    println!("ready: http://{address}");
    std::io::stdout().flush()?;
    if let Some(url) = sample_url.filter(|_| first_start) {
        let viewer = engine.viewer_by_token(token.reveal()).await?;
        if let Err(error) = build_sample(&engine, &viewer, &sample_path, &url).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the sample repository could not be built"
            );
        }
    }
    wait(serving, worker, &Stops { stop, close, hard }).await
}

async fn build_sample(engine: &Engine, viewer: &Viewer, path: &Path, url: &str) -> Result<()> {
    sample::create(path).await?;
    let new = NewRepository {
        slug: "sample/hello".parse()?,
        clone_url: url.to_owned(),
        description: Some("A small repository with tests, made to try things out".to_owned()),
        private: false,
        poll_seconds: Some(15),
    };
    let repository = engine.add_repository(viewer, new).await?;
    engine
        .demand_build(viewer, &repository, BuildDemand::default())
        .await?;
    Ok(())
}

type Served = tokio::task::JoinHandle<Result<()>>;
type Worked = tokio::task::JoinHandle<Result<(), travis_worker::WorkerError>>;

/// What ends what: `stop` the worker, `close` the server after it, `hard` everything at once.
struct Stops {
    stop: CancellationToken,
    close: CancellationToken,
    hard: CancellationToken,
}

/// Waits for a signal or for something to break, then stops the worker before the server, so that
/// it can give back what it runs.
async fn wait(mut serving: Served, mut worker: Worked, stops: &Stops) -> Result<ExitCode> {
    let broken = async {
        tokio::select! {
            served = &mut serving => served.map_err(anyhow::Error::from).and_then(|served| served),
            worked = &mut worker => match worked {
                Ok(Err(error)) => Err(error.into()),
                Ok(Ok(())) => {
                    tracing::warn!("the local worker was told to leave; the server goes on without it");
                    std::future::pending().await
                }
                Err(error) => Err(error.into()),
            },
        }
    };
    tokio::select! {
        // A stop may make either end first: then it is not broken.
        biased;
        () = stops.stop.cancelled() => {}
        ended = broken => {
            ended?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    eprintln!(
        "Stopping. What runs is given back and runs again at the next start; Ctrl-C once more leaves at once."
    );
    let calm = async {
        if !worker.is_finished() {
            drop(tokio::time::timeout(GRACE, &mut worker).await);
        }
        stops.close.cancel();
        if !serving.is_finished() {
            drop(tokio::time::timeout(GRACE, &mut serving).await);
        }
    };
    tokio::select! {
        () = calm => {}
        () = stops.hard.cancelled() => {}
    }
    Ok(ExitCode::SUCCESS)
}

struct Banner<'a> {
    link: String,
    page: &'a str,
    data: &'a Path,
    config: &'a Path,
    slots: u32,
    executor: &'a str,
    sample: bool,
}

/// A few calm lines on standard error; standard output has only the line for programs.
fn banner(it: &Banner<'_>) {
    let (bold, dim, plain) =
        if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            ("\x1b[1m", "\x1b[2m", "\x1b[0m")
        } else {
            ("", "", "")
        };
    let slots = if it.slots == 1 {
        "1 job at a time".to_owned()
    } else {
        format!("{} jobs side by side", it.slots)
    };
    eprintln!();
    eprintln!("  {bold}Travis is up{plain} at {}", it.page);
    eprintln!();
    eprintln!("  Sign in   {bold}{}{plain}", it.link);
    eprintln!("            {dim}works once, within a day; start again for a new one{plain}");
    eprintln!(
        "  Worker    this machine, {slots}, executor {}",
        it.executor
    );
    eprintln!("  Data      {}", it.data.display());
    eprintln!(
        "  CLI       {} {dim}(written; try: travis repos){plain}",
        it.config.display()
    );
    eprintln!();
    if it.sample {
        eprintln!(
            "  A sample repository is being built: watch it at {}/sample/hello",
            it.page
        );
    }
    eprintln!(
        "  Your own  travis enable --git URL --name owner/name && travis trigger owner/name --watch"
    );
    eprintln!("  Ctrl-C stops everything; nothing is lost.");
    eprintln!();
}
