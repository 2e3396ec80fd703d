//! Which repository, build or job a command means.

use crate::client::Client;
use crate::client::calls::{BuildFilter, RepositoryFilter};
use crate::failure::Failure;
use crate::session::Session;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;
use travis_api::v3::{Build, Job, Repository};
use travis_model::Slug;

#[cfg(test)]
mod tests;

/// git has to answer a question about its configuration within this time.
const GIT: Duration = Duration::from_secs(5);

/// What was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The repository, unless it is the working tree's.
    pub slug: Option<Slug>,
    /// What of it.
    pub what: What,
}

/// What of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Itself, or its current build.
    Current,
    /// A build, by number.
    Build(String),
    /// A job, by number.
    Job(String),
}

impl Target {
    /// Reads `owner/name`, `owner/name#N`, `N` and two of these together.
    ///
    /// # Errors
    /// When they can't be read or say a thing twice.
    pub fn read(words: &[String]) -> Result<Self, Failure> {
        let mut slug = None;
        let mut what = None;
        for word in words {
            let (name, number) = match word.split_once('#') {
                Some((name, number)) => (name, Some(number)),
                None if word.contains('/') => (word.as_str(), None),
                None => ("", Some(word.as_str())),
            };
            if !name.is_empty() {
                let read = name
                    .parse::<Slug>()
                    .map_err(|error| Failure::usage(error.to_string()))?;
                if slug.replace(read).is_some() {
                    return Err(Failure::usage("name one repository, not two"));
                }
            }
            if let Some(number) = number
                && what.replace(read_number(number)?).is_some()
            {
                return Err(Failure::usage("name one build or job, not two"));
            }
        }
        Ok(Self {
            slug,
            what: what.unwrap_or(What::Current),
        })
    }
}

fn read_number(text: &str) -> Result<What, Failure> {
    let digits = |part: &str| {
        (1..=18).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.split_once('.') {
        None if digits(text) => Ok(What::Build(text.to_owned())),
        Some((build, job)) if digits(build) && digits(job) => Ok(What::Job(text.to_owned())),
        _ => Err(Failure::usage(format!(
            "\"{text}\" is neither a repository (owner/name) nor the number of a build (12) or a job (12.2)"
        ))),
    }
}

/// The repository that was named, else the one whose clone URL is the working tree's `origin`.
///
/// # Errors
/// When none was named and the working tree says nothing that the server knows.
pub async fn slug(
    session: &Session,
    client: &Client,
    named: Option<Slug>,
) -> Result<Slug, Failure> {
    if let Some(slug) = named {
        return Ok(slug);
    }
    let unnamed = |why: String| {
        Failure::usage(format!("no repository is named, and {why}"))
            .remedy("Name one: owner/name. The known ones: travis repos")
    };
    let Some(origin) = origin(&session.around.directory).await else {
        return Err(unnamed(
            "this is not a git working tree with an origin".to_owned(),
        ));
    };
    let key = url_key(&origin);
    let name = key.rsplit('/').next().unwrap_or_default().to_owned();
    let mut filter = RepositoryFilter {
        search: Some(name),
        limit: 100,
        ..RepositoryFilter::default()
    };
    loop {
        let page = client.repositories(&filter).await?;
        let found = page
            .repositories
            .iter()
            .find(|repository| url_key(&repository.clone_url) == key);
        if let Some(repository) = found {
            return parse_slug(&repository.slug);
        }
        filter.offset += page.repositories.len() as u64;
        if page.repositories.is_empty() || filter.offset >= page.pagination.count {
            return Err(unnamed(format!(
                "no repository on {} is cloned from this working tree's origin",
                client.endpoint()
            )));
        }
    }
}

fn parse_slug(text: &str) -> Result<Slug, Failure> {
    text.parse().map_err(|error: travis_model::SlugError| {
        Failure::new(crate::failure::Status::Server, error.to_string())
    })
}

async fn origin(directory: &Path) -> Option<String> {
    let child = Command::new("git")
        .args(["config", "--get", "remote.origin.url"])
        .current_dir(directory)
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(GIT, child).await.ok()?.ok()?;
    let url = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !url.is_empty()).then_some(url)
}

/// What two clone URLs of the same repository have in common: host and path. `git@host:path`,
/// `ssh://git@host/path` and `https://host/path.git` are alike.
fn url_key(url: &str) -> String {
    let url = url.trim();
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        // The short form of ssh; a slash before the colon makes it a path.
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => {
                format!("{host}/{}", path.trim_start_matches('/'))
            }
            _ => url.to_owned(),
        },
    };
    let (host, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host).to_ascii_lowercase();
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    format!("{host}/{path}")
}

/// The build with a number, jobs included.
///
/// # Errors
/// When there is none.
pub async fn build(client: &Client, slug: &Slug, number: &str) -> Result<Build, Failure> {
    let filter = BuildFilter {
        number: Some(number.to_owned()),
        with_jobs: true,
        limit: 1,
        ..BuildFilter::default()
    };
    let found = client
        .builds(slug, &filter)
        .await?
        .builds
        .into_iter()
        .find(|build| build.number == number);
    match found {
        Some(build) if build.jobs.is_some() => Ok(build),
        Some(build) => Ok(client.build(build.id).await?),
        None => Err(Failure::not_found(format!("{slug} has no build {number}"))
            .remedy(format!("Its builds: travis builds {slug}"))),
    }
}

/// The build that a repository shows first, jobs included.
///
/// # Errors
/// When it has none.
pub async fn current_build(client: &Client, slug: &Slug) -> Result<Build, Failure> {
    let repository = client.repository(slug).await?;
    match &repository.current_build {
        Some(build) => Ok(client.build(build.id).await?),
        None => Err(no_builds(&repository)),
    }
}

fn no_builds(repository: &Repository) -> Failure {
    let slug = &repository.slug;
    Failure::not_found(format!("{slug} has no builds yet"))
        .remedy(format!("Ask for one: travis trigger {slug} --watch"))
}

/// The job with a number, whole.
///
/// # Errors
/// When there is none.
pub async fn job(client: &Client, slug: &Slug, number: &str) -> Result<Job, Failure> {
    let (first, _) = number.split_once('.').unwrap_or((number, ""));
    let build = build(client, slug, first).await?;
    let found = build
        .jobs
        .as_deref()
        .unwrap_or_default()
        .iter()
        .find(|job| job.number == number);
    match found {
        Some(job) => Ok(client.job(job.id).await?),
        None => Err(
            Failure::not_found(format!("build {first} of {slug} has no job {number}"))
                .remedy(format!("Its jobs: travis show {slug}#{first}")),
        ),
    }
}

/// The address of a page of the web app.
#[must_use]
pub fn page(client: &Client, slug: &Slug, rest: Option<(&str, i64)>) -> String {
    match rest {
        Some((kind, id)) => format!("{}/{slug}/{kind}/{id}", client.endpoint()),
        None => format!("{}/{slug}", client.endpoint()),
    }
}
