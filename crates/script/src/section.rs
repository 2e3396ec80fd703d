//! The script while it is written, with the functions that its sections need.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::ScriptError;
use crate::shell::{check, quote};

/// The job's own part of a script.
#[derive(Debug, Default)]
pub(crate) struct Section {
    /// Bash files whose functions the text may call, in the order in which they were asked for.
    functions: Vec<Cow<'static, str>>,
    /// The functions of the job.
    pub text: String,
    /// The lines of `travis_run_job`, which calls them in order.
    pub calls: String,
    /// What lines begin with: they are in a function.
    indent: &'static str,
    /// Where the text and the calls ended before the function, and where its body begins.
    begun: (usize, usize, usize),
}

impl Section {
    /// Offers the functions of a file to the script, once; it takes those that it calls.
    pub fn needs(&mut self, functions: impl Into<Cow<'static, str>>) {
        let functions = functions.into();
        if !self.functions.contains(&functions) {
            self.functions.push(functions);
        }
    }

    /// Begins a function, and has it called.
    pub fn begin(&mut self, function: &str, stage: &str) {
        let (text, calls) = (self.text.len(), self.calls.len());
        let _ = writeln!(self.calls, "  {function}");
        let _ = writeln!(self.text, "\n{function}() {{\n  TRAVIS_STAGE={stage}");
        self.begun = (text, calls, self.text.len());
        self.indent = "  ";
    }

    /// Ends the function; one without a body is taken back.
    pub fn end(&mut self) {
        self.indent = "";
        let (text, calls, body) = self.begun;
        if self.text.len() == body {
            self.text.truncate(text);
            self.calls.truncate(calls);
        } else {
            self.text.push_str("}\n");
        }
    }

    /// A line of bash.
    pub fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}{line}", self.indent);
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
        let _ = write!(self.text, "{}{function}", self.indent);
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

    /// The files of functions, each once.
    pub fn functions(&self) -> &[Cow<'static, str>] {
        &self.functions
    }
}
