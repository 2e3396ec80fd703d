//! The servers that most projects ask for by `services:`, started by a real worker in its sandbox
//! from Debian's packages, and used as their projects use them.

use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use crate::languages::{is_there, words};
use crate::support::{Repo, Setup, can_isolate};
use serde_json::{Value, json};

/// Ports are the machine's: tests that look at them take turns.
static PORTS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The servers start one after another.
const ALL: Duration = Duration::from_secs(180);

/// A service, the program and the Debian package that it needs, its port, how its projects use it,
/// and what the log must say then.
struct Service {
    name: &'static str,
    needs: &'static [&'static str],
    package: &'static str,
    port: u16,
    before: &'static [&'static str],
    script: &'static [&'static str],
    says: &'static [&'static str],
}

const SERVICES: &[Service] = &[
    Service {
        name: "postgresql",
        needs: &["/usr/lib/postgresql", "psql"],
        package: "postgresql",
        port: 5432,
        before: &[
            "psql -c 'create database travis_ci_test;' -U postgres",
            "createdb mine",
        ],
        script: &[
            "psql -U travis travis_ci_test -Atc \"select 'by '||'socket'\"",
            "psql -h localhost -U postgres travis_ci_test -Atc \"select 'by '||'name'\"",
            "psql -h /var/run/postgresql -U postgres -Atc 'select 6 * 7'",
            "psql mine -Atc \"select current_user = '$(id -un)'\"",
        ],
        says: &[
            "CREATE DATABASE\n",
            "\nby socket\n",
            "\nby name\n",
            "\n42\n",
            "\nt\n",
        ],
    },
    Service {
        name: "mysql",
        needs: &["/usr/sbin/mariadbd", "mysql"],
        package: "mariadb-server",
        port: 3306,
        before: &[
            "test -S /var/run/mysqld/mysqld.sock",
            "mysql -e 'CREATE DATABASE test1;'",
            "mysql -u root -e 'CREATE DATABASE test2;'",
        ],
        script: &[
            "mysql -u travis test1 -Ne \"select concat('by ', 'socket')\"",
            "mysql -h 127.0.0.1 -u root test2 -Ne \"select concat('by ', 'name')\"",
            "mysql -h 127.0.0.1 -u travis --password='' -Ne \"select concat('as ', current_user())\"",
        ],
        // To a terminal it draws a table.
        says: &["by socket", "by name", "as travis@"],
    },
    Service {
        name: "redis",
        needs: &["redis-server"],
        package: "redis-server",
        port: 6379,
        before: &[],
        script: &["redis-cli ping", "redis-cli set a 42", "redis-cli get a"],
        says: &["PONG\n", "OK\n", "42"],
    },
    Service {
        name: "memcached",
        needs: &["memcached"],
        package: "memcached",
        port: 11211,
        before: &[],
        script: &[
            "exec 3<>/dev/tcp/127.0.0.1/11211; printf 'version\\r\\n' >&3; read -r said <&3; echo \"$said\"",
        ],
        says: &["\nVERSION 1."],
    },
    Service {
        name: "rabbitmq",
        needs: &["/usr/lib/rabbitmq"],
        package: "rabbitmq-server",
        port: 5672,
        before: &[],
        script: &[
            "exec 3<>/dev/tcp/127.0.0.1/5672; printf 'AMQP\\0\\0\\011\\001' >&3; head -c 40 <&3 | tr -cd '[:print:]' | grep -o 'capabilities'",
        ],
        says: &["\ncapabilities\n"],
    },
    Service {
        name: "xvfb",
        needs: &["Xvfb"],
        package: "xvfb",
        port: 0,
        before: &[],
        script: &["test -S /tmp/.X11-unix/X99", "echo on $DISPLAY"],
        says: &["\non :99.0\n"],
    },
];

/// The services whose packages this machine has and whose ports are free; names the others' packages,
/// which CI must have.
fn startable() -> Vec<&'static Service> {
    let (there, lacking): (Vec<_>, Vec<_>) = SERVICES
        .iter()
        .partition(|service| service.needs.iter().all(|program| is_there(program)));
    if !lacking.is_empty() {
        let packages: Vec<&str> = lacking.iter().map(|service| service.package).collect();
        let text = format!(
            "some services are not started; as root run: apt-get install {}",
            packages.join(" ")
        );
        assert!(
            std::env::var_os("TRAVIS_TEST_REQUIRE_LANGUAGES").is_none(),
            "{text}"
        );
        println!("skipped: {text}");
    }
    let is_free = |service: &&&Service| {
        let taken = service.port != 0 && TcpStream::connect(("127.0.0.1", service.port)).is_ok()
            || service.port == 0 && Path::new("/tmp/.X11-unix/X99").exists();
        if taken {
            println!("skipped: {} runs on this machine already", service.name);
        }
        !taken
    };
    there.iter().filter(is_free).copied().collect()
}

/// A job for each service.
fn configuration(services: &[&Service]) -> Value {
    let job = |service: &&Service| {
        json!({
            "name": service.name, "services": [service.name],
            "before_script": service.before, "script": service.script,
        })
    };
    let jobs: Vec<Value> = services.iter().map(job).collect();
    json!({"language": "shell", "jobs": {"include": jobs}})
}

#[tokio::test]
async fn servers_run_beside_the_job_in_its_sandbox() {
    let _turn = PORTS.lock().await;
    let services = startable();
    if services.is_empty() || !can_isolate("the sandbox of the services") {
        return;
    }
    let server = Setup::up()
        .flags(&["--executor", "namespace"])
        .start()
        .await;
    let yaml = configuration(&services).to_string();
    let place = server.dir("repos").join("served");
    let repo = Repo::new(&place, &[(".travis.yml", &yaml)]);
    server.enable("acme/served", &repo, json!({})).await;
    let build = server.api.trigger("acme/served").await;
    let build = server.api.finished_within(build, ALL).await;
    for (service, job) in services.iter().zip(build["jobs"].as_array().unwrap()) {
        let job = server.api.job(job["id"].as_i64().unwrap()).await;
        let name = service.name;
        assert_eq!(job["name"], json!(name), "{job}");
        let log = words(&server.api.log_text(job["id"].as_i64().unwrap()).await);
        assert_eq!(job["state"], "passed", "{name}: {log}");
        assert!(log.contains(" is ready.\n"), "{name}: {log}");
        for part in service.says {
            assert!(log.contains(part), "{name}: no {part:?} in {log}");
        }
    }
    // They ended with their jobs.
    for service in services.iter().filter(|service| service.port != 0) {
        assert!(
            TcpStream::connect(("127.0.0.1", service.port)).is_err(),
            "{}",
            service.name
        );
    }
}

/// Jobs side by side on one machine have servers of their own, one after the other.
#[tokio::test]
async fn jobs_with_the_same_service_do_not_share_it() {
    let _turn = PORTS.lock().await;
    let redis = startable()
        .into_iter()
        .any(|service| service.name == "redis");
    if !redis || !is_there("redis-cli") || !can_isolate("the sandbox of the services") {
        println!("skipped: no redis-server or redis-cli on this machine");
        return;
    }
    let server = Setup::up()
        .flags(&["--executor", "namespace", "--slots", "3"])
        .start()
        .await;
    let count = "for n in $(seq 300); do redis-cli incr number; done | tail -n 1";
    let yaml = json!({
        "language": "shell", "services": ["redis"], "env": ["N=1", "N=2", "N=3"], "script": [count],
    });
    let place = server.dir("repos").join("counted");
    let repo = Repo::new(&place, &[(".travis.yml", &yaml.to_string())]);
    server.enable("acme/counted", &repo, json!({})).await;
    let build = server.api.trigger("acme/counted").await;
    let build = server.api.finished_within(build, ALL).await;
    for job in build["jobs"].as_array().unwrap() {
        let id = job["id"].as_i64().unwrap();
        let log = words(&server.api.log_text(id).await);
        assert_eq!(server.api.job(id).await["state"], "passed", "{log}");
        assert!(log.contains("\n300\n"), "{log}");
    }
}

/// What a job asks of root works where the machine has it already, and says what to do where not.
#[tokio::test]
async fn packages_of_the_machine_are_taken_as_installed_and_sudo_has_a_stand_in() {
    if !can_isolate("the sandbox of the packages") || !Path::new("/var/lib/dpkg/status").exists() {
        println!("skipped: no packages of dpkg on this machine");
        return;
    }
    let server = Setup::up()
        .flags(&["--executor", "namespace"])
        .start()
        .await;
    let yaml = json!({
        "language": "shell",
        "addons": {"apt": {"packages": ["bubblewrap"]}},
        "before_install": ["sudo apt-get update -qq", "sudo apt-get install -y bubblewrap"],
        "jobs": {"include": [
            {"name": "there", "script": "./as-root"},
            {"name": "missing", "script": "sudo apt-get install -y nothing-of-this-name"},
        ]},
    });
    let place = server.dir("repos").join("rooted");
    let program = "#!/bin/sh\nsudo -E printf '<%s>' 'a b'\n";
    let repo = Repo::new(
        &place,
        &[(".travis.yml", &yaml.to_string()), ("as-root", program)],
    );
    repo.git(&["update-index", "--chmod=+x", "as-root"]);
    repo.git(&["commit", "-qm", "a program"]);
    server.enable("acme/rooted", &repo, json!({})).await;
    let build = server.api.trigger("acme/rooted").await;
    let build = server.api.finished_within(build, ALL).await;
    for (job, (state, text)) in build["jobs"].as_array().unwrap().iter().zip([
        ("passed", "<a b>"),
        (
            "failed",
            "Install them on the worker: apt-get install nothing-of-this-name",
        ),
    ]) {
        let id = job["id"].as_i64().unwrap();
        let log = words(&server.api.log_text(id).await);
        assert_eq!(server.api.job(id).await["state"], state, "{log}");
        assert!(log.contains("Already installed: bubblewrap"), "{log}");
        assert!(log.contains(text), "{log}");
    }
}
