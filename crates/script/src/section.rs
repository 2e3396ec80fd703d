//! The script while it is written, with the functions that its sections need.

use std::fmt::Write as _;

use crate::ScriptError;
use crate::shell::{check, quote};

/// A script without its functions.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// Bash files whose functions the text calls, in the order in which they were asked for.
    functions: Vec<&'static str>,
    pub text: String,
}

impl Section {
    /// Takes functions into the script, once.
    pub fn needs(&mut self, functions: &'static str) {
        if !self.functions.contains(&functions) {
            self.functions.push(functions);
        }
    }

    /// A line of bash.
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A call with literal words.
    ///
    /// # Errors
    /// For words with a zero byte.
    pub fn call<'w>(
        &mut self,
        function: &str,
        words: impl IntoIterator<Item = &'w str>,
    ) -> Result<(), ScriptError> {
        self.text.push_str(function);
        for word in words {
            check(word, || format!("a value for {function}"))?;
            let _ = write!(self.text, " {}", quote(word));
        }
        self.text.push('\n');
        Ok(())
    }

    /// A line that the log shows as a notice.
    pub fn notice(&mut self, text: &str) -> Result<(), ScriptError> {
        self.call("travis_notice", [text])
    }

    /// The functions, each file once.
    pub fn functions(&self) -> &[&'static str] {
        &self.functions
    }
}
