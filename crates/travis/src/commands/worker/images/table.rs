//! `travis worker image table`: which image a job or a service runs in on this worker, and whose
//! word that is.

use crate::cli::worker::image::ImageTableArgs;
use crate::failure::{Failure, Status};
use crate::output::plain;
use crate::output::table::{Cell, Table};
use crate::session::Session;
use serde::Serialize;
use travis_sandbox::{ImageRow, ImageSettings, ImageTable, ImageWish, ServiceRow};

/// Whose row it is, in the order in which they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Whose {
    Owner,
    Operator,
    Program,
}

impl Whose {
    const ALL: [Self; 3] = [Self::Owner, Self::Operator, Self::Program];

    fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Operator => "operator",
            Self::Program => "program",
        }
    }
}

#[derive(Serialize)]
struct Row<T> {
    from: Whose,
    #[serde(flatten)]
    row: T,
}

/// The table as one object.
#[derive(Serialize)]
struct Whole {
    /// The image of the job that was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Answer>,
    image: Vec<Row<ImageRow>>,
    service: Vec<Row<ServiceRow>>,
}

/// Which image a job gets.
#[derive(Serialize)]
struct Answer {
    image: Option<String>,
    from: Option<Whose>,
}

pub fn table(args: ImageTableArgs, session: &mut Session) -> Result<Status, Failure> {
    let wrong = |error: String| {
        Failure::new(Status::Config, error)
            .remedy("Mend the file; docs/containers.md says what it may hold.")
    };
    let data = super::data_of(args.place.data)?;
    let owner = ImageSettings::read(&data)
        .map_err(wrong)?
        .unwrap_or_default();
    let path = data.join(travis_worker::OPERATORS_IMAGES);
    let operator = match std::fs::read_to_string(&path) {
        Ok(text) => ImageTable::parse(&text)
            .map_err(|error| wrong(format!("{}: {error}", path.display())))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => ImageTable::default(),
        Err(error) => return Err(error.into()),
    };
    let parts = [owner.own_rows(), operator, ImageTable::built_in()];
    let asks = args.language.is_some() || args.image.is_some();
    let job = asks.then(|| ImageWish {
        name: args.image,
        language: args.language.unwrap_or_default(),
        version: args.version,
        dist: args.dist,
    });
    let answer = job.map(|wish| answer(&parts, &wish));
    if session.is_json() {
        let mut whole = Whole {
            job: answer,
            image: Vec::new(),
            service: Vec::new(),
        };
        for (from, part) in Whose::ALL.into_iter().zip(parts) {
            whole
                .image
                .extend(part.image.into_iter().map(|row| Row { from, row }));
            whole
                .service
                .extend(part.service.into_iter().map(|row| Row { from, row }));
        }
        session.screen.json(&whole)?;
        return Ok(Status::Passed);
    }
    if let Some(answer) = answer {
        let text = match (&answer.image, answer.from) {
            (Some(image), Some(from)) => format!("{image} ({})", from.word()),
            (Some(image), None) => image.clone(),
            (None, _) => "no row has an image for it".to_owned(),
        };
        session.screen.line(&plain(&text))?;
        return Ok(Status::Passed);
    }
    show(&parts, session)
}

/// The image of a job, and whose row names it.
fn answer(parts: &[ImageTable; 3], wish: &ImageWish) -> Answer {
    let mut found = Whose::ALL
        .into_iter()
        .zip(parts)
        .filter_map(|(from, part)| {
            let image = part.image_for(wish)?;
            Some((from, image))
        });
    let (from, image) = found.next().unzip();
    // A whole name needs no row.
    let named = wish
        .name
        .as_deref()
        .is_some_and(|name| name.contains(['/', ':', '@']));
    Answer {
        image,
        from: from.filter(|_| !named),
    }
}

fn show(parts: &[ImageTable; 3], session: &mut Session) -> Result<Status, Failure> {
    let cell = |text: &Option<String>| Cell::new(text.as_deref().unwrap_or_default());
    let mut images = Table::with_head(&["FROM", "JOBS", "VERSION", "DEFAULT", "DIST", "IMAGE"]);
    let mut services = Table::with_head(&["FROM", "SERVICE", "VERSION", "IMAGE"]);
    for (from, part) in Whose::ALL.into_iter().zip(parts) {
        for row in &part.image {
            let jobs = match (&row.language, &row.name) {
                (Some(language), _) => language.clone(),
                (None, name) => format!("image {}", name.as_deref().unwrap_or_default()),
            };
            images.row(vec![
                Cell::new(from.word()),
                Cell::new(&jobs),
                cell(&row.version),
                cell(&row.default),
                cell(&row.dist),
                Cell::new(&row.image),
            ]);
        }
        for row in &part.service {
            let names: Vec<String> = std::iter::once(&row.name)
                .chain(&row.also)
                .cloned()
                .collect();
            services.row(vec![
                Cell::new(from.word()),
                Cell::new(&names.join(", ")),
                Cell::new(&row.version),
                Cell::new(&row.image),
            ]);
        }
    }
    images.print(&mut session.screen)?;
    session.screen.line("")?;
    services.print(&mut session.screen)?;
    session.screen.remark(
        "The first row that fits counts. Yours are in images.toml of the worker's data directory; the operator's come from the server.",
    )?;
    Ok(Status::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_is_the_owners() {
        let row = |text: &str| ImageTable::parse(text).unwrap();
        let parts = [
            row("[[image]]\nlanguage = \"ruby\"\nimage = \"registry.lan/ruby:2\"\n"),
            row("[[image]]\nlanguage = \"*\"\nversion = \"9\"\nimage = \"ghcr.io/ops/nine:9\"\n"),
            ImageTable::built_in(),
        ];
        for (language, version, image, from) in [
            ("ruby", Some("9"), "registry.lan/ruby:2", Whose::Owner),
            ("python", Some("9"), "ghcr.io/ops/nine:9", Whose::Operator),
            (
                "python",
                Some("3.12"),
                "docker.io/library/python:3.12",
                Whose::Program,
            ),
        ] {
            let wish = ImageWish {
                language: language.to_owned(),
                version: version.map(str::to_owned),
                ..ImageWish::default()
            };
            let found = answer(&parts, &wish);
            assert_eq!(
                (found.image.as_deref(), found.from),
                (Some(image), Some(from))
            );
        }
    }
}
