//! The seed disk of clouds and hypervisors (cloud-init's `NoCloud`): a file `user-data` on a disk
//! labeled CIDATA. Of it only the section `travis` is read.

use super::offer::Offer;
use saphyr_parser::{Event, Parser, ScalarStyle};
use toml::{Table, Value};

/// Real files have a few dozen.
const MOST_VALUES: usize = 2000;
/// Real files nest about four levels.
const DEEPEST: usize = 16;

/// What a file asks for.
///
/// # Errors
/// When it can't be read as YAML or says something that has no meaning; in words for people.
pub fn offer(user_data: &str) -> Result<Offer, String> {
    if !user_data.starts_with("#cloud-config") {
        return Err("its first line has to be #cloud-config".to_owned());
    }
    let Value::Table(mut all) = parse(user_data)? else {
        return Err("it has to be a mapping with a section travis:".to_owned());
    };
    let section = match all.remove("travis") {
        Some(Value::Table(section)) => section,
        Some(_) => return Err("travis: has to be a mapping".to_owned()),
        // Others may have written it for what else reads seeds.
        None => return Ok(Offer::default()),
    };
    of_section(section)
}

fn of_section(mut section: Table) -> Result<Offer, String> {
    let mut text = |key: &str| match section.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => {
            Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        }
        Some(Value::Integer(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(format!("travis.{key} has to be a text")),
    };
    let mut offer = Offer {
        server: text("server")?,
        token: text("token")?,
        name: text("name")?,
        ca: text("ca")?,
        ..Offer::default()
    };
    // The rest is the owner's settings, in the words of worker.toml.
    if let Some(lending) = section.remove("lending") {
        section.insert("lend".to_owned(), lending);
    }
    if !section.is_empty() {
        let text = toml::to_string(&section).map_err(|error| format!("travis: {error}"))?;
        offer.settings = Some(text);
    }
    Ok(offer)
}

/// A collection that is still open.
enum Open {
    List(Vec<Value>),
    Map(Table, Option<String>),
}

/// The first document, without aliases, which nobody needs here.
fn parse(text: &str) -> Result<Value, String> {
    let mut stack: Vec<Open> = Vec::new();
    let mut count = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| format!("line {}: {}", error.marker().line(), error.info()))?;
        let line = span.start.line();
        let done = match event {
            Event::MappingStart(..) | Event::SequenceStart(..) if stack.len() >= DEEPEST => {
                return Err(format!("line {line}: nested too deeply"));
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map(Table::new(), None));
                continue;
            }
            Event::SequenceStart(..) => {
                stack.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match stack.pop() {
                Some(Open::Map(table, _)) => Value::Table(table),
                Some(Open::List(list)) => Value::Array(list),
                None => return Err(format!("line {line}: this ends nothing")),
            },
            Event::Scalar(text, style, ..) => {
                count += 1;
                if count > MOST_VALUES {
                    return Err("too many values".to_owned());
                }
                // Keys are texts, whatever they look like.
                if let Some(Open::Map(_, key @ None)) = stack.last_mut() {
                    *key = Some(text.into_owned());
                    continue;
                }
                scalar(&text, style)
            }
            Event::Alias(_) => return Err(format!("line {line}: aliases are not read here")),
            Event::DocumentEnd | Event::StreamEnd => break,
            _ => continue,
        };
        match stack.last_mut() {
            None => return Ok(done),
            Some(Open::List(list)) => list.push(done),
            Some(Open::Map(table, key)) => match key.take() {
                Some(key) => {
                    table.insert(key, done);
                }
                None => return Err(format!("line {line}: a key has to be a text")),
            },
        }
    }
    Ok(Value::Table(Table::new()))
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style == ScalarStyle::Plain {
        match text {
            "true" | "yes" | "on" => return Value::Boolean(true),
            "false" | "no" | "off" => return Value::Boolean(false),
            "" | "~" | "null" => return Value::String(String::new()),
            _ => {}
        }
        if let Ok(number) = text.parse::<i64>() {
            return Value::Integer(number);
        }
        if text.starts_with(|c: char| c.is_ascii_digit())
            && let Ok(number) = text.parse::<f64>()
        {
            return Value::Float(number);
        }
    }
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_read_and_the_rest_is_settings() {
        let text = "\
#cloud-config
hostname: x
travis:
  server: https://ci.example.org
  token: 12345
  name: \"attic\"
  ca: |
    -----BEGIN CERTIFICATE-----
    AAAA
  lending:
    cores: 50%
    only_when_idle: true
  job_env:
    HTTP_PROXY: http://proxy:3128
  allow_lan: [192.168.1.5:8080]
";
        let offer = offer(text).unwrap();
        assert_eq!(offer.server.as_deref(), Some("https://ci.example.org"));
        assert_eq!(offer.token.as_deref(), Some("12345"));
        assert_eq!(offer.name.as_deref(), Some("attic"));
        assert!(offer.ca.unwrap().starts_with("-----BEGIN"));
        let settings: Table = toml::from_str(&offer.settings.unwrap()).unwrap();
        assert_eq!(settings["lend"]["only_when_idle"].as_bool(), Some(true));
        assert_eq!(settings["lend"]["cores"].as_str(), Some("50%"));
        assert_eq!(settings["allow_lan"][0].as_str(), Some("192.168.1.5:8080"));
        assert_eq!(
            settings["job_env"]["HTTP_PROXY"].as_str(),
            Some("http://proxy:3128")
        );
    }

    #[test]
    fn mistakes_are_told_in_words() {
        for (text, word) in [
            ("travis: {}", "#cloud-config"),
            ("#cloud-config\ntravis: x", "mapping"),
            ("#cloud-config\ntravis:\n  server: [a]", "travis.server"),
            ("#cloud-config\ntravis: {a: *b}", "line 2"),
            ("#cloud-config\ntravis: {a: b", "line"),
            ("#cloud-config\n- a", "mapping"),
        ] {
            let Err(error) = offer(text) else {
                panic!("{text:?} was taken")
            };
            assert!(error.contains(word), "{text:?}: {error}");
        }
        let deep = format!("#cloud-config\ntravis: {}", "[".repeat(100));
        assert!(offer(&deep).is_err());
    }

    #[test]
    fn a_seed_for_others_asks_for_nothing() {
        for text in ["#cloud-config\n", "#cloud-config\nusers: []\n"] {
            assert!(offer(text).unwrap() == Offer::default(), "{text:?}");
        }
    }
}
