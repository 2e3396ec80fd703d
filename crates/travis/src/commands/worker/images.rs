//! `travis worker image …`: what jobs run in: root file systems by name for jobs in namespaces,
//! tables of images for containers, the image of virtual machines.

mod fetch;
mod table;

use crate::cli::worker::image::{ImageAction, ImageAdd};
use crate::failure::{Failure, Status};
use crate::session::Session;
use std::path::PathBuf;
use travis_sandbox::images::{Bounds, ImageError, Images, Labels};

/// Does what stands after `travis worker image`.
pub async fn run(action: ImageAction, session: &mut Session) -> Result<Status, Failure> {
    match action {
        ImageAction::Add(add) => self::add(add, session),
        ImageAction::Fetch(args) => fetch::fetch(args, session).await,
        ImageAction::Table(args) => table::table(args, session),
        ImageAction::List(place) => {
            let images = images(place.data)?.list();
            if session.is_json() {
                session.screen.json(&images)?;
                return Ok(Status::Passed);
            }
            for image in images {
                let labels = image.labels;
                let words = [labels.language, labels.version, labels.dist];
                let words: Vec<String> = words.into_iter().flatten().collect();
                let line = format!("{}  {}  {}", image.name, image.digest, words.join(" "));
                session.screen.line(line.trim_end())?;
            }
            Ok(Status::Passed)
        }
        ImageAction::Remove(remove) => {
            images(remove.place.data)?
                .remove(&remove.name)
                .map_err(failure)?;
            session.screen.line(&format!("{} is gone.", remove.name))?;
            Ok(Status::Passed)
        }
    }
}

fn add(add: ImageAdd, session: &mut Session) -> Result<Status, Failure> {
    let labels = Labels {
        language: add.language,
        version: add.version,
        dist: add.dist,
    };
    let bounds = Bounds {
        bytes: add.most_gigabytes << 30,
        ..Bounds::default()
    };
    let images = images(add.place.data)?;
    let image = images
        .add(&add.name, &add.source, labels, bounds)
        .map_err(failure)?;
    if session.is_json() {
        session.screen.json(&image)?;
    } else {
        session
            .screen
            .line(&format!("{} is there ({}).", image.name, image.digest))?;
        session.screen.line(
            "Jobs can have it now; a worker that runs says so with its next word to the server.",
        )?;
    }
    Ok(Status::Passed)
}

/// The images of the worker that is meant.
fn images(data: Option<PathBuf>) -> Result<Images, Failure> {
    Ok(Images::new(crate::serve::images_of(&data_of(data)?)))
}

/// The data directory of the worker that is meant.
fn data_of(data: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match data {
        Some(data) => Ok(data),
        None => crate::serve::worker_data().map_err(|error| {
            Failure::usage(format!("{error:#}")).remedy("Say where the worker is with --data DIR")
        }),
    }
}

fn failure(error: ImageError) -> Failure {
    let status = match error {
        ImageError::Unknown(_) => Status::NotFound,
        ImageError::File { .. } => Status::Server,
        _ => Status::Usage,
    };
    Failure::new(status, error.to_string())
}
