//! Messages of the domain name system (RFC 1035), as far as the gateway has to understand them.

use std::net::IpAddr;

/// Length of the fixed part.
const HEADER: usize = 12;
/// Longest name, with its dots.
const NAME: usize = 255;
const A: u16 = 1;
const AAAA: u16 = 28;
/// Records of one answer that are looked at.
const RECORDS: usize = 256;
/// No such name.
const NAME_ERROR: u8 = 3;
/// The server failed.
const SERVER_FAILURE: u8 = 2;

/// A question that a job asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) id: u16,
    /// In small letters, without the dot at the end.
    pub(crate) name: String,
    /// End of the question in the message.
    end: usize,
}

/// Reads a question. `None` for anything but one plain question.
pub(crate) fn question(message: &[u8]) -> Option<Question> {
    let flags = word(message, 2)?;
    let (answer, opcode) = (flags & 0x8000, flags & 0x7800);
    if answer != 0 || opcode != 0 || word(message, 4)? != 1 {
        return None;
    }
    let (name, end) = name(message, HEADER)?;
    message.get(end..end + 4)?;
    Some(Question {
        id: word(message, 0)?,
        name,
        end: end + 4,
    })
}

/// Whether `answer` answers the question of `asked`, whose number it was sent with is `id`.
pub(crate) fn answers(asked: &[u8], question: &Question, id: u16, answer: &[u8]) -> bool {
    let same = || {
        let (ours, theirs) = (
            asked.get(HEADER..question.end)?,
            answer.get(HEADER..question.end)?,
        );
        Some(ours.eq_ignore_ascii_case(theirs))
    };
    word(answer, 0) == Some(id)
        && word(answer, 2).is_some_and(|flags| flags & 0x8000 != 0)
        && word(answer, 4) == Some(1)
        && same() == Some(true)
}

/// The same message with another number.
pub(crate) fn with_id(mut message: Vec<u8>, id: u16) -> Vec<u8> {
    for (place, byte) in message.iter_mut().zip(id.to_be_bytes()) {
        *place = byte;
    }
    message
}

/// The answer that there is no such name.
pub(crate) fn no_such_name(asked: &[u8], question: &Question) -> Vec<u8> {
    reply(asked, question, NAME_ERROR)
}

/// The answer that nobody could be asked.
pub(crate) fn failure(asked: &[u8], question: &Question) -> Vec<u8> {
    reply(asked, question, SERVER_FAILURE)
}

fn reply(asked: &[u8], question: &Question, code: u8) -> Vec<u8> {
    let mut all = asked.get(..question.end).unwrap_or_default().to_vec();
    // An answer, recursion as wanted and available; one question, nothing else.
    let wanted = asked.get(2).copied().unwrap_or_default() & 0x01;
    let fixed = [0x80 | wanted, 0x80 | code, 0, 1, 0, 0, 0, 0, 0, 0];
    for (place, byte) in all.iter_mut().skip(2).zip(fixed) {
        *place = byte;
    }
    all
}

/// Addresses that an answer gives, whatever aliases lead to them.
pub(crate) fn addresses(answer: &[u8], question: &Question) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let count = usize::from(word(answer, 6).unwrap_or(0)).min(RECORDS);
    let mut at = question.end;
    for _ in 0..count {
        let Some((address, next)) = record(answer, at) else {
            break;
        };
        found.extend(address);
        at = next;
    }
    found
}

fn record(message: &[u8], at: usize) -> Option<(Option<IpAddr>, usize)> {
    let fixed = skip_name(message, at)?;
    let (kind, length) = (word(message, fixed)?, word(message, fixed + 8)?);
    let start = fixed + 10;
    let end = start + usize::from(length);
    let data = message.get(start..end)?;
    let address = match kind {
        A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
        AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        _ => None,
    };
    Some((address, end))
}

fn word(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at + 2)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

/// A name without references, and where it ends.
fn name(message: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut all = String::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            return Some((all, at));
        }
        if length > 63 || all.len() + length > NAME {
            return None;
        }
        let label = message.get(at..at + length)?;
        if !all.is_empty() {
            all.push('.');
        }
        for byte in label {
            // A dot or a byte that is no letter inside of a label must not look like another name.
            all.push(if byte.is_ascii_graphic() && *byte != b'.' {
                char::from(byte.to_ascii_lowercase())
            } else {
                '?'
            });
        }
        at += length;
    }
}

/// Where a name ends; a reference ends it.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length if length < 64 => at += 1 + usize::from(length),
            length if length >= 0xC0 => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A question for addresses of IPv4.
    pub(crate) fn ask(id: u16, name: &str) -> Vec<u8> {
        let mut all = id.to_be_bytes().to_vec();
        all.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in name.split('.') {
            all.push(u8::try_from(label.len()).unwrap());
            all.extend(label.bytes());
        }
        all.extend([0, 0, 1, 0, 1]);
        all
    }

    /// Its answer, by way of an alias.
    pub(crate) fn answer(asked: &[u8], address: [u8; 4]) -> Vec<u8> {
        let mut all = asked.to_vec();
        all[2] = 0x81;
        all[3] = 0x80;
        all[7] = 2;
        // An alias to `x`, then its address.
        all.extend([0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 3, 1, b'x', 0]);
        all.extend([1, b'x', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        all.extend(address);
        all
    }

    #[test]
    fn questions_and_answers() {
        let asked = ask(7, "GitHub.com");
        let question = question(&asked).unwrap();
        assert_eq!((question.id, question.name.as_str()), (7, "github.com"));
        let answer = answer(&with_id(asked.clone(), 99), [140, 82, 121, 3]);
        assert!(answers(&asked, &question, 99, &answer));
        assert!(!answers(&asked, &question, 98, &answer));
        assert!(!answers(&ask(7, "gitlab.com"), &question, 99, &answer));
        let expected: Vec<IpAddr> = vec!["140.82.121.3".parse().unwrap()];
        assert_eq!(addresses(&answer, &question), expected);
        let none = no_such_name(&asked, &question);
        assert!(answers(&asked, &question, 7, &none));
        assert_eq!((none.len(), none[3] & 15), (asked.len(), NAME_ERROR));
        assert!(
            super::question(&answer).is_none(),
            "an answer is no question"
        );
    }

    #[test]
    fn a_label_with_a_dot_is_not_two_labels() {
        let mut asked = ask(1, "aXcrates.io");
        let at = asked.iter().position(|byte| *byte == b'X').unwrap();
        asked[at] = b'.';
        assert_eq!(question(&asked).unwrap().name, "a?crates.io");
    }

    proptest! {
        #[test]
        fn no_message_breaks_it(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(question) = question(&message) {
                addresses(&message, &question);
                no_such_name(&message, &question);
            }
            let asked = ask(1, "a.b");
            addresses(&message, &question(&asked).unwrap());
        }
    }
}
