//! `travis worker image fetch`: the image of jobs' virtual machines, from the server.

use super::super::download::{Source, forget_parts};
use crate::cli::worker::image::ImageFetch;
use crate::failure::{Failure, Status};
use crate::session::Session;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use travis_api::v3::Download;
use travis_worker::OwnerSettings;

/// The image that jobs get which name none.
const NAME: &str = "default";
/// What was fetched, beside it.
const RECORD: &str = "fetched.json";

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fetched {
    server: String,
    /// Files by name, with their SHA-256 in hex.
    files: BTreeMap<String, String>,
    directory: PathBuf,
}

pub async fn fetch(args: ImageFetch, session: &mut Session) -> Result<Status, Failure> {
    let data = super::data_of(args.place.data)?;
    let owner = OwnerSettings::read(&data.join(travis_worker::SETTINGS))
        .map_err(|error| Failure::new(Status::Config, error.to_string()))?;
    let server = args
        .from
        .or_else(|| owner.server.clone())
        .or_else(|| travis_worker::enrolled_with(&data))
        .ok_or_else(|| {
            Failure::usage("from which server?")
                .remedy("travis worker image fetch --from https://ci.example.org")
        })?;
    let ca = args.ca.or(owner.ca);
    let source = Source::new(&server, ca.as_deref())?;
    let list = source.list().await?;
    let wanted = files_of(&list).ok_or_else(|| none_there(source.server()))?;
    let images = crate::serve::vm_images(&data)
        .map_err(|error| Failure::new(Status::Config, format!("{error:#}")))?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&images)?;
    let home = images.join(NAME);
    let fetched = Fetched {
        server: source.server().to_owned(),
        files: wanted
            .iter()
            .map(|(name, file)| ((*name).to_owned(), file.sha256.to_lowercase()))
            .collect(),
        directory: home.clone(),
    };
    let is_new = !is_there(&home, &fetched);
    if is_new {
        let new = images.join(".fetching");
        DirBuilder::new().recursive(true).mode(0o700).create(&new)?;
        for (name, file) in &wanted {
            let to = new.join(name);
            let have =
                to.is_file() && super::super::download::sha256(&to)? == file.sha256.to_lowercase();
            if !have {
                source.fetch(file, &to, session).await?;
            }
        }
        forget_parts(&new);
        let record = serde_json::to_vec_pretty(&fetched).map_err(std::io::Error::other)?;
        fs::write(new.join(RECORD), record)?;
        put_in_place(&new, &home)?;
    }
    if session.is_json() {
        session.screen.json(&fetched)?;
    } else if is_new {
        session.screen.line(&format!(
            "The image for virtual machines is in {}. Jobs get it from now on; `travis worker --executor vm` runs all in machines of their own.",
            home.display()
        ))?;
    } else {
        session.screen.line(&format!(
            "The image of {} is here already, in {}.",
            fetched.server,
            home.display()
        ))?;
    }
    if images.join("disk.qcow2").is_file() || images.join("disk.raw").is_file() {
        session.screen.remark(&format!(
            "The image that lies in {} itself comes first: remove its files to use this one.",
            images.display()
        ))?;
    }
    Ok(Status::Passed)
}

/// The files of an image, by the names under which the executor looks for them.
fn files_of(list: &[Download]) -> Option<[(&'static str, &Download); 3]> {
    let disk = Source::pick(list, |file| file.kind == "disk")?;
    let kernel = Source::pick(list, |file| file.kind == "kernel")?;
    let initrd = |for_jobs: bool| {
        Source::pick(list, |file| {
            file.kind == "initrd" && file.name.contains("job") == for_jobs
        })
    };
    // The one made for jobs starts faster.
    let initrd = match initrd(true) {
        Some(file) => ("job-initrd.img", file),
        None => ("initrd.img", initrd(false)?),
    };
    Some([("disk.qcow2", disk), ("vmlinuz", kernel), initrd])
}

fn none_there(server: &str) -> Failure {
    Failure::new(
        Status::NotFound,
        format!("{server} offers no image for virtual machines"),
    )
    .remedy(
        "Its operator makes one with `make image` and puts disk.qcow2, vmlinuz and job-initrd.img into the server's directory `downloads`; or make it yourself and put them into images/vm of the worker's data directory.",
    )
}

/// Whether this was fetched before and is still whole, as far as its names say.
fn is_there(home: &Path, fetched: &Fetched) -> bool {
    let before = fs::read(home.join(RECORD))
        .ok()
        .and_then(|text| serde_json::from_slice::<Fetched>(&text).ok());
    before.is_some_and(|before| before.files == fetched.files)
        && fetched.files.keys().all(|name| home.join(name).is_file())
}

/// Puts a directory in place of another at once: whoever looks finds one or the other, whole.
/// Machines that run keep the files that they have open.
fn put_in_place(new: &Path, home: &Path) -> Result<(), Failure> {
    if home.exists() {
        renameat_with(CWD, new, CWD, home, RenameFlags::EXCHANGE).map_err(std::io::Error::from)?;
        fs::remove_dir_all(new)?;
    } else {
        fs::rename(new, home)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(name: &str, kind: &str, arch: Option<&str>) -> Download {
        Download {
            name: name.to_owned(),
            kind: kind.to_owned(),
            os: None,
            arch: arch.map(str::to_owned),
            size: 1,
            sha256: "a".repeat(64),
            path: format!("/download/{name}"),
        }
    }

    #[test]
    fn an_image_is_whole_or_not_offered() {
        let mut list = vec![
            offered("disk-arm64.qcow2", "disk", Some("arm64")),
            offered("disk.qcow2", "disk", None),
            offered("vmlinuz", "kernel", None),
        ];
        assert!(files_of(&list).is_none());
        list.push(offered("initrd.img", "initrd", None));
        let names = |list: &[Download]| {
            files_of(list).map(|files| files.map(|(name, file)| (name, file.name.clone())))
        };
        assert_eq!(
            names(&list).unwrap()[2],
            ("initrd.img", "initrd.img".to_owned())
        );
        list.push(offered("job-initrd.img", "initrd", None));
        let found = names(&list).unwrap();
        assert_eq!(found[0].1, "disk.qcow2", "of this processor");
        assert_eq!(found[2], ("job-initrd.img", "job-initrd.img".to_owned()));
    }

    #[test]
    fn one_image_takes_the_place_of_another_at_once() {
        let place = tempfile::tempdir().unwrap();
        let (new, home) = (place.path().join("new"), place.path().join("default"));
        for text in ["1", "2"] {
            fs::create_dir(&new).unwrap();
            fs::write(new.join("disk.qcow2"), text).unwrap();
            put_in_place(&new, &home).unwrap();
            assert_eq!(fs::read_to_string(home.join("disk.qcow2")).unwrap(), text);
            assert!(!new.exists());
        }
    }
}
