//! A `.travis.yml` with the files that it imports, for the commands that ask no server. What lies
//! in the working tree is read from there, what is of another commit of it from git; files of other
//! repositories are not fetched, and whoever asks is told so.

use super::source;
use crate::failure::{Failure, Status};
use crate::output::{Screen, plain};
use crate::session::Session;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use travis_config::conditions::{Judge, Subject};
use travis_config::{
    ConfigError, Fetched, ImportRefusal, ImportSource, Level, Message, Plan, PlanContext,
    RootSource, next_imports, plan_sources,
};

/// What all imported files together may hold, in bytes; a server takes no more either.
const MOST_BYTES: usize = 4 << 20;
/// How long git may take for one file.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages of errors that are shown beside the results of other commands than `lint`.
const MOST_SAID: usize = 5;

/// One configuration, all of its files read.
pub struct Sources {
    /// What messages call the first file.
    pub name: String,
    /// Its text.
    pub text: String,
    fetched: Vec<Fetched>,
    elsewhere: Vec<String>,
}

impl Sources {
    /// Reads a file, or standard input, and what it imports.
    ///
    /// # Errors
    /// When the file can't be read. An import that can't be is one of the plan's messages.
    pub async fn read(
        path: &Path,
        session: &mut Session,
        context: &PlanContext,
        judge: &dyn Judge,
    ) -> Result<Self, Failure> {
        let name = source::name(path);
        let text = source::read(path, session)
            .map_err(|reason| Failure::new(Status::Errored, format!("{name}: {reason}")))?;
        let directory = directory(path, &session.around.directory);
        Ok(Self::follow(name, text, &directory, context, judge).await)
    }

    /// A file without its imports.
    pub fn alone(name: String, text: String) -> Self {
        Self {
            name,
            text,
            fetched: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// Reads what a file that lies in `directory` imports.
    pub async fn follow(
        name: String,
        text: String,
        directory: &Path,
        context: &PlanContext,
        judge: &dyn Judge,
    ) -> Self {
        let mut all = Self::alone(name, text);
        // Most files import nothing.
        if !all.text.contains("import") {
            return all;
        }
        let place = Place::of(directory, &context.repo_slug).await;
        let mut bytes = 0_usize;
        loop {
            // What was asked for once is not asked for again, and their number is bounded.
            let wanted = next_imports(all.root(), &all.fetched, context, &Imports(judge));
            if wanted.is_empty() {
                return all;
            }
            for source in wanted {
                let text = if place.has(&source) {
                    place.file(&source).await
                } else {
                    all.elsewhere.push(source.to_string());
                    None
                };
                bytes += text.as_ref().map_or(0, String::len);
                let text = text.filter(|_| bytes <= MOST_BYTES);
                let result = text.ok_or(ImportRefusal::Unknown);
                all.fetched.push(Fetched { source, result });
            }
        }
    }

    fn root(&self) -> RootSource<'_> {
        RootSource {
            name: &self.name,
            text: &self.text,
        }
    }

    /// Makes the plan of all files.
    ///
    /// # Errors
    /// When a file is refused as a whole.
    pub fn plan(&self, context: &PlanContext, judge: &dyn Judge) -> Result<Plan, ConfigError> {
        let mut plan = plan_sources(self.root(), &self.fetched, context, &Imports(judge))?;
        for message in &mut plan.messages {
            let source = message.args.get("source").and_then(|value| value.as_str());
            let elsewhere = source.is_some_and(|source| {
                message.code == "unknown_import" && self.elsewhere.iter().any(|one| one == source)
            });
            if elsewhere {
                let source = source.unwrap_or_default();
                message.text = format!(
                    "{source} is a file of another repository: it is not read here, and what it \
                     brings is missing. A server reads it for each build"
                );
                message.level = Level::Info;
                message.code = "import_not_read";
            }
        }
        Ok(plan)
    }

    /// The plan, or a failure that shows the place.
    ///
    /// # Errors
    /// When a file is refused as a whole.
    pub fn plan_or_fail(&self, context: &PlanContext, judge: &dyn Judge) -> Result<Plan, Failure> {
        self.plan(context, judge)
            .map_err(|error| self.refused(&error))
    }

    /// The text of a file that a message is about; the first one without a name.
    #[must_use]
    pub fn text_of(&self, file: Option<&str>) -> &str {
        let Some(name) = file else { return &self.text };
        let of = |one: &&Fetched| one.source.to_string() == name;
        self.fetched
            .iter()
            .find(of)
            .and_then(|one| one.result.as_deref().ok())
            .unwrap_or_default()
    }

    /// Name and text of the file that an error is about, and the error in it.
    #[must_use]
    pub fn blamed<'a>(&'a self, error: &'a ConfigError) -> (&'a str, &'a str, &'a ConfigError) {
        match error {
            ConfigError::Imported { name, error } => (name, self.text_of(Some(name)), error),
            own => (&self.name, &self.text, own),
        }
    }

    /// A file that is refused as a whole: the place, the line with a caret, what to do.
    fn refused(&self, error: &ConfigError) -> Failure {
        let (name, text, error) = self.blamed(error);
        let message = match (error, error.line(), error.column()) {
            (ConfigError::Syntax { reason, .. }, Some(line), Some(column)) => {
                format!("{name}:{line}:{column}: {reason}")
            }
            (other, Some(line), Some(column)) => format!("{name}:{line}:{column}: {other}"),
            (other, ..) => format!("{name}: {other}"),
        };
        let mut failure = Failure::new(Status::Errored, message).remedy(error.advice(text));
        if let Some((line, column)) = error.line().zip(error.column()) {
            failure.excerpt = super::lint::excerpt(text, line, column);
        }
        failure
    }

    /// What is odd about the files, in a line or a few, for commands whose matter it is not.
    ///
    /// # Errors
    /// When writing fails.
    pub fn remark(&self, messages: &[Message], screen: &mut Screen) -> Result<(), Failure> {
        for message in messages {
            if message.code == "import_not_read" {
                screen.remark(&format!("note: {}.", plain(&message.text)))?;
            }
        }
        let errors: Vec<&Message> = messages
            .iter()
            .filter(|message| matches!(message.level, Level::Error | Level::Alert))
            .collect();
        for message in errors.iter().take(MOST_SAID) {
            let name = message.file.as_deref().unwrap_or(&self.name);
            let line = message
                .line
                .map_or(String::new(), |line| format!(":{line}"));
            let on = match message.key.as_str() {
                "" | "root" => String::new(),
                key => format!("{key}: "),
            };
            let text = format!("{name}{line}: {on}{}", message.text);
            screen.remark(&plain(&text))?;
        }
        let said = errors.len().min(MOST_SAID);
        let odd = messages
            .iter()
            .filter(|message| !matches!(message.level, Level::Info))
            .count();
        let name = &self.name;
        match odd - said {
            0 => {}
            1 => screen.remark(&format!("1 thing is odd about {name}; see: travis lint"))?,
            more => screen.remark(&format!(
                "{more} things are odd about {name}; see: travis lint"
            ))?,
        }
        Ok(())
    }
}

/// The directory of a file, or where the command was called.
pub fn directory(path: &Path, around: &Path) -> PathBuf {
    if source::is_stdin(path) {
        return around.to_owned();
    }
    let full = around.join(path);
    full.parent().unwrap_or(around).to_owned()
}

/// Where nothing is judged, imports are followed all the same: what is shown is the whole file.
struct Imports<'j>(&'j dyn Judge);

impl Judge for Imports<'_> {
    fn holds(
        &self,
        subject: Subject,
        condition: &str,
        context: &PlanContext,
        job: &serde_json::Map<String, serde_json::Value>,
    ) -> Option<bool> {
        let judged = self.0.holds(subject, condition, context, job);
        match subject {
            Subject::Import => judged.or(Some(true)),
            _ => judged,
        }
    }
}

/// The working tree.
struct Place {
    top: PathBuf,
    slug: String,
}

impl Place {
    /// The tree that a directory is in; the directory itself where there is no git.
    async fn of(directory: &Path, slug: &str) -> Self {
        let top = directory
            .ancestors()
            .find(|place| place.join(".git").exists())
            .unwrap_or(directory)
            .to_owned();
        let slug = match slug {
            "" => {
                let remote = git(&top, &["config", "--get", "remote.origin.url"]).await;
                super::run::slug(remote.as_deref(), &top)
            }
            known => known.to_owned(),
        };
        Self { top, slug }
    }

    /// Whether a file is one of this tree's repository.
    fn has(&self, source: &ImportSource) -> bool {
        let of = source.repository.as_deref();
        of.is_none_or(|name| name.eq_ignore_ascii_case(&self.slug))
    }

    async fn file(&self, source: &ImportSource) -> Option<String> {
        let inside = |part: &str| !matches!(part, "" | "." | "..");
        if !source.path.split('/').all(inside) {
            return None;
        }
        match &source.reference {
            None => self.lying(&source.path),
            Some(name) if name.starts_with('-') => None,
            Some(name) => {
                let object = format!("{name}:{}", source.path);
                let here = git(&self.top, &["cat-file", "blob", &object]).await;
                if here.is_some() {
                    return here;
                }
                let fetched = format!("refs/remotes/origin/{object}");
                git(&self.top, &["cat-file", "blob", &fetched]).await
            }
        }
    }

    /// A file as it lies there. Links that lead out of the tree are not followed.
    fn lying(&self, path: &str) -> Option<String> {
        let top = self.top.canonicalize().ok()?;
        let full = top.join(path).canonicalize().ok()?;
        let size = full.metadata().ok()?;
        if !full.starts_with(&top) || !size.is_file() || size.len() > MOST_BYTES as u64 {
            return None;
        }
        std::fs::read_to_string(full).ok()
    }
}

/// What git prints; nothing when it says no.
async fn git(directory: &Path, words: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new("git");
    super::run::without_git_variables(&mut command);
    let asked = command
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && text.len() <= MOST_BYTES).then_some(text)
}
