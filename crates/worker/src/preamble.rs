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

/// The system that the job sees. What is chosen when its place is made is named after this.
fn image_of(executor: &str, wish: Option<&str>, facts: &Facts) -> String {
    match (executor, wish) {
        ("container", None) => "by language and version, named below".to_owned(),
        ("vm", None) => "the worker's own for virtual machines".to_owned(),
        ("container" | "vm" | "namespace", Some(name)) => line_of(name).trim_end().to_owned(),
        ("namespace", None) if !facts.images.is_empty() => {
            "this machine, unless one is named below".to_owned()
        }
        _ => "this machine".to_owned(),
    }
}

/// The fold `worker_info`.
pub(crate) fn worker_info(
    name: &str,
    facts: &Facts,
    executor: &str,
    image: Option<&str>,
    network: bool,
    thanks: &str,
) -> String {
    let limits = match facts.limits.as_slice() {
        [] => "time and log only; this machine lends no others".to_owned(),
        lent => format!("time, log, {}", lent.join(", ")),
    };
    let network = if network { "on" } else { "off" };
    let image = image_of(executor, image, facts);
    format!(
        "travis_fold:start:worker_info\r\x1b[0K\x1b[33;1mWorker information\x1b[0m\n\
         hostname: {name}\n\
         version: travis-worker {version}\n\
         executor: {executor}\n\
         machine: {machine}, {distribution}, {os}/{arch}, {cores} cores, {memory} MB\n\
         image: {image}\n\
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_what_the_executor_makes_of_the_wish() {
        let bare = Facts::default();
        let stocked = Facts {
            images: vec!["rust".to_owned()],
            ..Facts::default()
        };
        for (executor, wish, facts, said) in [
            ("host", None, &stocked, "this machine"),
            ("host", Some("rust"), &stocked, "this machine"),
            ("namespace", None, &bare, "this machine"),
            (
                "namespace",
                None,
                &stocked,
                "this machine, unless one is named below",
            ),
            ("namespace", Some("rust"), &stocked, "rust"),
            (
                "container",
                None,
                &bare,
                "by language and version, named below",
            ),
            ("container", Some("python:3"), &bare, "python:3"),
            (
                "vm",
                None,
                &stocked,
                "the worker's own for virtual machines",
            ),
            (
                "vm",
                Some("focal\r\nnetwork: on"),
                &bare,
                "focalnetwork: on",
            ),
        ] {
            assert_eq!(image_of(executor, wish, facts), said, "{executor} {wish:?}");
        }
        let text = worker_info("attic", &bare, "vm", None, true, "");
        assert!(
            text.contains("\nimage: the worker's own for virtual machines\nlimits: "),
            "{text}"
        );
    }
}
