//! Reads a line of assignments as the original does.
//!
//! That is nearly as a shell does, with two differences that real files show: behind an unquoted
//! `$(` or `${` the rest of the text belongs to the same value (an `export` of it still sets the
//! variables that follow), and a pair that is double-quoted as a whole is read anew without the
//! quotes.

/// A quote is not closed, or there is something that can be no pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Substitutions and quotes nested deeper than this are no one's.
const MAX_DEPTH: usize = 64;

/// The pairs of name and value in order. Values keep their quotes: the shell evaluates them.
pub(super) fn assignments(text: &str) -> Result<Vec<(String, String)>, Unreadable> {
    let mut scanner = Scanner::new(text);
    let mut pairs: Vec<(String, String)> = Vec::new();
    loop {
        if let Some((name, value)) = scanner.pair()? {
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => pairs.push((name, value)),
            }
        }
        if !scanner.space() {
            break;
        }
    }
    if scanner.rest.is_empty() {
        Ok(pairs)
    } else {
        Err(Unreadable)
    }
}

struct Scanner<'t> {
    rest: &'t str,
    /// What closes each of the double quotes around the place.
    quotes: Vec<String>,
    depth: usize,
}

/// A double quote on this level of nesting: each level doubles the backslashes twice.
fn mark(level: usize) -> String {
    "\\".repeat(level * 2) + "\""
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text.trim_matches(|c| is_space(c) || c == '\0'),
            quotes: Vec::new(),
            depth: 0,
        }
    }

    /// Takes so many bytes.
    fn take(&mut self, bytes: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Takes the characters of a kind, and answers whether there were any.
    fn run(&mut self, kind: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !kind(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    fn skip(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            self.take(text.len());
        }
        found
    }

    fn space(&mut self) -> bool {
        !self.run(is_space).is_empty()
    }

    fn pair(&mut self) -> Result<Option<(String, String)>, Unreadable> {
        let before = self.rest;
        if self.double_quoted()? {
            let quoted = before
                .get(..before.len() - self.rest.len())
                .unwrap_or_default();
            let inner = Scanner::new(quoted).unquoted()?.unwrap_or_default();
            return Scanner::new(&inner).plain_pair();
        }
        self.plain_pair()
    }

    fn plain_pair(&mut self) -> Result<Option<(String, String)>, Unreadable> {
        if self.rest.starts_with('"') {
            return self.pair();
        }
        let name = self.run(|c| !is_space(c) && c != '=');
        if name.is_empty() {
            return Ok(None);
        }
        let mut value = "";
        if self.skip("=") {
            let before = self.rest;
            while self.value()? {}
            value = before
                .get(..before.len() - self.rest.len())
                .unwrap_or_default();
        }
        Ok(Some((name.to_owned(), value.to_owned())))
    }

    /// One part of a value; whether there was one.
    fn value(&mut self) -> Result<bool, Unreadable> {
        Ok(self.substitution()?
            || self.double_quoted()?
            || self.single_quoted('\'')?
            || self.single_quoted('`')?
            || self.word())
    }

    fn values(&mut self) -> Result<(), Unreadable> {
        while self.value()? || self.space() {}
        Ok(())
    }

    /// `$(…` or `${…`: all that follows up to the quote around it, or to the end.
    fn substitution(&mut self) -> Result<bool, Unreadable> {
        if !(self.skip("$(") || self.skip("${")) {
            return Ok(false);
        }
        self.enter()?;
        self.values()?;
        self.depth -= 1;
        Ok(true)
    }

    fn enter(&mut self) -> Result<(), Unreadable> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unreadable);
        }
        Ok(())
    }

    fn single_quoted(&mut self, quote: char) -> Result<bool, Unreadable> {
        let Some(inner) = self.rest.strip_prefix(quote) else {
            return Ok(false);
        };
        let end = inner.find(quote).ok_or(Unreadable)?;
        self.take(end + 2);
        Ok(true)
    }

    fn double_quoted(&mut self) -> Result<bool, Unreadable> {
        let mark = mark(self.quotes.len());
        if !self.skip(&mark) {
            return Ok(false);
        }
        self.enter()?;
        self.quotes.push(mark.clone());
        while self.quoted_part().is_some() {}
        self.values()?;
        while self.quoted_part().is_some() {}
        self.quotes.pop();
        self.depth -= 1;
        if self.skip(&mark) {
            Ok(true)
        } else {
            Err(Unreadable)
        }
    }

    /// Text within double quotes, or an escaped quote.
    fn quoted_part(&mut self) -> Option<&'t str> {
        let text = self.run(|c| c != '"' && c != '\\');
        if !text.is_empty() {
            return Some(text);
        }
        let level = self.quotes.len();
        let escaped = "\\".repeat((level * 2).saturating_sub(1)) + "\"";
        self.rest
            .starts_with(&escaped)
            .then(|| self.take(escaped.len()))
    }

    fn word(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            let is_end = |quote: &String| self.rest.starts_with(quote.as_str());
            if self.quotes.last().is_some_and(is_end) {
                break;
            }
            let mut chars = self.rest.chars();
            let length = match (chars.next(), chars.next()) {
                (Some('\\'), Some(escaped)) if escaped != '\n' => 1 + escaped.len_utf8(),
                (Some('$'), Some('(' | '{')) | (None, _) => break,
                (Some(c), _) if is_space(c) || matches!(c, '"' | '\'' | '`') => break,
                (Some(c), _) => c.len_utf8(),
            };
            self.take(length);
        }
        self.rest.len() < before
    }

    /// What stands in double quotes, with one level of backslashes less.
    fn unquoted(&mut self) -> Result<Option<String>, Unreadable> {
        let level = self.quotes.len();
        let mark = mark(level);
        if !self.skip(&mark) {
            return Ok(None);
        }
        self.quotes.push(mark.clone());
        let inner_mark = if level == 0 {
            String::new()
        } else {
            "\\".repeat(level) + "\""
        };
        let mut text = inner_mark.clone();
        self.unquoted_parts(&mark, &mut text);
        if let Some(inner) = self.unquoted()? {
            text.push_str(&inner);
        }
        self.unquoted_parts(&mark, &mut text);
        self.quotes.pop();
        if !self.skip(&mark) {
            return Err(Unreadable);
        }
        text.push_str(&inner_mark);
        Ok(Some(text))
    }

    fn unquoted_parts(&mut self, mark: &str, text: &mut String) {
        while let Some(part) = self.quoted_part() {
            if part.ends_with('"') {
                text.push_str(&"\\".repeat(self.quotes.len() - 1));
                text.push_str(mark);
            } else {
                text.push_str(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_split_nearly_as_a_shell_does() {
        for (text, want) in [
            ("A=1", &[("A", "1")][..]),
            ("A=1  B='x y'", &[("A", "1"), ("B", "'x y'")]),
            ("A=\"a b\" B=2\n", &[("A", "\"a b\""), ("B", "2")]),
            (
                "A=\"a \\\"b\\\" c\" B=2",
                &[("A", "\"a \\\"b\\\" c\""), ("B", "2")],
            ),
            ("A=x\"y z\"w B", &[("A", "x\"y z\"w"), ("B", "")]),
            ("A=1 B=2 A=3", &[("A", "3"), ("B", "2")]),
            ("A=a=b", &[("A", "a=b")]),
            ("A= B=", &[("A", ""), ("B", "")]),
            ("export A=1", &[("export", ""), ("A", "1")]),
            ("A=a\\ b B=2", &[("A", "a\\ b"), ("B", "2")]),
            ("", &[]),
        ] {
            assert_eq!(assignments(text).unwrap(), owned(want), "{text}");
        }
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_follows_a_substitution_belongs_to_its_value() {
        for (text, want) in [
            ("A=$(echo x y)", &[("A", "$(echo x y)")][..]),
            ("A=${X}/y B=2", &[("A", "${X}/y B=2")]),
            ("A=$X/y B=2", &[("A", "$X/y"), ("B", "2")]),
            ("A=\"${X}\" B=2", &[("A", "\"${X}\""), ("B", "2")]),
            ("A=`a b` B=2", &[("A", "`a b`"), ("B", "2")]),
        ] {
            assert_eq!(assignments(text).unwrap(), owned(want), "{text}");
        }
    }

    #[test]
    fn a_pair_quoted_as_a_whole_is_read_without_the_quotes() {
        for (text, want) in [
            ("A=1 \"B='b c'\"", &[("A", "1"), ("B", "'b c'")][..]),
            ("\"A=\\\"b c\\\"\"", &[("A", "\"b c\"")]),
            ("\"A=1 B=2\" C=3", &[("A", "1"), ("C", "3")]),
        ] {
            assert_eq!(assignments(text).unwrap(), owned(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_pairs_is_refused() {
        let deep = format!("A={}", "$(".repeat(100_000));
        for text in ["A=\"", "=x", "A=it's", "A =1", "'A=1'", "\"A=1\"B=2", &deep] {
            assert_eq!(assignments(text), Err(Unreadable), "{text:.20}");
        }
    }
}
