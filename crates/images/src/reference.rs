//! Names of images: `[host[:port]/]path[:tag][@sha256:digest]`.

/// The registry of names without a host.
const USUAL_HOST: &str = "docker.io";

/// Whether an engine would take this for the name of an image. Nothing else ever gets onto an
/// engine's command line as one.
#[must_use]
pub fn is_valid(name: &str) -> bool {
    let (rest, digest) = match name.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (name, None),
    };
    let digest_fits = digest.is_none_or(|digest| {
        digest
            .strip_prefix("sha256:")
            .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    let (path, tag) = split_tag(rest);
    let tag_fits = tag.is_none_or(|tag| {
        tag.len() <= 128
            && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && tag
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
    });
    let (host, path) = split_host(path);
    let host_fits = host.is_none_or(|host| {
        let (host, port) = host.split_once(':').unwrap_or((host, "0"));
        host.starts_with(|c: char| c.is_ascii_alphanumeric())
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
            && !port.is_empty()
            && port.bytes().all(|b| b.is_ascii_digit())
    });
    let part_fits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && part.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && !part.contains("..")
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b))
    };
    name.len() <= 512 && digest_fits && tag_fits && host_fits && path.split('/').all(part_fits)
}

/// The name with its host and tag written out, so that one image has one name.
#[must_use]
pub fn whole(name: &str) -> String {
    let (rest, digest) = match name.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (name, None),
    };
    let (path, tag) = split_tag(rest);
    let mut whole = match split_host(path) {
        (Some(host), path) => format!("{host}/{path}"),
        (None, path) if path.contains('/') => format!("{USUAL_HOST}/{path}"),
        (None, path) => format!("{USUAL_HOST}/library/{path}"),
    };
    match (tag, digest) {
        (_, Some(digest)) => whole.extend(["@", digest]),
        (tag, None) => whole.extend([":", tag.unwrap_or("latest")]),
    }
    whole
}

/// Whether an image is of one of the registries that an owner allows: `docker.io/library`,
/// `ghcr.io`, `registry.example.org:5000/team`. `*` allows all.
#[must_use]
pub fn is_allowed(whole: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|one| {
        let one = one.trim_end_matches('/');
        // After a host alone a colon begins a port: another registry.
        let ends: &[char] = if one.contains('/') {
            &['/', ':', '@']
        } else {
            &['/']
        };
        one == "*"
            || whole
                .strip_prefix(one)
                .is_some_and(|rest| rest.starts_with(ends))
    })
}

/// Registry and path up to the image's own name, for the list of what is allowed.
#[must_use]
pub fn home(whole: &str) -> &str {
    whole.rsplit_once('/').map_or(whole, |(home, _)| home)
}

/// The registry of a name that is written out, with its port.
#[must_use]
pub fn host(whole: &str) -> &str {
    whole.split_once('/').map_or(whole, |(host, _)| host)
}

fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    }
}

/// The first part is a host when it looks like one: a dot, a port, `localhost`.
fn split_host(path: &str) -> (Option<&str>, &str) {
    match path.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
            (Some(first), rest)
        }
        _ => (None, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_out() {
        for (name, expected) in [
            ("python", "docker.io/library/python:latest"),
            ("python:3", "docker.io/library/python:3"),
            ("cimg/php:8.2", "docker.io/cimg/php:8.2"),
            ("localhost/x", "localhost/x:latest"),
            ("ghcr.io/a/b/c:1", "ghcr.io/a/b/c:1"),
            ("host:5000/x", "host:5000/x:latest"),
        ] {
            assert!(is_valid(name), "{name}");
            assert_eq!(whole(name), expected);
        }
        let digest = format!("python:3@sha256:{}", "a".repeat(64));
        assert!(
            is_valid(&digest) && whole(&digest).ends_with("aaa") && !whole(&digest).contains(":3")
        );
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in [
            "",
            "-v",
            "--privileged",
            "a b",
            "A",
            "a/../b",
            "/a",
            "a/",
            "a:",
            "a:-x",
            "a@sha256:1",
            "oci-archive:/etc/passwd",
            "dir:/tmp",
            "a:b/c:d",
            "a\nb",
            "x:y:z",
        ] {
            assert!(!is_valid(name), "{name:?}");
        }
    }

    #[test]
    fn registries_are_allowed_by_whole_parts() {
        let allowed = ["docker.io/library".to_owned(), "ghcr.io/".to_owned()];
        assert!(is_allowed("docker.io/library/python:3", &allowed));
        assert!(is_allowed("ghcr.io/a/b:1", &allowed));
        assert!(!is_allowed("docker.io/libraryx/python:3", &allowed));
        assert!(!is_allowed("docker.io/someone/python:3", &allowed));
        assert!(!is_allowed("ghcr.io.evil.example/a:1", &allowed));
        assert!(is_allowed("evil.example/a:1", &["*".to_owned()]));
        assert_eq!(home("docker.io/library/python:3"), "docker.io/library");
    }
}
