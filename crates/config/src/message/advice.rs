//! What to do about a message that no edit can mend.

use super::Message;

/// In words that follow `help:`.
pub(super) fn advice(message: &Message) -> Option<String> {
    let text = |name: &str| message.args.get(name).and_then(serde_json::Value::as_str);
    Some(match message.code {
        "secure" => "`travis encrypt` makes a `secure:` of it: put that in its place".to_owned(),
        "invalid_secure" => {
            "what `travis encrypt` prints is Base64 in one piece: copy it again, or encrypt anew"
                .to_owned()
        }
        "duplicate_key" => format!(
            "only the last `{}` counts: join what belongs together under one",
            text("key")?
        ),
        "overwrite" => format!(
            "join `{}` and `{}` under `{}`",
            text("key")?,
            text("other")?,
            text("other")?
        ),
        "unknown_key" => {
            "check the name and where it stands; a key for your own use begins with `_`".to_owned()
        }
        "invalid_env_var" => {
            "write it as `NAME=value`, with every quote closed; separate several with spaces"
                .to_owned()
        }
        "duplicate" => "give each a name of its own".to_owned(),
        "unexpected_seq" => "keep one value; the others have no effect".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::{Options, read};

    #[test]
    fn secrets_in_plain_text_are_sent_to_the_command() {
        let source = "notifications:\n  slack: plain\n";
        let (_, messages) = read(source, Options::default()).unwrap();
        let message = messages.iter().find(|m| m.code == "secure").unwrap();
        let advice = message.advice().unwrap();
        assert!(advice.contains("travis encrypt"), "{advice}");
    }
}
