//! What each language needs before the phases, and does where the configuration says nothing.
//!
//! A language is a row of a table and at most one file of bash functions: `travis_setup_language`
//! makes the tools ready, `travis_install_language`, `travis_script_language` and
//! `travis_before_cache_language` are the phases' defaults. A script gets the functions that its
//! job calls and no others.

pub(crate) mod functions;
mod options;
mod table;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::ScriptError;
use crate::section::Section;
use crate::shell::quote;
use options::Choice;

const LANGUAGE_FUNCTIONS: &str = include_str!("../bash/language.bash");

/// A key of the configuration that selects a version, and the variable that tells it.
#[derive(Debug)]
pub(crate) struct Version {
    pub key: &'static str,
    pub variable: &'static str,
}

/// How a language's tools are made ready.
#[derive(Debug)]
pub(crate) enum Setup {
    /// Nothing to do.
    None,
    /// The function `travis_setup_language` of the language's file.
    Own,
    /// The tool must be there, in the version of the first key.
    Tool {
        /// What people call it.
        name: &'static str,
        /// The program, which version managers know by the same name.
        program: &'static str,
        /// The command that shows its version.
        announce: &'static str,
        /// What to install where it is missing.
        remedy: &'static str,
    },
}

/// One language.
#[derive(Debug)]
pub(crate) struct Language {
    pub names: &'static [&'static str],
    pub versions: &'static [Version],
    /// Further keys that its functions read.
    pub choices: &'static [Choice],
    pub setup: Setup,
    /// The language's file.
    pub functions: &'static str,
    /// Bash that runs as the phase `install` where the file has no function for it.
    pub install: &'static str,
    /// Bash that runs as the phase `script` where the file has no function for it.
    pub script: &'static str,
    /// Whether the setup is left out when no version is asked for: jobs without a language are
    /// Ruby's, and most of them never use it.
    pub setup_is_lazy: bool,
}

/// The language of that name; Ruby's place is taken by `generic` for names that nobody knows,
/// since a worker should not demand Ruby for them.
pub(crate) fn find(name: &str) -> &'static Language {
    table::LANGUAGES
        .iter()
        .copied()
        .flatten()
        .find(|language| language.names.contains(&name))
        .unwrap_or(&table::GENERIC)
}

/// Whether a key selects a version of some language.
pub(crate) fn is_version_key(key: &str) -> bool {
    let mut languages = table::LANGUAGES.iter().copied().flatten();
    languages.any(|language| language.versions.iter().any(|version| version.key == key))
}

impl Language {
    /// What a phase does where the configuration says nothing.
    pub(crate) fn default_step(&self, phase: &str) -> Option<&'static str> {
        let (own, step) = match phase {
            "install" => ("travis_install_language", self.install),
            "script" => ("travis_script_language", self.script),
            "before_cache" => ("travis_before_cache_language", ""),
            _ => return None,
        };
        if functions::defines(self.functions, own) {
            return Some(own);
        }
        (!step.is_empty()).then_some(step)
    }

    pub(crate) fn needs_setup(&self, config: &Value) -> bool {
        let asks = self
            .versions
            .iter()
            .any(|version| config.get(version.key).is_some());
        let own_script = crate::phases::commands(config, "script").is_some();
        match self.setup {
            Setup::None => false,
            _ => asks || !self.setup_is_lazy || !own_script,
        }
    }

    /// Writes the setup and the options that the default phases read, where the job uses any.
    ///
    /// # Errors
    /// For options that hold a zero byte.
    pub(crate) fn write(&self, script: &mut Section, config: &Value) -> Result<(), ScriptError> {
        let setup = self.needs_setup(config);
        let mut calls = String::new();
        if setup {
            calls.push_str("travis_setup_language ");
        }
        for phase in ["install", "script", "before_cache"] {
            if crate::phases::commands(config, phase).is_none() {
                calls.push_str(self.default_step(phase).unwrap_or_default());
                calls.push(' ');
            }
        }
        if calls.trim().is_empty() {
            return Ok(());
        }
        script.needs(LANGUAGE_FUNCTIONS);
        if let Setup::Tool { .. } = self.setup {
            script.needs(format!("{}{}", self.tool_setup(), self.functions));
        } else {
            script.needs(self.functions);
        }
        script.begin("travis_run_setup", "setup");
        let readers = functions::called(&[self.functions], &calls);
        let options = options::assignments(self.choices, config, &readers)?;
        script.text.push_str(&options);
        if setup {
            script.line("travis_setup_language");
        }
        script.end();
        Ok(())
    }

    fn tool_setup(&self) -> String {
        let Setup::Tool {
            name,
            program,
            announce,
            remedy,
        } = self.setup
        else {
            return String::new();
        };
        let wanted = match self.versions {
            [version, ..] => format!("\"${{{}:-}}\"", version.variable),
            [] => "''".to_owned(),
        };
        format!(
            "travis_setup_language() {{\n  travis_tool {} {program} {wanted} {} {}\n}}\n",
            quote(name),
            quote(announce),
            quote(remedy)
        )
    }
}
