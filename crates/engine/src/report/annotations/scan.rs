//! Goes through a log line by line and remembers what lines before it said.

use super::paths::Paths;
use super::patterns as p;

/// The longest part of an error that is remembered, in lines.
const SAID: usize = 20;

/// A place in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub path: String,
    pub line: u32,
    pub message: String,
}

/// What is remembered between lines.
pub(super) struct Scan {
    paths: Paths,
    pub found: Vec<Place>,
    /// rustc's error, and for how many more lines its place may follow.
    rust: Option<(String, u8)>,
    /// A place whose words come with the next line.
    unsaid: Option<(String, u32)>,
    /// Inside a Python traceback: its innermost own frame.
    traceback: Option<Option<(String, u32)>>,
    /// Inside a stack of Node: whether it has a place already.
    stack: Option<bool>,
    /// The file of eslint's lines.
    eslint: Option<String>,
    /// What pytest says of a failure.
    pytest: Vec<String>,
    /// What rspec, minitest or phpunit says of a failure.
    said: Vec<String>,
    /// The last line that was not empty nor part of a stack.
    last: String,
}

impl Scan {
    pub fn new(slug: &str) -> Self {
        Self {
            paths: Paths::new(slug),
            found: Vec::new(),
            rust: None,
            unsaid: None,
            traceback: None,
            stack: None,
            eslint: None,
            pytest: Vec::new(),
            said: Vec::new(),
            last: String::new(),
        }
    }

    /// Notes a place, if it is the repository's. Whether it is.
    fn note(&mut self, path: &str, line: &str, message: &str) -> bool {
        let (Some(path), Some(line)) = (self.paths.own(path), number(line)) else {
            return false;
        };
        let message = if message.is_empty() { "error" } else { message };
        self.found.push(Place {
            path,
            line,
            message: message.to_owned(),
        });
        true
    }

    pub fn line(&mut self, line: &str) {
        if let Some((path, at)) = self.unsaid.take() {
            let message = if line.trim().is_empty() {
                "error"
            } else {
                line.trim()
            };
            self.found.push(Place {
                path,
                line: at,
                message: message.to_owned(),
            });
            return;
        }
        if self.python(line) || self.node(line) {
            return;
        }
        let placed = line.bytes().any(|byte| byte.is_ascii_digit())
            && (self.rust(line) || self.compilers(line) || self.tests(line));
        if !placed {
            self.remember(line);
        }
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut self.last);
        }
    }

    /// Python's traceback: the innermost frame in the repository gets the exception's words.
    fn python(&mut self, line: &str) -> bool {
        if line
            .trim_start()
            .starts_with("Traceback (most recent call last)")
        {
            self.traceback = Some(None);
            return true;
        }
        if let Some([path, at]) = p::PYTHON_FRAME.take(line) {
            let own = self.paths.own(path).zip(number(at));
            let known = self.traceback.get_or_insert(None);
            if own.is_some() {
                *known = own;
            }
            return true;
        }
        let Some(frame) = self.traceback.take() else {
            return false;
        };
        let said = !line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if said {
            if let Some((path, at)) = frame {
                self.found.push(Place {
                    path,
                    line: at,
                    message: line.trim().to_owned(),
                });
            }
            return false;
        }
        self.traceback = Some(frame);
        true
    }

    /// A stack of Node: its first frame in the repository gets the words before it.
    fn node(&mut self, line: &str) -> bool {
        if !line.trim_start().starts_with("at ") {
            self.stack = None;
            return false;
        }
        let done = self.stack.unwrap_or(false);
        self.stack = Some(done);
        if !done && let Some([path, at]) = p::NODE_FRAME.take(line) {
            let message = match self.said.is_empty() {
                true => self.last.clone(),
                false => self.said.join("\n"),
            };
            let own = self.note(path, at, &message);
            self.stack = Some(own);
            if own {
                self.said.clear();
            }
        }
        true
    }

    fn rust(&mut self, line: &str) -> bool {
        if let Some([path, at]) = p::RUST_ARROW.take(line) {
            if let Some((message, _)) = self.rust.take() {
                self.note(path, at, &message);
            }
            return true;
        }
        if let Some([path, at]) = p::RUST_PANIC.take(line) {
            self.unsaid = self.paths.own(path).zip(number(at));
            return true;
        }
        if let Some([message, path, at]) = p::RUST_OLD_PANIC.take(line) {
            return self.note(path, at, message);
        }
        false
    }

    fn compilers(&mut self, line: &str) -> bool {
        if let Some([path, at]) = p::BARE_ERROR.take(line) {
            self.unsaid = self.paths.own(path).zip(number(at));
            return self.unsaid.is_some();
        }
        for pattern in [
            &p::ERROR,
            &p::PARENTHESES,
            &p::GO,
            &p::PYTHON_LINT,
            &p::RUBY_LINT,
            &p::MAVEN,
            &p::RUBY,
            &p::RUBY_SYNTAX,
        ] {
            if let Some([path, at, message]) = pattern.take(line) {
                return self.note(path, at, message);
            }
        }
        if let Some([message, path, at]) = p::PHP.take(line) {
            return self.note(path, at, message);
        }
        if let Some([at, message]) = p::ESLINT.take(line)
            && let Some(path) = self.eslint.clone()
        {
            return self.note(&path, at, message);
        }
        false
    }

    fn tests(&mut self, line: &str) -> bool {
        if let Some([path, at, kind]) = p::PYTEST.take(line) {
            let said = std::mem::take(&mut self.pytest);
            let message = match said.is_empty() {
                true => kind.to_owned(),
                false => said.join("\n"),
            };
            return self.note(path, at, &message);
        }
        if let Some([test, path, at]) = p::MINITEST.take(line) {
            let own = self.paths.own(path).zip(number(at));
            if own.is_none() {
                return false;
            }
            test.clone_into(&mut self.last);
            self.unsaid = own;
            return true;
        }
        for pattern in [&p::RSPEC, &p::PHPUNIT] {
            if let Some([path, at]) = pattern.take(line) {
                if self.said.is_empty() {
                    return false;
                }
                let message = self.said.join("\n");
                let own = self.note(path, at, &message);
                if own {
                    // The frames after it belong to the same failure.
                    self.said.clear();
                }
                return own;
            }
        }
        false
    }

    /// A line that names no place may say what the place after it means.
    fn remember(&mut self, line: &str) {
        if let Some([message]) = p::RUST_ERROR.take(line) {
            self.rust = Some((message.to_owned(), 3));
        } else if let Some((_, left)) = &mut self.rust {
            *left -= 1;
            if *left == 0 {
                self.rust = None;
            }
        }
        if let Some([path]) = p::FILE_ALONE.take(line) {
            self.eslint = self.paths.own(path);
        } else if line.trim().is_empty() {
            self.eslint = None;
        }
        if let Some([message]) = p::PYTEST_SAYS.take(line) {
            if self.pytest.len() < SAID {
                self.pytest.push(message.to_owned());
            }
        } else if !line.trim().is_empty() && !line.starts_with(['>', ' ']) {
            self.pytest.clear();
        }
        let begins = p::RSPEC_SAYS
            .take(line)
            .or_else(|| p::PHPUNIT_TEST.take(line));
        if let Some([message]) = begins {
            self.said = vec![message.to_owned()];
        } else if line.trim_start().starts_with("● ") {
            self.said = vec![line.trim().to_owned()];
        } else if !self.said.is_empty() && self.said.len() < SAID && !line.trim().is_empty() {
            self.said.push(line.trim().to_owned());
        }
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|line| (1..=10_000_000).contains(line))
}
