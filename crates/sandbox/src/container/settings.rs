//! What a worker's owner says about images: `images.toml` in the worker's data directory.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use travis_images::{ImageRow, ImageTable, ServiceRow, reference};

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

/// Whose word lets an image be pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// The owner's, or the program's when the owner says nothing.
    Owner,
    /// The operator's: good for public addresses, not for the owner's own network.
    Operator,
    /// Nobody's.
    Not,
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
        travis_images::rows(text).map_err(|error| error.to_string())?;
        Ok(settings)
    }

    /// The rows of the file alone.
    #[must_use]
    pub fn own_rows(&self) -> ImageTable {
        ImageTable {
            image: self.image.clone(),
            service: self.service.clone(),
        }
    }

    /// The rows of the file, then those of the server's operator, then the program's own.
    #[must_use]
    pub fn table(&self, operators: &ImageTable) -> ImageTable {
        self.own_rows()
            .before(operators.clone())
            .before(ImageTable::built_in())
    }

    /// Whose word lets an image be pulled; its name is written out.
    pub(crate) fn allows(&self, image: &str, operators: &ImageTable) -> Allowed {
        let homes = |table: &ImageTable| -> Vec<String> {
            let images = table.image.iter().map(|row| &row.image);
            let images = images.chain(table.service.iter().map(|row| &row.image));
            images
                .map(|image| reference::home(&reference::whole(image)).to_owned())
                .collect()
        };
        let mut owners = homes(&self.own_rows());
        match &self.registries {
            Some(registries) => owners.extend(registries.iter().cloned()),
            None => owners.extend(homes(&ImageTable::built_in())),
        }
        if reference::is_allowed(image, &owners) {
            return Allowed::Owner;
        }
        // An owner who says what may be pulled has said it all.
        if self.registries.is_none() && reference::is_allowed(image, &homes(operators)) {
            return Allowed::Operator;
        }
        Allowed::Not
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
        let none = ImageTable::default();
        let usual = ImageSettings::default();
        let allows = |settings: &ImageSettings, image: &str| settings.allows(image, &none);
        assert_eq!(allows(&usual, "docker.io/library/python:3"), Allowed::Owner);
        assert_eq!(allows(&usual, "docker.io/evil/miner:1"), Allowed::Not);
        assert_eq!(allows(&usual, "registry.lan/x:1"), Allowed::Not);
        let own = ImageSettings::parse(
            "registries = [\"ghcr.io/acme\"]\n[[image]]\nlanguage = \"c\"\nimage = \"registry.lan/team/c:1\"\n",
        )
        .unwrap();
        assert_eq!(allows(&own, "ghcr.io/acme/x:1"), Allowed::Owner);
        assert_eq!(allows(&own, "registry.lan/team/other:1"), Allowed::Owner);
        assert_eq!(allows(&own, "docker.io/library/python:3"), Allowed::Not);
        // The operator's rows count where the owner did not say what may be pulled.
        let operators =
            travis_images::examine("[[image]]\nname = \"big\"\nimage = \"ghcr.io/ops/big:1\"\n")
                .unwrap();
        let image = "ghcr.io/ops/big:1";
        assert_eq!(usual.allows(image, &operators), Allowed::Operator);
        assert_eq!(own.allows(image, &operators), Allowed::Not);
    }

    #[test]
    fn the_owner_comes_first_then_the_operator_then_the_program() {
        let operators = travis_images::examine(
            "[[image]]\nlanguage = \"python\"\nversion = \"3.*\"\nimage = \"ghcr.io/ops/python:3.{*}\"\n\
             [[image]]\nlanguage = \"ruby\"\nimage = \"ghcr.io/ops/ruby:1\"\n",
        )
        .unwrap();
        let owner = ImageSettings::parse(
            "[[image]]\nlanguage = \"ruby\"\nimage = \"registry.lan/ruby:2\"\n",
        )
        .unwrap();
        let table = owner.table(&operators);
        for (language, version, image) in [
            ("ruby", "3.4", "registry.lan/ruby:2"),
            ("python", "3.12", "ghcr.io/ops/python:3.12"),
            ("python", "2.7", "docker.io/library/python:2.7"),
        ] {
            let wish = travis_images::ImageWish {
                language: language.to_owned(),
                version: Some(version.to_owned()),
                ..travis_images::ImageWish::default()
            };
            assert_eq!(
                table.image_for(&wish).as_deref(),
                Some(image),
                "{language} {version}"
            );
        }
    }

    #[test]
    fn mistakes_are_told() {
        assert!(
            ImageSettings::parse("enginee = 1\n")
                .unwrap_err()
                .contains("line 1")
        );
        assert!(
            ImageSettings::parse("offline = true\n[[image]]\nimage = \"x\"\n")
                .unwrap_err()
                .starts_with("line 2: ")
        );
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(ImageSettings::read(empty.path()), Ok(None));
    }
}
