//! Where everything runs: the binary beside this one, and a private directory in memory.

use crate::client::Api;
use crate::process::Process;
use crate::repository;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use travis_api::v3;

const ONLINE: Duration = Duration::from_secs(15);

/// The machine and the binary.
pub struct Ground {
    pub travis: PathBuf,
    /// Do a tenth of the work.
    pub quick: bool,
    root: PathBuf,
    in_memory: bool,
}

impl Ground {
    pub fn prepare(quick: bool) -> Result<Self> {
        let travis = std::env::current_exe()?.with_file_name("travis");
        ensure!(
            travis.is_file(),
            "{} is missing: build it with `cargo build --release --package travis`",
            travis.display()
        );
        let shm = Path::new("/dev/shm");
        let in_memory = shm.is_dir() && tempfile::tempdir_in(shm).is_ok();
        let root = if in_memory {
            shm.to_owned()
        } else {
            std::env::temp_dir()
        };
        Ok(Self {
            travis,
            quick,
            root,
            in_memory,
        })
    }

    /// What was measured on, for whoever reads the figures.
    pub fn description(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let state = if self.in_memory {
            "state on tmpfs"
        } else {
            "state on disk"
        };
        let part = if self.quick {
            ", --quick: not for comparing"
        } else {
            ""
        };
        format!("{cores} processors, {}, {state}{part}", model())
    }

    /// A directory for one row; gone afterwards.
    pub fn place(&self) -> Result<TempDir> {
        Ok(tempfile::Builder::new()
            .prefix("travis-bench-")
            .tempdir_in(&self.root)?)
    }

    /// `usual`, or a tenth of it.
    pub fn amount(&self, usual: usize) -> usize {
        if self.quick {
            (usual / 10).max(3)
        } else {
            usual
        }
    }
}

fn model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    name.map_or_else(
        || std::env::consts::ARCH.to_owned(),
        |name| name.trim_start_matches([' ', '\t', ':']).to_owned(),
    )
}

/// `travis up`, empty.
pub struct Bed {
    pub api: Api,
    pub base: String,
    pub process: Process,
    place: TempDir,
}

impl Bed {
    /// Starts it with this executor.
    pub async fn up(ground: &Ground, executor: &str, slots: u32) -> Result<Self> {
        Self::configured(ground, executor, slots, "").await
    }

    /// The same with what `travis.toml` says.
    pub async fn configured(
        ground: &Ground,
        executor: &str,
        slots: u32,
        toml: &str,
    ) -> Result<Self> {
        let place = ground.place()?;
        let data = place.path().join("data");
        fs::create_dir_all(&data)?;
        fs::write(data.join("travis.toml"), toml)?;
        let slots = slots.to_string();
        let text = data.to_string_lossy();
        let mut process = Process::start(
            &ground.travis,
            "up",
            place.path(),
            &[
                "up",
                "--no-sample",
                "--allow-local-git",
                "--data",
                &text,
                "--bind",
                "127.0.0.1:0",
                "--executor",
                executor,
                "--slots",
                &slots,
            ],
        )?;
        let base = process.ready().await?;
        let api = Api::new(&base, &fs::read_to_string(data.join("admin-token"))?)?;
        online(&api, 1).await?;
        Ok(Self {
            api,
            base,
            process,
            place,
        })
    }

    /// Makes a repository of these files and enables it.
    pub async fn repository(&self, name: &str, files: &[(&str, &str)]) -> Result<i64> {
        enable(&self.api, self.place.path(), name, files).await
    }

    pub async fn stop(self) -> Result<()> {
        self.process.stop().await
    }
}

/// A server and its workers as processes of their own.
pub struct Parts {
    pub api: Api,
    pub server: Process,
    pub base: String,
    place: TempDir,
}

impl Parts {
    /// Starts the server.
    pub async fn server(ground: &Ground) -> Result<Self> {
        let place = ground.place()?;
        let (server, base) = server(ground, place.path()).await?;
        let token = fs::read_to_string(place.path().join("server/admin-token"))?;
        Ok(Self {
            api: Api::new(&base, &token)?,
            server,
            base,
            place,
        })
    }

    /// Starts and enrols a worker; back when `count` are online.
    pub async fn worker(
        &self,
        ground: &Ground,
        name: &str,
        executor: &str,
        count: usize,
    ) -> Result<Process> {
        self.owned_worker(ground, name, executor, count, "").await
    }

    /// The same with its owner's settings.
    pub async fn owned_worker(
        &self,
        ground: &Ground,
        name: &str,
        executor: &str,
        count: usize,
        settings: &str,
    ) -> Result<Process> {
        let token: v3::EnrolmentToken = self
            .api
            .post("/v3/workers/enrolment_token", &serde_json::json!({}))
            .await?;
        let data = self.place.path().join(name);
        fs::create_dir_all(&data)?;
        fs::write(data.join("worker.toml"), settings)?;
        let worker = Process::start(
            &ground.travis,
            name,
            self.place.path(),
            &[
                "worker",
                "--server",
                &self.base,
                "--token",
                &token.token,
                "--data",
                &data.to_string_lossy(),
                "--name",
                name,
                "--slots",
                "1",
                "--executor",
                executor,
                "--allow-local-git",
            ],
        )?;
        online(&self.api, count).await?;
        Ok(worker)
    }

    /// What a worker says of itself to its owner.
    pub async fn standing(&self, ground: &Ground, name: &str) -> Result<serde_json::Value> {
        let output = tokio::process::Command::new(&ground.travis)
            .args(["worker", "status", "--format", "json", "--data"])
            .arg(self.place.path().join(name))
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(ONLINE, output).await??;
        serde_json::from_slice(&output.stdout).context("the worker does not say how it stands")
    }

    pub async fn repository(&self, name: &str, files: &[(&str, &str)]) -> Result<i64> {
        enable(&self.api, self.place.path(), name, files).await
    }
}

/// Starts a server in a directory; its process and address.
pub async fn server(ground: &Ground, place: &Path) -> Result<(Process, String)> {
    let data = place.join("server");
    let mut server = Process::start(
        &ground.travis,
        "server",
        place,
        &[
            "server",
            "--allow-local-git",
            "--data",
            &data.to_string_lossy(),
            "--bind",
            "127.0.0.1:0",
        ],
    )?;
    let base = server.ready().await?;
    Ok((server, base))
}

async fn online(api: &Api, count: usize) -> Result<()> {
    let until = Instant::now() + ONLINE;
    loop {
        let workers: v3::Workers = api.get("/v3/workers").await?;
        let online = workers.workers.iter().filter(|one| one.state == "online");
        if online.count() >= count {
            return Ok(());
        }
        ensure!(Instant::now() < until, "the worker does not come online");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn enable(api: &Api, place: &Path, name: &str, files: &[(&str, &str)]) -> Result<i64> {
    let path = repository::create(&place.join("git").join(name), files)?;
    let new = v3::NewRepository {
        slug: format!("bench/{name}"),
        clone_url: format!("file://{}", path.display()),
        description: None,
        private: false,
        poll_seconds: None,
    };
    let made: v3::Repository = api
        .post("/v3/repos", &new)
        .await
        .context("a repository was not taken")?;
    Ok(made.id)
}
