//! What each language needs before the phases, and does where the configuration says nothing.

mod table;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use crate::shell::quote;

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
    /// A bash function `travis_setup_language`.
    Script(&'static str),
    /// The tool must be there: its program, the command that shows its version, what to install.
    Tool {
        program: &'static str,
        announce: &'static str,
        install: &'static str,
    },
}

/// One language.
#[derive(Debug)]
pub(crate) struct Language {
    pub names: &'static [&'static str],
    pub versions: &'static [Version],
    pub setup: Setup,
    /// Lines that run before the setup.
    pub exports: &'static str,
    /// Bash that runs as the phase `install`; empty for nothing.
    pub install: &'static str,
    /// Bash that runs as the phase `script`; empty for nothing.
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
        .find(|language| language.names.contains(&name))
        .unwrap_or(&table::GENERIC)
}

impl Language {
    pub(crate) fn default_step(&self, phase: &str) -> Option<&'static str> {
        let step = match phase {
            "install" => self.install,
            "script" => self.script,
            _ => "",
        };
        (!step.is_empty()).then_some(step)
    }

    pub(crate) fn needs_functions(&self) -> bool {
        !matches!(self.setup, Setup::None) || !self.install.is_empty() || !self.script.is_empty()
    }

    pub(crate) fn needs_setup(&self, config: &Value) -> bool {
        let asks = self
            .versions
            .iter()
            .any(|version| version.key != "gemfile" && config.get(version.key).is_some());
        let own_script = crate::phases::commands(config, "script").is_some();
        match self.setup {
            Setup::None => false,
            _ => asks || !self.setup_is_lazy || !own_script,
        }
    }

    /// The function `travis_setup_language`.
    pub(crate) fn setup(&self) -> Cow<'static, str> {
        match self.setup {
            Setup::None => Cow::Borrowed(""),
            Setup::Script(text) => Cow::Borrowed(text),
            Setup::Tool {
                program,
                announce,
                install,
            } => {
                let mut text = String::from("travis_setup_language() {\n");
                let remedy = quote(&format!("Install {install} on the worker."));
                let _ = writeln!(
                    text,
                    "  if ! hash {program} 2>/dev/null; then travis_missing {program} {remedy}; fi"
                );
                for version in self.versions {
                    let variable = version.variable;
                    let _ = writeln!(
                        text,
                        "  if [[ -n \"${{{variable}:-}}\" ]] && ! travis_mise {program} \"${variable}\"; then\n    \
                         travis_notice \"No version manager for {program} is installed: the job asks for ${variable} and runs on the machine's version.\"\n  fi"
                    );
                }
                let _ = writeln!(text, "  travis_cmd {} --echo\n}}", quote(announce));
                Cow::Owned(text)
            }
        }
    }
}
