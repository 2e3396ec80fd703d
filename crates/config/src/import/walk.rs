//! Follows the imports from the first file, depth first.

use serde_json::Value as Json;

use super::merge::Mode;
use super::{Fetched, ImportNotice, ImportRefusal, ImportSource, MAX_IMPORTS, RootSource};
use crate::conditions::{Judge, Subject};
use crate::yaml::Document;
use crate::{ConfigError, PlanContext};

/// One file read.
pub(super) struct File {
    pub name: String,
    /// How it is merged into what imports it.
    pub mode: Mode,
    pub document: Document,
}

/// All files in the order in which they are merged, the first one first.
#[derive(Default)]
pub(super) struct Gathered {
    pub files: Vec<File>,
    pub missing: Vec<ImportSource>,
    pub notices: Vec<ImportNotice>,
}

pub(super) struct Walk<'w> {
    fetched: &'w [Fetched],
    context: &'w PlanContext,
    judge: &'w dyn Judge,
    seen: Vec<ImportSource>,
    gathered: Gathered,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        fetched: &'w [Fetched],
        context: &'w PlanContext,
        judge: &'w dyn Judge,
    ) -> Self {
        Self {
            fetched,
            context,
            judge,
            seen: Vec::new(),
            gathered: Gathered::default(),
        }
    }

    pub(super) fn gather(mut self, root: RootSource<'_>) -> Result<Gathered, ConfigError> {
        let document = crate::parse(root.text)?;
        let imports = imports(root.text, &document);
        self.gathered.files.push(File {
            name: root.name.to_owned(),
            mode: Mode::Replace,
            document,
        });
        self.follow(&imports, None)?;
        Ok(self.gathered)
    }

    fn follow(&mut self, imports: &[Json], from: Option<&ImportSource>) -> Result<(), ConfigError> {
        for import in imports {
            let Some(text) = import.get("source").and_then(Json::as_str) else {
                continue;
            };
            let message = self.context.commit_message.as_deref().unwrap_or_default();
            let text = text.replace("%{commit_message}", message);
            let Some(source) = ImportSource::parse(&text, from) else {
                self.gathered.notices.push(ImportNotice::Invalid(text));
                continue;
            };
            // Twice, or in a circle.
            if self.seen.contains(&source) {
                continue;
            }
            if let Some(condition) = import.get("if").and_then(Json::as_str) {
                let job = serde_json::Map::new();
                let holds = self
                    .judge
                    .holds(Subject::Import, condition, self.context, &job);
                if holds != Some(true) {
                    self.gathered.notices.push(ImportNotice::Skipped {
                        source: text,
                        condition: condition.to_owned(),
                    });
                    continue;
                }
            }
            if self.seen.len() >= MAX_IMPORTS {
                let told = |notice: &ImportNotice| matches!(notice, ImportNotice::TooMany);
                if !self.gathered.notices.iter().any(told) {
                    self.gathered.notices.push(ImportNotice::TooMany);
                }
                return Ok(());
            }
            self.seen.push(source.clone());
            let mode = Mode::of_import(import.get("mode").and_then(Json::as_str));
            self.take(source, mode)?;
        }
        Ok(())
    }

    /// Reads a fetched file and follows its own imports.
    fn take(&mut self, source: ImportSource, mode: Mode) -> Result<(), ConfigError> {
        let fetched = self.fetched.iter().find(|one| one.source == source);
        let Some(fetched) = fetched else {
            let refusal = ImportRefusal::Unknown;
            let notice = ImportNotice::Refused(source.clone(), refusal);
            self.gathered.notices.push(notice);
            self.gathered.missing.push(source);
            return Ok(());
        };
        match &fetched.result {
            Err(refusal) => {
                let notice = ImportNotice::Refused(source, refusal.clone());
                self.gathered.notices.push(notice);
                Ok(())
            }
            Ok(text) => {
                let document = crate::parse(text).map_err(|error| ConfigError::Imported {
                    name: source.to_string(),
                    error: Box::new(error),
                })?;
                let imports = imports(text, &document);
                self.gathered.files.push(File {
                    name: source.to_string(),
                    mode,
                    document,
                });
                self.follow(&imports, Some(&source))
            }
        }
    }
}

/// The imports of one file, normalized.
fn imports(text: &str, document: &Document) -> Vec<Json> {
    // Reading the meaning of the whole file costs as much as all else.
    if !text.contains("import") {
        return Vec::new();
    }
    match crate::meaning(document).get("import") {
        Some(Json::Array(list)) => list.iter().map(named).collect(),
        Some(single) => vec![named(single)],
        None => Vec::new(),
    }
}

/// An import that is only named, in the long form.
fn named(import: &Json) -> Json {
    match import {
        Json::String(source) => serde_json::json!({ "source": source }),
        other => other.clone(),
    }
}
