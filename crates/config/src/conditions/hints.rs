//! What a condition says that was probably not meant. Any word that is no fact's name is a text,
//! so that a misspelled name is no error: it just never holds.

use super::ast::{Expr, Function, Operand, Term, Variable};
use crate::normalize::nearest;

/// A text that stands where a fact is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The word as it stands there.
    pub word: String,
    /// The fact or function that was probably meant.
    pub meant: Option<&'static str>,
}

/// Words that people write for a fact of another name.
const OTHER_NAMES: [(&str, &str); 13] = [
    ("event", "type"),
    ("event_type", "type"),
    ("build_type", "type"),
    ("repository", "repo"),
    ("slug", "repo"),
    ("repo_slug", "repo"),
    ("message", "commit_message"),
    ("ref", "branch"),
    ("lang", "language"),
    ("author", "sender"),
    ("is_fork", "fork"),
    ("pull_request_branch", "head_branch"),
    ("environment", "env"),
];

/// Looks at all of a condition; each word once.
pub(super) fn hints(expr: &Expr) -> Vec<Hint> {
    let mut found = Vec::new();
    look(expr, &mut found);
    found
}

fn look(expr: &Expr, found: &mut Vec<Hint>) {
    match expr {
        Expr::Or(parts) | Expr::And(parts) => {
            for part in parts {
                look(part, found);
            }
        }
        Expr::Not(inner) => look(inner, found),
        Expr::Term(term) => look_at_term(term, found),
    }
}

fn look_at_term(term: &Term, found: &mut Vec<Hint>) {
    let word = match term {
        Term::Equal { left, right, .. } => match (left, right) {
            (Operand::Text(word), Operand::Text(_)) => word,
            // A text on the left is odd, not wrong, when the fact is on the right.
            _ => return,
        },
        Term::Operand(Operand::Text(word)) => {
            // `true` and `false` are what they say.
            if matches!(word.to_ascii_lowercase().as_str(), "true" | "false") {
                return;
            }
            word
        }
        Term::Match { left, .. } | Term::In { left, .. } | Term::Is { left, .. } => match left {
            Operand::Text(word) => word,
            _ => return,
        },
        Term::Operand(_) => return,
    };
    let hint = Hint {
        word: word.clone(),
        meant: nearest_fact(word),
    };
    if !found.contains(&hint) {
        found.push(hint);
    }
}

/// The fact or function that was probably meant by a word.
#[must_use]
pub fn nearest_fact(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    if let Some((_, meant)) = OTHER_NAMES.iter().find(|(other, _)| *other == word) {
        return Some(meant);
    }
    let names: Vec<&'static str> = Variable::ALL
        .iter()
        .map(|variable| variable.name())
        .chain([Function::Env.name(), Function::Concat.name()])
        .collect();
    names
        .iter()
        .find(|name| **name == word)
        .copied()
        .or_else(|| nearest(&names, &word))
}

#[cfg(test)]
mod tests {
    use super::super::Condition;

    fn told(text: &str) -> Vec<(String, Option<&'static str>)> {
        let condition = Condition::parse(text).unwrap();
        let hints = condition.hints().into_iter();
        hints.map(|hint| (hint.word, hint.meant)).collect()
    }

    #[test]
    fn misspelled_facts_are_told() {
        for (text, word, meant) in [
            ("brnch = main", "brnch", Some("branch")),
            ("NOT (a = b OR tagg IS present)", "tagg", Some("tag")),
            ("head-branch = x", "head-branch", Some("head_branch")),
            ("event IN (push, api)", "event", Some("type")),
            (
                "comit_message =~ x",
                "comit_message",
                Some("commit_message"),
            ),
            ("DEPLOY = yes", "DEPLOY", None),
        ] {
            let hints = told(text);
            assert!(
                hints.contains(&(word.to_owned(), meant)),
                "{text}: {hints:?}"
            );
        }
    }

    #[test]
    fn what_is_right_is_not_spoken_of() {
        for text in [
            "branch = main AND type = push",
            "'main' = branch",
            "env(BRNCH) = x",
            "fork",
            "true",
            "concat(branch, x) = ax",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }
}
