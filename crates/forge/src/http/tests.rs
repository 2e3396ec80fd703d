use super::address::{number, query, repository_path, segment};

#[test]
fn names_are_escaped() {
    assert_eq!(segment("a b/ä"), "a%20b%2F%C3%A4");
    assert_eq!(repository_path("ada/hello").unwrap(), "ada/hello");
    assert!(repository_path("ada/..").is_err());
    assert!(repository_path("ada").is_err());
    assert!(number("number", "12/3").is_err());
    assert_eq!(query(&[("a", "1 2"), ("b", "&")]), "a=1%202&b=%26");
}
