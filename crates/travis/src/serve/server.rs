//! `travis server`, and what it shares with `travis up`.

use super::{
    files,
    forge::SampleAware,
    forge_settings::{Access, ForgeSettings},
    settings,
    settings::Settings,
    signals,
};
use crate::cli::serve::ServerArgs;
use anyhow::{Context as _, Result, bail};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use travis_api::worker::IDLE_POLL_SECONDS;
use travis_blobs::ObjectBlobs;
use travis_bus::MemoryBus;
use travis_engine::{Engine, Policy, Ports, SystemClock};
use travis_logs::FileLogs;
use travis_server::Proxies;
use travis_store::Store;

/// Everything that makes a server but its sample.
pub struct Plan {
    /// Where everything is kept.
    pub data: PathBuf,
    /// Address to listen at.
    pub bind: SocketAddr,
    /// Where rows are kept, when not in the data directory.
    pub database: Option<String>,
    /// Where browsers and workers find the server.
    pub public_url: Option<String>,
    /// Who is believed whom they call for.
    pub proxies: Proxies,
    /// Local paths and loopback addresses may be clone URLs.
    pub allow_local_git: bool,
    /// A repository that is local and allowed all the same.
    pub sample_url: Option<String>,
    /// What jobs may use at most.
    pub limits: settings::Limits,
    /// For how long workers hold their jobs.
    pub leases: settings::Leases,
    /// How often repositories are compared with their forges.
    pub comparing: settings::Comparing,
    /// What caches of jobs may use.
    pub caches: settings::Caches,
    /// What is asked of workers.
    pub workers: settings::Workers,
    /// Forges to sign in with.
    pub forges: Vec<ForgeSettings>,
    /// Who may sign in, and whose repositories are worked on.
    pub access: Access,
}

/// A server that listens.
pub struct Running {
    /// Its use cases.
    pub engine: Arc<Engine>,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its public address.
    pub public_url: String,
    listener: TcpListener,
    /// Files that machines may fetch to join.
    downloads: PathBuf,
    proxies: Proxies,
}

impl Running {
    /// Opens everything and listens.
    pub async fn start(plan: Plan) -> Result<Self> {
        let vault = files::vault(&plan.data)?;
        let listener = TcpListener::bind(plan.bind).await.with_context(|| {
            format!(
                "{} can't be listened at: choose another address with --bind ADDR:PORT",
                plan.bind
            )
        })?;
        let address = listener.local_addr()?;
        let public_url = settings::public_url(plan.public_url.as_deref(), address)?;
        let store = open_store(plan.database.as_deref(), &plan.data).await?;
        let limits = plan.limits.job_limits();
        let log_limits = travis_logs::Limits {
            // The worker enforces the limit; what it adds to say so must fit too.
            max_length: limits.log_bytes.saturating_add(1 << 20),
            ..Default::default()
        };
        let logs = FileLogs::open(plan.data.join("logs"), log_limits)
            .with_context(|| format!("the logs in {} can't be opened", plan.data.display()))?;
        let ports = Ports {
            store,
            logs: Arc::new(logs),
            blobs: Arc::new(ObjectBlobs::local(&plan.data.join("blobs"))?),
            bus: Arc::new(MemoryBus::default()),
            forge: Arc::new(SampleAware::new(
                plan.data.join("git"),
                plan.allow_local_git,
                plan.sample_url.clone(),
            )),
            connect: Arc::new(travis_forge::hosting::connect),
            clock: Arc::new(SystemClock),
        };
        let policy = Policy {
            public_url: public_url.clone(),
            allow_local_git: plan.allow_local_git,
            sample_url: plan.sample_url,
            lease: plan.leases.lease(),
            idle_poll: Duration::from_secs(IDLE_POLL_SECONDS),
            heartbeat: plan.leases.heartbeat(),
            limits,
            access: plan.access.allowed(),
            compare_every: plan.comparing.every(),
            key_length: travis_engine::keys::KeyLength::default(),
            caches: plan.caches.policy(),
            results: travis_engine::ResultsPolicy::default(),
            workers: plan.workers.policy(),
            minimum_worker_version: plan.workers.minimum_version,
        };
        let forges = plan
            .forges
            .into_iter()
            .map(|forge| forge.read(&plan.data))
            .collect::<Result<Vec<_>>>()?;
        let engine = Arc::new(Engine::new(ports, vault, policy));
        engine
            .configure_forges(&forges)
            .await
            .context("the forges of travis.toml can't be set up")?;
        let admin = engine.administrator().await?;
        engine
            .ensure_api_token(admin, "admin-token file", &files::admin_token(&plan.data)?)
            .await?;
        Ok(Self {
            engine,
            address,
            public_url,
            listener,
            downloads: plan.data.join("downloads"),
            proxies: plan.proxies,
        })
    }

    /// Serves until `stop`.
    pub async fn serve(self, stop: CancellationToken) -> Result<()> {
        let router = travis_server::router(self.engine.clone(), Some(self.downloads), self.proxies);
        let stopped = stop.clone();
        let server =
            travis_server::serve(
                self.listener,
                router,
                async move { stopped.cancelled().await },
            );
        tokio::select! {
            served = server => Ok(served?),
            // The loops end only with the process.
            () = self.engine.run_loops() => bail!("the server's loops ended"),
        }
    }
}

async fn open_store(database: Option<&str>, data: &Path) -> Result<Arc<dyn Store>> {
    match database {
        None => open_sqlite(&data.join("travis.db")).await,
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            let store =
                travis_store_postgres::PostgresStore::connect(url, Default::default()).await;
            Ok(Arc::new(
                store.context("the PostgreSQL database can't be opened")?,
            ))
        }
        Some(url) => match url.strip_prefix("sqlite:") {
            Some(path) => open_sqlite(Path::new(path)).await,
            None => bail!("database: write sqlite:PATH or postgres://…"),
        },
    }
}

async fn open_sqlite(path: &Path) -> Result<Arc<dyn Store>> {
    let store = travis_store_sqlite::SqliteStore::open(path, Default::default()).await;
    Ok(Arc::new(store.with_context(|| {
        format!("{} can't be opened", path.display())
    })?))
}

/// The server alone.
///
/// # Errors
/// When it can't start.
pub async fn server(args: ServerArgs) -> Result<ExitCode> {
    super::start_log("info");
    let (data, settings) = Settings::for_command(args.config.as_deref(), args.data.as_deref())?;
    let (stop, hard) = signals::stops()?;
    let running = Running::start(Plan {
        proxies: settings.proxies()?,
        bind: args
            .bind
            .or(settings.bind)
            .unwrap_or(settings::DEFAULT_BIND),
        database: args.database.or(settings.database),
        public_url: args.public_url.or(settings.public_url),
        allow_local_git: args.allow_local_git || settings.allow_local_git.unwrap_or(false),
        sample_url: None,
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
    let admin = running.engine.administrator().await?;
    let link = running.engine.new_sign_in_link(admin).await?;
    eprintln!(
        "Sign in once at {}/sign-in/{}",
        running.public_url,
        link.reveal()
    );
    eprintln!(
        "The administrator's API token is in {}",
        data.join("admin-token").display()
    );
    println!("ready: http://{}", running.address);
    tokio::select! {
        served = running.serve(stop) => served?,
        () = hard.cancelled() => {}
    }
    Ok(ExitCode::SUCCESS)
}
