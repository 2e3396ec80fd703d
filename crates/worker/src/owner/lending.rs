//! The stricter of what two places say. Pure.

use travis_api::lend::{Egress, Lending};

/// Of each limit the stricter one, so that neither place can give what the other one withholds.
///
/// Windows of time of both places hold together, which one list can't say: then the list has those
/// of `file`, and whoever decides looks at both.
pub(crate) fn stricter(file: &Lending, page: &Lending) -> Lending {
    let only = match (
        file.only_repositories.is_empty(),
        page.only_repositories.is_empty(),
    ) {
        (true, _) => page.only_repositories.clone(),
        (_, true) => file.only_repositories.clone(),
        _ => both(&file.only_repositories, &page.only_repositories),
    };
    let mut never = file.never_repositories.clone();
    for pattern in &page.never_repositories {
        if !never.contains(pattern) {
            never.push(pattern.clone());
        }
    }
    let nothing_left =
        only.is_empty() && !file.only_repositories.is_empty() && !page.only_repositories.is_empty();
    if nothing_left && !never.iter().any(|pattern| pattern == "*") {
        // An empty list would mean all of them.
        never.push("*".to_owned());
    }
    Lending {
        slots: least(file.slots, page.slots),
        cores_percent: least(file.cores_percent, page.cores_percent),
        memory_percent: least(file.memory_percent, page.memory_percent),
        disk_bytes: least(file.disk_bytes, page.disk_bytes),
        bytes_per_second: least(file.bytes_per_second, page.bytes_per_second),
        bytes_per_month: least(file.bytes_per_month, page.bytes_per_month),
        only_when_idle: file.only_when_idle || page.only_when_idle,
        only_on_mains: file.only_on_mains || page.only_on_mains,
        only_unmetered: file.only_unmetered || page.only_unmetered,
        hours: if file.hours.is_empty() {
            page.hours.clone()
        } else {
            file.hours.clone()
        },
        only_repositories: only,
        never_repositories: never,
        egress: match (file.egress, page.egress) {
            (Some(file), Some(page)) => Some(file.min(page)),
            (one, other) => one.or(other),
        },
    }
}

fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The patterns of each list that one of the other list covers.
fn both(these: &[String], those: &[String]) -> Vec<String> {
    let covered = |pattern: &String, by: &[String]| by.iter().any(|other| matches(other, pattern));
    let mut kept: Vec<String> = these
        .iter()
        .filter(|pattern| covered(pattern, those))
        .cloned()
        .collect();
    for pattern in those.iter().filter(|pattern| covered(pattern, these)) {
        if !kept.iter().any(|known| known.eq_ignore_ascii_case(pattern)) {
            kept.push(pattern.clone());
        }
    }
    kept
}

/// Whether a pattern (`owner/name`, `owner/*`, `*`) covers a repository or another pattern.
fn matches(pattern: &str, repository: &str) -> bool {
    if pattern == "*" || pattern == "*/*" {
        return true;
    }
    match pattern.strip_suffix("/*") {
        Some(owner) => repository
            .split_once('/')
            .is_some_and(|(other, _)| other.eq_ignore_ascii_case(owner)),
        None => pattern.eq_ignore_ascii_case(repository),
    }
}

/// Whether jobs of a repository may run here.
pub(crate) fn may_run(lending: &Lending, repository: &str) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, repository));
    (lending.only_repositories.is_empty() || any(&lending.only_repositories))
        && !any(&lending.never_repositories)
}

/// Where jobs may connect to at most, with the default for what nobody says.
pub(crate) fn egress(lending: &Lending) -> Egress {
    lending.egress.unwrap_or(Egress::Internet)
}

#[cfg(test)]
mod tests;
