use std::fs;
use std::io::Write as _;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::*;
use crate::ImageWish;

/// One entry of an archive.
enum Is<'a> {
    Dir,
    File(&'a [u8]),
    Link(&'a str),
    Hard(&'a str),
    Device,
}

/// Writes an archive with paths exactly as given, which the library itself refuses to.
fn archive(entries: &[(&str, Is<'_>)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, is) in entries {
        let mut header = Header::new_gnu();
        let (kind, content, link): (_, &[u8], _) = match is {
            Is::Dir => (EntryType::Directory, &[], ""),
            Is::File(content) => (EntryType::Regular, content, ""),
            Is::Link(target) => (EntryType::Symlink, &[], *target),
            Is::Hard(target) => (EntryType::Link, &[], *target),
            Is::Device => (EntryType::Char, &[], ""),
        };
        header.set_entry_type(kind);
        header.set_mode(0o6755);
        header.set_size(content.len() as u64);
        let raw = header.as_old_mut();
        raw.name[..path.len()].copy_from_slice(path.as_bytes());
        raw.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

struct Bench {
    place: tempfile::TempDir,
    images: Images,
}

impl Bench {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let images = Images::new(place.path().join("images"));
        Self { place, images }
    }

    fn add(&self, bytes: &[u8]) -> Result<Image, ImageError> {
        self.add_within(bytes, Bounds::default())
    }

    fn add_within(&self, bytes: &[u8], bounds: Bounds) -> Result<Image, ImageError> {
        let file = self.place.path().join("archive");
        fs::write(&file, bytes).unwrap();
        self.images.add("one", &file, Labels::default(), bounds)
    }

    /// Nothing of a refused image stays, and nothing lies where it does not belong.
    fn is_clean(&self) {
        let names: Vec<_> = fs::read_dir(self.place.path()).unwrap().flatten().collect();
        assert!(names.len() <= 2, "{names:?}");
        assert_eq!(
            fs::read_dir(self.place.path().join("images"))
                .unwrap()
                .count(),
            0
        );
    }
}

fn bash() -> Vec<(&'static str, Is<'static>)> {
    vec![
        ("usr/", Is::Dir),
        ("usr/bin/bash", Is::File(b"#!")),
        ("bin", Is::Link("usr/bin")),
    ]
}

#[test]
fn an_image_is_added_found_and_removed() {
    let bench = Bench::new();
    let mut entries = bash();
    entries.push((
        "etc/passwd",
        Is::File(b"root:x:0:0::/:/bin/sh\npostgres:x:101:101::/:/bin/sh\n"),
    ));
    entries.push(("etc/resolv.conf", Is::Link("../../../../../etc/passwd")));
    entries.push(("dev/null", Is::Device));
    let image = bench.add(&archive(&entries)).unwrap();
    assert!(image.digest.starts_with("sha256:"));
    let passwd = fs::read_to_string(image.root.join("etc/passwd")).unwrap();
    assert!(
        passwd.contains("travis:x:1000") && passwd.contains("postgres"),
        "{passwd}"
    );
    assert_eq!(passwd.matches("root:x").count(), 1);
    assert_eq!(
        fs::read_to_string(image.root.join("etc/resolv.conf")).unwrap(),
        ""
    );
    assert!(!image.root.join("dev/null").exists());
    assert!(image.root.join("home/travis").is_dir());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(image.root.join("usr/bin/bash"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o7777, 0o755, "no bit that gives other rights");
    assert!(matches!(
        bench.add(&archive(&bash())),
        Err(ImageError::Exists(_))
    ));
    assert_eq!(bench.images.list(), [image]);
    bench.images.remove("one").unwrap();
    assert!(matches!(
        bench.images.find("one"),
        Err(ImageError::Unknown(_))
    ));
    bench.is_clean();
}

#[test]
fn what_no_honest_archive_has_is_refused() {
    let long = "x".repeat(99);
    for (path, is) in [
        ("../out", Is::File(b"x")),
        ("a/../../out", Is::File(b"x")),
        ("/etc/out", Is::File(b"x")),
        ("usr/bin/bash", Is::File(b"twice")),
        ("hard", Is::Hard("../../../../etc/passwd")),
        ("hard", Is::Hard("missing")),
        ("hard", Is::Hard("hard")),
        ("usr/bin/bash/x", Is::File(b"below a file")),
        (long.as_str(), Is::Link("")),
    ] {
        let bench = Bench::new();
        let mut entries = bash();
        entries.push((path, is));
        let done = bench.add(&archive(&entries));
        assert!(done.is_err(), "{path}");
        bench.is_clean();
    }
    let bench = Bench::new();
    assert!(matches!(
        bench.add(&archive(&[])),
        Err(ImageError::Lacks(_))
    ));
    let text = b"no archive at all, but text that is long enough for one block";
    assert!(bench.add(text).is_err());
    assert!(matches!(
        bench.images.add(
            "../x",
            Path::new("/x"),
            Labels::default(),
            Bounds::default()
        ),
        Err(ImageError::Name(_))
    ));
}

#[test]
fn links_lead_nowhere_but_inside() {
    let bench = Bench::new();
    let outside = bench.place.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let target = outside.display().to_string();
    let mut entries = bash();
    entries.push(("way", Is::Link(&target)));
    entries.push(("way/file", Is::File(b"x")));
    entries.push(("up", Is::Link("../../../../..")));
    entries.push(("up/file", Is::File(b"x")));
    entries.push(("loop", Is::Link("loop")));
    let image = bench.add(&archive(&entries)).unwrap();
    assert_eq!(
        fs::read_dir(&outside).unwrap().count(),
        0,
        "nothing got out"
    );
    assert!(image.root.join("file").is_file(), "up is the root");
    let inside = image.root.join(target.trim_start_matches('/'));
    assert!(inside.join("file").is_file());
    // A loop is no way.
    let bench = Bench::new();
    let mut entries = bash();
    entries.push(("loop", Is::Link("loop")));
    entries.push(("loop/file", Is::File(b"x")));
    assert!(bench.add(&archive(&entries)).is_err());
}

#[test]
fn a_bomb_is_bounded() {
    let bench = Bench::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut entries = bash();
    let big = vec![0; 20 << 20];
    entries.push(("big", Is::File(&big)));
    packed.write_all(&archive(&entries)).unwrap();
    let packed = packed.finish().unwrap();
    let bounds = Bounds {
        bytes: 1 << 20,
        ..Bounds::default()
    };
    assert!(matches!(
        bench.add_within(&packed, bounds),
        Err(ImageError::TooMuch(_))
    ));
    bench.is_clean();
    let few = Bounds {
        entries: 2,
        ..Bounds::default()
    };
    assert!(matches!(
        bench.add_within(&packed, few),
        Err(ImageError::TooMuch(_))
    ));
    assert!(bench.add(&packed).is_ok());
    let bench = Bench::new();
    assert!(
        bench
            .add(&zstd::encode_all(&archive(&bash())[..], 3).unwrap())
            .is_ok()
    );
}

/// A layout of two layers, the second of which takes away.
fn layout(place: &Path) {
    let blobs = place.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let blob = |bytes: &[u8]| {
        let file = place.join("blob");
        fs::write(&file, bytes).unwrap();
        let digest = oci::digest_of(&file).unwrap();
        fs::rename(&file, blobs.join(&digest[7..])).unwrap();
        digest
    };
    let mut entries = bash();
    entries.push(("gone", Is::File(b"x")));
    entries.push(("emptied/old", Is::File(b"x")));
    let first = blob(&archive(&entries));
    let second = blob(&archive(&[
        (".wh.gone", Is::File(b"")),
        ("emptied/new", Is::File(b"x")),
        ("emptied/.wh..wh..opq", Is::File(b"")),
    ]));
    let config = blob(br#"{"config":{"Env":["PATH=/usr/local/x:/usr/bin","HOME=/root"]}}"#);
    let part = |digest: &str| format!(r#"{{"mediaType":"x","digest":"{digest}","size":1}}"#);
    let manifest = format!(
        r#"{{"config":{},"layers":[{},{}]}}"#,
        part(&config),
        part(&first),
        part(&second)
    );
    let manifest = blob(manifest.as_bytes());
    fs::write(
        place.join("index.json"),
        format!(r#"{{"manifests":[{}]}}"#, part(&manifest)),
    )
    .unwrap();
    fs::write(place.join("oci-layout"), "{}").unwrap();
}

#[test]
fn an_image_in_layers_as_directory_and_as_archive() {
    let bench = Bench::new();
    let place = bench.place.path().join("layout");
    layout(&place);
    let image = bench
        .images
        .add("dir", &place, Labels::default(), Bounds::default())
        .unwrap();
    let has = |path: &str| image.root.join(path).exists();
    assert!(has("bin/bash") && !has("gone") && has("emptied/new") && !has("emptied/old"));
    assert!(!has(".wh.gone"));
    assert_eq!(image.environment["PATH"], "/usr/local/x:/usr/bin");

    let mut packed = Builder::new(Vec::new());
    packed.append_dir_all(".", &place).unwrap();
    let same = bench.add(&packed.into_inner().unwrap()).unwrap();
    assert_eq!(same.digest, image.digest);

    // One bit of a layer.
    let blobs = fs::read_dir(place.join("blobs/sha256")).unwrap().flatten();
    let largest = blobs
        .max_by_key(|blob| blob.metadata().unwrap().len())
        .unwrap()
        .path();
    let mut bytes = fs::read(&largest).unwrap();
    bytes[700] ^= 1;
    fs::write(&largest, bytes).unwrap();
    let refused = bench
        .images
        .add("x", &place, Labels::default(), Bounds::default());
    assert!(
        matches!(refused, Err(ImageError::Digest { .. })),
        "{refused:?}"
    );
}

#[test]
fn the_best_fit_is_chosen_and_a_name_is_meant() {
    let bench = Bench::new();
    let file = bench.place.path().join("archive");
    fs::write(&file, archive(&bash())).unwrap();
    for (name, version) in [("r9", Some("1.9")), ("r93", Some("1.93")), ("r", None)] {
        let labels = Labels {
            language: Some("rust".to_owned()),
            version: version.map(str::to_owned),
            dist: None,
        };
        bench
            .images
            .add(name, &file, labels, Bounds::default())
            .unwrap();
    }
    bench
        .images
        .add("plain", &file, Labels::default(), Bounds::default())
        .unwrap();
    let choose = |name: Option<&str>, language: &str, version: Option<&str>| {
        let wish = ImageWish {
            name: name.map(str::to_owned),
            language: language.to_owned(),
            version: version.map(str::to_owned),
            dist: Some("noble".to_owned()),
        };
        bench
            .images
            .choose(&wish)
            .map(|image| image.map(|image| image.name))
    };
    assert_eq!(
        choose(None, "rust", Some("1.93.1")).unwrap().as_deref(),
        Some("r93")
    );
    assert_eq!(
        choose(None, "rust", Some("1.9")).unwrap().as_deref(),
        Some("r9")
    );
    assert_eq!(
        choose(None, "rust", Some("2")).unwrap().as_deref(),
        Some("r")
    );
    assert_eq!(choose(None, "rust", None).unwrap().as_deref(), Some("r"));
    assert_eq!(choose(None, "ruby", None).unwrap(), None);
    assert_eq!(
        choose(Some("plain"), "ruby", None).unwrap().as_deref(),
        Some("plain")
    );
    assert!(choose(Some("other"), "ruby", None).is_err());
}
