//! The key `services`: what runs beside the job.

use serde_json::Value;

use crate::ScriptError;
use crate::section::Section;
use crate::value;

/// A service: its names, the bash with `travis_start_<first name>`.
struct Service {
    names: &'static [&'static str],
    start: &'static str,
}

macro_rules! service {
    ($file:literal: $($name:literal),+) => {
        Service {
            names: &[$($name),+],
            start: include_str!(concat!("bash/services/", $file, ".bash")),
        }
    };
}

const SERVICES: &[Service] = &[
    service!("cassandra": "cassandra"),
    service!("couchdb": "couchdb"),
    service!("docker": "docker"),
    service!("elasticsearch": "elasticsearch"),
    service!("memcached": "memcached", "memcache"),
    service!("mongodb": "mongodb", "mongo"),
    service!("mysql": "mysql", "mariadb"),
    service!("neo4j": "neo4j"),
    service!("postgresql": "postgresql", "postgres", "pgsql"),
    service!("rabbitmq": "rabbitmq", "rabbitmq-server"),
    service!("redis": "redis", "redis-server"),
    service!("riak": "riak"),
    service!("xvfb": "xvfb"),
];

/// Services that come in versions.
const VERSIONED: &[&str] = &["mysql", "postgresql"];

/// Addons that start a service, in a version.
const BY_ADDON: &[&str] = &["postgresql", "mariadb", "mysql"];

/// Writes the start of the services that the keys `services` and `addons` ask for.
pub(crate) fn write(script: &mut Section, config: &Value) -> Result<(), ScriptError> {
    let mut wanted: Vec<(String, Option<String>)> = Vec::new();
    for addon in BY_ADDON {
        let version = config
            .get("addons")
            .and_then(|addons| value::at(addons, addon));
        match version.as_deref() {
            None | Some("false") => {}
            Some("true") => wanted.push(((*addon).to_owned(), None)),
            Some(_) => wanted.push(((*addon).to_owned(), version)),
        }
    }
    for name in value::list(config.get("services")) {
        wanted.push((name, None));
    }
    let mut started: Vec<&str> = Vec::new();
    let mut calls: Vec<(String, Vec<String>)> = Vec::new();
    for (name, version) in wanted {
        let known = SERVICES
            .iter()
            .find(|service| service.names.contains(&name.as_str()));
        let Some(service) = known else {
            let reason = format!("No worker starts the service {name} (services).");
            let names: Vec<&str> = SERVICES.iter().map(|service| service.names[0]).collect();
            let remedy = format!("Known are: {}.", names.join(", "));
            calls.push(("travis_stop".to_owned(), vec![reason, remedy]));
            continue;
        };
        let first = service.names[0];
        if !started.contains(&first) {
            started.push(first);
            script.needs(include_str!("bash/services.bash"));
            script.needs(service.start);
            calls.push((
                format!("travis_start_{first}"),
                if VERSIONED.contains(&first) {
                    vec![version.unwrap_or_default()]
                } else {
                    Vec::new()
                },
            ));
        }
    }
    if calls.is_empty() {
        return Ok(());
    }
    script.begin("travis_run_services", "prepare");
    script.line("travis_fold start services");
    for (function, words) in &calls {
        script.call(function, words.iter().map(String::as_str))?;
    }
    script.line("travis_fold end services");
    script.end();
    Ok(())
}
