//! The operator's table of images: heard with polls, kept from one start to the next, handed to the
//! executors.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use travis_api::worker::ImageTableNews;
use travis_sandbox::ImageTable;

use crate::WorkerConfig;

/// The kept table, in the worker's data directory.
pub const OPERATORS_IMAGES: &str = "images-server.toml";

/// Which table the worker has.
pub(crate) struct Heard {
    /// In the server's words; empty for none.
    mark: Mutex<String>,
}

impl Heard {
    /// Hands the kept table to the executors. One that can't be read is asked for anew.
    pub(crate) fn open(config: &WorkerConfig) -> Self {
        let path = config.data_dir.join(OPERATORS_IMAGES);
        let mut mark = String::new();
        match fs::read_to_string(&path) {
            Ok(text) => match ImageTable::parse(&text) {
                Ok(table) => {
                    hand_on(config, &table);
                    mark = hex::encode(digest(&SHA256, text.as_bytes()));
                }
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "the kept table of images can't be read")
                }
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the kept table of images can't be read")
            }
        }
        Self {
            mark: Mutex::new(mark),
        }
    }

    pub(crate) fn mark(&self) -> String {
        self.mark
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes a new table. One that is not understood leaves the one before, and is not asked for
    /// again before the next start.
    pub(crate) fn take(&self, config: &WorkerConfig, news: &ImageTableNews) {
        match ImageTable::parse(&news.text) {
            Ok(table) => {
                hand_on(config, &table);
                if let Err(error) = keep(&config.data_dir, news) {
                    tracing::warn!(%error, "the operator's table of images can't be kept; it is asked for again");
                }
                tracing::info!(
                    images = table.image.len(),
                    services = table.service.len(),
                    "the operator's table of images has changed"
                );
            }
            Err(error) => {
                tracing::warn!(%error, "the operator's table of images is not understood; a newer worker may");
            }
        }
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner) = news.mark.clone();
    }
}

fn hand_on(config: &WorkerConfig, table: &ImageTable) {
    for executor in config.all_executors() {
        executor.hear_images(table.clone());
    }
}

fn keep(data: &Path, news: &ImageTableNews) -> std::io::Result<()> {
    let path = data.join(OPERATORS_IMAGES);
    if news.mark.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let new = path.with_extension("new");
    fs::write(&new, &news.text)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use travis_sandbox::Dummy;

    const TEXT: &str = "[[image]]\nname = \"big\"\nimage = \"ghcr.io/ops/big:1\"\n";

    #[test]
    fn a_table_is_kept_and_its_mark_is_the_servers() {
        let data = tempfile::tempdir().unwrap();
        let config = WorkerConfig::new(
            "http://127.0.0.1:9",
            data.path().to_owned(),
            Arc::new(Dummy::default()),
        );
        let heard = Heard::open(&config);
        assert_eq!(heard.mark(), "");
        let news = ImageTableNews {
            mark: hex::encode(digest(&SHA256, TEXT.as_bytes())),
            text: TEXT.to_owned(),
        };
        heard.take(&config, &news);
        assert_eq!(heard.mark(), news.mark);
        // The next start has it.
        assert_eq!(Heard::open(&config).mark(), news.mark);
        // What is not understood is not asked for over and over, and leaves the one before.
        let odd = ImageTableNews {
            mark: "odd".to_owned(),
            text: "[[machine]]\n".to_owned(),
        };
        heard.take(&config, &odd);
        assert_eq!(heard.mark(), "odd");
        assert_eq!(Heard::open(&config).mark(), news.mark);
        heard.take(&config, &ImageTableNews::default());
        assert_eq!(heard.mark(), "");
        assert!(!data.path().join(OPERATORS_IMAGES).exists());
    }
}
