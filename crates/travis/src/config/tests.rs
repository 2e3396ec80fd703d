use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn message(text: &str) -> String {
    let (_folder, path) = file(text);
    let error = find(None, None, Some(&path)).err().unwrap().to_string();
    error.replace(path.to_str().unwrap(), "FILE")
}

#[test]
fn mistakes_are_named_with_their_line() {
    insta::assert_snapshot!(
        [
            message("[default]\nendpoint = \"http://a\"\n\ntokn = \"x\"\n"),
            message("[default]\nendpoint = \"http://a\"\n[other]\n"),
            message("[default]\ntoken = \"x\"\n"),
            message("[default]\nendpoint = http://a\n"),
            message("[default]\nendpoint = \"ftp://a\"\n"),
            message("[default]\nendpoint = \"http://me:secret@a\"\n"),
        ]
        .join("\n")
    );
}

#[test]
fn what_is_written_is_read_and_is_the_owners_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("travis/config.toml");
    write_to(&path, "http://127.0.0.1:8080/", "one").unwrap();
    write_to(&path, "http://127.0.0.1:8080/", "two").unwrap();
    let server = find(None, None, Some(&path)).unwrap();
    assert_eq!(server.endpoint, "http://127.0.0.1:8080");
    assert_eq!(server.token.as_deref(), Some("two"));
    assert!(!is_exposed(&path));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn the_environment_comes_first_and_the_files_token_stays_with_its_server() {
    let (_folder, path) = file("[default]\nendpoint = \"http://a\"\ntoken = \"x\"\n");
    let token = |endpoint, token| find(endpoint, token, Some(&path)).unwrap().token;
    assert_eq!(token(None, None).as_deref(), Some("x"));
    assert_eq!(token(None, Some("y")).as_deref(), Some("y"));
    assert_eq!(token(Some("http://a/"), None).as_deref(), Some("x"));
    assert_eq!(token(Some("http://evil"), None), None);
    assert_eq!(token(Some("http://b"), Some("y")).as_deref(), Some("y"));
}
