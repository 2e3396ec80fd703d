use super::*;
use crate::output::{Clock, Paint};
use travis_api::lend::{Hours, Lending, Lent, Presence, Usage};
use travis_worker::{Contact, Done};

fn screen(colors: bool, width: usize) -> Screen {
    Screen {
        out: Box::new(std::io::sink()),
        err: Box::new(std::io::sink()),
        terminal: colors,
        paint: Paint { colors },
        width,
        height: 40,
        clock: Clock::system(),
    }
}

fn standing() -> Standing {
    Standing {
        version: "0.1.0".to_owned(),
        pid: 4711,
        name: "attic".to_owned(),
        server: "https://ci.example.org".to_owned(),
        connected: true,
        up_seconds: 7300,
        executor: "namespace".to_owned(),
        cpu_cap: "control groups".to_owned(),
        froze_ms: Some(412),
        presence: Presence {
            state: PresenceState::OwnerActive,
            text: "The owner uses the machine.".to_owned(),
            since_seconds: 12,
        },
        slots: 0,
        most_slots: 2,
        lending: Lending {
            cores_percent: Some(50),
            bytes_per_month: Some(100_000_000_000),
            only_when_idle: true,
            hours: vec![Hours {
                from: "22:00".to_owned(),
                to: "07:00".to_owned(),
                ..Hours::default()
            }],
            ..Lending::default()
        },
        lent: Lent {
            cores: 4.0,
            memory_bytes: 16_000_000_000,
            disk_bytes: 40_000_000_000,
        },
        cores: 8,
        memory_bytes: 32_000_000_000,
        usage: Usage {
            cores: 1.5,
            memory_bytes: 2_000_000_000,
            disk_bytes: 4_000_000_000,
            month_bytes: 25_000_000_000,
            others_percent: 37.0,
        },
        jobs: vec![JobStanding {
            attempt: 9,
            repository: "acme/rocket".to_owned(),
            job: "12.3".to_owned(),
            step: JobStep::Running,
            frozen: true,
            froze_ms: Some(412),
            seconds: 95,
            cores: 0.0,
            memory_bytes: 2_000_000_000,
            network_bytes: 1_200_000,
        }],
        done: Done {
            finished: 5,
            yielded: 1,
            given_up: 0,
        },
        contacts: vec![
            Contact {
                address: "192.0.2.7:443".to_owned(),
                host: Some("registry.example.org".to_owned()),
                job: "9".to_owned(),
                refused: None,
                connections: 2,
                sent: 900,
                received: 1_199_100,
                seconds_ago: 20,
            },
            Contact {
                address: "192.168.1.1:80".to_owned(),
                job: "9".to_owned(),
                refused: Some("the owner's own network is out of reach\u{1b}[2J".to_owned()),
                connections: 1,
                ..Contact::default()
            },
        ],
        ..Standing::default()
    }
}

#[test]
fn one_screen_says_it_all() {
    insta::assert_snapshot!(lines(&screen(false, 110), &standing()).join("\n"));
}

#[test]
fn cores_that_jobs_leave_are_said() {
    let said = |left| {
        let now = Standing {
            cores_left: left,
            ..standing()
        };
        let all = lines(&screen(false, 110), &now);
        let line = all.into_iter().find(|line| line.contains("your programs"));
        line.unwrap().rsplit('·').next().unwrap().trim().to_owned()
    };
    assert_eq!(said(0), "37 % of the processors");
    assert_eq!(
        said(1),
        "37 % of the processors; 1 of 8 cores is left to them"
    );
    assert_eq!(
        said(3),
        "37 % of the processors; 3 of 8 cores are left to them"
    );
}

#[test]
fn nothing_from_elsewhere_reaches_the_terminal_as_an_order_and_lines_fit() {
    for width in [40, 80] {
        for line in fitted(&screen(true, width), &standing()) {
            assert!(!line.contains("\u{1b}[2J"), "{line:?}");
            let bare: String = {
                let mut inside = false;
                line.chars()
                    .filter(|letter| {
                        let shown = !inside && *letter != '\u{1b}';
                        inside = (inside || *letter == '\u{1b}')
                            && !(inside && letter.is_ascii_alphabetic());
                        shown
                    })
                    .collect()
            };
            assert!(crate::output::width(&bare) <= width, "{bare:?}");
        }
    }
}
