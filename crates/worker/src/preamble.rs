//! The first lines of a log: who runs the job.

use travis_api::worker::Facts;

use crate::facts::hostname;

/// What an operator's server could send would stand in the log as it is: only printable text does.
fn line_of(thanks: &str) -> String {
    let printable = thanks.chars().filter(|c| !c.is_control());
    match printable.take(300).collect::<String>() {
        empty if empty.is_empty() => empty,
        thanks => format!("{thanks}\n"),
    }
}

/// The fold `worker_info`.
pub(crate) fn worker_info(
    name: &str,
    facts: &Facts,
    executor: &str,
    network: bool,
    thanks: &str,
) -> String {
    let limits = match facts.limits.as_slice() {
        [] => "time and log only; this machine lends no others".to_owned(),
        lent => format!("time, log, {}", lent.join(", ")),
    };
    let network = if network { "on" } else { "off" };
    format!(
        "travis_fold:start:worker_info\r\x1b[0K\x1b[33;1mWorker information\x1b[0m\n\
         hostname: {name}\n\
         version: travis-worker {version}\n\
         executor: {executor}\n\
         machine: {machine}, {distribution}, {os}/{arch}, {cores} cores, {memory} MB\n\
         image: this machine\n\
         limits: {limits}\n\
         network: {network}\n\
         {thanks}\
         travis_fold:end:worker_info\r\x1b[0K",
        thanks = line_of(thanks),
        version = facts.version,
        machine = hostname(),
        distribution = facts.distribution,
        os = facts.os,
        arch = facts.arch,
        cores = facts.cores,
        memory = facts.memory_bytes >> 20,
    )
}
