use super::*;

fn pair() -> KeyPair {
    generate(KeyLength::Bits2048).unwrap()
}

#[test]
fn what_is_encrypted_can_be_read_with_its_own_key_only() {
    let (own, other) = (pair(), pair());
    let cipher = encrypt(&pem(&own.public), "TOKEN=hush-hush").unwrap();
    let again = encrypt(&pem(&own.public), "TOKEN=hush-hush").unwrap();
    assert_ne!(cipher, again, "equal values must not look equal");
    let opener = Opener::new(&own.private).unwrap();
    assert_eq!(opener.open(&cipher).unwrap().reveal(), "TOKEN=hush-hush");
    let folded = format!("{}\n  {}", &cipher[..70], &cipher[70..]);
    assert_eq!(opener.open(&folded).unwrap().reveal(), "TOKEN=hush-hush");
    assert!(Opener::new(&other.private).unwrap().open(&cipher).is_none());
    for broken in ["", "x", "AAAA", "\u{fc}", &cipher[4..]] {
        assert!(opener.open(broken).is_none(), "{broken}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_length() {
    let pem = pem(&pair().public);
    assert!(encrypt(&pem, &"x".repeat(245)).is_ok());
    assert_eq!(
        encrypt(&pem, &"x".repeat(246)),
        Err(KeyError::TooLong {
            length: 246,
            most: 245
        })
    );
    assert_eq!(encrypt("no key", "x"), Err(KeyError::NoKey));
}

#[test]
fn keys_are_shown_as_other_tools_show_them() {
    let pair = pair();
    let text = pem(&pair.public);
    assert!(text.lines().all(|line| line.len() <= 64), "{text}");
    assert_eq!(from_pem(&text).unwrap(), pair.public);
    let print = fingerprint(&pair.public);
    assert!(
        print.starts_with("SHA256:") && print.len() == 7 + 32 * 3 - 1,
        "{print}"
    );
}
