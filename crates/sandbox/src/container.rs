//! The container executor: Podman or Docker.
//!
//! Every job gets a fresh container of an image that fits its language and version, with the
//! services that it asks for in containers beside it. It runs as a user without any privilege and
//! without a way to one, under the engine's usual filter of system calls, and sees of the machine
//! nothing but its own home, its script, the mirror (read-only) and the directory that is lent to
//! it. The engine's socket is never among that.
//!
//! Containers carry a label with the worker's directory, so that a sweep ends those that an
//! earlier process of this worker left and touches nobody else's.

mod check;
mod engine;
mod job;
mod network;
mod sandbox;
mod services;
mod settings;
mod store;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Mutex, OnceCell};

pub use settings::ImageSettings;

use crate::cap::Cap;
use crate::home::{self, Home};
use crate::network::JobNetwork;
use crate::{
    Executor, Finding, ImageTable, ImageWish, Network, Networks, Sandbox, SandboxError, ServiceRow,
    Sink, Spec,
};
use engine::Engine;
use job::{JobFiles, Net, Owner, Plan};
use sandbox::{ContainerSandbox, Parts};
use services::Service;
use store::{Image, Images};

/// The variable that tells the script which services it need not start.
const READY: &str = "TRAVIS_SERVICES_READY";
/// The label of all containers made here.
const LABEL: &str = "org.travis.worker";

/// Runs jobs in containers.
#[derive(Debug)]
pub struct Container {
    root: PathBuf,
    engine: Engine,
    images: Images,
    /// What the owner says.
    settings: ImageSettings,
    /// The owner's rows, the operator's and the program's.
    table: RwLock<Arc<ImageTable>>,
    job_env: Vec<(String, String)>,
    networks: Networks,
    owner: Owner,
    /// Names containers: the same for all that this worker ever makes, different on others.
    mark: String,
    /// Their label, `name=value`.
    label: String,
}

impl Container {
    /// Finds an engine. Keeps files below `root`, a directory for this alone; jobs get `job_env`
    /// beside what they always get.
    ///
    /// # Errors
    /// Why no engine works here.
    pub async fn detect(
        root: PathBuf,
        settings: ImageSettings,
        job_env: Vec<(String, String)>,
    ) -> Result<Self, String> {
        let engine = Engine::detect(settings.engine.as_deref()).await?;
        let mut hasher = DefaultHasher::new();
        root.hash(&mut hasher);
        let mark = format!("travis-{:016x}", hasher.finish());
        Ok(Self {
            networks: network::networks(&engine, Networks::default()),
            owner: Owner::of(&engine),
            table: RwLock::new(Arc::new(settings.table(&ImageTable::default()))),
            images: Images::new(engine.clone(), settings.clone(), &root),
            settings,
            label: format!("{LABEL}={mark}"),
            mark,
            engine,
            job_env,
            root,
        })
    }

    /// Makes jobs' networks in another way than by the program that runs now.
    #[must_use]
    pub fn with_networks(mut self, networks: Networks) -> Self {
        self.networks = network::networks(&self.engine, networks);
        self
    }

    /// Whether the image that such a job gets is here already.
    pub async fn has_image(&self, wish: &ImageWish) -> bool {
        match self.table().image_for(wish) {
            Some(name) => self.images.look(&name).await.is_some(),
            None => false,
        }
    }

    /// The rows that hold now; a job keeps those that it began with.
    fn table(&self) -> Arc<ImageTable> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&table)
    }

    fn homes(&self) -> PathBuf {
        self.root.join("jobs")
    }

    async fn image(&self, wish: &ImageWish, say: store::Say<'_>) -> Result<Image, SandboxError> {
        let Some(name) = self.table().image_for(wish) else {
            return Err(SandboxError::Image {
                image: wish.name.clone().unwrap_or_else(|| wish.language.clone()),
                reason: "no row has an image for it; `travis worker image table` on the worker shows all"
                    .to_owned(),
            });
        };
        let image = self.images.get(&name, say).await?;
        say(format!("Image {} ({})", image.name, image.digest));
        Ok(image)
    }

    /// Makes everything that one job needs. What was made is recorded in `made` at once, so that
    /// it can be removed when the rest fails.
    async fn make(
        &self,
        spec: &Spec,
        files: &JobFiles,
        made: &Making,
        guarded: &mut Option<JobNetwork>,
        say: store::Say<'_>,
    ) -> Result<String, SandboxError> {
        let image = self
            .image(&spec.image.clone().unwrap_or_default(), say)
            .await?;
        if let Some(mirror) = spec.mirror.clone().filter(|_| !self.owner.is_worker()) {
            let opened = tokio::task::spawn_blocking(move || job::open_for_reading(&mirror)).await;
            if let Ok(Err(error)) = opened {
                tracing::warn!(%error, "a mirror can't be opened for its job");
            }
        }
        let mut net = Net::None;
        let mut shown = Vec::new();
        match &spec.network {
            Network::Off => {}
            Network::Machine => net = Net::Usual,
            Network::Guarded(gateway) => {
                let made = self.networks.make(gateway, &spec.id).await?;
                net = Net::At(network::path_for(&self.engine, &made, files).await?);
                shown.push((network::name_server(files)?, "/etc/resolv.conf"));
                *guarded = Some(made.joined());
            }
        }
        let name = format!("{}-{}", self.mark, spec.id);
        let mut job_env = self.job_env.clone();
        let ready = self
            .serve(spec, &name, &mut net, &mut job_env, made, say)
            .await?;
        if !ready.is_empty() {
            job_env.push((READY.to_owned(), ready.join(",")));
        }
        let plan = Plan {
            engine: &self.engine,
            name: &name,
            label: &self.label,
            image: &image.id,
            net: &net,
            spec,
            job_env: &job_env,
            shown: &shown,
            files,
        };
        made.containers.lock().await.push(name.clone());
        self.engine.run(&plan.arguments(), engine::SHORT).await?;
        if !self.engine.is_podman() {
            job::name_the_user(&self.engine, &name, files).await?;
        }
        Ok(image.name)
    }

    /// Starts the services that have a row; gives their names.
    async fn serve(
        &self,
        spec: &Spec,
        name: &str,
        net: &mut Net,
        job_env: &mut Vec<(String, String)>,
        made: &Making,
        say: store::Say<'_>,
    ) -> Result<Vec<String>, SandboxError> {
        let table = self.table();
        let mut begun: Vec<(&ServiceRow, Image, String)> = Vec::new();
        for wish in &spec.services {
            let Some((row, version)) = table.service_for(wish) else {
                continue;
            };
            if begun.iter().any(|(known, _, _)| *known == row) {
                continue;
            }
            let image = self.images.get(&row.image(version), say).await?;
            let container = format!("{name}-{}", row.name);
            made.containers.lock().await.push(container.clone());
            self.service(row, &image, &container, net, spec)
                .start(&made.words(spec.polite))
                .await?;
            // The first one's network is that of all.
            if !matches!(net, Net::At(_) | Net::Of(_)) {
                *net = Net::Of(container.clone());
            }
            begun.push((row, image, container));
        }
        for (row, image, container) in &begun {
            let service = self.service(row, image, container, net, spec);
            service.make_ready(say).await?;
            job_env.extend(row.job_environment.clone());
        }
        // Both names of what is one service to the script.
        let names = begun.iter().map(|(row, _, _)| row.name.clone());
        Ok(names.collect())
    }

    fn service<'a>(
        &'a self,
        row: &'a ServiceRow,
        image: &'a Image,
        name: &'a str,
        net: &'a Net,
        spec: &Spec,
    ) -> Service<'a> {
        Service {
            engine: &self.engine,
            row,
            image,
            name,
            label: &self.label,
            net,
            limits: spec.limits,
            polite: spec.polite,
        }
    }
}

#[async_trait]
impl Executor for Container {
    fn kind(&self) -> &'static str {
        "container"
    }

    fn limits(&self) -> Vec<&'static str> {
        self.engine.limits.clone()
    }

    fn cpu_cap(&self) -> &'static str {
        match (self.engine.limits.contains(&"cpu"), self.engine.is_podman()) {
            (true, _) => crate::cap::words(true),
            (false, true) => "affinity to whole cores",
            // Its daemon starts them, which nothing here reaches.
            (false, false) => "",
        }
    }

    /// `Podman 4.3.1, rootless`.
    fn detail(&self) -> String {
        self.engine.describe()
    }

    async fn images(&self) -> Vec<String> {
        self.images.names().await
    }

    fn hear_images(&self, table: ImageTable) {
        let all = Arc::new(self.settings.table(&table));
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = all;
        self.images.hear(table);
    }

    async fn keep_images_within(&self, bytes: Option<u64>) -> u64 {
        self.images.keep_within(bytes).await
    }

    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError> {
        let home = Home::create(&self.homes(), &spec.id)?.lend(spec.lends())?;
        let files = match JobFiles::make(&home, self.owner) {
            Ok(files) => files,
            Err(error) => {
                home.remove();
                return Err(error);
            }
        };
        let made = Making {
            containers: Mutex::default(),
            cap: Cap::whole(spec.limits, self.engine.limits.contains(&"cpu")),
        };
        let mut network = None;
        let progress = spec.progress.clone();
        let say = move |line: String| tell(progress.as_ref(), line);
        let image = match self.make(spec, &files, &made, &mut network, &say).await {
            Ok(image) => image,
            Err(error) => {
                self.engine.remove(&made.containers.into_inner()).await;
                self.remove_files(files.base()).await;
                home.remove();
                return Err(error);
            }
        };
        let mut services = made.containers.into_inner();
        let job = services.pop().unwrap_or_default();
        let parts = Parts {
            engine: self.engine.clone(),
            job,
            services,
            image,
            files,
            started: AtomicBool::new(false),
            killed: AtomicBool::new(false),
            frozen: Mutex::new(false),
            processes: OnceCell::new(),
        };
        Ok(Box::new(ContainerSandbox::new(
            spec, parts, home, network, made.cap,
        )))
    }

    async fn sweep(&self) {
        let filter = format!("label={}", self.label);
        let list = ["ps", "--all", "--quiet", "--filter", &filter];
        match self.engine.order(&list).await {
            Ok(left) => {
                let left: Vec<String> = left.split_whitespace().map(str::to_owned).collect();
                self.engine.remove(&left).await;
            }
            Err(error) => {
                tracing::warn!(%error, "containers that an earlier worker left are not known");
            }
        }
        let homes = self.homes();
        let entries = std::fs::read_dir(&homes).into_iter().flatten().flatten();
        let left: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        for path in left {
            self.remove_files(&path).await;
        }
        if let Err(error) = tokio::task::spawn_blocking(move || home::sweep(&homes)).await {
            tracing::error!(%error, "sweeping sandboxes ended early");
        }
    }

    async fn check(&self) -> Vec<Finding> {
        self.examine().await
    }
}

impl Container {
    /// Removes what belongs to users that exist only inside.
    async fn remove_files(&self, path: &Path) {
        if self.engine.rootless
            && self.engine.is_podman()
            && let Err(error) = self.engine.remove_files(path).await
        {
            tracing::warn!(%error, "files of a job could not be removed");
        }
    }
}

/// What was made for a job so far.
struct Making {
    containers: Mutex<Vec<String>>,
    cap: Option<Cap>,
}

impl Making {
    /// What a command begins with that starts one of its containers.
    fn words(&self, polite: bool) -> Vec<String> {
        let classes = if polite { crate::polite::words() } else { &[] };
        let cores = self.cap.iter().flat_map(Cap::words);
        cores
            .chain(classes.iter().map(|word| (*word).to_owned()))
            .collect()
    }
}

fn tell(progress: Option<&Sink>, line: String) {
    tracing::debug!("{line}");
    if let Some(progress) = progress {
        // A reader that is slow misses a line.
        let _ = progress.try_send(Bytes::from(format!("{line}\n")));
    }
}
