//! Names of jobs for people, and the key under which the same place of the matrix is known over
//! many builds.

use serde_json::Value;

/// Version keys in the order in which they are named, with the name for people.
const VERSIONS: [(&str, &str); 24] = [
    ("rust", "Rust"),
    ("node_js", "Node.js"),
    ("python", "Python"),
    ("rvm", "Ruby"),
    ("go", "Go"),
    ("jdk", "JDK"),
    ("php", "PHP"),
    ("perl", "Perl"),
    ("scala", "Scala"),
    ("elixir", "Elixir"),
    ("otp_release", "OTP"),
    ("ghc", "GHC"),
    ("julia", "Julia"),
    ("dart", "Dart"),
    ("crystal", "Crystal"),
    ("d", "D"),
    ("dotnet", ".NET"),
    ("mono", "Mono"),
    ("haxe", "Haxe"),
    ("elm", "Elm"),
    ("r", "R"),
    ("compiler", "compiler"),
    ("gemfile", "gemfile"),
    ("xcode_scheme", "scheme"),
];

/// What a job is called: its own name, else its version switches, else its language.
#[must_use]
pub fn job_label(name: Option<&str>, config: &Value) -> String {
    if let Some(name) = name {
        return name.to_owned();
    }
    let versions: Vec<String> = VERSIONS
        .iter()
        .filter_map(|(key, word)| {
            let version = config.get(key)?.as_str()?;
            Some(format!("{word} {version}"))
        })
        .collect();
    if !versions.is_empty() {
        return versions.join(", ");
    }
    match config.get("language").and_then(Value::as_str) {
        // Its environment tells such a job apart, if anything does.
        None | Some("generic" | "minimal" | "shell" | "sh" | "bash") => {
            let env = env_label(config);
            if env.is_empty() {
                "Job".to_owned()
            } else {
                env
            }
        }
        Some("c") => "C".to_owned(),
        Some("cpp") => "C++".to_owned(),
        Some(language) => {
            let word = VERSIONS
                .iter()
                .find(|(key, _)| *key == language || (language == "ruby" && *key == "rvm"));
            word.map_or_else(|| language.to_owned(), |(_, word)| (*word).to_owned())
        }
    }
}

/// A job's own environment without secrets, on one line: `FEATURES=tls DB=sqlite`.
#[must_use]
pub fn env_label(config: &Value) -> String {
    fn collect(value: &Value, words: &mut Vec<String>) {
        match value {
            Value::String(text) => words.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
            Value::Object(map) if map.contains_key("secure") => {}
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::Object(inner) if inner.contains_key("secure") => {
                            words.push(format!("{key}=[secure]"));
                        }
                        Value::Object(_) | Value::Array(_) => collect(value, words),
                        Value::String(text) => words.push(format!("{key}={text}")),
                        other => words.push(format!("{key}={other}")),
                    }
                }
            }
            _ => {}
        }
    }
    let mut words = Vec::new();
    if let Some(env) = config.get("env") {
        collect(env, &mut words);
    }
    words.join(" ")
}

/// The key of a job's place in the matrix.
#[must_use]
pub(crate) fn cell(stage: &str, name: Option<&str>, config: &Value) -> String {
    let word = |key: &str| {
        config
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let mut cell = [
        stage.to_owned(),
        job_label(name, config),
        env_label(config),
        word("os"),
        word("arch"),
        word("dist"),
    ]
    .join("|");
    let cut = (0..=400)
        .rev()
        .find(|index| cell.is_char_boundary(*index))
        .unwrap_or(0);
    cell.truncate(cut);
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn jobs_are_called_by_what_tells_them_apart() {
        assert_eq!(job_label(Some("Docs"), &json!({"rust": "stable"})), "Docs");
        assert_eq!(
            job_label(None, &json!({"rust": "stable", "language": "rust"})),
            "Rust stable"
        );
        assert_eq!(job_label(None, &json!({"language": "ruby"})), "Ruby");
        assert_eq!(job_label(None, &json!({"language": "generic"})), "Job");
    }

    #[test]
    fn environments_are_shown_without_secrets() {
        let config =
            json!({"env": [{"A": "1"}, {"secure": "xyz"}, {"B": {"secure": "abc"}}, "C=2"]});
        assert_eq!(env_label(&config), "A=1 B=[secure] C=2");
    }

    #[test]
    fn cells_differ_by_their_environment() {
        assert_ne!(
            cell("test", None, &json!({"env": ["A=1"]})),
            cell("test", None, &json!({"env": ["A=2"]}))
        );
    }
}
