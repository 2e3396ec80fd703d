//! What is known of the owner's wishes and of the jobs here, in one place for all who ask.

mod jobs;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use travis_api::lend::{Lending, Lent, Usage};
use travis_sandbox::Network;

pub(crate) use jobs::Ended;
use jobs::{Froze, Jobs};

use super::judge::{Judge, Rules, Seen, Stand, Word};
use super::month::Month;
use super::{Order, OwnerSettings, lending, network, senses};
use crate::WorkerConfig;
use crate::identity::{read_private, write_private};

/// What the page said last.
const PAGE: &str = "page.json";
/// Whether the owner paused the worker.
const PAUSED: &str = "paused.json";

/// What is known of the owner's wishes and of the jobs here.
pub(crate) struct Desk {
    pub(crate) started: Instant,
    pub(crate) shutdown: CancellationToken,
    pub(crate) hard: CancellationToken,
    config: WorkerConfig,
    settings_path: PathBuf,
    cores: u32,
    memory: u64,
    wishes: Mutex<Wishes>,
    word: watch::Sender<Word>,
    stand: watch::Sender<Stand>,
    /// The version of what is lent.
    lent: watch::Sender<u64>,
    /// Cores that jobs leave.
    leave: watch::Sender<u32>,
    jobs: Mutex<Jobs>,
    usage: Mutex<Usage>,
    month: Mutex<Month>,
    connected: AtomicBool,
    name: Mutex<String>,
    done: [AtomicU64; 3],
    page_at: Mutex<Option<String>>,
    froze: Mutex<Froze>,
    disk: Mutex<Option<u64>>,
    nudge: Notify,
}

/// What the owner said, where.
struct Wishes {
    file: OwnerSettings,
    page: Lending,
    effective: Lending,
    /// Counts changes of `effective`.
    version: u64,
    trouble: Option<String>,
}

impl Desk {
    pub(crate) fn new(
        config: WorkerConfig,
        shutdown: CancellationToken,
        hard: CancellationToken,
    ) -> Self {
        let page: Lending = read_private(&config.data_dir.join(PAGE)).unwrap_or_default();
        let facts = crate::facts::machine_size();
        let own = lending::stricter(&config.owner.lending(), &config.flags);
        let effective = lending::stricter(&own, &page);
        let slots = effective.slots.unwrap_or(config.slots);
        let desk = Self {
            started: Instant::now(),
            shutdown,
            hard,
            settings_path: config.settings_path.clone(),
            cores: facts.0,
            memory: facts.1,
            wishes: Mutex::new(Wishes {
                file: config.owner.clone(),
                page,
                effective,
                version: 0,
                trouble: None,
            }),
            word: watch::channel(Word {
                paused: read_private(&config.data_dir.join(PAUSED)).unwrap_or(false),
                ..Word::default()
            })
            .0,
            stand: watch::channel(Stand::first(slots)).0,
            lent: watch::channel(0).0,
            leave: watch::channel(0).0,
            jobs: Mutex::default(),
            usage: Mutex::default(),
            month: Mutex::new(Month::open(&config.data_dir)),
            connected: AtomicBool::new(false),
            name: Mutex::new(config.name.clone()),
            done: [const { AtomicU64::new(0) }; 3],
            page_at: Mutex::default(),
            froze: Mutex::default(),
            disk: Mutex::default(),
            nudge: Notify::new(),
            config,
        };
        desk.apply_to_network();
        // Before the first look nothing is seen, but the calendar and the owner's word are known.
        let seen = Seen {
            time: Timestamp::now(),
            ..Seen::default()
        };
        let first = Judge::default().look(&desk.rules(), desk.word(), &seen);
        desk.stand.send_replace(first);
        desk
    }

    /// Lends so much disk to images that executors pull; gives what they take.
    pub(crate) async fn keep_images_within(&self, bytes: Option<u64>) -> u64 {
        let mut sum: u64 = 0;
        for executor in self.config.all_executors() {
            sum = sum.saturating_add(executor.keep_images_within(bytes).await);
        }
        sum
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.config.data_dir
    }

    pub(crate) fn settings_path(&self) -> &Path {
        &self.settings_path
    }

    /// Changes with what is lent, so that the server hears of it at once.
    pub(crate) fn lent_versions(&self) -> watch::Receiver<u64> {
        self.lent.subscribe()
    }

    /// The stand, as it changes in what matters.
    pub(crate) fn stands(&self) -> watch::Receiver<Stand> {
        self.stand.subscribe()
    }

    /// How many cores jobs leave to the owner's programs, as it changes.
    pub(crate) fn leave(&self) -> watch::Receiver<u32> {
        self.leave.subscribe()
    }

    pub(crate) fn stand(&self) -> Stand {
        self.stand.borrow().clone()
    }

    /// Sets the stand. Who listens is only woken when there is something to do.
    pub(crate) fn set_stand(&self, new: Stand) {
        self.leave.send_if_modified(|leave| {
            let changed = *leave != new.leave;
            *leave = new.leave;
            changed
        });
        self.stand.send_if_modified(|old| {
            let matters = (old.state, old.slots, old.freeze, old.hand_back)
                != (new.state, new.slots, new.freeze, new.hand_back);
            *old = new;
            matters
        });
    }

    pub(crate) fn word(&self) -> Word {
        *self.word.borrow()
    }

    pub(crate) fn nudged(&self) -> impl Future<Output = ()> + '_ {
        self.nudge.notified()
    }

    /// Does what the owner says.
    pub(crate) fn obey(&self, order: Order) {
        match order {
            Order::Status => return,
            Order::Pause => {
                tracing::info!("the owner pauses this worker");
                self.set_paused(true);
            }
            Order::Resume => {
                tracing::info!("the owner resumes this worker");
                self.set_paused(false);
            }
            Order::Drain => self.shutdown.cancel(),
            Order::Quit => self.hard.cancel(),
            Order::Reload => self.reload(),
        }
        self.nudge.notify_one();
    }

    /// Holds until it is taken back, also over a restart of the machine.
    fn set_paused(&self, paused: bool) {
        self.word.send_modify(|word| word.paused = paused);
        if let Err(error) = write_private(&self.config.data_dir.join(PAUSED), &paused) {
            tracing::warn!(%error, "the next start will not know of the pause");
        }
    }

    pub(crate) fn set_draining(&self) {
        self.word.send_modify(|word| word.draining = true);
        self.nudge.notify_one();
    }

    /// What the server says of the owner's page.
    pub(crate) fn hear_page(&self, pause: bool, lending: Option<&Lending>) {
        let changed = self.word.send_if_modified(|word| {
            let changed = word.paused_by_page != pause;
            word.paused_by_page = pause;
            changed
        });
        if changed {
            tracing::info!(pause, "the worker's page says whether it is paused");
            self.nudge.notify_one();
        }
        let Some(page) = lending else { return };
        let mut wishes = self.wishes();
        if wishes.page == *page {
            return;
        }
        tracing::info!("the worker's page lends something else now");
        wishes.page = page.clone();
        if let Err(error) = write_private(&self.config.data_dir.join(PAGE), page) {
            tracing::warn!(%error, "what the page says can't be kept for the next start");
        }
        self.combine(wishes);
    }

    /// Reads the owner's file again; what is wrong with it is said, and the settings before hold.
    pub(crate) fn reload(&self) {
        let read = OwnerSettings::read(&self.settings_path);
        let mut wishes = self.wishes();
        match read {
            Ok(file) => {
                wishes.trouble = None;
                if wishes.file == file {
                    return;
                }
                tracing::info!(path = %self.settings_path.display(), "read the settings again");
                wishes.file = file;
                self.combine(wishes);
            }
            Err(error) => {
                let text = error.to_string();
                if wishes.trouble.as_ref() != Some(&text) {
                    tracing::error!(%error, "the settings are wrong; those before hold");
                }
                wishes.trouble = Some(text);
            }
        }
    }

    fn combine(&self, mut wishes: MutexGuard<'_, Wishes>) {
        let own = lending::stricter(&wishes.file.lending(), &self.config.flags);
        let effective = lending::stricter(&own, &wishes.page);
        if effective != wishes.effective {
            wishes.version += 1;
            wishes.effective = effective;
            self.lent.send_replace(wishes.version);
        }
        drop(wishes);
        self.apply_to_network();
        self.nudge.notify_one();
    }

    fn apply_to_network(&self) {
        let Network::Guarded(gateway) = &self.config.network else {
            return;
        };
        let used_up = {
            let wishes = self.wishes();
            let most = wishes.effective.bytes_per_month;
            most.is_some_and(|most| lock(&self.month).bytes() >= most)
        };
        let wishes = self.wishes();
        network::apply(gateway, &wishes.file, &wishes.effective, used_up);
    }

    /// What is lent, and a number that grows with each change of it.
    pub(crate) fn lending(&self) -> (Lending, u64) {
        let wishes = self.wishes();
        (wishes.effective.clone(), wishes.version)
    }

    pub(crate) fn may_run(&self, repository: &str) -> bool {
        lending::may_run(&self.wishes().effective, repository)
    }

    pub(crate) fn rules(&self) -> Rules {
        let wishes = self.wishes();
        wishes
            .file
            .rules(&wishes.effective, &wishes.page, self.config.slots)
    }

    /// What one job may use at most by the owner's file.
    pub(crate) fn max_limits(&self) -> crate::MaxLimits {
        self.wishes().file.max_limits()
    }

    /// What is lent, in absolute figures.
    pub(crate) fn lent(&self) -> Lent {
        let wishes = self.wishes();
        let part = |percent: Option<u32>| f64::from(percent.unwrap_or(100)) / 100.0;
        let free = senses::disk_free(&self.config.data_dir).unwrap_or(0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of the memory, for which a double is fine enough"
        )]
        let memory = (self.memory as f64 * part(wishes.effective.memory_percent)) as u64;
        Lent {
            cores: f64::from(self.cores) * part(wishes.effective.cores_percent),
            memory_bytes: memory,
            disk_bytes: wishes
                .effective
                .disk_bytes
                .map_or(free, |most| most.min(free)),
        }
    }

    /// A job's part of what is lent, where something is kept back.
    pub(crate) fn share(&self) -> travis_sandbox::ResourceLimits {
        let lent = self.lent();
        let (lending, _) = self.lending();
        let slots = self.rules().slots.max(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "hundredths of some cores"
        )]
        let percent = (lent.cores * 100.0 / f64::from(slots)) as u32;
        travis_sandbox::ResourceLimits {
            memory_bytes: lending
                .memory_percent
                .map(|_| lent.memory_bytes / u64::from(slots)),
            cpu_percent: lending.cores_percent.map(|_| percent.max(5)),
            disk_bytes: lending.disk_bytes.map(|most| most / u64::from(slots)),
            processes: None,
        }
    }

    pub(crate) fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Ordering::Relaxed);
    }

    pub(crate) fn set_name(&self, name: &str) {
        name.clone_into(&mut lock(&self.name));
    }

    /// Where the local page is to be.
    pub(crate) fn local_page(&self) -> Option<std::net::SocketAddr> {
        self.config
            .local_page
            .or_else(|| self.wishes().file.local_page)
    }

    pub(crate) fn set_page_at(&self, address: String) {
        *lock(&self.page_at) = Some(address);
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        lock(&self.wishes)
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        lock(&self.jobs)
    }
}

/// What a panic elsewhere left is whole: nothing here is changed in two steps.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For tests and callers that keep it longer than a call.
pub(crate) type SharedDesk = Arc<Desk>;
