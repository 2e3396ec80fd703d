use super::*;
use proptest::prelude::*;

fn is_fit(host: &str) -> bool {
    host == "crates.io"
}

/// Hears this in pieces of a length; what passes.
fn hear(bytes: &[u8], piece: usize) -> Result<Vec<u8>, Unfit> {
    let mut greeting = Greeting::default();
    let mut passing = BytesMut::new();
    for part in bytes.chunks(piece) {
        greeting.hear(part, &is_fit, &mut passing)?;
    }
    Ok(passing.to_vec())
}

fn everywhere(bytes: &[u8]) -> Result<Vec<u8>, Refused> {
    let whole = hear(bytes, bytes.len()).map_err(|unfit| unfit.reason);
    for piece in [1, 2, 3, 7, 100] {
        let pieces = hear(bytes, piece).map_err(|unfit| unfit.reason);
        assert_eq!(pieces, whole, "in pieces of {piece}");
    }
    whole
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    [&length.to_be_bytes(), bytes].concat()
}

/// An extension that names hosts.
fn names(hosts: &[&str]) -> (u16, Vec<u8>) {
    let list: Vec<u8> = hosts
        .iter()
        .flat_map(|host| [vec![0], with_length(host.as_bytes())].concat())
        .collect();
    (0, with_length(&list))
}

/// A first message in records of at most so many bytes.
fn hello(extensions: &[(u16, Vec<u8>)], record: usize) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0x13, 1, 1, 0]);
    let all: Vec<u8> = extensions
        .iter()
        .flat_map(|(kind, content)| [&kind.to_be_bytes()[..], &with_length(content)].concat())
        .collect();
    body.extend(with_length(&all));
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1], &length[1..], &body].concat();
    message
        .chunks(record)
        .flat_map(|part| [&[22, 3, 1][..], &with_length(part)].concat())
        .collect()
}

#[test]
fn a_server_name_decides_however_the_message_is_cut() {
    for record in [1, 50, 16_000] {
        let good = hello(&[(10, vec![0; 4]), names(&["Crates.io"])], record);
        let then = [&good[..], b"\x14\x03\x03 whatever follows"].concat();
        assert_eq!(everywhere(&good), Ok(good.clone()));
        // What follows in the same packet passes with it, whole records at least.
        assert_eq!(hear(&then, then.len()).unwrap(), then);
        let other = hello(&[names(&["evil.example"])], record);
        assert_eq!(everywhere(&other), Err(Refused::OtherHost));
    }
}

#[test]
fn what_hides_its_name_or_says_two_is_refused() {
    let name = || names(&["crates.io"]);
    for extensions in [
        vec![],
        vec![(10, vec![0; 4])],
        vec![name(), name()],
        vec![names(&["crates.io", "evil.example"])],
        vec![names(&[])],
        vec![names(&["crates.io:443"])],
        vec![names(&["crates.io\0.evil.example"])],
        vec![(0, vec![])],
        vec![(0, vec![0, 9, 0, 0, 9])],
    ] {
        let bytes = hello(&extensions, 16_000);
        assert_eq!(everywhere(&bytes), Err(Refused::Nameless), "{extensions:?}");
    }
    for hidden in [0xFE0D, 0xFFCE] {
        let bytes = hello(&[name(), (hidden, vec![0; 40])], 16_000);
        assert_eq!(everywhere(&bytes), Err(Refused::HiddenHost));
    }
    // Of SSL 2, of the record layer alone, longer than is held, and no greeting at all.
    for bytes in [
        &b"\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10"[..],
        b"\x16\x03\x01\0\0",
        b"\x16\x03\x01\0\x04\x01\xff\xff\xff",
        b"\x16\x03\x01\0\x04\x02\0\0\0",
        b"\x17\x03\x03\0\x04abcd",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"hello",
    ] {
        assert_eq!(everywhere(bytes), Err(Refused::Nameless), "{bytes:?}");
    }
    let mut greeting = Greeting::default();
    let endless = hello(&[names(&["crates.io"]), (21, vec![0; 40_000])], 16_000);
    let heard = greeting.hear(&endless, &is_fit, &mut BytesMut::new());
    assert_eq!(heard.unwrap_err().reason, Refused::Nameless);
}

#[test]
fn requests_are_followed_from_the_first_to_the_last() {
    let good = "GET /x HTTP/1.1\r\nHost: crates.io:80\r\nAccept: */*\r\n\r\n";
    let post = "POST / HTTP/1.1\r\nhost:CRATES.IO.\r\nContent-Length: 27\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let chunked = "PUT / HTTP/1.1\r\nHost: crates.io\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5;x=y\r\nabcde\r\n1B\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\nX: y\r\n\r\n";
    let whole = "GET http://crates.io/x HTTP/1.0\r\nHost: crates.io\r\n\r\n";
    let all = [good, post, chunked, whole, good].concat();
    assert_eq!(everywhere(all.as_bytes()), Ok(all.clone().into_bytes()));
    for evil in [
        "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET http://evil.example/ HTTP/1.1\r\nHost: crates.io\r\n\r\n",
        "GET http://crates.io@evil.example/ HTTP/1.1\r\nHost: crates.io\r\n\r\n",
    ] {
        for before in ["", &all] {
            let bytes = [before, evil].concat();
            let refused = everywhere(bytes.as_bytes()).unwrap_err();
            assert!(matches!(refused, Refused::OtherHost | Refused::Nameless));
        }
    }
}

#[test]
fn what_two_readers_may_understand_differently_is_refused() {
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: crates.io\r\nHost: crates.io\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : crates.io\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: crates.io\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: crates.io\r\nX: y\r\n z\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: crates.io\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: crates.io\rX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: crates.io\r\nX: y\0\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: crates.io\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: crates.io\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: crates.io\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: crates.io\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "POST / HTTP/1.1\r\nHost: crates.io\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ] {
        let refused = everywhere_may_begin(head.as_bytes());
        assert_eq!(refused, Err(Refused::Nameless), "{head:?}");
    }
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(20_000));
    assert_eq!(
        hear(endless.as_bytes(), 999).unwrap_err().reason,
        Refused::Nameless
    );
}

/// The same for what may pass in part before it is refused.
fn everywhere_may_begin(bytes: &[u8]) -> Result<(), Refused> {
    for piece in [1, 5] {
        hear(bytes, piece).map_err(|unfit| unfit.reason)?;
    }
    hear(bytes, bytes.len())
        .map_err(|unfit| unfit.reason)
        .map(|_| ())
}

proptest! {
    #[test]
    fn no_bytes_break_it_and_nothing_passes_that_names_nobody(
        first in prop_oneof![Just(&b"\x16\x03\x01"[..]), Just(&b"GET / "[..]), Just(&b""[..])],
        rest in proptest::collection::vec(any::<u8>(), 0..300),
        piece in 1_usize..50,
    ) {
        let bytes = [first, &rest].concat();
        let passed = hear(&bytes, piece).unwrap_or_default();
        prop_assert!(passed.is_empty() || bytes.starts_with(SSH));
    }

    #[test]
    fn no_change_of_a_first_message_breaks_it(at in 0_usize..90, value: u8, record in 1_usize..80) {
        let mut bytes = hello(&[names(&["crates.io"]), (10, vec![0; 4])], record);
        if let Some(place) = bytes.get_mut(at) {
            *place = value;
        }
        let whole = hear(&bytes, bytes.len()).is_ok();
        prop_assert_eq!(hear(&bytes, 1).is_ok(), whole);
    }
}
