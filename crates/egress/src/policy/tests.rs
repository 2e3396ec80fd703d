use super::*;

fn own() -> Vec<Own> {
    vec![
        Own {
            address: "198.32.7.10".parse().unwrap(),
            prefix: 24,
        },
        Own {
            address: "2a01:4f8:1:2::3".parse().unwrap(),
            prefix: 64,
        },
    ]
}

fn judge(policy: &Policy, ip: &str, port: u16, names: &[&str]) -> Result<Way, Refused> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    policy.judge(ip.parse().unwrap(), port, &names, &own())
}

fn internet() -> Policy {
    Policy {
        reach: Reach::Internet,
        ..Policy::default()
    }
}

#[test]
fn the_owners_network_is_out_of_reach_however_it_is_written() {
    for (ip, expected) in [
        ("127.0.0.1", Refused::OwnMachine),
        ("::1", Refused::OwnMachine),
        ("::ffff:127.0.0.1", Refused::OwnMachine),
        ("198.32.7.10", Refused::OwnMachine),
        ("::ffff:198.32.7.10", Refused::OwnMachine),
        ("2a01:4f8:1:2::3", Refused::OwnMachine),
        ("198.32.7.99", Refused::OwnNetwork),
        ("2a01:4f8:1:2:ffff::1", Refused::OwnNetwork),
        ("192.168.1.1", Refused::OwnNetwork),
        ("64:ff9b::192.168.1.1", Refused::OwnNetwork),
        ("2002:c0a8:101::", Refused::OwnNetwork),
        ("100.64.3.4", Refused::OwnNetwork),
        ("fd12::1", Refused::OwnNetwork),
        ("fe80::1", Refused::OwnNetwork),
        ("169.254.169.254", Refused::Metadata),
        ("::ffff:169.254.169.254", Refused::Metadata),
        ("fd00:ec2::254", Refused::Metadata),
        ("168.63.129.16", Refused::Metadata),
        ("100.100.100.200", Refused::Metadata),
        ("224.0.0.251", Refused::NotPublic),
        ("255.255.255.255", Refused::NotPublic),
        ("0.0.0.0", Refused::NotPublic),
    ] {
        assert_eq!(
            judge(&internet(), ip, 80, &["github.com"]),
            Err(expected),
            "{ip}"
        );
    }
    assert_eq!(judge(&internet(), "1.1.1.1", 80, &[]), Ok(Way::Free));
    assert_eq!(judge(&internet(), "2606:4700::1", 80, &[]), Ok(Way::Free));
}

#[test]
fn the_owner_can_allow_by_name() {
    let policy = Policy {
        allowed: ["192.168.1.5:8080", "nas.lan:80", "127.0.0.1:3000"]
            .map(|text| text.parse().unwrap())
            .into(),
        ..Policy::default()
    };
    assert_eq!(judge(&policy, "192.168.1.5", 8080, &[]), Ok(Way::Free));
    assert_eq!(judge(&policy, "127.0.0.1", 3000, &[]), Ok(Way::Free));
    assert_eq!(
        judge(&policy, "192.168.1.9", 80, &["nas.lan"]),
        Ok(Way::Free)
    );
    assert_eq!(
        judge(&policy, "192.168.1.9", 80, &[]),
        Err(Refused::OwnNetwork)
    );
    assert_eq!(judge(&policy, "1.1.1.1", 80, &[]), Err(Refused::NoNetwork));
    assert!(policy.resolves("nas.lan") && !policy.resolves("github.com"));
}

#[test]
fn registries_are_known_by_the_names_that_were_asked_for() {
    let policy = Policy {
        reach: Reach::Registries,
        ..Policy::default()
    };
    assert_eq!(
        judge(&policy, "140.82.121.3", 443, &["github.com"]),
        Ok(Way::ByName)
    );
    assert_eq!(
        judge(&policy, "140.82.121.3", 443, &["evil.example"]),
        Err(Refused::NotARegistry)
    );
    assert_eq!(
        judge(&policy, "140.82.121.3", 443, &[]),
        Err(Refused::NotARegistry)
    );
    assert!(policy.resolves("static.crates.io") && !policy.resolves("evil.example"));
}

#[test]
fn mail_and_a_closed_network() {
    assert_eq!(judge(&internet(), "1.1.1.1", 25, &[]), Err(Refused::Mail));
    let mail = Policy {
        mail: true,
        ..internet()
    };
    assert_eq!(judge(&mail, "1.1.1.1", 25, &[]), Ok(Way::Free));
    let closed = Policy {
        closed: Some("this month's bytes are used up".to_owned()),
        allowed: vec!["192.168.1.5".parse().unwrap()],
        ..internet()
    };
    let reason = judge(&closed, "192.168.1.5", 80, &[]).unwrap_err();
    assert_eq!(reason.to_string(), "this month's bytes are used up");
    assert!(!closed.resolves("github.com"));
}
