//! From a commit's `.travis.yml` to its plan: what it imports is fetched, then all of it is read.

use super::fetch::{Place, Refusal};
use super::messages::MAIN;
use crate::{Engine, EngineError};
use std::sync::Arc;
use std::time::Duration;
use travis_config::conditions::DataJudge;
use travis_config::{
    ConfigError, Fetched, ImportRefusal, ImportSource, Mode, Overlay, Plan, PlanContext,
    RootSource, next_imports, plan_overlaid,
};
use travis_forge::ForgeError;
use travis_model::{GivenConfig, ImportedFile, Slug};

/// How long fetching all that is imported may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// What all imported files together may hold, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// What messages and pages call the configuration that was given with a demand.
pub(crate) const GIVEN: &str = "api";

/// A plan, with the files that it was made of beside the first one. They are there also when it
/// could not be made.
pub(crate) struct Configured {
    pub plan: Result<Plan, ConfigError>,
    pub imports: Vec<ImportedFile>,
}

/// What reading needs, for a thread that may take its time.
struct Reading {
    text: String,
    context: PlanContext,
    given: Option<GivenConfig>,
}

impl Reading {
    fn overlay(&self) -> Option<Overlay<'_>> {
        self.given.as_ref().map(|given| Overlay {
            name: GIVEN,
            text: &given.text,
            mode: Mode::parse(&given.mode).unwrap_or(Mode::DeepMergeAppend),
        })
    }

    fn root(&self) -> RootSource<'_> {
        RootSource {
            name: MAIN,
            text: &self.text,
        }
    }
}

impl Engine {
    /// Plans a file, with what was given beside it. `at` is the commit that it is of.
    ///
    /// # Errors
    /// When something imported can't be asked for now.
    pub(crate) async fn configure(
        &self,
        at: &Place,
        text: &str,
        given: Option<&GivenConfig>,
        context: PlanContext,
    ) -> Result<Configured, EngineError> {
        let reading = Arc::new(Reading {
            text: text.to_owned(),
            context,
            given: given.cloned(),
        });
        // Most files import nothing, and need no second look.
        let fetched = if text.contains("import") {
            let fetching = self.fetch_imports(at, &reading);
            match tokio::time::timeout(PATIENCE, fetching).await {
                Ok(fetched) => fetched?,
                Err(_) => return Err(ForgeError::Timeout { after: PATIENCE }.into()),
            }
        } else {
            Vec::new()
        };
        let shown = given.map(|given| ImportedFile {
            source: GIVEN.to_owned(),
            config: given.text.clone(),
        });
        let fetched_files = fetched.iter().filter_map(imported);
        let imports = shown.into_iter().chain(fetched_files).collect();
        let plan = off_thread(move || {
            plan_overlaid(
                reading.root(),
                reading.overlay(),
                &fetched,
                &reading.context,
                &DataJudge::default(),
            )
        });
        Ok(Configured {
            plan: plan.await?,
            imports,
        })
    }

    /// Fetches until nothing more is asked for. What was asked for once is not asked for again, and
    /// their number is bounded, so that this ends.
    async fn fetch_imports(
        &self,
        at: &Place,
        reading: &Arc<Reading>,
    ) -> Result<Vec<Fetched>, EngineError> {
        let mut fetched: Vec<Fetched> = Vec::new();
        let mut bytes = 0_usize;
        loop {
            let so_far = fetched.clone();
            let reading = reading.clone();
            let wanted = off_thread(move || {
                next_imports(
                    reading.root(),
                    &so_far,
                    &reading.context,
                    &DataJudge::default(),
                )
            });
            let wanted = wanted.await?;
            if wanted.is_empty() {
                return Ok(fetched);
            }
            for source in wanted {
                let mut result = self.fetch_import(at, &source).await?;
                bytes += result.as_ref().map_or(0, String::len);
                if bytes > MOST_BYTES {
                    result = Err(ImportRefusal::Unknown);
                }
                fetched.push(Fetched { source, result });
            }
        }
    }

    async fn fetch_import(
        &self,
        at: &Place,
        source: &ImportSource,
    ) -> Result<Result<String, ImportRefusal>, EngineError> {
        let slug = match &source.repository {
            None if source.reference.is_none() => None,
            None => Some(at.repository.slug.clone()),
            Some(name) => match name.parse::<Slug>() {
                Ok(slug) => Some(slug),
                Err(_) => return Ok(Err(ImportRefusal::Unknown)),
            },
        };
        let elsewhere = match slug {
            None => None,
            Some(slug) => {
                let name = source.reference.as_deref();
                match self.imported_commit(&at.repository, &slug, name).await? {
                    Ok(place) => Some(place),
                    Err(refusal) => return Ok(Err(told(refusal))),
                }
            }
        };
        let place = elsewhere.as_ref().unwrap_or(at);
        let file = self.imported_file(place, &source.path).await?;
        Ok(file.ok_or(ImportRefusal::Unknown))
    }
}

/// What is kept of a file that was fetched.
fn imported(fetched: &Fetched) -> Option<ImportedFile> {
    let text = fetched.result.as_ref().ok()?;
    Some(ImportedFile {
        source: fetched.source.to_string(),
        config: text.clone(),
    })
}

const fn told(refusal: Refusal) -> ImportRefusal {
    match refusal {
        Refusal::Unknown => ImportRefusal::Unknown,
        Refusal::Visibility => ImportRefusal::InvalidVisibility,
        Refusal::NotAllowed => ImportRefusal::NotAllowed,
    }
}

/// Carries out what takes its time where nobody waits for the thread.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, EngineError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The server stops; the request is planned by the next one.
            Err(_) => Err(EngineError::NotNow {
                code: "stopping",
                message: "the server stops: try again in a moment".to_owned(),
            }),
        },
    }
}
