//! Looks at the machine over and over, and decides whether it lends itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::watch;
use tokio::time::sleep;

use super::desk::Desk;
use super::judge::{Judge, Rules};
use super::senses::{Asked, Senses, Wanted};

/// While jobs run on a machine that is lent only when nobody uses it.
const CLOSE: Duration = Duration::from_millis(250);
/// While jobs run, or while somebody may come or leave.
const NEAR: Duration = Duration::from_secs(1);
/// When only rules that change slowly hold.
const FAR: Duration = Duration::from_secs(5);
/// When nothing can change but the file.
const FARTHEST: Duration = Duration::from_secs(15);
/// How often the file is looked at.
const FILE: Duration = Duration::from_secs(2);
/// How often the disk is added up, which reads a lot of directories.
const DISK: Duration = Duration::from_secs(300);
/// How often the network is asked about.
const METERED: Duration = Duration::from_secs(30);
/// How often the month is written down.
const MONTH: Duration = Duration::from_secs(60);

/// Looks for ever.
pub(crate) async fn keep(desk: Arc<Desk>) {
    let (tell, told) = watch::channel(Asked::default());
    tokio::join!(
        look_at(Arc::clone(&desk), told),
        ask_about_desk(&desk, &tell),
        ask_about_network(&desk, &tell),
        add_up_disk(&desk),
    );
}

/// Asks whether the network costs by the byte, beside the looks, which must not wait for it.
async fn ask_about_network(desk: &Desk, tell: &watch::Sender<Asked>) {
    loop {
        let matters = desk.rules().only_unmetered;
        let metered = if matters {
            super::senses::metered().await
        } else {
            None
        };
        tell.send_modify(|asked| asked.metered = metered);
        sleep(if matters { METERED } else { FAR }).await;
    }
}

/// Adds up the disk, beside the looks: that may take long. Images that can be had again make room
/// for what can't.
async fn add_up_disk(desk: &Desk) {
    loop {
        let lent = desk.rules().disk_bytes;
        let place = desk.data_dir().to_owned();
        match tokio::task::spawn_blocking(move || disk_of(&place)).await {
            Ok(own) => {
                let left = lent.map(|most| most.saturating_sub(own));
                let images = desk.keep_images_within(left).await;
                desk.note_disk(own.saturating_add(images));
            }
            Err(error) => tracing::debug!(%error, "the disk was not added up"),
        }
        let every = if lent.is_some() || desk.has_jobs() {
            DISK / 5
        } else {
            DISK
        };
        let since = Instant::now();
        // What is lent may change meanwhile, and counts at once.
        while since.elapsed() < every && desk.rules().disk_bytes == lent {
            sleep(FAR).await;
        }
    }
}

/// Asks whether somebody sits at the machine, beside the looks, which must not wait for it.
async fn ask_about_desk(desk: &Desk, tell: &watch::Sender<Asked>) {
    loop {
        let matters = desk.rules().only_when_idle;
        let answer = if matters {
            super::senses::at_desk().await
        } else {
            None
        };
        tell.send_modify(|asked| asked.at_desk = answer);
        sleep(match (matters, answer) {
            (true, Some(_)) if desk.has_jobs() => NEAR / 2,
            (true, Some(_)) => NEAR,
            (true, None) => FAR,
            (false, _) => FARTHEST,
        })
        .await;
    }
}

async fn look_at(desk: Arc<Desk>, told: watch::Receiver<Asked>) {
    let mut keeper = Keeper {
        senses: Senses::new(desk.started, desk.data_dir()),
        judge: Judge::default(),
        told,
        file_at: None,
        file: stamp(desk.settings_path()),
        month_at: Instant::now(),
        desk,
    };
    loop {
        let pause = keeper.look();
        tokio::select! {
            () = sleep(pause) => {}
            () = keeper.desk.nudged() => {}
        }
    }
}

struct Keeper {
    desk: Arc<Desk>,
    senses: Senses,
    judge: Judge,
    told: watch::Receiver<Asked>,
    file_at: Option<Instant>,
    file: Option<(SystemTime, u64)>,
    month_at: Instant,
}

impl Keeper {
    /// Looks once; gives when to look again.
    fn look(&mut self) -> Duration {
        let now = Instant::now();
        self.read_file(now);
        let rules = self.desk.rules();
        let jobs = self.desk.has_jobs();
        let asked = *self.told.borrow();
        let wanted = Wanted {
            presence: rules.only_when_idle,
            jobs,
        };
        let mut seen = self.senses.look(wanted, self.desk.jobs_cpu(), &asked);
        self.desk.note_usage(seen.others_percent);
        seen.month_bytes = self.desk.usage().month_bytes;
        seen.disk_used = self.desk.disk();
        let stand = self.judge.look(&rules, self.desk.word(), &seen);
        self.desk.set_stand(stand);
        if now - self.month_at >= MONTH {
            self.month_at = now;
            self.desk.keep_month();
        }
        pause(&rules, jobs)
    }

    fn read_file(&mut self, now: Instant) {
        if self.file_at.is_some_and(|at| now - at < FILE) {
            return;
        }
        self.file_at = Some(now);
        let stamp = stamp(self.desk.settings_path());
        if stamp != self.file {
            self.file = stamp;
            self.desk.reload();
        }
    }
}

fn pause(rules: &Rules, jobs: bool) -> Duration {
    let slow_rules = rules.only_on_mains
        || rules.only_unmetered
        || rules.thresholds.hot_celsius.is_some()
        || rules.hours.iter().any(|set| !set.is_empty());
    match (rules.only_when_idle, jobs, slow_rules) {
        (true, true, _) => CLOSE,
        (true, false, _) | (_, true, _) => NEAR,
        (_, _, true) => FAR,
        _ => FARTHEST,
    }
}

/// By what a change of the file is seen.
fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

/// Bytes of disk that a directory takes, without following links or leaving its file system.
fn disk_of(place: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(top) = std::fs::symlink_metadata(place) else {
        return 0;
    };
    let mut open: Vec<PathBuf> = vec![place.to_owned()];
    let mut sum = 0;
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(data) = entry.metadata() else { continue };
            sum += data.blocks() * 512;
            if data.is_dir() && data.dev() == top.dev() {
                open.push(entry.path());
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_lies_below() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir(place.path().join("below")).unwrap();
        std::fs::write(place.path().join("below/file"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/", place.path().join("link")).unwrap();
        let sum = disk_of(place.path());
        assert!((100_000..300_000).contains(&sum), "{sum}");
    }

    #[test]
    fn looks_closely_only_while_a_job_could_be_in_the_way() {
        let idle_only = Rules {
            only_when_idle: true,
            ..Rules::default()
        };
        assert_eq!(pause(&idle_only, true), CLOSE);
        assert_eq!(pause(&idle_only, false), NEAR);
        assert_eq!(pause(&Rules::default(), false), FARTHEST);
    }
}
