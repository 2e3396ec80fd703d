use super::*;

fn target(last: u32) -> Target {
    Target {
        protocol: Protocol::Tcp,
        ip: IpAddr::V4((0x0101_0000 + last).into()),
        port: 443,
        host: None,
    }
}

#[test]
fn contacts_are_counted_by_target() {
    let ledger = Ledger::default();
    ledger.begin("1");
    let one = ledger.connected("1", target(1));
    one.passed(10, 0);
    ledger.connected("1", target(1)).passed(5, 100);
    ledger.connected("1", target(2));
    let all = ledger.contacts("1");
    assert_eq!(all.len(), 2);
    let first = all.iter().find(|c| c.target == target(1)).unwrap();
    assert_eq!(
        (first.connections, first.sent, first.received),
        (2, 15, 100)
    );
    ledger.end("1");
    assert_eq!(ledger.contacts("1").len(), 2, "kept after the end");
    ledger.begin("1");
    assert!(ledger.contacts("1").is_empty(), "not another job's");
}

#[test]
fn everything_is_bounded() {
    let ledger = Ledger::default();
    ledger.begin("1");
    for n in 0..5_000 {
        ledger.connected("1", target(n)).passed(1, 0);
        ledger.refused("1", target(n), Refused::OwnNetwork);
    }
    let all = ledger.contacts("1");
    assert_eq!(all.len(), TARGETS + 1);
    assert_eq!(
        all.iter().map(|c| c.sent).sum::<u64>(),
        5_000,
        "no byte is lost"
    );
    assert_eq!(ledger.refusals("1").len(), TARGETS);
    for n in 0..1_000 {
        ledger.begin(&n.to_string());
        ledger.end(&n.to_string());
    }
    assert_eq!(ledger.jobs().len(), ENDED);
}

#[test]
fn the_first_refusal_of_a_target_is_told() {
    let ledger = Ledger::default();
    let mut told = ledger.listen("1");
    ledger.begin("1");
    for _ in 0..3 {
        ledger.refused("1", target(1), Refused::OwnNetwork);
    }
    ledger.refused("1", target(2), Refused::Metadata);
    assert_eq!(told.try_recv().unwrap().target, target(1));
    assert_eq!(told.try_recv().unwrap().reason, Refused::Metadata);
    assert!(told.try_recv().is_err());
    ledger.end("1");
    assert!(matches!(
        told.try_recv(),
        Err(mpsc::error::TryRecvError::Disconnected)
    ));
    let times: Vec<u64> = ledger.refusals("1").iter().map(|r| r.times).collect();
    assert_eq!(times.iter().sum::<u64>(), 4);
}
