//! `import:`: which files a configuration asks for, and how they become one with it.
//!
//! Fetching is the caller's. Both functions are pure and start from the beginning each time: ask
//! [`next_imports`] what is needed, fetch that, add it to what was fetched, and ask again until
//! nothing is needed; then [`plan_sources`] makes the plan of all files together.

mod merge;
mod reference;
mod walk;

use crate::conditions::Judge;
use crate::message::{Level, Messages};
use crate::yaml::{Document, Entry, Node, Value};
use crate::{ConfigError, Plan, PlanContext};

pub use merge::Mode;
pub use reference::ImportSource;

/// The most files that one build may import.
pub const MAX_IMPORTS: usize = 25;

/// The file that a build begins with.
#[derive(Debug, Clone, Copy)]
pub struct RootSource<'s> {
    /// What messages call it, such as `.travis.yml`.
    pub name: &'s str,
    /// Its text.
    pub text: &'s str,
}

/// A configuration that somebody gives with their demand for a build. The file is merged into it.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'s> {
    /// What messages call it, such as `api`.
    pub name: &'s str,
    /// Its text.
    pub text: &'s str,
    /// How: `Replace` leaves nothing of the file.
    pub mode: Mode,
}

/// An import that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What was asked for.
    pub source: ImportSource,
    /// The file's text, or why it may not or can not be had.
    pub result: Result<String, ImportRefusal>,
}

/// Why an import is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportRefusal {
    /// There is no such file, commit or repository, or nobody here may know of it.
    Unknown,
    /// The repository's settings do not allow to import from it.
    NotAllowed,
    /// The repository is private and has another owner.
    InvalidOwnership,
    /// The repository is private, and the importing one is public.
    InvalidVisibility,
}

/// The imports that are not among `fetched` yet, in the order in which they will be merged.
/// Conditions on imports are judged; files that cannot be read ask for nothing.
#[must_use]
pub fn next_imports(
    root: RootSource<'_>,
    fetched: &[Fetched],
    context: &PlanContext,
    judge: &dyn Judge,
) -> Vec<ImportSource> {
    walk::Walk::new(fetched, context, judge)
        .gather(root)
        .map(|gathered| gathered.missing)
        .unwrap_or_default()
}

/// Reads all files, makes them one configuration, and expands it. Imports that were not fetched
/// count as not found. Messages carry the name of the file that they are about.
///
/// # Errors
/// As for [`crate::plan`]; for an imported file wrapped in [`ConfigError::Imported`].
pub fn plan_sources(
    root: RootSource<'_>,
    fetched: &[Fetched],
    context: &PlanContext,
    judge: &dyn Judge,
) -> Result<Plan, ConfigError> {
    plan_overlaid(root, None, fetched, context, judge)
}

/// As [`plan_sources`], with what somebody gives beside the files.
///
/// # Errors
/// As for [`plan_sources`]; for the overlay, too, wrapped in [`ConfigError::Imported`].
pub fn plan_overlaid(
    root: RootSource<'_>,
    overlay: Option<Overlay<'_>>,
    fetched: &[Fetched],
    context: &PlanContext,
    judge: &dyn Judge,
) -> Result<Plan, ConfigError> {
    let gathered = walk::Walk::new(fetched, context, judge).gather(root)?;
    let mut files = gathered.files.into_iter();
    let mut names = vec![root.name.to_owned()];
    let Some(mut whole) = files.next().map(|file| file.document) else {
        return crate::plan_with(root.text, context, judge);
    };
    // The numbers of files in their lines are those of `Walk`, which knows of no overlay: it comes
    // behind them.
    let behind = u32::try_from(files.len() + 1).unwrap_or(u32::MAX);
    let mut notices = gathered.notices;
    if let Some(overlay) = overlay {
        let wrap = |error| ConfigError::Imported {
            name: overlay.name.to_owned(),
            error: Box::new(error),
        };
        let mut over = crate::parse(overlay.text).map_err(wrap)?;
        number_lines(&mut over, behind);
        if overlay.mode == Mode::Replace {
            whole = over;
            files = Vec::new().into_iter();
            notices = Vec::new();
        } else if let (Value::Map(own), Value::Map(given)) =
            (&mut whole.root.value, &mut over.root.value)
        {
            let given = std::mem::take(given);
            *own = merge::merge(given, std::mem::take(own), overlay.mode);
            whole.duplicates.append(&mut over.duplicates);
            whole.anchored.extend(over.anchored);
        } else if matches!(over.root.value, Value::Map(_)) {
            whole = over;
        }
    }
    for file in files {
        let index = u32::try_from(names.len()).unwrap_or(u32::MAX);
        names.push(file.name);
        let mut document = file.document;
        number_lines(&mut document, index);
        whole.duplicates.append(&mut document.duplicates);
        whole.anchored.extend(document.anchored);
        if let (Value::Map(own), Value::Map(mut imported)) =
            (&mut whole.root.value, document.root.value)
        {
            // What the imported file imports is merged on its own.
            imported.retain(|entry| entry.key != "import");
            *own = merge::merge(std::mem::take(own), imported, file.mode);
        }
    }
    let mut plan = crate::plan_document(whole, context, judge)?;
    if let Some(overlay) = overlay {
        let behind = usize::try_from(behind).unwrap_or(usize::MAX);
        names.resize(names.len().max(behind), String::new());
        names.push(overlay.name.to_owned());
    }
    let mut messages = Messages::default();
    for notice in notices {
        notice.tell(&mut messages);
    }
    plan.messages.extend(messages.into_vec());
    for message in &mut plan.messages {
        let line = message.line.unwrap_or(0);
        let index = usize::try_from(line / LINES_PER_FILE).unwrap_or(0);
        message.line = message.line.map(|line| line % LINES_PER_FILE);
        if index > 0 {
            message.file = names.get(index).cloned();
        }
    }
    let messages = &mut plan.messages;
    let of_root = messages.iter_mut().filter(|message| message.file.is_none());
    crate::message::edit::restore_columns(root.text, of_root);
    for file in fetched {
        if let Ok(text) = &file.result {
            let name = file.source.to_string();
            let of_file = messages
                .iter_mut()
                .filter(|message| message.file.as_ref() == Some(&name));
            crate::message::edit::restore_columns(text, of_file);
        }
    }
    if let Some(overlay) = overlay {
        let given = messages
            .iter_mut()
            .filter(|message| message.file.as_deref() == Some(overlay.name));
        crate::message::edit::restore_columns(overlay.text, given);
    }
    crate::offer_edits(root.text, messages);
    names.retain(|name| !name.is_empty());
    plan.sources = names;
    Ok(plan)
}

/// Positions in the merged tree tell the file too: the lines of file number `n` are counted on
/// from `n` times this. No file that is read has as many lines.
const LINES_PER_FILE: u32 = 1 << 21;

fn number_lines(document: &mut Document, index: u32) {
    let offset = index.saturating_mul(LINES_PER_FILE);
    for duplicate in &mut document.duplicates {
        duplicate.line += offset;
    }
    shift_node(&mut document.root, offset);
}

fn shift(entries: &mut [Entry], offset: u32) {
    for entry in entries {
        entry.line += offset;
        shift_node(&mut entry.value, offset);
    }
}

fn shift_node(node: &mut Node, offset: u32) {
    node.line += offset;
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| shift_node(item, offset)),
        Value::Map(entries) => shift(entries, offset),
        _ => {}
    }
}

/// Something to say of an import, with its place: line and column, the file told by the line as for
/// [`LINES_PER_FILE`].
#[derive(Debug)]
struct ImportNotice {
    what: What,
    position: Option<(u32, u32)>,
}

#[derive(Debug)]
enum What {
    Refused(ImportSource, ImportRefusal),
    Invalid(String),
    Skipped { source: String, condition: String },
    TooMany,
}

impl ImportNotice {
    fn tell(&self, messages: &mut Messages) {
        let mut add = |level, code, args: &[(&str, String)]| match args {
            [(a, x), (b, y), ..] => {
                let args = [(*a, x.as_str().into()), (*b, y.as_str().into())];
                messages.add(level, "import", code, args, self.position);
            }
            [(a, x)] => {
                let args = [(*a, x.as_str().into())];
                messages.add(level, "import", code, args, self.position);
            }
            [] => {
                let args = [("max", MAX_IMPORTS.into())];
                messages.add(level, "import", code, args, self.position);
            }
        };
        match &self.what {
            What::TooMany => add(Level::Error, "too_many_imports", &[]),
            What::Invalid(source) => {
                add(Level::Error, "invalid_ref", &[("ref", source.clone())]);
            }
            What::Skipped { source, condition } => {
                let args = [("source", source.clone()), ("condition", condition.clone())];
                add(Level::Info, "skip_import", &args);
            }
            What::Refused(source, refusal) => {
                let repo = source.repository.clone().unwrap_or_default();
                let owner = repo.split('/').next().unwrap_or_default().to_owned();
                let (code, arg) = match refusal {
                    ImportRefusal::Unknown => ("unknown_import", ("source", source.to_string())),
                    ImportRefusal::NotAllowed => ("import_not_allowed", ("repo", repo)),
                    ImportRefusal::InvalidOwnership => ("invalid_ownership", ("owner", owner)),
                    ImportRefusal::InvalidVisibility => ("invalid_visibility", ("repo", repo)),
                };
                add(Level::Error, code, &[arg]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
