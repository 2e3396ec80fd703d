use super::*;

fn read(words: &[&str]) -> Result<(Option<String>, What), String> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Target::read(&words)
        .map(|target| (target.slug.map(|slug| slug.to_string()), target.what))
        .map_err(|failure| failure.message)
}

#[test]
fn ways_to_name_a_thing() {
    let slug = Some("acme/rocket".to_owned());
    let build = What::Build("12".to_owned());
    let job = What::Job("12.2".to_owned());
    for (words, expected) in [
        (&[][..], (None, What::Current)),
        (&["acme/rocket"], (slug.clone(), What::Current)),
        (&["acme/rocket#12"], (slug.clone(), build.clone())),
        (&["acme/rocket", "12"], (slug.clone(), build.clone())),
        (&["#12"], (None, build)),
        (&["acme/rocket#12.2"], (slug.clone(), job.clone())),
        (&["12.2", "acme/rocket"], (slug, job.clone())),
        (&["12.2"], (None, job)),
    ] {
        assert_eq!(read(words), Ok(expected), "{words:?}");
    }
    for words in [
        &["a/b", "c/d"][..],
        &["12", "13"],
        &["a/b#12", "3"],
        &["12."],
        &["x"],
        &["a/b/c"],
    ] {
        assert!(read(words).is_err(), "{words:?} was taken");
    }
}

#[test]
fn clone_urls_of_one_repository() {
    for url in [
        "https://example.org/acme/rocket.git",
        "https://ada@Example.org/acme/rocket/",
        "ssh://git@example.org/acme/rocket.git",
        "git@example.org:acme/rocket.git",
    ] {
        assert_eq!(url_key(url), "example.org/acme/rocket");
    }
    assert_eq!(
        url_key("/srv/git/rocket.git"),
        url_key("file:///srv/git/rocket")
    );
    assert_ne!(
        url_key("https://example.org/acme/Rocket"),
        url_key("https://example.org/acme/rocket")
    );
}
