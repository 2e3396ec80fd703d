//! What an owner lends, as it comes from a page: looked at before it is kept, since a worker acts
//! on it.

use crate::error::ApiError;
use travis_api::lend::{Hours, Lending};

/// Windows of time, and repositories on a list, at most.
const LISTED: usize = 100;
/// The longest name of a repository or a time zone.
const NAME: usize = 200;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Refuses what no worker could act on.
pub(crate) fn check(lending: &Lending) -> Result<(), ApiError> {
    let percent = |name: &str, value: Option<u32>| match value {
        Some(value) if !(1..=100).contains(&value) => {
            Err(wrong(name, "use 1 to 100, hundredths of the machine's"))
        }
        _ => Ok(()),
    };
    percent("cores_percent", lending.cores_percent)?;
    percent("memory_percent", lending.memory_percent)?;
    if lending.slots.is_some_and(|slots| slots > 256) {
        return Err(wrong("slots", "use 256 at most"));
    }
    for (name, bytes) in [
        ("disk_bytes", lending.disk_bytes),
        ("bytes_per_second", lending.bytes_per_second),
        ("bytes_per_month", lending.bytes_per_month),
    ] {
        if bytes == Some(0) {
            return Err(wrong(name, "use 1 or more, or leave it out for no limit"));
        }
    }
    if lending.hours.len() > LISTED {
        return Err(wrong("hours", "use 100 windows at most"));
    }
    lending.hours.iter().try_for_each(hours)?;
    for (name, list) in [
        ("only_repositories", &lending.only_repositories),
        ("never_repositories", &lending.never_repositories),
    ] {
        if list.len() > LISTED {
            return Err(wrong(name, "use 100 names at most"));
        }
        if let Some(odd) = list.iter().find(|entry| !is_pattern(entry)) {
            let odd: String = odd.chars().take(60).collect();
            return Err(wrong(
                name,
                &format!("{odd:?} is neither owner/name nor owner/*"),
            ));
        }
    }
    Ok(())
}

/// The same as it is kept.
pub(crate) fn value(lending: &Lending) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(lending).map_err(|error| ApiError::wrong_params(error.to_string()))
}

/// What was kept; nothing when it was kept in a form that is not known here.
pub(crate) fn read(value: &serde_json::Value) -> Option<Lending> {
    serde::Deserialize::deserialize(value).ok()
}

fn wrong(name: &str, what: &str) -> ApiError {
    ApiError::wrong_params(format!("lending.{name}: {what}"))
}

fn hours(window: &Hours) -> Result<(), ApiError> {
    if let Some(day) = window.days.iter().find(|day| !DAYS.contains(&day.as_str())) {
        let day: String = day.chars().take(20).collect();
        return Err(wrong(
            "hours",
            &format!("{day:?} is no day: use mon to sun"),
        ));
    }
    if !is_time(&window.from) || !is_time(&window.to) {
        return Err(wrong("hours", "write times as 07:30"));
    }
    match &window.zone {
        Some(zone)
            if zone.is_empty() || zone.len() > NAME || zone.contains(char::is_whitespace) =>
        {
            Err(wrong("hours", "write the time zone as Europe/Berlin"))
        }
        _ => Ok(()),
    }
}

/// `07:30`; `24:00` is an end.
fn is_time(text: &str) -> bool {
    let Some((hour, minute)) = text.split_once(':') else {
        return false;
    };
    let number = |digits: &str| {
        (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<u32>().ok())
            .flatten()
    };
    match (number(hour), number(minute)) {
        (Some(hour), Some(minute)) => (hour < 24 && minute < 60) || (hour == 24 && minute == 0),
        _ => false,
    }
}

fn is_pattern(entry: &str) -> bool {
    let part = |text: &str| {
        !text.is_empty()
            && !text.starts_with('.')
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
    };
    entry.len() <= NAME
        && entry
            .rsplit_once('/')
            .is_some_and(|(owner, name)| owner.split('/').all(part) && (name == "*" || part(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_worker_could_act_on_is_refused() {
        let fine = Lending {
            cores_percent: Some(50),
            hours: vec![Hours {
                days: vec!["mon".to_owned()],
                from: "22:00".to_owned(),
                to: "24:00".to_owned(),
                zone: Some("Europe/Berlin".to_owned()),
            }],
            only_repositories: vec!["harborlight/*".to_owned(), "group/sub/name".to_owned()],
            ..Lending::default()
        };
        assert!(check(&fine).is_ok());
        assert!(check(&Lending::default()).is_ok());
        let with = |change: fn(&mut Lending)| {
            let mut lending = fine.clone();
            change(&mut lending);
            check(&lending)
        };
        assert!(with(|l| l.cores_percent = Some(0)).is_err());
        assert!(with(|l| l.memory_percent = Some(101)).is_err());
        assert!(with(|l| l.slots = Some(1000)).is_err());
        assert!(with(|l| l.bytes_per_month = Some(0)).is_err());
        assert!(with(|l| l.hours[0].days[0] = "montag".to_owned()).is_err());
        assert!(with(|l| l.hours[0].from = "7:30".to_owned()).is_err());
        assert!(with(|l| l.hours[0].to = "25:00".to_owned()).is_err());
        assert!(with(|l| l.hours[0].zone = Some("a b".to_owned())).is_err());
        assert!(with(|l| l.only_repositories[0] = "harborlight".to_owned()).is_err());
        assert!(with(|l| l.never_repositories.push("../x".to_owned())).is_err());
        assert!(with(|l| l.never_repositories = vec!["a/b".to_owned(); 101]).is_err());
    }
}
