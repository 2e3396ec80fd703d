//! Reading the file that a command is about.

use crate::session::{Input, Session};
use std::io::{self, Read as _};
use std::path::Path;

/// The file where none is named.
pub const USUAL: &str = ".travis.yml";

/// More is not read: a file of this size is refused anyway.
const LONGEST: u64 = travis_config::MAX_SOURCE_BYTES as u64 + 1;

/// Whether a path means standard input.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What a file is called in messages.
pub fn name(path: &Path) -> String {
    if is_stdin(path) {
        "(standard input)".to_owned()
    } else {
        crate::output::plain(&path.to_string_lossy())
    }
}

/// Reads a file, or standard input.
///
/// # Errors
/// As a text that says what is wrong with it, without its name.
pub fn read(path: &Path, session: &mut Session) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = if is_stdin(path) {
        match &mut session.around.input {
            Input::Stream(stream) => stream.take(LONGEST).read_to_end(&mut bytes),
            Input::Terminal => io::stdin().lock().take(LONGEST).read_to_end(&mut bytes),
        }
    } else {
        std::fs::File::open(session.around.directory.join(path))
            .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => {
            String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text; save it as UTF-8".to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err("there is no such file; name one, or go to the repository's top".to_owned())
        }
        Err(error) => Err(format!("it can't be read: {error}")),
    }
}
