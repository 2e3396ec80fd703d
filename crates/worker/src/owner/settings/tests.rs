use super::*;

fn parse(text: &str) -> Result<OwnerSettings, SettingsError> {
    OwnerSettings::parse(Path::new("worker.toml"), text)
}

#[test]
fn all_that_can_be_said() {
    let settings = parse(
        r#"
server = "https://ci.example.org"
name = "attic"
executor = "namespace"
local_page = "127.0.0.1:8099"
allow_lan = ["192.168.1.5:8080"]
registries = ["packages.example.org"]

[lend]
slots = 2
cores_percent = 50
memory_percent = 40
disk = "40 GB"
network_per_second = "2 MB"
network_per_month = "100 GB"
only_when_idle = true
only_on_mains = true
only_unmetered = true
only_repositories = ["acme/*"]
never_repositories = ["acme/miner"]
egress = "registries"

[[lend.hours]]
days = ["mon", "fri"]
from = "22:00"
to = "07:30"
zone = "Europe/Berlin"

[idle]
cpu_percent = 30
after_seconds = 60
hand_back_after_seconds = 5

[heat]
celsius = 85

[job]
memory = "2 GiB"
"#,
    )
    .unwrap();
    let lending = settings.lending();
    assert_eq!(lending.disk_bytes, Some(40_000_000_000));
    assert_eq!(lending.hours[0].to, "07:30");
    assert_eq!(lending.egress, Some(Egress::Registries));
    assert_eq!(settings.max_limits().memory_bytes, Some(2 << 30));
    let rules = settings.rules(&lending, &Lending::default(), 4);
    assert_eq!((rules.slots, rules.only_when_idle), (2, true));
    assert_eq!(rules.thresholds.yield_after, Duration::from_secs(5));
    assert_eq!(rules.thresholds.hot_celsius, Some(85.0));
    assert_eq!(rules.hours[0].len(), 1);
}

#[test]
fn nothing_said_lends_everything() {
    let settings = parse("").unwrap();
    assert_eq!(settings, OwnerSettings::default());
    assert_eq!(settings.lending(), Lending::default());
    assert_eq!(
        settings
            .rules(&Lending::default(), &Lending::default(), 3)
            .slots,
        3
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, line, word) in [
        ("name = \"a\"\nslotz = 2\n", 2, "slotz"),
        ("[lend]\nslots = \"many\"\n", 2, "invalid type"),
        ("[lend]\ncores_percent = 130\n", 2, "percentage"),
        ("[lend]\n\ndisk = \"much\"\n", 3, "much"),
        ("[lend]\negress = \"lan\"\n", 2, "lan"),
        ("[lend]\nonly_repositories = [\"a*b\"]\n", 2, "a*b"),
        (
            "[[lend.hours]]\nfrom = \"22:00\"\nto = \"26:00\"\n",
            1,
            "26:00",
        ),
        ("[heat]\ncelsius = 900\n", 2, "900"),
        ("name = \n", 1, ""),
    ] {
        match parse(text).unwrap_err() {
            SettingsError::Wrong {
                line: at, message, ..
            } => {
                assert_eq!(at, line, "{text}: {message}");
                assert!(message.contains(word), "{message}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_missing_file_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    assert_eq!(
        OwnerSettings::read(&path).unwrap(),
        OwnerSettings::default()
    );
    std::fs::write(&path, "name = \"x\"").unwrap();
    assert_eq!(OwnerSettings::read(&path).unwrap().name.unwrap(), "x");
}
