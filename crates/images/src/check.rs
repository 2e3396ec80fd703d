//! Whether a table can be meant as it stands: what is wrong, in which line, and what to do.

use crate::{ImageRow, ImageTable, ServiceRow, reference};
use serde::Deserialize;
use toml::Spanned;

/// Bytes of a table that a server keeps and sends to its workers, at most.
pub const LONGEST: usize = 64 * 1024;
/// Rows in it at most.
pub const MOST_ROWS: usize = 500;

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; {remedy}")]
pub struct TableError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl TableError {
    fn new(line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            line,
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

/// The rows of a table with the places where they stand; other keys of the file are not looked at.
#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    image: Vec<Spanned<ImageRow>>,
    #[serde(default)]
    service: Vec<Spanned<ServiceRow>>,
}

/// Reads an operator's table: rows and nothing else.
///
/// # Errors
/// The first thing that is wrong, with its line and what to do.
pub fn examine(text: &str) -> Result<ImageTable, TableError> {
    if text.len() > LONGEST {
        return Err(TableError::new(
            1,
            format!("the table has {} bytes", text.len()),
            format!("at most {LONGEST} are taken: let patterns stand for several versions"),
        ));
    }
    let table: ImageTable =
        toml::from_str(text).map_err(|error| of_toml(text, &error, OPERATORS))?;
    let count = table.image.len() + table.service.len();
    if count > MOST_ROWS {
        return Err(TableError::new(
            1,
            format!("the table has {count} rows"),
            format!("at most {MOST_ROWS} are taken: let patterns stand for several versions"),
        ));
    }
    rows(text)?;
    Ok(table)
}

const OPERATORS: &str = "the table has [[image]] and [[service]] rows alone; what may be pulled, and how, is said by each worker's owner";

/// Looks at the rows in a text that may hold other keys, too, such as an owner's `images.toml`.
///
/// # Errors
/// The first thing that is wrong, with its line and what to do.
pub fn rows(text: &str) -> Result<(), TableError> {
    let rows: Rows = toml::from_str(text)
        .map_err(|error| of_toml(text, &error, "docs/containers.md says what a row may hold"))?;
    for row in &rows.image {
        image(row.get_ref()).map_err(|(what, remedy)| {
            TableError::new(line(text, row.span().start), what, remedy)
        })?;
    }
    for row in &rows.service {
        service(row.get_ref()).map_err(|(what, remedy)| {
            TableError::new(line(text, row.span().start), what, remedy)
        })?;
    }
    Ok(())
}

fn of_toml(text: &str, error: &toml::de::Error, remedy: &str) -> TableError {
    let at = error.span().map_or(0, |span| span.start);
    let what = error.message().replace('\n', ", ");
    TableError::new(line(text, at), what, remedy)
}

/// The line in which a byte is, from 1.
fn line(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// What is wrong, and what to do.
type Wrong = (String, String);

fn wrong<T>(what: impl Into<String>, remedy: impl Into<String>) -> Result<T, Wrong> {
    Err((what.into(), remedy.into()))
}

fn image(row: &ImageRow) -> Result<(), Wrong> {
    if row.language.is_some() == row.name.is_some() {
        return wrong(
            format!(
                "the row with the image {} needs either language or name",
                row.image
            ),
            "language = \"*\" is for jobs of every language, name for those that ask for it",
        );
    }
    if row.name.is_some() && (row.version.is_some() || row.default.is_some() || row.dist.is_some())
    {
        return wrong(
            "a row with a name has no version, default or dist",
            "leave them out, or write language in place of name",
        );
    }
    let pattern = row.version.as_deref();
    if pattern.is_some_and(|pattern| pattern.matches('*').count() > 1) {
        return wrong(
            format!(
                "the version {:?} has more than one star",
                pattern.unwrap_or_default()
            ),
            "write a row for each form of version, with one star",
        );
    }
    if row.default.is_some() && pattern.is_none() {
        return wrong(
            "default is the version of jobs that name none, and this row asks for no version",
            "add version = \"*\", or leave default out",
        );
    }
    if row.image.contains("{*}") && !pattern.is_some_and(|pattern| pattern.contains('*')) {
        return wrong(
            "{*} is what the star in version stands for, and there is none",
            "add version = \"*\", or write the version into image",
        );
    }
    if row.name.is_some() {
        return name(&row.image, &row.image, "");
    }
    let filled = ["{*}", "{version}", "{dist}"]
        .iter()
        .fold(row.image.clone(), |image, place| image.replace(place, "1"));
    name(&row.image, &filled, "{*}, {version} and {dist} are")
}

fn service(row: &ServiceRow) -> Result<(), Wrong> {
    let plain = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    if let Some(name) = [&row.name]
        .into_iter()
        .chain(&row.also)
        .find(|name| !plain(name))
    {
        return wrong(
            format!("the service's name {name:?} can't stand in .travis.yml"),
            "use letters, digits, '.', '-' and '_'",
        );
    }
    if row.port == 0 {
        return wrong(
            format!("the service {} listens on port 0", row.name),
            "name the port by which it is seen that it has begun",
        );
    }
    if row.image.contains("{version}") && row.version.is_empty() {
        return wrong(
            format!(
                "the service {} has no version for jobs that name none",
                row.name
            ),
            "add version",
        );
    }
    name(
        &row.image,
        &row.image.replace("{version}", "1"),
        "{version} is",
    )
}

fn name(written: &str, filled: &str, places: &str) -> Result<(), Wrong> {
    if reference::is_valid(filled) {
        return Ok(());
    }
    let remedy = "write it like docker.io/library/python:3.12 or registry.example.org:5000/team/python@sha256:…";
    match places {
        "" => wrong(format!("{written:?} is no name of an image"), remedy),
        places => wrong(
            format!("{written:?} is no name of an image"),
            format!("{remedy}; {places} filled in"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_is_fine() {
        examine(include_str!("images.toml")).unwrap();
        assert_eq!(examine("").unwrap(), ImageTable::default());
    }

    #[test]
    fn mistakes_have_a_line_and_a_remedy() {
        let good = "[[image]]\nlanguage = \"c\"\nimage = \"gcc:13\"\n\n";
        for (row, line, what) in [
            ("[[image]\n", 5, "unclosed"),
            (
                "[[image]]\nlangage = \"c\"\nimage = \"x\"\n",
                6,
                "unknown field `langage`",
            ),
            (
                "registries = [\"*\"]\n[[image]]\nname = \"a\"\nimage = \"a\"\n",
                5,
                "unknown field `registries`",
            ),
            ("[[image]]\nimage = \"x\"\n", 5, "either language or name"),
            ("[[image]]\nlanguage = \"c\"\n", 5, "missing field `image`"),
            (
                "[[image]]\nlanguage = \"c\"\nname = \"c\"\nimage = \"x\"\n",
                5,
                "either",
            ),
            (
                "[[image]]\nname = \"c\"\nversion = \"1\"\nimage = \"x\"\n",
                5,
                "no version",
            ),
            (
                "[[image]]\nlanguage = \"c\"\nversion = \"*.*\"\nimage = \"x\"\n",
                5,
                "one star",
            ),
            (
                "[[image]]\nlanguage = \"c\"\nimage = \"x:{*}\"\n",
                5,
                "star",
            ),
            (
                "[[image]]\nlanguage = \"c\"\ndefault = \"1\"\nimage = \"x\"\n",
                5,
                "default",
            ),
            (
                "[[image]]\nlanguage = \"c\"\nimage = \"X Y\"\n",
                5,
                "no name",
            ),
            (
                "[[image]]\nlanguage = \"c\"\nimage = \"x:{verson}\"\n",
                5,
                "no name",
            ),
            (
                "[[image]]\nname = \"c\"\nimage = \"x:{version}\"\n",
                5,
                "no name",
            ),
            (
                "[[image]]\nname = \"c\"\nimage = \"x@sha256:12\"\n",
                5,
                "no name",
            ),
            (
                "[[service]]\nname = \"a b\"\nimage = \"x\"\nport = 1\n",
                5,
                "name",
            ),
            (
                "[[service]]\nname = \"a\"\nimage = \"x\"\nport = 0\n",
                5,
                "port 0",
            ),
            (
                "[[service]]\nname = \"a\"\nimage = \"x:{version}\"\nport = 1\n",
                5,
                "version",
            ),
        ] {
            // Keys of the whole file stand before its rows.
            let (text, line) = if row.starts_with("registries") {
                (format!("{row}{good}"), 1)
            } else {
                (format!("{good}{row}"), line)
            };
            let error = examine(&text).unwrap_err();
            assert_eq!(error.line, line, "{row}: {error}");
            assert!(error.what.contains(what), "{row}: {error}");
            assert!(!error.remedy.is_empty() && !error.to_string().contains('\n'));
        }
        let long = "#".repeat(LONGEST + 1);
        assert!(examine(&long).unwrap_err().what.contains("bytes"));
        let many = "[[image]]\nname = \"c\"\nimage = \"x\"\n".repeat(MOST_ROWS + 1);
        assert!(examine(&many).unwrap_err().what.contains("rows"));
        // An owner's file has other keys, which are read elsewhere.
        assert_eq!(
            rows("offline = true\n[[image]]\nimage = \"x\"\n")
                .unwrap_err()
                .line,
            2
        );
    }

    #[test]
    fn a_digest_and_a_private_registry_are_fine() {
        let digest = "a".repeat(64);
        let text = format!(
            "[[image]]\nlanguage = \"python\"\nversion = \"3.*\"\nimage = \"registry.example.org:5000/py@sha256:{digest}\"\n"
        );
        let table = examine(&text).unwrap();
        let wish = crate::ImageWish {
            language: "python".to_owned(),
            version: Some("3.12".to_owned()),
            ..crate::ImageWish::default()
        };
        assert_eq!(
            table.image_for(&wish),
            Some(format!("registry.example.org:5000/py@sha256:{digest}"))
        );
    }
}
