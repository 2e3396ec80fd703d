//! Which image a job and a service run in: a table of rows, the first that fits counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ImageWish, reference};

/// The rows that come with the program.
const OWN: &str = include_str!("images.toml");
/// How long a service may take to begin when its row does not say.
const SECONDS: u64 = 60;

/// Which image what runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageTable {
    /// Images of jobs.
    #[serde(default)]
    pub image: Vec<ImageRow>,
    /// Images of services.
    #[serde(default)]
    pub service: Vec<ServiceRow>,
}

/// A row for jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageRow {
    /// Jobs of this language; `*` is any.
    pub language: Option<String>,
    /// Jobs that ask for an image by this name.
    pub name: Option<String>,
    /// A pattern for the job's version; a row without one fits every version.
    pub version: Option<String>,
    /// The version of jobs that name none; without it such jobs don't fit a row with a pattern.
    pub default: Option<String>,
    /// Only jobs of this distribution.
    pub dist: Option<String>,
    /// The image; `{*}`, `{version}` and `{dist}` are filled in.
    pub image: String,
}

/// A row for services.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRow {
    /// Its name in `.travis.yml`, and the one that the script knows it by.
    pub name: String,
    /// Its other names there.
    #[serde(default)]
    pub also: Vec<String>,
    /// The version that is used when the job names none.
    #[serde(default)]
    pub version: String,
    /// The image; `{version}` is filled in.
    pub image: String,
    /// The user inside; the image's own when left out.
    pub user: Option<String>,
    /// It has begun when something listens on this port.
    pub port: u16,
    /// It may take so many seconds to begin; 60 when left out.
    pub seconds: Option<u64>,
    /// Arguments of the image's entry point.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Its environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Commands that are run in it once it has begun: users, databases.
    #[serde(default)]
    pub setup: Vec<Vec<String>>,
    /// Variables that the job gets, so that clients find it.
    #[serde(default)]
    pub job_environment: BTreeMap<String, String>,
}

impl ServiceRow {
    /// Its image in a version.
    #[must_use]
    pub fn image(&self, version: Option<&str>) -> String {
        self.image
            .replace("{version}", version.unwrap_or(&self.version))
    }

    /// How long it may take to begin.
    #[must_use]
    pub fn deadline(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.seconds.unwrap_or(SECONDS))
    }
}

impl ImageTable {
    /// The rows that come with the program.
    ///
    /// # Panics
    /// Never: a test reads them.
    #[must_use]
    pub fn built_in() -> Self {
        toml::from_str(OWN).unwrap_or_default()
    }

    /// Reads rows.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// These rows, and after them those of `later`.
    #[must_use]
    pub fn before(mut self, later: Self) -> Self {
        self.image.extend(later.image);
        self.service.extend(later.service);
        self
    }

    /// The image for a job. A job that names one with `/`, `:` or `@` in it gets that one.
    #[must_use]
    pub fn image_for(&self, wish: &ImageWish) -> Option<String> {
        if let Some(name) = wish.name.as_deref() {
            if name.contains(['/', ':', '@']) {
                return reference::is_valid(name).then(|| reference::whole(name));
            }
            let row = |row: &&ImageRow| row.name.as_deref() == Some(name);
            return self.image.iter().find(row).map(|row| row.image.clone());
        }
        self.image.iter().find_map(|row| row.image_for(wish))
    }

    /// The row of a service, and the version that was asked for: `postgresql`, `postgresql:15`.
    #[must_use]
    pub fn service_for<'a>(&self, wish: &'a str) -> Option<(&ServiceRow, Option<&'a str>)> {
        let (name, version) = match wish.split_once(':') {
            Some((name, version)) => (name, Some(version)),
            None => (wish, None),
        };
        let fits = |row: &&ServiceRow| row.name == name || row.also.iter().any(|one| one == name);
        let row = self.service.iter().find(fits)?;
        reference::is_valid(&row.image(version)).then_some((row, version))
    }
}

impl ImageRow {
    fn image_for(&self, wish: &ImageWish) -> Option<String> {
        let language = self.language.as_deref()?;
        if language != "*" && language != wish.language {
            return None;
        }
        if self.dist.is_some() && self.dist != wish.dist {
            return None;
        }
        let version = wish.version.as_deref().or(self.default.as_deref());
        let star = match (self.version.as_deref(), version) {
            (None, _) => "",
            (Some(_), None) => return None,
            (Some(pattern), Some(version)) => star(pattern, version)?,
        };
        let image = self.image.replace("{*}", star);
        let image = fill(&image, "{version}", version)?;
        let image = fill(&image, "{dist}", wish.dist.as_deref())?;
        reference::is_valid(&image).then(|| reference::whole(&image))
    }
}

fn fill(text: &str, place: &str, value: Option<&str>) -> Option<String> {
    if text.contains(place) {
        value.map(|value| text.replace(place, value))
    } else {
        Some(text.to_owned())
    }
}

/// What the star in a pattern stands for; empty for a pattern without one that equals the text.
fn star<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        None => (pattern == text).then_some(""),
        Some((start, end)) => text.strip_prefix(start)?.strip_suffix(end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(language: &str, version: Option<&str>) -> String {
        let wish = ImageWish {
            language: language.to_owned(),
            version: version.map(str::to_owned),
            ..ImageWish::default()
        };
        let found = ImageTable::built_in().image_for(&wish).unwrap();
        found.trim_start_matches("docker.io/library/").to_owned()
    }

    #[test]
    fn the_own_rows_can_be_read() {
        ImageTable::parse(OWN).unwrap();
    }

    #[test]
    fn languages_and_versions_have_images() {
        for (language, version, expected) in [
            ("python", Some("3.12"), "python:3.12"),
            ("python", None, "python:3"),
            ("python", Some("pypy3.10"), "pypy:3.10"),
            ("python", Some("3.14-dev"), "python:3.14-rc"),
            ("node_js", Some("lts/*"), "node:lts"),
            ("node_js", Some("lts/hydrogen"), "node:hydrogen"),
            ("node_js", Some("v20"), "node:20"),
            ("node_js", Some("18.19.0"), "node:18.19.0"),
            ("go", Some("1.22.x"), "golang:1.22"),
            ("go", Some("1.x"), "golang:1"),
            ("rust", Some("1.70.0"), "rust:1.70.0"),
            ("rust", Some("nightly"), "rust:latest"),
            ("ruby", Some("jruby-9.4"), "jruby:9.4"),
            ("java", Some("openjdk17"), "maven:3-eclipse-temurin-17"),
            ("php", Some("8.2"), "docker.io/cimg/php:8.2"),
            ("c", None, "buildpack-deps:bookworm"),
            ("generic", Some("odd version"), "buildpack-deps:bookworm"),
        ] {
            assert_eq!(image(language, version), expected, "{language} {version:?}");
        }
    }

    #[test]
    fn a_version_can_not_leave_its_place() {
        // Not a valid tag, so that no row of the language fits.
        for version in ["3/../../evil", "3@sha256:0", "3 --privileged", "", "-x"] {
            assert_eq!(
                image("python", Some(version)),
                "buildpack-deps:bookworm",
                "{version}"
            );
        }
    }

    #[test]
    fn an_owner_has_the_first_word() {
        let own = "[[image]]\nlanguage = \"python\"\nversion = \"3.*\"\nimage = \"registry.lan:5000/py:{version}\"\n\
                   [[image]]\nname = \"big\"\nimage = \"registry.lan:5000/big:1\"\n";
        let table = ImageTable::parse(own)
            .unwrap()
            .before(ImageTable::built_in());
        let mut wish = ImageWish {
            language: "python".to_owned(),
            version: Some("3.9".to_owned()),
            ..ImageWish::default()
        };
        assert_eq!(table.image_for(&wish).unwrap(), "registry.lan:5000/py:3.9");
        wish.version = Some("2.7".to_owned());
        assert_eq!(
            table.image_for(&wish).unwrap(),
            "docker.io/library/python:2.7"
        );
        wish.name = Some("big".to_owned());
        assert_eq!(table.image_for(&wish).unwrap(), "registry.lan:5000/big:1");
        wish.name = Some("small".to_owned());
        assert_eq!(table.image_for(&wish), None);
        wish.name = Some("python:3.8".to_owned());
        assert_eq!(
            table.image_for(&wish).unwrap(),
            "docker.io/library/python:3.8"
        );
        wish.name = Some("ghcr.io/a/b@sha256:1234".to_owned());
        assert_eq!(table.image_for(&wish), None, "not a digest");
        assert!(
            ImageTable::parse("[[image]]\nimagee = \"x\"\n")
                .unwrap_err()
                .contains("line 2")
        );
    }

    #[test]
    fn services_have_images_in_versions() {
        let table = ImageTable::built_in();
        let (row, version) = table.service_for("postgres").unwrap();
        assert_eq!(row.name, "postgresql");
        assert_eq!(row.image(version), "docker.io/library/postgres:16");
        let (row, version) = table.service_for("postgresql:15").unwrap();
        assert_eq!(row.image(version), "docker.io/library/postgres:15");
        assert!(table.service_for("postgresql:../x").is_none());
        assert!(table.service_for("xvfb").is_none());
    }
}
