//! Tells when something changes in the directory by which the machine's processes speak to each
//! other: at once, by the kernel's word (inotify).

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::path::Path;
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;

/// Changes of one directory.
pub struct Changes(Option<Receiver>);

impl Changes {
    /// Of `directory`. What happens between this call and the first wait is not missed.
    pub fn of(directory: &Path) -> Self {
        let watch = || -> std::io::Result<Receiver> {
            let handle = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            let what = WatchFlags::CREATE
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVED_FROM
                | WatchFlags::DELETE
                | WatchFlags::CLOSE_WRITE;
            inotify::add_watch(&handle, directory, what)?;
            // To the reader it is like a pipe.
            Receiver::from_owned_fd_unchecked(handle)
        };
        let watch = watch().inspect_err(|error| {
            tracing::debug!(%error, "changes are not told here; they are looked for");
        });
        Self(watch.ok())
    }

    /// Waits for a change, at most for so long: a kernel that tells none (its watches may be used
    /// up) only makes things slower.
    pub async fn next(&mut self, most: Duration) {
        let told = async {
            let Some(watch) = &self.0 else {
                return std::future::pending().await;
            };
            if watch.readable().await.is_err() {
                return std::future::pending().await;
            }
            // What exactly it was is looked at by whoever waits.
            let mut buffer = [0_u8; 4096];
            while watch.try_read(&mut buffer).is_ok_and(|count| count > 0) {}
        };
        let _ = tokio::time::timeout(most, told).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn a_change_is_told_at_once_also_one_before_the_wait() {
        let place = tempfile::tempdir().unwrap();
        let mut changes = Changes::of(place.path());
        let long = Duration::from_secs(60);
        let begin = Instant::now();
        std::fs::write(place.path().join("typed.json"), "{}").unwrap();
        changes.next(long).await;
        let (waited, ()) = tokio::join!(changes.next(long), async {
            std::fs::remove_file(place.path().join("typed.json")).unwrap();
        });
        let () = waited;
        assert!(begin.elapsed() < long);
        // Nothing happens: the wait is bounded. A place that is not there is no error.
        changes.next(Duration::from_millis(1)).await;
        Changes::of(Path::new("/nonexistent"))
            .next(Duration::from_millis(1))
            .await;
    }
}
