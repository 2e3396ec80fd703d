//! Follows the imports from the first file, depth first.

use serde_json::Value as Json;

use super::merge::Mode;
use super::{
    Fetched, ImportNotice, ImportRefusal, ImportSource, LINES_PER_FILE, MAX_IMPORTS, RootSource,
    What,
};
use crate::conditions::{Judge, Subject};
use crate::yaml::{Document, Node, Value};
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

    fn tell(&mut self, what: What, position: Option<(u32, u32)>) {
        self.gathered.notices.push(ImportNotice { what, position });
    }

    /// The place of an import in one of the files that were read.
    fn place(&self, name: &str, file: usize) -> Option<(u32, u32)> {
        let document = &self.gathered.files.get(file)?.document;
        let Value::Map(entries) = &document.root.value else {
            return None;
        };
        let import = entries.iter().find(|entry| entry.key == "import")?;
        let (line, column) = named_at(&import.value, name).unwrap_or((import.line, import.column));
        let index = u32::try_from(file).ok()?;
        Some((index.saturating_mul(LINES_PER_FILE) + line, column))
    }

    fn follow(&mut self, imports: &[Json], from: Option<&ImportSource>) -> Result<(), ConfigError> {
        // The one that was read last is the one whose imports these are.
        let file = self.gathered.files.len().saturating_sub(1);
        for import in imports {
            let Some(text) = import.get("source").and_then(Json::as_str) else {
                continue;
            };
            let position = self.place(text, file);
            let message = self.context.commit_message.as_deref().unwrap_or_default();
            let text = text.replace("%{commit_message}", message);
            let Some(source) = ImportSource::parse(&text, from) else {
                self.tell(What::Invalid(text), position);
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
                    let condition = condition.to_owned();
                    let source = text;
                    self.tell(What::Skipped { source, condition }, position);
                    continue;
                }
            }
            if self.seen.len() >= MAX_IMPORTS {
                let told = |notice: &ImportNotice| matches!(notice.what, What::TooMany);
                if !self.gathered.notices.iter().any(told) {
                    self.tell(What::TooMany, position);
                }
                return Ok(());
            }
            self.seen.push(source.clone());
            let mode = Mode::of_import(import.get("mode").and_then(Json::as_str));
            self.take(source, mode, position)?;
        }
        Ok(())
    }

    /// Reads a fetched file and follows its own imports.
    fn take(
        &mut self,
        source: ImportSource,
        mode: Mode,
        position: Option<(u32, u32)>,
    ) -> Result<(), ConfigError> {
        let fetched = self.fetched.iter().find(|one| one.source == source);
        let Some(fetched) = fetched else {
            let refusal = ImportRefusal::Unknown;
            self.tell(What::Refused(source.clone(), refusal), position);
            self.gathered.missing.push(source);
            return Ok(());
        };
        match &fetched.result {
            Err(refusal) => {
                self.tell(What::Refused(source, refusal.clone()), position);
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

/// Where a name stands in what is below `import`.
fn named_at(node: &Node, name: &str) -> Option<(u32, u32)> {
    match &node.value {
        Value::Str(text) if text == name => node.position(),
        Value::Seq(items) => items.iter().find_map(|item| named_at(item, name)),
        Value::Map(entries) => entries
            .iter()
            .find_map(|entry| named_at(&entry.value, name)),
        _ => None,
    }
}
