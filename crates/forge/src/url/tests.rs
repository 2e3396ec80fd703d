use super::{UrlError, UrlPolicy, parse_clone_url};
use crate::is_public;

const PUBLIC: UrlPolicy = UrlPolicy { allow_local: false };
const LOCAL: UrlPolicy = UrlPolicy { allow_local: true };

#[test]
fn takes_what_people_paste() {
    for url in [
        "https://example.org/owner/name.git",
        "http://example.org:8080/name",
        "ssh://git@example.org:2222/owner/name",
        "git@example.org:owner/name.git",
        "example.org:owner/name",
        "git@[2606:4700::1111]:owner/name",
        "https://[2606:4700::1111]:443/x",
    ] {
        assert_eq!(parse_clone_url(url, &PUBLIC).unwrap().to_string(), url);
    }
    for url in [
        "/srv/git/a.git",
        "file:///srv/a",
        "http://127.0.0.1:1/a",
        "git@localhost:a",
    ] {
        assert!(parse_clone_url(url, &LOCAL).is_ok(), "{url}");
        assert_eq!(parse_clone_url(url, &PUBLIC), Err(UrlError::Local), "{url}");
    }
}

/// Security case 22.
#[test]
fn refuses_what_git_could_misread() {
    let transport = |name: &str| UrlError::Transport(name.to_owned());
    for (url, expected) in [
        ("ext::sh", transport("ext")),
        ("ext::https://example.org/a", transport("ext")),
        ("fd::17", transport("fd")),
        ("transport::address", transport("transport")),
        ("git://example.org/a", transport("git")),
        ("ftp://example.org/a", transport("ftp")),
        ("ext::sh -c touch% /tmp/x", UrlError::Character),
        ("--upload-pack=touch", UrlError::Dash),
        ("-oProxyCommand=x", UrlError::Dash),
        ("ssh://-oProxyCommand=x/a", UrlError::Part("host")),
        ("ssh://git@-oProxyCommand=x/a", UrlError::Part("host")),
        ("-x@example.org:a", UrlError::Dash),
        ("ssh://-x@example.org/a", UrlError::Part("user")),
        ("git@example.org:-x", UrlError::Part("path")),
        ("git@example.org:", UrlError::Part("path")),
        ("https://example.org", UrlError::Part("path")),
        ("https:///a", UrlError::Part("host")),
        ("https://example.org:0/a", UrlError::Part("port")),
        ("https://example.org:99999/a", UrlError::Part("port")),
        ("https://example.org/a\nb", UrlError::Character),
        ("https://example.org/a\u{0}", UrlError::Character),
        ("https://token@example.org/a", UrlError::Credentials),
        ("https://user:secret@example.org/a", UrlError::Credentials),
        ("ssh://user:secret@example.org/a", UrlError::Credentials),
        ("user:secret@example.org:a", UrlError::Credentials),
        ("some/path", UrlError::Relative),
        ("../up", UrlError::Relative),
        ("", UrlError::Length),
    ] {
        for policy in [PUBLIC, LOCAL] {
            let got = parse_clone_url(url, &policy).unwrap_err();
            assert_eq!(got, expected, "{url}");
            assert!(!got.to_string().contains("secret"));
        }
    }
}

/// Security case 21.
#[test]
fn tells_public_addresses_from_others() {
    for address in [
        "1.1.1.1",
        "172.32.0.1",
        "2606:4700::1111",
        "::ffff:1.1.1.1",
        "64:ff9b::101:101",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "127.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::",
        "2001::1",
        "2001:db8::1",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
}
