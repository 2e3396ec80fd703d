//! The images of this worker: pulled once, asked for anew after days, and thrown away when they
//! need more disk than the owner lends: `most_bytes` of images.toml, or what else is left of the
//! disk that the worker lends when that is less.
//!
//! Only images that were pulled here are thrown away: those that the owner has for other purposes
//! are used but never touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use travis_images::{ImageTable, reference};

use crate::SandboxError;
use crate::container::engine::Engine;
use crate::container::settings::{Allowed, ImageSettings};
use crate::files::FileContext as _;

/// The record's name.
const FILE: &str = "images-used.toml";

/// How long a registry's name may take to be resolved.
const RESOLVING: Duration = Duration::from_secs(10);

/// Hears what takes long, line by line.
pub(crate) type Say<'a> = &'a (dyn Fn(String) + Send + Sync);

/// An image that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// Its name, written out.
    pub(crate) name: String,
    /// Its number; containers are made from this, whatever becomes of the name meanwhile.
    pub(crate) id: String,
    /// Digest of what was pulled, for people; the number where it was made here.
    pub(crate) digest: String,
}

/// What is known of one image that was pulled here. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Known {
    bytes: u64,
    pulled: u64,
    used: u64,
}

/// The images of this worker.
#[derive(Debug)]
pub(crate) struct Images {
    engine: Engine,
    settings: ImageSettings,
    record: PathBuf,
    /// What the worker lends of its disk now, beside what the owner says of images.
    lent: AtomicU64,
    /// Rows of the server's operator.
    operators: RwLock<ImageTable>,
    /// By name.
    known: Mutex<Option<BTreeMap<String, Known>>>,
    /// By name, held while it is pulled: two jobs that want the same image pull it once.
    turns: Mutex<BTreeMap<String, Arc<Mutex<()>>>>,
}

impl Images {
    pub(crate) fn new(engine: Engine, settings: ImageSettings, root: &Path) -> Self {
        Self {
            engine,
            settings,
            record: root.join(FILE),
            lent: AtomicU64::new(u64::MAX),
            operators: RwLock::default(),
            known: Mutex::default(),
            turns: Mutex::default(),
        }
    }

    /// The image by its written out name, pulled if need be. `say` hears what takes long.
    pub(crate) async fn get(&self, name: &str, say: Say<'_>) -> Result<Image, SandboxError> {
        let turn = Arc::clone(self.turns.lock().await.entry(name.to_owned()).or_default());
        let _turn = turn.lock().await;
        let here = self.look(name).await;
        let mut pulled = true;
        let image = match here {
            Some(image) if self.settings.offline || !self.is_old(name).await => {
                pulled = false;
                image
            }
            Some(before) => self.pull_again(name, before, say).await,
            None => self.pull(name, say).await?,
        };
        let bytes = if pulled {
            self.bytes(&image.id).await
        } else {
            0
        };
        let mut held = self.known.lock().await;
        let known = held.get_or_insert_with(|| self.read());
        if pulled {
            let known = known.entry(name.to_owned()).or_default();
            (known.bytes, known.pulled) = (bytes, now());
        }
        if let Some(known) = known.get_mut(name) {
            known.used = now();
        }
        let sum = self.prune(known, Some(name)).await;
        let fits = !known.contains_key(name) || sum <= self.most();
        if !fits {
            // Nothing of what was pulled for this job stays.
            let _ = self.engine.order(&["rmi", name]).await;
            if self.look(name).await.is_none() {
                known.remove(name);
            }
        }
        self.write(known)?;
        if fits {
            return Ok(image);
        }
        Err(SandboxError::Image {
            image: name.to_owned(),
            reason: format!(
                "with it images would take {} MB, and {} MB of disk are lent for them; its owner can lend more (disk in worker.toml, most_bytes in images.toml)",
                sum / 1_000_000,
                self.most() / 1_000_000
            ),
        })
    }

    /// Rows of the server's operator, from now on.
    pub(crate) fn hear(&self, table: ImageTable) {
        *self
            .operators
            .write()
            .unwrap_or_else(PoisonError::into_inner) = table;
    }

    /// Lends so many bytes for images from now on, and throws away what does not fit. Gives what is
    /// taken.
    pub(crate) async fn keep_within(&self, bytes: Option<u64>) -> u64 {
        self.lent
            .store(bytes.unwrap_or(u64::MAX), Ordering::Relaxed);
        let mut held = self.known.lock().await;
        let known = held.get_or_insert_with(|| self.read());
        let before = known.len();
        let sum = self.prune(known, None).await;
        if known.len() != before
            && let Err(error) = self.write(known)
        {
            tracing::warn!(%error, "the record of images can't be written");
        }
        sum
    }

    /// The smaller of what the owner says of images and of what is lent of the disk.
    fn most(&self) -> u64 {
        self.settings
            .most_bytes()
            .min(self.lent.load(Ordering::Relaxed))
    }

    /// Pulled here, and long ago.
    async fn is_old(&self, name: &str) -> bool {
        let mut held = self.known.lock().await;
        let known = held.get_or_insert_with(|| self.read());
        let pulled = known.get(name).map(|known| known.pulled);
        pulled
            .zip(self.settings.refresh())
            .is_some_and(|(pulled, most)| Duration::from_secs(now().saturating_sub(pulled)) > most)
    }

    /// What the name stands for now, or what it stood for when that can't be had.
    async fn pull_again(&self, name: &str, before: Image, say: Say<'_>) -> Image {
        match self.pull(name, say).await {
            Ok(image) => {
                if before.id != image.id {
                    // Refused while a job runs on it; then it stays until its owner prunes.
                    let _ = self.engine.order(&["rmi", &before.id]).await;
                }
                image
            }
            Err(error) => {
                say(format!("{error}. The one that is here is used."));
                before
            }
        }
    }

    /// Names of the images that are here and were pulled by this worker.
    pub(crate) async fn names(&self) -> Vec<String> {
        let mut held = self.known.lock().await;
        let known = held.get_or_insert_with(|| self.read());
        known.keys().cloned().collect()
    }

    /// What is here under a name.
    pub(crate) async fn look(&self, name: &str) -> Option<Image> {
        let format = "{{.Id}}|{{.Digest}}|{{join .RepoDigests \" \"}}";
        // Docker knows no digest but that of the registry.
        let format = if self.engine.is_podman() {
            format
        } else {
            "{{.Id}}||{{join .RepoDigests \" \"}}"
        };
        let said = self
            .engine
            .order(&["image", "inspect", "--format", format, name])
            .await
            .ok()?;
        let mut words = said.trim().split('|');
        let id = words.next()?.trim_start_matches("sha256:").to_owned();
        let digest = words.next().unwrap_or_default();
        let other = words
            .next()
            .and_then(|all| all.split_once('@'))
            .map(|(_, digest)| digest.split_whitespace().next().unwrap_or(digest));
        let digest = Some(digest).filter(|digest| !digest.is_empty()).or(other);
        let digest = digest.map_or_else(|| format!("sha256:{id}"), str::to_owned);
        (!id.is_empty()).then(|| Image {
            name: name.to_owned(),
            id,
            digest,
        })
    }

    async fn pull(&self, name: &str, say: Say<'_>) -> Result<Image, SandboxError> {
        let refuse = |reason: &str| {
            Err(SandboxError::Image {
                image: name.to_owned(),
                reason: reason.to_owned(),
            })
        };
        if self.settings.offline {
            return refuse(
                "it is not here, and this worker pulls nothing (offline in images.toml)",
            );
        }
        let allowed = {
            let operators = self
                .operators
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            self.settings.allows(name, &operators)
        };
        match allowed {
            Allowed::Owner => {}
            // A server never makes this machine speak to its owner's network.
            Allowed::Operator => {
                if let Err(reason) = is_outside(name).await {
                    return refuse(&reason);
                }
            }
            Allowed::Not => {
                return refuse(
                    "its registry is not among those that this worker's owner allows (registries in images.toml)",
                );
            }
        }
        say(format!("Pulling {name}"));
        let since = Instant::now();
        let limit = self.settings.pull_limit();
        let mut arguments = vec!["pull".to_owned(), "--quiet".to_owned()];
        if self.engine.is_podman() {
            if let Some(file) = &self.settings.auth_file {
                arguments.extend(["--authfile".to_owned(), file.display().to_string()]);
            }
            if self.settings.is_insecure(name) {
                arguments.push("--tls-verify=false".to_owned());
            }
        }
        arguments.push(name.to_owned());
        if let Err(error) = self.engine.run(&arguments, limit).await {
            return refuse(&format!("it can't be pulled: {error}"));
        }
        let Some(image) = self.look(name).await else {
            return refuse("it was pulled, but the engine does not have it");
        };
        let seconds = since.elapsed().as_secs();
        say(format!("Pulled {name} in {seconds} s: {}", image.digest));
        Ok(image)
    }

    async fn bytes(&self, id: &str) -> u64 {
        let size = self
            .engine
            .order(&["image", "inspect", "--format", "{{.Size}}", id])
            .await;
        size.ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0)
    }

    /// Throws away what was not used for the longest time until the rest fits; gives what is left.
    async fn prune(&self, known: &mut BTreeMap<String, Known>, keep: Option<&str>) -> u64 {
        let mut by_age: Vec<(u64, String)> = known
            .iter()
            .filter(|(name, _)| Some(name.as_str()) != keep)
            .map(|(name, known)| (known.used, name.clone()))
            .collect();
        by_age.sort();
        for (_, name) in by_age {
            if sum(known) <= self.most() {
                break;
            }
            match self.engine.order(&["rmi", &name]).await {
                Ok(_) => tracing::info!(image = %name, "an image was removed to make room"),
                // A job runs on it: it stays until the next time.
                Err(_) if self.look(&name).await.is_some() => continue,
                Err(_) => {}
            }
            known.remove(&name);
        }
        sum(known)
    }

    fn read(&self) -> BTreeMap<String, Known> {
        fs::read_to_string(&self.record)
            .ok()
            .and_then(|text| toml::from_str(&text).ok())
            .unwrap_or_default()
    }

    fn write(&self, known: &BTreeMap<String, Known>) -> Result<(), SandboxError> {
        let text = toml::to_string(known).unwrap_or_default();
        if let Some(above) = self.record.parent() {
            fs::create_dir_all(above).on("create", above)?;
        }
        let new = self.record.with_extension("new");
        fs::write(&new, text).on("write", &new)?;
        fs::rename(&new, &self.record).on("write", &self.record)
    }
}

fn sum(known: &BTreeMap<String, Known>) -> u64 {
    known.values().map(|known| known.bytes).sum()
}

/// Whether all addresses of an image's registry are of the public internet.
async fn is_outside(name: &str) -> Result<(), String> {
    let host = reference::host(name);
    let (host, port) = host.rsplit_once(':').unwrap_or((host, "443"));
    let port = port.parse().unwrap_or(443);
    let asked = tokio::time::timeout(RESOLVING, tokio::net::lookup_host((host, port))).await;
    let found = match asked {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Err(format!("its registry {host} is not known: {error}")),
        Err(_) => return Err(format!("its registry {host} is not known: no answer")),
    };
    let inside = found
        .map(|at| at.ip())
        .find(|ip| !travis_egress::is_public(*ip));
    match inside {
        None => Ok(()),
        Some(ip) => Err(format!(
            "its registry {host} is at {ip}, in a network of this worker's owner, who has to allow it (registries in images.toml)"
        )),
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
