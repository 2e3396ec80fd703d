//! What a worker's owner says about images: `images.toml` in the worker's data directory.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::container::reference;
use crate::container::table::{ImageRow, ImageTable, ServiceRow};

/// The file's name.
const FILE: &str = "images.toml";
/// Most bytes of images when nothing is said.
const MOST_BYTES: u64 = 30 << 30;
/// Seconds that a pull may take when nothing is said.
const PULL_SECONDS: u64 = 1800;
/// Days after which an image is asked for anew when nothing is said.
const REFRESH_DAYS: u64 = 7;

/// What an owner says about containers and their images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageSettings {
    /// `podman`, `docker`, or the path of a program that takes their command line; the first that
    /// works when left out.
    pub engine: Option<String>,
    /// Registries, or parts of them, whose images may be pulled: `docker.io/library`, `ghcr.io`.
    /// Those of this file's rows may be pulled anyway. Those of the program's own rows when left
    /// out; `*` allows all.
    pub registries: Option<Vec<String>>,
    /// Registries that speak plain HTTP, or whose certificate nobody vouches for. Podman only;
    /// Docker has its own list.
    pub insecure: Vec<String>,
    /// A file with the credentials of private registries, as `podman login --authfile` makes it.
    pub auth_file: Option<PathBuf>,
    /// Bytes of disk for images; the ones that were not used for the longest time go first.
    pub most_bytes: Option<u64>,
    /// Seconds that a pull may take.
    pub pull_seconds: Option<u64>,
    /// Days after which an image is asked for anew, as tags move; 0 is never.
    pub refresh_days: Option<u64>,
    /// Nothing is pulled: jobs get the images that are there.
    pub offline: bool,
    /// Rows for jobs, before the program's own.
    pub image: Vec<ImageRow>,
    /// Rows for services, before the program's own.
    pub service: Vec<ServiceRow>,
}

impl ImageSettings {
    /// Reads `images.toml` below a worker's data directory; `None` when there is none.
    ///
    /// # Errors
    /// What is wrong in it, with its line.
    pub fn read(data: &Path) -> Result<Option<Self>, String> {
        let path = data.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text)
                .map(Some)
                .map_err(|error| format!("{}: {error}", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// What is wrong in it, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let settings: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for row in &settings.image {
            if row.language.is_some() == row.name.is_some() {
                return Err(format!(
                    "the row with the image {} needs either language or name",
                    row.image
                ));
            }
        }
        Ok(settings)
    }

    /// The rows of the file, then the program's own.
    #[must_use]
    pub fn table(&self) -> ImageTable {
        let own = ImageTable {
            image: self.image.clone(),
            service: self.service.clone(),
        };
        own.before(ImageTable::built_in())
    }

    /// Whether an image may be pulled; its name is written out.
    pub(crate) fn allows(&self, image: &str) -> bool {
        let rows = |table: &ImageTable| -> Vec<String> {
            let images = table.image.iter().map(|row| &row.image);
            let images = images.chain(table.service.iter().map(|row| &row.image));
            images
                .map(|image| reference::home(image).to_owned())
                .collect()
        };
        let own = ImageTable {
            image: self.image.clone(),
            service: self.service.clone(),
        };
        let mut allowed = rows(&own);
        match &self.registries {
            Some(registries) => allowed.extend(registries.iter().cloned()),
            None => allowed.extend(rows(&ImageTable::built_in())),
        }
        reference::is_allowed(image, &allowed)
    }

    pub(crate) fn is_insecure(&self, image: &str) -> bool {
        reference::is_allowed(image, &self.insecure)
    }

    pub(crate) fn most_bytes(&self) -> u64 {
        self.most_bytes.unwrap_or(MOST_BYTES)
    }

    pub(crate) fn pull_limit(&self) -> Duration {
        Duration::from_secs(self.pull_seconds.unwrap_or(PULL_SECONDS))
    }

    pub(crate) fn refresh(&self) -> Option<Duration> {
        let days = self.refresh_days.unwrap_or(REFRESH_DAYS);
        (days > 0).then(|| Duration::from_secs(days * 24 * 3600))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_the_tables_or_what_the_owner_says() {
        let usual = ImageSettings::default();
        assert!(usual.allows("docker.io/library/python:3"));
        assert!(!usual.allows("docker.io/evil/miner:1"));
        assert!(!usual.allows("registry.lan/x:1"));
        let own = ImageSettings::parse(
            "registries = [\"ghcr.io/acme\"]\n[[image]]\nlanguage = \"c\"\nimage = \"registry.lan/team/c:1\"\n",
        )
        .unwrap();
        assert!(own.allows("ghcr.io/acme/x:1"));
        assert!(own.allows("registry.lan/team/other:1"));
        assert!(!own.allows("docker.io/library/python:3"));
    }

    #[test]
    fn mistakes_are_told() {
        assert!(
            ImageSettings::parse("enginee = 1\n")
                .unwrap_err()
                .contains("line 1")
        );
        assert!(
            ImageSettings::parse("[[image]]\nimage = \"x\"\n")
                .unwrap_err()
                .contains("either")
        );
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(ImageSettings::read(empty.path()), Ok(None));
    }
}
