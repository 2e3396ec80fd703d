//! The key `addons`: what the machine gets before the job, and what is done with files after it.

use serde_json::Value;

use crate::section::Section;
use crate::shell::{check, quote};
use crate::value;
use crate::{JobInput, ScriptError};

/// Addons with code of their own, here or among the services.
const SUPPORTED: &[&str] = &[
    "apt",
    "apt_packages",
    "artifacts",
    "chrome",
    "firefox",
    "hosts",
    "hostname",
    "mariadb",
    "mysql",
    "postgresql",
    "ssh_known_hosts",
];

/// Short names of sources that the original knew, as archives of Ubuntu.
const SOURCES: &[(&str, &str)] = &[
    ("ubuntu-toolchain-r-test", "ppa:ubuntu-toolchain-r/test"),
    ("deadsnakes", "ppa:deadsnakes/ppa"),
    ("git-core", "ppa:git-core/ppa"),
    (
        "george-edison55-precise-backports",
        "ppa:george-edison55/precise-backports",
    ),
    ("ubuntugis-stable", "ppa:ubuntugis/ppa"),
    ("kubuntu-backports", "ppa:kubuntu-ppa/backports"),
    ("chris-lea-redis-server", "ppa:chris-lea/redis-server"),
    ("avsm", "ppa:avsm/ppa"),
    ("hvr-ghc", "ppa:hvr/ghc"),
];

/// Writes what is done before the checkout.
pub(crate) fn write_before(script: &mut Section, config: &Value) -> Result<(), ScriptError> {
    let Some(addons) = config.get("addons").and_then(Value::as_object) else {
        return Ok(());
    };
    let is_asked_for = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    let asked = |name: &str| addons.get(name).filter(|value| is_asked_for(value));
    if addons.values().any(is_asked_for) {
        script.begin("travis_run_addons", "prepare");
    } else {
        return Ok(());
    }
    for (name, _) in addons.iter().filter(|(_, value)| is_asked_for(value)) {
        if !SUPPORTED.contains(&name.as_str()) {
            script.notice(&format!(
                "The addon {name} is not available on this worker; the job goes on without it."
            ))?;
        }
    }
    let names = value::list(asked("hosts"));
    let (good, bad): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_host(name));
    if !names.is_empty() {
        script.needs(include_str!("bash/addons/machine.bash"));
        script.line("travis_fold start hosts");
        for name in bad {
            script.notice(&format!("Not the name of a host: {name} (addons.hosts)."))?;
        }
        script.call("travis_hosts", good.iter().map(|name| name.as_str()))?;
        script.line("travis_fold end hosts");
    }
    if let Some(name) = asked("hostname").and_then(value::text) {
        script.needs(include_str!("bash/addons/machine.bash"));
        if is_host(&name) {
            script.call("travis_hostname", [name.as_str()])?;
        } else {
            script.notice(&format!(
                "Not the name of a host: {name} (addons.hostname)."
            ))?;
        }
    }
    let hosts = value::list(asked("ssh_known_hosts"));
    if !hosts.is_empty() {
        script.needs(include_str!("bash/expand.bash"));
        script.needs(include_str!("bash/addons/machine.bash"));
        script.line("travis_fold start ssh_known_hosts");
        for host in &hosts {
            script.call("travis_ssh_known_host", [host.as_str()])?;
        }
        script.line("travis_fold end ssh_known_hosts");
    }
    write_apt(script, asked("apt"), asked("apt_packages"))?;
    for (addon, name, advice, programs) in [
        (
            "chrome",
            "Chrome",
            "Install the package chromium or google-chrome-stable on the worker.",
            [
                "google-chrome",
                "google-chrome-stable",
                "chromium",
                "chromium-browser",
            ]
            .as_slice(),
        ),
        (
            "firefox",
            "Firefox",
            "Install the package firefox-esr on the worker.",
            ["firefox", "firefox-esr"].as_slice(),
        ),
    ] {
        if asked(addon).is_some() {
            script.needs(include_str!("bash/addons/machine.bash"));
            let words = [name, advice].into_iter().chain(programs.iter().copied());
            script.call("travis_browser", words)?;
        }
    }
    // Without a body, what was asked for is done by the services, or at the end.
    script.end();
    Ok(())
}

fn is_host(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether apt takes the text as a package's name, and as nothing else: neither as an option, nor, by
/// a dash at its end, as a package to remove.
fn is_package(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.ends_with('-')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".+-:~=/_".contains(c))
}

fn write_apt(
    script: &mut Section,
    apt: Option<&Value>,
    more: Option<&Value>,
) -> Result<(), ScriptError> {
    let section = apt.filter(|apt| apt.is_object());
    let mut packages = match apt {
        Some(Value::Object(section)) => value::list(section.get("packages")),
        Some(Value::Bool(_)) | None => Vec::new(),
        other => value::list(other),
    };
    packages.extend(value::list(more));
    let sources: Vec<&Value> = match section.and_then(|section| section.get("sources")) {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    };
    let updates = section.is_some_and(|section| value::is_on(section, "update"));
    if packages.is_empty() && sources.is_empty() && !updates {
        return Ok(());
    }
    script.needs(include_str!("bash/addons/apt.bash"));
    script.line("travis_fold start apt");
    for source in &sources {
        let line = value::at(source, "sourceline");
        let name = value::at(source, "name")
            .or_else(|| value::text(source))
            .unwrap_or_default();
        let key = value::at(source, "key_url").unwrap_or_default();
        match line.or_else(|| name.starts_with("ppa:").then(|| name.clone())) {
            Some(line) if !line.contains(['\n', '\r']) => {
                script.call("travis_apt_source", [line.as_str(), key.as_str()])?;
            }
            Some(line) => script.notice(&format!("Not a source of packages: {line}"))?,
            None => {
                let archive = SOURCES.iter().find(|(alias, _)| *alias == name);
                let archive = archive.map_or("", |(_, archive)| archive);
                script.call("travis_apt_alias", [name.as_str(), archive])?;
            }
        }
    }
    if updates || !sources.is_empty() {
        script.line("travis_cmd travis_apt_get_update --echo --timing");
    }
    let (good, bad): (Vec<_>, Vec<_>) = packages.iter().partition(|name| is_package(name));
    for name in bad {
        script.notice(&format!(
            "Not the name of a package: {name} (addons.apt.packages)."
        ))?;
    }
    if !good.is_empty() {
        script.call("travis_apt_install", good.iter().map(|name| name.as_str()))?;
    }
    script.line("travis_fold end apt");
    Ok(())
}

/// The bash that uploads the artifacts at the end, where the configuration asks for it.
pub(crate) fn artifacts(
    script: &mut Section,
    input: &JobInput,
    config: &Value,
) -> Result<String, ScriptError> {
    let section = config
        .get("addons")
        .and_then(|addons| addons.get("artifacts"));
    let section = match section {
        Some(section @ Value::Object(_)) => section,
        Some(section @ Value::Bool(true)) => section,
        _ => return Ok(String::new()),
    };
    if section.get("enabled") == Some(&Value::Bool(false)) {
        return Ok(String::new());
    }
    if input.pull_request.is_some() {
        return Ok("  travis_notice 'Artifacts are not uploaded for pull requests.'\n".to_owned());
    }
    if value::at(section, "branch").is_some_and(|branch| branch != input.branch) {
        return Ok("  travis_notice 'Artifacts are not uploaded for this branch (addons.artifacts.branch).'\n".to_owned());
    }
    script.needs(include_str!("bash/expand.bash"));
    script.needs(include_str!("bash/addons/artifacts.bash"));
    let mut text = String::from("\ntravis_run_artifacts() {\n  TRAVIS_STAGE=artifacts\n");
    text.push_str("  local travis_s3_key='' travis_s3_secret='' travis_s3_bucket='' travis_s3_region='' travis_s3_endpoint=''\n");
    text.push_str(
        "  local travis_s3_acl='' travis_s3_cache_control='' travis_artifact_directory=''\n",
    );
    text.push_str("  local -a travis_artifact_paths=() travis_artifact_targets=()\n");
    for (key, variable) in [
        ("key", "travis_s3_key"),
        ("secret", "travis_s3_secret"),
        ("bucket", "travis_s3_bucket"),
        ("region", "travis_s3_region"),
        ("endpoint", "travis_s3_endpoint"),
        ("permissions", "travis_s3_acl"),
        ("cache_control", "travis_s3_cache_control"),
        ("working_dir", "travis_artifact_directory"),
    ] {
        if let Some(value) = value::at(section, key) {
            check(&value, || format!("addons.artifacts.{key}"))?;
            let is_secret = section.get(key).and_then(value::decrypted).is_some();
            text.push_str(&if is_secret {
                format!("  {variable}={}\n", quote(&value))
            } else {
                format!(
                    "  travis_expand {}; {variable}=\"$travis_expanded\"\n",
                    quote(&value)
                )
            });
        }
    }
    for (key, variable) in [
        ("paths", "travis_artifact_paths"),
        ("target_paths", "travis_artifact_targets"),
    ] {
        for value in value::list(section.get(key)) {
            // The command that the original's documentation gives is what no path means, too.
            if value.starts_with("$(git ls-files -o") {
                continue;
            }
            check(&value, || format!("addons.artifacts.{key}"))?;
            text.push_str(&format!(
                "  travis_expand {}; {variable}+=(\"$travis_expanded\")\n",
                quote(&value)
            ));
        }
    }
    text.push_str(
        "  travis_fold start artifacts\n  travis_upload_artifacts\n  travis_fold end artifacts\n}\n",
    );
    script.text.push_str(&text);
    Ok(
        "  (travis_run_artifacts) || travis_notice 'The artifacts could not be uploaded.'\n"
            .to_owned(),
    )
}
