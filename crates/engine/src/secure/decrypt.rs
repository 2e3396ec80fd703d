//! Puts plain values in the place of `secure:` ones in a job's configuration. Pure.

use serde_json::{Map, Value, json};
use travis_model::Secret;

/// What became of a configuration's `secure:` values.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// The plain values, to be masked.
    pub plain: Vec<String>,
    /// Where values stand that could not be read, such as `deploy.api_key`.
    pub unreadable: Vec<String>,
}

/// The cipher texts of a configuration, wherever they stand.
pub(crate) fn ciphers(config: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    collect(config, &mut found);
    found
}

fn collect<'c>(value: &'c Value, found: &mut Vec<&'c str>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| collect(value, found)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(cipher) if key == "secure" => found.push(cipher),
                    _ => collect(value, found),
                }
            }
        }
        _ => {}
    }
}

/// Replaces each `{"secure": cipher}` that `open` reads by `{"decrypted": plain}`; an entry of
/// `env`, whose plain text is `NAME=value`, by `{NAME: {"decrypted": value}}`. What can't be read
/// stays.
pub(crate) fn decrypt(config: &mut Value, open: &mut dyn FnMut(&str) -> Option<Secret>) -> Opened {
    let mut opened = Opened::default();
    if let Some(map) = config.as_object_mut() {
        for (key, value) in map {
            walk(value, key, key == "env", open, &mut opened);
        }
    }
    opened
}

fn walk(
    value: &mut Value,
    path: &str,
    env: bool,
    open: &mut dyn FnMut(&str) -> Option<Secret>,
    opened: &mut Opened,
) {
    match value {
        Value::Array(list) => {
            for entry in list {
                walk(entry, path, env, open, opened);
            }
        }
        Value::Object(map) => {
            if let Some(Value::String(cipher)) = map.get("secure") {
                let Some(plain) = open(cipher) else {
                    opened.unreadable.push(path.to_owned());
                    return;
                };
                opened.plain.push(plain.reveal().to_owned());
                if env && !path.contains('.') {
                    *map = entries(std::mem::take(map), plain.reveal(), opened);
                } else {
                    map.clear();
                    map.insert("decrypted".to_owned(), json!(plain.reveal()));
                }
                return;
            }
            for (key, value) in map {
                // `global` and `jobs` only order what stands in them.
                if env && matches!(key.as_str(), "global" | "jobs" | "matrix") {
                    walk(value, path, env, open, opened);
                } else {
                    walk(value, &format!("{path}.{key}"), env, open, opened);
                }
            }
        }
        _ => {}
    }
}

/// An entry of `env` with its variables in the place of the encrypted ones.
fn entries(map: Map<String, Value>, plain: &str, opened: &mut Opened) -> Map<String, Value> {
    let variables = variables(plain);
    let mut filled = Map::new();
    for (key, value) in map {
        if key == "secure" && value.is_string() {
            for (name, value) in &variables {
                opened.plain.push(value.clone());
                filled.insert(name.clone(), json!({"decrypted": value}));
            }
        } else {
            filled.insert(key, value);
        }
    }
    if variables.is_empty() {
        // Never shown: what it holds is secret.
        opened.unreadable.push("env".to_owned());
    }
    filled
}

/// The variables of a decrypted line such as `A=1 B="two words"`. Quotes and backslashes are the
/// shell's; the values come without them. A word without a name belongs to the value before it.
pub(crate) fn variables(line: &str) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let words = words(line.trim());
    for (raw, word, gap) in words {
        let named = raw.split_once('=').filter(|(name, _)| is_name(name));
        match (named, word.split_once('=')) {
            (Some((name, _)), Some((_, value))) => {
                variables.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                if let Some((_, value)) = variables.last_mut() {
                    value.push_str(&gap);
                    value.push_str(&word);
                }
            }
        }
    }
    variables
}

/// Words as they stand, as the shell reads them, and the gap before each. Quotes that stay open
/// are letters.
fn words(line: &str) -> Vec<(String, String, String)> {
    let letters: Vec<char> = line.chars().collect();
    let mut words = Vec::new();
    let (mut raw, mut word, mut gap) = (String::new(), String::new(), String::new());
    let mut at = 0;
    while at < letters.len() {
        let c = letters[at];
        if c.is_whitespace() {
            if !raw.is_empty() {
                words.push((
                    std::mem::take(&mut raw),
                    std::mem::take(&mut word),
                    std::mem::take(&mut gap),
                ));
            }
            gap.push(c);
            at += 1;
            continue;
        }
        let end = match c {
            '\'' | '"' => closing(&letters, at),
            _ => None,
        };
        if let Some(end) = end {
            raw.extend(&letters[at..=end]);
            let mut inside = letters[at + 1..end].iter().peekable();
            while let Some(letter) = inside.next() {
                let escaped = c == '"'
                    && *letter == '\\'
                    && inside.peek().is_some_and(|next| "\"\\$`".contains(**next));
                word.extend(if escaped { inside.next() } else { Some(letter) });
            }
            at = end + 1;
        } else if c == '\\' && at + 1 < letters.len() {
            raw.extend([c, letters[at + 1]]);
            word.push(letters[at + 1]);
            at += 2;
        } else {
            raw.push(c);
            word.push(c);
            at += 1;
        }
    }
    if !raw.is_empty() {
        words.push((raw, word, gap));
    }
    words
}

/// Where the quote that opens at `start` closes.
fn closing(letters: &[char], start: usize) -> Option<usize> {
    let quote = letters[start];
    let mut at = start + 1;
    while at < letters.len() {
        match letters[at] {
            '\\' if quote == '"' => at += 2,
            c if c == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Whether a shell takes this as the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(cipher: &str) -> Option<Secret> {
        cipher.strip_prefix("enc:").map(Secret::new)
    }

    #[test]
    fn values_are_replaced_wherever_they_stand() {
        let mut config = json!({
            "env": [
                {"OPEN": "1"},
                {"secure": "enc:TOKEN=hush hush"},
                {"secure": "enc:A=one B='two three'", "C": "4"},
                {"NAMED": {"secure": "enc:quiet"}},
                {"secure": "foreign"},
            ],
            "deploy": [{"provider": "pages", "token": {"secure": "enc:deep=secret"}, "key": {"secure": "bad"}}],
            "script": ["echo secure"],
        });
        assert_eq!(ciphers(&config).len(), 6);
        let opened = decrypt(&mut config, &mut open);
        assert_eq!(
            config,
            json!({
                "env": [
                    {"OPEN": "1"},
                    {"TOKEN": {"decrypted": "hush hush"}},
                    {"A": {"decrypted": "one"}, "B": {"decrypted": "two three"}, "C": "4"},
                    {"NAMED": {"decrypted": "quiet"}},
                    {"secure": "foreign"},
                ],
                "deploy": [{"provider": "pages", "token": {"decrypted": "deep=secret"}, "key": {"secure": "bad"}}],
                "script": ["echo secure"],
            })
        );
        assert_eq!(opened.unreadable, ["env", "deploy.key"]);
        for plain in ["hush hush", "one", "two three", "quiet", "deep=secret"] {
            assert!(opened.plain.iter().any(|known| known == plain), "{plain}");
        }
    }

    #[test]
    fn an_entry_without_a_name_is_not_set_and_not_shown() {
        let mut config = json!({"env": [{"secure": "enc:just a value"}]});
        let opened = decrypt(&mut config, &mut open);
        assert_eq!(config, json!({"env": [{}]}));
        assert_eq!(opened.unreadable, ["env"]);
    }

    #[test]
    fn lines_are_read_as_the_shell_reads_them() {
        for (line, want) in [
            ("A=1", vec![("A", "1")]),
            ("A=", vec![("A", "")]),
            ("A=\"x y\" B=z", vec![("A", "x y"), ("B", "z")]),
            ("A='it'\\''s'", vec![("A", "it's")]),
            ("A=a\\&b", vec![("A", "a&b")]),
            ("A=it's", vec![("A", "it's")]),
            ("A=some words  here", vec![("A", "some words  here")]),
            ("A=\"q\\\"\\$x\\n\"", vec![("A", "q\"$x\\n")]),
            ("1A=x", vec![]),
            ("A=b=c==", vec![("A", "b=c==")]),
        ] {
            let want: Vec<(String, String)> = want
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(variables(line), want, "{line}");
        }
    }
}
